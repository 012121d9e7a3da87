//! Whole transfers in virtual time, against files and clients made of literal packets.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::*;
use crate::wire::DEFAULT_BLOCK;

const T: Duration = Duration::from_secs(1);

fn terms(accepted: &[u8], block_size: usize) -> Terms {
    Terms {
        block_size,
        interval: T,
        rollover: 0,
        accepted: accepted.into(),
    }
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
        let mut buffer = b"left over".to_vec();
        let action = self.session.handle(event, &mut buffer);
        match action {
            Action::Wait => {}
            Action::Send(wait) => {
                self.deadline = self.now + wait;
                self.sent.push((self.now, buffer));
            }
            Action::SendAgain => self.sent.push((self.now, buffer)),
            Action::Fetch { offset, length } => {
                let rest = self
                    .file
                    .get(usize::try_from(offset).unwrap()..)
                    .unwrap_or_default();
                let bytes = rest[..rest.len().min(length)].to_vec();
                self.event(Event::Fetched(&bytes));
            }
            Action::Store { offset, progress } => {
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
        let [high, low] = block.to_be_bytes();
        self.packet(&[0, 4, high, low])
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
fn a_full_disk_is_told_to_the_client() {
    let mut session = Session::new(Direction::Write, Mode::Octet, terms(b"", 4));
    let mut buffer = Vec::new();
    session.handle(Event::Start, &mut buffer);
    let stored = session.handle(Event::Packet(b"\0\x03\0\x01abcd"), &mut buffer);
    assert_eq!(
        stored,
        Action::Store {
            offset: 0,
            progress: Progress::More
        }
    );
    let ended = session.handle(Event::Failed(FileError::NoSpace), &mut buffer);
    assert_eq!(
        ended,
        Action::SendAndEnd(Ending::Refused(ErrorCode::DiskFull.into()))
    );
    assert_eq!(buffer, b"\0\x05\0\x03Disk full or allocation exceeded\0");
}

#[test]
fn netascii_uploads_join_pairs_across_blocks() {
    let mut bench = Bench::start(Direction::Write, Mode::Netascii, terms(b"", 4), b"");
    bench.data(1, b"abc\r");
    bench.data(2, b"\nd\r");
    assert_eq!(bench.file, b"abc\nd\r");
}
