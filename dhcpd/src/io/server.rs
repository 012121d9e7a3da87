//! The receive loop: one event, the engine's decision, what it wants done.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::log::Logger;
use common::sys::icmp::IcmpSocket;
use common::sys::interface_monitor::InterfaceMonitor;
use common::time::Time;
use nix::sys::signal::Signal;
use tokio::runtime;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc::{OwnedPermit, UnboundedReceiver};

use super::admission::Admission;
use super::clock;
use super::commit::{Commits, News, Order};
use super::delay::Delay;
use super::egress::Egress;
use super::failure::Fatal;
use super::helper::Helper;
use super::ingress::Ingress;
use super::interfaces::{Changes, Interfaces, Surroundings};
use super::leasefile::LeaseFile;
use super::leases;
use super::names::{self, Names};
use super::ping::Pinger;
use super::programs::Programs;
use super::resolver;
use super::rewriting::Rewriting;
use crate::cli::Rates;
use crate::config::model::Config;
use crate::engine4::{Engine, InterfaceId, Outbox, Reply};
use crate::lease::Reading;
use crate::words;

/// The longest sleep: the engine's times are those of the clock on the wall, which can be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What a server is made of.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) config: Arc<Config>,
    pub(super) interfaces: Interfaces,
    pub(super) monitor: Option<InterfaceMonitor>,
    pub(super) names: Names,
    /// Who runs programs, if the configuration has any.
    pub(super) helper: Option<Helper>,
    pub(super) rates: Rates,
    pub(super) egress: Arc<Egress>,
    pub(super) file: LeaseFile,
    /// How long replies wait for others, if they shall.
    pub(super) delay: Option<Delay>,
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
    config: Arc<Config>,
    interfaces: Interfaces,
    changes: Changes,
    names: Names,
    answers: Option<UnboundedReceiver<resolver::Answer>>,
    ingress: Ingress,
    admission: Admission,
    egress: Arc<Egress>,
    pinger: Pinger,
    commits: Commits,
    programs: Programs,
    signals: Signals,
    logger: Arc<Logger>,
    outbox: Outbox,
    reading: Reading,
    rewriting: Rewriting,
}

enum Event {
    Stop(Signal),
    Frames(InterfaceId),
    Answer(Ipv4Addr),
    News(News),
    Interfaces,
    /// `None` if there will be no more.
    Lookup(Option<resolver::Answer>),
    Wakeup,
}

impl Server {
    /// Registers everything with the event loop of the running runtime and starts the commit thread.
    fn new(parts: Parts) -> io::Result<Self> {
        let released_by = Arc::clone(&parts.egress);
        let release = move |replies: &[Reply]| released_by.send(replies);
        let whole = parts.file.length();
        let commits = Commits::start(parts.file, parts.delay, Arc::clone(&parts.logger), release)?;
        Ok(Self {
            ingress: Ingress::new(&parts.egress.ports(), Arc::clone(&parts.logger))?,
            admission: Admission::new(parts.rates, Instant::now()),
            pinger: Pinger::new(parts.icmp)?,
            signals: Signals::new()?,
            engine: parts.engine,
            config: parts.config,
            interfaces: parts.interfaces,
            changes: Changes::new(parts.monitor)?,
            answers: parts.names.listen()?,
            names: parts.names,
            egress: parts.egress,
            commits,
            programs: Programs::start(parts.helper, Arc::clone(&parts.logger))?,
            logger: parts.logger,
            outbox: Outbox::default(),
            reading: parts.reading,
            rewriting: Rewriting::new(parts.rewritten, whole),
        })
    }

    /// Serves until a signal asks to stop, and returns it when everything decided until then is on disk.
    async fn serve(mut self) -> Result<Signal, Fatal> {
        // Room first: what cannot be written must not be read.
        while let Some(room) = self.commits.room().await {
            if let Some(order) = self.next_rewrite_order() {
                room.send(order);
                continue;
            }
            self.names.ask_due(clock::now());
            match self.next_event().await {
                Event::Stop(signal) => {
                    drop(room);
                    self.finish();
                    return Ok(signal);
                }
                event => self.handle(event),
            }
            self.deliver(room);
            if self.outbox.ended {
                self.finish();
                return Err(Fatal::reported());
            }
        }
        // The commit thread is gone, which only a panic can cause: without it nothing can be promised to clients.
        Ok(Signal::SIGABRT)
    }

