//! Frames on their way in: whichever interface has some, a batch at a time.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Instant;

use common::log::Logger;
use common::net::frames::{self, Rejection, UdpChecksum};
use common::sys::batch::{Datagram, ReceiveBatch};
use common::sys::packet::PacketSocket;
use common::sys::watch::Watched;

use super::egress::Port;
use super::moderation::Moderation;
use crate::engine4::{Arrival, InterfaceId};
use crate::words;

/// Room for a frame; longer ones cannot be BOOTP messages for us.
const FRAME: usize = 4096;

/// Bad checksums are reported when this many have come in since the last report.
const REPORT_AFTER: u64 = 5;

/// The receiving half of all interfaces.
pub(super) struct Ingress {
    inputs: Vec<Input>,
    /// Whose turn it is to be looked at first.
    turn: usize,
    batch: ReceiveBatch,
    moderation: Moderation,
    checksums: ChecksumCount,
    logger: Arc<Logger>,
}

struct Input {
    name: String,
    socket: Watched<Arc<PacketSocket>>,
}

impl Ingress {
    /// Registers the sockets with the event loop of the running runtime.
    pub(super) fn new(ports: &[Port], logger: Arc<Logger>) -> io::Result<Self> {
        Ok(Self {
            inputs: ports.iter().map(Input::new).collect::<io::Result<_>>()?,
            turn: 0,
            batch: ReceiveBatch::new(FRAME),
            moderation: Moderation::default(),
            checksums: ChecksumCount::default(),
            logger,
        })
    }

    /// There is one more interface.
    pub(super) fn add(&mut self, port: &Port) -> io::Result<()> {
        self.inputs.push(Input::new(port)?);
        Ok(())
    }

    /// Frames of `interface` that the system has lost since this was asked last, for want of room. A system that does not say
    /// has lost none.
    pub(super) fn lost(&self, interface: InterfaceId) -> u32 {
        let input = self.inputs.get(usize::from(interface.0));
        let lost = input.map(|input| input.socket.get_ref().lost());
        lost.and_then(io::Result::ok).unwrap_or(0)
    }

    /// Waits for frames and takes up to a batch of them from one interface. Safe to cancel: what was taken is kept
    /// only when this returns. While many come, this keeps the thread for a moment before it waits.
    pub(super) async fn receive(&mut self) -> InterfaceId {
        std::future::poll_fn(|context| {
            let polled = self.poll(context);
            if polled.is_pending() {
                thread::sleep(self.moderation.rest(Instant::now()));
            }
            polled
        })
        .await
    }

    /// Interfaces take turns, so that a busy one does not silence the others.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<InterfaceId> {
        let count = self.inputs.len();
        for offset in 0..count {
            let index = self.turn.wrapping_add(offset) % count;
            let Some(input) = self.inputs.get(index) else {
                continue;
            };
            let polled = input.poll(&mut self.batch, &self.logger, context);
            if let Poll::Ready(frames) = polled {
                self.moderation.note(frames, Instant::now());
                self.turn = index.wrapping_add(1);
                // A list of interfaces never gets that long.
                return Poll::Ready(InterfaceId(u16::try_from(index).unwrap_or(u16::MAX)));
            }
        }
        Poll::Pending
    }

    /// Hands the datagrams that were received on `interface` to `take`.
    pub(super) fn each(&mut self, interface: InterfaceId, mut take: impl FnMut(&Arrival, &[u8])) {
        for frame in self.batch.datagrams() {
            let Some(datagram) = open(&frame, &mut self.checksums) else {
                continue;
            };
            let arrival = Arrival {
                interface,
                peer: datagram.envelope.source,
            };
            take(&arrival, datagram.payload);
        }
        self.checksums.report(&self.logger);
    }
}

impl Input {
    fn new(port: &Port) -> io::Result<Self> {
        let socket = Watched::new(Arc::clone(&port.socket))?;
        let name = port.name.clone();
        Ok(Self { name, socket })
    }

    /// Takes up to a batch of frames and says how many.
    fn poll(
        &self,
        batch: &mut ReceiveBatch,
        logger: &Logger,
        context: &mut Context<'_>,
    ) -> Poll<usize> {
        let mut failed = false;
        loop {
            let mut guard = match ready!(self.socket.poll_read_ready(context)) {
                Ok(guard) => guard,
                // The event loop is being shut down.
                Err(_) => return Poll::Pending,
            };
            match guard.try_io(|socket| socket.get_ref().receive(batch)) {
                Ok(Ok(frames)) => {
                    // What comes after the last one is told again.
                    if batch.is_exhaustive() {
                        guard.clear_ready();
                    }
                    return Poll::Ready(frames);
                }
                // The interface went down or away. The error has hidden frames that came when it was back; one that stays
                // is looked at again when something happens.
                Ok(Err(error)) => {
                    logger.error(&words::receive_failed(&self.name, &error));
                    if std::mem::replace(&mut failed, true) {
                        guard.clear_ready();
                    }
                }
                Err(_would_block) => {}
            }
        }
    }
}

fn open<'a>(frame: &Datagram<'a>, checksums: &mut ChecksumCount) -> Option<frames::Datagram<'a>> {
    if frame.tagged {
        return None;
    }
    let checksum = if frame.checksum_pending {
        UdpChecksum::Pending
    } else {
        UdpChecksum::Complete
    };
    let opened = frames::parse(frame.bytes, checksum);
    checksums.note(opened.as_ref().err());
    opened.ok()
}

/// How many datagrams came with a wrong checksum.
#[derive(Debug, Default)]
struct ChecksumCount {
    all: u64,
    bad: u64,
}

impl ChecksumCount {
    fn note(&mut self, rejection: Option<&Rejection>) {
        self.all = self.all.saturating_add(1);
        if rejection == Some(&Rejection::UdpChecksum) {
            self.bad = self.bad.saturating_add(1);
        }
    }

    fn report(&mut self, logger: &Logger) {
        if self.bad >= REPORT_AFTER {
            logger.info(&words::bad_checksums(self.bad, self.all));
            *self = Self::default();
        }
    }
}
