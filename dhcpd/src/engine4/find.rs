//! Which lease a client is meant to have, in exactly the original's order (reference isc-dhcpd-behaviour.md, section 4,
//! "find_lease").

use std::net::Ipv4Addr;

use common::net::HardwareAddress;

use super::exchange::Exchange;
use super::outbox::Outbox;
use super::words;
use crate::config::model::{HostId, NetworkId, PoolId, SubnetId};
use crate::lease::{Found, Lease, Octets, State, Table};
use crate::wire::MessageType;

/// A lease that a client may get.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) lease: Lease,
    pub(super) seat: Seat,
    pub(super) subnet: SubnetId,
}

/// What a lease stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// A pool: it is kept and written.
    Pool(PoolId),
    /// A host declaration: it is made up for one answer.
    Fixed,
}

/// What the search found out.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) chosen: Option<Candidate>,
    /// The address asked for is ours to refuse.
    pub(super) ours: bool,
    /// A host declaration matched the client.
    pub(super) known: bool,
    /// What a refusal says, if the search has an opinion.
    pub(super) refusal: Option<&'static str>,
    /// Leases that the client gives up by what it asks for.
    pub(super) released: Vec<Ipv4Addr>,
}

impl Candidate {
    pub(super) fn is_static(&self) -> bool {
        self.seat == Seat::Fixed
    }

    pub(super) fn pool(&self) -> Option<PoolId> {
        match self.seat {
            Seat::Pool(pool) => Some(pool),
            Seat::Fixed => None,
        }
    }
}

/// Searches on one link. Changes nothing: what must be released is returned.
pub(super) fn find(
    table: &Table,
    exchange: &Exchange<'_>,
    network: NetworkId,
    outbox: &mut Outbox,
) -> Search {
    let mut finder = Finder {
        table,
        exchange,
        network,
        outbox,
        search: Search::default(),
        hosts: &[],
    };
    finder.run();
    finder.search
}

struct Finder<'f, 'x> {
    table: &'f Table,
    exchange: &'f Exchange<'x>,
    network: NetworkId,
    outbox: &'f mut Outbox,
    search: Search,
    /// Host declarations of the client without an address here.
    hosts: &'x [HostId],
}

/// The leases that compete for the client.
struct Rivals<'f> {
    fixed: Option<Candidate>,
    ip: Option<Found<'f>>,
    uid: Option<Found<'f>>,
    hardware: Option<Found<'f>>,
}

