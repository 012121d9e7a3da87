//! How a TFTP server starts and ends: its version, the daemon and its pid file. Wrong starts are among the scenarios.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::lab::{Log, Syslog, View};
use tests::subject::Subject;
use tests::tftp::{PATIENCE, SERVER, TftpLab};

const LOOK_AGAIN: Duration = Duration::from_millis(10);

#[test]
#[ignore = "needs root"]
fn the_version_names_the_original() {
    for_each_subject(|subject, _| {
        let output = Command::new(subject.tftpd().unwrap())
            .arg("-V")
            .output()
            .unwrap();
        assert!(output.status.success(), "{subject}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("tftp-hpa 5.2"), "{subject}: {said}");
    });
}

#[test]
#[ignore = "needs root"]
fn a_daemon_serves_when_the_shell_goes_on_and_takes_its_pid_file_with_it() {
    for_each_subject(|subject, lab| {
        let pid_file = lab.directory().join("pid");
        let words = format!("-l -s DIR -P {}", pid_file.display());
        let (ended, log) = run(subject, lab, &words);
        assert_eq!(ended, Some(0), "{subject}: {:?}", log.lines());
        let pid = wait_for_pid(&pid_file);
        assert_eq!(ask(lab), b"\0\x03\0\x01hello");
        kill(pid, Signal::SIGTERM).unwrap();
        wait_until("the pid file goes", || !pid_file.exists());
        wait_until("the daemon ends", || kill(pid, None).is_err());
    });
}

fn for_each_subject(drive: impl Fn(Subject, &TftpLab)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            let lab = TftpLab::new().unwrap();
            lab.put("hello", b"hello", 0o644).unwrap();
            drive(subject, &lab);
        }
    }
}

/// How a server ended that was started with these words, and what it said to syslog.
fn run(subject: Subject, lab: &TftpLab, words: &str) -> (Option<i32>, Log) {
    let log = Log::default();
    let sink = log.clone();
    let syslog = Syslog::start(move |line| sink.push(line)).unwrap();
    let words = words.replace("DIR", &lab.directory().to_string_lossy());
    let mut command = Command::new("/usr/bin/timeout");
    command
        .args(["--foreground", "20"])
        .arg(subject.tftpd().unwrap())
        .args(words.split(' '))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let view = View::default().log_to(syslog.socket());
    let mut process = lab.server.spawn_with(&view, &mut command).unwrap();
    let status = process.wait().unwrap();
    (status.code(), log)
}

fn wait_for_pid(file: &Path) -> Pid {
    let read = || fs::read_to_string(file).ok()?.trim().parse().ok();
    wait_until("the pid file comes", || read().is_some());
    Pid::from_raw(read().unwrap())
}

fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

fn ask(lab: &TftpLab) -> Vec<u8> {
    let socket = lab
        .client
        .enter(|| UdpSocket::bind("0.0.0.0:0"))
        .unwrap()
        .unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
        .send_to(b"\0\x01hello\0octet\0", (SERVER, 69))
        .unwrap();
    let mut buffer = [0; 600];
    let (size, peer) = socket.recv_from(&mut buffer).unwrap();
    socket.send_to(b"\0\x04\0\x01", peer).unwrap();
    buffer[..size].to_vec()
}
