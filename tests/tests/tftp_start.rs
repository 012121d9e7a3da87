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
use tests::lab::{Log, Namespace, Running, Scratch, Syslog, View};
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

/// `-a` before the network is up, as at boot: the original gives up, ours waits for the address.
#[test]
#[ignore = "needs root"]
fn an_address_that_comes_later_is_served() {
    for_each_subject(|subject, lab| {
        let early = Namespace::new("early").unwrap();
        for (listen, address, mask) in [
            ("10.77.0.1", "10.77.0.1", 32),
            ("[fd77::1]", "fd77::1", 128),
        ] {
            let words = format!("-L -s DIR -a {listen}");
            let mut server = start_in(&early, View::default(), subject, lab, &words);
            if subject == Subject::Original {
                assert_eq!(server.process.wait().unwrap().code(), Some(66));
                continue;
            }
            let line = format!("no interface has the address {address} yet");
            server.log.wait_for(&line, PATIENCE).unwrap();
            wait_until("it listens", || listening(&early) != [0, 0]);
            early
                .ip(&format!("address add {address}/{mask} dev lo"))
                .unwrap();
            assert_eq!(ask_at(&early, address), b"\0\x03\0\x01hello");
            server.process.signal(Signal::SIGTERM).unwrap();
            assert_eq!(server.process.wait().unwrap().code(), Some(0));
        }
    });
}

/// What a server does with some words.
enum Start<'a> {
    /// It ends with this status.
    Ends(i32),
    /// It listens on so many sockets of IPv4 and IPv6, and these addresses answer.
    Serves([usize; 2], &'a [&'a str]),
}

/// Runs servers with each of these words, and looks at the only line that each has logged, if there is to be one.
fn check_starts(subject: Subject, lab: &TftpLab, view: &View, starts: &[(&str, Start<'_>, &str)]) {
    for (words, start, line) in starts {
        let words = format!("-L -s DIR {words}");
        let mut server = start_in(&lab.server, view.clone(), subject, lab, words.trim_end());
        match start {
            Start::Ends(status) => {
                let ended = server.process.wait().unwrap().code();
                assert_eq!(ended, Some(*status), "{subject} {words}");
            }
            Start::Serves(sockets, addresses) => {
                let listens = || listening(&lab.server) == *sockets;
                wait_until(&format!("{subject} {words} listens"), listens);
                for address in *addresses {
                    println!("{subject} {words}: {address} is asked");
                    assert_eq!(ask_at(&lab.server, address), b"\0\x03\0\x01hello");
                }
                server.process.signal(Signal::SIGTERM).unwrap();
                assert_eq!(server.process.wait().unwrap().code(), Some(0));
            }
        }
        server.syslog.stop().unwrap();
        let logged = server.log.lines();
        let lines: Vec<&str> = line.lines().collect();
        let is_logged = |line: &&str| logged.iter().any(|it| it.contains(line));
        assert!(
            lines.iter().all(is_logged) && logged.len() == lines.len(),
            "{subject} {words}: {logged:?}"
        );
        lab.server.evict();
    }
}

#[test]
#[ignore = "needs root"]
fn a_name_stands_for_one_address_of_each_family() {
    use Start::{Ends, Serves};
    for_each_subject(|subject, lab| {
        let six = "address add fd77::1/64 dev srv0 nodad";
        lab.server.ip(six).unwrap();
        let etc = Scratch::new("names").unwrap();
        let lines = "10.77.0.1 boot old\nfd77::1 boot new\n10.99.0.1 far\nfd99::1 far\n";
        let hosts = etc.write("hosts", lines).unwrap();
        let switch = etc.write("nsswitch.conf", "hosts: files\n").unwrap();
        let view = View::default()
            .bind(hosts, "/etc/hosts")
            .bind(switch, "/etc/nsswitch.conf");
        let missing = "cannot resolve local IPv6 bind address: old(Name or service not known)";
        let absent = "cannot bind to local IPv4 socket: Cannot assign requested address";
        check_starts(
            subject,
            lab,
            &view,
            &[
                ("-a boot", Serves([1, 1], &["10.77.0.1", "fd77::1"]), ""),
                ("-4 -a boot:tftp", Serves([1, 0], &["10.77.0.1"]), ""),
                ("-6 -a boot:0x45", Serves([0, 1], &["fd77::1"]), ""),
                (
                    "-a old",
                    Serves([1, 0], &["10.77.0.1"]),
                    &format!("{missing}; using IPv4 only"),
                ),
                ("-6 -a old", Ends(66), missing),
                (
                    "-a new",
                    Ends(66),
                    "cannot resolve local IPv4 bind address: new, Name or service not known",
                ),
                ("-a far", Ends(71), absent),
            ],
        );
    });
}

#[test]
#[ignore = "needs root"]
fn a_kernel_without_ipv6_serves_ipv4() {
    use Start::{Ends, Serves};
    for_each_subject(|subject, lab| {
        let missing = "Address family not supported by protocol";
        let ipv4 = || Serves([1, 0], &["10.77.0.1"]);
        let view = View::default().without_ipv6();
        let only_ipv6 = format!("cannot open IPv6 socket: {missing}");
        let starts = [("-4", ipv4(), ""), ("-6", Ends(71), &only_ipv6)];
        check_starts(subject, lab, &view, &starts);
        let line = format!("cannot open IPv6 socket, disable IPv6: {missing}");
        match subject {
            Subject::Ours => check_starts(subject, lab, &view, &[("", ipv4(), &line)]),
            // It goes on to use the socket that it has not got.
            Subject::Original => {
                let server = start_in(&lab.server, view, subject, lab, "-L -s DIR");
                server.log.wait_for(&line, PATIENCE).unwrap();
                let line = "Cannot set nonblock flag on socket: Bad file descriptor";
                server.log.wait_for(line, PATIENCE).unwrap();
            }
        }
    });
}

/// The line about the second server shows that one about the first would have come.
#[test]
#[ignore = "needs root"]
fn a_server_that_waits_for_nobody_tells_only_of_what_it_cut_off() {
    let lab = TftpLab::new().unwrap();
    lab.put("hello", b"hello", 0o644).unwrap();
    let directory = lab.directory().to_string_lossy().into_owned();
    let words = ["--stop-timeout", "0", "-s", directory.as_str()];
    let [idle, busy] = [false, true].map(|has_client| {
        let mut server = lab.start(Subject::Ours, &words).unwrap();
        let _client = has_client.then(|| request(&lab, b"\0\x01hello\0octet\0"));
        server.process.signal(Signal::SIGTERM).unwrap();
        assert_eq!(server.process.wait().unwrap().code(), Some(0));
        server
    });
    busy.log
        .wait_for("cut off 1 transfer(s)", PATIENCE)
        .unwrap();
    let idle = idle.log.lines();
    assert!(
        idle.iter().all(|line| !line.contains("cut off")),
        "{idle:?}"
    );
}

/// Of 84 files that may be open 64 are set aside, and a transfer takes two.
#[test]
#[ignore = "needs root"]
fn numbers_of_transfers_that_open_files_do_not_allow_are_logged() {
    for_each_subject(|subject, lab| {
        if subject == Subject::Original {
            return;
        }
        let all = "only 10 transfers of --max-transfers 12: the limit on open files is too low";
        let one = "only 10 transfers of --max-transfers-per-client 11: the limit on open files is too low";
        for (words, lines) in [
            (
                "--max-transfers=12 --max-transfers-per-client=11",
                &[all, one][..],
            ),
            ("--max-transfers=12 --max-transfers-per-client=10", &[all]),
            ("--max-transfers-per-client=11", &[one]),
            ("--max-transfers=10 --max-transfers-per-client=10", &[]),
        ] {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "ulimit -n 84; exec \"$@\"", "sh"]);
            let words = format!("-L -s DIR {words}");
            command
                .arg(subject.tftpd().unwrap())
                .args(words_in(lab, &words));
            let mut server = spawn_in(&lab.server, View::default(), command);
            wait_until("it listens", || listening(&lab.server) == [1, 1]);
            assert_eq!(ask(lab), b"\0\x03\0\x01hello");
            server.process.signal(Signal::SIGTERM).unwrap();
            assert_eq!(server.process.wait().unwrap().code(), Some(0));
            for line in lines {
                server.log.wait_for(line, PATIENCE).unwrap();
            }
            let logged = server.log.lines();
            assert_eq!(logged.len(), lines.len(), "{words}: {logged:?}");
            lab.server.evict();
        }
    });
}

