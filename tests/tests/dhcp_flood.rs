//! A flood of invented clients: those that have a lease are served while it lasts, memory stays as it is, and the log stays short.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tests::client::Wire;
use tests::client::identity::{granted, request_for};
use tests::client::message::Message;
use tests::dhcp::{BRIDGE, DhcpLab, PATIENCE, SECOND_CLIENT_LINK, SERVER_LINK};
use tests::subject::Subject;

const WANTED: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 10);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.250; }
";
const BRIDGE_MAC: [u8; 6] = [2, 0, 0, 0, 0x99, 1];
/// How many invented clients there are in all, in an ordinary run; `INVENTED` asks for others.
const INVENTED: u32 = 80_000;
/// A client that hears nothing asks again.
const AGAIN: Duration = Duration::from_millis(100);
const SOON: Duration = Duration::from_secs(1);

/// The flood has a port of its own, so that a real client does not see it.
fn lab() -> DhcpLab {
    let lab = DhcpLab::bridged("10.9.0.1/24").unwrap();
    lab.configure(CONFIG).unwrap();
    lab
}

/// Sends DHCPDISCOVERs, each from another hardware address, until told to stop.
fn flood(wire: &Wire, sent: &AtomicU32, ends: &AtomicBool) {
    let mut datagram = request_for(0, WANTED);
    datagram.link_destination = BRIDGE_MAC;
    let mut message = Message(datagram.payload.clone());
    message.put(240, &[53, 1, 1, 255]);
    while !ends.load(Ordering::Relaxed) {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        message.put(30, &number.to_be_bytes());
        datagram.payload.clone_from(&message.0);
        // What the system has no room for is no harm to a flood.
        let _ = wire.send(&datagram);
    }
}

/// How long it takes until a client has its lease once more.
fn renewal(wire: &Wire) -> Duration {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        wire.send(&request_for(1, WANTED)).unwrap();
        let reply = wire.receive(AGAIN).unwrap();
        if reply.and_then(|reply| granted(&reply)) == Some((1, WANTED)) {
            return begin.elapsed();
        }
    }
    panic!("no answer")
}

fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse().unwrap()
}

#[test]
#[ignore = "needs root"]
fn a_client_with_a_lease_is_served_while_invented_ones_flood() {
    let lab = lab();
    let mut command = lab.command(Subject::Ours).unwrap();
    command.args(["--rate-limit", "50,500", BRIDGE]);
    let server = lab.launch(command).unwrap();
    let pid = server.process.identity().pid();
    let client = lab.wire().unwrap();
    renewal(&client);
    let (sent, ends) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let flooding = {
        let wire = Wire::open(&lab.client, SECOND_CLIENT_LINK).unwrap();
        let (sent, ends) = (Arc::clone(&sent), Arc::clone(&ends));
        thread::spawn(move || flood(&wire, &sent, &ends))
    };
    let given = std::env::var("INVENTED").ok();
    let invented = given.map_or(INVENTED, |number| number.parse().unwrap());
    let renew_until = |count: u32| {
        let mut took = vec![renewal(&client)];
        while sent.load(Ordering::Relaxed) < count {
            took.push(renewal(&client));
        }
        took
    };
    renew_until(invented / 4);
    let before = resident(pid);
    let mut took = renew_until(invented);
    let after = resident(pid);
    ends.store(true, Ordering::Relaxed);
    flooding.join().unwrap();
    took.sort();
    let (half, longest) = (took[took.len() / 2], took[took.len() - 1]);
    println!(
        "{invented} invented clients, {} renewals, half within {half:?}, all within {longest:?}, {before} kB and then {after}",
        took.len()
    );
    assert!(half < SOON, "{took:?}");
    assert!(after < before + 1024, "{before} kB before, {after} after");
    server.log.wait_for("Rate limit: ", PATIENCE).unwrap();
    let told = server.log.lines();
    let told = told.iter().filter(|line| line.starts_with("Rate limit: "));
    assert_eq!(told.count(), 1);
}

#[test]
#[ignore = "needs root"]
fn a_client_that_never_stops_is_not_heard_and_the_others_are() {
    let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
    lab.configure(CONFIG).unwrap();
    let mut command = lab.command(Subject::Ours).unwrap();
    command.args(["--rate-limit", "3", SERVER_LINK]);
    let server = lab.launch(command).unwrap();
    let wire = lab.wire().unwrap();
    for _ in 0..50 {
        wire.send(&request_for(1, WANTED)).unwrap();
    }
    wire.send(&request_for(2, Ipv4Addr::new(10, 9, 0, 11)))
        .unwrap();
    let mut answers = [0; 2];
    while answers[1] == 0 {
        let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
        let (number, _) = granted(&reply).unwrap();
        answers[usize::from(number) - 1] += 1;
    }
    // As many as come in a second, and those that a second more of sending earns on a slow machine.
    assert!((3..40).contains(&answers[0]), "{answers:?}");
    server.log.wait_for("Rate limit: ", PATIENCE).unwrap();
}

#[test]
fn a_bad_limit_is_an_error_when_a_configuration_is_tested() {
    let mut command = std::process::Command::new(Subject::Ours.dhcpd().unwrap());
    let output = command
        .args(["-t", "--rate-limit", "many"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Invalid rate limit: many"), "{said}");
}
