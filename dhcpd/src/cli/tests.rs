//! Tests of the command line against what the original does.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use pretty_assertions::assert_eq;

use super::*;
use crate::manual;

fn parse_line(line: &str) -> Result<Invocation, Refusal> {
    let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
    parse(&words)
}

fn options_of(line: &str) -> Options {
    match parse_line(line).unwrap() {
        Invocation::Run(options) => *options,
        other => panic!("{line}: {other:?}"),
    }
}

fn usage(text: &str) -> Result<Invocation, Refusal> {
    Err(Refusal::Usage(text.to_owned()))
}

fn value(text: &str) -> Result<Invocation, Refusal> {
    Err(Refusal::Value(text.to_owned()))
}

#[test]
fn nothing_means_serving_in_the_background() {
    assert_eq!(options_of(""), Options::default());
}

#[test]
fn every_flag_with_a_value_takes_the_next_word_whatever_it_is() {
    let line = "-cf -d -lf l -pf p -s 10.0.0.255 -user u -group g -chroot c -tf t -play y -p 1067";
    let expected = Options {
        config: Some("-d".into()),
        leases: Some("l".into()),
        pid_file: Some("p".into()),
        broadcast: Some("10.0.0.255".into()),
        user: Some("u".into()),
        group: Some("g".into()),
        chroot: Some("c".into()),
        trace: Some("t".into()),
        play: Some("y".into()),
        port: Some(1067),
        ..Options::default()
    };
    assert_eq!(options_of(line), expected);
}

#[test]
fn flags_without_value_set_what_they_say() {
    let options = options_of("-q --no-pid -6 -f");
    assert!(options.quiet && options.no_pid_file);
    assert_eq!(options.family, Family::Dhcpv6);
    assert_eq!(options.residence, Residence::Foreground);
    assert_eq!(options_of("-4").family, Family::Dhcpv4);
}

#[test]
fn freebsds_flag_takes_quiet_back_there_and_is_unknown_elsewhere() {
    for (line, quiet) in [("-q -Q", false), ("-Q -q", true), ("-q em0 -Q", false)] {
        if cfg!(target_os = "freebsd") {
            assert_eq!(options_of(line).quiet, quiet, "{line}");
        } else {
            assert_eq!(parse_line(line), usage(&words::unknown_command("-Q")));
        }
    }
}

#[test]
fn the_stronger_of_two_flags_wins_in_either_order() {
    for line in ["-t -T", "-T -t"] {
        assert_eq!(options_of(line).goal, Goal::TestLeases);
    }
    for line in ["-d -f", "-f -d"] {
        assert_eq!(options_of(line).residence, Residence::ForegroundWithLog);
    }
    assert_eq!(options_of("-t").goal, Goal::TestConfiguration);
}

#[test]
fn words_without_dash_are_interfaces_wherever_they_stand() {
    let options = options_of("tap0 -cf a -d eth0");
    assert_eq!(options.interfaces, ["tap0", "eth0"]);
}

#[test]
fn the_last_of_two_values_counts() {
    assert_eq!(options_of("-cf a -cf b").config, Some("b".into()));
}

#[test]
fn version_and_help_are_found_before_any_fault() {
    assert_eq!(parse_line("-x --version"), Ok(Invocation::Version));
    assert_eq!(parse_line("-p abc -h"), Ok(Invocation::Help));
    assert_eq!(parse_line("--help"), Ok(Invocation::Help));
}

#[test]
fn the_leftmost_fault_is_the_one_reported() {
    assert_eq!(parse_line("-x -p abc"), usage("Unknown command -x"));
    let port = "Invalid port number specification: abc";
    assert_eq!(parse_line("-p abc -x"), value(port));
    assert_eq!(parse_line("-f -p"), usage("No argument for command: -p "));
}

#[test]
fn a_lone_dash_and_clap_forms_are_unknown() {
    for word in ["-", "--", "-4o6", "--cf=x", "-cfx", "--cf"] {
        assert_eq!(parse_line(word), usage(&format!("Unknown command {word}")));
    }
}

