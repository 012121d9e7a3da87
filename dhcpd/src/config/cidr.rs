//! IPv6 addresses and prefixes as the original reads them.

use std::net::Ipv6Addr;

use common::syntax::{Kind, Token};

use super::parser::{Parsed, Parser};
use super::words;

/// Longest text of an IPv6 address.
const LONGEST: usize = 45;

/// Bits of an IPv6 address.
pub(super) const ADDRESS_BITS: u8 = 128;

impl Parser<'_> {
    /// An IPv6 address: words, numbers, colons and dots without a blank between them.
    pub(super) fn address6(&mut self) -> Parsed<Ipv6Addr> {
        let mut text = String::new();
        let mut next = Some(self.peek());
        while let Some(token) = next.filter(|token| self.is_part_of_address6(token)) {
            self.take();
            text.push_str(self.cursor.text_of(&token));
            if text.len() > LONGEST {
                return self.fail_and_skip(words::ADDRESS6);
            }
            next = self.peek_adjacent();
        }
        match text.parse() {
            Ok(address) => Ok(address),
            Err(_) => self.fail_and_skip(words::ADDRESS6),
        }
    }

    fn is_part_of_address6(&self, token: &Token) -> bool {
        if token.is_identifier() {
            let mut letters = self.cursor.text_of(token).chars();
            return letters.all(|c| c.is_ascii_hexdigit());
        }
        matches!(token.kind, Kind::Number | Kind::Mark(':' | '.'))
    }

    /// `/`, which may have been the end of the statement.
    pub(super) fn slash(&mut self) -> Parsed<()> {
        let token = self.take();
        if token.is('/') {
            return Ok(());
        }
        self.fail_behind(&token, words::PREFIX_SLASH)
    }

    /// The number behind a slash; `None` if no address has so many bits.
    pub(super) fn prefix_length(&mut self) -> Parsed<Option<u8>> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_behind(&token, words::PREFIX_NUMBER);
        }
        Ok(bits(self.cursor.text_of(&token)))
    }
}

/// A number of bits as the original reads it: decimal, with a sign, up to 128.
pub(super) fn bits(text: &str) -> Option<u8> {
    let number = text.parse().ok();
    number.filter(|bits| *bits <= ADDRESS_BITS)
}

/// True if only the first `bits` bits of `address` are set.
pub(super) fn is_prefix(address: Ipv6Addr, bits: u8) -> bool {
    network(address, bits) == address
}

/// The first `bits` bits of `address`.
pub(super) fn network(address: Ipv6Addr, bits: u8) -> Ipv6Addr {
    let shift = u32::from(ADDRESS_BITS.saturating_sub(bits));
    let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

/// The addresses from one end to the other as the fewest prefixes, the lowest first. The ends may be in any order.
pub(super) fn prefixes_between(one: Ipv6Addr, other: Ipv6Addr) -> Vec<(Ipv6Addr, u8)> {
    let (one, other) = (one.to_bits(), other.to_bits());
    let (mut low, high) = (one.min(other), one.max(other));
    let mut prefixes = Vec::new();
    loop {
        let size = largest_block(low, high);
        let bits = u32::from(ADDRESS_BITS).saturating_sub(size);
        let bits = u8::try_from(bits).unwrap_or(ADDRESS_BITS);
        prefixes.push((Ipv6Addr::from_bits(low), bits));
        let step = 1_u128.checked_shl(size);
        match step.and_then(|step| low.checked_add(step)) {
            Some(next) if next <= high => low = next,
            _ => return prefixes,
        }
    }
}

/// Free bits of the largest prefix that begins at `low` and ends at or before `high`.
fn largest_block(low: u128, high: u128) -> u32 {
    let aligned = low.trailing_zeros();
    let fits = match (high - low).checked_add(1) {
        Some(count) => count.ilog2(),
        None => u128::BITS,
    };
    aligned.min(fits)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn between(one: &str, other: &str) -> Vec<String> {
        let prefixes = prefixes_between(one.parse().unwrap(), other.parse().unwrap());
        let shown = prefixes.iter().map(|(low, bits)| format!("{low}/{bits}"));
        shown.collect()
    }

    #[test]
    fn a_range_becomes_the_fewest_prefixes() {
        assert_eq!(between("::1", "::4"), ["::1/128", "::2/127", "::4/128"]);
        assert_eq!(between("::ff", "::"), ["::/120"]);
        assert_eq!(between("::5", "::5"), ["::5/128"]);
        let all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(between("::", all), ["::/0"]);
        assert_eq!(between(all, all), [format!("{all}/128")]);
    }

    #[test]
    fn bits_beyond_the_prefix_must_be_clear() {
        assert!(is_prefix("2001:db8::".parse().unwrap(), 32));
        assert!(!is_prefix("2001:db8::1".parse().unwrap(), 127));
        assert!(is_prefix("::".parse().unwrap(), 0));
    }
}
