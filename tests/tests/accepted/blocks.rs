//! The attribute on whole `impl`s and traits.
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code)]

use cache_runtime::{Cache, Json, redis_cache, redis_invalidate, redis_put};
use std::collections::HashMap;

#[derive(Debug)]
pub struct Failed;

struct Hidden;

trait Repository {
    type Id: Clone;
    type Error;
    const TTL: std::time::Duration;

    async fn find(&self, id: u64) -> Result<Option<String>, Self::Error>;
    async fn all(&self) -> Vec<String>;
    async fn named(name: &str) -> String;
    async fn add(&self, id: u64, name: &str) -> Result<String, Self::Error>;
    async fn uncached(&self) -> u64 {
        1
    }
}

pub struct Sql {
    cache: Cache,
    tenant: String,
}

#[redis_cache(cache = self.cache, ttl = "5m", version = 2)]
impl Repository for Sql {
    type Id = u64;
    type Error = Failed;
    const TTL: std::time::Duration = std::time::Duration::from_secs(5);

    #[redis_cache(key = "find:{self.tenant}:{id}", none_ttl = 5)]
    async fn find(&self, id: u64) -> Result<Option<String>, Self::Error> {
        Ok(Some(id.to_string()))
    }

    #[redis_cache(key = "all:{self.tenant}", ttl_setting = "all", version = 3)]
    async fn all(&self) -> Vec<String> {
        Vec::new()
    }

    #[redis_cache(key = "named:{name}", ttl = Self::TTL, cache = Cache::current())]
    async fn named(name: &str) -> String {
        name.to_owned()
    }

    #[redis_put(self.find(id))]
    #[redis_invalidate(self.all(), Self::named(name), Sql::named(result))]
    async fn add(&self, id: u64, name: &str) -> Result<String, Failed> {
        let _ = id;
        Ok(name.to_owned())
    }
}

#[async_trait::async_trait]
trait Dynamic: Send + Sync {
    async fn load(&self, pair: (u64, u64)) -> u64;
    async fn store(&self, id: u64) -> u64;
}

#[redis_cache(ttl = 60)]
#[async_trait::async_trait]
impl Dynamic for Sql {
    #[redis_cache(key = "load:{self.tenant}:{pair.0}:{pair.1}", cache = self.cache)]
    async fn load(&self, pair: (u64, u64)) -> u64 {
        pair.0 + pair.1
    }

    #[redis_put(self.load((id, id)))]
    async fn store(&self, id: u64) -> u64 {
        id
    }
}

pub struct Typed<T> {
    kept: Vec<T>,
}

trait Get<T, K> {
    async fn get(&self, id: K) -> Option<T>;
}

#[redis_cache(cache_if = |text: &String| !text.is_empty())]
impl<T: Clone + Send> Get<String, u64> for Typed<T>
where
    T: Into<u64>,
{
    #[redis_cache(key = "typed:{Self}:{id}")]
    async fn get(&self, id: u64) -> Option<String> {
        Some(id.to_string())
    }
}

impl Get<u64, u64> for Sql {
    #[redis_cache(key = "got:{id}", entry = false)]
    async fn get(&self, id: u64) -> Option<u64> {
        Some(id)
    }
}

#[redis_cache]
impl<'n> Get<String, &'n str> for Sql {
    #[redis_cache(key = "got:name:{id}", entry = get_name_entry)]
    async fn get(&self, id: &'n str) -> Option<String> {
        Some(id.to_owned())
    }
}

// Not all of them can fail, or find nothing.
#[redis_cache(cache = self.cache, codec = Json, stale_if_error = "1h", none_ttl = 5, err_ttl = 5)]
impl Sql {
    #[redis_cache(key = "plainly:{id}")]
    pub fn plainly(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "hidden:{id}", verify = false)]
    async fn background(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "many:{id}", batch = "ids")]
    async fn many(&self, ids: &[u64]) -> Result<HashMap<u64, u64>, std::fmt::Error> {
        Ok(ids.iter().map(|id| (*id, *id)).collect())
    }

    #[redis_invalidate(self.plainly(id), self.background(id), Self::get_name("x"))]
    async fn write(&self, id: u64, _hidden: Hidden) -> u64 {
        id
    }
}

#[redis_cache(ttl = 5)]
trait Defaulted {
    fn tenant(&self) -> u64;

    #[redis_cache(key = "defaulted:{Self}:{id}")]
    async fn defaulted(&self, id: u64) -> u64 {
        id + self.tenant()
    }

