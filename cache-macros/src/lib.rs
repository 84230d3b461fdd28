//! The macros of [`cache-runtime`](https://docs.rs/cache-runtime), which re-exports them: depend on
//! that crate, not on this one.
//!
//! Inside: `cached::options` reads an attribute's syntax, `cached::check` (with `key` and the values in
//! `shared`) judges it against the function and makes a `cached::model`, `cached::expand` writes code
//! from that. Mistakes are collected in `shared::errors` and reported together.

mod cached;
mod derive;
mod key;
mod shared;
mod writers;

use proc_macro::TokenStream;
use shared::errors::Errors;

/// Caches what a function returns.
///
/// The function keeps its signature, its error type and its callers. A call looks its key up in
/// the cache first; on a miss, or on any trouble with the cache, the body runs and its result is
/// returned. The body never runs twice, and a call never fails because of the cache.
///
/// Free functions, methods, associated functions, methods of a trait's `impl` and generic
/// functions can be cached, natively async, under `#[async_trait]` (put this attribute on the
/// method) or as a plain `fn` that returns `Pin<Box<dyn Future<Output = R>>>` or
/// `impl Future<Output = R>`. The value must be `Serialize` and `DeserializeOwned`.
///
/// A plain `fn` that returns a value is cached too, inside and outside of a Tokio runtime: its
/// caller is parked while a thread of the cache's own talks to Redis. It waits for another's
/// computation one store timeout at the longest, and then computes without storing.
///
/// What is stored depends on the return type, whatever it is called: of a `Result` the `Ok` value
/// alone, `None` (also in `Ok(None)`) only with `none_ttl`, of any other type the whole.
///
/// # Options
///
/// All are optional; a bare `#[redis_cache]` is fine.
///
/// | option | meaning | without it |
/// |---|---|---|
/// | `ttl = 300`, `ttl = "5m"`, `ttl = EXPR` | time to live: whole seconds, a duration (`"1h 30m"`), or an expression of type `Duration`, evaluated before the body, which may use the arguments. From a millisecond to ten years | the cache's default TTL |
/// | `ttl_setting = "dashboard"` | the TTL that the configuration gives this name (`REDIS_CACHE_TTL_DASHBOARD`, or the builder's `ttl_setting`) | |
/// | `ttl_with = path_or_closure` | the TTL from the value, `fn(&T) -> Duration`; zero means do not store | |
/// | `key = "user:{id}"` | the key template, see below | the function's path and all its arguments |
/// | `skip(db, token)` | arguments, `self` or type parameters that the default key leaves out; beside `key`, type parameters and `Self` that make no difference | nothing is left out |
/// | `version = 2` | part of the key; raise it when the meaning of the value changes | no version |
/// | `jitter = 0.1` | up to this share of the TTL (more than 0.0, at most 1.0) is taken away at random, so that keys do not expire together | `0` |
/// | `none_ttl = 5` | cache `None` too, for this long (written like `ttl`, without arguments) | `None` is not stored |
/// | `cache_if = path_or_closure` | store only where `fn(&T) -> bool` holds | every value is stored |
/// | `max_size = "1mb"` | a longer encoded value is returned, not stored. Bytes, or a size in `b`, `kb`, `mb` or `gb` (1 kb is 1024 bytes, as in Redis' configuration), at most 512mb | no limit |
/// | `stale_while_revalidate = "30s"` | for this long after the TTL, the old value is served at once and refreshed in the background, see below | |
/// | `stale_if_error = "1h"` | for this long after the TTL, the old value is served where the body returns `Err`; after that the body is not tried again for five seconds | |
/// | `early_refresh`, `early_refresh = 1.0` | a fresh value is refreshed in the background before its time, with a chance that grows towards its end and with the time that its body took (XFetch). More than 1.0 is earlier; an `f64` of more than 0.0, or an expression of that type | |
/// | `soft_timeout = "200ms"` | after so long, counted from the call's start, a stale value that `stale_if_error` allows is returned; the body goes on in the background. Written like `ttl` | |
/// | `hard_timeout = "2s"` | after so long, where there is no such value either, `Err(TimedOut.into())` is returned; the body goes on. Written like `ttl` | |
/// | `single_flight = "process"` | who shares one computation on a miss: `"cluster"` all processes, `"process"` the calls of one process, `"off"` nobody. A call that computes while another one holds the key's lease does not store | `"cluster"` |
/// | `codec = MessagePack` | the type that encodes the value; one that tells fields apart by position, such as `Postcard`, demands `version` | `Json` |
/// | `cache = self.cache` | an expression of type `Cache`, which may use the arguments | the cache of the scope, or the global one |
/// | `entry = false` | do not make the companion, see below. Needed in a trait's `impl`, which can hold no methods but the trait's | it is made |
/// | `crate = path` | where the runtime is, when it is renamed or re-exported | `::cache_runtime` |
///
/// The `T` of `ttl_with` and `cache_if` is the value itself, inside of `Ok` and `Some`. They are
/// plain functions: they look at the value alone and capture nothing.
///
/// # Keys
///
/// In a template, `{id}` is an argument, `{user.id}`, `{pair.0}` and `{self.tenant}` are fields,
/// `{T}`, `{N}` and `{Self}` type and const parameters, and `{{…}}` is a Redis Cluster hash tag
/// (literal braces; at most one, not empty). A placeholder may have a transform:
///
/// | transform | the argument becomes |
/// |---|---|
/// | `{email:hash}` | a 128-bit hash, keyed where the cache has a `key_secret` |
/// | `{name:lower}`, `{name:upper}` | its lower or upper case |
/// | `{price:display}` | its `Display`, for types that are no `CacheKey` |
/// | `{at:bucket(1h)}` | the time, or the count of seconds, rounded down to whole hours |
///
/// Two calls with different arguments never share a key: what could be taken for text of the
/// template is encoded, and two placeholders must have `:`, `/` or `|` between them. A type
/// parameter that a template does not name must be in `skip`, and a method without `key` must say
/// `skip(self)`, since only its author knows what of `self` matters.
///
/// # In the background
///
/// With `stale_while_revalidate`, `early_refresh`, `soft_timeout` and `hard_timeout` a body may
/// outlive its caller, so it works on copies of its own: `&str` becomes a `String`, `&[T]` a
/// `Vec<T>`, any other `&T` and `&self` a clone, and what is not a reference is moved. They are
/// made once the look-up has shown that they are needed. The body's future must be `Send` and
/// `'static`. At most 64 bodies run in the background per cache: beyond that nothing is refreshed,
/// and a body whose caller times out is dropped. `Cache::shutdown` waits for them.
///
/// Until a timeout passes, the body runs in its caller's own task, and ends with it if that is
/// cancelled. Both timeouts hold for callers that wait for another's computation too, in this
/// process or another one. They need a runtime with timers. For `hard_timeout` the function returns
/// a `Result` whose error type is `From<TimedOut>`; a body that runs without a cache, or beside
/// another call's of the same process, is dropped at its time, since nobody could store its result.
/// What the store takes is in the time too, so a timeout should be longer than the store's (250 ms).
///
/// A function with `early_refresh` stores how long its body took in a few bytes before the value,
/// which every function of this crate knows to skip, so the option can be turned on and off. Other
/// readers of that key see them.
///
/// # The companion
///
/// Beside `get_user` there is `get_user_entry`, as visible as the function, with those of its
/// arguments that the key and the `cache` expression use, in the same order. It returns the
/// `Entry` of that call: look at it, put a value into it, or invalidate it.
#[proc_macro_attribute]
pub fn redis_cache(options: TokenStream, item: TokenStream) -> TokenStream {
    cached(options.into(), item.into()).into()
}

