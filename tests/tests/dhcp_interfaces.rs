//! A DHCP server on several links: each client is answered on its own link and from the subnet of that link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

use tests::client::identity::{granted, request_for};
use tests::client::message::{Field, Message};
use tests::client::{Datagram, Wire};
use tests::dhcp::{DhcpLab, SERVER_LINK};
use tests::subject::Subject;

const PATIENCE: Duration = Duration::from_secs(20);
const SECOND_SERVER_LINK: &str = "srv1";
const SECOND_CLIENT_LINK: &str = "cli1";
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 10);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 10);
const BOTH: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
subnet 10.8.0.0 netmask 255.255.255.0 { range 10.8.0.10 10.8.0.20; }
";
const ONLY_FIRST: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
";

#[test]
#[ignore = "needs root"]
fn without_names_every_link_is_served() {
    for_each_subject(BOTH, |subject, lab| {
        let server = lab.start_on(subject, &[]).unwrap();
        expect_grant(&lab.wire().unwrap(), 1, FIRST, Ipv4Addr::new(10, 9, 0, 1));
        expect_grant(&second_wire(lab), 2, SECOND, Ipv4Addr::new(10, 8, 0, 1));
        for (address, link) in [(FIRST, SERVER_LINK), (SECOND, SECOND_SERVER_LINK)] {
            let line = server
                .log
                .wait_for(&format!("DHCPACK on {address} to "), PATIENCE)
                .unwrap();
            assert!(line.ends_with(&format!("via {link}")), "{subject}: {line}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_link_that_is_not_named_is_not_served() {
    for_each_subject(BOTH, |subject, lab| {
        let server = lab.start_on(subject, &[SERVER_LINK]).unwrap();
        let unserved = second_wire(lab);
        unserved.send(&request_for(2, SECOND)).unwrap();
        expect_grant(&lab.wire().unwrap(), 1, FIRST, Ipv4Addr::new(10, 9, 0, 1));
        assert_eq!(unserved.receive(Duration::ZERO).unwrap(), None, "{subject}");
        let lines = server.log.lines();
        assert!(
            !lines.iter().any(|line| line.contains(SECOND_SERVER_LINK)),
            "{subject}: {lines:?}"
        );
    });
}

#[test]
#[ignore = "needs root"]
fn a_link_without_a_subnet_is_left_alone_with_a_notice() {
    for_each_subject(ONLY_FIRST, |subject, lab| {
        let server = lab.start_on(subject, &[]).unwrap();
        expect_grant(&lab.wire().unwrap(), 1, FIRST, Ipv4Addr::new(10, 9, 0, 1));
        let notice = format!("No subnet declaration for {SECOND_SERVER_LINK} (10.8.0.1).");
        let lines = server.log.lines();
        assert!(lines.contains(&notice), "{subject}: {lines:?}");
        let listens = |link: &str| {
            lines
                .iter()
                .any(|line| line.starts_with(&format!("Listening on LPF/{link}/")))
        };
        assert!(
            listens(SERVER_LINK) && !listens(SECOND_SERVER_LINK),
            "{subject}: {lines:?}"
        );
    });
}

#[test]
#[ignore = "needs root"]
fn a_bridge_is_served_like_any_link() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = DhcpLab::new("10.7.0.1/24", "10.7.0.2").unwrap();
            lab.configure(ONLY_FIRST).unwrap();
            lab.server.add_bridge("br0", Some("10.9.0.1/24")).unwrap();
            lab.server
                .add_veth("leg0", &lab.client, SECOND_CLIENT_LINK)
                .unwrap();
            lab.server.attach("leg0", "br0").unwrap();
            let _server = lab.start_on(subject, &["br0"]).unwrap();
            expect_grant(&second_wire(&lab), 1, FIRST, Ipv4Addr::new(10, 9, 0, 1));
        }
    }
}

fn for_each_subject(config: &str, drive: impl Fn(Subject, &DhcpLab)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
            lab.server
                .add_veth(SECOND_SERVER_LINK, &lab.client, SECOND_CLIENT_LINK)
                .unwrap();
            lab.server
                .bring_up(SECOND_SERVER_LINK, Some("10.8.0.1/24"))
                .unwrap();
            lab.configure(config).unwrap();
            drive(subject, &lab);
        }
    }
}

fn second_wire(lab: &DhcpLab) -> Wire {
    Wire::open(&lab.client, SECOND_CLIENT_LINK).unwrap()
}

