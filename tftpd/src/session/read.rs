//! The transfer of a file to the client (RRQ), in windows of one block or more (RFC 7440).

use super::{Action, Ending, Event, Progress, Schedule, next_block};
use crate::negotiate::Terms;
use crate::netascii::Encoder;
use crate::wire::{
    Answer, HEADER, MAX_PACKET, Mode, append_data_header, write_data_header, write_oack,
};

/// The packets of one [`Action::SendBlocks`] hold no more bytes than the largest one: the system can then take them in
/// one piece, and other transfers need not wait for long.
const MOST_BYTES: usize = MAX_PACKET;
/// What old kernels cut out of one piece.
const MOST_BLOCKS: usize = 64;

/// A file on its way to the client.
#[derive(Debug)]
pub(super) struct ReadSession {
    mode: Mode,
    terms: Terms,
    schedule: Schedule,
    phase: Phase,
    /// The last block that the client has acknowledged.
    acknowledged: u16,
    /// Where the block behind it begins.
    begin: Cursor,
    /// Where each block that is out since then ends.
    ends: Vec<Cursor>,
    /// Whether the file ends with the last of them.
    progress: Progress,
    repeats: Repeats,
    retransmissions: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The OACK is out.
    Offering,
    /// The blocks of the window are out, or on their way out.
    Sending,
}

/// A place in the stream of converted bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    offset: u64,
    encoder: Encoder,
}

/// Whether blocks were sent again in this window and in the one before. Both can bring an ACK without progress that is
/// only the echo of such a block; answering it would double every window from then on.
#[derive(Clone, Copy, Debug, Default)]
struct Repeats {
    now: bool,
    before: bool,
}

