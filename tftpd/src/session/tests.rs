//! Whole transfers in virtual time, against files and clients made of literal packets.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::*;
use crate::wire::DEFAULT_BLOCK;

const T: Duration = Duration::from_secs(1);

fn terms(accepted: &[u8], block_size: usize) -> Terms {
    Terms {
        block_size,
        window: 1,
        interval: T,
        rollover: 0,
        accepted: accepted.into(),
    }
}

fn windows(window: u16, block_size: usize) -> Terms {
    Terms {
        window,
        ..terms(b"", block_size)
    }
}

fn ack(block: u16) -> [u8; 4] {
    let [high, low] = block.to_be_bytes();
    [0, 4, high, low]
}

/// A session, its file, and what it has sent at which time.
struct Bench {
    session: Session,
    file: Vec<u8>,
    closed: bool,
    now: Duration,
    deadline: Duration,
    sent: Vec<(Duration, Vec<u8>)>,
    ending: Option<Ending>,
    /// How many packets the system takes before it takes one batch only by part.
    room: usize,
}

impl Bench {
    fn start(direction: Direction, mode: Mode, terms: Terms, file: &[u8]) -> Self {
        let mut bench = Self {
            session: Session::new(direction, mode, terms),
            file: file.to_vec(),
            closed: false,
            now: Duration::ZERO,
            deadline: Duration::ZERO,
            sent: Vec::new(),
            ending: None,
            room: usize::MAX,
        };
        bench.event(Event::Start);
        bench
    }

    fn read(terms: Terms, file: &[u8]) -> Self {
        Self::start(Direction::Read, Mode::Octet, terms, file)
    }

    fn write(terms: Terms) -> Self {
        Self::start(Direction::Write, Mode::Octet, terms, b"")
    }

    fn event(&mut self, event: Event<'_>) {
        self.event_with(event, b"left over".to_vec());
    }

    /// The caller may put bytes into a buffer that has held longer packets, or shorter ones.
    fn put_in_place(&mut self, bytes: &[u8]) {
        let buffer = [b"head", bytes, b"left over"].concat();
        self.event_with(Event::FetchedInPlace(bytes.len()), buffer);
    }

    fn event_with(&mut self, event: Event<'_>, mut buffer: Vec<u8>) {
        let action = self.session.handle(event, &mut buffer);
        match action {
            Action::Wait => {}
            Action::Send(wait) => {
                self.deadline = self.now + wait;
                self.sent.push((self.now, buffer));
            }
            Action::WaitAnew(wait) => self.deadline = self.now + wait,
            Action::SendAgain => self.sent.push((self.now, buffer)),
            Action::SendBlocks { length } => {
                let packets = buffer.chunks(length);
                let unsent = packets.len().saturating_sub(self.room);
                let taken = packets.len() - unsent;
                self.room = if unsent > 0 {
                    usize::MAX
                } else {
                    self.room - taken
                };
                let packets = packets
                    .take(taken)
                    .map(|packet| (self.now, packet.to_vec()));
                self.sent.extend(packets);
                self.event(Event::Sent(unsent));
            }
            Action::Fetch {
                offset,
                length,
                in_place,
            } => {
                let rest = self
                    .file
                    .get(usize::try_from(offset).unwrap()..)
                    .unwrap_or_default();
                let bytes = rest[..rest.len().min(length)].to_vec();
                match in_place {
                    true => self.put_in_place(&bytes),
                    false => self.event(Event::Fetched(&bytes)),
                }
            }
            Action::Store {
                offset, progress, ..
            } => {
                assert_eq!(usize::try_from(offset).unwrap(), self.file.len());
                self.file.extend_from_slice(&buffer);
                self.closed = progress == Progress::Last;
                self.event(Event::Stored);
            }
            Action::SendAndEnd(ending) => {
                self.sent.push((self.now, buffer));
                self.ending = Some(ending);
            }
            Action::End(ending) => self.ending = Some(ending),
        }
    }

    fn packet(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let before = self.sent.len();
        self.event(Event::Packet(packet));
        assert!(
            self.sent.len() <= before + 1,
            "one packet was answered by several"
        );
        self.sent.get(before).map(|(_, packet)| packet.clone())
    }

    fn ack(&mut self, block: u16) -> Option<Vec<u8>> {
        self.packet(&ack(block))
    }

