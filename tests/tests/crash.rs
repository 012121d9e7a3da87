//! Killed in mid-service: every address that was acknowledged before is in the lease file, and its client keeps it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;
use tests::client::identity::{granted, mac_of, request_for};
use tests::client::message::Message;
use tests::client::{Wire, show_octets};
use tests::dhcp::DhcpLab;
use tests::subject::Subject;

const CLIENTS: u16 = 400;
/// Requests without an answer at a time; the server is busy when it dies.
const IN_FLIGHT: u16 = 16;
/// Addresses that they ask for: some are asked for twice, and only one client can have them.
const ADDRESSES: u16 = 300;
/// Rounds of an ordinary run; `CRASH_ROUNDS` asks for others.
const ROUNDS: u64 = 3;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the link must be quiet to be empty: everything on it was sent before the server died.
const QUIET: Duration = Duration::from_millis(50);
const CONFIG: &str = "
default-lease-time 6000; max-lease-time 7200; ping-check false;
subnet 10.9.0.0 netmask 255.255.0.0 { range 10.9.1.0 10.9.4.255; }
";

#[test]
#[ignore = "needs root"]
fn the_original_loses_no_acknowledged_lease_when_killed() {
    check(Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn ours_loses_no_acknowledged_lease_when_killed() {
    check(Subject::Ours);
}

fn check(subject: Subject) {
    if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::dhcpd) {
        return;
    }
    let seed = number_in("SEED").unwrap_or_else(random);
    for round in 0..number_in("CRASH_ROUNDS").unwrap_or(ROUNDS) {
        println!("SEED={} reproduces this round", seed + round);
        let limit = 1 + (seed + round).wrapping_mul(6_364_136_223_846_793_005) % 250;
        kill_after(subject, usize::try_from(limit).unwrap());
    }
}

fn number_in(variable: &str) -> Option<u64> {
    let given = std::env::var(variable).ok();
    given.and_then(|text| text.parse().ok())
}

/// Where in the service the kill falls: chosen anew in every run, printed, and repeatable by `SEED`.
fn random() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::from(now.unwrap().subsec_nanos())
}

fn kill_after(subject: Subject, acknowledged: usize) {
    let lab = DhcpLab::new("10.9.0.1/16", "10.9.0.2").unwrap();
    lab.configure(CONFIG).unwrap();
    let server = lab.start(subject).unwrap();
    let wire = lab.wire().unwrap();
    let mut leases = serve_until(&wire, acknowledged);
    server.process.signal(Signal::SIGKILL).unwrap();
    drop(server);
    while let Some(reply) = wire.receive(QUIET).unwrap() {
        leases.extend(granted(&reply));
    }
    assert!(leases.len() >= acknowledged);
    let held: HashSet<_> = leases.values().collect();
    assert_eq!(held.len(), leases.len(), "an address has two clients");
    expect_to_load(&lab, leases.len());
    expect_in_file(&lab.read_leases().unwrap(), &leases);
    let _again = lab.start(subject).unwrap();
    expect_in_file(&lab.read_leases().unwrap(), &leases);
    expect_honoured(&wire, &leases);
}

/// Lets clients ask, some at a time, until so many have been served.
fn serve_until(wire: &Wire, acknowledged: usize) -> HashMap<u16, Ipv4Addr> {
    let mut leases = HashMap::new();
    let (mut asked, mut answered) = (0, 0);
    while leases.len() < acknowledged {
        while asked < CLIENTS && asked < answered + IN_FLIGHT {
            wire.send(&request_for(asked, wish(asked))).unwrap();
            asked += 1;
        }
        let reply = wire
            .receive(PATIENCE)
            .unwrap()
            .expect("the server is silent");
        answered += 1;
        leases.extend(granted(&reply));
    }
    leases
}

fn wish(number: u16) -> Ipv4Addr {
    let first = Ipv4Addr::new(10, 9, 1, 0).to_bits();
    Ipv4Addr::from_bits(first + u32::from(number * 7 % ADDRESSES))
}

/// Both servers read the file as it was left, with all that was acknowledged.
fn expect_to_load(lab: &DhcpLab, acknowledged: usize) {
    for reader in [Subject::Original, Subject::Ours] {
        if reader.dhcpd().is_err() {
            continue;
        }
        let mut command = lab.command(reader).unwrap();
        let output = lab.server.output(command.arg("-T")).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{reader}: {said}");
        let count = said.lines().find_map(|line| {
            let rest = line.strip_prefix("Wrote ")?;
            rest.strip_suffix(" leases to leases file.")?.parse().ok()
        });
        assert!(
            count.is_some_and(|count: usize| count >= acknowledged),
            "{reader}: {said}"
        );
    }
}

fn expect_in_file(file: &str, leases: &HashMap<u16, Ipv4Addr>) {
    let held = active_leases(file);
    for (number, address) in leases {
        let owner = show_octets(&mac_of(*number));
        assert!(
            held.contains(&(*address, owner)),
            "client {number} was promised {address}, but the file does not say so:\n{file}"
        );
    }
}

/// Address and hardware of the records that are whole and active.
fn active_leases(file: &str) -> HashSet<(Ipv4Addr, String)> {
    file.split("\nlease ")
        .skip(1)
        .filter(|record| record.contains("\n}"))
        .filter(|record| record.contains("\n  binding state active;"))
        .filter_map(|record| {
            let address = record.split(' ').next()?.parse().ok()?;
            let (_, after) = record.split_once("hardware ethernet ")?;
            Some((address, after.split(';').next()?.to_owned()))
        })
        .collect()
}

/// Each client gets its address again, and a stranger is refused it.
fn expect_honoured(wire: &Wire, leases: &HashMap<u16, Ipv4Addr>) {
    const STRANGER: u16 = 60_000;
    for (number, address) in leases {
        wire.send(&request_for(*number, *address)).unwrap();
        let reply = wire
            .receive(PATIENCE)
            .unwrap()
            .expect("no answer after the restart");
        assert_eq!(granted(&reply), Some((*number, *address)));
    }
    let (_, taken) = leases.iter().next().expect("somebody was served");
    wire.send(&request_for(STRANGER, *taken)).unwrap();
    let refusal = wire.receive(PATIENCE).unwrap().expect("no refusal");
    assert_eq!(Message(refusal.payload).option(53), Some(vec![6]));
}
