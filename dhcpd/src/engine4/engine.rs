//! The machine itself: what it keeps between two messages, and where a message goes.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::sync::Arc;

use common::net::HardwareAddress;
use common::time::Time;

use super::exchange::Exchange;
use super::handlers::{Blocks, end_leases};
use super::interfaces::Listener;
use super::outbox::{Arrival, InterfaceId, Outbox};
use super::ping::Parked;
use super::setup::{Setup, World};
use super::times::Watermark;
use super::words;
use crate::eval::Variables;
use crate::lease::{self, Reading, Snapshot, State, Table};
use crate::wire::MessageType;

/// A DHCPv4 server without sockets, files and clock.
#[derive(Debug)]
pub struct Engine {
    pub(super) world: Arc<World>,
    pub(super) table: Table,
    pub(super) parked: Parked,
    pub(super) watermark: Watermark,
    /// What the last search gave as its reason. A refusal without a search repeats it, as the original's does.
    pub(super) refusal: &'static str,
    /// What the `on` blocks that the lease file held mean, found by their text.
    pub(super) blocks: Blocks,
    /// Variables outside of leases.
    globals: Variables,
    /// Refused DHCPINFORMs since the advice about authority was given.
    pub(super) informs_refused: u8,
}

impl Engine {
    /// An engine with the leases that were read. Leases that ended while no server ran are ended now.
    #[must_use]
    pub fn new(setup: Setup, table: Table, now: Time) -> Self {
        let (world, globals) = World::new(setup);
        let blocks = Blocks::of_configuration(world.config());
        let mut engine = Self {
            world: Arc::new(world),
            table,
            parked: Parked::default(),
            watermark: Watermark::default(),
            refusal: "",
            blocks,
            globals,
            informs_refused: 0,
        };
        // What ends now has been written with the whole file.
        engine.end_leases(now, &mut Outbox::default());
        engine
    }

    /// Appends the next slice of the whole lease file to `text`; false, and nothing, if there is none left. `reading` is
    /// what was read besides leases. Records that the engine journals after the first slice belong behind it.
    pub fn write_slice(
        &self,
        snapshot: &mut Snapshot,
        reading: &Reading,
        text: &mut Vec<u8>,
    ) -> bool {
        snapshot.write_slice(&self.table, reading, self.world.id_format(), text)
    }

    /// From now on the interface `id` is as `listener` says. It is one that the engine has, or the next one.
    pub fn serve_interface(&mut self, id: InterfaceId, listener: Listener) {
        let interfaces = &mut Arc::make_mut(&mut self.world).setup.interfaces;
        match interfaces.get_mut(usize::from(id.0)) {
            Some(known) => *known = listener,
            None => interfaces.push(listener),
        }
    }

    /// From now on a host name of the configuration has these addresses; none if there is no such host.
    pub fn resolve(&mut self, name: &str, addresses: Vec<Ipv4Addr>) {
        let names = &mut Arc::make_mut(&mut self.world).setup.names;
        names.addresses.insert(name.into(), addresses);
    }

    /// The host with this leased address is called so; `None` if it has no name.
    pub fn name_host(&mut self, address: Ipv4Addr, name: Option<Box<str>>) {
        let names = &mut Arc::make_mut(&mut self.world).setup.names;
        names.hosts.insert(address, name);
    }

    /// True if a client with this hardware address has a lease or a declaration.
    #[must_use]
    pub fn knows(&self, hardware: &HardwareAddress) -> bool {
        let declared = self.world.setup.config.hosts_by_hardware(hardware);
        let leases = || self.table.all_of_hardware(hardware);
        !declared.is_empty() || leases().iter().any(|it| it.lease.state == State::Active)
    }

