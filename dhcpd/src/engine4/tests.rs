//! Tests of the engine as a machine: time, durability, and whatever anybody may send. What it answers is held against the
//! original by the scenarios of the behaviour suite.

mod known_faults;
mod malformed;
mod month;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use common::diag::Diagnostics;
use common::time::Time;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::config::{self, Family, model::Config};
use crate::eval::ResolvedNames;
use crate::lease::{self, Lease, Load, State};
use crate::wire::{FIXED_LENGTH, MAGIC_COOKIE};

const NOW: Time = Time::from_seconds(1_795_176_000);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const DISCOVER: u8 = 1;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const RELEASE: u8 = 7;
const LEASEQUERY: u8 = 10;

const SMALL: &str =
    "subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.13; } default-lease-time 600;";

/// An engine, its time and its lease file.
struct Bench {
    config: Arc<Config>,
    engine: Engine,
    now: Time,
    file: Vec<u8>,
}

impl Bench {
    fn new(text: &str) -> Self {
        let config = Arc::new(configure(text));
        let engine = start(&config, b"", NOW);
        Self {
            config,
            engine,
            now: NOW,
            file: Vec::new(),
        }
    }

    fn send(&mut self, message: &[u8]) -> Outbox {
        let arrival = Arrival {
            interface: InterfaceId(0),
            peer: Ipv4Addr::UNSPECIFIED,
        };
        let mut outbox = Outbox::default();
        self.engine.packet(self.now, &arrival, message, &mut outbox);
        self.file.extend_from_slice(&outbox.journal);
        outbox
    }

    /// Lets time pass; everything due happens at its end.
    fn pass(&mut self, pause: Duration) -> Outbox {
        self.now = self.now.after(pause);
        let mut outbox = Outbox::default();
        self.engine.tick(self.now, &mut outbox);
        self.file.extend_from_slice(&outbox.journal);
        outbox
    }

    fn answer_ping(&mut self, last: u8) -> Outbox {
        let mut outbox = Outbox::default();
        self.engine
            .ping_answered(self.now, address(last), &mut outbox);
        self.file.extend_from_slice(&outbox.journal);
        outbox
    }

    /// A new engine on what was written.
    fn restart(&mut self) {
        self.engine = start(&self.config, &self.file, self.now);
    }
}

fn configure(text: &str) -> Config {
    let mut diagnostics = Diagnostics::default();
    let mut load = |_: &str| Ok(text.as_bytes().to_vec());
    let config = config::parse("dhcpd.conf", Family::Dhcpv4, &mut load, &mut diagnostics);
    config.unwrap_or_else(|_| panic!("{:?}", diagnostics.messages()))
}

fn start(config: &Arc<Config>, file: &[u8], now: Time) -> Engine {
    let seconds = u32::try_from(now.seconds()).unwrap();
    let mut load = Load::new(config);
    lease::read(file, "leases", seconds, |lease| load.accept(lease));
    let network = config
        .network_of(config.subnet_of(SERVER).unwrap())
        .unwrap();
    let listener = Listener {
        name: "eth0".to_owned(),
        index: 2,
        hardware: None,
        hardware_type: 1,
        address: SERVER,
        network,
    };
    let setup = Setup {
        config: Arc::clone(config),
        names: ResolvedNames::default(),
        interfaces: vec![listener],
        local_port: 67,
        remote_port: 68,
        limited_broadcast: Ipv4Addr::BROADCAST,
    };
    Engine::new(setup, load.finish(), now)
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, 0, last)
}

/// `message` as a relay agent with this address would send it.
fn relayed(mut message: Vec<u8>, giaddr: Ipv4Addr) -> Vec<u8> {
    message[24..28].copy_from_slice(&giaddr.octets());
    message
}

/// The value of an option of a reply.
fn option_of(reply: &Reply, code: u8) -> Option<Vec<u8>> {
    let mut rest = &reply.bytes[FIXED_LENGTH + MAGIC_COOKIE.len()..];
    while let [found, length, behind @ ..] = rest {
        let (value, after) = behind.split_at(usize::from(*length));
        if *found == code {
            return Some(value.to_vec());
        }
        rest = after;
    }
    None
}

