//! Functions that look alike: one name in two modules, types, impls, traits, outer functions.

use async_trait::async_trait;
use cache_runtime::redis_cache;
use cache_tests::in_memory;
use std::fmt::Display;

mod sales {
    #[cache_runtime::redis_cache(ttl = 60)]
    pub async fn report(id: u64) -> String {
        format!("sales {id}")
    }
}

mod stock {
    #[cache_runtime::redis_cache(ttl = 60)]
    pub async fn report(id: u64) -> String {
        format!("stock {id}")
    }

    pub mod report {
        #[cache_runtime::redis_cache(ttl = 60)]
        pub async fn report(id: u64) -> String {
            format!("stock's inner {id}")
        }
    }
}

/// All calls twice: once to fill, and once to be served whatever is there.
macro_rules! each_keeps_its_own {
    ($($call:expr => $value:expr),+ $(,)?) => {{
        let cache = in_memory();
        cache.scope(async {
            let mut calls = 0;
            for round in 0..2 {
                $(
                    assert_eq!($call.await, $value, "{} in round {round}", stringify!($call));
                    calls += 1;
                )+
            }
            assert_eq!(cache.count_keys().await.unwrap(), calls / 2, "a key each");
            assert_eq!(cache.stats().await.process.total.hits, calls / 2, "all were served");
        })
        .await;
    }};
}

#[tokio::test]
async fn one_name_in_two_modules() {
    each_keeps_its_own!(
        sales::report(1) => "sales 1",
        stock::report(1) => "stock 1",
        stock::report::report(1) => "stock's inner 1",
    );
}

struct Tenant {
    name: String,
}

impl Tenant {
    #[redis_cache(ttl = 60, key = "tenant:{self.name}:{id}")]
    async fn by_template(&self, id: u64) -> String {
        format!("{} {id}", self.name)
    }

    #[redis_cache(ttl = 60, skip(self))]
    async fn shared(&self, id: u64) -> String {
        format!("the same for all {id}")
    }

    #[redis_cache(ttl = 60)]
    async fn find(id: u64) -> String {
        format!("tenant {id}")
    }
}

struct Other;

impl Other {
    #[redis_cache(ttl = 60)]
    async fn find(id: u64) -> String {
        format!("other {id}")
    }
}

#[tokio::test]
async fn methods_of_two_tenants() {
    let [a, b] = ["a", "b"].map(|name| Tenant { name: name.to_owned() });
    each_keeps_its_own!(
        a.by_template(1) => "a 1",
        b.by_template(1) => "b 1",
        a.shared(1) => "the same for all 1",
    );
    // A tenant whose name looks like the template's text.
    let odd = Tenant { name: "a:1".to_owned() };
    each_keeps_its_own!(
        a.by_template(11) => "a 11",
        odd.by_template(1) => "a:1 1",
    );
}

#[tokio::test]
async fn associated_functions_of_two_impls() {
    each_keeps_its_own!(
        Tenant::find(1) => "tenant 1",
        Other::find(1) => "other 1",
    );
}

trait Named {
    async fn name(&self, id: u64) -> String;
}

trait Titled {
    async fn name(&self, id: u64) -> String;
}

impl Named for Other {
    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn name(&self, id: u64) -> String {
        format!("named other {id}")
    }
}

impl Titled for Other {
    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn name(&self, id: u64) -> String {
        format!("titled other {id}")
    }
}

impl Named for Tenant {
    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn name(&self, id: u64) -> String {
        format!("named tenant {id}")
    }
}

#[async_trait]
trait Boxed {
    async fn name(&self, id: u64) -> String;
}

#[async_trait]
impl Boxed for Other {
    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn name(&self, id: u64) -> String {
        format!("boxed other {id}")
    }
}

#[async_trait]
impl Boxed for Tenant {
    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn name(&self, id: u64) -> String {
        format!("boxed tenant {id}")
    }
}

#[tokio::test]
async fn methods_of_two_traits_and_two_types() {
    let tenant = Tenant { name: String::new() };
    each_keeps_its_own!(
        Named::name(&Other, 1) => "named other 1",
        Titled::name(&Other, 1) => "titled other 1",
        Named::name(&tenant, 1) => "named tenant 1",
        Boxed::name(&Other, 1) => "boxed other 1",
        Boxed::name(&tenant, 1) => "boxed tenant 1",
    );
}

#[redis_cache(ttl = 60)]
async fn shown<T: Display + cache_runtime::CacheKey>(value: T) -> String {
    format!("{} {value}", std::any::type_name::<T>())
}

