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
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::lab::{Log, Scratch, Syslog, View};
use tests::subject::Subject;
use tests::tftp::{PATIENCE, SERVER, TftpLab};
use tests::wait::wait_until;

const NOBODY: u32 = 65534;

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

#[test]
#[ignore = "needs root"]
fn a_user_brings_its_groups_and_no_power_of_roots() {
    for_each_subject(|subject, lab| {
        let accounts = Scratch::new("accounts").unwrap();
        let groups = fs::read_to_string("/etc/group").unwrap() + "boot:x:4242:nobody\n";
        let groups = accounts.write("group", groups).unwrap();
        lab.put("long", &[0; 1000], 0o644).unwrap();
        chown(lab.directory(), Some(NOBODY), Some(NOBODY)).unwrap();
        let pid_file = accounts.path().join("pid");
        let words = format!("-l -c -u nobody -s DIR -P {}", pid_file.display());
        let view = View::default().bind(groups, "/etc/group");
        let (ended, log) = run_in(view, subject, lab, &words);
        assert_eq!(ended, Some(0), "{subject}: {:?}", log.lines());
        let pid = wait_for_pid(&pid_file);
        let mark = fs::metadata(&pid_file).unwrap();
        assert_eq!((mark.uid(), mark.mode() & 0o777), (0, 0o644), "{subject}");

        // The block stays without an answer while we look at who sends it.
        let reader = request(lab, b"\0\x01long\0octet\0");
        let status = status_of_user(lab, NOBODY);
        assert_eq!(words_of(&status, "Uid:"), ["65534"; 4], "{subject}");
        assert_eq!(words_of(&status, "Gid:"), ["65534"; 4], "{subject}");
        assert_eq!(words_of(&status, "Groups:"), ["4242", "65534"], "{subject}");
        for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
            assert_eq!(
                words_of(&status, set),
                ["0000000000000000"],
                "{subject} {set}"
            );
        }
        drop(reader);

        let writer = request(lab, b"\0\x02made\0octet\0");
        writer.send(b"\0\x03\0\x01text").unwrap();
        assert_eq!(writer.recv(&mut [0; 600]).unwrap(), 4, "{subject}");
        let made = fs::metadata(lab.directory().join("made")).unwrap();
        let facts = (made.uid(), made.gid(), made.mode() & 0o777);
        assert_eq!(facts, (NOBODY, NOBODY, 0o666), "{subject}");
        kill(pid, Signal::SIGTERM).unwrap();
        wait_until("the daemon ends", || kill(pid, None).is_err());
    });
}

/// A socket that is connected to where the first answer came from, which is taken.
fn request(lab: &TftpLab, packet: &[u8]) -> UdpSocket {
    let socket = lab.client_socket(PATIENCE).unwrap();
    socket.send_to(packet, (SERVER, 69)).unwrap();
    let (_, peer) = socket.recv_from(&mut [0; 600]).unwrap();
    socket.connect(peer).unwrap();
    socket
}

/// What /proc says of a process in the server's namespace that runs as this user.
fn status_of_user(lab: &TftpLab, user: u32) -> String {
    let user = user.to_string();
    let status = lab.server.inhabitants().into_iter().find_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        (words_of(&status, "Uid:").first() == Some(&user.as_str())).then_some(status)
    });
    status.unwrap()
}

fn words_of<'a>(status: &'a str, key: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or_default().split_whitespace().collect()
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
    run_in(View::default(), subject, lab, words)
}

fn run_in(view: View, subject: Subject, lab: &TftpLab, words: &str) -> (Option<i32>, Log) {
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
    let view = view.log_to(syslog.socket());
    let mut process = lab.server.spawn_with(&view, &mut command).unwrap();
    let status = process.wait().unwrap();
    (status.code(), log)
}

fn wait_for_pid(file: &Path) -> Pid {
    let read = || fs::read_to_string(file).ok()?.trim().parse().ok();
    wait_until("the pid file comes", || read().is_some());
    Pid::from_raw(read().unwrap())
}

fn ask(lab: &TftpLab) -> Vec<u8> {
    let socket = lab.client_socket(PATIENCE).unwrap();
    socket
        .send_to(b"\0\x01hello\0octet\0", (SERVER, 69))
        .unwrap();
    let mut buffer = [0; 600];
    let (size, peer) = socket.recv_from(&mut buffer).unwrap();
    socket.send_to(b"\0\x04\0\x01", peer).unwrap();
    buffer[..size].to_vec()
}
