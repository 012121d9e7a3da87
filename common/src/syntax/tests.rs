//! Words of any input, and the positions that messages show.

use std::rc::Rc;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::{Cursor, Document, FileId, Kind, StringFlaw, Token, decode_string};

fn document(bytes: &[u8]) -> Document {
    Document::read(FileId(0), "t.conf", bytes.to_vec())
}

/// All words of a document with its end.
fn tokens(document: &Document) -> Vec<Token> {
    let mut cursor = Cursor::new(Rc::new(document.clone()));
    let mut tokens = vec![cursor.take()];
    while tokens.last().unwrap().kind != Kind::End {
        tokens.push(cursor.take());
    }
    tokens
}

fn kinds(text: &str) -> Vec<Kind> {
    let document = document(text.as_bytes());
    tokens(&document).iter().map(|token| token.kind).collect()
}

proptest! {
    #[test]
    fn words_cover_all_but_blanks_and_comments(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let document = document(&bytes);
        let mut end = 0;
        for token in tokens(&document) {
            let gap = document.between(end, token.start);
            let first = gap.trim_start_matches([' ', '\t', '\n', '\r', '\x0B', '\x0C']).chars().next();
            prop_assert!(matches!(first, None | Some('#')));
            end = token.end;
        }
        let length = bytes.iter().map(|byte| if byte.is_ascii() { 1 } else { 2 }).sum::<u32>();
        prop_assert_eq!(end, length);
    }

    #[test]
    fn words_printed_with_blanks_between_are_the_same_words(text in "[a-z0-9 \n\t\"\\\\{};:.,=#()-]{0,120}") {
        let first = document(text.as_bytes());
        let mut printed = String::new();
        for token in tokens(&first) {
            printed.push_str(first.text_of(&token));
            printed.push(' ');
        }
        let unterminated = tokens(&first).iter().any(|token| {
            decode_string(&first, token).1.iter().any(|flaw| flaw.0 == StringFlaw::Unterminated)
        });
        prop_assume!(!unterminated);
        let second = document(printed.as_bytes());
        let words = |document: &Document| -> Vec<String> {
            tokens(document).iter().map(|token| document.text_of(token).to_owned()).collect()
        };
        prop_assert_eq!(words(&first), words(&second));
    }
}

#[test]
fn words_are_told_apart_as_the_original_does() {
    use Kind::{End, Mark, Name, Number, NumberOrName};
    let expected = [
        Name,
        NumberOrName,
        NumberOrName,
        NumberOrName,
        Number,
        Number,
        Number,
        NumberOrName,
        Name,
        NumberOrName,
        Mark('~'),
        Mark('='),
        End,
    ];
    assert_eq!(
        kinds("host x zface fe 12 -3 - 1f 1g 0x1F ~= # no words"),
        expected
    );
}

#[test]
fn strings_are_decoded_with_their_escapes() {
    let document = document(b"\"a\\t\\101\\x4a\\q\\\"b\"");
    let (value, flaws) = decode_string(&document, &tokens(&document)[0]);
    assert_eq!(value, b"a\tAJq\"b");
    assert_eq!(flaws, []);
}

#[test]
fn a_wrong_octal_digit_hides_the_end_of_the_string() {
    let document = document(b"\"\\18\";");
    let flaws = decode_string(&document, &tokens(&document)[0]).1;
    let expected = [
        (StringFlaw::OctalDigit(b'8'), 4),
        (StringFlaw::OctalDigit(b'"'), 5),
        (StringFlaw::OctalDigit(b';'), 6),
        (StringFlaw::Unterminated, 6),
    ];
    assert_eq!(flaws, expected);
}

#[test]
fn the_line_is_shown_as_far_as_it_was_read() {
    let mut cursor = Cursor::new(Rc::new(document(b"range 10 ;\nhost y;\n")));
    assert_eq!(
        (cursor.excerpt().line, cursor.excerpt().text.as_str()),
        (0, "")
    );
    cursor.take();
    let excerpt = cursor.excerpt();
    assert_eq!(
        (excerpt.line, excerpt.text.as_str(), excerpt.column),
        (1, "range ", 1)
    );
    cursor.take();
    cursor.take();
    cursor.peek();
    let excerpt = cursor.excerpt();
    assert_eq!(
        (excerpt.line, excerpt.text.as_str(), excerpt.column),
        (1, "range 10 ;", 11)
    );
    cursor.take();
    let excerpt = cursor.excerpt();
    assert_eq!(
        (excerpt.line, excerpt.text.as_str(), excerpt.column),
        (2, "host ", 2)
    );
}

#[test]
fn bytes_that_are_no_text_are_words_of_one_character() {
    let document = document(b"a\xff\"\xc3\xa9\"");
    let kinds: Vec<Kind> = tokens(&document).iter().map(|token| token.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::NumberOrName,
            Kind::Mark('\u{ff}'),
            Kind::String,
            Kind::End
        ]
    );
    assert_eq!(
        decode_string(&document, &tokens(&document)[2]).0,
        [0xC3, 0xA9]
    );
    assert_eq!(tokens(&document)[2].column, 3);
}

#[test]
fn words_longer_than_a_slice_and_words_across_slices_are_whole() {
    let long = "x".repeat(100_000);
    let text = format!(
        "{} {long} \"{long}\" #{long}\n é{}end",
        "ab ".repeat(20_000),
        " ".repeat(70_000)
    );
    let document = document(text.as_bytes());
    let tokens = tokens(&document);
    let written: Vec<&str> = tokens.iter().map(|token| document.text_of(token)).collect();
    assert_eq!(written.len(), 20_006);
    assert!(written.iter().take(20_000).all(|word| *word == "ab"));
    assert_eq!(written[20_000], long);
    assert_eq!(written[20_001], format!("\"{long}\""));
    assert_eq!(written[20_004], "end");
    assert_eq!(tokens[20_004].line, 2);
}
