//! Thirty days of a site in virtual time: machines boot, renew, reboot, move, release, decline, vanish, and find the pool
//! exhausted. What must hold is checked at each step against what the machines believe and what the lease file says.
//!
//! `MONTH_CLIENTS=100000 cargo test --release -p dhcpd --lib month` plays the full size.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use pretty_assertions::assert_eq;

use super::*;
use crate::config::model::PoolId;
use crate::lease::{Reading, Snapshot};

/// Machines where nobody says how many: as many as play in a few seconds.
const CLIENTS: u32 = if cfg!(debug_assertions) { 300 } else { 3_000 };
const DAY: u64 = 86_400;
const MONTH: u64 = 30 * DAY;
const LEASE: u64 = DAY;
/// Relay agents of the networks behind them; the first network is the server's own.
const RELAYS: [Ipv4Addr; 3] = [
    Ipv4Addr::UNSPECIFIED,
    Ipv4Addr::new(10, 32, 0, 1),
    Ipv4Addr::new(10, 64, 0, 1),
];

/// A machine as it knows itself.
#[derive(Clone, Debug, Default)]
struct Machine {
    /// Index into [`RELAYS`].
    network: usize,
    /// What it holds, or held last, and until when.
    address: Option<Ipv4Addr>,
    until: u64,
    is_up: bool,
    has_uid: bool,
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

struct Site {
    config: Arc<Config>,
    engine: Engine,
    machines: Vec<Machine>,
    /// Which machine believes to hold an address.
    holders: HashMap<Ipv4Addr, usize>,
    /// The last state of each address in the lease file.
    written: HashMap<Ipv4Addr, State>,
    dice: Dice,
    now: u64,
    acknowledged: u64,
    refused: u64,
}

#[test]
fn a_month_of_a_site_keeps_every_promise() {
    // The core reads no environment: the number is built in.
    let said = option_env!("MONTH_CLIENTS");
    let clients = said.map_or(CLIENTS, |number| number.parse().unwrap());
    let mut site = Site::new(clients);
    let mut turns: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    for index in 0..site.machines.len() {
        turns.push(Reverse((site.dice.below(DAY), index)));
    }
    let mut checked = 0;
    while let Some(Reverse((when, index))) = turns.pop().filter(|turn| turn.0.0 < MONTH) {
        site.let_time_pass(when);
        let next = site.act(index);
        turns.push(Reverse((when + next.max(1), index)));
        if when / DAY > checked {
            checked = when / DAY;
            site.check_counters();
            if checked % 7 == 0 {
                site.restart();
            }
        }
    }
    let clients = u64::from(clients);
    assert!(site.acknowledged > clients * 20, "{}", site.acknowledged);
    assert!(site.refused > clients / 10, "{}", site.refused);
}

impl Site {
    /// The third network has too few addresses for those who come there.
    fn new(clients: u32) -> Self {
        let third = clients / 3;
        let last = |base: [u8; 4], count: u32| {
            Ipv4Addr::from(u32::from(Ipv4Addr::from(base)).wrapping_add(count.max(8)))
        };
        let config = Arc::new(configure(&format!(
            "default-lease-time {LEASE}; max-lease-time {LEASE}; ping-check false; abandon-lease-time 3600;\n\
             subnet 10.0.0.0 netmask 255.224.0.0 {{ range 10.1.0.0 {}; }}\n\
             subnet 10.32.0.0 netmask 255.224.0.0 {{ range 10.33.0.0 {}; }}\n\
             subnet 10.64.0.0 netmask 255.224.0.0 {{ pool {{ range 10.65.0.0 {}; }} }}\n",
            last([10, 1, 0, 0], third * 2),
            last([10, 33, 0, 0], third * 2),
            last([10, 65, 0, 0], third / 2),
        )));
        let now = u64::try_from(NOW.seconds()).unwrap();
        let engine = start(&config, b"", NOW);
        let machine = |index: u32| Machine {
            network: usize::try_from(index % 3).unwrap(),
            has_uid: index % 4 == 0,
            ..Machine::default()
        };
        Self {
            config,
            engine,
            machines: (0..clients).map(machine).collect(),
            holders: HashMap::new(),
            written: HashMap::new(),
            dice: Dice(0x9E37_79B9_7F4A_7C15),
            now,
            acknowledged: 0,
            refused: 0,
        }
    }

    fn time(&self) -> Time {
        Time::from_seconds(i64::try_from(self.now).unwrap())
    }