    /// The numbers of the blocks that an ACK brings.
    fn blocks_after(&mut self, block: u16) -> Vec<u16> {
        let before = self.sent.len();
        self.event(Event::Packet(&ack(block)));
        self.blocks(before)
    }

    /// The numbers of the blocks sent, but for the first `before` packets.
    fn blocks(&self, before: usize) -> Vec<u16> {
        let numbers = self.sent[before..].iter();
        numbers
            .map(|(_, packet)| {
                assert_eq!(packet[..2], [0, 3]);
                u16::from_be_bytes([packet[2], packet[3]])
            })
            .collect()
    }

    fn data(&mut self, block: u16, payload: &[u8]) -> Option<Vec<u8>> {
        let header = [&[0, 3][..], &block.to_be_bytes()].concat();
        self.packet(&[&header, payload].concat())
    }

    fn time_out(&mut self) {
        self.now = self.deadline;
        self.event(Event::Timeout);
    }

    fn last_sent(&self) -> &[u8] {
        &self.sent.last().unwrap().1
    }

    fn run_out_of_time(&mut self) -> Vec<u64> {
        let before = self.sent.len() - 1;
        while self.ending.is_none() {
            self.time_out();
        }
        self.sent[before..]
            .iter()
            .map(|(time, _)| time.as_secs())
            .collect()
    }
}

#[test]
fn a_file_without_options_goes_out_block_by_block() {
    let mut bench = Bench::read(terms(b"", 4), b"abcdefg");
    assert_eq!(bench.last_sent(), b"\0\x03\0\x01abcd");
    assert_eq!(bench.ack(1).unwrap(), b"\0\x03\0\x02efg");
    assert_eq!(bench.ack(2), None);
    assert_eq!(bench.ending, Some(Ending::Complete));
}

#[test]
fn a_multiple_of_the_block_size_ends_with_an_empty_block() {
    let mut bench = Bench::read(terms(b"", 4), b"abcd");
    assert_eq!(bench.ack(1).unwrap(), b"\0\x03\0\x02");
    bench.ack(2);
    assert_eq!(bench.ending, Some(Ending::Complete));
}

#[test]
fn an_empty_file_is_one_empty_block() {
    let bench = Bench::read(terms(b"", DEFAULT_BLOCK), b"");
    assert_eq!(bench.last_sent(), b"\0\x03\0\x01");
}

#[test]
fn the_oack_comes_first_and_waits_for_ack_zero() {
    let mut bench = Bench::read(terms(b"tsize\x003\0", 512), b"abc");
    assert_eq!(bench.last_sent(), b"\0\x06tsize\x003\0");
    assert_eq!(bench.ack(0).unwrap(), b"\0\x03\0\x01abc");
}

#[test]
fn a_wrong_ack_brings_the_true_oack_again_without_a_new_timer() {
    let mut bench = Bench::read(terms(b"tsize\x003\0", 512), b"abc");
    bench.now = Duration::from_millis(500);
    assert_eq!(bench.ack(7).unwrap(), b"\0\x06tsize\x003\0");
    assert_eq!(bench.deadline, T);
}

#[test]
fn an_error_after_the_oack_declines_the_options() {
    let mut bench = Bench::read(terms(b"tsize\x003\0", 512), b"abc");
    bench.packet(b"\0\x05\0\x08no\0");
    assert_eq!(bench.ending, Some(Ending::OptionsDeclined));
}

#[test]
fn an_error_in_mid_file_ends_the_transfer() {
    let mut bench = Bench::read(terms(b"", 4), b"abcdefg");
    bench.packet(b"\0\x05");
    assert_eq!(bench.ending, Some(Ending::ClientError));
}

#[test]
fn other_acks_and_packets_are_ignored_and_the_timer_keeps_running() {
    let mut bench = Bench::read(terms(b"", 4), b"abcdefghij");
    bench.ack(1);
    bench.now = Duration::from_millis(900);
    for packet in [
        &b"\0\x04\0\x01"[..],
        b"\0\x04\0\x03",
        b"\0\x04\xff\xff",
        b"\0\x03\0\x02x",
        b"\0\x06x\0",
        b"",
        b"\0",
    ] {
        assert_eq!(bench.packet(packet), None);
    }
    assert_eq!(bench.deadline, T);
    assert_eq!(bench.ack(2).unwrap(), b"\0\x03\0\x03ij");
}

