//! The transfer of a file from the client (WRQ), in windows of one block or more (RFC 7440).

use super::{Action, Ending, Event, Progress, Schedule, next_block, refuse};
use crate::negotiate::Terms;
use crate::netascii::Decoder;
use crate::wire::{Answer, ErrorCode, Mode, write_ack, write_oack};

/// A packet shorter than this does not count as an answer to the last ACK.
const SHORTEST_ANSWER: usize = 4;

/// A file on its way from the client.
#[derive(Debug)]
pub(super) struct WriteSession {
    mode: Mode,
    terms: Terms,
    schedule: Schedule,
    phase: Phase,
    /// The last block that was stored.
    block: u16,
    /// How many blocks were stored since the last ACK.
    unacknowledged: u16,
    gap: Gap,
    decoder: Decoder,
    /// How many bytes were given to be stored.
    length: u64,
    /// How many of them the client knows to be stored.
    confirmed: u64,
    retransmissions: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// OACK or ACK 0 is out, nothing has come.
    Offering,
    /// Blocks are coming.
    Receiving,
    /// A block is being stored; nothing else can happen meanwhile.
    Storing(Progress),
    /// Blocks that were kept are being written, so that the client can be told of them before their window is full.
    Flushing(Early),
    /// The last ACK is out and the file is closed; the ACK may be lost.
    Dallying,
}

/// Whether the client knows that the block behind the last stored one is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// None was seen.
    Untold,
    /// It was told so by an ACK; one for every block behind the gap would bring the window as often.
    Told,
}

/// Why an ACK comes before the last block of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Early {
    /// A block is missing.
    Gap,
    /// Nothing has come for too long.
    Timeout,
}