    /// Everything that is due up to `when` seconds after the beginning happens at its time.
    fn let_time_pass(&mut self, when: u64) {
        let until = u64::try_from(NOW.seconds()).unwrap() + when;
        loop {
            let due = self.engine.next_wakeup().map(|due| due.seconds());
            let due = due.and_then(|due| u64::try_from(due).ok());
            let Some(due) = due.filter(|due| *due <= until) else {
                break;
            };
            self.now = self.now.max(due);
            let mut outbox = Outbox::default();
            self.engine.tick(self.time(), &mut outbox);
            self.read_journal(&outbox.journal);
            assert!(outbox.replies.is_empty(), "nobody waits for anything");
        }
        self.now = until;
    }

    /// What a machine does when its turn comes, and how long it waits for the next.
    fn act(&mut self, index: usize) -> u64 {
        let machine = &self.machines[index];
        let holds = machine.is_up && machine.until > self.now;
        match (holds, self.dice.below(100)) {
            (false, _) => self.boot(index),
            (true, 0..80) => self.renew(index),
            (true, 80..87) => self.reboot(index),
            (true, 87..92) => self.release(index),
            (true, 92..95) => self.move_away(index),
            (true, 95) => self.decline(index),
            // It is switched off without a word.
            (true, _) => {
                self.machines[index].is_up = false;
                self.dice.below(3 * LEASE)
            }
        }
    }

    fn boot(&mut self, index: usize) -> u64 {
        let wanted = self.machines[index].address;
        let offers = self.send(index, DISCOVER, Ipv4Addr::UNSPECIFIED, wanted);
        let Some(offered) = offers.first().map(yiaddr) else {
            self.refused += 1;
            return 1800 + self.dice.below(7200);
        };
        let answers = self.send(index, REQUEST, Ipv4Addr::UNSPECIFIED, Some(offered));
        assert_eq!(kinds(&answers), [ACK], "an offer is kept");
        self.take_acknowledgement(index, &answers[0])
    }

    fn renew(&mut self, index: usize) -> u64 {
        let held = self.machines[index].address.unwrap();
        let answers = self.send(index, REQUEST, held, None);
        assert_eq!(kinds(&answers), [ACK], "a lease can be renewed");
        assert_eq!(yiaddr(&answers[0]), held);
        self.take_acknowledgement(index, &answers[0])
    }

    fn reboot(&mut self, index: usize) -> u64 {
        let held = self.machines[index].address;
        let answers = self.send(index, REQUEST, Ipv4Addr::UNSPECIFIED, held);
        assert_eq!(kinds(&answers), [ACK], "a lease outlives a reboot");
        self.take_acknowledgement(index, &answers[0])
    }

    fn release(&mut self, index: usize) -> u64 {
        let held = self.machines[index].address.unwrap();
        assert!(self.send(index, RELEASE, held, None).is_empty());
        self.let_go(index);
        assert_eq!(self.written.get(&held), Some(&State::Free));
        self.dice.below(2 * DAY)
    }

    fn decline(&mut self, index: usize) -> u64 {
        let held = self.machines[index].address;
        let unspecified = Ipv4Addr::UNSPECIFIED;
        assert!(self.send(index, DECLINE, unspecified, held).is_empty());
        self.let_go(index);
        assert_eq!(self.written.get(&held.unwrap()), Some(&State::Abandoned));
        10
    }

    /// In the new network the old address is refused or ignored, never confirmed.
    fn move_away(&mut self, index: usize) -> u64 {
        let old = self.machines[index].address;
        let network = &mut self.machines[index].network;
        *network = (*network + 1) % RELAYS.len();
        let answers = self.send(index, REQUEST, Ipv4Addr::UNSPECIFIED, old);
        assert!(!kinds(&answers).contains(&ACK));
        self.machines[index].is_up = false;
        5
    }

    fn let_go(&mut self, index: usize) {
        let machine = &mut self.machines[index];
        machine.is_up = false;
        machine.until = 0;
    }

    fn send(
        &mut self,
        index: usize,
        kind: u8,
        ciaddr: Ipv4Addr,
        wanted: Option<Ipv4Addr>,
    ) -> Vec<Reply> {
        let machine = &self.machines[index];
        let number = u32::try_from(index).unwrap().to_be_bytes();
        let mut bytes = vec![0; FIXED_LENGTH];
        bytes[..3].copy_from_slice(&[1, 1, 6]);
        bytes[12..16].copy_from_slice(&ciaddr.octets());
        if ciaddr.is_unspecified() {
            bytes[24..28].copy_from_slice(&RELAYS[machine.network].octets());
        }
        bytes[28] = 2;
        bytes[30..34].copy_from_slice(&number);
        bytes.extend(MAGIC_COOKIE);
        bytes.extend([53, 1, kind]);
        if let Some(wanted) = wanted {
            bytes.extend([50, 4]);
            bytes.extend(wanted.octets());
        }
        if machine.has_uid {
            bytes.extend([61, 5, 0xFF]);
            bytes.extend(number);
        }
        bytes.push(255);
        let arrival = Arrival {
            interface: InterfaceId(0),
            peer: ciaddr,
        };
        let mut outbox = Outbox::default();
        self.engine
            .packet(self.time(), &arrival, &bytes, &mut outbox);
        self.read_journal(&outbox.journal);
        outbox.replies
    }

