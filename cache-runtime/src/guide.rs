//! The guide: one page for each question that using a cache in a service raises.
//!
//! Every snippet is compiled and run by the tests.

macro_rules! pages {
    ($($page:ident)*) => {
        $(
            pub mod $page {
                #![doc = include_str!(concat!("../docs/guide/", stringify!($page), ".md"))]
            }
        )*
    };
}

// In the order in which they are read.
pages! {
    start
    keys
    freshness
    invalidation
    when
    costs
    testing
    deploying
    redis_down
    migrating
    other_languages
}
