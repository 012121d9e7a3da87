//! Host names in the place of addresses: the system's resolver finds them, and a name server that is silent stops nobody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tests::client::Wire;
use tests::client::identity::{granted, request_for};
use tests::client::message::Message;
use tests::dhcp::{DhcpLab, PATIENCE, SERVER_LINK};
use tests::lab::{Scratch, View};
use tests::subject::Subject;

const WANTED: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 10);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 254);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; option routers gateway.test; }
";
const ROUTERS: u8 = 3;
const HOST_NAME: u8 = 12;

#[test]
#[ignore = "needs root"]
fn a_name_that_the_system_knows_becomes_its_address() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = lab();
            let files = Scratch::new("etc").unwrap();
            let hosts = files
                .write("hosts", format!("{GATEWAY} gateway.test\n"))
                .unwrap();
            let view = View::default().bind(hosts, "/etc/hosts");
            let _server = lab
                .launch_with(&view, on_link(lab.command(subject).unwrap()))
                .unwrap();
            assert_eq!(routers(&lab.wire().unwrap()), Some(GATEWAY), "{subject}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn ours_finds_names_from_inside_a_changed_root() {
    let lab = lab();
    let files = Scratch::new("etc").unwrap();
    let hosts = files
        .write("hosts", format!("{GATEWAY} gateway.test\n"))
        .unwrap();
    let root = Scratch::new("root").unwrap();
    root.write("leases", "").unwrap();
    let mut command = Command::new(Subject::Ours.dhcpd().unwrap());
    command
        .arg("-cf")
        .arg(lab.config_file())
        .arg("-chroot")
        .arg(root.path());
    command.args(["-lf", "/leases", "--no-pid"]);
    let view = View::default().bind(hosts, "/etc/hosts");
    let _server = lab.launch_with(&view, on_link(command)).unwrap();
    assert_eq!(routers(&lab.wire().unwrap()), Some(GATEWAY));
    let leases = fs::read_to_string(root.path().join("leases")).unwrap();
    assert!(leases.contains(&format!("lease {WANTED} {{")), "{leases}");
}

/// The original would wait for the name server before each answer (tests/developers/differences.md).
#[test]
#[ignore = "needs root"]
fn ours_serves_while_a_name_server_is_silent_and_knows_the_name_when_it_speaks() {
    let lab = lab();
    let name_server = lab
        .server
        .enter(|| UdpSocket::bind("127.0.0.1:53").unwrap())
        .unwrap();
    let files = Scratch::new("etc").unwrap();
    let text = "nameserver 127.0.0.1\noptions timeout:60 attempts:1\n";
    let resolv = files.write("resolv.conf", text).unwrap();
    let view = View::default().bind(resolv, fs::canonicalize("/etc/resolv.conf").unwrap());
    let command = on_link(lab.command(Subject::Ours).unwrap());
    let server = lab.launch_with(&view, command).unwrap();
    let wire = lab.wire().unwrap();
    assert_eq!(routers(&wire), None);
    answer(&name_server);
    let deadline = Instant::now() + PATIENCE;
    while routers(&wire) != Some(GATEWAY) {
        assert!(Instant::now() < deadline, "{:?}", server.log.lines());
    }
}

#[test]
#[ignore = "needs root"]
fn ours_says_that_a_host_is_unknown_and_leaves_no_process_behind() {
    let lab = lab();
    let mut server = lab
        .launch(on_link(lab.command(Subject::Ours).unwrap()))
        .unwrap();
    let line = server.log.wait_for("gateway.test: ", PATIENCE).unwrap();
    assert!(
        line.ends_with("failure") || line.ends_with("unknown."),
        "{line}"
    );
    assert_eq!(routers(&lab.wire().unwrap()), None);
    let pid = server.process.identity().pid();
    let children = format!("/proc/{pid}/task/{pid}/children");
    let resolver = fs::read_to_string(children).unwrap();
    let resolver = Path::new("/proc").join(resolver.trim());
    assert!(resolver.join("stat").exists());
    server
        .process
        .signal(nix::sys::signal::Signal::SIGTERM)
        .unwrap();
    server.process.wait().unwrap();
    assert!(!resolver.join("stat").exists(), "{}", resolver.display());
}

#[test]
#[ignore = "needs root"]
fn without_names_there_is_one_process() {
    let lab = lab();
    lab.configure(&CONFIG.replace("gateway.test", "10.9.0.254"))
        .unwrap();
    let server = lab.start(Subject::Ours).unwrap();
    let pid = server.process.identity().pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    assert_eq!(children, "");
}

/// The original asks and waits; ours knows the name from the offer on, when the acknowledgement is made.
#[test]
#[ignore = "needs root"]
fn a_client_is_told_the_name_of_its_address() {
    for subject in Subject::chosen() {
        if !subject.is_at_hand(Subject::dhcpd) {
            continue;
        }
        let lab = lab();
        let config = CONFIG.replace("option routers gateway.test", "get-lease-hostnames true");
        lab.configure(&config).unwrap();
        let files = Scratch::new("etc").unwrap();
        let hosts = files
            .write("hosts", format!("{WANTED} ten.test\n"))
            .unwrap();
        let view = View::default().bind(hosts, "/etc/hosts");
        let _server = lab
            .launch_with(&view, on_link(lab.command(subject).unwrap()))
            .unwrap();
        let wire = lab.wire().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while told(&wire, HOST_NAME).as_deref() != Some(b"ten.test\0") {
            assert!(
                subject == Subject::Ours && Instant::now() < deadline,
                "{subject}"
            );
        }
    }
}

fn lab() -> DhcpLab {
    let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
    lab.configure(CONFIG).unwrap();
    lab
}

fn on_link(mut command: Command) -> Command {
    command.arg(SERVER_LINK);
    command
}

/// The router that a client is told.
fn routers(wire: &Wire) -> Option<Ipv4Addr> {
    let octets = told(wire, ROUTERS)?;
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(octets).unwrap()))
}

/// An option of the answer to a client.
fn told(wire: &Wire, option: u8) -> Option<Vec<u8>> {
    wire.send(&request_for(1, WANTED)).unwrap();
    let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
    assert_eq!(granted(&reply), Some((1, WANTED)));
    Message(reply.payload).option(option)
}

/// Answers the question that waits with the gateway's address (RFC 1035, section 4.1).
fn answer(name_server: &UdpSocket) {
    let mut message = [0; 512];
    let (length, client): (usize, SocketAddr) = name_server.recv_from(&mut message).unwrap();
    let mut reply = message[..length].to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80]);
    reply[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
    let question_ends = 12 + reply[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    reply.truncate(question_ends);
    reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    reply.extend(GATEWAY.octets());
    name_server.send_to(&reply, client).unwrap();
}
