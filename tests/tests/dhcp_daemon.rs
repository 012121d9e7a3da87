//! A DHCP server as a daemon: the shell learns how the start went, the log goes to syslog, the pid file names it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::client::identity::{granted, request_for};
use tests::dhcp::{DhcpLab, SERVER_LINK};
use tests::lab::{Log, Scratch, Syslog, View};
use tests::subject::Subject;

const PATIENCE: Duration = Duration::from_secs(20);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
";

/// A server started as a daemon.
struct Daemon {
    status: ExitStatus,
    log: Log,
    files: Scratch,
    _syslog: Syslog,
}

#[test]
#[ignore = "needs root"]
fn a_daemon_serves_when_the_shell_goes_on() {
    for_each_subject(|subject, lab| {
        lab.configure(CONFIG).unwrap();
        let daemon = daemonise(subject, lab);
        assert_eq!(
            daemon.status.code(),
            Some(0),
            "{subject}: {:?}",
            daemon.log.lines()
        );
        let pid: i32 = fs::read_to_string(daemon.files.path().join("pid"))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        kill(Pid::from_raw(pid), None).unwrap();
        let wire = lab.wire().unwrap();
        let wanted = Ipv4Addr::new(10, 9, 0, 10);
        wire.send(&request_for(1, wanted)).unwrap();
        let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
        assert_eq!(granted(&reply), Some((1, wanted)));
        let line =
            format!("dhcpd[{pid}]: DHCPACK on 10.9.0.10 to 02:00:00:01:00:01 via {SERVER_LINK}");
        daemon.log.wait_for(&line, PATIENCE).unwrap();
    });
}

#[test]
#[ignore = "needs root"]
fn a_daemon_starts_in_a_root_directory_that_holds_nothing_but_its_leases() {
    for_each_subject(|subject, lab| {
        lab.configure(CONFIG).unwrap();
        let root = Scratch::new("root").unwrap();
        root.write("leases", "").unwrap();
        let mut command = Command::new(subject.dhcpd().unwrap());
        command.arg("-cf").arg(lab.config_file());
        command.arg("-chroot").arg(root.path());
        command.args(["-lf", "/leases", "-pf", "/pid", SERVER_LINK]);
        command.stderr(Stdio::null());
        let started = lab.server.spawn(&mut command).unwrap().wait().unwrap();
        assert_eq!(started.code(), Some(0), "{subject}");
        let wire = lab.wire().unwrap();
        let wanted = Ipv4Addr::new(10, 9, 0, 10);
        wire.send(&request_for(1, wanted)).unwrap();
        let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
        assert_eq!(granted(&reply), Some((1, wanted)), "{subject}");
    });
}

#[test]
#[ignore = "needs root"]
fn a_second_daemon_is_told_that_one_runs_already() {
    for_each_subject(|subject, lab| {
        lab.configure(CONFIG).unwrap();
        let first = daemonise(subject, lab);
        assert_eq!(first.status.code(), Some(0), "{subject}");
        let output = command(subject, lab, &first.files).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{subject}: {said}");
        assert!(
            said.contains("There's already a DHCP server running."),
            "{subject}: {said}"
        );
    });
}

#[test]
#[ignore = "needs root"]
fn a_daemon_that_cannot_start_tells_the_shell() {
    for_each_subject(|subject, lab| {
        lab.configure("subnet 10.8.0.0 netmask 255.255.255.0 { }\n")
            .unwrap();
        let daemon = daemonise(subject, lab);
        assert_eq!(
            daemon.status.code(),
            Some(1),
            "{subject}: {:?}",
            daemon.log.lines()
        );
        daemon
            .log
            .wait_for("Not configured to listen on any interfaces!", PATIENCE)
            .unwrap();
    });
}

fn for_each_subject(drive: impl Fn(Subject, &DhcpLab)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            drive(subject, &DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap());
        }
    }
}

fn daemonise(subject: Subject, lab: &DhcpLab) -> Daemon {
    let log = Log::default();
    let sink = log.clone();
    let syslog = Syslog::start(move |line| sink.push(line)).unwrap();
    let files = Scratch::new("daemon").unwrap();
    let view = View::default().log_to(syslog.socket());
    let mut command = command(subject, lab, &files);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = lab
        .server
        .spawn_with(&view, &mut command)
        .unwrap()
        .wait()
        .unwrap();
    Daemon {
        status,
        log,
        files,
        _syslog: syslog,
    }
}

fn command(subject: Subject, lab: &DhcpLab, files: &Scratch) -> Command {
    let mut command = Command::new(subject.dhcpd().unwrap());
    command
        .arg("-cf")
        .arg(lab.config_file())
        .arg("-lf")
        .arg(lab.lease_file())
        .arg("-pf")
        .arg(files.path().join("pid"))
        .arg(SERVER_LINK);
    command
}

#[test]
#[ignore = "needs root"]
fn a_signal_ends_it_by_itself_and_leaves_pid_file_and_leases() {
    for_each_subject(|subject, lab| {
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            lab.configure(CONFIG).unwrap();
            let files = Scratch::new("daemon").unwrap();
            let mut server = lab.launch(command(subject, lab, &files)).unwrap();
            let wire = lab.wire().unwrap();
            let wanted = Ipv4Addr::new(10, 9, 0, 10);
            wire.send(&request_for(1, wanted)).unwrap();
            let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
            assert_eq!(granted(&reply), Some((1, wanted)));
            server.process.signal(signal).unwrap();
            let status = server.process.wait().unwrap();
            assert_eq!(status.signal(), Some(signal as i32), "{subject}");
            let pid = fs::read_to_string(files.path().join("pid")).unwrap();
            assert_eq!(pid.trim(), server.process.identity().pid().to_string());
            assert!(lab.read_leases().unwrap().contains("lease 10.9.0.10 {"));
        }
    });
}
