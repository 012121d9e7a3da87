//! What a test of a configuration says on standard error in each style, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::process::{Command, Stdio};

use pretty_assertions::assert_eq;
use tests::lab::Scratch;
use tests::subject::Subject;

const MISTAKE: &str =
    "authoritative;\nsubnet 10.0.0.0 netmask 255.255.255.0 {\n  option domain-nmae \"x\";\n}\n";
const QUESTIONABLE: &str = "subnet 10.0.0.0 netmask 255.255.255.0 {\n  range 10.0.0.10 10.0.0.20;\n}\n\
    host a { hardware ethernet 2:0:0:0:0:1; fixed-address 10.0.0.15; }\n";
const BANNER: usize = 2;

/// Exit status and the lines of standard error.
fn test(subject: Subject, config: &str, words: &[&str]) -> (i32, Vec<String>) {
    let scratch = Scratch::new("diagnostics").unwrap();
    scratch.write("t.conf", config).unwrap();
    scratch.write("leases", "").unwrap();
    let mut command = Command::new(subject.dhcpd().unwrap());
    command.current_dir(scratch.path()).stdin(Stdio::null());
    command
        .args(["-t", "-cf", "t.conf", "-lf", "leases"])
        .args(words);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let directory = scratch.path().canonicalize().unwrap();
    let text = text.replace(directory.to_str().unwrap(), "DIRECTORY");
    let lines = text.lines().map(str::to_owned).collect();
    (output.status.code().unwrap(), lines)
}

fn ours(config: &str, words: &[&str]) -> (i32, Vec<String>) {
    test(Subject::Ours, config, words)
}

#[test]
fn without_a_terminal_the_first_lines_have_the_originals_shape() {
    for subject in Subject::chosen() {
        if !subject.is_at_hand(Subject::dhcpd) {
            continue;
        }
        let (status, lines) = test(subject, MISTAKE, &[]);
        let first = lines.iter().position(|line| line.starts_with("t.conf"));
        let first = first.unwrap();
        assert_eq!(status, 1, "{subject}");
        assert_eq!(
            lines[first..first + 3],
            [
                "t.conf line 3: unknown option dhcp.domain-nmae",
                "  option domain-nmae \"x\"",
                "          ^",
            ],
            "{subject}"
        );
    }
}

#[test]
fn plain_is_what_stands_there_without_a_terminal() {
    for config in [MISTAKE, QUESTIONABLE] {
        assert_eq!(ours(config, &["--diagnostics=plain"]), ours(config, &[]));
    }
}

#[test]
fn a_frame_shows_line_and_word_and_what_may_have_been_meant() {
    let (status, lines) = ours(MISTAKE, &["--diagnostics=rich"]);
    assert_eq!(status, 1);
    assert_eq!(
        lines[BANNER..BANNER + 7],
        [
            "error: unknown option dhcp.domain-nmae",
            " --> t.conf:3:10",
            "  |",
            "3 |   option domain-nmae \"x\";",
            "  |          ^^^^^^^^^^^",
            "  = help: did you mean `domain-name`?",
            "Configuration file errors encountered -- exiting",
        ]
    );
}

#[test]
fn json_is_one_object_a_line() {
    let (status, lines) = ours(MISTAKE, &["--diagnostics=json"]);
    let objects: Vec<_> = lines.iter().filter(|line| line.starts_with('{')).collect();
    assert_eq!(status, 1);
    assert_eq!(
        objects,
        [
            r#"{"severity":"error","message":"unknown option dhcp.domain-nmae","file":"t.conf","line":3,"column":10,"end_column":21,"help":"did you mean `domain-name`?"}"#
        ]
    );
}

#[test]
fn lints_are_for_frames_and_objects_and_change_no_status() {
    let mark = "[fixed-address-in-range]";
    for (words, shown) in [
        (&[][..], false),
        (&["--diagnostics=plain"][..], false),
        (&["--diagnostics=rich"][..], true),
        (&["--diagnostics=json"][..], true),
    ] {
        let (status, lines) = ours(QUESTIONABLE, words);
        assert_eq!(status, 0, "{words:?}");
        let found = lines.iter().any(|line| line.contains(mark));
        assert_eq!(found, shown, "{words:?}: {lines:#?}");
    }
}

#[test]
fn quiet_is_silent_in_every_style() {
    for style in ["plain", "rich", "json"] {
        let style = format!("--diagnostics={style}");
        for (config, status) in [(MISTAKE, 1), (QUESTIONABLE, 0)] {
            assert_eq!(
                ours(config, &["-q", &style]),
                (status, Vec::new()),
                "{style}"
            );
        }
    }
}

#[test]
fn an_unknown_style_is_refused_with_the_styles_there_are() {
    let (status, lines) = ours(QUESTIONABLE, &["--diagnostics=pretty"]);
    assert_eq!(status, 1);
    assert_eq!(
        lines[0],
        "--diagnostics: pretty: expecting plain, rich or json"
    );
}
