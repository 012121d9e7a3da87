//! One running transfer: feeds its session with packets, time-outs and file contents, and does what the session says.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::rc::Rc;

use common::log::Level;
use common::sys::watch::Watched;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};

use super::file;
use super::request::send;
use super::serve::Server;
use super::slots::Slot;
use crate::session::{Action, Ending, Event, Progress, Session};
use crate::wire::{Direction, MAX_BLOCK, MAX_PACKET};
use crate::words;

/// Working space that all transfers share, because none of them keeps anything there while it waits. It is why the
/// memory of a transfer does not depend on its block size.
pub(super) struct Scratch {
    /// The datagram that was received, with one byte more than allowed so that longer ones are noticed.
    received: Box<[u8]>,
    /// What was read from the file.
    contents: Box<[u8]>,
    /// The packet to send, or the bytes to store.
    packet: Vec<u8>,
}

/// A transfer and its client.
pub(super) struct Transfer {
    pub(super) session: Session,
    /// `None` once the upload is complete.
    pub(super) file: Option<File>,
    pub(super) direction: Direction,
    pub(super) client: SocketAddr,
}

/// An ICMP error makes a socket ready, but not readable.
const READABLE_OR_ERROR: Interest = Interest::READABLE.add(Interest::ERROR);

/// What woke the transfer.
enum Wake {
    Timeout,
    /// So many bytes were received.
    Packet(usize),
}

/// How the transfer goes on after an event.
enum Next {
    /// The timer keeps running.
    Wait,
    /// The timer starts anew.
    WaitUntil(Instant),
    Over,
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
    /// Runs the transfer to its end.
    pub(super) async fn run(mut self, server: Rc<Server>, socket: Watched<UdpSocket>, _slot: Slot) {
        let mut deadline = Instant::now();
        let mut next = self.begin(&server, &socket);
        loop {
            match next {
                Next::Wait => {}
                Next::WaitUntil(later) => deadline = later,
                Next::Over => return,
            }
            // A client that sends without pause must not keep the thread.
            consume_budget().await;
            next = match wait(&server, &socket, deadline).await {
                Ok(Wake::Timeout) => self.time_out(&server, &socket),
                Ok(Wake::Packet(length)) => self.receive(&server, &socket, length),
                Err(error) => self.give_up(&server, self.receive_call(), &error),
            };
        }
    }

    fn begin(&mut self, server: &Server, socket: &Watched<UdpSocket>) -> Next {
        let scratch = &mut *server.scratch.borrow_mut();
        let action = self.step(Event::Start, &mut scratch.contents, &mut scratch.packet);
        self.perform(server, socket, action, &scratch.packet)
    }

    fn time_out(&mut self, server: &Server, socket: &Watched<UdpSocket>) -> Next {
        let scratch = &mut *server.scratch.borrow_mut();
        let action = self.step(Event::Timeout, &mut scratch.contents, &mut scratch.packet);
        self.perform(server, socket, action, &scratch.packet)
    }

    fn receive(&mut self, server: &Server, socket: &Watched<UdpSocket>, length: usize) -> Next {
        let Scratch {
            received,
            contents,
            packet,
        } = &mut *server.scratch.borrow_mut();
        let event = Event::Packet(received.get(..length).unwrap_or_default());
        let action = self.step(event, contents, packet);
        self.perform(server, socket, action, packet)
    }

    /// Hands the session an event, and then file contents for as long as it asks for them.
    fn step(&mut self, event: Event<'_>, contents: &mut [u8], packet: &mut Vec<u8>) -> Action {
        let mut action = self.session.handle(event, packet);
        loop {
            let outcome = match action {
                Action::Fetch { offset, length } => self.fetch(contents, offset, length),
                Action::Store { offset, progress } => {
                    self.store(packet, offset, progress).map(|()| None)
                }
                other => return other,
            };
            action = match outcome {
                Ok(Some(bytes)) => self.session.handle(Event::Fetched(bytes), packet),
                Ok(None) => self.session.handle(Event::Stored, packet),
                Err(error) => {
                    let text = words::system_text(&error);
                    self.session
                        .handle(Event::Failed(words::file_error(&error, &text)), packet)
                }
            };
        }
    }

    fn fetch<'a>(
        &self,
        contents: &'a mut [u8],
        offset: u64,
        length: usize,
    ) -> io::Result<Option<&'a [u8]>> {
        let (Some(file), Some(room)) = (&self.file, contents.get_mut(..length)) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let filled = file::read_at(file, room, offset)?;
        Ok(room.get(..filled))
    }

    /// The file is closed, and with it its lock given up, before the client learns that the upload is complete.
    fn store(&mut self, bytes: &[u8], offset: u64, progress: Progress) -> io::Result<()> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        file::write_at(file, bytes, offset)?;
        if progress == Progress::Last {
            self.file = None;
        }
        Ok(())
    }

    fn perform(
        &self,
        server: &Server,
        socket: &Watched<UdpSocket>,
        action: Action,
        packet: &[u8],
    ) -> Next {
        let (next, ending) = match action {
            Action::Send(wait) => (Next::WaitUntil(Instant::now() + wait), None),
            Action::SendAgain => (Next::Wait, None),
            Action::SendAndEnd(ending) => (Next::Over, Some(ending)),
            Action::End(ending) => {
                self.report(server, &ending);
                return Next::Over;
            }
            Action::Wait | Action::Fetch { .. } | Action::Store { .. } => return Next::Wait,
        };
        if let Err(error) = send(socket.get_ref(), packet) {
            return self.give_up(server, self.send_call(), &error);
        }
        if let Some(ending) = ending {
            self.report(server, &ending);
        }
        next
    }

    fn report(&self, server: &Server, ending: &Ending) {
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
    fn give_up(&self, server: &Server, call: &str, error: &io::Error) -> Next {
        server
            .logger
            .write(Level::Warning, &words::failed_call(call, error));
        Next::Over
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

/// A flood of datagrams does not put off the time-out: it is looked at first.
async fn wait(server: &Server, socket: &Watched<UdpSocket>, deadline: Instant) -> io::Result<Wake> {
    loop {
        if Instant::now() >= deadline {
            return Ok(Wake::Timeout);
        }
        let Ok(ready) = timeout_at(deadline, socket.ready(READABLE_OR_ERROR)).await else {
            return Ok(Wake::Timeout);
        };
        let receive = |socket: &AsyncFd<UdpSocket>| {
            receive(socket.get_ref(), &mut server.scratch.borrow_mut().received)
        };
        if let Ok(received) = ready?.try_io(receive) {
            return received.map(Wake::Packet);
        }
    }
}

/// The same call takes a datagram and the news that the client's port is closed.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?)
}
