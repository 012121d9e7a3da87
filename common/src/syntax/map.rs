//! Lines of a file name map (tftpd-hpa's `-m`), taken apart into fields.

use pest::Parser as _;

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "syntax/map.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// Fields that mean something: operation, pattern and replacement.
pub const FIELDS: usize = 3;

/// A field as written, quoting backslashes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its bytes.
    pub text: Vec<u8>,
    /// Where in the line it begins, from 0.
    pub start: usize,
}

impl Field {
    /// Where in the line it has ended.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start.saturating_add(self.text.len())
    }
}

/// The fields of one line, at most [`FIELDS`].
#[must_use]
pub fn fields(line: &[u8]) -> Vec<Field> {
    // One character for each byte, so that any file can be read; no line is refused by the grammar.
    let text: String = line.iter().copied().map(char::from).collect();
    let pairs = Grammar::parse(Rule::line, &text).into_iter().flatten();
    let inside = pairs.flat_map(pest::iterators::Pair::into_inner);
    inside
        .filter(|pair| pair.as_rule() == Rule::field)
        .map(|pair| Field {
            start: characters_before(&text, pair.as_span().start()),
            text: bytes_of(pair.as_str()),
        })
        .collect()
}

fn characters_before(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(0, |text| text.chars().count())
}

/// The bytes that the characters stand for.
fn bytes_of(text: &str) -> Vec<u8> {
    let byte = |character| u8::try_from(u32::from(character)).ok();
    text.chars().filter_map(byte).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        let fields = fields(line.as_bytes());
        let text = |field: Field| String::from_utf8(field.text).unwrap();
        fields.into_iter().map(text).collect()
    }

    #[test]
    fn fields_are_separated_by_what_c_calls_white_space() {
        assert_eq!(texts("\t r \t a\t\tX \t\r\n"), ["r", "a", "X"]);
        assert_eq!(texts("r\u{b}a\u{c}X"), ["r", "a", "X"]);
    }

    #[test]
    fn what_follows_the_third_field_means_nothing() {
        assert_eq!(texts("r a X some more"), ["r", "a", "X"]);
    }

    #[test]
    fn a_number_sign_ends_the_line_anywhere() {
        assert_eq!(texts("r a#b X"), ["r", "a"]);
        assert_eq!(texts("#r a"), Vec::<String>::new());
        assert_eq!(texts("r a X#Y"), ["r", "a", "X"]);
    }

    #[test]
    fn a_backslash_quotes_for_the_splitting_and_stays() {
        assert_eq!(texts(r"r \# \#x\#"), ["r", r"\#", r"\#x\#"]);
        assert_eq!(texts(r"r \  _"), ["r", r"\ ", "_"]);
        assert_eq!(texts(r"r \\ b"), ["r", r"\\", "b"]);
        assert_eq!(texts("r b x\\\n"), ["r", "b", "x\\\n"]);
        assert_eq!(texts(r"r a b\"), ["r", "a", r"b\"]);
    }

    #[test]
    fn bytes_and_places_stay_what_they_are() {
        let found = fields(b" r \xe9\xff b");
        assert_eq!(found.get(1).unwrap().text, b"\xe9\xff");
        let starts: Vec<usize> = found.iter().map(|field| field.start).collect();
        assert_eq!(starts, [1, 3, 6]);
        assert_eq!(found.get(1).unwrap().end(), 5);
    }

    proptest! {
        #[test]
        fn every_line_has_fields_without_bare_blanks(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let found = fields(&line);
            prop_assert!(found.len() <= FIELDS);
            for field in found {
                prop_assert!(!field.text.is_empty());
                prop_assert_eq!(line.get(field.start..field.end()).unwrap(), field.text);
            }
        }
    }
}
