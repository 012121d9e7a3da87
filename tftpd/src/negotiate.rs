//! Which options of a request are accepted, and what the transfer runs with (reference tftpd-hpa.md, section 8).

use std::time::Duration;

use crate::number::parse_whole;
use crate::wire::{DEFAULT_BLOCK, Direction, MAX_BLOCK, Mode, OptionPairs};

/// The options that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Block size (RFC 2348).
    Blksize,
    /// Block size rounded down to a power of two.
    Blksize2,
    /// Transfer size (RFC 2349).
    Tsize,
    /// Retransmission interval in seconds (RFC 2349).
    Timeout,
    /// Retransmission interval in microseconds.
    Utimeout,
    /// The block number that follows 65535.
    Rollover,
    /// Blocks that travel before an ACK (RFC 7440).
    Windowsize,
}

const KNOWN: [(&str, Known); 7] = [
    ("blksize", Known::Blksize),
    ("blksize2", Known::Blksize2),
    ("tsize", Known::Tsize),
    ("timeout", Known::Timeout),
    ("utimeout", Known::Utimeout),
    ("rollover", Known::Rollover),
    ("windowsize", Known::Windowsize),
];

const MIN_BLOCK: u64 = 8;
/// Every transfer keeps its answer, so the answer is bounded: this is enough for any request that RFC 2347 allows, which
/// has 512 bytes.
const MAX_ACCEPTED: usize = 2048;
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=255;
/// The windows that RFC 7440 allows, in blocks.
const WINDOWS: std::ops::RangeInclusive<u64> = 1..=65535;
/// How many block numbers there are before the first wrap.
const BLOCK_NUMBERS: u64 = 1 << 16;

/// The intervals that `-T` and `utimeout` accept, in microseconds.
pub const INTERVAL_MICROSECONDS: std::ops::RangeInclusive<u64> = 10_000..=255_000_000;

/// What the server allows, from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest block size given away (`-B`).
    pub max_block: usize,
    /// The largest window given away, in blocks (`--windowsize-max`).
    pub max_window: u16,
    /// The interval where the client asks for none (`-T`).
    pub interval: Duration,
    /// Options that are never accepted (`-r`).
    pub refused: Vec<Known>,
}

/// The facts about the request that options depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which way the file travels.
    pub direction: Direction,
    /// How its bytes travel.
    pub mode: Mode,
    /// The size of the file in bytes; of no meaning for uploads.
    pub size: u64,
}

/// What a transfer runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Bytes in every block but the last.
    pub block_size: usize,
    /// Blocks that travel before an ACK, at least one.
    pub window: u16,
    /// The first retransmission interval of every packet.
    pub interval: Duration,
    /// The block number that follows 65535.
    pub rollover: u16,
    /// Accepted options, NUL-terminated names and values for the OACK; empty means that there is no OACK.
    pub accepted: Box<[u8]>,
}

/// Why a request cannot be served because of its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// The value of an option is a number out of its range.
    Unsupported,
    /// The same options again and again would make an OACK of more than two kilobytes.
    NoSpace,
}

impl Known {
    /// The option of this name, in any case.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let row = KNOWN
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        row.map(|&(_, option)| option)
    }
}

/// Goes through the options in the client's order. Unknown and refused ones, and those whose value is no number, are
/// left out.
///
/// # Errors
/// See [`OptionError`].
pub fn negotiate(
    options: OptionPairs<'_>,
    limits: &Limits,
    subject: Subject,
) -> Result<Terms, OptionError> {
    let mut terms = Terms {
        block_size: DEFAULT_BLOCK,
        window: 1,
        interval: limits.interval,
        rollover: 0,
        accepted: Box::default(),
    };
    let mut accepted = Vec::new();
    for (name, value) in options {
        let Some((option, value)) = recognise(name, value, limits) else {
            continue;
        };
        let answer =
            accept(option, value, limits, subject, &mut terms).ok_or(OptionError::Unsupported)?;
        append(&mut accepted, name, answer)?;
    }
    if !blocks_are_told_apart(&terms) {
        return Err(OptionError::Unsupported);
    }
    terms.accepted = accepted.into_boxed_slice();
    Ok(terms)
}

/// A windowsize that RFC 7440 does not know is left out like text: the original, which knows none at all, would serve
/// that client too.
fn recognise(name: &[u8], value: &[u8], limits: &Limits) -> Option<(Known, u64)> {
    let option = Known::parse(name).filter(|option| !limits.refused.contains(option))?;
    let value = parse_whole(value)?;
    (option != Known::Windowsize || WINDOWS.contains(&value)).then_some((option, value))
}

