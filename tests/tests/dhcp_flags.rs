//! Flags of a DHCP server that change how it serves: port, broadcast address, user, group and root directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;

use tests::client::Datagram;
use tests::client::identity::{granted, request_for};
use tests::dhcp::{DhcpLab, DhcpServer, SERVER_LINK};
use tests::lab::Scratch;
use tests::subject::Subject;

const PATIENCE: Duration = Duration::from_secs(20);
const WANTED: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 10);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
";
/// Where the flags field of a message begins, and its value that asks for a broadcast (RFC 2131, section 2).
const FLAGS: usize = 10;
const BROADCAST: u8 = 0x80;
/// Ids of Debian's `daemon`, as user and as group: another than `nobody`'s in both.
const DAEMON: u32 = 1;
const NOBODY: u32 = 65_534;

#[test]
#[ignore = "needs root"]
fn another_port_moves_server_and_clients() {
    for_each_subject(|subject, lab| {
        let _server = start(subject, lab, &["-p", "1067"]);
        let wire = lab.wire().unwrap();
        wire.send(&request_for(1, WANTED)).unwrap();
        let mut moved = request_for(2, WANTED);
        (moved.source_port, moved.destination_port) = (1068, 1067);
        wire.send(&moved).unwrap();
        let reply = wire.receive_from_port(1067, PATIENCE).unwrap();
        let reply = reply.expect("no answer");
        assert_eq!(granted(&reply), Some((2, WANTED)), "{subject}");
        assert_eq!(reply.destination_port, 1068, "{subject}");
        assert_eq!(wire.receive(Duration::ZERO).unwrap(), None, "{subject}");
    });
}

#[test]
#[ignore = "needs root"]
fn another_broadcast_address_stands_in_replies_to_everybody() {
    for_each_subject(|subject, lab| {
        for (words, expected) in [
            (&["-s", "10.9.0.255"][..], Ipv4Addr::new(10, 9, 0, 255)),
            (&[][..], Ipv4Addr::BROADCAST),
        ] {
            let _server = start(subject, lab, words);
            let reply = ask_for_broadcast(lab);
            assert_eq!(granted(&reply), Some((1, WANTED)), "{subject} {words:?}");
            assert_eq!(reply.destination, expected, "{subject} {words:?}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_server_with_a_user_serves_as_that_user() {
    for_each_subject(|subject, lab| {
        let mut server = start(subject, lab, &["-user", "nobody", "-group", "daemon"]);
        expect_grant(subject, lab);
        let pid = server.process.child().id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert_eq!(ids(&status, "Uid:"), [NOBODY; 4], "{subject}");
        assert_eq!(ids(&status, "Gid:"), [DAEMON; 4], "{subject}");
        assert_eq!(ids(&status, "Groups:"), [], "{subject}");
        let leases = fs::metadata(lab.lease_file()).unwrap();
        assert_eq!((leases.uid(), leases.gid()), (NOBODY, DAEMON), "{subject}");
        assert!(lab.read_leases().unwrap().contains("lease 10.9.0.10 {"));
    });
}

#[test]
#[ignore = "needs root"]
fn leases_go_to_the_user_and_its_group_but_not_to_a_group_alone() {
    for_each_subject(|subject, lab| {
        for (words, owner, capabilities) in [
            (
                &["-user", "nobody"][..],
                (NOBODY, NOBODY),
                "0000000000000000",
            ),
            (
                &["-user", "nobody", "-group", "daemon"],
                (NOBODY, DAEMON),
                "0000000000000000",
            ),
            (&["-group", "daemon"], (0, 0), ""),
        ] {
            let _ = fs::remove_file(lab.lease_file());
            fs::write(lab.lease_file(), "").unwrap();
            let mut server = start(subject, lab, words);
            expect_grant(subject, lab);
            let pid = server.process.child().id();
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            assert_eq!(ids(&status, "Groups:"), [], "{subject} {words:?}");
            assert!(
                status.contains(&format!("CapEff:\t{capabilities}")),
                "{subject} {words:?}: {status}"
            );
            let leases = fs::metadata(lab.lease_file()).unwrap();
            assert_eq!((leases.uid(), leases.gid()), owner, "{subject} {words:?}");
            assert_eq!(leases.mode() & 0o7777, 0o644, "{subject} {words:?}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_server_with_a_root_directory_keeps_its_leases_there() {
    for_each_subject(|subject, lab| {
        let root = Scratch::new("chroot").unwrap();
        root.write("var/leases", "").unwrap();
        let mut command = Command::new(subject.dhcpd().unwrap());
        command.arg("-chroot").arg(root.path());
        // Neither reads its configuration there, nor looks a name up: that comes before the change of root.
        command.arg("-cf").arg(lab.config_file());
        command.args(["-lf", "/var/leases", "--no-pid", "-s", "localhost"]);
        command.arg(SERVER_LINK);
        let mut server = lab.launch(command).unwrap();
        let reply = ask_for_broadcast(lab);
        assert_eq!(granted(&reply), Some((1, WANTED)), "{subject}");
        assert_eq!(reply.destination, Ipv4Addr::LOCALHOST, "{subject}");
        let pid = server.process.child().id();
        let seen = fs::read_link(format!("/proc/{pid}/root")).unwrap();
        assert_eq!(seen, root.path().canonicalize().unwrap(), "{subject}");
        let leases = fs::read_to_string(root.path().join("var/leases")).unwrap();
        assert!(leases.contains("lease 10.9.0.10 {"), "{subject}: {leases}");
    });
}

fn for_each_subject(drive: impl Fn(Subject, &DhcpLab)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
            lab.configure(CONFIG).unwrap();
            drive(subject, &lab);
        }
    }
}

fn start(subject: Subject, lab: &DhcpLab, words: &[&str]) -> DhcpServer {
    let mut command = lab.command(subject).unwrap();
    command.args(words).arg(SERVER_LINK);
    lab.launch(command).unwrap()
}

fn expect_grant(subject: Subject, lab: &DhcpLab) {
    let wire = lab.wire().unwrap();
    wire.send(&request_for(1, WANTED)).unwrap();
    let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
    assert_eq!(granted(&reply), Some((1, WANTED)), "{subject}");
}

fn ask_for_broadcast(lab: &DhcpLab) -> Datagram {
    let wire = lab.wire().unwrap();
    let mut request = request_for(1, WANTED);
    request.payload[FLAGS] = BROADCAST;
    wire.send(&request).unwrap();
    wire.receive(PATIENCE).unwrap().expect("no answer")
}

/// The numbers of one line of `/proc/PID/status`.
fn ids(status: &str, key: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let words = line.unwrap().split_whitespace();
    words.map(|word| word.parse().unwrap()).collect()
}