#[redis_cache(ttl = 60, key = "sized:{T}:{N}")]
async fn sized<T, const N: usize>() -> String {
    format!("{} {N}", std::any::type_name::<T>())
}

mod two {
    pub struct Tenant;
}

#[tokio::test]
async fn one_generic_function_at_two_types() {
    each_keeps_its_own!(
        shown(1_u32) => "u32 1",
        shown(1_u64) => "u64 1",
        shown("1".to_owned()) => "alloc::string::String 1",
        shown("1") => "&str 1",
        sized::<u8, 1>() => "u8 1",
        sized::<u8, 2>() => "u8 2",
        sized::<Vec<u8>, 1>() => "alloc::vec::Vec<u8> 1",
        sized::<Tenant, 1>() => "values::names::Tenant 1",
        sized::<two::Tenant, 1>() => "values::names::two::Tenant 1",
    );
}

struct Holder<T>(T);

impl<T: Display + Send + Sync + 'static> Holder<T> {
    #[redis_cache(ttl = 60, key = "held:{Self}:{id}")]
    async fn told_apart(&self, id: u64) -> String {
        format!("{} {id}", self.0)
    }

    #[redis_cache(ttl = 60, key = "careless:{id}")]
    async fn careless(&self, id: u64) -> String {
        format!("{} {id}", self.0)
    }
}

#[tokio::test]
async fn a_generic_impl_at_two_types() {
    let (number, text) = (Holder(1), Holder("x"));
    each_keeps_its_own!(
        number.told_apart(1) => "1 1",
        text.told_apart(1) => "x 1",
    );
    // Where the key leaves the type open, nothing is cached rather than the wrong value served.
    let cache = in_memory();
    for _ in 0..2 {
        assert_eq!(cache.scope(number.careless(1)).await, "1 1");
        assert_eq!(cache.scope(text.careless(1)).await, "x 1");
    }
    assert_eq!(cache.count_keys().await.unwrap(), 0);
}

async fn first(id: u64) -> String {
    #[redis_cache(ttl = 60)]
    async fn inner(id: u64) -> String {
        format!("in first {id}")
    }
    inner(id).await
}

async fn second(id: u64) -> String {
    #[redis_cache(ttl = 60)]
    async fn inner(id: u64) -> String {
        format!("in second {id}")
    }
    inner(id).await
}

#[tokio::test]
async fn functions_inside_two_functions() {
    each_keeps_its_own!(
        first(1) => "in first 1",
        second(1) => "in second 1",
    );
}

/// Two blocks of one function: not even the compiler has two names for these.
#[tokio::test]
async fn functions_that_have_one_path_are_not_cached() {
    async fn both(id: u64) -> [String; 2] {
        let one = {
            #[redis_cache(ttl = 60)]
            async fn twin(id: u64) -> String {
                format!("one {id}")
            }
            twin(id).await
        };
        let two = {
            #[redis_cache(ttl = 60)]
            async fn twin(id: u64) -> String {
                format!("two {id}")
            }
            twin(id).await
        };
        [one, two]
    }
    let cache = in_memory();
    for _ in 0..2 {
        assert_eq!(cache.scope(both(1)).await, ["one 1", "two 1"]);
    }
    assert_eq!(cache.count_keys().await.unwrap(), 0);
}

#[redis_cache(ttl = 60, key = "raw:{type}")]
async fn r#match(r#type: &str) -> String {
    format!("raw {}", r#type)
}

#[redis_cache(ttl = 60)]
async fn r#loop(r#type: &str, key: u64) -> String {
    format!("raw {} {key}", r#type)
}

#[tokio::test]
async fn raw_identifiers_and_names_of_ours() {
    each_keeps_its_own!(
        r#match("x") => "raw x",
        r#loop("x", 1) => "raw x 1",
        r#loop("x", 2) => "raw x 2",
    );
}

#[redis_cache(ttl = 60, key = "type:{T}")]
async fn size<T>() -> usize {
    size_of::<T>()
}

/// Nothing that a key could hold tells them apart: the second one is not cached.
#[tokio::test]
async fn two_types_of_one_name() {
    let cache = in_memory();
    cache
        .scope(async {
            for _ in 0..2 {
                {
                    struct Twin(#[allow(dead_code)] u8);
                    assert_eq!(size::<Twin>().await, 1);
                }
                {
                    struct Twin(#[allow(dead_code)] u64);
                    assert_eq!(size::<Twin>().await, 8);
                }
            }
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 1);
}
