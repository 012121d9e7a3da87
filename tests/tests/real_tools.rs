//! Tools that people run on a server's lease file and log, while the server is busy: they must find what clients were told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::client::Wire;
use tests::client::identity::{granted, request_for};
use tests::dhcp::{DhcpLab, DhcpServer};
use tests::subject::{Subject, tool};

/// Clients that ask one after the other, and then again and again.
const CLIENTS: u16 = 600;
/// How often each tool looks at the file while it grows.
const LOOKS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(20);
/// Renewals must be written, or the file would not grow.
const CONFIG: &str = "
default-lease-time 6000; max-lease-time 7200; ping-check false; dhcp-cache-threshold 0;
subnet 10.9.0.0 netmask 255.255.0.0 { range 10.9.1.0 10.9.4.255; }
";
/// The debian rules about a server's log, one extended regular expression a line.
const LOGCHECK_RULES: &str = "/etc/logcheck/ignore.d.server/dhcp";
const LEASES_BY_PYTHON: &str = "import sys; from isc_dhcp_leases import IscDhcpLeases; \
    print(len(IscDhcpLeases(sys.argv[1]).get_current()))";

#[test]
#[ignore = "needs root"]
fn dhcpd_pools_counts_what_is_leased() {
    let Some(pools) = tool(&["/usr/bin/dhcpd-pools"], "dhcpd-pools") else {
        return;
    };
    each_subject(|lab| {
        let mut command = Command::new(&pools);
        command.args(["--format", "j", "--config"]);
        command.arg(lab.config_file());
        command.arg("--leases").arg(lab.lease_file());
        let said = text_of(&run(&mut command));
        let (_, summary) = said.split_once("\"summary\"").unwrap();
        let (_, used) = summary.split_once("\"used\":").unwrap();
        used.split_once(',').unwrap().0.parse().unwrap()
    });
}

#[test]
#[ignore = "needs root"]
fn dhcp_lease_list_shows_what_is_leased() {
    let Some(list) = tool(&["/usr/sbin/dhcp-lease-list"], "isc-dhcp-server") else {
        return;
    };
    each_subject(|lab| {
        let mut command = Command::new(&list);
        command.args(["--parsable", "--lease"]);
        let said = text_of(&run(command.arg(lab.lease_file())));
        said.lines().filter(|line| line.starts_with("MAC ")).count()
    });
}

#[test]
#[ignore = "needs root"]
fn the_python_library_reads_what_is_leased() {
    let library = "/usr/lib/python3/dist-packages/isc_dhcp_leases";
    if tool(&[library], "python3-isc-dhcp-leases").is_none() {
        return;
    }
    each_subject(|lab| {
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", LEASES_BY_PYTHON]);
        let said = text_of(&run(command.arg(lab.lease_file())));
        said.trim().parse().unwrap()
    });
}

#[test]
#[ignore = "needs root"]
fn the_original_reads_the_file_without_a_complaint() {
    let Ok(original) = Subject::Original.dhcpd() else {
        tests::subject::skip("the original is not installed");
        return;
    };
    each_subject(|lab| {
        let mut command = Command::new(&original);
        command.args(["-T", "-cf"]).arg(lab.config_file());
        let output = run(command.arg("-lf").arg(lab.lease_file()));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("Lease file test successful"), "{said}");
        assert!(!said.to_lowercase().contains("corrupt"), "{said}");
        number_of_leases(&said)
    });
}

#[test]
#[ignore = "needs root"]
fn logcheck_has_nothing_to_report_about_messages() {
    if tool(&[LOGCHECK_RULES], "logcheck-database").is_none() {
        return;
    }
    for subject in subjects() {
        let lab = lab();
        let server = lab.start(subject).unwrap();
        let wire = lab.wire().unwrap();
        for client in 0..CLIENTS / 10 {
            assert!(lease(&wire, client));
        }
        let unknown = unknown_to_logcheck(&server);
        let about_messages = |line: &&String| line.contains("DHCP") && line.contains(" via ");
        let unknown: Vec<_> = unknown.iter().filter(about_messages).collect();
        assert!(unknown.is_empty(), "{subject}: {unknown:?}");
    }
}

/// Lets `count` look at the lease file of each subject, under load and at rest: it must never see fewer leases than were
/// acknowledged before it looked, nor more than there are clients, and at last exactly those.
fn each_subject(count: impl Fn(&DhcpLab) -> usize) {
    for subject in subjects() {
        let lab = lab();
        let _server = lab.start(subject).unwrap();
        let wire = lab.wire().unwrap();
        let (acknowledged, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| serve(&wire, &acknowledged, &done));
            await_some(&acknowledged);
            for _ in 0..LOOKS {
                let before = acknowledged.load(Ordering::SeqCst).min(CLIENTS.into());
                let seen = count(&lab);
                let range = before..=CLIENTS.into();
                assert!(range.contains(&seen), "{subject}: {seen} of {range:?}");
            }
            done.store(true, Ordering::SeqCst);
        });
        let all = acknowledged.load(Ordering::SeqCst).min(CLIENTS.into());
        assert_eq!(count(&lab), all, "{subject}");
    }
}

fn subjects() -> impl Iterator<Item = Subject> {
    let chosen = Subject::chosen().into_iter();
    chosen.filter(|subject| subject.is_at_hand(Subject::dhcpd))
}

fn lab() -> DhcpLab {
    let lab = DhcpLab::new("10.9.0.1/16", "10.9.0.2").unwrap();
    lab.configure(CONFIG).unwrap();
    lab
}

/// Clients take their addresses one by one and then renew them, until it is enough; counts what was acknowledged.
fn serve(wire: &Wire, acknowledged: &AtomicUsize, done: &AtomicBool) {
    for client in (0..CLIENTS).cycle() {
        if done.load(Ordering::SeqCst) {
            return;
        }
        assert!(lease(wire, client));
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

fn await_some(acknowledged: &AtomicUsize) {
    let deadline = Instant::now() + PATIENCE;
    while acknowledged.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline, "nobody is served");
        std::thread::yield_now();
    }
}

/// True if the client got its address.
fn lease(wire: &Wire, client: u16) -> bool {
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 9, 1, 0).to_bits() + u32::from(client));
    wire.send(&request_for(client, address)).unwrap();
    let reply = wire.receive(PATIENCE).unwrap();
    reply.is_some_and(|reply| granted(&reply) == Some((client, address)))
}

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

fn text_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// N of `Wrote N leases to leases file.`
fn number_of_leases(said: &str) -> usize {
    let line = said
        .lines()
        .find(|line| line.ends_with("leases to leases file."));
    line.unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// The server's lines, as syslog writes them, that none of logcheck's rules knows.
fn unknown_to_logcheck(server: &DhcpServer) -> Vec<String> {
    let stamped = |line: &String| format!("Nov 20 11:22:33 host dhcpd[123]: {line}\n");
    let log: String = server.log.lines().iter().map(stamped).collect();
    let scratch = tests::lab::Scratch::new("logcheck").unwrap();
    let log = scratch.write("log", log).unwrap();
    let rules = std::fs::read_to_string(Path::new(LOGCHECK_RULES)).unwrap();
    let is_rule = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let rules: Vec<&str> = rules.lines().filter(is_rule).collect();
    let rules = scratch.write("rules", rules.join("\n") + "\n").unwrap();
    let mut grep = Command::new("grep");
    grep.args(["-E", "-v", "-f"]).arg(rules).arg(log);
    // It ends with 1 when nothing is left.
    let output = grep.output().unwrap();
    text_of(&output).lines().map(str::to_owned).collect()
}
