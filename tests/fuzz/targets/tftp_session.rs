//! Any packets and time-outs in any order: a session never sends more than it may, and writes a file from its beginning on.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tftpd::negotiate::Terms;
use tftpd::session::{Action, Event, Session};
use tftpd::wire::{Direction, HEADER, Mode};

/// What happens to a session; no packet is a time-out.
type Happenings<'a> = Vec<Option<&'a [u8]>>;

struct Bench {
    session: Session,
    block: usize,
    contents: Vec<u8>,
    written: u64,
    is_over: bool,
}

impl Bench {
    fn handle(&mut self, event: Event<'_>) {
        let mut buffer = Vec::new();
        let mut action = self.session.handle(event, &mut buffer);
        loop {
            action = match action {
                Action::Fetch { offset, length, .. } => {
                    let begin = usize::try_from(offset).unwrap_or(usize::MAX);
                    let rest = self.contents.get(begin..).unwrap_or_default();
                    let bytes = &rest[..rest.len().min(length)];
                    self.session.handle(Event::Fetched(bytes), &mut buffer)
                }
                Action::SendBlocks { length } => {
                    assert_eq!(length, HEADER + self.block);
                    assert!(!buffer.is_empty());
                    self.session.handle(Event::Sent(0), &mut buffer)
                }
                Action::Store { offset, .. } => {
                    assert_eq!(offset, self.written);
                    self.written += buffer.len() as u64;
                    self.session.handle(Event::Stored, &mut buffer)
                }
                Action::SendAndEnd(_) | Action::End(_) => {
                    self.is_over = true;
                    return;
                }
                Action::Wait | Action::WaitAnew(_) | Action::Send(_) | Action::SendAgain => return,
            };
        }
    }
}

fuzz_target!(|input: (bool, bool, u8, u8, bool, &[u8], Happenings<'_>)| {
    let (is_read, is_octet, block, window, offers, contents, happenings) = input;
    let block = usize::from(block).max(1);
    let terms = Terms {
        block_size: block,
        window: u16::from(window).max(1),
        interval: Duration::from_secs(1),
        rollover: 0,
        accepted: if offers { b"tsize\x000\0"[..].into() } else { Box::default() },
    };
    let direction = if is_read { Direction::Read } else { Direction::Write };
    let mode = if is_octet { Mode::Octet } else { Mode::Netascii };
    let mut bench = Bench {
        session: Session::new(direction, mode, terms),
        block,
        contents: contents.to_vec(),
        written: 0,
        is_over: false,
    };
    bench.handle(Event::Start);
    for happening in happenings {
        if bench.is_over {
            return;
        }
        bench.handle(happening.map_or(Event::Timeout, Event::Packet));
    }
});