#[test]
fn a_block_is_sent_six_times_and_given_up_at_63_intervals() {
    let mut bench = Bench::read(terms(b"", 4), b"abcdefg");
    assert_eq!(bench.run_out_of_time(), [0, 1, 3, 7, 15, 31]);
    assert_eq!(bench.now, 63 * T);
    assert_eq!(bench.ending, Some(Ending::TimedOut));
    assert!(
        bench
            .sent
            .iter()
            .all(|(_, packet)| packet == b"\0\x03\0\x01abcd")
    );
}

#[test]
fn oack_and_upload_acks_follow_the_same_schedule() {
    let mut offering = Bench::read(terms(b"tsize\x003\0", 512), b"abc");
    assert_eq!(offering.run_out_of_time(), [0, 1, 3, 7, 15, 31]);
    let mut waiting = Bench::write(terms(b"", 512));
    assert_eq!(waiting.run_out_of_time(), [0, 1, 3, 7, 15, 31]);
    assert_eq!(waiting.now, 63 * T);
}

#[test]
fn progress_starts_the_schedule_anew() {
    let mut bench = Bench::read(terms(b"", 4), b"abcdefg");
    bench.time_out();
    bench.time_out();
    bench.ack(1);
    assert_eq!(bench.deadline - bench.now, T);
    assert_eq!(bench.run_out_of_time(), [3, 4, 6, 10, 18, 34]);
}

#[test]
fn the_block_number_wraps_to_the_rollover_value() {
    for rollover in [0, 1] {
        let terms = Terms {
            rollover,
            ..terms(b"", 8)
        };
        let mut bench = Bench::read(terms, &vec![b'x'; 8 * 65536]);
        for block in 1..65535 {
            bench.ack(block);
        }
        let [high, low] = rollover.to_be_bytes();
        let after_wrap = bench.ack(65535).unwrap();
        assert_eq!(after_wrap[..4], [0, 3, high, low]);
        assert_eq!(bench.ack(rollover).unwrap(), [0, 3, 0, low + 1]);
        bench.sent.clear();
    }
}

#[test]
fn netascii_blocks_are_made_again_alike_when_a_pair_is_split() {
    let mut bench = Bench::start(
        Direction::Read,
        Mode::Netascii,
        terms(b"", 8),
        b"1234567\nab\r",
    );
    assert_eq!(bench.last_sent(), b"\0\x03\0\x011234567\r");
    let second = bench.ack(1).unwrap();
    assert_eq!(second, b"\0\x03\0\x02\nab\r\0");
    bench.time_out();
    assert_eq!(bench.last_sent(), second);
    bench.ack(2);
    assert_eq!(bench.ending, Some(Ending::Complete));
}

#[test]
fn a_read_error_in_mid_file_is_told_in_the_systems_words() {
    let mut bench = Bench::read(terms(b"", 4), b"abcdefg");
    bench.event(Event::Failed(FileError::System("Input/output error")));
    assert_eq!(bench.last_sent(), b"\0\x05\0\0Input/output error\0");
    let refusal = Refusal {
        code: ErrorCode::Undefined,
        text: "Input/output error".into(),
    };
    assert_eq!(bench.ending, Some(Ending::Refused(refusal)));
}

#[test]
fn an_upload_is_stored_before_it_is_acknowledged() {
    let mut bench = Bench::write(terms(b"", 4));
    assert_eq!(bench.last_sent(), b"\0\x04\0\0");
    assert_eq!(bench.data(1, b"abcd").unwrap(), b"\0\x04\0\x01");
    assert_eq!(bench.data(2, b"e").unwrap(), b"\0\x04\0\x02");
    assert_eq!(bench.file, b"abcde");
    assert!(bench.closed);
    bench.time_out();
    assert_eq!(bench.ending, Some(Ending::Complete));
}

#[test]
fn a_repeated_block_is_acknowledged_again_and_not_stored_again() {
    let mut bench = Bench::write(terms(b"blksize\x004\0", 4));
    assert_eq!(bench.data(0, b"").unwrap(), b"\0\x06blksize\x004\0");
    bench.data(1, b"abcd");
    assert_eq!(bench.data(1, b"abcd").unwrap(), b"\0\x04\0\x01");
    assert_eq!(bench.data(3, b"abcd"), None);
    assert_eq!(bench.file, b"abcd");
}

