//! The TFTP server locks itself in once it serves, and goes on reading, writing, making and mapping. Every other live test runs
//! with the sandbox too, since it is on by default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::symlink;
use std::process::Command;

use common::sys::sandbox::{Layer, offered};
use tests::subject::{Subject, skip};
use tests::tftp::{PATIENCE, SERVER, TftpLab};
use tests::wait::wait_until;

/// What the server answers to a request; the second answer comes from the port of the first.
fn ask(lab: &TftpLab, request: &[u8]) -> (UdpSocket, Vec<u8>) {
    let socket = lab.client_socket(PATIENCE).unwrap();
    socket.send_to(request, (SERVER, 69)).unwrap();
    let mut answer = [0; 600];
    let (length, peer) = socket.recv_from(&mut answer).unwrap();
    socket.connect(peer).unwrap();
    (socket, answer[..length].to_vec())
}

fn read(lab: &TftpLab, name: &str) -> Vec<u8> {
    ask(lab, &[b"\0\x01", name.as_bytes(), b"\0octet\0"].concat()).1
}

/// The processes that a server has become: its supervisor, and those below it.
fn family(first: i32) -> Vec<i32> {
    let list = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
    let below = list.split_whitespace().map(|pid| pid.parse().unwrap());
    std::iter::once(first)
        .chain(below.flat_map(family))
        .collect()
}

/// No-new-privileges and the mode of seccomp of each.
fn states(first: i32) -> Vec<String> {
    let state = |pid: &i32| status(*pid, "NoNewPrivs") + &status(*pid, "Seccomp");
    let mut states: Vec<_> = family(first).iter().map(state).collect();
    states.sort();
    states
}

fn status(pid: i32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap().trim_start_matches(':').trim().to_owned()
}

#[test]
#[ignore = "needs root"]
fn a_server_that_serves_is_locked_in_unless_told_otherwise() {
    let offered = offered();
    if !Layer::KNOWN.iter().all(|layer| offered.has(*layer)) {
        return skip(&format!("this kernel offers {offered}"));
    }
    let lab = TftpLab::new().unwrap();
    lab.put("hello", b"hello", 0o644).unwrap();
    lab.put("map", b"r ^hallo$ hello\n", 0o644).unwrap();
    let folder = lab.directory().display().to_string();
    let map = format!("{folder}/map");
    // The supervisor and the keeper of the processes that apply rules stay as they are, which is "00".
    let locked = ["00", "00", "12", "12", "12", "12"];
    for (words, expected) in [(&[][..], locked), (&["--no-sandbox"][..], ["00"; 6])] {
        let words = [&["-s", &folder, "-m", &map], words].concat();
        let server = lab.start(Subject::Ours, &words).unwrap();
        assert_eq!(read(&lab, "hallo"), b"\0\x03\0\x01hello", "{words:?}");
        let first = server.process.identity().pid();
        wait_until("each process is locked in", || states(first) == expected);
    }
}

#[test]
#[ignore = "needs root"]
fn uploads_make_files_and_links_lead_out_where_they_may() {
    let lab = TftpLab::new().unwrap();
    lab.put("hello", b"hello", 0o644).unwrap();
    let elsewhere = tests::lab::Scratch::new("elsewhere").unwrap();
    elsewhere.write("far", "far").unwrap();
    symlink(elsewhere.path().join("far"), lab.directory().join("link")).unwrap();
    let folder = lab.directory().display().to_string();
    // Without -s names begin at the root of the system.
    for (words, prefix, far) in [
        (&["-c", "-s", &folder][..], "", &b"\0\x05\0\x01"[..]),
        (&["-c", &folder], &format!("{folder}/"), b"\0\x03\0\x01far"),
    ] {
        let words = [words, &["-u", "root", "--sandbox"]].concat();
        let server = lab.start(Subject::Ours, &words).unwrap();
        let said = format!("sandbox: {}", offered());
        server.log.wait_for(&said, PATIENCE).unwrap();
        assert_eq!(
            read(&lab, &format!("{prefix}hello")),
            b"\0\x03\0\x01hello",
            "{words:?}"
        );
        assert!(
            read(&lab, &format!("{prefix}link")).starts_with(far),
            "{words:?}"
        );
        let request = format!("\0\x02{prefix}new\0octet\0");
        let (socket, answer) = ask(&lab, request.as_bytes());
        assert_eq!(answer, b"\0\x04\0\0", "{words:?}");
        socket.send(b"\0\x03\0\x01text").unwrap();
        let mut last = [0; 4];
        socket.recv(&mut last).unwrap();
        assert_eq!(last, *b"\0\x04\0\x01", "{words:?}");
        let new = lab.directory().join("new");
        assert_eq!(fs::read(&new).unwrap(), b"text");
        fs::remove_file(new).unwrap();
    }
}

#[test]
fn the_version_in_detail_says_what_would_be_in_force() {
    for words in [["--version", "--verbose"], ["-v", "-V"]] {
        let mut command = Command::new(Subject::Ours.tftpd().unwrap());
        let said = command.args(words).output().unwrap().stdout;
        let line = format!("sandbox: {}", offered());
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said.lines().nth(1), Some(&*line), "{said}");
    }
}
