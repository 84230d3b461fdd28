//! A type with cached methods, as services have them.

use crate::Runs;
use cache_runtime::{Cache, redis_cache, redis_put};

/// Where products are kept: its name is in all of its keys.
#[derive(Debug)]
pub struct Repo {
    pub name: String,
    pub cache: Cache,
    pub runs: Runs,
}

impl Repo {
    pub fn new(name: &str, cache: Cache) -> Self {
        Self { name: name.to_owned(), cache, runs: Runs::default() }
    }

    /// How many there are of a product: as many as its id says.
    #[redis_cache(ttl = 60, key = "repo:{self.name}:stock:{id}", cache = self.cache)]
    pub async fn stock(&self, id: u64) -> Result<u64, String> {
        self.runs.one_more();
        Ok(id)
    }

    #[redis_put(self.stock(id))]
    pub async fn set_stock(&self, id: u64, to: u64) -> u64 {
        to
    }

    /// The same by a plain method, and one that can fail.
    #[redis_put(self.stock(id))]
    pub fn set_stock_plainly(&self, id: u64, to: &u64) -> Result<u64, String> {
        if *to == 0 { Err("none".to_owned()) } else { Ok(*to) }
    }

    /// A plain cached method.
    #[redis_cache(ttl = 60, key = "repo:{self.name}:names", cache = self.cache)]
    pub fn names(&self) -> Vec<String> {
        self.runs.one_more();
        vec![self.name.clone()]
    }
}
