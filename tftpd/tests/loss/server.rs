//! The session under test with its file and its clock, doing at once whatever the session asks for.

use std::time::Duration;

use tftpd::negotiate::Terms;
use tftpd::session::{Action, Ending, Event, Progress, Session};
use tftpd::wire::{Direction, Mode};

/// The first retransmission interval, in milliseconds.
pub const INTERVAL: u64 = 1000;

/// What both sides have agreed on.
#[derive(Clone, Debug)]
pub struct Deal {
    pub direction: Direction,
    pub mode: Mode,
    pub block: usize,
    pub window: u16,
    pub rollover: u16,
    /// Whether the server begins with an OACK.
    pub offers: bool,
}

pub struct Server {
    session: Session,
    pub file: Vec<u8>,
    pub closed: bool,
    pub now: u64,
    pub deadline: u64,
    pub ending: Option<Ending>,
    sent: Vec<Vec<u8>>,
}

impl Server {
    pub fn new(deal: &Deal, file: Vec<u8>) -> Self {
        let accepted: &[u8] = if deal.offers { b"blksize\x009\0" } else { b"" };
        let terms = Terms {
            block_size: deal.block,
            window: deal.window,
            interval: Duration::from_millis(INTERVAL),
            rollover: deal.rollover,
            accepted: accepted.into(),
        };
        Self {
            session: Session::new(deal.direction, deal.mode, terms),
            file,
            closed: false,
            now: 0,
            deadline: u64::MAX,
            ending: None,
            sent: Vec::new(),
        }
    }

    pub fn start(&mut self) {
        self.handle(Event::Start);
    }

    pub fn receive(&mut self, packet: &[u8]) {
        self.handle(Event::Packet(packet));
    }

    pub fn time_out(&mut self) {
        self.handle(Event::Timeout);
    }

    pub fn take_sent(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut buffer = b"left over".to_vec();
        match self.session.handle(event, &mut buffer) {
            Action::Wait => {}
            Action::WaitAnew(wait) => self.wait(wait),
            Action::Send(wait) => {
                self.wait(wait);
                self.sent.push(buffer);
            }
            Action::SendAgain => self.sent.push(buffer),
            Action::SendBlocks { length } => {
                self.sent.extend(buffer.chunks(length).map(<[u8]>::to_vec));
                self.handle(Event::Sent(0));
            }
            Action::Fetch { offset, length, .. } => {
                let begin = usize::try_from(offset).unwrap().min(self.file.len());
                let end = (begin + length).min(self.file.len());
                let bytes = self.file[begin..end].to_vec();
                self.handle(Event::Fetched(&bytes));
            }
            Action::Store {
                offset, progress, ..
            } => {
                assert!(!self.closed, "a closed file is written");
                assert_eq!(usize::try_from(offset).unwrap(), self.file.len());
                self.file.extend(buffer);
                self.closed = progress == Progress::Last;
                self.handle(Event::Stored);
            }
            Action::SendAndEnd(ending) => {
                self.sent.push(buffer);
                self.ending = Some(ending);
            }
            Action::End(ending) => self.ending = Some(ending),
        }
    }

    fn wait(&mut self, wait: Duration) {
        self.deadline = self.now + u64::try_from(wait.as_millis()).unwrap();
    }
}