/// The client with this number asks for `address` and gets it from `server`, by a frame to its own hardware address.
fn expect_grant(wire: &Wire, number: u16, address: Ipv4Addr, server: Ipv4Addr) {
    wire.send(&request_for(number, address)).unwrap();
    let reply: Datagram = wire.receive(PATIENCE).unwrap().expect("no answer");
    assert_eq!(granted(&reply), Some((number, address)));
    assert_eq!((reply.source, reply.destination), (server, address));
    let message = Message(reply.payload);
    assert_eq!(message.option(54), Some(server.octets().to_vec()));
    assert_eq!(message.address(Field::Giaddr), Ipv4Addr::UNSPECIFIED);
}

/// The original looks at its interfaces once; ours follows them (tests/developers/differences.md).
#[test]
#[ignore = "needs root"]
fn ours_serves_a_link_that_comes_up_after_the_start() {
    for words in [
        &[][..],
        &["-user", "nobody"],
        &[SERVER_LINK, SECOND_SERVER_LINK],
    ] {
        let lab = lab_of_one_link();
        let server = lab.launch(command_with(&lab, words)).unwrap();
        add_second_link(&lab);
        let line = format!("Interface {SECOND_SERVER_LINK} has come up with 10.8.0.1.");
        server.log.wait_for(&line, PATIENCE).unwrap();
        let line = format!("Listening on LPF/{SECOND_SERVER_LINK}/");
        server.log.wait_for(&line, PATIENCE).unwrap();
        expect_grant(&second_wire(&lab), 2, SECOND, Ipv4Addr::new(10, 8, 0, 1));
        expect_grant(&lab.wire().unwrap(), 1, FIRST, Ipv4Addr::new(10, 9, 0, 1));
    }
}

#[test]
#[ignore = "needs root"]
fn ours_serves_a_link_that_is_made_anew_under_its_name() {
    for words in [&[][..], &["-user", "nobody"]] {
        let lab = lab_of_one_link();
        add_second_link(&lab);
        let server = lab.launch(command_with(&lab, words)).unwrap();
        expect_grant(&second_wire(&lab), 2, SECOND, Ipv4Addr::new(10, 8, 0, 1));
        let delete = format!("link delete {SECOND_SERVER_LINK}");
        lab.server.ip(&delete).unwrap();
        let line = format!("Interface {SECOND_SERVER_LINK} is gone.");
        server.log.wait_for(&line, PATIENCE).unwrap();
        expect_grant(&lab.wire().unwrap(), 1, FIRST, Ipv4Addr::new(10, 9, 0, 1));
        add_second_link(&lab);
        let line = format!("Interface {SECOND_SERVER_LINK} is back with 10.8.0.1.");
        server.log.wait_for(&line, PATIENCE).unwrap();
        expect_grant(&second_wire(&lab), 2, SECOND, Ipv4Addr::new(10, 8, 0, 1));
    }
}

#[test]
#[ignore = "needs root"]
fn ours_follows_the_address_and_the_state_of_a_link() {
    let lab = lab_of_one_link();
    add_second_link(&lab);
    let server = lab.start_on(Subject::Ours, &[]).unwrap();
    let wire = second_wire(&lab);
    let expect = |deed: &str, said: &str| {
        let before = server.log.lines().len();
        lab.server.ip(deed).unwrap();
        server.log.wait_after(before, said, PATIENCE).unwrap();
    };
    let said = format!("Interface {SECOND_SERVER_LINK} has lost 10.8.0.1.");
    expect(
        &format!("address delete 10.8.0.1/24 dev {SECOND_SERVER_LINK}"),
        &said,
    );
    expect_grant(&wire, 2, SECOND, Ipv4Addr::new(10, 8, 0, 1));
    let said = format!("Interface {SECOND_SERVER_LINK} has changed and has 10.8.0.5 now.");
    expect(
        &format!("address add 10.8.0.5/24 dev {SECOND_SERVER_LINK}"),
        &said,
    );
    expect_grant(&wire, 2, SECOND, Ipv4Addr::new(10, 8, 0, 5));
    let said = format!("Interface {SECOND_SERVER_LINK} is down.");
    expect(&format!("link set {SECOND_SERVER_LINK} down"), &said);
    let said = format!("Interface {SECOND_SERVER_LINK} is back with 10.8.0.5.");
    expect(&format!("link set {SECOND_SERVER_LINK} up"), &said);
    expect_grant(&wire, 2, SECOND, Ipv4Addr::new(10, 8, 0, 5));
}

fn lab_of_one_link() -> DhcpLab {
    let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
    lab.configure(BOTH).unwrap();
    lab
}

fn add_second_link(lab: &DhcpLab) {
    let (server, client) = (SECOND_SERVER_LINK, SECOND_CLIENT_LINK);
    lab.server.add_veth(server, &lab.client, client).unwrap();
    lab.server.bring_up(server, Some("10.8.0.1/24")).unwrap();
}

fn command_with(lab: &DhcpLab, words: &[&str]) -> Command {
    let mut command = lab.command(Subject::Ours).unwrap();
    command.args(words);
    command
}