impl ReadSession {
    pub(super) fn new(mode: Mode, terms: Terms) -> Self {
        Self {
            mode,
            schedule: Schedule::new(terms.interval),
            phase: Phase::Offering,
            acknowledged: 0,
            begin: Cursor::default(),
            ends: Vec::new(),
            progress: Progress::More,
            repeats: Repeats::default(),
            retransmissions: 0,
            terms,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.begin.offset
    }

    pub(super) fn retransmissions(&self) -> u64 {
        self.retransmissions
    }

    pub(super) fn options(&self) -> &[u8] {
        &self.terms.accepted
    }

    pub(super) fn is_offering(&self) -> bool {
        self.phase == Phase::Offering
    }

    pub(super) fn handle(&mut self, event: Event<'_>, buffer: &mut Vec<u8>) -> Action {
        match event {
            Event::Start if self.terms.accepted.is_empty() => self.begin_sending(),
            Event::Start => self.offer(buffer),
            Event::Packet(packet) => self.receive(packet, buffer),
            Event::Timeout => self.repeat(buffer),
            Event::Fetched(bytes) => self.make_blocks(bytes, buffer),
            Event::FetchedInPlace(length) => self.make_block_in_place(length, buffer),
            Event::Sent(count) => self.sent(count),
            Event::Stored | Event::Failed(_) => Action::Wait,
        }
    }

    fn offer(&self, buffer: &mut Vec<u8>) -> Action {
        write_oack(buffer, &self.terms.accepted);
        Action::Send(self.schedule.interval())
    }

    fn receive(&mut self, packet: &[u8], buffer: &mut Vec<u8>) -> Action {
        match (self.phase, Answer::parse(packet)) {
            (Phase::Offering, Some(Answer::Error)) => Action::End(Ending::OptionsDeclined),
            (Phase::Sending, Some(Answer::Error)) => Action::End(Ending::ClientError),
            (Phase::Offering, Some(Answer::Ack(0))) => self.begin_sending(),
            (Phase::Offering, Some(Answer::Ack(_))) => {
                self.retransmissions += 1;
                write_oack(buffer, &self.terms.accepted);
                Action::SendAgain
            }
            (Phase::Sending, Some(Answer::Ack(block))) => self.hear(block),
            _ => Action::Wait,
        }
    }

    fn begin_sending(&mut self) -> Action {
        self.schedule.restart();
        self.phase = Phase::Sending;
        self.fetch()
    }

    /// An ACK for a block that is not out is never answered: answering would double every packet from then on.
    fn hear(&mut self, block: u16) -> Action {
        match self.position(block) {
            Some(0) => self.hear_of_a_gap(),
            Some(count) => self.advance(block, count),
            None => Action::Wait,
        }
    }

    /// How many blocks of the window an ACK of `block` acknowledges; `None` if it is about another window.
    fn position(&self, block: u16) -> Option<usize> {
        let mut number = self.acknowledged;
        for count in 0..=self.ends.len() {
            if number == block {
                return Some(count);
            }
            number = next_block(number, self.terms.rollover);
        }
        None
    }

    /// The client has what is in front of the window, and missed its first block.
    fn hear_of_a_gap(&mut self) -> Action {
        if self.terms.window == 1 || self.repeats.now || self.repeats.before {
            return Action::Wait;
        }
        self.send_again()
    }

    /// The client has `count` more blocks: on behind them, with what is lost of the window first (RFC 7440, section 4).
    fn advance(&mut self, block: u16, count: usize) -> Action {
        let all = count == self.ends.len();
        self.acknowledged = block;
        self.begin = self.ends.get(count - 1).copied().unwrap_or(self.begin);
        if all && self.progress == Progress::Last {
            return Action::End(Ending::Complete);
        }
        self.retransmissions += u64::from(!all);
        self.repeats.before = self.repeats.now;
        self.repeats.now = !all;
        self.schedule.restart();
        self.restart_window()
    }

    fn repeat(&mut self, buffer: &mut Vec<u8>) -> Action {
        if self.schedule.repeat().is_none() {
            return Action::End(Ending::TimedOut);
        }
        match self.phase {
            Phase::Offering => {
                self.retransmissions += 1;
                self.offer(buffer)
            }
            Phase::Sending => self.send_again(),
        }
    }

    fn send_again(&mut self) -> Action {
        self.retransmissions += 1;
        self.repeats.now = true;
        self.restart_window()
    }

    fn restart_window(&mut self) -> Action {
        self.ends.clear();
        self.progress = Progress::More;
        self.fetch()
    }

    fn fetch(&self) -> Action {
        let blocks = self.batch();
        Action::Fetch {
            offset: self.end().offset,
            length: blocks * self.terms.block_size,
            in_place: blocks == 1 && self.mode == Mode::Octet,
        }
    }

    /// Where the last block that is out ends.
    fn end(&self) -> Cursor {
        self.ends.last().copied().unwrap_or(self.begin)
    }

    /// How many blocks go out next.
    fn batch(&self) -> usize {
        let fitting = MOST_BYTES / (HEADER + self.terms.block_size);
        let missing = usize::from(self.terms.window).saturating_sub(self.ends.len());
        missing.min(fitting).clamp(1, MOST_BLOCKS)
    }

    fn make_blocks(&mut self, bytes: &[u8], buffer: &mut Vec<u8>) -> Action {
        buffer.clear();
        let mut rest = bytes;
        let mut block = self.last_out();
        for _ in 0..self.batch() {
            block = next_block(block, self.terms.rollover);
            append_data_header(buffer, block);
            let used = self.make_payload(rest, buffer);
            rest = rest.get(used..).unwrap_or_default();
            if self.progress == Progress::Last {
                break;
            }
        }
        Action::SendBlocks {
            length: HEADER + self.terms.block_size,
        }
    }

    /// The payload stands in its packet already.
    fn make_block_in_place(&mut self, length: usize, buffer: &mut Vec<u8>) -> Action {
        let block = next_block(self.last_out(), self.terms.rollover);
        write_data_header(buffer, block);
        buffer.truncate(HEADER + length);
        let mut end = self.end();
        end.offset = end
            .offset
            .saturating_add(u64::try_from(length).unwrap_or(0));
        self.take_out(end, length);
        Action::SendBlocks {
            length: HEADER + self.terms.block_size,
        }
    }

    /// The number of the last block that is out.
    fn last_out(&self) -> u16 {
        let numbers = self.ends.iter();
        numbers.fold(self.acknowledged, |number, _| {
            next_block(number, self.terms.rollover)
        })
    }

    /// Appends a payload and returns how many of `bytes` are in it.
    fn make_payload(&mut self, bytes: &[u8], buffer: &mut Vec<u8>) -> usize {
        let before = buffer.len();
        let mut end = self.end();
        let used = self.convert(&mut end.encoder, bytes, buffer);
        end.offset = end.offset.saturating_add(u64::try_from(used).unwrap_or(0));
        self.take_out(end, buffer.len() - before);
        used
    }

    /// A block with so much payload goes out.
    fn take_out(&mut self, end: Cursor, length: usize) {
        self.ends.push(end);
        if length < self.terms.block_size {
            self.progress = Progress::Last;
        }
    }

    fn convert(&self, encoder: &mut Encoder, bytes: &[u8], buffer: &mut Vec<u8>) -> usize {
        let room = self.terms.block_size;
        match self.mode {
            Mode::Octet => {
                let payload = bytes.get(..room).unwrap_or(bytes);
                buffer.extend_from_slice(payload);
                payload.len()
            }
            Mode::Netascii => encoder.encode(bytes, buffer, room),
        }
    }

    /// Blocks that the system did not take are made again.
    fn sent(&mut self, unsent: usize) -> Action {
        if unsent > 0 {
            self.progress = Progress::More;
            self.ends.truncate(self.ends.len().saturating_sub(unsent));
        }
        let full = self.ends.len() >= usize::from(self.terms.window);
        if full || self.progress == Progress::Last {
            Action::WaitAnew(self.schedule.interval())
        } else {
            self.fetch()
        }
    }
}
