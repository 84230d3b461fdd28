//! The cached functions of the program, as operators read them.

use super::registry::registry;
use crate::figures::stats::FunctionStats;

/// Every `#[redis_cache]` function of the program, in the order of its sources: path, template,
/// options, and what its calls came to so far.
///
/// ```
/// use cache_runtime::redis_cache;
///
/// #[redis_cache(ttl = 60, key = "cube:{n}")]
/// async fn cube(n: u64) -> u64 { n * n * n }
///
/// let listed = cache_runtime::functions();
/// let cube = listed.iter().find(|f| f.path.ends_with(".cube")).unwrap();
/// assert_eq!(cube.key, Some("cube:{n}"));
/// assert_eq!(cube.options, [("ttl", "60")]);
/// ```
#[must_use]
pub fn functions() -> Vec<FunctionStats> {
    let listed = registry().functions.iter().map(|function| {
        let counts = function.counters.read();
        FunctionStats {
            path: function.path().to_owned(),
            key: function.declared().template,
            options: function.declared().options.to_vec(),
            refused: function.refused(),
            hit_rate: counts.hit_rate(),
            counts,
        }
    });
    listed.collect()
}
