//! The options of `#[redis_invalidate]` and `#[redis_put]`, beside the calls that they name.

use crate::shared::table::Row;
use crate::shared::values::{self, templates};
use crate::writers::calls::Call;
use crate::writers::kind::Kind;
use crate::writers::model::Methods;
use syn::{Expr, LitStr, Path};

#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Calls of companions, made of the calls of functions as written.
    pub(super) entries: Vec<Call>,
    pub(super) keys: Option<Vec<LitStr>>,
    pub(super) tags: Option<Vec<LitStr>>,
    pub(super) soft_tags: Option<Vec<LitStr>>,
    pub(super) cache: Option<Expr>,
    /// That of the block around, for keys and tags.
    pub(super) cache_of_texts: Option<Expr>,
    /// What the block around tells of itself.
    pub(super) methods: Option<Methods>,
    pub(super) krate: Option<Path>,
}

impl Options {
    /// Whether there are keys or tags.
    pub(super) fn names_keys(&self) -> bool {
        self.keys.is_some() || self.tags.is_some() || self.soft_tags.is_some()
    }
}

pub(super) fn table(kind: Kind) -> &'static [Row<Options>] {
    match kind {
        Kind::Invalidate => INVALIDATE,
        Kind::Put => PUT,
    }
}

const INVALIDATE: &[Row<Options>] = &[
    Row {
        name: "keys",
        example: "keys = [\"user:{id}\"]",
        meaning: "keys, as templates like in [`macro@redis_cache`], for functions without a companion: invalidates the entries of every cached function that can have such a key, with any version and codec",
        parse: |options, parser| parser.expr(&mut options.keys, templates),
        ..Row::DEFAULT
    },
    Row {
        name: "tags",
        example: "tags = [\"org:{org_id}\"]",
        meaning: "tags, as templates like in `keys`: invalidates every entry with one of them, of any function, by one write for any number of entries",
        parse: |options, parser| parser.expr(&mut options.tags, templates),
        ..Row::DEFAULT
    },
    Row {
        name: "soft_tags",
        example: "soft_tags = [\"org:{org_id}\"]",
        meaning: "tags whose entries become stale: within the function's stale windows they are still served while they are refreshed. Without such windows the same as `tags`",
        parse: |options, parser| parser.expr(&mut options.soft_tags, templates),
        ..Row::DEFAULT
    },
    Row {
        meaning: "the cache for `keys` and `tags`, and for items whose function has no `cache` of its own",
        without: "the cache of the scope, or the process-wide one. For `keys` and `tags` inside an `impl` with `#[redis_cache(cache = …)]`, the cache of that attribute",
        ..CACHE
    },
    CRATE,
];

const PUT: &[Row<Options>] = &[
    Row { meaning: "the cache for the item, if its function has no `cache` of its own", ..CACHE },
    CRATE,
];

const CACHE: Row<Options> = Row {
    name: "cache",
    example: "cache = self.cache",
    forms: "`cache = EXPR`",
    without: "the cache of the scope, or the process-wide one",
    parse: |options, parser| parser.expr(&mut options.cache, values::cache),
    ..Row::DEFAULT
};

const CRATE: Row<Options> = Row::krate(|options, parser| parser.krate(&mut options.krate));

#[cfg(test)]
mod tests {
    use super::{INVALIDATE, PUT};
    use crate::shared::table::tests::{check_file, check_table, documentation};

    #[test]
    fn every_row_is_complete() {
        check_table(INVALIDATE);
        check_table(PUT);
    }

    #[test]
    fn every_row_is_documented() {
        check_file("docs/options/redis_invalidate.md", |_| documentation(INVALIDATE));
        check_file("docs/options/redis_put.md", |_| documentation(PUT));
    }
}