/// A message of client `mac`. `ciaddr` and `wanted` (option 50) are last octets.
fn message(kind: u8, mac: u8, ciaddr: Option<u8>, wanted: Option<u8>, uid: Option<u8>) -> Vec<u8> {
    let mut bytes = vec![0; FIXED_LENGTH];
    bytes[..3].copy_from_slice(&[1, 1, 6]);
    if let Some(last) = ciaddr {
        bytes[12..16].copy_from_slice(&address(last).octets());
    }
    bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, mac]);
    bytes.extend(MAGIC_COOKIE);
    bytes.extend([53, 1, kind]);
    if let Some(last) = wanted {
        bytes.extend([50, 4]);
        bytes.extend(address(last).octets());
    }
    if let Some(uid) = uid {
        bytes.extend([61, 2, 7, uid]);
    }
    bytes.push(255);
    bytes
}

fn discover(mac: u8) -> Vec<u8> {
    message(DISCOVER, mac, None, None, None)
}

fn request(mac: u8, wanted: u8) -> Vec<u8> {
    message(REQUEST, mac, None, Some(wanted), None)
}

fn yiaddr(reply: &Reply) -> Ipv4Addr {
    let octets: [u8; 4] = reply.bytes[16..20].try_into().unwrap();
    octets.into()
}

fn texts(outbox: &Outbox) -> Vec<&str> {
    outbox.lines.iter().map(|line| &*line.text).collect()
}