impl WriteSession {
    pub(super) fn new(mode: Mode, terms: Terms) -> Self {
        Self {
            mode,
            schedule: Schedule::new(terms.interval),
            phase: Phase::Offering,
            block: 0,
            unacknowledged: 0,
            gap: Gap::Untold,
            decoder: Decoder::default(),
            length: 0,
            confirmed: 0,
            retransmissions: 0,
            terms,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.confirmed
    }

    pub(super) fn retransmissions(&self) -> u64 {
        self.retransmissions
    }

    pub(super) fn options(&self) -> &[u8] {
        &self.terms.accepted
    }

    pub(super) fn is_complete(&self) -> bool {
        self.phase == Phase::Dallying
    }

    pub(super) fn is_offering(&self) -> bool {
        self.phase == Phase::Offering
    }

    pub(super) fn handle(&mut self, event: Event<'_>, buffer: &mut Vec<u8>) -> Action {
        match event {
            Event::Start => self.acknowledge(buffer),
            Event::Packet(packet) if self.phase == Phase::Dallying => self.repair(packet, buffer),
            Event::Packet(packet) => self.receive(packet, buffer),
            Event::Timeout => self.repeat(buffer),
            Event::Stored => match self.phase {
                Phase::Flushing(reason) => self.flushed(reason, buffer),
                _ => self.stored(buffer),
            },
            Event::Fetched(_) | Event::FetchedInPlace(_) | Event::Sent(_) | Event::Failed(_) => {
                Action::Wait
            }
        }
    }

    fn receive(&mut self, packet: &[u8], buffer: &mut Vec<u8>) -> Action {
        match Answer::parse(packet) {
            Some(Answer::Error) => Action::End(Ending::ClientError),
            Some(Answer::Data { block, payload }) if block == self.expected() => {
                self.store(payload, buffer)
            }
            Some(Answer::Data { block, .. }) if block == self.block && self.unacknowledged == 0 => {
                self.retransmissions += 1;
                self.write_answer(buffer);
                Action::SendAgain
            }
            Some(Answer::Data { block, .. }) if self.is_behind_gap(block) => self.tell_gap(buffer),
            _ => Action::Wait,
        }
    }

    fn expected(&self) -> u16 {
        next_block(self.block, self.terms.rollover)
    }

    /// True for a block of the same window whose predecessor has not come.
    fn is_behind_gap(&self, block: u16) -> bool {
        let mut number = self.expected();
        (1..self.terms.window).any(|_| {
            number = next_block(number, self.terms.rollover);
            number == block
        })
    }

    /// Has the client go back to the missing block (RFC 7440, section 4).
    fn tell_gap(&mut self, buffer: &mut Vec<u8>) -> Action {
        if self.gap == Gap::Told {
            return Action::Wait;
        }
        self.gap = Gap::Told;
        self.acknowledge_early(Early::Gap, buffer)
    }

    /// What the client is told of is written: an empty piece that is awaited has those written that were kept before it.
    fn acknowledge_early(&mut self, reason: Early, buffer: &mut Vec<u8>) -> Action {
        if self.unacknowledged == 0 {
            return self.tell(reason, buffer);
        }
        self.phase = Phase::Flushing(reason);
        buffer.clear();
        Action::Store {
            offset: self.length,
            progress: Progress::More,
            is_awaited: true,
        }
    }

    fn flushed(&mut self, reason: Early, buffer: &mut Vec<u8>) -> Action {
        self.phase = Phase::Receiving;
        self.tell(reason, buffer)
    }

    fn tell(&mut self, reason: Early, buffer: &mut Vec<u8>) -> Action {
        match reason {
            Early::Gap => {
                self.confirm();
                write_ack(buffer, self.block);
                Action::SendAgain
            }
            Early::Timeout => self.acknowledge(buffer),
        }
    }

    fn store(&mut self, payload: &[u8], buffer: &mut Vec<u8>) -> Action {
        if payload.len() > self.terms.block_size {
            return refuse(ErrorCode::IllegalOperation.into(), buffer);
        }
        let progress = if payload.len() < self.terms.block_size {
            Progress::Last
        } else {
            Progress::More
        };
        self.convert(payload, progress, buffer);
        self.phase = Phase::Storing(progress);
        let offset = self.length;
        self.length = offset.saturating_add(u64::try_from(buffer.len()).unwrap_or(0));
        let is_awaited = progress == Progress::Last || self.completes_window();
        Action::Store {
            offset,
            progress,
            is_awaited,
        }
    }

    fn convert(&mut self, payload: &[u8], progress: Progress, buffer: &mut Vec<u8>) {
        buffer.clear();
        match self.mode {
            Mode::Octet => buffer.extend_from_slice(payload),
            Mode::Netascii => self.decoder.decode(payload, buffer),
        }
        if progress == Progress::Last {
            self.decoder.finish(buffer);
        }
    }

    fn stored(&mut self, buffer: &mut Vec<u8>) -> Action {
        self.block = self.expected();
        let completes_window = self.completes_window();
        self.unacknowledged += 1;
        self.gap = Gap::Untold;
        self.schedule.restart();
        if self.phase == Phase::Storing(Progress::Last) {
            self.phase = Phase::Dallying;
            return self.acknowledge(buffer);
        }
        self.phase = Phase::Receiving;
        if !completes_window {
            return Action::WaitAnew(self.schedule.interval());
        }
        self.acknowledge(buffer)
    }

    /// Whether one more block is the last one of its window.
    fn completes_window(&self) -> bool {
        self.unacknowledged + 1 >= self.terms.window
    }

    fn acknowledge(&mut self, buffer: &mut Vec<u8>) -> Action {
        self.confirm();
        self.write_answer(buffer);
        Action::Send(self.schedule.interval())
    }

    /// The answer that is made acknowledges all that is stored.
    fn confirm(&mut self) {
        self.unacknowledged = 0;
        self.confirmed = self.length;
    }

    fn repeat(&mut self, buffer: &mut Vec<u8>) -> Action {
        if self.phase == Phase::Dallying {
            return Action::End(Ending::Complete);
        }
        if self.schedule.repeat().is_none() {
            return Action::End(Ending::TimedOut);
        }
        self.retransmissions += 1;
        self.acknowledge_early(Early::Timeout, buffer)
    }

    /// Whatever comes after the last ACK means that the client has not seen it; it is repaired once.
    fn repair(&mut self, packet: &[u8], buffer: &mut Vec<u8>) -> Action {
        if packet.len() < SHORTEST_ANSWER {
            return Action::Wait;
        }
        self.retransmissions += 1;
        self.write_answer(buffer);
        Action::SendAndEnd(Ending::Complete)
    }

    fn write_answer(&self, buffer: &mut Vec<u8>) {
        if self.is_offering() && !self.terms.accepted.is_empty() {
            write_oack(buffer, &self.terms.accepted);
        } else {
            write_ack(buffer, self.block);
        }
    }
}
