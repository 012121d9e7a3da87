//! The serving process: gives up root, then takes requests until it is told to stop, then lets transfers finish.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::future::pending;
use std::io;
use std::net::UdpSocket;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use common::log::{Level, Logger};
use common::process::{Account, Groups, change_root, drop_privileges};
use common::sys::burst::{Cutting, best_cutting};
use common::sys::local_time;
use common::sys::timer::Timer;
use nix::sys::stat::{Mode, umask};
use nix::unistd::setuid;
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::alarms::Alarms;
use super::guard::Guard;
use super::journal::Journal;
use super::lifeline::{Lifeline, Order, Report, ServerEnd};
use super::listener::Listener;
use super::locks::Locks;
use super::map_file::TriedMap;
use super::mapper::{MapFile, Mapper, Staff, Trial};
use super::ports::Ports;
use super::root::Root;
use super::sandbox;
use super::single_port::Switchboard;
use super::slots::{Limits, Slots};
use super::source::Storeroom;
use super::supervise::{Stop, runtime};
use super::transfer::Scratch;
use crate::access::{Permissions, Rules, Territory};
use crate::cli::{PortUse, Running, Settings};
use crate::exit::{SYSTEM, StartError};
use crate::words;

/// How long the end of the service waits for a supervisor that does not take the news of it.
const LISTENS_WITHIN: Duration = Duration::from_secs(1);

/// What all transfers share.
pub(super) struct Server {
    pub(super) settings: Settings,
    pub(super) rules: Rules,
    pub(super) logger: Arc<Logger>,
    pub(super) ports: RefCell<Ports>,
    pub(super) slots: Rc<Slots>,
    pub(super) scratch: RefCell<Scratch>,
    pub(super) storeroom: Rc<Storeroom>,
    pub(super) alarms: Rc<Alarms>,
    pub(super) switchboard: Rc<Switchboard>,
    /// Where transfers run. What comes before them, requests above all, runs in front of each of their rounds, so that
    /// a new client does not queue up behind thousands of them.
    pub(super) transfers: Weak<LocalSet>,
    /// True when no new transfers are wanted.
    pub(super) stopping: Cell<bool>,
    /// Who cuts windows into packets.
    pub(super) cutting: Cutting,
    /// Where names begin.
    pub(super) root: Arc<Root>,
    /// The files in use.
    pub(super) locks: Rc<Locks>,
    /// Asks whether clients may be served.
    pub(super) guard: Guard,
    pub(super) supervisor: Option<Rc<ServerEnd>>,
    /// When the last datagram came to a listening socket.
    pub(super) heard: Cell<Instant>,
    /// Applies the rules of the map file.
    pub(super) mapper: Option<Mapper>,
    map: Option<TriedMap>,
    account: Option<Account>,
    /// The transfer log, until the journal takes it over.
    pub(super) transfer_log: Option<File>,
    pub(super) journal: Option<Rc<Journal>>,
}

impl Server {
    pub(super) fn new(
        settings: Settings,
        account: Option<Account>,
        map: Option<TriedMap>,
        logger: Arc<Logger>,
    ) -> Self {
        Self {
            rules: rules(&settings),
            ports: RefCell::new(Ports::new(settings.ports.clone())),
            slots: Slots::new(Limits::by_open_files(
                settings.max_transfers,
                settings.max_transfers_per_client,
            )),
            scratch: RefCell::new(Scratch::new()),
            storeroom: Rc::default(),
            alarms: Rc::default(),
            switchboard: Rc::default(),
            transfers: Weak::new(),
            stopping: Cell::new(false),
            cutting: Cutting::Own,
            settings,
            root: Arc::new(Root::system()),
            locks: Rc::default(),
            guard: Guard::default(),
            supervisor: None,
            heard: Cell::new(Instant::now()),
            mapper: None,
            map,
            account,
            transfer_log: None,
            journal: None,
            logger,
        }
    }