/// An ACK must name one block of a window or the one before it, so the numbers may come round no sooner.
fn blocks_are_told_apart(terms: &Terms) -> bool {
    terms.window == 1 || u64::from(terms.window) < BLOCK_NUMBERS - u64::from(terms.rollover)
}

/// The value to answer with; `None` if the asked one is out of range.
fn accept(
    option: Known,
    value: u64,
    limits: &Limits,
    subject: Subject,
    terms: &mut Terms,
) -> Option<u64> {
    match option {
        Known::Blksize => {
            terms.block_size = largest_block(value, limits)?;
            u64::try_from(terms.block_size).ok()
        }
        Known::Blksize2 => {
            let block = largest_block(value, limits)?;
            terms.block_size = 1 << block.checked_ilog2()?;
            u64::try_from(terms.block_size).ok()
        }
        Known::Tsize => transfer_size(value, subject),
        Known::Timeout => {
            terms.interval = TIMEOUT_SECONDS
                .contains(&value)
                .then(|| Duration::from_secs(value))?;
            Some(value)
        }
        Known::Utimeout => {
            let interval = || Duration::from_micros(value);
            terms.interval = INTERVAL_MICROSECONDS.contains(&value).then(interval)?;
            Some(value)
        }
        Known::Rollover => {
            terms.rollover = u16::try_from(value).ok()?;
            Some(value)
        }
        Known::Windowsize => {
            let window = u16::try_from(value).ok()?.min(limits.max_window);
            terms.window = window;
            Some(window.into())
        }
    }
}

fn largest_block(asked: u64, limits: &Limits) -> Option<usize> {
    if asked < MIN_BLOCK {
        return None;
    }
    let limit = limits.max_block.min(MAX_BLOCK);
    Some(usize::try_from(asked).map_or(limit, |asked| asked.min(limit)))
}

/// The converted size of a file is not known before it was read, so netascii reads get none.
fn transfer_size(asked: u64, subject: Subject) -> Option<u64> {
    match (subject.direction, subject.mode) {
        (Direction::Read, Mode::Netascii) => None,
        (Direction::Read, Mode::Octet) if asked == 0 => Some(subject.size),
        _ => Some(asked),
    }
}

