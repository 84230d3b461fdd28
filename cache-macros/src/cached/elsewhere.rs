//! What other libraries have options for and this one has none of that kind: what to write instead. An
//! option that has another name there stands in its row (`also_called`).

use crate::shared::table::is_alike;

const ADVICE: &[(&[&str], &str)] = &[
    (
        &["timeout"],
        "a value's time to live is `ttl = 300`, and the longest that a call may take is `hard_timeout = \
         \"2s\"`",
    ),
    (
        &["convert", "key_expr", "key_fn", "key_with", "key_generator", "keys"],
        "a key is a template over the arguments: write `key = \"user:{id}\"`",
    ),
    (
        &[
            "key_prefix",
            "prefix",
            "namespace",
            "cache_prefix_block",
            "cache_name",
            "cache_names",
            "region",
        ],
        "what tells a function's keys from those of others is text of its `key`, as in `key = \
         \"user:{id}\"`; the prefix of all keys is the cache's (`REDIS_KEY_PREFIX`, or \
         `Cache::builder().prefix(\"shop\")`)",
    ),
    (
        &["option"],
        "an `Option` is known by its type, and its `None` is not stored: remove it, or write \
         `none_ttl = 5` to store `None` too",
    ),
    (
        &["result"],
        "a `Result` is known by its type, and its `Err` is not stored: remove it, or write \
         `err_ttl = \"5s\"` to store an `Err` too",
    ),
    (
        &[
            "size",
            "capacity",
            "max_capacity",
            "max_entries",
            "max_items",
            "maxsize",
            "unbound",
            "shards",
        ],
        "how much is kept is said where it is kept: Redis' `maxmemory`, and `Cache::builder().l1_capacity(…)` \
         for `l1`. The longest value of a function is `max_size = \"64kb\"`",
    ),
    (
        &["refresh", "time_refresh", "time_to_idle", "idle", "tti", "sliding", "refresh_ttl"],
        "a hit makes no life longer. To compute a value anew before its end, write `early_refresh` or \
         `stale_while_revalidate = \"30s\"`",
    ),
    (
        &["unless", "skip_if"],
        "to ask the cache for some arguments alone, write `when = !preview`; to store some values alone, \
         `cache_if = |value| value.is_complete()`",
    ),
    (
        &["invalidate", "invalidates", "invalidate_on", "evict", "evicts", "cache_evict", "clear"],
        "what changes a value says so itself: put `#[redis_invalidate(get_user(id))]` on the function that \
         writes it",
    ),
    (
        &["put", "cache_put", "update"],
        "put `#[redis_put(get_user(id))]` on the function that writes the value and returns it",
    ),
    (
        &[
            "redis",
            "disk",
            "ty",
            "type",
            "create",
            "backend",
            "store",
            "storage",
            "url",
            "client",
            "pool",
            "connection",
        ],
        "where values are kept is said by `REDIS_URL`, or by `Cache::builder()`; a function with a cache of its \
         own writes `cache = self.cache`",
    ),
    (
        &["map_error", "map_err", "fail_open"],
        "no error of the cache reaches the caller, whose body runs instead: remove it",
    ),
    (
        &["with_cached_flag", "cached_flag"],
        "what a call came to is said by `cache_runtime::observe(call)`: remove it",
    ),
    (
        &[
            "sync",
            "sync_writes",
            "sync_writes_buckets",
            "lock",
            "locked",
            "coalesce",
            "dedup",
            "dogpile",
            "concurrency",
        ],
        "calls that miss one key share one computation as it is, in all processes: remove it, or write \
         `single_flight = \"process\"`",
    ),
    (&["in_impl"], "a method is cached like a function: remove it"),
    (
        &["sync_lock", "unsync_reads", "shared_cache", "custom_hasher", "hasher_init"],
        "threads and processes share the cache as it is: remove it",
    ),
];

/// What to write instead of an option of this name, if that is known.
pub(super) fn advice(unknown: &str) -> Option<&'static str> {
    let known = ADVICE.iter().find(|(names, _)| names.iter().any(|name| is_alike(name, unknown)));
    known.map(|(_, advice)| *advice)
}