    /// Serves until told to stop. Returns the exit status.
    pub(super) fn run(
        mut self,
        sockets: Vec<UdpSocket>,
        lifeline: Lifeline,
    ) -> Result<u8, StartError> {
        self.cutting = sockets.first().map_or(Cutting::Own, best_cutting);
        let mut ends = Some((sockets, lifeline));
        let prepared = self.prepare(&mut ends);
        let Some((sockets, lifeline)) = ends else {
            return Err(StartError::new(SYSTEM, words::SERVER_DIED));
        };
        let (staff, runtime) = prepared.inspect_err(|error| lifeline.tell_failure(error.status))?;
        let farewell = lifeline.twin().map_err(|error| failure("fcntl", &error))?;
        let (front, transfers) = (LocalSet::new(), Rc::new(LocalSet::new()));
        self.transfers = Rc::downgrade(&transfers);
        // What a set of tasks runs until is polled in each round of it, so that is no more than the question whether the
        // service is over.
        let service = front.spawn_local(serve(self, staff, sockets, lifeline));
        let service = transfers.run_until(front.run_until(service));
        let ended = runtime.block_on(service).map_err(io::Error::other);
        // Transfers that are cut off still have their lines to write, and files that only threads may close.
        let entered = runtime.enter();
        drop((front, transfers));
        drop(entered);
        // A thread that still waits for a disk has nobody to tell what comes of it.
        runtime.shutdown_background();
        ended
            .and_then(|outcome| outcome)
            .map_err(|error| failure("poll", &error))?;
        // Only now have transfers that were cut off let go of a port that is all transfers' own.
        farewell.tell_end();
        Ok(0)
    }

    /// What must be done before the reactor runs. The processes that apply map rules have no use for `ends`.
    fn prepare(
        &mut self,
        ends: &mut Option<(Vec<UdpSocket>, Lifeline)>,
    ) -> Result<(Option<Staff>, Runtime), StartError> {
        self.give_up_root()?;
        if self.settings.secure {
            let root = Root::working_directory().map_err(|error| failure("open", &error))?;
            self.root = Arc::new(root);
        }
        let staff = self
            .map
            .is_some()
            .then(|| Staff::start(self.settings.sandbox, || drop(ends.take())));
        let staff = staff.transpose().map_err(|error| failure("fork", &error))?;
        sandbox::enter_server(&self.settings, &self.logger);
        Ok((staff, runtime()?))
    }

    /// Ends when a server that inetd has started has had nothing to do for a while; never for another one.
    async fn until_idle(&self) {
        if self.settings.running != Running::Inetd {
            return pending().await;
        }
        loop {
            self.guard.wait_until_answered().await;
            let end = self.heard.get() + self.settings.idle;
            if Instant::now() >= end {
                return;
            }
            sleep_until(end).await;
        }
    }

    /// Writes a line if the log is that talkative.
    pub(super) fn log_at(&self, verbosity: i32, level: Level, text: impl FnOnce() -> String) {
        if self.settings.logs_at(verbosity) {
            self.logger.write(level, &text());
        }
    }

    /// The group list is read before the root directory changes, and so is the time zone that log lines need.
    fn give_up_root(&self) -> Result<(), StartError> {
        self.set_umask();
        let Some(account) = &self.account else {
            return Ok(());
        };
        let _ = local_time::now();
        drop_privileges(Groups::Of(account), Some(account.gid), None)
            .map_err(|_| StartError::new(SYSTEM, words::unset_groups(&self.settings.user)))?;
        if self.settings.secure {
            change_root(Path::new(".")).map_err(|error| failure("chroot", &error))?;
        }
        setuid(account.uid).map_err(|error| failure("cannot drop privileges", &error.into()))
    }

    fn set_umask(&self) {
        let mask = match (self.settings.umask, self.settings.permissions) {
            (Some(mask), _) => mask,
            (None, Permissions::WorldOnly) => 0,
            (None, Permissions::SystemOnly) => return,
        };
        // Permissions have twelve bits; how many their type has differs by system.
        let bits = u16::try_from(mask & 0o7777).unwrap_or_default();
        umask(Mode::from_bits_truncate(bits.into()));
    }
}

fn rules(settings: &Settings) -> Rules {
    let prefix = |directory: &std::ffi::OsString| directory.as_bytes().to_vec();
    let territory = if settings.secure {
        Territory::Jail
    } else {
        Territory::Prefixes(settings.directories.iter().map(prefix).collect())
    };
    Rules {
        territory,
        permissions: settings.permissions,
    }
}

fn failure(call: &str, error: &io::Error) -> StartError {
    StartError::new(SYSTEM, words::failed_call(call, error))
}