/// Invalidates cached values once a function that changes the data has ended.
///
/// ```text
/// #[redis_invalidate(get_user(id), users::list_users(user.org_id), self.find(id))]
/// async fn update_user(&self, id: u64, user: &User) -> Result<(), DbError> { ... }
/// ```
///
/// Each item is a call of a cached function, method or associated function with the arguments that
/// its key uses, which may be any expressions over this function's arguments. They are passed to
/// the companion (`get_user_entry`, see [`macro@redis_cache`]), so that a renamed function or a
/// changed argument is an error there.
///
/// The keys are taken before the body runs, and invalidated once it has ended, before the caller
/// sees the result, however it ended: with a value, an error, a panic, or by being dropped after
/// it was first polled, since the change may have been committed by then. A panic and a drop
/// cannot wait: there the invalidation is under way when the caller goes on.
///
/// The result waits until the invalidation is done, so the function's future is `Send` only where
/// its result is.
///
/// | option | meaning | without it |
/// |---|---|---|
/// | `keys = ["user:{id}"]` | keys without a companion, by templates as in [`macro@redis_cache`] | |
/// | `cache = EXPR` | the cache of `keys`, and of items whose function has none of its own | the cache of the scope, or the global one |
/// | `crate = path` | where the runtime is, when it is renamed or re-exported | `::cache_runtime` |
///
/// Put it on the function that commits; where the transaction is the caller's, put
/// `cache_runtime::defer_invalidations` around it. Several attributes on one function add up; beside
/// `#[redis_cache]` the outer of the two decides: written above it, a hit does not run the body
/// and invalidates nothing.
#[proc_macro_attribute]
pub fn redis_invalidate(options: TokenStream, item: TokenStream) -> TokenStream {
    writers::invalidate(options.into(), item.into()).into()
}

