//! Octets as text that loses nothing: quoted text, runs of one octet, and counted content, whose every octet says where it stands.

use std::ops::Range;

use crate::failure::{Failure, Result};

/// Octets of one group of counted content: seven hexadecimal digits of its own offset, and a newline.
const GROUP: u64 = 8;
/// Shorter content is shown as it is, even if it is counted.
const SHORTEST_COUNTED: usize = 24;
/// As many equal octets are shown as a run.
const SHORTEST_RUN: usize = 32;

/// A part of `0000000\n0000008\n0000010\n…`.
#[must_use]
pub fn counted(range: Range<u64>) -> Vec<u8> {
    let begin = range.start - range.start % GROUP;
    (begin..range.end)
        .step_by(8)
        .flat_map(|offset| format!("{:07x}\n", offset & 0xfff_ffff).into_bytes())
        .skip(usize::try_from(range.start - begin).unwrap_or(0))
        .take(usize::try_from(range.end - range.start).unwrap_or(0))
        .collect()
}

/// Reads pieces with blanks between them: `"text"` (with `\n \r \t \0 \\ \" \xNN`), `600*"x"`, `counted 0..512`.
///
/// # Errors
/// The piece that is not understood.
pub fn parse(text: &str) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        rest = piece(rest, &mut octets)
            .ok_or_else(|| Failure::new(format!("no content: {rest}")))?
            .trim_start();
    }
    Ok(octets)
}

/// Takes one piece off and returns what follows it.
fn piece<'a>(text: &'a str, octets: &mut Vec<u8>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix("counted ") {
        let (range, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (start, end) = range.split_once("..")?;
        octets.extend(counted(start.parse().ok()?..end.parse().ok()?));
        return Some(rest);
    }
    let (times, quoted) = match text.strip_prefix('"') {
        Some(quoted) => (1, quoted),
        None => {
            let (times, quoted) = text.split_once("*\"")?;
            (times.parse().ok()?, quoted)
        }
    };
    let end = closing_quote(quoted)?;
    octets.extend(unescape(quoted.get(..end)?)?.repeat(times));
    quoted.get(end + 1..)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|octet| {
        let closes = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    })
}

/// Turns the escapes of Rust's byte strings back into octets.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        let octet = match octet {
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'0' => 0,
                b'x' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
                other => other,
            },
            other => other,
        };
        octets.push(octet);
    }
    Some(octets)
}

fn hex_digit(letter: u8) -> Option<u8> {
    u8::try_from(char::from(letter).to_digit(16)?).ok()
}

/// The text that [`parse`] reads back.
#[must_use]
pub fn render(octets: &[u8]) -> String {
    if let Some(range) = counted_range(octets) {
        return format!("counted {}..{}", range.start, range.end);
    }
    let mut pieces = Vec::new();
    let mut plain: &[u8] = &[];
    let mut rest = octets;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|octet| **octet == first).count();
        let (head, tail) = rest.split_at(run);
        if run >= SHORTEST_RUN {
            pieces.extend((!plain.is_empty()).then(|| quoted(plain)));
            pieces.push(format!("{run}*{}", quoted(&[first])));
            plain = &[];
        } else {
            let length = plain.len() + head.len();
            let start = octets.len() - rest.len() - plain.len();
            plain = octets.get(start..start + length).unwrap_or_default();
        }
        rest = tail;
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(quoted(plain));
    }
    pieces.join(" ")
}

fn quoted(octets: &[u8]) -> String {
    format!(
        "\"{}\"",
        octets.escape_ascii().to_string().replace("\\'", "'")
    )
}

/// Where in counted content these octets stand, if they are some of it.
fn counted_range(octets: &[u8]) -> Option<Range<u64>> {
    if octets.len() < SHORTEST_COUNTED {
        return None;
    }
    let newline = octets.iter().take(8).position(|octet| *octet == b'\n')?;
    let group = octets.get(newline + 1..newline + 8)?;
    let offset = u64::from_str_radix(std::str::from_utf8(group).ok()?, 16).ok()?;
    let start = offset.checked_sub(u64::try_from(newline).ok()? + 1)?;
    let range = start..start + u64::try_from(octets.len()).ok()?;
    (counted(range.clone()) == octets).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_content_says_where_it_stands() {
        assert_eq!(counted(6..18), b"0\n0000008\n00");
        assert_eq!(render(&counted(512..1024)), "counted 512..1024");
        assert_eq!(parse("counted 512..1024").unwrap(), counted(512..1024));
    }

    #[test]
    fn counted_content_with_one_wrong_octet_is_shown_as_it_is() {
        let mut octets = counted(3..40);
        octets[20] = b'x';
        let shown = render(&octets);
        assert!(shown.starts_with('"'), "{shown}");
        assert_eq!(parse(&shown).unwrap(), octets);
    }

    #[test]
    fn all_octets_come_back() {
        let octets: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&render(&octets)).unwrap(), octets);
        assert_eq!(parse(r#""a\"\\b" "c""#).unwrap(), b"a\"\\bc");
        assert_eq!(render(b""), "\"\"");
    }

    #[test]
    fn runs_are_short() {
        let octets = [b"ab".as_slice(), &[0; 600], b"c"].concat();
        assert_eq!(render(&octets), r#""ab" 600*"\x00" "c""#);
        assert_eq!(parse(&render(&octets)).unwrap(), octets);
    }

    #[test]
    fn what_is_no_content_is_named() {
        for text in ["hello", "\"open", "counted 1-2", "x*\"y\""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
