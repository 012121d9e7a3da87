//! What a DHCP server says, and how it ends, when it is started wrongly: the original's words and exit status, from both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tests::gaps;
use tests::lab::{Namespace, Scratch};
use tests::subject::Subject;

const NOBODY: u32 = 65_534;
const CONFIG: &str = "subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }\n";

/// A wrong start. In words and answers `DIR` stands for the directory that holds `conf`, `leases`, `empty`, `broken`, `folder/` and `pid`,
/// the process id of a living process.
struct Case {
    words: &'static str,
    as_nobody: bool,
    status: i32,
    /// Lines that must be said, in this order; other lines may stand between.
    said: &'static [&'static str],
}

const fn case(words: &'static str, status: i32, said: &'static [&'static str]) -> Case {
    Case {
        words,
        as_nobody: false,
        status,
        said,
    }
}

const NO_SUBNET_FOR_D0: [&str; 7] = [
    "No subnet declaration for d0 (10.8.0.1).",
    "** Ignoring requests on d0.  If this is not what",
    "   you want, please write a subnet declaration",
    "   in your dhcpd.conf file for the network segment",
    "   to which interface d0 is attached. **",
    "",
    "Not configured to listen on any interfaces!",
];

const CASES: [Case; 20] = [
    case(
        "-z",
        1,
        &[
            "Unknown command -z",
            "             [-4|-6] [-cf config-file] [-lf lease-file]",
        ],
    ),
    case(
        "-cf",
        1,
        &[
            "No argument for command: -cf",
            "             [-4|-6] [-cf config-file] [-lf lease-file]",
        ],
    ),
    case(
        "-t -cf DIR/absent",
        1,
        &["Can't open DIR/absent: No such file or directory"],
    ),
    case("-t -cf DIR/conf", 0, &["Config file: DIR/conf"]),
    case("-t -cf DIR/empty", 0, &["Config file: DIR/empty"]),
    case(
        "-t -cf DIR/broken",
        1,
        &[
            "DIR/broken line 2: semicolon expected.",
            "option",
            " ^",
            "Configuration file errors encountered -- exiting",
        ],
    ),
    case("-t -q -cf DIR/broken", 1, &[]),
    case(
        "-d -cf DIR/conf -lf DIR/nowhere/leases d0",
        1,
        &["Can't open lease database DIR/nowhere/leases: No such file or directory --"],
    ),
    case(
        "-d -cf DIR/conf -lf nowhere/leases d0",
        1,
        &["Failed to get realpath for nowhere/leases: No such file or directory"],
    ),
    case(
        "-d -cf DIR/conf -lf DIR/leases --no-pid d0",
        1,
        &NO_SUBNET_FOR_D0,
    ),
    case(
        "-d -cf DIR/empty -lf DIR/leases --no-pid d0",
        1,
        &NO_SUBNET_FOR_D0,
    ),
    case(
        "-d -cf DIR/conf -lf DIR/leases --no-pid nothere0",
        1,
        &[
            "No subnet declaration for nothere0 (no IPv4 addresses).",
            "** Ignoring requests on nothere0.  If this is not what",
            "Not configured to listen on any interfaces!",
        ],
    ),
    case(
        "-d -cf DIR/conf -lf DIR/leases --no-pid averylonginterface",
        1,
        &["averylonginterface: interface name too long (is 18)"],
    ),
    case(
        "-d -cf DIR/conf -lf DIR/leases -pf DIR/pid s0",
        1,
        &["There's already a DHCP server running."],
    ),
    case("-p abc", 1, &["Invalid port number specification: abc"]),
    case(
        "-p 70000",
        1,
        &["Port number specified is out of range (1-65535)."],
    ),
    case(
        "-4 -6 -t",
        1,
        &["Server cannot run in both IPv4 and IPv6 mode at the same time."],
    ),
    case(
        "-d -cf DIR/folder -lf DIR/leases --no-pid s0",
        1,
        &["Can't read in DIR/folder: Is a directory"],
    ),
    Case {
        as_nobody: true,
        ..case(
            "-t -cf DIR/secret",
            1,
            &["Can't open DIR/secret: Permission denied"],
        )
    },
    Case {
        as_nobody: true,
        ..case(
            "-d -cf DIR/conf -lf DIR/leases --no-pid s0",
            1,
            &[
                "unable to create icmp socket: Operation not permitted",
                "Can't open DIR/leases for append.",
            ],
        )
    },
];

#[test]
#[ignore = "needs root"]
fn the_original_refuses_wrong_starts_in_its_words() {
    check(Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn ours_refuses_wrong_starts_in_the_same_words() {
    check(Subject::Ours);
}

#[test]
#[ignore = "needs root"]
fn the_version_and_the_help_are_said_on_standard_error() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let stage = Stage::new();
            let (status, said) = stage.run(subject, &case("--version", 0, &[]));
            assert_eq!(status, Some(0), "{subject}");
            assert!(
                said.starts_with(|letter: char| letter.is_alphabetic()),
                "{subject}: {said}"
            );
            let (status, said) = stage.run(subject, &case("--help", 0, &[]));
            assert_eq!(status, Some(0), "{subject}");
            assert!(said.contains("Usage: "), "{subject}: {said}");
        }
    }
}

