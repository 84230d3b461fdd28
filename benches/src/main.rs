//! Ratios against the floor.

fn main() {}
