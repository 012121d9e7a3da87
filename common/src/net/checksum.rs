//! The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words.

/// A running sum. Pieces are added in order; each but the last must have an even length.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum(u64);

impl Checksum {
    /// The sum with `bytes` added; an odd last byte counts as the high half of a word.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Self {
        // Two words at a time: `finish` folds the upper half into the lower.
        let pairs = bytes.chunks_exact(4);
        let rest = match *pairs.remainder() {
            [a] => [a, 0, 0, 0],
            [a, b] => [a, b, 0, 0],
            [a, b, c] => [a, b, c, 0],
            _ => [0; 4],
        };
        let pairs = pairs.filter_map(|pair| <[u8; 4]>::try_from(pair).ok());
        let numbers = pairs.chain([rest]).map(u32::from_be_bytes);
        Self(numbers.map(u64::from).fold(self.0, u64::wrapping_add))
    }

    /// The checksum to write into a header; zero when the sum ran over a header with a right checksum in it.
    #[must_use]
    pub fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        !u16::try_from(sum).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_sums_up() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Checksum::default().with(&bytes).finish(), !0xddf2);
    }

    #[test]
    fn it_does_not_matter_where_a_text_is_cut_as_long_as_it_is_between_words() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for length in 0..bytes.len() {
            let whole = Checksum::default().with(&bytes[..length]).finish();
            for cut in (0..=length).step_by(2) {
                let (head, tail) = bytes[..length].split_at(cut);
                let pieces = Checksum::default().with(head).with(tail).finish();
                assert_eq!(pieces, whole, "{cut} of {length}");
            }
        }
    }

    #[test]
    fn an_odd_byte_is_the_high_half_of_a_word() {
        assert_eq!(Checksum::default().with(&[0x12]).finish(), !0x1200);
    }
}
