//! Servers that are given their socket (inetd, systemd), and the access files of the TCP wrappers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use tests::lab::{Log, Running, Scratch, Syslog, View};
use tests::subject::Subject;
use tests::tftp::{CLIENT, PATIENCE, SERVER, TftpLab};
use tests::wait::wait_until;

/// Long enough for a server to answer that is going to.
const SILENCE: Duration = Duration::from_millis(1500);
const HELLO_REQUEST: &[u8] = b"\0\x01hello\0octet\0";
const HELLO: &[u8] = b"\0\x03\0\x01hello";

struct Server {
    process: Running,
    log: Log,
    _syslog: Syslog,
}

#[test]
#[ignore = "needs root"]
fn a_server_of_inetd_takes_requests_and_ends_when_none_comes() {
    for_each_subject(|subject, lab| {
        let socket = bind(lab, "0.0.0.0:69");
        let words = ["-v", "-t", "2", "-P", "pid", "-s"];
        let mut server = under_inetd(subject, lab, &socket, &words, &View::default());
        assert_eq!(ask(lab), Some(HELLO.to_vec()), "{subject}");
        assert_eq!(ask(lab), Some(HELLO.to_vec()), "{subject}");
        let line = "not in standalone mode, ignoring pid file";
        server.log.wait_for(line, PATIENCE).unwrap();
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{subject}");
        assert!(!lab.directory().join("pid").exists(), "{subject}");
    });
}

