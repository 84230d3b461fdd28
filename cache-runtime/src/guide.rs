//! The guide: one page for each question that using a cache in a service raises.
//!
//! Every snippet is compiled and run by the tests.
//!
//! | to | read |
//! |---|---|
//! | begin | [`start`], [`service`], [`functions`], [`keys`], [`freshness`], [`invalidation`], [`when`] |
//! | go further | [`batch`], [`in_process`], [`by_hand`], [`web`] |
//! | test and run it | [`testing`], [`configuration`], [`deploying`], [`operating`], [`costs`] |
//! | know what happens | [`guarantees`], [`redis_down`], [`faults`], [`limits`] |
//! | come from elsewhere | [`migrating`], [`other_languages`] |

macro_rules! pages {
    ($($page:ident)*) => {
        $(
            pub mod $page {
                // Of two definitions of a link the first counts: these lead to pages of rustdoc, those
                // at a page's end to files, for who reads it in the repository.
                #![doc = include_str!("../docs/links/guide.md")]
                #![doc = include_str!(concat!("../docs/guide/", stringify!($page), ".md"))]
            }
        )*
    };
}

pages! {
    start
    service
    functions
    keys
    freshness
    invalidation
    when
    batch
    in_process
    by_hand
    web
    testing
    configuration
    deploying
    operating
    costs
    guarantees
    redis_down
    faults
    limits
    migrating
    other_languages
}