    /// What has been decided is on disk first; programs come after that.
    fn finish(self) {
        self.commits.finish();
        self.programs.finish();
    }

    async fn next_event(&mut self) -> Event {
        let pause = self.pause();
        tokio::select! {
            signal = self.signals.next() => Event::Stop(signal),
            interface = self.ingress.receive() => Event::Frames(interface),
            address = self.pinger.next_answer() => Event::Answer(address),
            news = self.commits.next_news() => Event::News(news),
            () = self.changes.next() => Event::Interfaces,
            answer = next_lookup(&mut self.answers) => Event::Lookup(answer),
            () = tokio::time::sleep(pause) => Event::Wakeup,
        }
    }

    fn pause(&self) -> Duration {
        let wakeups = [
            self.engine.next_wakeup(),
            self.rewriting.mends_at(),
            self.names.next_due(),
        ];
        let wakeup = wakeups.into_iter().flatten().min();
        let pause = wakeup.map_or(LONGEST_SLEEP, |time| time.since(clock::now()));
        pause.min(LONGEST_SLEEP)
    }

    fn handle(&mut self, event: Event) {
        let (engine, outbox, now) = (&mut self.engine, &mut self.outbox, clock::now());
        match event {
            Event::Frames(interface) => {
                let (moment, admission) = (Instant::now(), &mut self.admission);
                admission.adapt(moment, interface, || self.ingress.lost(interface));
                self.ingress.each(interface, |arrival, bytes| {
                    if admission.admits(moment, interface, bytes, |it| engine.knows(it)) {
                        engine.packet(now, arrival, bytes, outbox);
                    }
                });
            }
            Event::Answer(address) => engine.ping_answered(now, address, outbox),
            Event::News(news) => self.rewriting.note(news),
            Event::Interfaces => self.interfaces.look(&mut Surroundings {
                engine,
                ingress: &mut self.ingress,
                egress: &self.egress,
            }),
            Event::Lookup(Some(answer)) => match self.names.note(answer, now, &self.logger) {
                Some(names::News::Addresses(name, addresses)) => engine.resolve(&name, addresses),
                Some(names::News::Host(address, name)) => engine.name_host(address, name),
                None => {}
            },
            Event::Lookup(None) => {
                self.answers = None;
                self.names.give_up();
                self.logger.error(words::RESOLVER_GONE);
            }
            Event::Wakeup => engine.tick(now, outbox),
            Event::Stop(_) => {}
        }
    }

    /// Does what the engine wants. Replies that wait for the disk go to the commit thread, all others leave now.
    fn deliver(&mut self, room: OwnedPermit<Order>) {
        if let Some(line) = self.admission.report(Instant::now()) {
            self.logger.info(&line);
        }
        self.logger.log_all(&self.outbox.lines);
        self.outbox.lines.clear();
        for command in self.outbox.commands.drain(..) {
            self.programs.order(command);
        }
        for address in self.outbox.lookups.drain(..) {
            self.names.ask_host(address);
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
        if !journal.is_empty() {
            self.rewriting.note_records(clock::now(), journal.len());
        }
        room.send(Order::Append {
            journal,
            replies: durable,
        });
    }

    fn next_rewrite_order(&mut self) -> Option<Order> {
        let (engine, reading) = (&self.engine, &self.reading);
        let declared = reading.declared;
        self.rewriting.next_order(
            clock::now(),
            |snapshot, text| engine.write_slice(snapshot, reading, text),
            |leases| leases::report(&self.config, declared, leases, &self.logger),
        )
    }
}

/// The next answer of the resolver, if one is running. Safe to cancel.
async fn next_lookup(
    answers: &mut Option<UnboundedReceiver<resolver::Answer>>,
) -> Option<resolver::Answer> {
    match answers {
        Some(answers) => answers.recv().await,
        None => std::future::pending().await,
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
