//! The transfer of a file to the client (RRQ).

use super::{Action, Ending, Event, Progress, Schedule, next_block};
use crate::negotiate::Terms;
use crate::netascii::Encoder;
use crate::wire::{Answer, Mode, write_data_header, write_oack};

/// A file on its way to the client.
#[derive(Debug)]
pub(super) struct ReadSession {
    mode: Mode,
    terms: Terms,
    schedule: Schedule,
    phase: Phase,
    block: u16,
    /// Where the current block begins, so that it can be made again.
    current: Cursor,
    /// Where the next one begins.
    next: Cursor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The OACK is out.
    Offering,
    /// The current block is out.
    Sending(Progress),
}

/// A place in the stream of converted bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    offset: u64,
    encoder: Encoder,
}

impl ReadSession {
    pub(super) fn new(mode: Mode, terms: Terms) -> Self {
        Self {
            mode,
            schedule: Schedule::new(terms.interval),
            phase: Phase::Offering,
            block: 0,
            current: Cursor::default(),
            next: Cursor::default(),
            terms,
        }
    }

    pub(super) fn is_offering(&self) -> bool {
        self.phase == Phase::Offering
    }

    pub(super) fn handle(&mut self, event: Event<'_>, buffer: &mut Vec<u8>) -> Action {
        match event {
            Event::Start if self.terms.accepted.is_empty() => self.advance(),
            Event::Start => self.offer(buffer),
            Event::Packet(packet) => self.receive(packet, buffer),
            Event::Timeout => self.repeat(buffer),
            Event::Fetched(bytes) => self.send_block(bytes, buffer),
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
            (Phase::Sending(_), Some(Answer::Error)) => Action::End(Ending::ClientError),
            (Phase::Offering, Some(Answer::Ack(0))) => self.advance(),
            (Phase::Offering, Some(Answer::Ack(_))) => {
                write_oack(buffer, &self.terms.accepted);
                Action::SendAgain
            }
            (Phase::Sending(progress), Some(Answer::Ack(block))) if block == self.block => {
                match progress {
                    Progress::More => self.advance(),
                    Progress::Last => Action::End(Ending::Complete),
                }
            }
            // An ACK for another block is never answered: answering would double every packet from then on.
            _ => Action::Wait,
        }
    }

    /// The client has everything so far: on to the next block.
    fn advance(&mut self) -> Action {
        self.schedule.restart();
        self.phase = Phase::Sending(Progress::More);
        self.block = next_block(self.block, self.terms.rollover);
        self.current = self.next;
        self.fetch()
    }

    fn repeat(&mut self, buffer: &mut Vec<u8>) -> Action {
        if self.schedule.repeat().is_none() {
            return Action::End(Ending::TimedOut);
        }
        match self.phase {
            Phase::Offering => self.offer(buffer),
            Phase::Sending(_) => self.fetch(),
        }
    }

    fn fetch(&self) -> Action {
        Action::Fetch {
            offset: self.current.offset,
            length: self.terms.block_size,
        }
    }

    fn send_block(&mut self, bytes: &[u8], buffer: &mut Vec<u8>) -> Action {
        write_data_header(buffer, self.block);
        let header = buffer.len();
        self.next = self.current;
        self.next.offset = self.next.offset.saturating_add(self.convert(bytes, buffer));
        let progress = if buffer.len() - header < self.terms.block_size {
            Progress::Last
        } else {
            Progress::More
        };
        self.phase = Phase::Sending(progress);
        Action::Send(self.schedule.interval())
    }

    /// Appends the payload and returns how many bytes of the file are in it.
    fn convert(&mut self, bytes: &[u8], buffer: &mut Vec<u8>) -> u64 {
        let used = match self.mode {
            Mode::Octet => {
                buffer.extend_from_slice(bytes);
                bytes.len()
            }
            Mode::Netascii => self
                .next
                .encoder
                .encode(bytes, buffer, self.terms.block_size),
        };
        u64::try_from(used).unwrap_or(0)
    }
}