#[test]
fn the_block_before_the_wrap_is_recognised_as_a_repetition() {
    let mut bench = Bench::write(terms(b"", 8));
    for block in 1..=65535 {
        bench.data(block, b"12345678");
    }
    assert_eq!(bench.data(65535, b"12345678").unwrap(), b"\0\x04\xff\xff");
    assert_eq!(bench.data(0, b"12345678").unwrap(), b"\0\x04\0\0");
    assert_eq!(bench.file.len(), 8 * 65536);
}

#[test]
fn one_lost_final_ack_is_repaired() {
    let mut bench = Bench::write(terms(b"", 4));
    bench.data(1, b"a");
    assert_eq!(bench.packet(b"\0\x03"), None);
    assert_eq!(bench.data(1, b"a").unwrap(), b"\0\x04\0\x01");
    assert_eq!(bench.ending, Some(Ending::Complete));
}

#[test]
fn an_oversize_block_is_refused_and_not_stored() {
    let mut bench = Bench::write(terms(b"", 4));
    assert_eq!(
        bench.data(1, b"abcde").unwrap(),
        b"\0\x05\0\x04Illegal TFTP operation\0"
    );
    assert_eq!(
        bench.ending,
        Some(Ending::Refused(ErrorCode::IllegalOperation.into()))
    );
    assert!(bench.file.is_empty());
}

#[test]
fn only_the_last_block_of_a_window_or_a_file_is_waited_for() {
    let mut session = Session::new(Direction::Write, Mode::Octet, windows(3, 4));
    let mut buffer = Vec::new();
    session.handle(Event::Start, &mut buffer);
    let blocks: [&[u8]; 5] = [b"aaaa", b"bbbb", b"cccc", b"dddd", b"e"];
    let mut awaited = Vec::new();
    for (number, payload) in (1..).zip(blocks) {
        let packet = [&[0, 3, 0, number], payload].concat();
        let action = session.handle(Event::Packet(&packet), &mut buffer);
        if let Action::Store { is_awaited, .. } = action {
            awaited.push(is_awaited);
        }
        session.handle(Event::Stored, &mut buffer);
    }
    assert_eq!(awaited, [false, false, true, false, true]);
}

#[test]
fn a_full_disk_is_told_to_the_client() {
    let mut session = Session::new(Direction::Write, Mode::Octet, terms(b"", 4));
    let mut buffer = Vec::new();
    session.handle(Event::Start, &mut buffer);
    let stored = session.handle(Event::Packet(b"\0\x03\0\x01abcd"), &mut buffer);
    assert_eq!(
        stored,
        Action::Store {
            offset: 0,
            progress: Progress::More,
            is_awaited: true
        }
    );
    let ended = session.handle(Event::Failed(FileError::NoSpace), &mut buffer);
    assert_eq!(
        ended,
        Action::SendAndEnd(Ending::Refused(ErrorCode::DiskFull.into()))
    );
    assert_eq!(buffer, b"\0\x05\0\x03Disk full or allocation exceeded\0");
}

/// An upload whose blocks of four bytes are stored, but for the last one, whose storing was asked for.
fn storing(window: u16, blocks: u8) -> Session {
    let mut session = Session::new(Direction::Write, Mode::Octet, windows(window, 4));
    let mut buffer = Vec::new();
    session.handle(Event::Start, &mut buffer);
    for block in 1..=blocks {
        if block > 1 {
            session.handle(Event::Stored, &mut buffer);
        }
        session.handle(Event::Packet(&[0, 3, 0, block, 1, 2, 3, 4]), &mut buffer);
    }
    session
}

#[test]
fn what_is_acknowledged_before_its_window_is_full_is_written_first() {
    let behind_gap = Event::Packet(b"\0\x03\0\x04late");
    let answers = [
        (behind_gap, Action::SendAgain),
        (Event::Timeout, Action::Send(2 * T)),
    ];
    for (event, answer) in answers {
        let mut session = storing(4, 2);
        let mut buffer = b"left over".to_vec();
        session.handle(Event::Stored, &mut buffer);
        let flush = Action::Store {
            offset: 8,
            progress: Progress::More,
            is_awaited: true,
        };
        assert_eq!(session.handle(event, &mut buffer), flush);
        assert_eq!((buffer.as_slice(), session.bytes()), (&b""[..], 0));
        assert_eq!(session.handle(Event::Stored, &mut buffer), answer);
        assert_eq!((buffer.as_slice(), session.bytes()), (&ack(2)[..], 8));
        let next = session.handle(Event::Packet(b"\0\x03\0\x03next"), &mut buffer);
        assert!(matches!(next, Action::Store { offset: 8, .. }), "{next:?}");
    }
}

