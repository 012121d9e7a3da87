//! A DHCP server whose lease file cannot be written, or is not what it was: no promise without a record, and service goes on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::client::Wire;
use tests::client::identity::{granted, mac_of, request_for};
use tests::client::message::{Field, Message};
use tests::dhcp::{DhcpLab, DhcpServer, PATIENCE, SERVER_LINK};
use tests::lab::{Scratch, View};
use tests::subject::Subject;

/// How long a reply that must not come is waited for.
const SILENCE: Duration = Duration::from_millis(500);
const DISK: u32 = 256 * 1024;
const CONFIG: &str = "
default-lease-time 6000; max-lease-time 7200; ping-check false; authoritative;
host fixed { hardware ethernet 02:00:00:01:03:e7; fixed-address 10.9.0.9; }
subnet 10.9.0.0 netmask 255.255.0.0 { range 10.9.1.0 10.9.1.255; }
";
/// The client that the host declaration is for.
const FIXED: u16 = 999;
const DISCOVER: u8 = 1;
const INFORM: u8 = 8;

/// A server whose lease file is on a disk of its own.
struct Rig {
    server: DhcpServer,
    wire: Wire,
    /// The directory of the lease file as the server sees it.
    disk: PathBuf,
    _lab: DhcpLab,
    _mount: Scratch,
}

impl Rig {
    fn new() -> Self {
        let lab = DhcpLab::new("10.9.0.1/16", "10.9.0.2").unwrap();
        lab.configure(CONFIG).unwrap();
        let mount = Scratch::new("disk").unwrap();
        let view = View::default().small(mount.path(), DISK);
        let mut command = std::process::Command::new(Subject::Ours.dhcpd().unwrap());
        command.arg("-cf").arg(lab.config_file());
        command.arg("-lf").arg(mount.path().join("leases"));
        command.args(["--no-pid", SERVER_LINK]);
        let server = lab.launch_with(&view, command).unwrap();
        let root = format!("/proc/{}/root", server.process.identity().pid());
        let inside = mount.path().strip_prefix("/").unwrap();
        Self {
            wire: lab.wire().unwrap(),
            disk: Path::new(&root).join(inside),
            server,
            _lab: lab,
            _mount: mount,
        }
    }

    fn lease_file(&self) -> String {
        fs::read_to_string(self.disk.join("leases")).unwrap()
    }

    /// Takes the room of the disk; dropping the file gives it back.
    fn fill(&self) -> Filler {
        let path = self.disk.join("filler");
        let mut file = fs::File::create(&path).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        Filler(path)
    }

    /// True if this client gets an address.
    fn is_granted(&self, number: u16) -> bool {
        self.wire
            .send(&request_for(number, address(number)))
            .unwrap();
        let reply = self.wire.receive(SILENCE).unwrap();
        let reply = reply.and_then(|reply| granted(&reply));
        assert!(reply.is_none_or(|grant| grant == (number, address(number))));
        reply.is_some()
    }

    fn expect_grant(&self, number: u16) {
        self.wire
            .send(&request_for(number, address(number)))
            .unwrap();
        let reply = self.wire.receive(PATIENCE).unwrap().expect("no answer");
        assert_eq!(granted(&reply), Some((number, address(number))));
    }

    /// The type of the answer to a message of this type, without a wish for an address.
    fn ask(&self, number: u16, kind: u8, own: Ipv4Addr) -> Option<Vec<u8>> {
        let mut datagram = request_for(number, address(number));
        let mut message = Message(datagram.payload);
        message.put(240, &[53, 1, kind, 255, 0, 0, 0, 0, 0]);
        message.set_address(Field::Ciaddr, own);
        datagram.payload = message.0;
        self.wire.send(&datagram).unwrap();
        let reply = self.wire.receive(PATIENCE).unwrap().expect("no answer");
        Message(reply.payload).option(53)
    }

