//! A real client behind a real relay agent gets its lease from a server on another network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tests::dhcp::{CLIENT_LINK, DhcpLab};
use tests::lab::{Log, Namespace, Running};
use tests::subject::{Subject, tool};

const PATIENCE: Duration = Duration::from_secs(30);
/// The relay agent's link to the clients, and the client's.
const RELAY_LINK: &str = "rel0";
const FAR_LINK: &str = "far0";
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { }
subnet 10.8.0.0 netmask 255.255.255.0 { range 10.8.0.10 10.8.0.20; option routers 10.8.0.1; }
";

#[test]
#[ignore = "needs root"]
fn a_client_behind_a_relay_agent_gets_a_lease_of_its_own_network() {
    with_relay(&[], |_, leases| {
        assert!(!leases.contains("agent."), "{leases}");
    });
}

#[test]
#[ignore = "needs root"]
fn what_the_relay_agent_says_of_a_client_goes_back_to_it_and_stays_with_the_lease() {
    with_relay(&["-a"], |relay, leases| {
        let circuit = format!("option agent.circuit-id \"{RELAY_LINK}\";");
        assert!(leases.contains(&circuit), "{leases}");
        let lines = relay.lines();
        let complaint = lines.iter().find(|line| line.contains("Discarding"));
        assert_eq!(complaint, None);
    });
}

/// A server of each subject, the relay agent in the place of the client, and udhcpc behind it; `check` sees what the agent said and
/// the lease file.
fn with_relay(words: &[&str], check: impl Fn(&Log, &str)) {
    let agent = tool(&["/usr/sbin/dhcrelay"], "isc-dhcp-relay");
    let client = tool(&["/usr/bin/busybox", "/bin/busybox"], "busybox");
    let (Some(agent), Some(client)) = (agent, client) else {
        return;
    };
    for subject in Subject::chosen() {
        if !subject.is_at_hand(Subject::dhcpd) {
            continue;
        }
        let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
        lab.configure(CONFIG).unwrap();
        let far = add_far_network(&lab);
        let server = lab.start(subject).unwrap();
        let (relay, _agent) = start_agent(&lab, &agent, words);
        let (said, _client) = follow(&far, Command::new(&client).args(UDHCPC));
        said.wait_for("lease of 10.8.0.10 obtained", PATIENCE)
            .unwrap();
        let line = server
            .log
            .wait_for("DHCPACK on 10.8.0.10 to ", PATIENCE)
            .unwrap();
        assert!(line.ends_with(" via 10.8.0.1"), "{subject}: {line}");
        check(&relay, &lab.read_leases().unwrap());
    }
}

/// Asks until it has a lease, and ends.
const UDHCPC: [&str; 8] = [
    "udhcpc",
    "-f",
    "-q",
    "-t",
    "30",
    "-s",
    "/bin/true",
    "-ifar0",
];

fn add_far_network(lab: &DhcpLab) -> Namespace {
    let far = Namespace::new("dhcp-far").unwrap();
    lab.client
        .bring_up(CLIENT_LINK, Some("10.9.0.2/24"))
        .unwrap();
    lab.client.add_veth(RELAY_LINK, &far, FAR_LINK).unwrap();
    lab.client
        .bring_up(RELAY_LINK, Some("10.8.0.1/24"))
        .unwrap();
    far
}

fn start_agent(lab: &DhcpLab, program: &Path, words: &[&str]) -> (Log, Running) {
    let mut command = Command::new(program);
    command.args(["-d", "-4", "--no-pid"]).args(words);
    command.args(["-id", RELAY_LINK, "-iu", CLIENT_LINK, "10.9.0.1"]);
    let (log, agent) = follow(&lab.client, &mut command);
    log.wait_for("Sending on   Socket/fallback", PATIENCE)
        .unwrap();
    (log, agent)
}

fn follow(namespace: &Namespace, command: &mut Command) -> (Log, Running) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut program = namespace.spawn(command).unwrap();
    let log = Log::default();
    log.follow(program.child().stdout.take().unwrap());
    log.follow(program.child().stderr.take().unwrap());
    (log, program)
}
