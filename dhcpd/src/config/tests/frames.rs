//! What people at a terminal read about typical mistakes.

use common::diag::Diagnostics;

use crate::config::{Family, parse};

fn frames(text: &str) -> Vec<String> {
    let mut diagnostics = Diagnostics::default();
    let mut load = |_: &str| Ok(text.as_bytes().to_vec());
    let parsed = parse("t.conf", Family::Dhcpv4, &mut load, &mut diagnostics);
    assert!(parsed.is_err(), "{text}");
    let messages = diagnostics.messages().iter();
    messages.flat_map(|message| message.framed()).collect()
}

#[test]
fn a_misspelt_keyword_is_underlined_and_the_nearest_one_named() {
    assert_eq!(
        frames("authoritative;\ndefualt-lease-time 600;\n"),
        [
            "error: semicolon expected.",
            " --> t.conf:2:1",
            "  |",
            "2 | defualt-lease-time 600;",
            "  | ^^^^^^^^^^^^^^^^^^",
            "  = help: did you mean `default-lease-time`?",
        ]
    );
}

#[test]
fn a_misspelt_option_is_underlined_and_the_nearest_one_named() {
    assert_eq!(
        frames("option domain-nmae \"x\";\n"),
        [
            "error: unknown option dhcp.domain-nmae",
            " --> t.conf:1:8",
            "  |",
            "1 | option domain-nmae \"x\";",
            "  |        ^^^^^^^^^^^",
            "  = help: did you mean `domain-name`?",
        ]
    );
}

#[test]
fn a_missing_semicolon_is_looked_for_behind_the_statement_before() {
    assert_eq!(
        frames("option routers 10.0.0.1\noption domain-name \"x\";\n"),
        [
            "error: semicolon expected.",
            " --> t.conf:2:1",
            "  |",
            "2 | option domain-name \"x\";",
            "  | ^^^^^^",
            "  = help: a `;` may be missing at line 1, column 24",
        ]
    );
}

#[test]
fn an_option_used_too_early_is_answered_with_the_line_of_its_definition() {
    assert_eq!(
        frames("option later \"x\";\n\noption later code 200 = text;\n"),
        [
            "error: unknown option dhcp.later",
            " --> t.conf:1:8",
            "  |",
            "1 | option later \"x\";",
            "  |        ^^^^^",
            "  = help: it is defined only at line 3; a definition must come before its use",
        ]
    );
}

#[test]
fn a_range_outside_its_subnet_is_underlined_and_the_bounds_named() {
    assert_eq!(
        frames("subnet 10.0.0.0 netmask 255.255.255.0 {\n  range 10.0.0.10 10.0.1.20;\n}\n"),
        [
            "error: bad range, address 10.0.1.20 not in subnet 10.0.0.0 netmask 255.255.255.0",
            " --> t.conf:2:9",
            "  |",
            "2 |   range 10.0.0.10 10.0.1.20;",
            "  |         ^^^^^^^^^^^^^^^^^^^",
            "  = help: the addresses of the subnet are 10.0.0.0 to 10.0.0.255",
        ]
    );
}
