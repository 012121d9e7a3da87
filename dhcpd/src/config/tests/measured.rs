//! Messages as the original was seen to print them, blanks at the ends of lines aside.

use std::collections::HashMap;

use pretty_assertions::assert_eq;

use super::{Family, read, read_for};

/// Cases: `%% refused` or `%% accepted`, `-6` if it is for DHCPv6, a configuration, `%% says`, the lines.
const MEASURED: &str = include_str!("measured.txt");

#[test]
fn every_measured_message_comes_out_line_for_line() {
    for case in MEASURED.split("%% ").skip(1).collect::<Vec<_>>().chunks(2) {
        let [configuration, says] = case else {
            panic!("a configuration without its lines: {case:?}");
        };
        let (verdict, text) = configuration.split_once('\n').unwrap();
        let expected: Vec<&str> = says.strip_prefix("says\n").unwrap().lines().collect();
        let (verdict, family) = match verdict.strip_suffix(" -6") {
            Some(verdict) => (verdict, Family::Dhcpv6),
            None => (verdict, Family::Dhcpv4),
        };
        let (result, lines) = read_for(family, text.as_bytes(), &HashMap::new());
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        assert_eq!(lines, expected, "{text}");
        assert_eq!(result.is_ok(), verdict == "accepted", "{text}");
    }
}

#[test]
fn errors_of_an_included_file_name_it_and_then_the_includer() {
    let files = HashMap::from([("inc", "foo bar;\n")]);
    let (result, lines) = read(b"include \"inc\";\n", &files);
    assert!(result.is_err());
    let expected = [
        "inc line 1: semicolon expected.",
        "foo bar;",
        "     ^",
        "t.conf line 1: inc: bad parse.",
        "include \"inc\"",
        "         ^",
    ];
    assert_eq!(lines, expected);
}
