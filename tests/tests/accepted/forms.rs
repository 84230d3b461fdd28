//! Every form a function can have, without a warning.
#![deny(warnings, unused_qualifications, unreachable_code, missing_docs)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, CacheKey, redis_cache};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

/// Not `Clone`, not a key.
pub struct Db;

/// A value and an argument.
#[derive(Serialize, Deserialize, Debug, CacheKey)]
pub struct User {
    /// The key.
    pub id: u64,
    /// What it is called.
    pub name: String,
}

/// An enum as argument.
#[derive(CacheKey)]
pub enum Order<T> {
    /// No fields.
    Default,
    /// Fields.
    By(String, T),
    /// Named fields.
    Range {
        /// From here.
        from: T,
        /// Not in the key.
        #[cache_key(skip)]
        _hint: PhantomData<T>,
    },
}

/// One argument of two in the key.
///
/// # Errors
/// Never.
#[redis_cache(ttl = 300, key = "user:{id}")]
pub async fn get_user(db: &Db, id: u64) -> Result<User, std::num::ParseIntError> {
    let _ = db;
    let more: u64 = "5".parse()?;
    if id == 0 {
        return Ok(User { id: more, name: String::new() });
    }
    tokio::task::yield_now().await;
    Ok(User { id, name: String::new() })
}

/// Nothing at all.
#[redis_cache]
pub async fn nothing() -> u32 {
    3
}

/// The name is a keyword.
#[redis_cache]
pub async fn r#type(r#fn: u32) -> u32 {
    r#fn
}

/// Patterns, `mut`, keywords, fields.
#[redis_cache(key = "p:{a}:{id}:{r#match}:{pair.0}:{user.id}:{order:hash}")]
pub async fn patterns(
    (a, _b): (u32, u32),
    User { id, .. }: User,
    mut counter: u32,
    r#match: &str,
    pair: (u8, u16),
    user: &User,
    order: Order<u8>,
    _: &Db,
) -> u64 {
    let _ = (r#match, pair, user, order);
    counter += a;
    id + u64::from(counter)
}

/// The default key of patterns.
#[redis_cache(skip(_db))]
pub async fn default_patterns(_db: &Db, [x, y]: [u8; 2], text: Option<&str>) -> usize {
    usize::from(x + y) + text.map_or(0, str::len)
}

/// Lifetimes, named and not, and a value that borrows.
#[redis_cache(key = "l:{text:lower}:{other:upper}")]
pub async fn lifetimes<'a>(text: &'a str, other: &str, _scratch: &mut Vec<u8>) -> Cow<'a, str> {
    let _ = other;
    Cow::Borrowed(text)
}

/// Types and constants.
#[redis_cache(key = "g:{T}:{N}:{item}")]
pub async fn generic<T, const N: usize>(item: T) -> Vec<T>
where
    T: CacheKey + Serialize + DeserializeOwned,
{
    let _ = N;
    vec![item]
}

/// The same with the default key, and a type that makes no difference.
#[redis_cache(skip(D, db))]
pub async fn default_generic<T: CacheKey, D, const N: usize>(db: &D, item: T) -> usize {
    let _ = (db, item);
    N
}

/// The value is a parameter.
#[redis_cache(key = "b:{id}:{T}")]
pub async fn bare<T: Serialize + DeserializeOwned + Default>(id: u64) -> T {
    let _ = id;
    T::default()
}

/// `impl Trait` in and out of the key.
#[redis_cache(key = "i:{name}")]
pub async fn opaque(name: impl AsRef<str> + CacheKey, db: impl Sized) -> String {
    drop(db);
    name.as_ref().to_owned()
}

/// A future by hand.
#[redis_cache(key = "f:{id}")]
pub fn returns_impl_future(id: u32, name: &str) -> impl Future<Output = u32> + Send {
    let length = name.len();
    async move { id + u32::try_from(length).unwrap_or(0) }
}

/// A boxed future by hand, with two ways out.
#[redis_cache(key = "f:{id}")]
pub fn returns_boxed_future(id: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    if id == 0 {
        return Box::pin(async { 1 });
    }
    Box::pin(async move { id })
}

