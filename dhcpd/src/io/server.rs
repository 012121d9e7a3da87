//! The receive loop: one event, the engine's decision, what it wants done.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use common::log::Logger;
use common::sys::icmp::IcmpSocket;
use common::time::Time;
use nix::sys::signal::Signal;
use tokio::runtime;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc::OwnedPermit;

use super::clock;
use super::commit::{Commits, Committer, Order};
use super::egress::Egress;
use super::failure::Fatal;
use super::ingress::Ingress;
use super::leasefile::LeaseFile;
use super::ping::Pinger;
use super::programs::Programs;
use crate::engine4::{Engine, InterfaceId, Outbox, Reply};
use crate::lease::Reading;
use crate::words;

/// A record written this long after the last rewrite of the lease file causes the next.
const REWRITE_AFTER: Duration = Duration::from_secs(3600);

/// A rewrite that shall mend the file after a failed write waits this long after the one before.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The longest sleep: the engine's times are those of the clock on the wall, which can be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What a server is made of.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) egress: Arc<Egress>,
    pub(super) file: LeaseFile,
    pub(super) reading: Reading,
    pub(super) icmp: Option<IcmpSocket>,
    pub(super) logger: Arc<Logger>,
    /// When the lease file was written as a whole.
    pub(super) rewritten: Time,
}

/// Serves until a signal asks to stop, and returns it.
pub(super) fn run(parts: Parts) -> Result<Signal, Fatal> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| words::no_event_loop(&error))?;
    runtime.block_on(async {
        let server = Server::new(parts).map_err(|error| words::no_event_loop(&error))?;
        server.serve().await
    })
}

/// Everything that the loop works with.
struct Server {
    engine: Engine,
    ingress: Ingress,
    egress: Arc<Egress>,
    pinger: Pinger,
    commits: Commits,
    programs: Programs,
    signals: Signals,
    logger: Arc<Logger>,
    outbox: Outbox,
    reading: Reading,
    rewritten: Time,
    /// True if the lease file has grown since.
    written: bool,
}

enum Event {
    Stop(Signal),
    Frames(InterfaceId),
    Answer(Ipv4Addr),
    Wakeup,
}

impl Server {
    /// Registers everything with the event loop of the running runtime and starts the commit thread.
    fn new(parts: Parts) -> io::Result<Self> {
        let released_by = Arc::clone(&parts.egress);
        let commits = Commits::start(Committer {
            file: parts.file,
            logger: Arc::clone(&parts.logger),
            release: move |replies: &[Reply]| released_by.send(replies),
            incomplete: Arc::default(),
        })?;
        Ok(Self {
            ingress: Ingress::new(&parts.egress.ports, Arc::clone(&parts.logger))?,
            pinger: Pinger::new(parts.icmp)?,
            signals: Signals::new()?,
            engine: parts.engine,
            egress: parts.egress,
            commits,
            programs: Programs::start(Arc::clone(&parts.logger))?,
            logger: parts.logger,
            outbox: Outbox::default(),
            reading: parts.reading,
            rewritten: parts.rewritten,
            written: false,
        })
    }

    /// Serves until a signal asks to stop, and returns it when everything decided until then is on disk.
    async fn serve(mut self) -> Result<Signal, Fatal> {
        // Room first: what cannot be written must not be read.
        while let Some(room) = self.commits.room().await {
            if self.is_rewrite_due() {
                self.rewrite(room);
                continue;
            }
            match self.next_event().await {
                Event::Stop(signal) => {
                    drop(room);
                    self.commits.finish();
                    return Ok(signal);
                }
                event => self.handle(&event),
            }
            self.deliver(room);
            if self.outbox.ended {
                self.commits.finish();
                return Err(Fatal::reported());
            }
        }
        // The commit thread is gone, which only a panic can cause: without it nothing can be promised to clients.
        Ok(Signal::SIGABRT)
    }

    async fn next_event(&mut self) -> Event {
        let pause = self.pause();
        tokio::select! {
            signal = self.signals.next() => Event::Stop(signal),
            interface = self.ingress.receive() => Event::Frames(interface),
            address = self.pinger.next_answer() => Event::Answer(address),
            () = tokio::time::sleep(pause) => Event::Wakeup,
        }
    }

    fn pause(&self) -> Duration {
        let wakeup = self.engine.next_wakeup();
        let pause = wakeup.map_or(LONGEST_SLEEP, |time| time.since(clock::now()));
        pause.min(LONGEST_SLEEP)
    }

    fn handle(&mut self, event: &Event) {
        let (engine, outbox, now) = (&mut self.engine, &mut self.outbox, clock::now());
        match *event {
            Event::Frames(interface) => self.ingress.each(interface, |arrival, bytes| {
                engine.packet(now, arrival, bytes, outbox);
            }),
            Event::Answer(address) => engine.ping_answered(now, address, outbox),
            Event::Wakeup => engine.tick(now, outbox),
            Event::Stop(_) => {}
        }
    }

    /// Does what the engine wants. Replies that wait for the disk go to the commit thread, all others leave now.
    fn deliver(&mut self, room: OwnedPermit<Order>) {
        for line in self.outbox.lines.drain(..) {
            self.logger.log(&line);
        }
        for command in self.outbox.commands.drain(..) {
            self.programs.order(command);
        }
        for ping in self.outbox.pings.drain(..) {
            if let Err(error) = self.pinger.ask(ping.address) {
                self.logger.error(&words::ping_failed(ping.address, &error));
            }
        }
        let replies = std::mem::take(&mut self.outbox.replies);
        let (durable, ready): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|reply| reply.needs_durable);
        self.egress.send(&ready);
        let journal = std::mem::take(&mut self.outbox.journal);
        if journal.is_empty() && durable.is_empty() {
            return;
        }
        self.written = true;
        room.send(Order::Append {
            journal,
            replies: durable,
        });
    }

    fn is_rewrite_due(&self) -> bool {
        let age = clock::now().since(self.rewritten);
        let mends = self.commits.want_rewrite() && age > RETRY_AFTER;
        mends || (self.written && age > REWRITE_AFTER)
    }

    fn rewrite(&mut self, room: OwnedPermit<Order>) {
        let now = clock::now();
        self.rewritten = now;
        self.written = false;
        let mut content = Vec::new();
        self.engine
            .write_leases(&self.reading, &mut content, &mut self.outbox);
        room.send(Order::Rewrite {
            content,
            now: now.seconds(),
        });
    }
}

/// The signals that end the server orderly. All others keep their default action, as in the original.
struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.interrupt.recv() => Signal::SIGINT,
        }
    }
}