    /// No machine gets what another one still holds, and what it gets is on its network and in the lease file.
    fn take_acknowledgement(&mut self, index: usize, reply: &Reply) -> u64 {
        let address = yiaddr(reply);
        let network = self.machines[index].network;
        let prefix = u32::from(RELAYS[network]) >> 21;
        let expected = if network == 0 { 10 << 3 } else { prefix };
        assert_eq!(u32::from(address) >> 21, expected, "{address}");
        assert_eq!(self.written.get(&address), Some(&State::Active));
        if let Some(other) = self.holders.insert(address, index) {
            let other_until = self.machines[other].until;
            let holds = self.machines[other].address == Some(address) && other_until > self.now;
            assert!(
                other == index || !holds,
                "{address} is given to two machines"
            );
        }
        let seconds = option_of(reply, 51).unwrap();
        let seconds = u64::from(u32::from_be_bytes(seconds.try_into().unwrap()));
        assert!(seconds > 0 && seconds <= LEASE);
        self.acknowledged += 1;
        let machine = &mut self.machines[index];
        machine.address = Some(address);
        machine.until = self.now + seconds;
        machine.is_up = true;
        seconds / 2 + self.dice.below(60)
    }

    /// Every record of the lease file is a step that a lease may make.
    fn read_journal(&mut self, journal: &[u8]) {
        let now = u32::try_from(self.now).unwrap();
        let written = &mut self.written;
        let reading = lease::read(journal, "journal", now, |lease| {
            let before = written.insert(lease.address, lease.state);
            let before = before.unwrap_or_default();
            let step = (before, lease.state);
            assert!(is_legal(step), "{}: {step:?}", lease.address);
            true
        });
        assert!(reading.lines.is_empty(), "{:?}", reading.lines);
    }

    /// The counters of each pool are what counting its leases one by one gives, and no address is there twice.
    fn check_counters(&self) {
        let mut seen = HashSet::new();
        let mut used: HashMap<PoolId, u64> = HashMap::new();
        for lease in self.engine.table.kept() {
            assert!(
                seen.insert(lease.address),
                "{} is there twice",
                lease.address
            );
            let state = self.written.get(&lease.address).copied();
            assert_eq!(state.unwrap_or_default(), lease.state, "{}", lease.address);
            if lease.state.is_in_use() {
                let pool = self.engine.table.pool_of(lease.address).unwrap();
                *used.entry(pool).or_default() += 1;
            }
        }
        for pool in (0..3).map(PoolId) {
            let tally = self.engine.table.tally(pool);
            assert_eq!(tally.used(), used.get(&pool).copied().unwrap_or(0));
        }
        for machine in self.machines.iter().filter(|it| it.until > self.now) {
            let address = machine.address.unwrap();
            let found = self.engine.table.find(address).unwrap();
            assert_eq!(found.lease.state, State::Active, "{address}");
            assert!(u64::from(found.lease.ends) >= machine.until, "{address}");
        }
    }

    /// A new engine on the rewritten lease file knows the same.
    fn restart(&mut self) {
        let (mut text, mut snapshot) = (Vec::new(), Snapshot::default());
        let reading = Reading::default();
        while self.engine.write_slice(&mut snapshot, &reading, &mut text) {}
        let before: Vec<_> = (0..3)
            .map(|pool| self.engine.table.tally(PoolId(pool)))
            .collect();
        self.engine = start(&self.config, &text, self.time());
        let after: Vec<_> = (0..3)
            .map(|pool| self.engine.table.tally(PoolId(pool)))
            .collect();
        assert_eq!(after, before);
        self.check_counters();
    }
}

const ACK: u8 = 5;

/// The message type of each reply.
fn kinds(replies: &[Reply]) -> Vec<u8> {
    let kind = |reply: &Reply| option_of(reply, 53).and_then(|kind| kind.first().copied());
    replies.iter().filter_map(kind).collect()
}

/// Steps of a lease without a failover peer (reference isc-dhcpd-behaviour.md, section 8).
fn is_legal(step: (State, State)) -> bool {
    use State::{Abandoned, Active, Free};
    matches!(
        step,
        (Free, Free | Active | Abandoned)
            | (Active, Active | Free | Abandoned)
            | (Abandoned, Free | Active | Abandoned)
    )
}