fn append(accepted: &mut Vec<u8>, name: &[u8], value: u64) -> Result<(), OptionError> {
    let value = value.to_string();
    let space = MAX_ACCEPTED.saturating_sub(accepted.len());
    if name.len() + value.len() + 2 > space {
        return Err(OptionError::NoSpace);
    }
    for string in [name, value.as_bytes()] {
        accepted.extend_from_slice(string);
        accepted.push(0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::wire::Request;

    const OCTET: Subject = Subject {
        direction: Direction::Read,
        mode: Mode::Octet,
        size: 5_368_709_120,
    };

    fn limits() -> Limits {
        Limits {
            max_block: MAX_BLOCK,
            max_window: 64,
            interval: Duration::from_secs(1),
            refused: Vec::new(),
        }
    }

    fn terms_with(options: &[u8], limits: &Limits, subject: Subject) -> Result<Terms, OptionError> {
        let datagram = [b"\0\x01f\0octet\0", options].concat();
        negotiate(Request::parse(&datagram).unwrap().options, limits, subject)
    }

    fn answer(options: &[u8]) -> Vec<u8> {
        terms_with(options, &limits(), OCTET)
            .unwrap()
            .accepted
            .to_vec()
    }

    fn refused(options: &[u8]) -> bool {
        terms_with(options, &limits(), OCTET) == Err(OptionError::Unsupported)
    }

    #[test]
    fn options_are_answered_in_the_clients_order_and_spelling() {
        let answer =
            answer(b"TimeOut\x005\0foo\x001\0BLKSIZE\x001468\0windowsize\x004\0tsize\x000\0");
        assert_eq!(
            answer,
            b"TimeOut\x005\0BLKSIZE\x001468\0windowsize\x004\0tsize\x005368709120\0"
        );
    }

    #[test]
    fn without_accepted_options_the_defaults_hold() {
        let terms = terms_with(b"multicast\x001\0", &limits(), OCTET).unwrap();
        assert_eq!((terms.block_size, terms.rollover), (512, 0));
        assert_eq!(terms.interval, Duration::from_secs(1));
        assert!(terms.accepted.is_empty());
    }

    #[test]
    fn a_repeated_option_is_answered_twice_and_the_last_one_counts() {
        let terms = terms_with(b"blksize\x001024\0blksize2\x001000\0", &limits(), OCTET).unwrap();
        assert_eq!(&*terms.accepted, b"blksize\x001024\0blksize2\x00512\0");
        assert_eq!(terms.block_size, 512);
    }

    #[test]
    fn block_sizes_are_cut_at_the_limit_and_refused_below_eight() {
        assert_eq!(answer(b"blksize\0-1\0"), b"blksize\x0065464\0");
        assert_eq!(answer(b"blksize\0+0513\0"), b"blksize\x00513\0");
        assert_eq!(answer(b"blksize\x008\0"), b"blksize\x008\0");
        assert!(refused(b"blksize\x007\0"));
        assert!(refused(b"tsize\x000\0blksize2\x000\0"));
    }

    #[test]
    fn blksize2_is_a_power_of_two_above_the_limit_too() {
        assert_eq!(answer(b"blksize2\x0065465\0"), b"blksize2\x0032768\0");
        let limits = Limits {
            max_block: 1000,
            ..limits()
        };
        let terms = terms_with(b"blksize2\x002048\0", &limits, OCTET).unwrap();
        assert_eq!(terms.block_size, 512);
    }

    #[test]
    fn a_value_that_is_no_number_is_left_out() {
        assert_eq!(answer(b"blksize\0abc\0tsize\x000x1\0timeout\x001.5\0"), b"");
    }

    #[test]
    fn tsize_zero_asks_for_the_size_and_other_values_are_echoed() {
        assert_eq!(answer(b"tsize\x00123\0"), b"tsize\x00123\0");
        assert_eq!(answer(b"tsize\0-1\0"), b"tsize\x0018446744073709551615\0");
    }

    #[test]
    fn tsize_is_refused_for_reads_in_netascii_and_echoed_for_writes() {
        let netascii = Subject {
            mode: Mode::Netascii,
            ..OCTET
        };
        assert_eq!(
            terms_with(b"tsize\x000\0", &limits(), netascii),
            Err(OptionError::Unsupported)
        );
        let upload = Subject {
            direction: Direction::Write,
            ..netascii
        };
        assert_eq!(
            &*terms_with(b"tsize\x000\0", &limits(), upload)
                .unwrap()
                .accepted,
            b"tsize\x000\0"
        );
    }

    #[test]
    fn the_later_of_the_two_intervals_wins_and_their_ranges_hold() {
        let terms = terms_with(b"timeout\x00255\0utimeout\x0010000\0", &limits(), OCTET).unwrap();
        assert_eq!(terms.interval, Duration::from_millis(10));
        for options in [
            &b"timeout\x000\0"[..],
            b"timeout\x00256\0",
            b"utimeout\x009999\0",
            b"utimeout\x00255000001\0",
        ] {
            assert!(refused(options));
        }
    }

    #[test]
    fn rollover_takes_any_block_number() {
        assert_eq!(
            terms_with(b"rollover\x0065535\0", &limits(), OCTET)
                .unwrap()
                .rollover,
            65535
        );
        assert!(refused(b"rollover\x0065536\0"));
    }

    #[test]
    fn windows_are_cut_at_the_limit_and_left_out_beyond_the_standard() {
        assert_eq!(answer(b"windowsize\x0016\0"), b"windowsize\x0016\0");
        assert_eq!(answer(b"windowsize\x0065535\0"), b"windowsize\x0064\0");
        assert_eq!(answer(b"windowsize\x000\0windowsize\x0065536\0"), b"");
        let terms = terms_with(b"windowsize\x0065\0", &limits(), OCTET).unwrap();
        assert_eq!(terms.window, 64);
    }

    #[test]
    fn a_window_that_block_numbers_cannot_tell_apart_is_refused() {
        assert!(refused(b"windowsize\x0036\0rollover\x0065500\0"));
        assert!(refused(b"rollover\x0065500\0windowsize\x0036\0"));
        assert!(!refused(b"windowsize\x0035\0rollover\x0065500\0"));
        assert!(!refused(b"windowsize\x001\0rollover\x0065535\0"));
    }

    #[test]
    fn a_refused_option_is_left_out_without_a_range_check() {
        let limits = Limits {
            refused: vec![Known::Blksize],
            ..limits()
        };
        let terms = terms_with(b"blksize\x001\0tsize\x009\0", &limits, OCTET).unwrap();
        assert_eq!(&*terms.accepted, b"tsize\x009\0");
    }

    #[test]
    fn an_answer_is_bounded_and_holds_what_the_longest_request_can_ask() {
        let longest = b"tsize\x000\0".repeat(512 / 8);
        assert!(terms_with(&longest, &limits(), OCTET).is_ok());
        let options = b"tsize\x000\0".repeat(200);
        assert_eq!(
            terms_with(&options, &limits(), OCTET),
            Err(OptionError::NoSpace)
        );
    }
}
