//! One transfer as a state machine: events in, one action out. It owns no socket, no file and no clock, and holds no
//! block: what may have to be sent again is made again from the file (reference tftpd-hpa.md, sections 9 and 10).

mod read;
mod schedule;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use schedule::{Schedule, TRANSMISSIONS};

use crate::negotiate::Terms;
use crate::wire::{Direction, ErrorCode, Mode, Refusal, write_error};
use read::ReadSession;
use write::WriteSession;

/// A running transfer.
#[derive(Debug)]
pub struct Session(Kind);

#[derive(Debug)]
enum Kind {
    Read(ReadSession),
    Write(WriteSession),
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The transfer begins.
    Start,
    /// A datagram came from the client.
    Packet(&'a [u8]),
    /// The time that the last [`Action::Send`] or [`Action::WaitAnew`] asked for has passed.
    Timeout,
    /// What [`Action::Fetch`] asked for: shorter than asked only at the end of the file.
    Fetched(&'a [u8]),
    /// The same, so many bytes of it where they are sent from: behind the first [`HEADER`](crate::wire::HEADER) bytes of the
    /// buffer, or elsewhere with these in front, as [`Action::Fetch`] has allowed.
    FetchedInPlace(usize),
    /// What [`Action::SendBlocks`] asked for is done, but for so many packets at the end that the system did not take.
    Sent(usize),
    /// What [`Action::Store`] asked for is done.
    Stored,
    /// The file could not be read or written.
    Failed(FileError<'a>),
}

/// Why a file could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError<'a> {
    /// No space is left, or none that this user may take.
    NoSpace,
    /// Anything else, in the system's words.
    System(&'a str),
}

/// What shall be done, with the buffer that was given along with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing; the timer keeps running.
    Wait,
    /// Nothing but to wait so long for an answer.
    WaitAnew(Duration),
    /// Send the buffer and wait so long for an answer.
    Send(Duration),
    /// Send the buffer; the timer keeps running.
    SendAgain,
    /// The buffer holds packets one behind the other, each of this length and the last perhaps shorter: send them and
    /// come back with [`Event::Sent`].
    SendBlocks {
        /// Bytes in each packet.
        length: usize,
    },
    /// Read up to `length` bytes of the file at `offset`, and come back with [`Event::Fetched`].
    Fetch {
        /// Where in the file.
        offset: u64,
        /// How many bytes.
        length: usize,
        /// They may stay where they are sent from: they are the payload of one packet.
        in_place: bool,
    },
    /// Write the buffer to the file at `offset`, and come back with [`Event::Stored`].
    Store {
        /// Where in the file.
        offset: u64,
        /// Whether more will follow. After the last one the file is closed before the event.
        progress: Progress,
        /// Whether an answer to the client waits for this, and for all before it, to be written: else it may be written
        /// together with what follows. An empty buffer asks for what comes before alone.
        is_awaited: bool,
    },
    /// Send the buffer; the transfer is over.
    SendAndEnd(Ending),
    /// The transfer is over.
    End(Ending),
}

/// Whether a block is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More follow.
    More,
    /// The file is complete.
    Last,
}

/// How a transfer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The whole file went over.
    Complete,
    /// The client answered the OACK with an ERROR, as boot ROMs do on purpose after learning the size.
    OptionsDeclined,
    /// The client sent an ERROR.
    ClientError,
    /// The client has not answered for the whole schedule.
    TimedOut,
    /// We sent this ERROR.
    Refused(Refusal),
}

impl Session {
    /// A transfer that has not begun.
    #[must_use]
    pub fn new(direction: Direction, mode: Mode, terms: Terms) -> Self {
        Self(match direction {
            Direction::Read => Kind::Read(ReadSession::new(mode, terms)),
            Direction::Write => Kind::Write(WriteSession::new(mode, terms)),
        })
    }

    /// Takes an event and says what to do. `buffer` is working space that is shared by all sessions: its contents
    /// before the call mean nothing.
    pub fn handle(&mut self, event: Event<'_>, buffer: &mut Vec<u8>) -> Action {
        if let Event::Failed(error) = event {
            return refuse(file_refusal(error), buffer);
        }
        match &mut self.0 {
            Kind::Read(session) => session.handle(event, buffer),
            Kind::Write(session) => session.handle(event, buffer),
        }
    }

    /// Bytes of the file that the client has confirmed (read), or that were confirmed to it (write).
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.0 {
            Kind::Read(session) => session.bytes(),
            Kind::Write(session) => session.bytes(),
        }
    }

    /// How often something was sent again.
    #[must_use]
    pub fn retransmissions(&self) -> u64 {
        match &self.0 {
            Kind::Read(session) => session.retransmissions(),
            Kind::Write(session) => session.retransmissions(),
        }
    }

    /// The accepted options as they stand in the OACK.
    #[must_use]
    pub fn options(&self) -> &[u8] {
        match &self.0 {
            Kind::Read(session) => session.options(),
            Kind::Write(session) => session.options(),
        }
    }

    /// True once the file is complete here, and all that is left is to repeat the last ACK if the client asks for it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match &self.0 {
            Kind::Read(_) => false,
            Kind::Write(session) => session.is_complete(),
        }
    }

    /// True until the client has answered the first packet.
    #[must_use]
    pub fn is_offering(&self) -> bool {
        match &self.0 {
            Kind::Read(session) => session.is_offering(),
            Kind::Write(session) => session.is_offering(),
        }
    }
}

fn refuse(refusal: Refusal, buffer: &mut Vec<u8>) -> Action {
    write_error(buffer, &refusal);
    Action::SendAndEnd(Ending::Refused(refusal))
}

fn file_refusal(error: FileError<'_>) -> Refusal {
    match error {
        FileError::NoSpace => Refusal::from(ErrorCode::DiskFull),
        FileError::System(text) => Refusal {
            code: ErrorCode::Undefined,
            text: text.into(),
        },
    }
}

/// The number after `block`.
fn next_block(block: u16, rollover: u16) -> u16 {
    block.checked_add(1).unwrap_or(rollover)
}
