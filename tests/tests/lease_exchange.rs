//! Lease files change hands: what one server wrote, the other reads without complaint and without losing a lease.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use pretty_assertions::assert_eq;
use tests::client::{Wire, parse_mac};
use tests::dhcp::{DhcpLab, SERVER_MAC};
use tests::scenario::{Network, Request, lease_records};
use tests::subject::Subject;

const PATIENCE: Duration = Duration::from_secs(10);
const CONFIG: &str = "
default-lease-time 600; max-lease-time 7200; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range dynamic-bootp 10.9.0.10 10.9.0.99; }
";
/// Requests that leave one lease each, of every shape that a record can have.
const REQUESTS: [&str; 8] = [
    "request mac=02:00:00:00:00:01 50=10.9.0.11",
    "request mac=02:00:00:00:00:02 50=10.9.0.12 12=\"laptop\" 61=01020000000002",
    "request mac=02:00:00:00:00:03 50=10.9.0.13 61=ff225c0a0dfe7f",
    "request mac=02:00:00:00:00:04 50=10.9.0.14 12=\"a b\" 61=\"text\"",
    "request mac=02:00:00:00:00:05 50=10.9.0.15 12=226122",
    "request mac=02:00:00:00:00:06 50=10.9.0.16 htype=6 82=0104abcd0001",
    "request mac=02:00:00:00:00:07 50=10.9.0.17 htype=0 hlen=0 61=\"x1\" flags=8000",
    "bootp mac=02:00:00:00:00:08",
];
/// Requests without an answer, after which one lease is free and one abandoned.
const GIVEN_BACK: [&str; 2] = [
    "release mac=02:00:00:00:00:01 ciaddr=10.9.0.11",
    "decline mac=02:00:00:00:00:04 50=10.9.0.14",
];

#[test]
#[ignore = "needs root"]
fn a_lease_file_of_the_original_is_read_by_the_original() {
    check(Subject::Original, Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn a_lease_file_of_ours_is_read_by_the_original() {
    check(Subject::Ours, Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn a_lease_file_of_the_original_is_read_by_ours() {
    check(Subject::Original, Subject::Ours);
}

#[test]
#[ignore = "needs root"]
fn a_lease_file_of_ours_is_read_by_ours() {
    check(Subject::Ours, Subject::Ours);
}

/// A difference on purpose (tests/developers/differences.md).
#[test]
#[ignore = "needs root"]
fn a_missing_lease_file_is_made_by_ours_and_refused_by_the_original() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
            lab.configure(CONFIG).unwrap();
            std::fs::remove_file(lab.lease_file()).unwrap();
            let path = lab.lease_file().display().to_string();
            match (subject, lab.start(subject)) {
                (Subject::Ours, Ok(server)) => {
                    let line = format!("Created lease database {path}.");
                    assert!(
                        server.log.lines().contains(&line),
                        "{:?}",
                        server.log.lines()
                    );
                    assert!(lab.lease_file().exists());
                }
                (Subject::Original, Err(failure)) => {
                    let refusal =
                        format!("Can't open lease database {path}: No such file or directory --");
                    assert!(failure.to_string().contains(&refusal), "{failure}");
                }
                (subject, outcome) => panic!("{subject}: {outcome:?}"),
            }
        }
    }
}

fn check(writer: Subject, reader: Subject) {
    for subject in [writer, reader] {
        if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::dhcpd) {
            return;
        }
    }
    let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
    lab.configure(CONFIG).unwrap();
    write_leases(&lab, writer);
    let written = last_records(&lab.read_leases().unwrap());
    assert_eq!(written.len(), REQUESTS.len());
    expect_acceptance(&lab, reader);
    let server = lab.start(reader).unwrap();
    let count = format!("Wrote {} leases to leases file.", written.len());
    assert!(
        server.log.lines().contains(&count),
        "{:?}",
        server.log.lines()
    );
    let read = last_records(&lab.read_leases().unwrap());
    assert_eq!(without_tstp(&read), without_tstp(&written));
}

fn write_leases(lab: &DhcpLab, writer: Subject) {
    let server = lab.start(writer).unwrap();
    let wire = lab.wire().unwrap();
    for request in REQUESTS {
        send(&wire, request);
        assert!(
            wire.receive(PATIENCE).unwrap().is_some(),
            "no answer to {request}"
        );
    }
    for request in GIVEN_BACK {
        send(&wire, request);
    }
    server
        .log
        .wait_for("DHCPDECLINE of 10.9.0.14", PATIENCE)
        .unwrap();
}

fn send(wire: &Wire, request: &str) {
    let network = Network {
        server_mac: parse_mac(SERVER_MAC).unwrap(),
        server: "10.9.0.1".parse().unwrap(),
    };
    let request: Request = request.parse().unwrap();
    wire.send(&request.datagram(network)).unwrap();
}

/// `-T` reads the configuration and the leases and says whether it could.
fn expect_acceptance(lab: &DhcpLab, reader: Subject) {
    let output = lab.command(reader).unwrap().arg("-T").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Lease file test successful"), "{said}");
    assert!(
        !said.contains("line ") && !said.contains("Corrupt"),
        "{said}"
    );
}

/// The last record of each address, sorted: what a reader believes.
fn last_records(file: &str) -> Vec<String> {
    let lines = lease_records(file);
    let mut records = std::collections::BTreeMap::new();
    for record in lines
        .split(|line| line == "}")
        .filter(|record| !record.is_empty())
    {
        records.insert(record[0].clone(), record.join("\n"));
    }
    records.into_values().collect()
}

/// A reader adds `tstp` to every lease when it writes the file anew (reference isc-dhcpd-behaviour.md, section 10.3).
fn without_tstp(records: &[String]) -> Vec<String> {
    let keep = |record: &String| {
        let lines: Vec<&str> = record
            .lines()
            .filter(|line| !line.starts_with("  tstp "))
            .collect();
        lines.join("\n")
    };
    records.iter().map(keep).collect()
}
