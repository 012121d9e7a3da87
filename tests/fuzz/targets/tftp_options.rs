//! Any options of a request: the answer is bounded, and what is agreed on is within the server's limits.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tftpd::negotiate::{INTERVAL_MICROSECONDS, Limits, Subject, negotiate};
use tftpd::wire::{Direction, Mode, Request};

/// An OACK of this length is never exceeded; every transfer keeps its own.
const LONGEST_ANSWER: usize = 2048;
/// The longest interval that an option can ask for.
const LONGEST_INTERVAL: Duration = Duration::from_micros(*INTERVAL_MICROSECONDS.end());

fuzz_target!(|input: (bool, bool, u64, u16, u16, &[u8])| {
    let (is_read, is_octet, size, max_block, max_window, options) = input;
    let request = [b"\0\x01f\0octet\0", options].concat();
    let Ok(request) = Request::parse(&request) else {
        return;
    };
    let limits = Limits {
        max_block: usize::from(max_block).clamp(512, tftpd::wire::MAX_BLOCK),
        max_window: max_window.max(1),
        interval: Duration::from_secs(1),
        refused: Vec::new(),
    };
    let subject = Subject {
        direction: if is_read { Direction::Read } else { Direction::Write },
        mode: if is_octet { Mode::Octet } else { Mode::Netascii },
        size,
    };
    if let Ok(terms) = negotiate(request.options, &limits, subject) {
        assert!((8..=limits.max_block).contains(&terms.block_size));
        assert!((1..=limits.max_window).contains(&terms.window));
        assert!(terms.interval <= LONGEST_INTERVAL && !terms.interval.is_zero());
        assert!(terms.accepted.len() <= LONGEST_ANSWER);
    }
});
