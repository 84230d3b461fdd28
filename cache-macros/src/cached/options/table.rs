//! A row for each option of `#[redis_cache]`.

use crate::cached::codec;
use crate::cached::list;
use crate::cached::options::Options;
use crate::cached::values;
use crate::shared::table::Row;
use crate::shared::times;
use crate::shared::values::{boolean, cache, function, string, templates};

/// A value has one life: which of two would win is nothing to guess.
const TWO_TTLS: &str = "both give the time to live";

/// What goes beside `batch` in their place is said too.
const NOT_BEHIND: &str = "do not work together, since a batch is not refreshed behind its caller \
                          (`stale_if_error` and `jitter` go with it)";
const GOES_ON: &str = "do not work together, since the body of a batch does not go on behind its \
                       caller (put `tokio::time::timeout` around the call)";

pub(crate) const TABLE: &[Row<Options>] = &[
    Row {
        name: "ttl",
        example: "ttl = 300",
        forms: "`ttl = 300`, `ttl = \"5m\"`, `ttl = EXPR`",
        meaning: "time to live: whole seconds, a duration (`\"1h 30m\"`), or an expression of type \
                  `Duration`. The expression may use the arguments and is evaluated before the \
                  body. From a millisecond to ten years",
        without: "the cache's default TTL (300 s)",
        also_called: &[
            "time",
            "time_to_live",
            "life",
            "lifetime",
            "duration",
            "max_age",
            "expire",
            "expires",
            "expires_in",
            "expire_after",
            "expire_in",
            "expiry",
            "expiration",
            "ttl_secs",
            "ttl_seconds",
            "ttl_millis",
            "cache_ttl",
        ],
        parse: |options, parser| parser.expr(&mut options.ttl, values::ttl),
        ..Row::DEFAULT
    },
    Row {
        name: "ttl_setting",
        example: "ttl_setting = \"dashboard\"",
        meaning: "the TTL with this name in the configuration (`REDIS_CACHE_TTL_DASHBOARD`, or the \
                  builder's `ttl_setting`), otherwise the default TTL",
        excludes: &[("ttl", TWO_TTLS)],
        parse: |options, parser| parser.expr(&mut options.ttl, values::ttl_setting),
        ..Row::DEFAULT
    },
    Row {
        name: "ttl_with",
        example: "ttl_with = |value| value.lifetime()",
        forms: "`ttl_with = path_or_closure`",
        meaning: "the TTL, computed from the value by `fn(&T) -> Duration`; a value with a TTL of \
                  zero is not stored",
        excludes: &[("ttl", TWO_TTLS), ("ttl_setting", TWO_TTLS)],
        parse: |options, parser| parser.expr(&mut options.ttl_with, function),
        ..Row::DEFAULT
    },
    Row {
        name: "key",
        example: "key = \"user:{id}\"",
        meaning: "the key template, see below",
        without: "the function's path and all its arguments",
        also_called: &["name", "template", "cache_key", "key_template"],
        parse: |options, parser| parser.expr(&mut options.key, string),
        ..Row::DEFAULT
    },
    Row {
        name: "skip",
        example: "skip(db, token)",
        meaning: "arguments, `self` or type parameters that the default key leaves out; together \
                  with `key`, type parameters and `Self` that the result does not depend on",
        without: "nothing is left out",
        also_called: &["ignore", "exclude", "skip_args"],
        parse: |options, parser| values::skip(parser).map(|names| options.skip = names),
        ..Row::DEFAULT
    },
    Row {
        name: "batch",
        example: "batch = \"ids\"",
        forms: "`batch = \"ids\"`, `batch = \"id in ids\"`",
        meaning: "this argument, a `&[K]` or `Vec<K>`, is a list, and the key names a member of \
                  it. There is one look-up for all members, and one run of the body for those that \
                  are missing, see below",
        also_called: &["many", "bulk", "multi", "mget"],
        parse: |options, parser| parser.expr(&mut options.batch, list::written),
        ..Row::DEFAULT
    },
    Row {
        name: "version",
        example: "version = 2",
        meaning: "part of the key; raise it when the meaning of the value changes",
        without: "no version",
        also_called: &["cache_version", "schema_version"],
        parse: |options, parser| parser.expr(&mut options.version, values::version),
        ..Row::DEFAULT
    },
    Row {
        name: "jitter",
        example: "jitter = 0.1",
        meaning: "shortens each TTL at random by up to this share (more than 0.0, at most 1.0), so \
                  that keys do not expire together",
        without: "`0`",
        also_called: &["ttl_jitter"],
        parse: |options, parser| parser.expr(&mut options.jitter, values::jitter),
        ..Row::DEFAULT
    },
    Row {
        name: "none_ttl",
        example: "none_ttl = 5",
        meaning: "also cache `None`, for this long (written like `ttl`, without arguments)",
        without: "`None` is not stored",
        also_called: &["cache_none", "cache_null", "null_ttl"],
        parse: |options, parser| parser.expr(&mut options.none_ttl, times::life),
        ..Row::DEFAULT
    },
    Row {
        name: "err_ttl",
        example: "err_ttl = \"5s\"",
        meaning: "also cache an `Err`, for this long (written like `ttl`, without arguments), \
                  unless a stale value may be served. The error's type must be `Serialize` and \
                  `DeserializeOwned`. A stored error is marked, so other readers do not take it \
                  for a value",
        without: "an `Err` is not stored",
        also_called: &["cache_err", "cache_error", "cache_errors", "error_ttl", "negative_ttl"],
        parse: |options, parser| parser.expr(&mut options.err_ttl, times::life),
        ..Row::DEFAULT
    },
    Row {
        name: "when",
        example: "when = !preview",
        forms: "`when = EXPR`",
        meaning: "use the cache only if this `bool` expression over the arguments is true; it is \
                  evaluated before the body. If it is false, the call is a bypass: the body runs, \
                  and nothing is stored. It does not apply to the companion and to puts",
        without: "every call uses the cache",
        also_called: &["only_if", "enabled"],
        parse: |options, parser| parser.expr(&mut options.when, values::when),
        ..Row::DEFAULT
    },
    Row {
        name: "cache_if",
        example: "cache_if = |value| value.is_complete()",
        forms: "`cache_if = path_or_closure`",
        meaning: "store a value only if `fn(&T) -> bool` returns `true` for it",
        without: "every value is stored",
        also_called: &["condition", "store_if"],
        parse: |options, parser| parser.expr(&mut options.cache_if, function),
        ..Row::DEFAULT
    },
    Row {
        name: "max_size",
        example: "max_size = \"64kb\"",
        meaning: "an encoded value that is longer is returned but not stored. Bytes, or a size in \
                  `b`, `kb`, `mb` or `gb` (1 kb is 1024 bytes, as in Redis' configuration), at \
                  most 512mb. A longer value in Redis is not used",
        without: "the builder's `max_size`, 64 MiB",
        also_called: &["max_value_size", "max_bytes"],
        parse: |options, parser| parser.expr(&mut options.max_size, values::size),
        ..Row::DEFAULT
    },
    Row {
        name: "stale_while_revalidate",
        example: "stale_while_revalidate = \"30s\"",
        meaning: "for this long after the TTL, the old value is served at once and refreshed in \
                  the background, see below",
        in_background: true,
        excludes: &[("batch", NOT_BEHIND)],
        also_called: &["swr", "stale", "stale_ttl", "cache_stale_ttl", "grace"],
        parse: |options, parser| parser.expr(&mut options.stale_while_revalidate, times::life),
        ..Row::DEFAULT
    },
    Row {
        name: "stale_if_error",
        example: "stale_if_error = \"1h\"",
        meaning: "for this long after the TTL, the old value is served if the body returns `Err`, \
                  or does not return before a timeout. After that the body is not run again for \
                  five seconds",
        also_called: &["sie", "fail_safe", "failover", "result_fallback", "stale_on_error"],
        parse: |options, parser| parser.expr(&mut options.stale_if_error, times::life),
        ..Row::DEFAULT
    },
    Row {
        name: "early_refresh",
        example: "early_refresh = 1.0",
        forms: "`early_refresh`, `early_refresh = 1.0`",
        meaning: "a fresh value is refreshed in the background before its TTL ends. The chance \
                  grows towards the end and with the duration of the body (XFetch). More than 1.0 \
                  means earlier; an `f64` of more than 0.0, or an expression of that type",
        also_called: &["xfetch", "early", "refresh_ahead", "eager_refresh"],
        in_background: true,
        excludes: &[("batch", NOT_BEHIND)],
        parse: |options, parser| values::early_refresh(parser, &mut options.early_refresh),
        ..Row::DEFAULT
    },
    Row {
        name: "soft_timeout",
        example: "soft_timeout = \"200ms\"",
        meaning: "after this time, counted from the start of the call, a stale value that \
                  `stale_if_error` allows is returned; the body continues in the background. \
                  Written like `ttl`",
        in_background: true,
        excludes: &[("batch", GOES_ON)],
        parse: |options, parser| parser.expr(&mut options.soft_timeout, values::timeout),
        ..Row::DEFAULT
    },
    Row {
        name: "hard_timeout",
        example: "hard_timeout = \"2s\"",
        meaning: "after this time, counted from the start of the call, `Err(TimedOut.into())` is \
                  returned if there is no stale value (`E: From<TimedOut>`); the body continues in \
                  the background. Written like `ttl`",
        in_background: true,
        excludes: &[("batch", GOES_ON)],
        parse: |options, parser| parser.expr(&mut options.hard_timeout, values::timeout),
        ..Row::DEFAULT
    },
    Row {
        name: "tags",
        example: "tags = [\"org:{org_id}\"]",
        meaning: "tags of the entry, as templates like `key`, from the arguments; 16 at most. \
                  `cache.invalidate_tag` and `#[redis_invalidate(tags = […])]` invalidate all \
                  entries with a tag by one write, see below",
        without: "no tags",
        also_called: &["tag", "group", "groups", "surrogate_keys"],
        parse: |options, parser| parser.expr(&mut options.tags, templates),
        ..Row::DEFAULT
    },
    Row {
        name: "tags_with",
        example: "tags_with = |order| [(\"customer\", order.customer)]",
        forms: "`tags_with = path_or_closure`",
        meaning: "further tags, from the value: `fn(&T)` that returns a list of tags. Each is a \
                  string, or a name with its arguments (`(\"customer\", 7)` is encoded like \
                  `\"customer:{id}\"`); together with those of `tags` 16 at most. A hit costs one \
                  more command, and so does a fill, see below",
        without: "an entry has only the tags of `tags`",
        parse: |options, parser| parser.expr(&mut options.tags_with, function),
        ..Row::DEFAULT
    },
    Row {
        name: "single_flight",
        example: "single_flight = \"process\"",
        meaning: "which callers share one computation on a miss: `\"cluster\"`: those of all \
                  processes, `\"process\"`: those of one process, `\"off\"`: none. A call that \
                  computes while another one holds the key's lease does not store its value",
        without: "`\"cluster\"`",
        parse: |options, parser| parser.expr(&mut options.single_flight, values::single_flight),
        ..Row::DEFAULT
    },
    Row {
        name: "codec",
        example: "codec = MessagePack",
        meaning: "the type that encodes the value: `Json`, `MessagePack` or `Postcard` (features \
                  `msgpack`, `postcard`), or your own `Codec`. A codec that identifies fields by \
                  position, such as `Postcard`, requires `version`",
        without: "`Json`",
        also_called: &["serializer", "serialize", "format", "encoding"],
        parse: |options, parser| codec::codec(parser).map(|ty| options.codec = Some(ty)),
        ..Row::DEFAULT
    },
    Row {
        name: "verify",
        example: "verify = false",
        meaning: "store values without decoding and comparing them first. This saves one decoding \
                  per miss. But if a value does not round-trip (`#[serde(untagged)]`, \
                  `#[serde(skip)]`), the next calls get the changed value",
        without: "a value that would come back changed is returned but not stored",
        parse: |options, parser| parser.expr(&mut options.verify, boolean),
        ..Row::DEFAULT
    },
    Row {
        name: "l1",
        example: "l1 = \"10s\"",
        forms: "`l1`, `l1 = \"10s\"`",
        meaning: "also keep the value in the memory of this process, without encoding, until Redis \
                  reports that it has changed (feature `l1`), see below. The duration limits how \
                  long it is kept. The value must be `Clone + Send + Sync + 'static`; an `Arc<T>` \
                  is cheapest",
        without: "a hit asks Redis",
        also_called: &["memory", "local", "in_memory", "near_cache", "two_tier"],
        parse: |options, parser| values::l1(parser, &mut options.l1),
        ..Row::DEFAULT
    },
    Row {
        name: "cache",
        example: "cache = self.cache",
        meaning: "an expression of type `Cache`, which may use the arguments",
        without: "the cache of the scope, or the process-wide one",
        parse: |options, parser| parser.expr(&mut options.cache, cache),
        ..Row::DEFAULT
    },
    Row {
        name: "entry",
        example: "entry = false",
        forms: "`entry = false`, `entry = find_user_entry`",
        meaning: "generate no companion, or give it this name, see below. A trait's `impl` can \
                  hold only the trait's methods: put `#[redis_cache]` on the whole `impl`, or \
                  write `entry = false`",
        without: "the companion has the function's name with `_entry` appended",
        parse: |options, parser| parser.expr(&mut options.entry, values::entry),
        ..Row::DEFAULT
    },
    Row::krate(|options, parser| parser.krate(&mut options.krate)),
];
