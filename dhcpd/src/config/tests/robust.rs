//! Input that was never meant to be a configuration.

use std::collections::HashMap;

use proptest::prelude::*;

use super::read;

const WORDS: &[&str] = &[
    "subnet",
    "netmask",
    "10.0.0.0",
    "255.255.255.0",
    "{",
    "}",
    ";",
    "pool",
    "range",
    "10.0.0.5",
    "10.0.0.200",
    "host",
    "a",
    "hardware",
    "ethernet",
    "1:2:3",
    "option",
    "routers",
    "domain-name",
    "\"x\"",
    "\"",
    "if",
    "else",
    "elsif",
    "(",
    ")",
    "=",
    "!",
    "and",
    "or",
    "not",
    "exists",
    "substring",
    ",",
    "class",
    "match",
    "group",
    "shared-network",
    "include",
    "\"t.conf\"",
    "allow",
    "deny",
    "members",
    "of",
    "after",
    "4",
    "2030/1/1",
    "code",
    "200",
    "array",
    "text",
    "integer",
    "encapsulate",
    "space",
    "key",
    "secret",
    "zone",
    "failover",
    "peer",
    "log",
    "default",
    "\\",
    "#",
    "\n",
    "%",
    "-",
];

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &HashMap::new());
    }

    #[test]
    fn any_words_in_any_order_are_read_without_harm(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60),
    ) {
        let _ = read(words.join(" ").as_bytes(), &HashMap::new());
    }
}

#[test]
fn blocks_and_parentheses_without_end_are_refused() {
    for opening in [
        "group {",
        "if known {",
        "option domain-name = (",
        "if not (",
    ] {
        let text = opening.repeat(20_000);
        let verdict = read(text.as_bytes(), &HashMap::new()).0;
        assert!(verdict.is_err(), "{opening}");
    }
}

#[test]
fn a_file_that_includes_itself_many_times_is_given_up_at_once() {
    let text = "include \"t.conf\";\n".repeat(100);
    let (verdict, lines) = read(text.as_bytes(), &HashMap::new());
    assert!(verdict.is_err());
    assert_eq!(lines, ["files are included too deeply"]);
}

#[test]
fn long_chains_are_no_nesting() {
    let chain = vec!["exists host-name"; 5_000].join(" or ");
    let elsifs = "elsif known { option host-name \"x\"; } ".repeat(5_000);
    let text = format!("if {chain} {{ }} {elsifs}\n");
    assert!(read(text.as_bytes(), &HashMap::new()).0.is_ok());
}
