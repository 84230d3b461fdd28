//! What the macros refuse, and with which words. What they accept is the suite `accepted`.
//!
//! `ui/fail/<topic>/<fault>.rs` each hold one mistake; the `.stderr` beside it is what the user
//! sees: one error per mistake, where it was written, saying what to write instead. After a
//! wanted change of a message, `TRYBUILD=overwrite` writes them anew; read the difference.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    // No case that must pass: `trybuild` would then compile one after the other instead of all at once.
    cases.compile_fail("ui/fail/*/*.rs");
}
