//! Interfaces that come, go and change while the server runs. The original looks at them once, at its start.
//!
//! An interface keeps its number for ever: packets and offers that wait name it. One that is made anew under the same name
//! gets the socket of the old one, so that this works without privileges; for others some sockets are kept ready when the
//! server gives its privileges up.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use common::log::{Line, Logger};
use common::net::interfaces::{self, Interface};
use common::sys::interface_monitor::InterfaceMonitor;
use common::sys::packet::PacketSocket;
use common::sys::watch::Watched;
use tokio::io::Interest;
use tokio::time::Instant;

use super::egress::{Egress, Port};
use super::ingress::Ingress;
use super::listen;
use crate::config::model::Config;
use crate::engine4::{Engine, InterfaceId, Listener, Step, plan_interfaces};
use crate::words;

/// An interface rarely changes once: its address follows its link.
const SETTLE: Duration = Duration::from_millis(50);

/// Different complaints that are remembered, so that each is logged once.
const COMPLAINTS: usize = 1000;

/// Waits for changes.
pub(super) struct Changes {
    monitor: Option<Watched<InterfaceMonitor>>,
    /// When to look, once something has changed.
    settled: Option<Instant>,
}

impl Changes {
    /// Registers the monitor with the event loop of the running runtime. Without one nothing is ever noticed.
    pub(super) fn new(monitor: Option<InterfaceMonitor>) -> io::Result<Self> {
        Ok(Self {
            monitor: monitor.map(Watched::new).transpose()?,
            settled: None,
        })
    }

    /// Waits until something has changed, and a moment more. Safe to cancel.
    pub(super) async fn next(&mut self) {
        let Some(monitor) = &self.monitor else {
            return std::future::pending().await;
        };
        let settled = match self.settled {
            Some(settled) => settled,
            None => {
                // After an error there may be news that nobody tells.
                let _ = monitor.readable().await;
                *self.settled.insert(Instant::now() + SETTLE)
            }
        };
        tokio::time::sleep_until(settled).await;
        self.settled = None;
        // Only an error other than "nothing there" would come back at once; then the next look waits as long again.
        let _ = monitor.try_io(Interest::READABLE, drain);
    }
}

/// Takes all news; "nothing left" tells the event loop to wait for more.
fn drain(monitor: &InterfaceMonitor) -> io::Result<()> {
    loop {
        monitor.take()?;
    }
}

/// Where sockets for new interfaces come from.
#[derive(Debug)]
pub(super) struct Sockets {
    /// The port whose datagrams they receive.
    pub(super) port: u16,
    /// Opened while that was still allowed.
    pub(super) spares: Vec<PacketSocket>,
}

impl Sockets {
    fn take(&mut self) -> io::Result<PacketSocket> {
        PacketSocket::open(self.port).or_else(|error| self.spares.pop().ok_or(error))
    }
}

/// The interfaces that the server serves.
pub(super) struct Interfaces {
    config: Arc<Config>,
    /// Those asked for on the command line.
    named: Vec<String>,
    sockets: Sockets,
    /// By [`InterfaceId`].
    slots: Vec<Slot>,
    complaints: HashSet<String>,
    logger: Arc<Logger>,
}

/// An interface that is or was served.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    listener: Listener,
    condition: Condition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Served,
    Addressless,
    Down,
    Gone,
}

/// What has happened to an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// It can be served for the first time.
    New(Listener),
    /// It was made anew.
    Remade(usize, Listener),
    /// It is what it was before something was amiss.
    Back(usize, Listener),
    /// It has another address.
    Moved(usize, Listener),
    /// Something is amiss.
    Worse(usize, Condition),
}

/// What follows from what the kernel says.
pub(super) struct Surroundings<'s> {
    pub(super) engine: &'s mut Engine,
    pub(super) ingress: &'s mut Ingress,
    pub(super) egress: &'s Egress,
}

impl Interfaces {
    /// Those that are served from the start.
    pub(super) fn new(
        config: Arc<Config>,
        named: Vec<String>,
        sockets: Sockets,
        listeners: Vec<Listener>,
        logger: Arc<Logger>,
    ) -> Self {
        let served = |listener| Slot {
            listener,
            condition: Condition::Served,
        };
        Self {
            config,
            named,
            sockets,
            slots: listeners.into_iter().map(served).collect(),
            complaints: HashSet::new(),
            logger,
        }
    }

    /// Looks at all interfaces and does what follows from what has changed.
    pub(super) fn look(&mut self, around: &mut Surroundings<'_>) {
        let found = match interfaces::interfaces() {
            Ok(found) => found,
            Err(error) => return self.complain(words::no_interfaces(&error)),
        };
        let plan = match plan_interfaces(&self.config, &found, &self.named) {
            Ok(plan) => plan,
            Err(message) => return self.complain(message),
        };
        for Line { text, .. } in plan.warnings {
            self.complain(text);
        }
        for change in changes(&self.slots, &plan.steps, &found) {
            self.follow(change, around);
        }
    }

