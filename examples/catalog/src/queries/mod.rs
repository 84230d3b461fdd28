//! The queries: plain functions over the database, cached by one line each.
//!
//! The keys leave out the database, which is the same for all calls. A write names what it makes
//! old ([`products::set_price`], [`reviews::add_review`], [`reviews::hide_review`]); whatever is
//! not named there is as old as its time to live at most.

pub mod categories;
pub mod dashboard;
pub mod products;
pub mod reviews;
pub mod search;
pub mod top;