/// How many sockets of IPv4 and of IPv6 are bound to port 69.
fn listening(namespace: &Namespace) -> [usize; 2] {
    let tables = namespace.enter(|| {
        ["udp", "udp6"].map(|table| fs::read_to_string(format!("/proc/thread-self/net/{table}")))
    });
    tables
        .unwrap()
        .map(|table| table.unwrap().matches(":0045 ").count())
}

/// What the server at an address answers to a client beside it.
fn ask_at(namespace: &Namespace, address: &str) -> Vec<u8> {
    let any = match address.contains(':') {
        true => "[::]:0",
        false => "0.0.0.0:0",
    };
    let socket = namespace.enter(|| UdpSocket::bind(any)).unwrap().unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    ask_from(&socket, address)
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
    let mut server = start_in(&lab.server, view, subject, lab, words);
    let status = server.process.wait().unwrap();
    (status.code(), server.log)
}

struct Server {
    process: Running,
    log: Log,
    syslog: Syslog,
}

/// Starts a server with these words, in which `DIR` is the directory of the lab.
fn start_in(
    namespace: &Namespace,
    view: View,
    subject: Subject,
    lab: &TftpLab,
    words: &str,
) -> Server {
    let mut command = Command::new(subject.tftpd().unwrap());
    command.args(words_in(lab, words));
    spawn_in(namespace, view, command)
}

fn words_in(lab: &TftpLab, words: &str) -> Vec<String> {
    let words = words.replace("DIR", &lab.directory().to_string_lossy());
    words.split(' ').map(str::to_owned).collect()
}

fn spawn_in(namespace: &Namespace, view: View, mut command: Command) -> Server {
    let log = Log::default();
    let sink = log.clone();
    let syslog = Syslog::start(move |line| sink.push(line)).unwrap();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let view = view.log_to(syslog.socket());
    Server {
        process: namespace.spawn_with(&view, &mut command).unwrap(),
        log,
        syslog,
    }
}

fn wait_for_pid(file: &Path) -> Pid {
    let read = || fs::read_to_string(file).ok()?.trim().parse().ok();
    wait_until("the pid file comes", || read().is_some());
    Pid::from_raw(read().unwrap())
}

fn ask(lab: &TftpLab) -> Vec<u8> {
    ask_from(&lab.client_socket(PATIENCE).unwrap(), SERVER)
}

fn ask_from(socket: &UdpSocket, address: &str) -> Vec<u8> {
    socket
        .send_to(b"\0\x01hello\0octet\0", (address, 69))
        .unwrap();
    let mut buffer = [0; 600];
    let (size, peer) = socket.recv_from(&mut buffer).unwrap();
    socket.send_to(b"\0\x04\0\x01", peer).unwrap();
    buffer[..size].to_vec()
}
