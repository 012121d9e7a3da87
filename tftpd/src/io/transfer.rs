//! One running transfer: feeds its session with packets, time-outs and file contents, and does what the session says.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use common::log::Level;
use tokio::time::Instant;

use super::channel::Channel;
use super::journal::Entry;
use super::locks::Hold;
use super::request;
use super::serve::Server;
use super::single_port::{Meaning, NextRequest};
use super::slots::Slot;
use super::source::{Source, Storing, Wanted};
use super::turns::spend;
use super::write_behind::Chunk;
use crate::record::Outcome;
use crate::session::{Action, Ending, Event, Progress, Session};
use crate::wire::{Direction, MAX_BLOCK, MAX_PACKET};
use crate::words;

/// How long a transfer waits for room in its socket before it takes the packets for lost.
const PATIENCE: Duration = Duration::from_secs(1);

/// Working space that all transfers share, because none of them keeps anything there while it waits. It is why the
/// memory of a transfer does not depend on its block size.
pub(super) struct Scratch {
    /// The datagram that was received, with one byte more than allowed so that longer ones are noticed.
    pub(super) received: Box<[u8]>,
    /// What was read from the file.
    contents: Box<[u8]>,
    /// The packet to send, or the bytes to store.
    packet: Vec<u8>,
}

/// A transfer and its client.
pub(super) struct Transfer {
    pub(super) session: Session,
    pub(super) source: Source,
    /// Keeps others from the file for as long as it is open.
    pub(super) hold: Option<Hold>,
    pub(super) direction: Direction,
    pub(super) client: SocketAddr,
    /// For the transfer log, if there is one, until its line is written.
    pub(super) entry: Cell<Option<Entry>>,
}

/// What the transfer reacts to.
enum Wake {
    Begin,
    Timeout,
    /// So many bytes were received.
    Packet(usize),
    /// Blocks were sent, but for so many that the socket had no room for.
    Sent(usize),
    /// A thread has read this from the file.
    Read(io::Result<Vec<u8>>),
    /// A thread has written to the file.
    Stored(io::Result<()>),
}

/// How the transfer goes on.
pub(super) enum Next {
    /// The timer keeps running.
    Wait,
    /// The timer starts anew.
    WaitUntil(Instant),
    /// So many blocks were offered to the socket, and it had no room for some.
    Report {
        offered: usize,
        unsent: usize,
    },
    /// A thread shall read so much of the file.
    Fetch {
        offset: u64,
        length: usize,
    },
    /// A thread shall write this to the file.
    Store {
        piece: Chunk,
        progress: Progress,
    },
    Over,
    /// The client wants another one instead.
    Replaced(NextRequest),
}

impl Next {
    /// True if packets were sent.
    fn follows_packet(&self) -> bool {
        matches!(self, Self::WaitUntil(_) | Self::Report { .. })
    }
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self {
            received: vec![0; MAX_PACKET + 1].into_boxed_slice(),
            contents: vec![0; MAX_BLOCK].into_boxed_slice(),
            packet: Vec::with_capacity(MAX_PACKET),
        }
    }
}

impl Transfer {
    /// Sends the first packet at once: whoever else has a transfer, a new client hears that it has one.
    pub(super) fn begin(&mut self, server: &Server, channel: &mut Channel) -> Next {
        self.react(server, channel, Wake::Begin)
    }

    /// Runs the transfer that has begun to its end, and then takes what its client has asked for meanwhile.
    pub(super) async fn run(
        mut self,
        begun: Next,
        server: Rc<Server>,
        mut channel: Channel,
        slot: Slot,
    ) {
        let next = self.converse(begun, &server, &mut channel, &slot).await;
        self.source.finish().await;
        drop((self, channel, slot));
        if let Some(request) = next {
            request::accept_next(&server, &request);
        }
    }