    #[redis_invalidate(Self::defaulted(id))]
    async fn write_defaulted(&self, id: u64) -> u64 {
        id
    }
}

impl Defaulted for Sql {
    fn tenant(&self) -> u64 {
        1
    }
}

#[redis_cache(ttl = 5)]
#[async_trait::async_trait]
trait DynamicDefaulted: Sync {
    #[redis_cache(key = "dynamic:{Self}:{id}")]
    async fn of(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(Self::of(id))]
    async fn write_of(&self, id: u64) -> u64 {
        id
    }
}

/// The types of a generic `impl` are told apart by the key, or need not be.
#[redis_cache(ttl = 5)]
impl<T: Clone + Sync> Typed<T> {
    #[redis_cache(key = "typed:found:{Self}:{id}")]
    async fn found(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "typed:all", skip(Self))]
    async fn all_types() -> u64 {
        1
    }

    #[redis_cache]
    async fn by_default(id: u64) -> u64 {
        id
    }
}

trait Alike<K> {
    async fn alike(&self, id: u64) -> u64;
}

#[redis_cache]
impl<K: Sync> Alike<K> for Sql {
    #[redis_cache(key = "alike:{id}", skip(Self), entry = false)]
    async fn alike(&self, id: u64) -> u64 {
        id
    }
}

impl std::fmt::Display for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.tenant)
    }
}

/// The companion of a trait's own method is the trait's, and writers in an `impl` find it.
#[redis_cache]
trait Shown: std::fmt::Display {
    #[redis_cache(key = "shown:{Self}:{self:display}:{id}")]
    async fn shown(&self, id: u64) -> u64 {
        id + self.to_string().len() as u64
    }

    async fn write_shown(&self, id: u64) -> u64;
}

impl Shown for Sql {
    #[redis_invalidate(self.shown(id), self.shown(_))]
    async fn write_shown(&self, id: u64) -> u64 {
        id
    }
}

/// Companions leave a trait as it was for `dyn`.
#[redis_cache]
trait Seen: std::fmt::Display + Sync {
    #[redis_cache(key = "seen:{Self}:{self:display}")]
    fn seen(&self) -> u64 {
        1
    }
}

fn of_any(seen: &dyn Seen) -> u64 {
    seen.seen()
}

/// What is called like a companion can be cached itself.
#[redis_cache(key = "entry:{id}")]
async fn log_entry(id: u64) -> u64 {
    id
}

#[redis_cache(key = "line:{id}", entry = line_entry_entry)]
async fn log_line(id: u64) -> u64 {
    id
}

#[redis_invalidate(log_entry(id), line_entry(id), log_entry(_))]
async fn write_entry(id: u64) -> u64 {
    id
}

fn is_send<T: Send>(_: T) {}

#[test]
fn each_form_compiles() {
    let sql = Sql { cache: Cache::in_memory(), tenant: String::new() };
    is_send(sql.find(1));
    is_send(sql.add(1, "x"));
    let _ = (sql.find_entry(1), sql.all_entry(), Sql::named_entry("x"), sql.load_entry((1, 2)));
    let _ = (Sql::get_name_entry("x"), sql.plainly_entry(1), Typed::<u32> { kept: vec![] }.kept);
}

trait Counted {
    async fn count(&self, id: u64) -> u64;
    async fn recount(&self, id: u64);
}

#[redis_cache(ttl = 60, key = "beside:{id}")]
async fn beside(id: u64) -> u64 {
    id
}

struct Bare(u64);
struct Parametric<T>(T);

/// The type comes as a fragment, and so do the key and what is changed.
macro_rules! counted {
    ($ty:ty, $key:literal, $changed:expr) => {
        #[redis_cache(ttl = 60)]
        impl Counted for $ty {
            #[redis_cache(key = $key)]
            async fn count(&self, id: u64) -> u64 {
                id
            }

            #[redis_invalidate(self.count(id), self.count(_), $changed, (beside(_)))]
            async fn recount(&self, id: u64) {
                let _ = id;
            }
        }
    };
}

counted!(Bare, "ours:{self.0}:{id}", beside(7));
counted!(Parametric<u8>, "typed:{self.0}:{id}", beside(_));

#[test]
fn an_impl_may_be_written_by_a_macro() {
    drop((
        beside(1),
        Bare(1).count(1),
        Bare(1).recount(1),
        Parametric(1).count(1),
        Parametric(1).recount(1),
    ));
}
