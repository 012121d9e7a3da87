//! Numbers as the C library reads them: the original's option values and command line depend on its liberties.

/// Reads `text` as `strtoumax(text, 10)` does: blanks and a sign may come first, a negative number wraps at 64 bits.
/// `None` if anything but a number remains or the number needs more than 64 bits.
#[must_use]
pub fn parse_whole(text: &[u8]) -> Option<u64> {
    parse_whole_radix(text, 10)
}

/// Like [`parse_whole`], in the number system with base `radix` (at most 10).
#[must_use]
pub fn parse_whole_radix(text: &[u8], radix: u8) -> Option<u64> {
    let (value, rest) = parse_prefix(text, radix)?;
    rest.is_empty().then_some(value)
}

/// The number at the start of `text` and what follows it. `None` if there is no digit or the number is too large.
#[must_use]
pub fn parse_prefix(text: &[u8], radix: u8) -> Option<(u64, &[u8])> {
    let (negative, digits) = split_sign(skip_blanks(text));
    let length = digits
        .iter()
        .take_while(|&&byte| digit(byte, radix).is_some())
        .count();
    let (digits, rest) = digits.split_at_checked(length)?;
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0_u64, |value, &byte| {
        value
            .checked_mul(u64::from(radix))?
            .checked_add(u64::from(digit(byte, radix)?))
    })?;
    Some((
        if negative {
            value.wrapping_neg()
        } else {
            value
        },
        rest,
    ))
}

/// Reads the start of `text` as `atoi(text)` does on a machine of 64 bits: what is no number counts as 0, and of a number that is too
/// long the low 32 bits are left, after those beyond 64 bits have made it the largest or the smallest one.
#[must_use]
pub fn parse_loosely(text: &[u8]) -> i32 {
    let (negative, digits) = split_sign(skip_blanks(text));
    let values = digits.iter().map_while(|&byte| digit(byte, 10));
    let number = values.fold(0_i64, |number, value| {
        let number = number.saturating_mul(10);
        match negative {
            true => number.saturating_sub(value.into()),
            false => number.saturating_add(value.into()),
        }
    });
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | 0x09..=0x0d);
    let length = text.iter().take_while(|byte| blank(byte)).count();
    text.get(length..).unwrap_or_default()
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    }
}

fn digit(byte: u8, radix: u8) -> Option<u8> {
    let value = byte.checked_sub(b'0')?;
    (value < radix.min(10)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_signs_and_leading_zeros_are_fine() {
        assert_eq!(parse_whole(b" \t+0513"), Some(513));
        assert_eq!(parse_whole(b"-1"), Some(u64::MAX));
        assert_eq!(parse_whole(b"18446744073709551615"), Some(u64::MAX));
    }

    #[test]
    fn what_is_not_wholly_a_number_or_too_large_is_none() {
        for text in [
            "",
            " ",
            "+",
            "abc",
            "513 ",
            "0x201",
            "1.5",
            "18446744073709551616",
        ] {
            assert_eq!(parse_whole(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn octal_knows_no_eight() {
        assert_eq!(parse_whole_radix(b"022", 8), Some(0o22));
        assert_eq!(parse_whole_radix(b"028", 8), None);
    }

    #[test]
    fn loose_numbers_are_those_of_c() {
        for (text, number) in [
            ("", 0),
            ("x3", 0),
            (" +3x", 3),
            ("-2.5", -2),
            ("4294967298", 2),
            ("9223372036854775807", -1),
            ("99999999999999999999", -1),
            ("-99999999999999999999", 0),
        ] {
            assert_eq!(parse_loosely(text.as_bytes()), number, "{text}");
        }
    }

    #[test]
    fn a_prefix_leaves_the_rest() {
        assert_eq!(parse_prefix(b"5010x", 10), Some((5010, &b"x"[..])));
    }
}
