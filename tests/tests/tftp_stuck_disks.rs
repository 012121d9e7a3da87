//! A disk that stops answering holds up the transfers that need it, and nobody else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tests::lab::{StuckDisk, View};
use tests::subject::{Subject, skip};
use tests::tftp::{PATIENCE, SERVER, TftpLab, TftpServer};

const READ: u8 = 1;
const WRITE: u8 = 2;
const ACK_0: &[u8] = b"\0\x04\0\0";

/// A server with a good file, and a disk that stops.
struct Site {
    subject: Subject,
    lab: TftpLab,
    disk: StuckDisk,
    server: TftpServer,
}

/// A client, and who has answered it.
struct Client(UdpSocket);

#[test]
#[ignore = "needs root"]
fn whatever_a_disk_does_not_answer_the_others_are_served() {
    for_each_subject(|site| {
        let stuck = [
            (READ, "look-up"),
            (READ, "open"),
            (READ, "read"),
            (WRITE, "open-to-write"),
            (WRITE, "truncate"),
            (WRITE, "write"),
            (WRITE, "close"),
        ];
        let clients = stuck.map(|(operation, name)| site.be_stuck(operation, name));
        site.disk.recover();
        for (client, (operation, name)) in clients.iter().zip(stuck) {
            let (answer, _) = client.next(PATIENCE).expect(name);
            let expected = match operation {
                READ => b"\0\x03\0\x01",
                _ if ["write", "close"].contains(&name) => b"\0\x04\0\x01",
                _ => ACK_0,
            };
            assert_eq!(answer, expected, "{name}");
        }
    });
}

/// The port is free at once, whatever its transfers wait for.
#[test]
#[ignore = "needs root"]
fn a_server_stops_while_a_disk_does_not_answer() {
    for_each_subject(|mut site| {
        for (operation, name) in [(READ, "open"), (WRITE, "write")] {
            site.be_stuck(operation, name);
        }
        site.server.process.signal(Signal::SIGTERM).unwrap();
        let status = site.server.process.wait().unwrap();
        assert_eq!(status.code(), Some(0));
        let again = site.lab.start(site.subject, &[]).unwrap();
        site.serves_others();
        drop(again);
    });
}

/// The same where the port is that of all transfers: what is cut off is closed by a thread, and the end waits for none.
#[test]
#[ignore = "needs root"]
fn a_server_of_one_port_stops_while_a_file_cannot_be_closed() {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse, by which a disk is played");
    }
    let mut site = Site::with_words(Subject::Ours, &["--single-port", "--stop-timeout", "0"]);
    let client = site.ask(WRITE, "disk/close");
    for (block, ack) in [(None, ACK_0), (Some([1; 512]), b"\0\x04\0\x01")] {
        if let Some(payload) = block {
            let packet = [b"\0\x03\0\x01", &payload[..]].concat();
            client.0.send_to(&packet, (SERVER, 69)).unwrap();
        }
        let (answer, _) = client.next(PATIENCE).expect("an acknowledgement");
        assert_eq!(answer, ack);
    }
    site.server.process.signal(Signal::SIGTERM).unwrap();
    assert_eq!(site.disk.next_stuck(PATIENCE), Some("close"));
    let status = site.server.process.wait().unwrap();
    assert_eq!(status.code(), Some(0));
}

fn for_each_subject(drive: impl Fn(Site)) {
    if !Path::new("/dev/fuse").exists() {
        return skip("there is no /dev/fuse, by which a disk is played");
    }
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            drive(Site::new(subject));
        }
    }
}

impl Site {
    fn new(subject: Subject) -> Self {
        Self::with_words(subject, &[])
    }

    fn with_words(subject: Subject, more: &[&str]) -> Self {
        let lab = TftpLab::new().unwrap();
        lab.put("hello", b"hello", 0o644).unwrap();
        let mount_point = lab.directory().join("disk");
        fs::create_dir(&mount_point).unwrap();
        let disk = StuckDisk::start().unwrap();
        let view = View::default().played(&mount_point, &disk);
        // A client that has to wait shall hear of it once.
        let directory = lab.directory().to_string_lossy().into_owned();
        let words = [more, &["-T", "200000000", "-s", directory.as_str()]].concat();
        let server = lab.start_seeing(subject, &words, &view).unwrap();
        Self {
            subject,
            lab,
            disk,
            server,
        }
    }

    /// Has a client whose transfer goes on until the disk does not answer.
    fn be_stuck(&self, operation: u8, name: &str) -> Client {
        let client = self.ask(operation, &format!("disk/{name}"));
        if ["write", "close"].contains(&name) {
            let (answer, port) = client.next(PATIENCE).expect(name);
            assert_eq!(answer, ACK_0, "{name}");
            client.0.send_to(b"\0\x03\0\x01some", port).unwrap();
        }
        assert_eq!(self.disk.next_stuck(PATIENCE), Some(name));
        self.serves_others();
        client
    }

    fn serves_others(&self) {
        let client = self.ask(READ, "hello");
        let (answer, port) = client.next(PATIENCE).expect("nobody is served");
        assert_eq!(answer, b"\0\x03\0\x01hello");
        client.0.send_to(b"\0\x04\0\x01", port).unwrap();
    }

    fn ask(&self, operation: u8, name: &str) -> Client {
        let socket = self.lab.client_socket(PATIENCE).unwrap();
        let request = [&[0, operation], name.as_bytes(), b"\0octet\0"].concat();
        socket.send_to(&request, (SERVER, 69)).unwrap();
        Client(socket)
    }
}

impl Client {
    fn next(&self, patience: Duration) -> Option<(Vec<u8>, SocketAddr)> {
        self.0.set_read_timeout(Some(patience)).unwrap();
        let mut buffer = [0; 600];
        let (length, port) = self.0.recv_from(&mut buffer).ok()?;
        Some((buffer[..length].to_vec(), port))
    }
}
