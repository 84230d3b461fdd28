//! Shared by the tests: real servers.

pub use cache_test_servers::*;