/// Stores what a function that changes the data returns, as the value of a cached function.
///
/// ```text
/// #[redis_put(get_user(id))]
/// #[redis_invalidate(list_users(user.org_id))]
/// async fn update_user(db: &Db, id: u64, user: User) -> Result<User, DbError> { ... }
/// ```
///
/// The item is one call of a cached function, as in [`macro@redis_invalidate`]. What this function
/// returns must be of the type that the cached one stores, which the compiler checks: of a `Result`
/// the `Ok` value counts, and the errors may differ. It is stored as the cached function would have
/// stored it, by its options (`ttl`, `none_ttl`, `cache_if`, `max_size`, `codec`, ...).
///
/// Put it where [`macro@redis_invalidate`] would stand: on the function that commits. It takes the
/// lease of the key before the body runs, and stores only if it still has the lease afterwards, so
/// that of two puts, or of a put and an invalidation at one time, nothing old stays. In every other
/// case it is an invalidation: where the value is not one that is stored (an `Err`, a `None`
/// without `none_ttl`, ...), where the body panics or is dropped, where Redis is away or somebody
/// else has written meanwhile, where the body runs for longer than a minute, inside `bypass` and
/// inside `defer_invalidations`. So it is where the cached function's `ttl` is an expression over
/// arguments that its key does not use: nobody knows them here, which is logged once.
///
/// Calls of the cached function that miss while the body runs wait for what it returns, except for
/// those in the body itself, which compute.
///
/// The result waits until all that is done, so the function's future is `Send` only where its
/// result is.
///
/// | option | meaning | without it |
/// |---|---|---|
/// | `cache = EXPR` | the cache of the item, where its function has none of its own | the cache of the scope, or the global one |
/// | `crate = path` | where the runtime is, when it is renamed or re-exported | `::cache_runtime` |
///
/// Beside `#[redis_invalidate]`, in either order, both are done; a second `#[redis_put]` stores
/// under a second key.
#[proc_macro_attribute]
pub fn redis_put(options: TokenStream, item: TokenStream) -> TokenStream {
    writers::put(options.into(), item.into()).into()
}

/// Makes a struct or an enum usable as an argument in a cache key.
///
/// A struct of one field has the keys of that field; any other is a tuple of its fields. A variant
/// is its name, then its fields as a tuple if it has any. `#[cache_key(skip)]` on a field leaves it
/// out: values that differ in it alone then have one key. `#[cache_key(crate = path)]` on the type
/// says where the runtime is, when it is renamed or re-exported.
///
/// Every field that takes part, and every type parameter, must be a `CacheKey` itself.
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    derive::derive(item.into()).into()
}

/// Parse, then check, then write; with a mistake the function stays as it was, so that nothing
/// else is an error because of it.
fn cached(
    options: proc_macro2::TokenStream,
    tokens: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let args = cached::options::parse(options, &mut errors);
    let item = match syn::parse2::<cached::model::Item>(tokens.clone()) {
        Ok(item) => item,
        Err(_) => {
            errors.push(cached::model::not_a_function(tokens.clone()));
            return [errors.into_tokens(), tokens].into_iter().collect();
        }
    };
    let model = cached::check::validate(args, &item, &mut errors);
    if model.as_ref().is_some_and(|model| model.entry)
        && cached::check::check_once(&item, &mut errors)
    {
        // The second one makes the companion.
        return [errors.into_tokens(), tokens].into_iter().collect();
    }
    match model {
        Some(model) if errors.is_empty() => {
            let function = cached::expand::function::function(&item, &model);
            [function, cached::expand::companion::companion(&item, &model).unwrap_or_default()]
                .into_iter()
                .collect()
        }
        model => {
            let stand_in =
                model.and_then(|model| cached::expand::companion::stand_in(&item, &model));
            [errors.into_tokens(), tokens, stand_in.unwrap_or_default()].into_iter().collect()
        }
    }
}