/// inetd starts a server when a request has come.
#[test]
#[ignore = "needs root"]
fn a_request_that_was_there_first_is_answered_however_short_the_wait() {
    for_each_subject(|subject, lab| {
        let socket = bind(lab, "0.0.0.0:69");
        for seconds in ["0", "soon"] {
            let client = lab.client_socket(PATIENCE).unwrap();
            client.send_to(HELLO_REQUEST, (SERVER, 69)).unwrap();
            let words = ["-t", seconds, "-s"];
            let mut server = under_inetd(subject, lab, &socket, &words, &View::default());
            let (size, peer) = client.recv_from(&mut [0; 600]).unwrap();
            assert_eq!(size, HELLO.len(), "{subject}");
            client.send_to(b"\0\x04\0\x01", peer).unwrap();
            assert_eq!(server.process.wait().unwrap().code(), Some(0), "{subject}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn two_servers_share_a_socket_until_each_is_told_to_end() {
    for_each_subject(|subject, lab| {
        let socket = bind(lab, "0.0.0.0:69");
        let mut servers =
            [(); 2].map(|()| under_inetd(subject, lab, &socket, &["-v", "-s"], &View::default()));
        for server in &mut servers {
            assert_eq!(ask(lab), Some(HELLO.to_vec()), "{subject}");
            let pid = server.process.child().id();
            wait_until("SIGHUP is heard", || catches(pid, Signal::SIGHUP));
            server.process.signal(Signal::SIGHUP).unwrap();
            assert_eq!(server.process.wait().unwrap().code(), Some(0), "{subject}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn sighup_ends_a_server_of_inetd() {
    for_each_subject(|subject, lab| {
        let socket = bind(lab, "0.0.0.0:69");
        let mut server = under_inetd(subject, lab, &socket, &["-v", "-s"], &View::default());
        assert_eq!(ask(lab), Some(HELLO.to_vec()), "{subject}");
        server.process.signal(Signal::SIGHUP).unwrap();
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{subject}");
    });
}

#[test]
#[ignore = "needs root"]
fn a_socket_of_both_families_serves_ipv4_clients_as_such() {
    for_each_subject(|subject, lab| {
        let socket = bind(lab, "[::]:69");
        let map = lab.directory().join("map");
        fs::write(&map, "a4 ^x \\i|\\x|\n").unwrap();
        let map = map.to_string_lossy().into_owned();
        let words = ["-v", "-m", &map, "-s"];
        let server = under_inetd(subject, lab, &socket, &words, &View::default());
        // The original takes the very first client for one of IPv6.
        assert_eq!(ask(lab), Some(HELLO.to_vec()), "{subject}");
        let answer = ask_for(lab, "x");
        let expected = format!("\0\x05\0\x02{CLIENT}|0A4D0002|\0");
        assert_eq!(answer, Some(expected.into_bytes()), "{subject}");
        if subject == Subject::Ours {
            let line = format!("RRQ from {CLIENT} filename hello");
            server.log.wait_for(&line, PATIENCE).unwrap();
        }
    });
}

/// The original has no socket activation.
#[test]
#[ignore = "needs root"]
fn a_user_without_rights_serves_a_socket_of_systemd_below_its_directory() {
    if !Subject::chosen().contains(&Subject::Ours) {
        return;
    }
    let lab = stage();
    std::os::unix::fs::symlink("/etc/passwd", lab.directory().join("outward")).unwrap();
    let socket = bind(&lab, "0.0.0.0:69");
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"", "sh"])
        .arg(Subject::Ours.tftpd().unwrap())
        .args(["-L", "-v", "-s"])
        .arg(lab.directory());
    let server = spawn(&lab, &socket, &mut command, &View::default());
    assert_eq!(ask(&lab), Some(HELLO.to_vec()));
    for name in ["outward", "../../../../etc/passwd"] {
        let missing = b"\0\x05\0\x01File not found\0".to_vec();
        assert_eq!(ask_for(&lab, name), Some(missing), "{name}");
    }
    server
        .log
        .wait_for("not started by root", PATIENCE)
        .unwrap();
}

#[test]
#[ignore = "needs root"]
fn the_access_files_are_read_for_each_request() {
    for_each_subject(|subject, lab| {
        let etc = Scratch::new("wrappers").unwrap();
        let allow = etc.write("hosts.allow", "").unwrap();
        let deny = etc.write("hosts.deny", "ALL: ALL\n").unwrap();
        if !Path::new("/etc/hosts.allow").exists() || !Path::new("/etc/hosts.deny").exists() {
            tests::subject::skip("/etc/hosts.allow and /etc/hosts.deny are not there");
            return;
        }
        let view = View::default()
            .bind(&allow, "/etc/hosts.allow")
            .bind(&deny, "/etc/hosts.deny");
        let socket = bind(lab, "0.0.0.0:69");
        let server = under_inetd(subject, lab, &socket, &["-v", "-s"], &view);
        assert_eq!(ask_briefly(lab), None, "{subject}");
        server
            .log
            .wait_for("connection refused from ", PATIENCE)
            .unwrap();
        fs::write(&allow, "in.tftpd rtftpd: 10.77.0.0/24 EXCEPT 10.77.0.7\n").unwrap();
        assert_eq!(ask(lab), Some(HELLO.to_vec()), "{subject}");
        fs::write(
            &allow,
            "in.tftpd rtftpd: 10.77.0.2: severity notice: deny\n",
        )
        .unwrap();
        assert_eq!(ask_briefly(lab), None, "{subject}");
    });
}

/// Whether a process has a handler for a signal.
fn catches(pid: u32, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
    mask & (1 << (signal as i32 - 1)) != 0
}

fn for_each_subject(drive: impl Fn(Subject, &TftpLab)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            drive(subject, &stage());
        }
    }
}

fn stage() -> TftpLab {
    let lab = TftpLab::new().unwrap();
    lab.put("hello", b"hello", 0o644).unwrap();
    lab
}

fn bind(lab: &TftpLab, address: &str) -> UdpSocket {
    let bound = lab.server.enter(|| UdpSocket::bind(address));
    bound.unwrap().unwrap()
}

fn under_inetd(
    subject: Subject,
    lab: &TftpLab,
    socket: &UdpSocket,
    words: &[&str],
    view: &View,
) -> Server {
    let mut command = Command::new(subject.tftpd().unwrap());
    command.args(words).arg(lab.directory());
    spawn(lab, socket, &mut command, view)
}

fn spawn(lab: &TftpLab, socket: &UdpSocket, command: &mut Command, view: &View) -> Server {
    let log = Log::default();
    let sink = log.clone();
    let syslog = Syslog::start(move |line| sink.push(line)).unwrap();
    let input = OwnedFd::from(socket.try_clone().unwrap());
    command
        .stdin(Stdio::from(input))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let view = view.clone().log_to(syslog.socket());
    Server {
        process: lab.server.spawn_with(&view, command).unwrap(),
        log,
        _syslog: syslog,
    }
}

fn ask(lab: &TftpLab) -> Option<Vec<u8>> {
    ask_for(lab, "hello")
}

fn ask_for(lab: &TftpLab, name: &str) -> Option<Vec<u8>> {
    ask_within(lab, name, PATIENCE)
}

fn ask_briefly(lab: &TftpLab) -> Option<Vec<u8>> {
    ask_within(lab, "hello", SILENCE)
}

fn ask_within(lab: &TftpLab, name: &str, patience: Duration) -> Option<Vec<u8>> {
    let socket = lab.client_socket(patience).unwrap();
    let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
    socket.send_to(&request, (SERVER, 69)).unwrap();
    let mut buffer = [0; 600];
    let (size, peer) = socket.recv_from(&mut buffer).ok()?;
    socket.send_to(b"\0\x04\0\x01", peer).unwrap();
    Some(buffer[..size].to_vec())
}