    async fn converse(
        &mut self,
        begun: Next,
        server: &Server,
        channel: &mut Channel,
        slot: &Slot,
    ) -> Option<NextRequest> {
        let mut deadline = Instant::now();
        let mut alarm = server.alarms.alarm();
        let mut looked = false;
        let (mut sent, mut answered) = (false, false);
        let mut next = begun;
        loop {
            if !sent && next.follows_packet() {
                sent = true;
                slot.note_sent(Instant::now());
            }
            if let Next::WaitUntil(later) = next {
                (deadline, looked) = (later, false);
            }
            let waited = match next {
                Next::Wait | Next::WaitUntil(_) => {
                    wait(server, channel, alarm.until(deadline), &mut looked).await
                }
                Next::Report { offered, unsent } => rest(channel, offered, unsent).await,
                Next::Fetch { offset, length } => Ok(Wake::Read(
                    self.source.fetch_by_thread(offset, length).await,
                )),
                Next::Store { piece, progress } => {
                    Ok(Wake::Stored(self.store(piece, progress).await))
                }
                Next::Over => return next_request(server, channel),
                Next::Replaced(request) => return Some(request),
            };
            let is_packet = matches!(waited, Ok(Wake::Packet(_)));
            next = match waited {
                Ok(wake) => self.react(server, channel, wake),
                Err(error) => {
                    self.give_up(server, self.receive_call(), &error);
                    return None;
                }
            };
            // A request that is repeated, or what the session does not heed, does not show that anybody listens.
            if is_packet && !answered && !matches!(next, Next::Wait) {
                answered = true;
                slot.note_answer();
            }
        }
    }

    fn react(&mut self, server: &Server, channel: &mut Channel, wake: Wake) -> Next {
        let Scratch {
            received,
            contents,
            packet,
        } = &mut *server.scratch.borrow_mut();
        let event = match wake {
            Wake::Begin => Event::Start,
            Wake::Timeout => Event::Timeout,
            Wake::Packet(length) => {
                let datagram = received.get(..length).unwrap_or_default();
                match channel.conversation().map(|part| part.judge(datagram)) {
                    Some(Meaning::Repetition) => return Next::Wait,
                    Some(Meaning::Request(request)) => return Next::Replaced(request),
                    Some(Meaning::Packet) | None => Event::Packet(datagram),
                }
            }
            Wake::Sent(unsent) => Event::Sent(unsent),
            Wake::Read(Ok(ref bytes)) => Event::Fetched(bytes),
            Wake::Stored(Ok(())) => Event::Stored,
            Wake::Read(Err(error)) | Wake::Stored(Err(error)) => {
                let action = self.fail(&error, packet);
                return self.perform_or_end(server, channel, action, packet);
            }
        };
        let action = self.step(event, contents, packet);
        self.perform_or_end(server, channel, action, packet)
    }

    fn perform_or_end(
        &mut self,
        server: &Server,
        channel: &mut Channel,
        action: Action,
        packet: &[u8],
    ) -> Next {
        self.perform(server, channel, action, packet)
            .unwrap_or_else(|error| {
                self.give_up(server, self.send_call(), &error);
                Next::Over
            })
    }

    /// Hands the session an event, and then file contents for as long as it asks for them. The action that comes back
    /// is one for the client, or an [`Action::Fetch`] or [`Action::Store`] that the disk has part in.
    fn step(&mut self, event: Event<'_>, contents: &mut [u8], packet: &mut Vec<u8>) -> Action {
        let mut action = self.session.handle(event, packet);
        loop {
            let outcome = match action {
                Action::Fetch {
                    offset,
                    length,
                    in_place,
                } => {
                    let wanted = Wanted {
                        offset,
                        length,
                        in_place,
                    };
                    self.source.fetch(wanted, contents, packet)
                }
                Action::Store {
                    offset,
                    progress,
                    is_awaited,
                } => {
                    let piece = Storing {
                        offset,
                        progress,
                        is_awaited,
                    };
                    self.store_here(packet, piece)
                }
                other => return other,
            };
            action = match outcome {
                Ok(Some(event)) => self.session.handle(event, packet),
                Ok(None) => return action,
                Err(error) => self.fail(&error, packet),
            };
        }
    }

    fn fail(&mut self, error: &io::Error, packet: &mut Vec<u8>) -> Action {
        let text = words::system_text(error);
        let event = Event::Failed(words::file_error(error, &text));
        self.session.handle(event, packet)
    }