#[test]
fn ports_are_decimal_and_in_range() {
    for word in ["abc", "67x", "0x43", ""] {
        let refusal = Refusal::Value(format!("Invalid port number specification: {word}"));
        assert_eq!(parse_port(word), Err(refusal));
    }
    for word in ["0", "65536", "-1"] {
        let refusal = Refusal::Value(words::PORT_OUT_OF_RANGE.to_owned());
        assert_eq!(parse_port(word), Err(refusal));
    }
    assert_eq!(parse_port(" 67"), Ok(67));
}

#[test]
fn the_version_comes_in_detail_only_with_its_own_flag() {
    for line in ["--version --verbose", "--verbose -x --version"] {
        assert_eq!(parse_line(line), Ok(Invocation::VersionInDetail));
    }
    let unknown = Refusal::Usage(words::unknown_command("--verbose"));
    assert_eq!(parse_line("--verbose"), Err(unknown));
}

#[test]
fn rates_are_of_a_client_and_of_an_interface() {
    let rates = |client, interface| Rates {
        client: NonZeroU32::new(client),
        interface: NonZeroU32::new(interface),
    };
    for (line, expected) in [
        ("", rates(1000, 100_000)),
        ("--rate-limit 0", rates(0, 0)),
        ("--rate-limit=20", rates(20, 100_000)),
        ("--rate-limit 0,5000", rates(0, 5000)),
        ("--rate-limit 20,0", rates(20, 0)),
    ] {
        assert_eq!(options_of(line).rates, expected, "{line}");
    }
    for word in [
        "",
        "x",
        "-1",
        "+1",
        "1.5",
        "1,",
        ",1",
        "1,2,3",
        "4294967296",
    ] {
        let line = format!("-t --rate-limit={word}");
        assert_eq!(parse_line(&line), value(&words::invalid_rate(word)));
    }
}

#[test]
fn a_bad_value_is_refused_also_when_a_good_one_follows() {
    let rates = parse_line("-t --rate-limit x --rate-limit 5");
    assert_eq!(rates, value(&words::invalid_rate("x")));
    let style = parse_line("-t --diagnostics=red --diagnostics=rich");
    assert_eq!(style, value(&words::unknown_style("red")));
}

#[test]
fn a_value_that_is_no_utf_8_is_refused_in_our_words() {
    let interface = words::interface_name_too_long("\u{fffd}aaaaaaaaaaaaa");
    for (flag, bytes, expected) in [
        (
            "--rate-limit",
            &b"\xff"[..],
            words::invalid_rate("\u{fffd}"),
        ),
        ("--diagnostics", b"\xff", words::unknown_style("\u{fffd}")),
        ("-p", b"\xff", words::invalid_port("\u{fffd}")),
        ("-t", b"\xffaaaaaaaaaaaaa", interface),
    ] {
        let word = OsStr::from_bytes(bytes).to_owned();
        assert_eq!(parse(&[flag.into(), word]), value(&expected), "{flag}");
    }
}

#[test]
fn a_sandbox_is_on_or_off() {
    for (line, expected) in [
        ("", Wish::Quiet),
        ("--sandbox", Wish::Reported),
        ("--no-sandbox", Wish::Off),
    ] {
        assert_eq!(options_of(line).sandbox, expected);
    }
    let both = value(words::SANDBOX_ON_AND_OFF);
    assert_eq!(parse_line("--sandbox --no-sandbox"), both);
}

#[test]
fn both_families_at_once_are_refused() {
    assert_eq!(parse_line("-4 -6"), value(words::BOTH_FAMILIES));
}

#[test]
fn an_interface_name_has_at_most_fifteen_characters() {
    assert_eq!(options_of("aaaaaaaaaaaaaaa").interfaces.len(), 1);
    let refused = "aaaaaaaaaaaaaaaaa: interface name too long (is 17)";
    assert_eq!(parse_line("aaaaaaaaaaaaaaaaa"), value(refused));
}

#[test]
fn the_manual_page_has_every_flag_and_no_other() {
    let is_item = |line: &str| line.starts_with(".It Fl");
    let documented = manual::marked(manual::COMMAND, "Fl", is_item);
    let known: BTreeSet<_> = FLAGS
        .iter()
        .map(|flag| flag.word)
        .chain(["-h", "--help", "--version", "--verbose"])
        .map(|word| word.strip_prefix('-').unwrap())
        .collect();
    assert_eq!(documented, known);
}