#[test]
fn blocks_that_the_disk_did_not_take_do_not_count() {
    for (blocks, counted) in [(2, 0), (3, 8), (4, 8), (5, 16)] {
        let mut session = storing(2, blocks);
        session.handle(Event::Failed(FileError::NoSpace), &mut Vec::new());
        assert_eq!(session.bytes(), counted, "{blocks}");
    }
}

#[test]
fn netascii_uploads_join_pairs_across_blocks() {
    let mut bench = Bench::start(Direction::Write, Mode::Netascii, terms(b"", 4), b"");
    bench.data(1, b"abc\r");
    bench.data(2, b"\nd\r");
    assert_eq!(bench.file, b"abc\nd\r");
}

#[test]
fn a_window_goes_out_at_once_and_its_last_ack_brings_the_next() {
    let mut bench = Bench::read(windows(3, 2), b"aabbccddeeff");
    assert_eq!(bench.blocks(0), [1, 2, 3]);
    assert_eq!(bench.deadline, T);
    assert_eq!(bench.blocks_after(3), [4, 5, 6]);
    assert_eq!(bench.blocks_after(6), [7]);
    assert_eq!(bench.last_sent(), b"\0\x03\0\x07");
    bench.ack(7);
    assert_eq!(bench.ending, Some(Ending::Complete));
}

#[test]
fn a_gap_brings_the_window_behind_the_acknowledged_block() {
    let mut bench = Bench::read(windows(4, 2), b"aabbccddeeffgghhii");
    assert_eq!(bench.blocks_after(2), [3, 4, 5, 6]);
    assert_eq!(bench.sent[4].1, b"\0\x03\0\x03cc");
    assert_eq!(bench.blocks_after(6), [7, 8, 9, 10]);
}

#[test]
fn a_window_whose_first_block_is_lost_is_sent_again_once() {
    let mut bench = Bench::read(windows(2, 2), b"aabbccdd");
    assert_eq!(bench.blocks_after(2), [3, 4]);
    assert_eq!(bench.blocks_after(2), [3, 4]);
    assert_eq!(bench.blocks_after(2), [0; 0]);
    bench.time_out();
    assert_eq!(bench.blocks(6), [3, 4]);
}

#[test]
fn a_duplicated_ack_does_not_double_the_rest_of_the_transfer() {
    let mut bench = Bench::read(windows(2, 2), &[b'x'; 40]);
    assert_eq!(bench.blocks_after(2), [3, 4]);
    assert_eq!(bench.blocks_after(2), [3, 4]);
    // The client has both copies and acknowledges both.
    assert_eq!(bench.blocks_after(4), [5, 6]);
    assert_eq!(bench.blocks_after(4), [0; 0]);
    assert_eq!(bench.blocks_after(6), [7, 8]);
    assert_eq!(bench.blocks_after(6), [7, 8]);
}

#[test]
fn acks_of_other_windows_are_ignored() {
    let mut bench = Bench::read(windows(2, 2), &[b'x'; 40]);
    bench.blocks_after(2);
    bench.blocks_after(4);
    for block in [0, 2, 3, 7, 65535] {
        assert_eq!(bench.blocks_after(block), [0; 0]);
    }
}

#[test]
fn a_window_is_sent_again_whole_after_the_time_out() {
    let mut bench = Bench::read(windows(2, 2), b"aabbccdd");
    bench.run_out_of_time();
    assert_eq!(bench.now, 63 * T);
    assert_eq!(bench.blocks(0), [1, 2].repeat(6));
}

#[test]
fn a_window_passes_the_wrap_of_block_numbers() {
    let mut bench = Bench::read(windows(4, 1), &vec![b'x'; 70_000]);
    while bench.last_sent()[2..4] != [0xff, 0xfc] {
        let block = bench.blocks(bench.sent.len() - 1)[0];
        bench.blocks_after(block);
    }
    assert_eq!(bench.blocks_after(65532), [65533, 65534, 65535, 0]);
    assert_eq!(bench.blocks_after(65534), [65535, 0, 1, 2]);
    assert_eq!(bench.blocks_after(2), [3, 4, 5, 6]);
}