    /// `None` if a thread must do it.
    fn store_here(&mut self, bytes: &[u8], piece: Storing) -> io::Result<Option<Event<'static>>> {
        let stored = self.source.store(bytes, piece)?;
        Ok(stored.map(|()| self.note_stored(piece.progress)))
    }

    async fn store(&mut self, piece: Chunk, progress: Progress) -> io::Result<()> {
        self.source.store_by_thread(piece, progress).await?;
        self.note_stored(progress);
        Ok(())
    }

    /// The file is closed, and with it its lock given up, before the client learns that the upload is complete.
    fn note_stored(&mut self, progress: Progress) -> Event<'static> {
        if progress == Progress::Last {
            self.hold = None;
        }
        Event::Stored
    }

    fn perform(
        &mut self,
        server: &Server,
        channel: &mut Channel,
        action: Action,
        packet: &[u8],
    ) -> io::Result<Next> {
        Ok(match action {
            // A client may send blocks ahead of their acknowledgement: they are there already, and no arrival tells of them.
            Action::Send(wait) => {
                channel.send_again(packet)?;
                Next::WaitUntil(Instant::now() + wait)
            }
            Action::WaitAnew(wait) => {
                let deadline = Instant::now() + wait;
                self.source.read_on();
                Next::WaitUntil(deadline)
            }
            Action::SendAgain => {
                channel.send_again(packet)?;
                Next::Wait
            }
            Action::SendBlocks { length } => {
                let packets = self.source.packets(packet);
                Next::Report {
                    offered: packets.len().div_ceil(length),
                    unsent: channel.send_blocks(packets, length)?,
                }
            }
            Action::SendAndEnd(ending) => {
                channel.send(packet)?;
                self.report(server, &ending);
                Next::Over
            }
            Action::End(ending) => {
                self.report(server, &ending);
                Next::Over
            }
            Action::Fetch { offset, length, .. } => Next::Fetch { offset, length },
            Action::Store {
                offset, progress, ..
            } => Next::Store {
                piece: Chunk {
                    bytes: packet.to_vec(),
                    offset,
                },
                progress,
            },
            Action::Wait => Next::Wait,
        })
    }

    fn note(&self, outcome: Outcome<'_>) {
        if let Some(entry) = self.entry.take() {
            entry.ended(&self.session, outcome);
        }
    }

    fn report(&self, server: &Server, ending: &Ending) {
        self.note(Outcome::Ended(ending));
        let client = self.client.ip();
        match ending {
            Ending::Complete | Ending::ClientError => {}
            Ending::OptionsDeclined => server.logger.write(Level::Warning, words::OPTIONS_DECLINED),
            Ending::TimedOut => server.log_at(1, Level::Notice, || words::timed_out(client)),
            Ending::Refused(refusal) => {
                server.log_at(2, Level::Info, || words::nak(refusal, client))
            }
        }
    }

    /// The client's port is closed, or the network is gone: either way nobody listens.
    fn give_up(&self, server: &Server, call: &str, error: &io::Error) {
        let text = words::failed_call(call, error);
        server.logger.write(Level::Warning, &text);
        self.note(Outcome::Broken(&text));
    }

    fn send_call(&self) -> &'static str {
        match self.direction {
            _ if self.session.is_offering() => words::SEND_OACK,
            Direction::Read => words::SEND_DATA,
            Direction::Write => words::SEND_ACK,
        }
    }

    fn receive_call(&self) -> &'static str {
        match self.direction {
            Direction::Read if !self.session.is_offering() => words::RECEIVE_ACK,
            _ => words::RECEIVE,
        }
    }
}

/// One whose client wants another transfer, or that the end of the service cuts off, has a line too.
impl Drop for Transfer {
    fn drop(&mut self) {
        self.note(match self.session.is_complete() {
            true => Outcome::Ended(&Ending::Complete),
            false => Outcome::Abandoned,
        });
    }
}

/// A flood of datagrams does not put off the time-out: it is looked at first. A client that sends without pause must not
/// keep the thread.
///
/// A datagram that the reactor has not told of may be the answer: one look for it precedes each time-out.
async fn wait(
    server: &Server,
    channel: &Channel,
    time_out: impl Future<Output = ()>,
    looked: &mut bool,
) -> io::Result<Wake> {
    spend(1).await;
    tokio::select! {
        biased;
        () = time_out => {}
        received = channel.receive(&server.scratch) => return received.map(Wake::Packet),
    }
    let missed = (!std::mem::replace(looked, true)).then(|| channel.look_again(&server.scratch));
    match missed.flatten() {
        Some(received) => received.map(Wake::Packet),
        None => Ok(Wake::Timeout),
    }
}

fn next_request(server: &Server, channel: &Channel) -> Option<NextRequest> {
    let received = &mut server.scratch.borrow_mut().received;
    channel.conversation()?.next_request(received)
}

/// Turns are fair: a transfer with large windows gives the thread up as often, for its packets, as others do.
async fn rest(channel: &Channel, offered: usize, unsent: usize) -> io::Result<Wake> {
    spend(offered).await;
    if unsent > 0 {
        channel.wait_for_room(PATIENCE).await?;
    }
    Ok(Wake::Sent(unsent))
}
