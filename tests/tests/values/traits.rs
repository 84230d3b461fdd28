//! A trait's own methods are one function for many types, and the path of none.

use cache_runtime::redis_cache;
use cache_tests::in_memory;

trait Named {
    fn label(&self) -> &'static str;

    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn by_default_key(&self, id: u64) -> String {
        format!("{} {id}", self.label())
    }

    #[redis_cache(ttl = 60, key = "careless:{id}", entry = false)]
    async fn careless(&self, id: u64) -> String {
        format!("{} {id}", self.label())
    }

    #[redis_cache(ttl = 60, key = "told:{Self}:{id}", entry = false)]
    async fn told_apart(&self, id: u64) -> String {
        format!("{} {id}", self.label())
    }

    #[redis_cache(ttl = 60, key = "static:{id}", entry = false)]
    async fn associated(id: u64) -> String
    where
        Self: Sized,
    {
        format!("{} {id}", std::any::type_name::<Self>())
    }

    #[redis_cache(ttl = 60, key = "shared:{id}", skip(Self), entry = false)]
    async fn shared(&self, id: u64) -> u64 {
        id
    }
}

struct One;
struct Other<'a>(&'a str);

impl Named for One {
    fn label(&self) -> &'static str {
        "one"
    }
}

impl Named for Other<'_> {
    fn label(&self) -> &'static str {
        "other"
    }
}

#[async_trait::async_trait]
trait Boxed: Send + Sync {
    fn label(&self) -> &'static str;

    #[redis_cache(ttl = 60, key = "boxed:{id}")]
    async fn careless(&self, id: u64) -> String {
        format!("{} {id}", self.label())
    }
}

#[async_trait::async_trait]
impl Boxed for One {
    fn label(&self) -> &'static str {
        "one"
    }
}

#[async_trait::async_trait]
impl Boxed for Other<'_> {
    fn label(&self) -> &'static str {
        "other"
    }
}

#[tokio::test]
async fn a_traits_own_methods_never_mix_its_types() {
    let cache = in_memory();
    let (one, other) = (One, Other("x"));
    let all = async {
        for _ in 0..2 {
            assert_eq!(one.by_default_key(1).await, "one 1");
            assert_eq!(other.by_default_key(1).await, "other 1");
            assert_eq!(Named::careless(&one, 1).await, "one 1");
            assert_eq!(Named::careless(&other, 1).await, "other 1");
            assert_eq!(one.told_apart(1).await, "one 1");
            assert_eq!(other.told_apart(1).await, "other 1");
            assert!(One::associated(1).await.ends_with("One 1"));
            assert!(Other::associated(1).await.contains("Other"));
            assert_eq!((one.shared(1).await, other.shared(1).await), (1, 1));
            assert_eq!(Boxed::careless(&one, 1).await, "one 1");
            assert_eq!(Boxed::careless(&other, 1).await, "other 1");
        }
    };
    cache.scope(all).await;
    // Two default keys, two with the type in them, and one for all types.
    assert_eq!(cache.count_keys().await.unwrap(), 5);
    assert!(!other.0.is_empty());
}

struct Plain<'a>(&'a str);

impl Plain<'_> {
    #[redis_cache(ttl = 60, key = "{self.0}:{id}")]
    async fn of_an_impl_with_a_lifetime(&self, id: u64) -> String {
        format!("{} {id}", self.0)
    }
}

#[redis_cache(ttl = 60)]
async fn path_of_mine(id: &str) -> String {
    format!("mine {id}")
}

#[tokio::test]
async fn an_argument_cannot_pose_as_the_path_of_a_function() {
    let cache = in_memory();
    let path = "values.traits.path_of_mine";
    cache
        .scope(async {
            assert_eq!(path_of_mine("1").await, "mine 1");
            assert_eq!(path_of_mine_entry("1").key().unwrap(), format!("t:{path}:1"));
            assert_eq!(Plain(path).of_an_impl_with_a_lifetime(1).await, format!("{path} 1"));
            assert_eq!(Plain("x").of_an_impl_with_a_lifetime(1).await, "x 1");
            assert_eq!(path_of_mine("1").await, "mine 1");
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 2);
}
