//! What the manual pages document, so that tests can hold them against the program's tables.

use std::collections::BTreeSet;

/// The pages that describe the configuration language.
pub(crate) const LANGUAGE: [&str; 3] = [
    include_str!("../../man/rdhcpd.conf.5"),
    include_str!("../../man/rdhcp-eval.5"),
    include_str!("../../man/rdhcp-options.5"),
];

/// The page of the command line.
pub(crate) const COMMAND: &str = include_str!("../../man/rdhcpd.8");

/// The arguments of every `macro_name` of mdoc in the lines of a page that `chosen` accepts, such as the words that stand
/// behind `Ic`.
pub(crate) fn marked<'a>(
    page: &'a str,
    macro_name: &str,
    chosen: impl Fn(&str) -> bool,
) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for line in page.lines().filter(|line| chosen(line)) {
        let mut marks = false;
        for word in line.trim_start_matches('.').split(' ') {
            if is_macro(word) {
                marks = word == macro_name;
            } else if marks
                && word.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '-')
            {
                found.insert(word);
            }
        }
    }
    found
}

/// Macros of mdoc are a capital and a small letter.
fn is_macro(word: &str) -> bool {
    matches!(word.as_bytes(), [first, second] if first.is_ascii_uppercase() && second.is_ascii_lowercase())
}

#[test]
fn words_behind_a_macro_end_at_the_next_one() {
    let page = ".It Ic range Oo Cm dynamic-bootp Oc , Ic range6 Ar first\nIc text\n.Fl -no-pid";
    let request = |line: &str| line.starts_with('.');
    assert_eq!(
        marked(page, "Ic", request),
        BTreeSet::from(["range", "range6"])
    );
    assert_eq!(marked(page, "Fl", request), BTreeSet::from(["-no-pid"]));
}
