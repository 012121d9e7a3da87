//! Messages in each of their forms.

use super::{Diagnostics, Message, Severity};
use crate::syntax::{Excerpt, FileId, Place};

/// An error about `width` characters of `source` from `column` of line 12 on.
fn about(source: &str, column: u16, width: u32) -> Message {
    let place = Place {
        file: FileId(0),
        line: 12,
        column,
    };
    let excerpt = Excerpt {
        file: "t.conf".into(),
        place,
        line: 12,
        text: source.to_owned(),
        column: u32::from(column),
        source: source.to_owned(),
        width,
    };
    Message {
        severity: Severity::Error,
        text: "semicolon expected.".to_owned(),
        excerpt: Some(excerpt),
        stands_alone: false,
        help: None,
    }
}

/// As the parser holds it: one character a byte.
fn as_read(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

fn alone(severity: Severity, text: &str) -> Message {
    let mut diagnostics = Diagnostics::default();
    diagnostics.line(severity, text);
    diagnostics.messages()[0].clone()
}

#[test]
fn a_frame_underlines_the_word_and_ends_in_advice() {
    let mut message = about("\toption domain-nmae \"x\";", 9, 11);
    message.help = Some("did you mean `domain-name`?".to_owned());
    assert_eq!(
        message.framed(),
        [
            "error: semicolon expected.",
            "  --> t.conf:12:9",
            "   |",
            "12 |  option domain-nmae \"x\";",
            "   |         ^^^^^^^^^^^",
            "   = help: did you mean `domain-name`?",
        ]
    );
}

#[test]
fn a_frame_counts_characters_and_not_bytes() {
    let source = as_read("option caf\u{e9} \"\u{1F600}\" x\u{1};");
    let column = u16::try_from(
        source
            .find('x')
            .map_or(0, |at| source[..at].chars().count()),
    )
    .unwrap()
        + 1;
    let framed = about(&source, column, 2).framed();
    assert_eq!(framed[3], "12 | option caf\u{e9} \"\u{1F600}\" x\u{FFFD};");
    assert_eq!(framed[4], "   |                 ^^");
}

#[test]
fn an_underline_has_at_least_one_mark_and_none_behind_the_line() {
    assert_eq!(about("abc", 2, 50).framed()[4], "   |  ^^");
    assert_eq!(about("abc", 4, 0).framed()[4], "   |    ^");
    assert_eq!(about("", 1, 1).framed().len(), 2);
}

#[test]
fn a_message_without_a_place_is_one_line_in_each_form() {
    let message = alone(Severity::Info, "done");
    assert_eq!(message.framed(), ["note: done"]);
    assert_eq!(message.json(), r#"{"severity":"info","message":"done"}"#);
    assert_eq!(message.lines(), ["done"]);
}

#[test]
fn a_warning_says_so_once() {
    let message = alone(Severity::Warning, "WARNING: Host declarations are global.");
    assert_eq!(message.framed(), ["warning: Host declarations are global."]);
    assert_eq!(
        message.json(),
        r#"{"severity":"warning","message":"Host declarations are global."}"#
    );
    assert_eq!(message.lines(), ["WARNING: Host declarations are global."]);
}

#[test]
fn json_is_one_line_that_names_the_place_and_escapes_what_it_must() {
    let mut message = about("x", 3, 5);
    message.text = as_read("a \"b\" \\ \n\t\u{1} \u{e9}");
    message.help = Some("c".to_owned());
    assert_eq!(
        message.json(),
        "{\"severity\":\"error\",\"message\":\"a \\\"b\\\" \\\\ \\u000a\\u0009\\u0001 \u{e9}\",\
         \"file\":\"t.conf\",\"line\":12,\"column\":3,\"end_column\":8,\"help\":\"c\"}"
    );
}

#[test]
fn bytes_that_are_no_text_become_the_replacement_character() {
    let message = alone(Severity::Error, "bad \u{ff} byte");
    let expected = "{\"severity\":\"error\",\"message\":\"bad \u{FFFD} byte\"}";
    assert_eq!(message.json(), expected);
}

#[test]
fn a_frame_can_surround_another_word_than_the_caret() {
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(about("defualt-lease-time 600;", 20, 3));
    let elsewhere = about("defualt-lease-time 600;", 1, 18).excerpt.unwrap();
    diagnostics.frame(elsewhere);
    let message = &diagnostics.messages()[0];
    assert_eq!(message.lines()[2], "                   ^");
    assert_eq!(message.framed()[4], "   | ^^^^^^^^^^^^^^^^^^");
}
