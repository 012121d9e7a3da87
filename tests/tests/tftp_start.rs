//! How a TFTP server starts and ends: wrong starts with the original's log line and exit status, the daemon and its pid file.
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

/// Words of the command line (`DIR` is the served directory), exit status, what the log says.
const WRONG_STARTS: [(&str, i32, &str); 14] = [
    (
        "-L -B 100",
        64,
        "Bad maximum blocksize value (range 512-65464): 100",
    ),
    ("-L -T 5", 64, "Bad timeout value: 5"),
    ("-L -R 5:1", 64, "Bad port range: 5:1"),
    ("-L -U 9", 64, "Invalid umask: 9"),
    ("-L -r foo", 64, "Unknown option: foo"),
    ("-L -s", 64, "no -s directory"),
    ("-L -s DIR DIR", 64, "too many -s directories"),
    (
        "-L -s DIR/absent",
        66,
        "DIR/absent: No such file or directory",
    ),
    ("-L -s DIR/hello", 66, "DIR/hello: Not a directory"),
    ("-L -u nosuchuser -s DIR", 67, "no user nosuchuser"),
    (
        "-L -a fd77::1 -s DIR",
        64,
        "Numeric IPv6 addresses need to be enclosed in []",
    ),
    (
        "-L -6 -a 10.77.0.1 -s DIR",
        64,
        "Address 10.77.0.1 is not in address family AF_INET6",
    ),
    (
        "-L -a 10.99.0.1 -s DIR",
        71,
        "cannot bind to local IPv4 socket: Cannot assign requested address",
    ),
    (
        "-L -a :nosuchservice -s DIR",
        66,
        "cannot resolve local bind port: nosuchservice",
    ),
];

#[test]
#[ignore = "needs root"]
fn wrong_starts_end_with_the_status_and_the_line_of_the_original() {
    for_each_subject(|subject, lab| {
        for (words, status, said) in WRONG_STARTS {
            let (ended, log) = run(subject, lab, words);
            assert_eq!(ended, Some(status), "{subject}: {words}\n{:?}", log.lines());
            let said = said.replace("DIR", &lab.directory().to_string_lossy());
            let line = log.wait_for(&said, PATIENCE);
            assert!(line.is_ok(), "{subject}: {words}: {line:?}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_second_server_finds_the_port_taken() {
    for_each_subject(|subject, lab| {
        let _first = lab.start(subject, &[]).unwrap();
        let (ended, log) = run(subject, lab, "-L -4 -s DIR");
        assert_eq!(ended, Some(71), "{subject}: {:?}", log.lines());
        log.wait_for(
            "cannot bind to local IPv4 socket: Address already in use",
            PATIENCE,
        )
        .unwrap();
    });
}

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