async fn serve(
    mut server: Server,
    staff: Option<Staff>,
    sockets: Vec<UdpSocket>,
    lifeline: Lifeline,
) -> io::Result<()> {
    if let (Some(staff), Some(map)) = (staff, server.map.take()) {
        server.mapper = Some(Mapper::new(staff, map.file, map.has_rules)?);
    }
    let log = server.transfer_log.take();
    let logger = Arc::clone(&server.logger);
    server.journal = log.map(|file| Rc::new(Journal::start(file, logger)));
    let lifeline = Rc::new(lifeline.watch()?);
    server.supervisor = Some(Rc::clone(&lifeline));
    let server = Rc::new(server);
    let mut stop = Stop::listen()?;
    spawn_local(wake_transfers(Rc::clone(&server), Timer::new()?));
    let sockets: io::Result<Vec<Listener>> = sockets.into_iter().map(Listener::open).collect();
    let sockets = sockets?;
    // The supervisor hears this first, and questions about clients only then.
    lifeline.tell(&Report::Serving).await?;
    let listeners = listen_on_all(&server, sockets);
    tokio::select! {
        () = obey(&server, &lifeline) => {}
        () = stop.requested() => {}
        () = server.until_idle() => {}
    }
    server.stopping.set(true);
    server.guard.close();
    finish(&server, listeners, &lifeline).await;
    Ok(())
}

/// Wakes transfers when their time-outs are due.
async fn wake_transfers(server: Rc<Server>, timer: Timer) {
    if let Err(error) = server.alarms.run(&timer).await {
        server
            .logger
            .error(&words::failed_call("timerfd_settime", &error));
    }
}

/// Ends when the supervisor wants an end, or is gone.
async fn obey(server: &Rc<Server>, lifeline: &ServerEnd) {
    while let Some(order) = lifeline.order().await {
        match order {
            Order::Rules(text) => {
                spawn_local(reload(Rc::clone(server), text));
            }
            Order::Permission(id, permission) => server.guard.hear(id, permission),
        }
    }
}

/// The log has one line for each error; the old rules stay then.
async fn reload(server: Rc<Server>, text: Vec<u8>) {
    let Some(mapper) = &server.mapper else {
        return;
    };
    let steps = server.settings.map_steps;
    match mapper.reload(MapFile { text, steps }).await {
        Ok(Trial::Usable(_)) => {}
        Ok(Trial::Wrong(findings)) => {
            for finding in findings {
                server.logger.error(&finding.text);
            }
            server.logger.error(words::remap::OLD_RULES_STAY);
        }
        Ok(Trial::Overrun) => server.logger.error(words::remap::RELOAD_OVERRUN),
        Err(_) => server.logger.error(words::remap::MAPPER_DIED),
    }
}

/// Lets the port go and transfers finish. Those that go through the listening port need it to their end.
async fn finish(server: &Server, listeners: Vec<JoinHandle<()>>, lifeline: &ServerEnd) {
    let patience = server.settings.stop_timeout;
    let end = Instant::now() + patience;
    let idle = || timeout_at(end, server.slots.wait_until_idle());
    if server.settings.port_use == PortUse::Single && idle().await.is_err() {
        return report_cut_off(server, patience);
    }
    close(listeners).await;
    // A supervisor that is gone need not know, and one that does not listen need not be waited for.
    let _ = timeout(LISTENS_WITHIN, lifeline.tell(&Report::Stopped)).await;
    if idle().await.is_err() {
        report_cut_off(server, patience);
    }
}

fn report_cut_off(server: &Server, patience: Duration) {
    let text = words::cut_off(server.slots.taken(), patience);
    server.logger.write(Level::Warning, &text);
}

fn listen_on_all(server: &Rc<Server>, listeners: Vec<Listener>) -> Vec<JoinHandle<()>> {
    let begin = |listener: Listener| {
        let listener = Rc::new(listener);
        // However short the wait for requests may be, one may have come before it.
        listener.take_waiting(server);
        spawn_local(listener.run(Rc::clone(server)))
    };
    listeners.into_iter().map(begin).collect()
}

/// A listener that has ended has dropped its socket.
async fn close(listeners: Vec<JoinHandle<()>>) {
    for listener in listeners {
        listener.abort();
        // The outcome of an aborted task is that it was aborted.
        let _ = listener.await;
    }
}
