//! What the macros refuse, with which words, and what they accept.
//!
//! `ui/fail/<topic>/<fault>.rs` each hold one mistake; the `.stderr` beside it is what the user
//! sees: one error per mistake, where it was written, saying what to write instead. After a
//! wanted change of a message, `TRYBUILD=overwrite` writes them anew; read the difference.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*/*.rs");
}
