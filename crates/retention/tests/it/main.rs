//! Programs that break the promise do not compile.

/// One run for all of them: they are compiled together.
#[test]
fn forbidden_programs_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/forbidden/*.rs");
}
