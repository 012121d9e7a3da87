//! Numbers as digits: the arithmetic of the original's `binary-to-ascii`, with its leading zero for big numbers.

/// Appends `number` to the base of `base` to `text`; appends nothing for a base over 16 (as the original) or of zero (where
/// the original divides by it). Only the low 32 bits of a base count.
pub(super) fn push_digits(text: &mut Vec<u8>, number: u32, base: u64) {
    let base = match u32::try_from(base & u64::from(u32::MAX)) {
        Ok(base @ 1..=16) => base,
        _ => return,
    };
    let mut digits: Vec<u8> = digits_from_low(number, base)
        .take(columns(number, base))
        .collect();
    digits.reverse();
    text.append(&mut digits);
}

/// How many digits the original reserves. It multiplies with 32 bits until the product is over the number or wraps to
/// something smaller; a product that wraps to something bigger costs one digit too many.
fn columns(number: u32, base: u32) -> usize {
    let mut count = 1;
    let mut next = base;
    loop {
        let column = next;
        if number < column {
            return count;
        }
        count += 1;
        next = column.wrapping_mul(base);
        if next <= column {
            return count;
        }
    }
}

fn digits_from_low(number: u32, base: u32) -> impl Iterator<Item = u8> {
    let mut rest = number;
    std::iter::repeat_with(move || {
        let digit = char::from_digit(rest % base, 16).unwrap_or('0');
        rest /= base;
        u8::try_from(digit).unwrap_or(b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(number: u32, base: u64) -> String {
        let mut text = Vec::new();
        push_digits(&mut text, number, base);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn digits_are_those_that_the_original_prints() {
        assert_eq!(digits(0xffff_fffe, 10), "04294967294");
        assert_eq!(digits(0x7fff_fffe, 10), "02147483646");
        assert_eq!(digits(1_000_000_000, 10), "1000000000");
        assert_eq!(digits(0xffff_fffe, 16), "fffffffe");
        assert_eq!(digits(0xee6b_27ff, 7), "201060303402");
        assert_eq!(digits(10, 2), "1010");
        assert_eq!(digits(0, 2), "0");
        assert_eq!(digits(255, 3), "100110");
    }

    #[test]
    fn bases_out_of_range_print_nothing() {
        assert_eq!(digits(5, 17), "");
        assert_eq!(digits(5, 0), "");
        assert_eq!(digits(5, u64::MAX), "");
    }

    #[test]
    fn what_a_base_has_beyond_32_bits_does_not_count() {
        assert_eq!(digits(97, (1 << 32) + 10), "97");
    }
}