/// An impl with parameters.
pub struct Repo<T> {
    cache: Cache,
    tenant: String,
    item: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Repo<T> {
    /// By reference.
    #[redis_cache(key = "r:{self.tenant}:{Self}:{id}", cache = self.cache)]
    pub async fn find(&self, id: u32) -> Option<T> {
        let _ = id;
        None
    }

    /// By `Arc`.
    #[redis_cache(skip(self))]
    pub async fn find_shared(self: &Arc<Self>, id: u32) -> std::io::Result<Option<T>> {
        Err(std::io::Error::other(format!("{} {id}", self.tenant)))
    }

    /// By value.
    #[redis_cache(skip(self))]
    pub async fn into_count(self) -> usize {
        self.tenant.len()
    }

    /// Not at all.
    #[redis_cache]
    pub async fn count(id: u32) -> u32 {
        id
    }
}

/// A trait.
#[allow(async_fn_in_trait)]
pub trait Find {
    /// Natively async.
    async fn find(&self, id: u64) -> Result<User, Box<dyn std::error::Error>>;

    /// With a body of its own.
    #[redis_cache(skip(self))]
    async fn provided(&self, id: u64) -> u64 {
        id
    }
}

impl Find for Db {
    #[redis_cache(skip(self), entry = false)]
    async fn find(&self, id: u64) -> Result<User, Box<dyn std::error::Error>> {
        Ok(get_user(self, id).await?)
    }
}

/// A trait whose futures are boxed.
#[async_trait::async_trait]
pub trait FindBoxed {
    /// Boxed.
    async fn find_boxed(&self, id: u64, name: &str) -> anyhow::Result<User>;
}

#[async_trait::async_trait]
impl FindBoxed for Repo<User> {
    #[redis_cache(key = "u:{self.tenant}:{id}:{name:hash}", cache = self.cache)]
    async fn find_boxed(&self, id: u64, name: &str) -> anyhow::Result<User> {
        if name.is_empty() {
            anyhow::bail!("no name");
        }
        tokio::task::yield_now().await;
        Ok(get_user(&Db, id).await?)
    }
}

/// Inside of another.
///
/// # Errors
/// Never.
pub async fn outer() -> Result<u32, Box<dyn std::error::Error>> {
    #[redis_cache(ttl = "1h 30m")]
    async fn inner(x: u32) -> Result<u32, Box<dyn std::error::Error>> {
        let y: u32 = "3".parse()?;
        Ok(x + y)
    }
    inner(3).await
}

macro_rules! cached {
    ($name:ident, $ttl:expr, $argument:ident: $ty:ty) => {
        /// Written by a macro.
        #[redis_cache(ttl = $ttl)]
        pub async fn $name($argument: $ty) -> $ty {
            $argument
        }
    };
}

cached!(by_macro, 5, id: u64);
cached!(by_macro_for_a_while, std::time::Duration::from_secs(5), id: u64);

fn is_send<T: Send>(_: T) {}

#[test]
fn each_form_compiles() {
    let repo = |tenant: &str| Repo::<User> {
        cache: Cache::builder().url("memory://").build().expect("a cache"),
        tenant: tenant.to_owned(),
        item: PhantomData,
    };
    let shop = Arc::new(repo("shop"));
    is_send(get_user(&Db, 3));
    is_send((by_macro(3), by_macro_for_a_while(3)));
    is_send(shop.find(3));
    is_send(shop.find_shared(3));
    is_send(shop.find_boxed(3, ""));
    is_send(returns_impl_future(3, ""));
    is_send(returns_boxed_future(3));
    let _ = get_user_entry(3);
    let _ = nothing_entry();
    let _ = type_entry(3);
    let _ = lifetimes_entry("a", "b");
    let _ = generic_entry::<u32, 3>(4);
    let _ = default_generic_entry::<u32, 3>(4);
    let _ = bare_entry::<u32>(4);
    let _ = opaque_entry("a");
    let _ = returns_impl_future_entry(3);
    let _ = returns_boxed_future_entry(3);
    let _ = shop.find_entry(3);
    let _ = Repo::<User>::find_shared_entry(3);
    let _ = Repo::<User>::into_count_entry();
    let _ = Repo::<User>::count_entry(3);
    let _ = Db::provided_entry(3);
    let _ = by_macro_entry(3);
    drop(repo("mall").into_count());
    let _ = (Order::<u8>::Default, Order::Range { from: 1_u8, _hint: PhantomData });
    let _ = Order::By(String::new(), 1_u8);
    let _ = patterns_entry(
        (1, 2),
        User { id: 1, name: String::new() },
        "",
        (1, 2),
        &User { id: 1, name: String::new() },
        Order::Default,
    );
    let _ = default_patterns_entry([1, 2], None);
    let _ = (outer(), Db.find(3), by_macro_for_a_while(3));
}
