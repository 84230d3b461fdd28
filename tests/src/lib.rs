//! Shared by the tests: real servers.