/// Parameters, some of them as options with a value of the wrong length, and the last line about them.
const PARAMETERS: [(&str, &str); 11] = [
    (
        "option server.omapi-port = 01; option server.local-port = 01",
        "invalid omapi port data length",
    ),
    (
        "option server.local-port = 01:02:03",
        "invalid local port data length",
    ),
    (
        "option server.remote-port = \"\"",
        "invalid remote port data length",
    ),
    (
        "option server.local-address = 0a:09",
        "invalid local address data length",
    ),
    (
        "option server.local-address = 0a:09; option server.limited-broadcast-address = 0a",
        "invalid broadcast address data length",
    ),
    (
        "dont-use-fsync true; option server.delayed-ack = 01",
        "invalid max delayed ACK count",
    ),
    (
        "option server.max-ack-delay = 01",
        "invalid max ack delay configuration",
    ),
    (
        "server-id-check true; option server.abandon-lease-time = 01",
        "invalid abandon-lease-time",
    ),
    (
        "server-id-check true; dont-use-fsync true",
        "Setting server-id-check true",
    ),
    (
        "dont-use-fsync true",
        "Not using fsync() to flush lease writes",
    ),
    (
        "option server.delayed-ack = null",
        "PID file: /var/run/dhcpd.pid",
    ),
];

#[test]
#[ignore = "needs root"]
fn parameters_of_the_wrong_length_are_refused() {
    for subject in Subject::chosen() {
        if !subject.is_at_hand(Subject::dhcpd) {
            continue;
        }
        let stage = Stage::new();
        for (parameters, last) in PARAMETERS {
            let config = format!("{parameters};\n{CONFIG}");
            stage.files.write("parameters", config).unwrap();
            let (status, said) = stage.run(subject, &case("-t -cf DIR/parameters", 0, &[]));
            let refused = last.starts_with("invalid");
            assert_eq!(status, Some(i32::from(refused)), "{subject}: {parameters}");
            let said = said.split("\n\n").next().unwrap();
            assert_eq!(
                said.lines().next_back().map(str::trim_end),
                Some(last),
                "{subject}"
            );
        }
    }
}

fn check(subject: Subject) {
    if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::dhcpd) {
        return;
    }
    let stage = Stage::new();
    let gaps = gaps::of(subject);
    let failures: Vec<String> = CASES
        .iter()
        .filter_map(|case| {
            let name = format!("start {}", case.words);
            gaps::judge(
                &name,
                stage.judge(subject, case).as_deref(),
                gaps.get(&name),
            )
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} cases:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// A namespace with one interface that a configuration speaks of (`s0`) and one that none does (`d0`), and the files.
struct Stage {
    namespace: Namespace,
    /// Holds the other ends of the links, which would go down without it.
    _far_end: Namespace,
    files: Scratch,
}

impl Stage {
    fn new() -> Self {
        let namespace = Namespace::new("bad-input").unwrap();
        let far_end = Namespace::new("far-end").unwrap();
        for (name, address) in [("s0", "10.9.0.1/24"), ("d0", "10.8.0.1/24")] {
            namespace.add_veth(name, &far_end, name).unwrap();
            namespace.bring_up(name, Some(address)).unwrap();
        }
        let files = Scratch::new("bad-input").unwrap();
        files.write("conf", CONFIG).unwrap();
        files.write("empty", "").unwrap();
        files.write("leases", "").unwrap();
        files
            .write(
                "broken",
                "default-lease-time 600\noption domain-name \"x\";\n",
            )
            .unwrap();
        files
            .write("pid", format!("{}\n", std::process::id()))
            .unwrap();
        files.write("folder/file", "").unwrap();
        let secret = files.write("secret", CONFIG).unwrap();
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            namespace,
            _far_end: far_end,
            files,
        }
    }

    fn judge(&self, subject: Subject, case: &Case) -> Option<String> {
        let (status, said) = self.run(subject, case);
        let mut rest = said.lines();
        let missing = case
            .said
            .iter()
            .find(|wanted| !rest.any(|line| line.trim_end() == **wanted));
        if status == Some(case.status) && missing.is_none() {
            return None;
        }
        Some(format!(
            "--- {} (nobody: {})\nstatus {status:?}, expected {}; missing line {missing:?} in:\n{said}",
            case.words, case.as_nobody, case.status
        ))
    }

    /// How it ended (`None`: killed because it went on), and what it said on standard error.
    fn run(&self, subject: Subject, case: &Case) -> (Option<i32>, String) {
        let directory = self.files.path().to_string_lossy();
        let words = case.words.replace("DIR", &directory);
        let mut command = Command::new("/usr/bin/timeout");
        command
            .arg("10")
            .arg(self.program(subject))
            .args(words.split(' '))
            .stdin(Stdio::null());
        if case.as_nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = self.namespace.output(&mut command).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).replace(&*directory, "DIR");
        // Each calls itself by its own name.
        let said = said.replace("rdhcpd", "dhcpd");
        (output.status.code(), said)
    }

    /// A copy that everybody may execute: the clone may be below root's own directory.
    fn program(&self, subject: Subject) -> PathBuf {
        let program = subject.dhcpd().unwrap();
        let copy = self.files.path().join(program.file_name().unwrap());
        if !copy.exists() {
            fs::copy(program, &copy).unwrap();
        }
        copy
    }
}