#[test]
fn an_offer_waits_for_its_ping_and_then_goes_out_once() {
    let mut bench = Bench::new(SMALL);
    let asked = bench.send(&discover(1));
    assert!(asked.replies.is_empty());
    assert_eq!(
        asked.pings,
        [PingRequest {
            address: address(10)
        }]
    );
    assert_eq!(
        bench.engine.next_wakeup(),
        Some(NOW.after(Duration::from_secs(1)))
    );
    let again = bench.send(&discover(1));
    assert!(again.replies.is_empty() && again.pings.is_empty() && again.lines.is_empty());
    assert!(bench.pass(Duration::from_millis(999)).replies.is_empty());
    let due = bench.pass(Duration::from_millis(1));
    assert_eq!(yiaddr(&due.replies[0]), address(10));
    assert_eq!(
        texts(&due),
        ["DHCPOFFER on 10.9.0.10 to 02:00:00:00:00:01 via eth0"]
    );
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn an_address_that_answers_is_abandoned_and_not_offered() {
    let mut bench = Bench::new(SMALL);
    bench.send(&discover(1));
    bench.send(&discover(2));
    let answered = bench.answer_ping(10);
    assert_eq!(
        texts(&answered),
        [
            "ICMP Echo reply while lease 10.9.0.10 valid.",
            "Abandoning IP address 10.9.0.10: pinged before offer",
        ]
    );
    assert!(!answered.journal.is_empty());
    let due = bench.pass(Duration::from_secs(1));
    assert_eq!(due.replies.len(), 1);
    assert_eq!(yiaddr(&due.replies[0]), address(11));
}

#[test]
fn echo_replies_that_nobody_waits_for_are_told_only_while_somebody_waits() {
    let mut bench = Bench::new(SMALL);
    assert_eq!(texts(&bench.answer_ping(10)), [""; 0]);
    bench.send(&discover(1));
    assert_eq!(
        texts(&bench.answer_ping(13)),
        ["ICMP Echo Reply for 10.9.0.13 late or spurious."]
    );
    assert_eq!(
        texts(&bench.answer_ping(99)),
        ["unexpected ICMP Echo Reply from 10.9.0.99"]
    );
}

#[test]
fn the_pause_for_a_ping_is_configurable_to_the_millisecond() {
    let mut bench = Bench::new(&format!("{SMALL} ping-timeout 3; ping-timeout-ms 200;"));
    bench.send(&discover(1));
    assert_eq!(
        bench.engine.next_wakeup(),
        Some(NOW.after(Duration::from_millis(200)))
    );
    let mut bench = Bench::new(&format!("{SMALL} ping-timeout 3;"));
    bench.send(&discover(1));
    assert_eq!(
        bench.engine.next_wakeup(),
        Some(NOW.after(Duration::from_secs(3)))
    );
}

#[test]
fn whatever_confirms_a_lease_waits_for_the_disk_even_without_a_record() {
    let mut bench = Bench::new(&format!("{SMALL} ping-check off;"));
    let offer = bench.send(&discover(1));
    assert!(offer.journal.is_empty() && !offer.replies[0].needs_durable);
    let granted = bench.send(&request(1, 10));
    assert!(!granted.journal.is_empty() && granted.replies[0].needs_durable);
    let reused = bench.send(&request(1, 10));
    assert!(reused.journal.is_empty() && reused.replies[0].needs_durable);
    let refused = bench.send(&request(2, 10));
    assert!(refused.journal.is_empty() && !refused.replies[0].needs_durable);
}

#[test]
fn a_lease_ends_at_its_second_and_says_so_in_the_journal() {
    let mut bench = Bench::new(&format!("{SMALL} ping-check off;"));
    bench.send(&request(1, 10));
    let end = Time::from_seconds(NOW.seconds() + 600);
    assert_eq!(bench.engine.next_wakeup(), Some(end));
    assert!(bench.pass(Duration::from_secs(599)).journal.is_empty());
    let ended = bench.pass(Duration::from_secs(1));
    let text = String::from_utf8(ended.journal).unwrap();
    assert!(text.contains("binding state free;\n  hardware"), "{text}");
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn leases_that_ended_while_no_server_ran_are_free_at_the_start() {
    let mut bench = Bench::new(&format!("{SMALL} ping-check off;"));
    bench.send(&request(1, 10));
    bench.now = bench.now.after(Duration::from_secs(700));
    bench.restart();
    let taken = bench.send(&request(2, 10));
    assert_eq!(yiaddr(&taken.replies[0]), address(10));
}

#[test]
fn a_pool_of_sixteen_million_addresses_is_there_at_once() {
    let mut bench = Bench::new(
        "subnet 10.0.0.0 netmask 255.0.0.0 { range 10.0.0.2 10.255.255.254; } ping-check off;",
    );
    // The first address of the original's order: the highest multiple of 100,003 in the range.
    let first = Ipv4Addr::from_bits(u32::from_be_bytes([10, 255, 255, 254]) / 100_003 * 100_003);
    assert_eq!(yiaddr(&bench.send(&discover(1)).replies[0]), first);
    for mac in 2..=255 {
        assert_eq!(bench.send(&discover(mac)).replies.len(), 1);
    }
}

#[test]
fn a_full_pool_is_told_and_a_held_offer_can_be_taken_by_who_asks_for_it() {
    let mut bench = Bench::new(&format!("{SMALL} ping-check off;"));
    for mac in 1..=4 {
        bench.send(&discover(mac));
    }
    let none = bench.send(&discover(5));
    assert_eq!(
        texts(&none),
        ["DHCPDISCOVER from 02:00:00:00:00:05 via eth0: network 10.9.0.0/24: no free leases"]
    );
    assert_eq!(yiaddr(&bench.send(&request(5, 12)).replies[0]), address(12));
    bench.now = bench.now.after(Duration::from_secs(121));
    // All were offered in the same second, so the last of them comes first.
    assert_eq!(yiaddr(&bench.send(&discover(6)).replies[0]), address(13));
}

#[derive(Clone, Debug)]
enum Deed {
    Send(Vec<u8>),
    Pass(u16),
    Answer(u8),
    Restart,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let kind = prop::sample::select(vec![DISCOVER, REQUEST, REQUEST, REQUEST, DECLINE, RELEASE]);
    let place = || prop::option::of(10..16_u8);
    let sent = (kind, 1..4_u8, place(), place(), prop::option::of(1..3_u8)).prop_map(
        |(kind, mac, ciaddr, wanted, uid)| Deed::Send(message(kind, mac, ciaddr, wanted, uid)),
    );
    let deed = prop_oneof![
        12 => sent,
        2 => (0..400_u16).prop_map(Deed::Pass),
        1 => (10..15_u8).prop_map(Deed::Answer),
        1 => Just(Deed::Restart),
    ];
    prop::collection::vec(deed, 0..60)
}

/// Who holds which address, as a file says.
fn holders(config: &Config, file: &[u8], now: u32) -> BTreeMap<Ipv4Addr, Lease> {
    let mut leases = BTreeMap::new();
    lease::read(file, "leases", now, |lease| {
        let ours = config.subnet_of(lease.address).is_some();
        leases.insert(lease.address, lease);
        ours
    });
    leases.retain(|_, lease| lease.state == State::Active && lease.ends > now);
    leases
}

proptest! {
    #[test]
    fn every_acknowledged_lease_is_in_the_file_until_it_ends(deeds in deeds()) {
        let mut bench = Bench::new(&format!("{SMALL} one-lease-per-client on; ping-timeout-ms 50;"));
        for deed in deeds {
            let outbox = match deed {
                Deed::Send(bytes) => bench.send(&bytes),
                Deed::Pass(seconds) => bench.pass(Duration::from_secs(u64::from(seconds))),
                Deed::Answer(last) => bench.answer_ping(last),
                Deed::Restart => {
                    bench.restart();
                    continue;
                }
            };
            let now = u32::try_from(bench.now.seconds()).unwrap();
            let holders = holders(&bench.config, &bench.file, now);
            for reply in &outbox.replies {
                let is_ack = reply.bytes.windows(3).any(|option| option == [53, 1, 5]);
                let Some(lease) = holders.get(&yiaddr(reply)).filter(|_| is_ack) else {
                    prop_assert!(!is_ack, "acknowledged, but not in the file");
                    continue;
                };
                let octets = lease.hardware.map(|hardware| hardware.octets().to_vec());
                prop_assert_eq!(octets.as_deref(), Some(&reply.bytes[28..34]));
            }
        }
    }

    #[test]
    fn no_bytes_make_the_engine_panic(
        head in any::<[u8; 28]>(),
        middle in any::<[u8; 16]>(),
        options in prop::collection::vec(any::<u8>(), 0..400),
        cookie in any::<bool>(),
    ) {
        let class = "class \"c\" { match if substring(option vendor-class-identifier, 0, 3) = \"PXE\"; }";
        let mut bench = Bench::new(&format!("{SMALL} authoritative; {class}"));
        bench.send(&request(1, 10));
        let mut bytes = vec![0; FIXED_LENGTH];
        bytes[..28].copy_from_slice(&head);
        bytes[28..44].copy_from_slice(&middle);
        (bytes[0], bytes[2]) = (bytes[0] % 3, bytes[2] % 18);
        bytes.extend(MAGIC_COOKIE.iter().filter(|_| cookie));
        bytes.extend(options);
        let outbox = bench.send(&bytes);
        prop_assert!(outbox.replies.len() <= 1);
        bench.pass(Duration::from_secs(2));
    }

    #[test]
    fn no_odd_message_of_a_known_kind_makes_the_engine_panic(
        kind in 0..14_u8,
        ciaddr in prop::option::of(any::<u8>()),
        giaddr in prop::option::of(any::<[u8; 4]>()),
        options in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..12),
    ) {
        let mut bench = Bench::new(&format!("{SMALL} authoritative; ping-check off; allow bootp;"));
        bench.send(&request(1, 10));
        let mut bytes = message(kind, 1, ciaddr, Some(10), None);
        bytes.pop();
        if let Some(giaddr) = giaddr {
            bytes[24..28].copy_from_slice(&giaddr);
        }
        for (code, value) in options {
            bytes.extend([code, u8::try_from(value.len()).unwrap()]);
            bytes.extend(value);
        }
        let outbox = bench.send(&bytes);
        prop_assert!(outbox.replies.len() <= 1);
    }
}

#[test]
fn a_relay_agent_on_an_unknown_network_may_ask_about_leases_if_everybody_may() {
    let query = relayed(
        message(LEASEQUERY, 1, Some(11), None, None),
        Ipv4Addr::new(172, 31, 0, 1),
    );
    let refused = Bench::new(SMALL).send(&query);
    assert_eq!(refused.replies.len(), 0);
    let mut bench = Bench::new(&format!("allow leasequery; {SMALL}"));
    bench.send(&message(REQUEST, 1, None, Some(11), None));
    let answered = bench.send(&query);
    assert_eq!(option_of(&answered.replies[0], 53), Some(vec![13]));
}

#[test]
fn an_answer_to_a_query_lists_forty_other_addresses() {
    let text =
        "allow leasequery; subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.99; }";
    let mut bench = Bench::new(text);
    for last in 10..60 {
        bench.send(&message(REQUEST, 1, None, Some(last), None));
    }
    let query = relayed(message(LEASEQUERY, 1, None, None, None), SERVER);
    let answered = bench.send(&query);
    assert_eq!(
        option_of(&answered.replies[0], 92).map(|it| it.len()),
        Some(160)
    );
    let first = &answered.lines[0].text;
    assert_eq!(
        first,
        "49 IP addresses associated with MAC address 02:00:00:00:00:01, only 40 sent in reply."
    );
}

#[test]
fn a_block_of_the_lease_file_that_cannot_be_read_is_told_once() {
    let mut bench = Bench::new(SMALL);
    for last in [10, 11] {
        let record = format!(
            "lease 10.9.0.{last} {{ starts epoch 1; ends epoch {}; binding state active; next binding state free; on expiry {{ nonsense }} }}\n",
            NOW.seconds() + 60
        );
        bench.file.extend_from_slice(record.as_bytes());
    }
    bench.restart();
    let lines = bench.pass(Duration::from_secs(61)).lines;
    let told = lines
        .iter()
        .filter(|line| line.text.contains("cannot be read"));
    assert_eq!(told.count(), 1, "{lines:?}");
}