impl<'f> Finder<'f, '_> {
    fn run(&mut self) {
        let wanted = self.wanted();
        let fixed = self.find_fixed();
        let is_other = |fixed: &Candidate| Some(fixed.lease.address) != wanted;
        if self.is_request() && fixed.as_ref().is_some_and(is_other) {
            self.search.ours = true;
            self.search.refusal = Some(words::INCORRECT);
            return;
        }
        let uid = self.find_by_uid();
        let hardware = self.find_by_hardware();
        let ip = wanted.and_then(|address| self.find_by_address(address));
        let mut rivals = Rivals {
            fixed,
            ip,
            uid,
            hardware,
        };
        self.settle_address(&mut rivals);
        self.settle_duplicates(&mut rivals);
        self.settle_conflict(&mut rivals);
        drop_twins(&mut rivals);
        self.check_permission(&mut rivals);
        if rivals.ip.is_none() {
            self.search.refusal = Some(words::NOT_AVAILABLE);
        }
        if !self.is_request() || rivals.ip.is_some() || rivals.fixed.is_some() {
            self.choose(rivals, wanted);
        }
    }

    /// The address that the client has, or would like.
    fn wanted(&self) -> Option<Ipv4Addr> {
        let ciaddr = self.exchange.ciaddr();
        match ciaddr.is_unspecified() {
            false => Some(ciaddr),
            true => self.exchange.request.requested_address(),
        }
    }

    fn is_request(&self) -> bool {
        self.exchange.kind == Some(MessageType::REQUEST)
    }

    /// A client that says which address it has keeps what it has elsewhere.
    fn may_release(&self) -> bool {
        self.exchange.ciaddr().is_unspecified()
    }

    fn may_use(&self, pool: PoolId) -> bool {
        self.exchange.may_use(pool, self.search.known)
    }

    fn release(&mut self, address: Ipv4Addr) {
        if self.may_release() {
            self.search.released.push(address);
        }
    }

    /// A declaration found by client identifier hides those of the hardware address, even when it has no address here.
    fn find_fixed(&mut self) -> Option<Candidate> {
        let by_uid = self.exchange.hosts_by_uid();
        let by_hardware = self.exchange.hosts_by_hardware();
        let hosts = match (by_uid.is_empty(), by_hardware.is_empty()) {
            (false, _) => by_uid,
            (true, false) => by_hardware,
            (true, true) => self.exchange.hosts_by_option(),
        };
        self.search.known = !hosts.is_empty();
        let fixed = self.exchange.fixed_on(self.network, hosts);
        if fixed.is_none() || by_uid.is_empty() {
            self.hosts = hosts;
        }
        let (id, address, subnet) = fixed?;
        let host = self.exchange.host(id)?;
        let mut lease = Lease::fresh(address);
        lease.hardware = host.hardware;
        lease.uid = host.uid.as_deref().map(Octets::from);
        lease.host = Some(id);
        Some(Candidate {
            lease,
            seat: Seat::Fixed,
            subnet,
        })
    }

    fn find_by_uid(&mut self) -> Option<Found<'f>> {
        let uid = self.exchange.request.client_identifier()?;
        let pools = self.exchange.config().pools_of(self.network);
        let table = self.table;
        let found = table.of_uid(uid, pools);
        let held_in = |pool| table.held_in_by_uid(uid, pool);
        self.first_permitted(found, held_in, Lease::place_by_uid)
    }

    fn find_by_hardware(&mut self) -> Option<Found<'f>> {
        let pools = self.exchange.config().pools_of(self.network);
        let hardware = self.exchange.request.hardware;
        let table = self.table;
        let mut found = table.of_hardware(&hardware, pools);
        found.extend(self.given_back_by(&hardware));
        found.sort_by_key(|found| found.lease.place_by_hardware());
        found.retain(|found| is_returnable(&found.lease));
        let held_in = |pool| table.held_in_by_hardware(&hardware, pool);
        self.first_permitted(found, held_in, Lease::place_by_hardware)
    }

    /// Abandoned leases that were given back because of their identifier: they are free now, and may be found by hardware.
    fn given_back_by(&self, hardware: &HardwareAddress) -> Vec<Found<'f>> {
        let table = self.table;
        let released = self.search.released.iter();
        let found = released.filter_map(|address| table.find(*address));
        found
            .filter(|found| found.lease.hardware.as_ref() == Some(hardware))
            .filter(|found| found.lease.state == State::Abandoned)
            .map(|found| self.as_given_back(found))
            .collect()
    }

    /// What the search has given back is free, though the table learns of it later.
    fn as_given_back(&self, mut found: Found<'f>) -> Found<'f> {
        let is_given_back = self.search.released.contains(&found.lease.address);
        if is_given_back && found.lease.state == State::Abandoned {
            let lease = found.lease.to_mut();
            lease.release(self.exchange.seconds());
            lease.settle();
        }
        found
    }

    /// The first of the client's leases that it may use. What it may not use any more, and would rather have had, it gives
    /// back: all that it holds in that pool.
    fn first_permitted(
        &mut self,
        found: Vec<Found<'f>>,
        held_in: impl Fn(PoolId) -> Vec<Found<'f>>,
        place: fn(&Lease) -> i64,
    ) -> Option<Found<'f>> {
        let mut given_up = Vec::new();
        let mut chosen = None;
        for found in found {
            if is_returnable(&found.lease) && self.may_use(found.pool) {
                chosen = Some(found);
                break;
            }
            given_up.extend(held_in(found.pool));
            given_up.push(found);
        }
        if let Some(chosen) = &chosen {
            given_up.retain(|found| place(&found.lease) < place(&chosen.lease));
        }
        given_up.sort_by_key(|found| place(&found.lease));
        given_up.dedup_by_key(|found| found.lease.address);
        for found in &given_up {
            self.release(found.lease.address);
        }
        chosen
    }

    fn find_by_address(&mut self, address: Ipv4Addr) -> Option<Found<'f>> {
        let found = self.as_given_back(self.table.find(address)?);
        self.search.ours = true;
        if found.network != self.network {
            return None;
        }
        if !self.owns(&found.lease) && !found.lease.state.is_free() {
            // What nobody holds and nobody may have gets no answer.
            self.search.ours = found.lease.state == State::Active;
            return None;
        }
        Some(found)
    }

    /// True if a lease is the client's: by identifier if it has one, else by hardware address.
    fn owns(&self, lease: &Lease) -> bool {
        let request = &self.exchange.request;
        match &lease.uid {
            Some(uid) => request.client_identifier() == Some(uid),
            None => lease.hardware.as_ref() == Some(&request.hardware),
        }
    }

    /// At DISCOVER, an address that cannot simply be given out yields to what the client had.
    fn settle_address(&self, rivals: &mut Rivals<'f>) {
        let discovers = self.exchange.kind == Some(MessageType::DISCOVER);
        let has_other = rivals.uid.is_some() || rivals.hardware.is_some();
        if discovers && has_other && !rivals.ip.as_ref().is_none_or(|ip| is_returnable(&ip.lease)) {
            rivals.ip = None;
        }
    }

    /// A client with several leases here keeps the one that it asks for.
    fn settle_duplicates(&mut self, rivals: &mut Rivals<'f>) {
        let Some(ip) = &rivals.ip else { return };
        let held = ip.lease.state == State::Active && ip.lease.uid.is_some();
        if !held || is_same(rivals.ip.as_ref(), rivals.uid.as_ref()) {
            return;
        }
        if let Some(uid) = rivals.uid.take() {
            if self.owns(&ip.lease) {
                self.give_up_duplicate(&uid);
                rivals.uid = Some(ip.clone());
            } else {
                rivals.uid = Some(uid);
            }
        }
        if self.is_request() && rivals.fixed.take().is_some() {
            self.tell_conflict(rivals);
        }
        if !is_same(rivals.ip.as_ref(), rivals.uid.as_ref()) {
            rivals.ip = None;
        }
    }

    fn give_up_duplicate(&mut self, other: &Found<'f>) {
        if other.lease.state != State::Active {
            return;
        }
        let network = self.exchange.network_name(self.network);
        let hardware = &self.exchange.request.hardware;
        self.outbox
            .error(words::duplicate_leases(hardware, network));
        if self.is_request() {
            self.release(other.lease.address);
        }
    }

    fn settle_conflict(&mut self, rivals: &mut Rivals<'f>) {
        if self.is_request() && rivals.fixed.is_some() && rivals.ip.is_some() {
            self.tell_conflict(rivals);
            rivals.ip = None;
        }
    }

    fn tell_conflict(&mut self, rivals: &Rivals<'f>) {
        let Some(ip) = &rivals.ip else { return };
        self.search.refusal = Some(words::CONFLICT);
        let address = ip.lease.address;
        let host = rivals.fixed.as_ref().and_then(|fixed| fixed.lease.host);
        let host = host.and_then(|id| self.exchange.host(id));
        let name = host.map_or_else(|| address.to_string(), |host| host.name.to_string());
        let network = self.exchange.network_name(ip.network);
        for line in words::static_and_dynamic(address, &name, network) {
            self.outbox.error(line);
        }
    }

    fn check_permission(&mut self, rivals: &mut Rivals<'f>) {
        let Some(ip) = rivals.ip.take() else { return };
        if self.may_use(ip.pool) {
            rivals.ip = Some(ip);
        } else if ip.lease.state == State::Active {
            self.release(ip.lease.address);
        }
    }

    /// Fixed before asked for before identifier before hardware address.
    fn choose(&mut self, rivals: Rivals<'f>, wanted: Option<Ipv4Addr>) {
        let mut chosen = rivals.fixed;
        if let Some(ip) = rivals.ip {
            match chosen {
                Some(_) => self.release(ip.lease.address),
                None => chosen = self.candidate(ip),
            }
        }
        if let Some(uid) = rivals.uid {
            match chosen {
                Some(_) => self.give_up_uid_lease(&uid),
                None => chosen = self.candidate(uid),
            }
        }
        if let Some(hardware) = rivals.hardware.filter(|found| self.suits(&found.lease)) {
            chosen = chosen.or_else(|| self.candidate(hardware));
        }
        let Some(mut chosen) = chosen else { return };
        self.attach_host(&mut chosen);
        self.take_unless_abandoned(chosen, wanted);
    }

    fn give_up_uid_lease(&mut self, uid: &Found<'f>) {
        let hardware = &self.exchange.request.hardware;
        let network = self.exchange.network_name(uid.network);
        let address = uid.lease.address;
        self.outbox
            .error(words::uid_duplicate(address, hardware, network));
        if self.is_request() && uid.lease.state == State::Active {
            self.release(address);
        }
    }

    /// A BOOTP client has no identifier, so it may have any lease of its hardware address.
    fn suits(&self, lease: &Lease) -> bool {
        let uid = self.exchange.request.client_identifier();
        match (&lease.uid, uid) {
            (None, _) => true,
            (Some(held), Some(uid)) => **held == *uid,
            (Some(_), None) => self.exchange.kind.is_none(),
        }
    }

    fn candidate(&self, found: Found<'f>) -> Option<Candidate> {
        let subnet = self.exchange.config().subnet_of(found.lease.address)?;
        let mut lease = found.lease.into_owned();
        lease.host = None;
        Some(Candidate {
            lease,
            seat: Seat::Pool(found.pool),
            subnet,
        })
    }

    /// A client that has its lease already has it under its declaration.
    fn attach_host(&self, chosen: &mut Candidate) {
        if chosen.lease.host.is_none() && chosen.lease.state == State::Active {
            chosen.lease.host = self.exchange.addressless(self.hosts);
        }
    }

    /// An abandoned address is given only to who asks for it: that client may be the one that answered for it.
    fn take_unless_abandoned(&mut self, chosen: Candidate, wanted: Option<Ipv4Addr>) {
        let address = chosen.lease.address;
        if chosen.lease.state != State::Abandoned {
            self.search.chosen = Some(chosen);
        } else if self.is_request() && wanted == Some(address) {
            self.outbox.error(words::reclaiming_requested(address));
            self.search.chosen = Some(chosen);
        } else {
            self.search.ours = true;
        }
    }
}

/// What a client holds, or nobody.
fn is_returnable(lease: &Lease) -> bool {
    let held = lease.state == State::Active || lease.rewind == State::Active;
    held || lease.state.is_free()
}

fn is_same(one: Option<&Found<'_>>, other: Option<&Found<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.lease.address == other.lease.address,
        _ => false,
    }
}

/// A lease found in more than one way competes once.
fn drop_twins(rivals: &mut Rivals<'_>) {
    let hardware = rivals.hardware.as_ref();
    if is_same(hardware, rivals.uid.as_ref()) || is_same(hardware, rivals.ip.as_ref()) {
        rivals.hardware = None;
    }
    if is_same(rivals.ip.as_ref(), rivals.uid.as_ref()) {
        rivals.uid = None;
    }
}