    /// Says it once.
    fn complain(&mut self, text: String) {
        if self.complaints.len() >= COMPLAINTS {
            self.complaints.clear();
        }
        if !self.complaints.contains(&text) {
            self.logger.error(&text);
            self.complaints.insert(text);
        }
    }

    fn follow(&mut self, change: Change, around: &mut Surroundings<'_>) {
        match change {
            Change::New(listener) => self.add(listener, around),
            Change::Remade(index, listener) => {
                if let Err(error) = around.egress.bind_again(index, listener.index) {
                    return self.complain(words::no_packet_socket(&error));
                }
                self.logger
                    .info(&words::interface_back(&listener.name, listener.address));
                self.renew(index, listener, around);
            }
            Change::Back(index, listener) => {
                self.logger
                    .info(&words::interface_back(&listener.name, listener.address));
                self.renew(index, listener, around);
            }
            Change::Moved(index, listener) => {
                self.logger
                    .info(&words::interface_moved(&listener.name, listener.address));
                self.renew(index, listener, around);
            }
            Change::Worse(index, condition) => self.worsen(index, condition),
        }
    }

    fn add(&mut self, listener: Listener, around: &mut Surroundings<'_>) {
        let Ok(id) = u16::try_from(self.slots.len()).map(InterfaceId) else {
            return;
        };
        match self.open(&listener, around.ingress) {
            Ok(port) => around.egress.add(port),
            Err(message) => return self.complain(message),
        }
        self.logger
            .info(&words::interface_new(&listener.name, listener.address));
        listen::announce(&listener, &self.config, &self.logger);
        around.engine.serve_interface(id, listener.clone());
        self.slots.push(Slot {
            listener,
            condition: Condition::Served,
        });
    }

    fn open(&mut self, listener: &Listener, ingress: &mut Ingress) -> Result<Port, String> {
        let link = listen::link_address(listener)?;
        let no_socket = |error: io::Error| words::no_packet_socket(&error);
        let socket = self.sockets.take().map_err(no_socket)?;
        socket.bind(listener.index).map_err(no_socket)?;
        let port = Port {
            name: listener.name.clone(),
            socket: Arc::new(socket),
            link,
        };
        ingress.add(&port).map_err(no_socket)?;
        Ok(port)
    }

    fn renew(&mut self, index: usize, listener: Listener, around: &mut Surroundings<'_>) {
        let link = match listen::link_address(&listener) {
            Ok(link) => link,
            Err(message) => return self.complain(message),
        };
        around.egress.set_link(index, link);
        listen::announce(&listener, &self.config, &self.logger);
        if let Ok(id) = u16::try_from(index) {
            around
                .engine
                .serve_interface(InterfaceId(id), listener.clone());
        }
        if let Some(slot) = self.slots.get_mut(index) {
            slot.listener = listener;
            slot.condition = Condition::Served;
        }
    }

    fn worsen(&mut self, index: usize, condition: Condition) {
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        slot.condition = condition;
        let Listener { name, address, .. } = &slot.listener;
        self.logger.info(&match condition {
            Condition::Served => return,
            Condition::Addressless => words::interface_without_address(name, *address),
            Condition::Down => words::interface_down(name),
            Condition::Gone => words::interface_gone(name),
        });
    }
}

/// Compares what is served with what could be.
fn changes(slots: &[Slot], steps: &[Step], found: &[Interface]) -> Vec<Change> {
    let listeners = steps.iter().filter_map(|step| match step {
        Step::Listen(listener) => Some(listener),
        Step::Ignore(_) => None,
    });
    let listeners: Vec<&Listener> = listeners.collect();
    let wanted = |name: &str| listeners.iter().find(|it| it.name == name).copied();
    let old =
        slots
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| match wanted(&slot.listener.name) {
                Some(listener) => renewal(index, slot, listener),
                None => worsening(index, slot, found),
            });
    let is_new =
        |listener: &&&Listener| slots.iter().all(|slot| slot.listener.name != listener.name);
    let new = listeners
        .iter()
        .filter(is_new)
        .map(|listener| Change::New((*listener).clone()));
    old.chain(new).collect()
}

fn renewal(index: usize, slot: &Slot, listener: &Listener) -> Option<Change> {
    let new = listener.clone();
    if listener.index != slot.listener.index {
        return Some(Change::Remade(index, new));
    }
    if *listener != slot.listener {
        return Some(Change::Moved(index, new));
    }
    (slot.condition != Condition::Served).then_some(Change::Back(index, new))
}

fn worsening(index: usize, slot: &Slot, found: &[Interface]) -> Option<Change> {
    // One of the same name with another number is not the same interface.
    let same = |it: &&Interface| it.name == slot.listener.name && it.index == slot.listener.index;
    let condition = match found.iter().find(same) {
        None => Condition::Gone,
        Some(interface) if !interface.is_up() => Condition::Down,
        Some(_) => Condition::Addressless,
    };
    (slot.condition != condition).then_some(Change::Worse(index, condition))
}

#[cfg(test)]
#[path = "interfaces_tests.rs"]
mod tests;
