//! The DHCP server locks itself in once it serves, and its programs are not locked in with it. Every other live test runs with the
//! sandbox too, since it is on by default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::{Ipv4Addr, Shutdown};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use common::sys::sandbox::{Layer, offered};
use tests::client::Wire;
use tests::client::identity::{granted, request_for};
use tests::client::message::{Field, Message};
use tests::dhcp::{DhcpLab, DhcpServer, PATIENCE, SERVER_LINK};
use tests::lab::{Log, Scratch, View};
use tests::subject::{Subject, skip};
use tests::wait::wait_until;

const WANTED: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 10);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
";
/// `CAP_NET_RAW` alone.
const RAW_SOCKETS: &str = "0000000000002000";
/// `CAP_DAC_OVERRIDE`, `CAP_DAC_READ_SEARCH` and `CAP_FOWNER` beside it.
const FOREIGN_FILES: &str = "000000000000200e";

fn lab(config: &str) -> DhcpLab {
    let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
    lab.configure(config).unwrap();
    lab
}

fn start(lab: &DhcpLab, words: &[&str]) -> DhcpServer {
    let mut command = lab.command(Subject::Ours).unwrap();
    command.args(words).arg(SERVER_LINK);
    lab.launch(command).unwrap()
}

fn expect_grant(wire: &Wire, number: u16, wanted: Ipv4Addr) {
    wire.send(&request_for(number, wanted)).unwrap();
    let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
    assert_eq!(granted(&reply), Some((number, wanted)));
}

/// Fields of a process's status, which it has once it serves and not always before.
fn status(pid: i32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap().trim_start_matches(':').trim().to_owned()
}

fn children(pid: i32) -> Vec<i32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    list.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

fn is_whole_sandbox() -> bool {
    let offered = offered();
    let whole = Layer::KNOWN.iter().all(|layer| offered.has(*layer));
    if !whole {
        skip(&format!("this kernel offers {offered}"));
    }
    whole
}

