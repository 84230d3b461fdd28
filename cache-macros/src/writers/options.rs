//! The options of `#[redis_invalidate]` and `#[redis_put]`, beside the calls that they name.

use crate::shared::errors::Errors;
use crate::shared::option::Raw;
use crate::shared::table::Row;
use crate::shared::values;
use crate::writers::calls::Call;
use crate::writers::kind::Kind;
use syn::{Expr, ExprArray, ExprLit, Lit, LitStr, Path};

#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Calls of companions, made of the calls of functions as written.
    pub(super) entries: Vec<Call>,
    pub(super) keys: Option<Vec<LitStr>>,
    pub(super) cache: Option<Expr>,
    pub(super) krate: Option<Path>,
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
        meaning: "keys without a companion, by templates as in [`macro@redis_cache`]: the entries of every cached function that can have such a key, whatever its version and codec",
        parse: |options, parser| parser.expr(&mut options.keys, keys),
        ..Row::DEFAULT
    },
    Row {
        meaning: "the cache of `keys`, and of items whose function has none of its own",
        ..CACHE
    },
    CRATE,
];

const PUT: &[Row<Options>] = &[
    Row { meaning: "the cache of the item, where its function has none of its own", ..CACHE },
    CRATE,
];

const CACHE: Row<Options> = Row {
    name: "cache",
    example: "cache = self.cache",
    forms: "`cache = EXPR`",
    without: "the cache of the scope, or the global one",
    parse: |options, parser| parser.expr(&mut options.cache, values::cache),
    ..Row::DEFAULT
};

const CRATE: Row<Options> = Row {
    name: "crate",
    example: "crate = my_crate::cache_runtime",
    forms: "`crate = path`",
    meaning: "where the runtime is, when it is renamed or re-exported",
    without: "`::cache_runtime`",
    parse: |options, parser| parser.krate(&mut options.krate),
    ..Row::DEFAULT
};

/// What `keys` is, for messages.
pub(super) const KEYS: &str = "`keys` is a list of key templates: write `keys = [\"user:{id}\"]`";

fn keys(option: &Raw, errors: &mut Errors) -> Option<Vec<LitStr>> {
    let Expr::Array(ExprArray { elems, .. }) = &option.value else {
        errors.on(&option.value, KEYS);
        return None;
    };
    if elems.is_empty() {
        errors.on(&option.value, "`keys = []` names nothing: remove it");
    }
    let mut literals = Vec::new();
    for elem in elems {
        match elem {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => literals.push(text.clone()),
            other => errors.on(other, KEYS),
        }
    }
    Some(literals)
}

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