    /// Handles the UDP payload of a message to the server's port.
    pub fn packet(&mut self, now: Time, arrival: &Arrival, bytes: &[u8], outbox: &mut Outbox) {
        let world = Arc::clone(&self.world);
        let Some(mut exchange) = Exchange::read(&world, now, arrival, bytes, outbox) else {
            return;
        };
        exchange.network = exchange.locate();
        exchange.globals = RefCell::new(std::mem::take(&mut self.globals));
        match exchange.kind {
            None => self.handle_bootp(&exchange, outbox),
            Some(kind) => self.dhcp(kind, &mut exchange, outbox),
        }
        self.globals = exchange.globals.take();
    }

    /// Does what is due: leases end, offers that waited go out.
    pub fn tick(&mut self, now: Time, outbox: &mut Outbox) {
        self.end_leases(now, outbox);
        self.send_due_offers(now, outbox);
    }

    fn end_leases(&mut self, now: Time, outbox: &mut Outbox) {
        let setup = &self.world.setup;
        let facts = (&*setup.config, &setup.names);
        end_leases(&mut self.table, &mut self.blocks, facts, now, outbox);
    }

    /// When [`tick`](Self::tick) has something to do next; `None` if nothing is pending.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Time> {
        let ends = self.table.next_end().filter(|ends| *ends < lease::NEVER);
        let end = ends.map(|ends| Time::from_seconds(i64::from(ends)));
        end.into_iter().chain(self.parked.next_due()).min()
    }

    fn dhcp(&mut self, kind: MessageType, exchange: &mut Exchange<'_>, outbox: &mut Outbox) {
        let without_network = [
            MessageType::REQUEST,
            MessageType::INFORM,
            MessageType::LEASEQUERY,
        ];
        if exchange.network.is_none() && !without_network.contains(&kind) {
            return outbox.info(words::unknown_segment(kind, &exchange.who(None)));
        }
        self.recall_agent(kind, exchange);
        exchange.classify(outbox);
        match (kind, exchange.network) {
            (MessageType::DISCOVER, Some(network)) => {
                self.handle_discover(exchange, network, outbox)
            }
            (MessageType::REQUEST, _) => self.handle_request(exchange, outbox),
            (MessageType::RELEASE, _) => self.handle_release(exchange, outbox),
            (MessageType::DECLINE, _) => self.handle_decline(exchange, outbox),
            (MessageType::INFORM, _) => self.handle_inform(exchange, outbox),
            (MessageType::LEASEQUERY, _) => self.handle_query(exchange, outbox),
            (kind, _) if is_from_server(kind) => {}
            (kind, _) => outbox.info(words::unknown_type(kind, &exchange.who(None))),
        }
    }

    /// A client that renews does not pass its relay agent: expressions see what the relay agent said before.
    fn recall_agent(&self, kind: MessageType, exchange: &mut Exchange<'_>) {
        let ciaddr = exchange.ciaddr();
        let renews = kind == MessageType::REQUEST && !ciaddr.is_unspecified();
        if !renews || exchange.is_relayed() || exchange.request.agent_information().is_some() {
            return;
        }
        let Some(agent) = self.agent_of(exchange, ciaddr) else {
            return;
        };
        let registry = &exchange.world.setup.config.options;
        exchange
            .request
            .options
            .adopt_agent_information(&agent, registry, &mut Vec::new());
        exchange.stashed = true;
    }

    fn agent_of(&self, exchange: &Exchange<'_>, address: Ipv4Addr) -> Option<Box<[u8]>> {
        let found = self.table.find(address)?;
        let lease = &found.lease;
        let request = &exchange.request;
        let is_clients = match lease.uid.as_deref() {
            Some(uid) => request.client_identifier() == Some(uid),
            None => lease.hardware.as_ref() == Some(&request.hardware),
        };
        let lasts = lease.ends >= exchange.seconds();
        lease.agent.clone().filter(|_| is_clients && lasts)
    }
}

/// Messages that servers send; one that arrives here went astray.
fn is_from_server(kind: MessageType) -> bool {
    [
        MessageType::OFFER,
        MessageType::ACK,
        MessageType::NAK,
        MessageType::LEASEUNASSIGNED,
        MessageType::LEASEUNKNOWN,
        MessageType::LEASEACTIVE,
    ]
    .contains(&kind)
}
