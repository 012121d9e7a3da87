//! `tests/lab` as a person uses it: a network, two nodes whose firmware asks for addresses, and nothing left afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tests::lab::{Log, Namespace, Running, Scratch, View};
use tests::subject::{Subject, tool};

/// Firmware that is executed by software takes its time.
const PATIENCE: Duration = Duration::from_secs(90);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 172.24.0.0 netmask 255.255.0.0 { range 172.24.32.1 172.24.32.2; }
";

#[test]
#[ignore = "needs root"]
fn two_nodes_on_a_network_get_addresses_and_clean_leaves_nothing() {
    if tool(&["/usr/bin/qemu-system-x86_64"], "qemu-system-x86").is_none() {
        return;
    }
    // Found before the view changes: the way to this program looks different from inside when the test runs in a change of root.
    let rdhcpd = Subject::Ours.dhcpd().unwrap();
    // A private /run, so that a lab that somebody plays with is neither seen nor cleaned away.
    let outside = Namespace::new("lab").unwrap();
    let view = View::default().empty("/run");
    outside.enter_with(&view, || play(&rdhcpd)).unwrap();
}

fn play(rdhcpd: &Path) {
    let lab = Lab;
    let said = lab.run(&["network", "--name", "br0", "--address", "172.24.0.1/16"]);
    assert!(said.contains("ip netns exec lab-br0 "), "{said}");
    let (mut server, log) = start_server(rdhcpd);
    let mut first = lab.start_node("rtl8139");
    let mut second = lab.start_node("e1000");
    for address in ["172.24.32.1", "172.24.32.2"] {
        log.wait_for(&format!("DHCPACK on {address} to 52:54:00:"), PATIENCE)
            .unwrap();
    }
    assert_eq!(lab.run(&["clean"]), "br0 is gone\n");
    for program in [&mut server, &mut first, &mut second] {
        assert!(!program.wait().unwrap().success());
    }
    for folder in ["/run/netns", "/run/rdhcpd-lab"] {
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "{folder}");
    }
}

/// The command. Whatever a failed test leaves is cleaned away when it is dropped.
struct Lab;

impl Lab {
    /// What it prints; it must succeed.
    fn run(&self, words: &[&str]) -> String {
        let output = self.call(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn call(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    fn start_node(&self, nic: &str) -> Running {
        let mut command = self.command();
        command.args(["node", "--network", "br0", "--nic", nic]);
        start(&mut command)
    }

    fn command(&self) -> Command {
        Command::new(env!("CARGO_BIN_EXE_lab"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.call(&["clean"]);
    }
}

/// rdhcpd as a person would start it there.
fn start_server(rdhcpd: &Path) -> (Running, Log) {
    let files = Scratch::new("lab").unwrap();
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "lab-br0"]);
    command.arg(rdhcpd);
    command.args(["-d", "--no-pid", "-cf"]);
    command.arg(files.write("dhcpd.conf", CONFIG).unwrap());
    command
        .arg("-lf")
        .arg(files.path().join("leases"))
        .arg("br0");
    let mut server = start(command.stderr(Stdio::piped()));
    let log = Log::default();
    log.follow(server.child().stderr.take().unwrap());
    log.wait_for("Server starting service.", PATIENCE).unwrap();
    assert!(Path::new("/run/netns/lab-br0").exists());
    (server, log)
}

fn start(command: &mut Command) -> Running {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Running::spawn(command).unwrap()
}
