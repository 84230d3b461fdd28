//! Writers that store, on every kind of function.
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code)]

use cache_runtime::{Cache, redis_cache, redis_invalidate, redis_put};
use std::future::Future;
use std::io;
use std::pin::Pin;

mod core {}
mod std_ {}
struct Option;
struct Returns;
fn putting() {}
fn named() {}

type Found<T> = Result<std::option::Option<T>, io::Error>;

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> Result<String, io::Error> {
    Ok(id.to_string())
}

#[redis_cache(key = "found:{id}")]
async fn find_user(id: u64) -> Found<String> {
    Ok(Some(id.to_string()))
}

mod users {
    use cache_runtime::redis_cache;

    #[redis_cache(key = "users:{org}")]
    pub async fn list(org: &str) -> Vec<String> {
        vec![org.to_owned()]
    }
}

/// Another error than the reader's, neither `Send` nor `Clone`.
#[derive(Debug)]
struct Failed(#[allow(dead_code)] std::rc::Rc<()>);

#[redis_put(get_user(id))]
async fn update(id: u64, mut user: String) -> Result<String, std::fmt::Error> {
    user.push('x');
    if id == 0 {
        return Err(std::fmt::Error);
    }
    let name = Err::<u64, _>(std::fmt::Error).or(Ok::<_, std::fmt::Error>(id))?;
    Ok(format!("{user}{name}"))
}

#[redis_put(get_user(id))]
async fn local(id: u64) -> Result<String, Failed> {
    if id == 0 { Err(Failed(std::rc::Rc::new(()))) } else { Ok(String::new()) }
}

#[redis_put(get_user(id))]
async fn whole(id: u64) -> String {
    id.to_string()
}

#[redis_put(find_user(id))]
async fn optional(id: u64) -> std::option::Option<String> {
    Some(id.to_string())
}

#[redis_put(find_user(id))]
async fn by_an_alias(id: u64) -> Found<String> {
    Ok(Some(id.to_string()))
}

#[redis_put(users::list(&__returns))]
async fn hygiene(__returns: String, entry: u64, body: u64) -> Vec<String> {
    vec![__returns, (entry + body).to_string()]
}

#[redis_put(get_user(*id))]
fn boxed<'a>(id: &'a u64) -> Pin<Box<dyn Future<Output = String> + Send + 'a>>
where
    u64: From<u64>,
{
    let id = *id;
    Box::pin(async move { id.to_string() })
}

#[redis_put(get_user(*_id))]
fn future(_id: &u64) -> impl Future<Output = String> + '_ {
    async move { _id.to_string() }
}

#[redis_put(get_user(id))]
fn plain(id: u64, names: &mut Vec<String>) -> Result<String, std::num::ParseIntError> {
    names.push(id.to_string());
    let parsed = names.join("").parse::<u64>()?;
    Ok(parsed.to_string())
}

#[redis_put(get_user(id))]
#[redis_invalidate(users::list(&org), keys = ["a:{id}"])]
async fn put_and_invalidate(id: u64, org: String) -> String {
    org + &id.to_string()
}

#[redis_invalidate(users::list(&org), keys = ["a:{id}"])]
#[redis_put(get_user(id))]
async fn invalidate_and_put(id: u64, org: String) -> String {
    org + &id.to_string()
}

#[redis_put(get_user(id))]
#[redis_put(get_user(1))]
async fn two(id: u64) -> String {
    id.to_string()
}

#[redis_cache(key = "g:{id}", skip(T))]
async fn generic<T: Default + serde::Serialize + serde::de::DeserializeOwned + 'static>(
    id: u64,
) -> T {
    let _ = id;
    T::default()
}

#[redis_put(generic::<T>(id))]
async fn put_generic<T>(id: u64, value: T) -> Result<T, Failed>
where
    T: Default + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    let _ = id;
    Ok(value)
}

struct Repo {
    cache: Cache,
    tenant: u64,
}

impl Repo {
    #[redis_cache(key = "r:{self.tenant}:{id}", cache = self.cache)]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "n:{id}")]
    async fn named(id: u64) -> u64 {
        id
    }

    #[redis_put(Self::named(id), cache = self.cache)]
    async fn save(&self, id: u64) -> u64 {
        id
    }

    #[redis_put(self.find(id))]
    async fn change(&mut self, id: u64) -> u64 {
        self.tenant += 1;
        id
    }

    #[redis_put(self.find(1))]
    async fn consume(self) -> u64 {
        self.tenant
    }

    #[redis_put(self.find(id))]
    fn plainly(&self, id: u64) -> u64 {
        id
    }
}

trait Native {
    async fn save_it(&self, id: u64) -> u64;
}

impl Native for Repo {
    #[redis_put(self.find(id))]
    #[redis_invalidate(Self::named(id))]
    async fn save_it(&self, id: u64) -> u64 {
        id
    }
}

#[async_trait::async_trait]
trait Dynamic {
    async fn store(&mut self, id: u64) -> Result<u64, String>;
}

#[async_trait::async_trait]
impl Dynamic for Repo {
    #[redis_put(self.find(id))]
    async fn store(&mut self, id: u64) -> Result<u64, String> {
        self.tenant = id;
        if id == 0 {
            return Err("none".to_owned());
        }
        Ok(id)
    }
}

mod renamed {
    pub use cache_runtime as runtime;

    #[runtime::redis_put(super::get_user(id), crate = runtime)]
    pub async fn elsewhere(id: u64) -> String {
        id.to_string()
    }
}

fn is_send<T: Send>(_: T) {}

#[test]
fn each_form_compiles() {
    is_send(update(1, String::new()));
    is_send(whole(1));
    is_send(boxed(&1));
    is_send(invalidate_and_put(1, String::new()));
    drop(plain(1, &mut Vec::new()));
    drop((future(&1), two(1), renamed::elsewhere(1), put_generic::<u64>(1, 2)));
}