    fn wait_for(&self, line: &str) {
        self.server.log.wait_for(line, PATIENCE).unwrap();
    }
}

struct Filler(PathBuf);

impl Drop for Filler {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn address(number: u16) -> Ipv4Addr {
    let [_, low] = number.to_be_bytes();
    Ipv4Addr::new(10, 9, 1, low)
}

fn is_in(file: &str, number: u16) -> bool {
    file.contains(&format!("lease {} {{", address(number)))
}

#[test]
#[ignore = "needs root"]
fn a_full_disk_holds_back_promises_and_nothing_else() {
    let rig = Rig::new();
    rig.expect_grant(1);
    let filler = rig.fill();
    // The last block of the file still has some room.
    let refused = (2..100).find(|number| !rig.is_granted(*number)).unwrap();
    rig.wait_for("commit_leases: unable to commit, fflush(): No space left on device");
    let file = rig.lease_file();
    assert!((1..refused).all(|number| is_in(&file, number)), "{file}");
    assert!(!is_in(&file, refused), "{file}");
    // What needs no record: an offer, information, a host's fixed address, a refusal.
    assert_eq!(rig.ask(200, DISCOVER, Ipv4Addr::UNSPECIFIED), Some(vec![2]));
    assert_eq!(
        rig.ask(201, INFORM, Ipv4Addr::new(10, 9, 9, 9)),
        Some(vec![5])
    );
    let fixed = Ipv4Addr::new(10, 9, 0, 9);
    rig.wire.send(&request_for(FIXED, fixed)).unwrap();
    let reply = rig.wire.receive(PATIENCE).unwrap().expect("no answer");
    assert_eq!(granted(&reply), Some((FIXED, fixed)));
    rig.wire
        .send(&request_for(202, Ipv4Addr::new(10, 8, 1, 1)))
        .unwrap();
    let reply = rig.wire.receive(PATIENCE).unwrap().expect("no answer");
    assert_eq!(Message(reply.payload).option(53), Some(vec![6]));
    // A client that repeats itself is not told yes either.
    assert!(!rig.is_granted(refused));
    drop(filler);
    rig.expect_grant(refused + 1);
    rig.wait_for("commit_leases: leases can be written again; 2 replies were withheld.");
    let file = rig.lease_file();
    assert!(
        (1..=refused + 1).all(|number| is_in(&file, number)),
        "{file}"
    );
}

#[test]
#[ignore = "needs root"]
fn a_lease_file_that_is_taken_away_is_written_anew() {
    let rig = Rig::new();
    rig.expect_grant(1);
    fs::remove_file(rig.disk.join("leases")).unwrap();
    assert!(!rig.is_granted(2));
    rig.wait_for("is not what was written: it will be written anew.");
    rig.wait_for("commit_leases: leases can be written again; 1 replies were withheld.");
    rig.expect_grant(3);
    let file = rig.lease_file();
    assert!((1..=3).all(|number| is_in(&file, number)), "{file}");
}

#[test]
#[ignore = "needs root"]
fn a_read_only_lease_file_is_no_hindrance_and_keeps_its_backup() {
    let rig = Rig::new();
    let path = rig.disk.join("leases");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    rig.expect_grant(1);
    assert!(is_in(&rig.lease_file(), 1));
    fs::write(&path, "# somebody else's\n").unwrap();
    assert!(!rig.is_granted(2));
    rig.wait_for("commit_leases: leases can be written again; 1 replies were withheld.");
    rig.expect_grant(3);
    let file = rig.lease_file();
    assert!((1..=3).all(|number| is_in(&file, number)), "{file}");
    let backup = fs::read_to_string(rig.disk.join("leases~")).unwrap();
    assert_eq!(backup, "# somebody else's\n");
}

#[test]
fn numbered_clients_have_the_hardware_that_the_configuration_names() {
    assert_eq!(mac_of(FIXED), [2, 0, 0, 1, 3, 0xe7]);
}