#[test]
#[ignore = "needs root"]
fn a_server_that_serves_is_locked_in_unless_told_otherwise() {
    if !is_whole_sandbox() {
        return;
    }
    let lab = lab(CONFIG);
    let wire = lab.wire().unwrap();
    let before = status(std::process::id().try_into().unwrap(), "CapPrm");
    for (words, expected) in [
        (&[][..], ("1", "2", RAW_SOCKETS)),
        (&["--no-sandbox"][..], ("0", "0", &before)),
    ] {
        let server = start(&lab, words);
        expect_grant(&wire, 1, WANTED);
        let pid = server.process.identity().pid();
        let found = ["NoNewPrivs", "Seccomp", "CapPrm"].map(|field| status(pid, field));
        assert_eq!(found, [expected.0, expected.1, expected.2], "{words:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn the_log_says_what_is_in_force_only_when_asked() {
    let lab = lab(CONFIG);
    for words in [&["--sandbox"][..], &[]] {
        let server = start(&lab, words);
        expect_grant(&lab.wire().unwrap(), 1, WANTED);
        let said: Vec<_> = server
            .log
            .lines()
            .into_iter()
            .filter(|line| line.contains("andbox"))
            .collect();
        let expected = format!("Sandbox: {}", offered());
        assert_eq!(said, vec![expected; words.len()]);
    }
}

#[test]
fn the_version_in_detail_says_what_would_be_in_force() {
    let mut command = Command::new(Subject::Ours.dhcpd().unwrap());
    let output = command.args(["--version", "--verbose"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let line = format!("Sandbox: {}", offered());
    assert_eq!(said.lines().nth(1), Some(&*line), "{said}");
}

#[test]
#[ignore = "needs root"]
fn lease_files_of_others_stay_in_reach() {
    let lab = lab(CONFIG);
    let folder = lab.lease_file().parent().unwrap().to_owned();
    chown(&folder, Some(1), Some(1)).unwrap();
    chown(lab.lease_file(), Some(1), Some(1)).unwrap();
    let server = start(&lab, &[]);
    if is_whole_sandbox() {
        let pid = server.process.identity().pid();
        assert_eq!(status(pid, "CapPrm"), FOREIGN_FILES);
    }
    let wire = lab.wire().unwrap();
    expect_grant(&wire, 1, WANTED);
    // Nothing is written to a file that is gone: it is made anew, as at each rewriting.
    fs::remove_file(lab.lease_file()).unwrap();
    wire.send(&request_for(2, Ipv4Addr::new(10, 9, 0, 11)))
        .unwrap();
    wait_until("the lease file comes again", || {
        lab.read_leases()
            .is_ok_and(|text| text.contains("10.9.0.11"))
    });
    assert!(lab.read_leases().unwrap().contains("lease 10.9.0.10 {"));
}

#[test]
#[ignore = "needs root"]
fn programs_may_still_change_their_user_and_write_where_they_like() {
    let place = Scratch::new("programs").unwrap();
    // Who runs it becomes root, as with sudo.
    let tool = place.path().join("id");
    fs::copy("/usr/bin/id", &tool).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o4755)).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let script = format!(
        "{0}/id -u >{0}/made.new; id -ru >>{0}/made.new; mv {0}/made.new {0}/made",
        place.path().display()
    );
    let lab = lab(&format!(
        "{CONFIG} on commit {{ execute(\"/bin/sh\", \"-c\", \"{script}\"); }}"
    ));
    let server = start(&lab, &["-user", "nobody"]);
    expect_grant(&lab.wire().unwrap(), 1, WANTED);
    let made = place.path().join("made");
    wait_until("the program runs", || made.exists());
    // The user that the tool has become, and the one that the server serves as.
    assert_eq!(fs::read_to_string(&made).unwrap(), "0\n65534\n");
    let pid = server.process.identity().pid();
    let [helper] = children(pid)[..] else {
        panic!("not one process: {:?}", children(pid));
    };
    assert_eq!(status(helper, "NoNewPrivs"), "0");
    assert_eq!(
        status(helper, "Uid").split_whitespace().next(),
        Some("65534")
    );
    drop(server);
    wait_until("the helper ends", || {
        !Path::new(&format!("/proc/{helper}")).exists()
    });
}

#[test]
#[ignore = "needs root"]
fn handlers_that_only_the_lease_file_has_are_still_run() {
    let place = Scratch::new("programs").unwrap();
    let made = place.path().join("made");
    let with = format!(
        "{CONFIG} on release {{ execute(\"/usr/bin/touch\", \"{}\"); }}",
        made.display()
    );
    let lab = lab(&with);
    let wire = lab.wire().unwrap();
    let server = start(&lab, &[]);
    expect_grant(&wire, 1, WANTED);
    drop(server);
    lab.configure(CONFIG).unwrap();
    let _server = start(&lab, &[]);
    let mut release = request_for(1, WANTED);
    let mut message = Message(release.payload);
    message.put(240, &[53, 1, 7, 255, 0, 0, 0, 0, 0]);
    message.set_address(Field::Ciaddr, WANTED);
    release.payload = message.0;
    wire.send(&release).unwrap();
    wait_until("the program runs", || made.exists());
}

#[test]
#[ignore = "needs root"]
fn a_system_log_that_is_started_anew_is_found_again() {
    let lab = lab(CONFIG);
    let socket = Scratch::new("log").unwrap();
    let path = socket.path().join("log");
    let (first, lines) = log_at(&path);
    let view = View::default().log_to(&path);
    let mut command = lab.command(Subject::Ours).unwrap();
    command.arg(SERVER_LINK);
    let _server = lab.launch_with(&view, command).unwrap();
    let wire = lab.wire().unwrap();
    expect_grant(&wire, 1, WANTED);
    lines.wait_for("DHCPACK on 10.9.0.10", PATIENCE).unwrap();
    first.shutdown(Shutdown::Both).unwrap();
    fs::remove_file(&path).unwrap();
    let (second, lines) = log_at(&path);
    expect_grant(&wire, 2, Ipv4Addr::new(10, 9, 0, 11));
    lines.wait_for("DHCPACK on 10.9.0.11", PATIENCE).unwrap();
    second.shutdown(Shutdown::Both).unwrap();
}

/// A system's log that ends when its socket is shut down.
fn log_at(path: &Path) -> (UnixDatagram, Log) {
    let socket = UnixDatagram::bind(path).unwrap();
    let (lines, source) = (Log::default(), socket.try_clone().unwrap());
    let sink = lines.clone();
    std::thread::spawn(move || {
        let mut line = [0; 4096];
        while let Ok(length @ 1..) = source.recv(&mut line) {
            sink.push(String::from_utf8_lossy(&line[..length]).into_owned());
        }
    });
    (socket, lines)
}