#[test]
fn netascii_windows_are_made_again_from_the_middle_of_a_pair() {
    let file = b"1\n2\n3\n4\n";
    let terms = windows(4, 2);
    let mut bench = Bench::start(Direction::Read, Mode::Netascii, terms, file);
    let payloads = |bench: &Bench, from: usize| {
        let sent = bench.sent[from..].iter();
        sent.flat_map(|(_, packet)| packet[4..].to_vec())
            .collect::<Vec<u8>>()
    };
    assert_eq!(payloads(&bench, 0), b"1\r\n2\r\n3\r");
    assert_eq!(bench.blocks_after(1), [2, 3, 4, 5]);
    assert_eq!(payloads(&bench, 4), b"\n2\r\n3\r\n4");
    assert_eq!(bench.blocks_after(5), [6, 7]);
    assert_eq!(payloads(&bench, 8), b"\r\n");
}

#[test]
fn large_windows_leave_in_batches_and_what_the_system_does_not_take_follows() {
    let mut bench = Bench::read(windows(150, 1000), &vec![b'x'; 250 * 1000]);
    assert_eq!(bench.blocks(0), (1..=150).collect::<Vec<_>>());
    bench.room = 70;
    assert_eq!(bench.blocks_after(100), (101..=250).collect::<Vec<_>>());
    bench.room = 10;
    assert_eq!(bench.blocks_after(240), (241..=251).collect::<Vec<_>>());
    assert_eq!(bench.last_sent(), b"\0\x03\0\xfb");
}

#[test]
fn an_upload_is_acknowledged_once_a_window() {
    let mut bench = Bench::write(windows(3, 2));
    assert_eq!(bench.data(1, b"aa"), None);
    bench.now = Duration::from_millis(500);
    assert_eq!(bench.data(2, b"bb"), None);
    assert_eq!(bench.deadline, bench.now + T);
    assert_eq!(bench.data(3, b"cc").unwrap(), ack(3));
    assert_eq!(bench.data(4, b"d").unwrap(), ack(4));
    assert_eq!(bench.file, b"aabbccd");
}

#[test]
fn a_gap_in_an_upload_is_told_once_and_then_by_the_clock() {
    let mut bench = Bench::write(windows(4, 2));
    bench.data(1, b"aa");
    assert_eq!(bench.data(3, b"cc").unwrap(), ack(1));
    assert_eq!(bench.data(4, b"dd"), None);
    bench.time_out();
    assert_eq!(bench.last_sent(), ack(1));
    for (block, payload) in [(2, b"bb"), (3, b"cc"), (4, b"dd")] {
        assert_eq!(bench.data(block, payload), None);
    }
    assert_eq!(bench.data(5, b"ee").unwrap(), ack(5));
    assert_eq!(bench.file, b"aabbccddee");
}

#[test]
fn a_lost_window_ack_is_repaired_at_the_end_of_the_repeated_window() {
    let mut bench = Bench::write(windows(2, 2));
    bench.data(1, b"aa");
    assert_eq!(bench.data(2, b"bb").unwrap(), ack(2));
    assert_eq!(bench.data(1, b"aa"), None);
    assert_eq!(bench.data(2, b"bb").unwrap(), ack(2));
    assert_eq!(bench.data(3, b"cc"), None);
    assert_eq!(bench.data(3, b"cc"), None);
    assert_eq!(bench.file, b"aabbcc");
}

#[test]
fn a_missing_first_block_brings_ack_zero_even_after_an_oack() {
    let terms = Terms {
        window: 2,
        ..terms(b"windowsize\x002\0", 2)
    };
    let mut bench = Bench::write(terms);
    assert_eq!(bench.data(2, b"bb").unwrap(), ack(0));
}

#[test]
fn what_was_confirmed_and_what_was_sent_again_is_counted() {
    let mut bench = Bench::read(windows(2, 2), b"aabbccd");
    bench.time_out();
    bench.blocks_after(1);
    assert_eq!(
        (bench.session.bytes(), bench.session.retransmissions()),
        (2, 2)
    );
    bench.blocks_after(3);
    bench.ack(4);
    assert_eq!(
        (bench.session.bytes(), bench.session.retransmissions()),
        (7, 2)
    );
    let mut upload = Bench::write(terms(b"", 2));
    upload.data(1, b"aa");
    upload.data(1, b"aa");
    assert_eq!(
        (upload.session.bytes(), upload.session.retransmissions()),
        (2, 1)
    );
}
