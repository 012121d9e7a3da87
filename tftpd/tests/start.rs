//! How the binary starts, or refuses to, as a shell sees it.
// Processes are followed by means that only Linux has.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/own_address.rs"]
mod own_address;

use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use own_address::own_address;
use pretty_assertions::assert_eq;

const PATIENCE: Duration = Duration::from_secs(20);

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtftpd"))
        .args(arguments)
        .output()
        .unwrap()
}

fn status(arguments: &[&str]) -> Option<i32> {
    run(arguments).status.code()
}

#[test]
fn refused_starts_have_the_originals_statuses() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let cases: [(&[&str], i32); 22] = [
        (&["-L", "-B", "100"], 64),
        (&["-L", "-T", "1"], 64),
        (&["-L", "-R", "5:3"], 64),
        (&["-L", "-U", "9"], 64),
        (&["-L", "-r", "multicast"], 64),
        (&["-L", "--windowsize-max", "0"], 64),
        (&["-L", "--map-steps", "0"], 64),
        (&["-L", "--max-transfers", "0"], 64),
        (&["-L", "--max-transfers-per-client", "x"], 64),
        (
            &["-L", "--max-transfers=1", "--max-transfers-per-client=2"],
            64,
        ),
        (&["-L", "--sandbox", "--no-sandbox"], 64),
        (&["-l", "--log-json", "-"], 64),
        (&["-L", "--log-json", "/nonexistent/log"], 66),
        (&["-L", "-s"], 64),
        (&["-L", "-s", "/", "/"], 64),
        (&["-L", "-a", "::1"], 64),
        (&["-L", "-6", "-a", "127.0.0.1"], 64),
        (&["-L", "-s", "/nonexistent"], 66),
        (&["-L", "-a", ":nosuchservice"], 66),
        (&["-L", "-u", "no such user"], 67),
        (&["-L", "-a", &address], 71),
        (&["-l", "-a", &address], 71),
    ];
    for (arguments, expected) in cases {
        assert_eq!(status(arguments), Some(expected), "{arguments:?}");
    }
}

#[test]
fn a_terminal_is_told_why_a_start_is_refused() {
    let program = env!("CARGO_BIN_EXE_rtftpd");
    let line = format!("{program} -L --max-transfers 0");
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{program}: Bad number of transfers (range 1-16384): 0\r\n")
    );
    assert_eq!(run(&["-L", "--max-transfers", "0"]).stderr, b"");
}

#[test]
fn without_a_socket_on_standard_input_there_is_nothing_to_serve() {
    assert_eq!(status(&[]), Some(74));
}

#[test]
fn the_version_goes_to_standard_output() {
    let output = run(&["-V"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("rtftpd ") && text.contains("tftp-hpa 5.2"),
        "{text}"
    );
}

#[test]
fn getopt_complains_on_standard_error_and_the_start_goes_on() {
    let output = run(&["-z", "-V"]);
    assert_eq!(output.status.code(), Some(0));
    let expected = format!("{}: invalid option -- 'z'\n", env!("CARGO_BIN_EXE_rtftpd"));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn the_background_start_returns_when_requests_are_answered_and_sigterm_removes_the_pid_file() {
    // The daemon's parents end; without this its end could not be waited for.
    set_child_subreaper(true).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let free = own_address();
    let pid_file = PathBuf::from(format!(
        "{}/rtftpd-{}.pid",
        std::env::temp_dir().display(),
        std::process::id()
    ));
    assert_eq!(
        status(&[
            "-l",
            "-a",
            &free.to_string(),
            "-P",
            pid_file.to_str().unwrap()
        ]),
        Some(0)
    );

    socket.send_to(b"\0\x01/\0mail\0", free).unwrap();
    let mut answer = [0; 64];
    let length = socket.recv(&mut answer).unwrap();
    assert_eq!(answer.get(..length).unwrap(), b"\0\x05\0\x04Unknown mode\0");

    let pid = Pid::from_raw(
        fs::read_to_string(&pid_file)
            .unwrap()
            .trim()
            .parse()
            .unwrap(),
    );
    kill(pid, Signal::SIGHUP).unwrap();
    socket.send_to(b"\0\x01/\0mail\0", free).unwrap();
    socket.recv(&mut answer).expect("SIGHUP does no harm");
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(ends_well(pid));
    assert!(!pid_file.exists());
    drop(UdpSocket::bind(free).expect("the port is free"));
}

/// True if this process, a child of ours, ends within a few seconds with status 0.
fn ends_well(pid: Pid) -> bool {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(waitpid(pid, None)));
    receiver.recv_timeout(PATIENCE).unwrap() == Ok(WaitStatus::Exited(pid, 0))
}
