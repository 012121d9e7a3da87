//! Real DHCP clients get real leases, from the original and from ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tests::dhcp::{CLIENT_LINK, DhcpLab, DhcpServer};
use tests::lab::{Log, Running, Scratch, View};
use tests::subject::{Subject, tool};

const PATIENCE: Duration = Duration::from_secs(30);
/// What a client hands its script, one variable a line.
const SCRIPT: &str = "#!/bin/sh\nenv\n";

#[test]
#[ignore = "needs root"]
fn dhclient_gets_a_lease_with_its_options() {
    for_each_subject(
        &["/usr/sbin/dhclient", "/sbin/dhclient"],
        "isc-dhcp-client",
        |lab, dhclient| {
            let files = Scratch::new("dhclient").unwrap();
            let mut command = Command::new(dhclient);
            command
                .args(["-d", "-1", "-v", "-cf"])
                .arg(
                    files
                        .write(
                            "conf",
                            "request subnet-mask, routers, root-path, broadcast-address;\n",
                        )
                        .unwrap(),
                )
                .args([
                    "-lf",
                    &path(&files, "leases"),
                    "-pf",
                    &path(&files, "pid"),
                    "-sf",
                ])
                .arg(script(&files))
                .arg(CLIENT_LINK);
            let (log, _client) =
                follow(lab, &View::default(), &mut command, "bound to 192.168.64.");
            expect(&log, "new_ip_address=192.168.64.");
            expect(&log, "new_subnet_mask=255.255.255.0");
            expect(&log, "new_root_path=192.168.64.1:/net-boot/pxeroot");
            expect(&log, "new_broadcast_address=192.168.64.255");
            expect(&log, "new_filename=pxeboot");
            expect(&log, "new_next_server=192.168.64.1");
            expect(&log, "new_dhcp_server_identifier=192.168.64.1");
        },
    );
}

#[test]
#[ignore = "needs root"]
fn udhcpc_gets_a_lease_with_its_options() {
    for_each_subject(
        &["/usr/bin/busybox", "/bin/busybox"],
        "busybox",
        |lab, busybox| {
            let files = Scratch::new("udhcpc").unwrap();
            let mut command = Command::new(busybox);
            command
                .args([
                    "udhcpc",
                    "-f",
                    "-q",
                    "-n",
                    "-i",
                    CLIENT_LINK,
                    "-O",
                    "rootpath",
                    "-s",
                ])
                .arg(script(&files));
            let (log, _client) =
                follow(lab, &View::default(), &mut command, "lease of 192.168.64.");
            expect(&log, "ip=192.168.64.");
            expect(&log, "subnet=255.255.255.0");
            expect(&log, "rootpath=192.168.64.1:/net-boot/pxeroot");
            expect(&log, "boot_file=pxeboot");
            expect(&log, "siaddr=192.168.64.1");
            expect(&log, "serverid=192.168.64.1");
        },
    );
}

#[test]
#[ignore = "needs root"]
fn dhcpcd_gets_a_lease_with_its_options() {
    for_each_subject(
        &["/usr/sbin/dhcpcd", "/sbin/dhcpcd"],
        "dhcpcd-base",
        |lab, dhcpcd| {
            let files = Scratch::new("dhcpcd").unwrap();
            let mut view = View::default().empty("/run");
            if Path::new("/var/lib/dhcpcd").exists() {
                view = view.empty("/var/lib/dhcpcd");
            }
            let mut command = Command::new(dhcpcd);
            command
                .args(["-4", "-1", "-B", "-d", "--noarp", "-f"])
                .arg(
                    files
                        .write(
                            "conf",
                            "option subnet_mask, root_path, broadcast_address\nclientid\n",
                        )
                        .unwrap(),
                )
                .arg("-c")
                .arg(script(&files))
                .arg(CLIENT_LINK);
            let (log, _client) = follow(lab, &view, &mut command, "leased 192.168.64.");
            expect(&log, "new_ip_address=192.168.64.");
            expect(&log, "new_subnet_mask=255.255.255.0");
            expect(&log, "new_root_path=192.168.64.1:/net-boot/pxeroot");
            expect(&log, "new_dhcp_server_identifier=192.168.64.1");
        },
    );
}

#[test]
#[ignore = "needs root"]
fn ipconfig_of_klibc_prints_the_root_path() {
    let candidates = ["/usr/lib/klibc/bin/ipconfig"];
    for_each_subject(&candidates, "klibc-utils", |lab, ipconfig| {
        let mut command = Command::new(ipconfig);
        command.args(["-t", "20", "-c", "dhcp", "-d", CLIENT_LINK]);
        let (log, _client) = follow(
            lab,
            &View::default().empty("/run"),
            &mut command,
            "rootpath:",
        );
        expect(&log, "192.168.64.1:/net-boot/pxeroot");
        expect(&log, "dhcp from 192.168.64.1");
        expect(&log, "filename  : pxeboot");
    });
}

/// Runs `drive` with each subject serving the FreeBSD example, if the client is installed.
fn for_each_subject(candidates: &[&str], package: &str, drive: impl Fn(&DhcpLab, &Path)) {
    let Some(client) = tool(candidates, package) else {
        return;
    };
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = DhcpLab::new("192.168.64.1/24", "192.168.64.2").unwrap();
            lab.configure(&example()).unwrap();
            let server: DhcpServer = lab.start(subject).unwrap();
            drive(&lab, &client);
            server
                .log
                .wait_for("DHCPACK on 192.168.64.", PATIENCE)
                .unwrap();
            assert!(lab.read_leases().unwrap().contains("binding state active;"));
        }
    }
}

/// The example of the original's users, without the wait for a ping.
fn example() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf-examples/freebsd-nfs-root/dhcpd.conf");
    let text = fs::read_to_string(path).unwrap();
    format!("ping-check false;\n{text}")
}

/// Starts a client and waits until it says `bound`; returns what it says from then on, too.
fn follow(lab: &DhcpLab, view: &View, command: &mut Command, bound: &str) -> (Log, Running) {
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut client = lab.client.spawn_with(view, command).unwrap();
    let log = Log::default();
    log.follow(client.child().stdout.take().unwrap());
    log.follow(client.child().stderr.take().unwrap());
    log.wait_for(bound, PATIENCE).unwrap();
    (log, client)
}

fn expect(log: &Log, line: &str) {
    log.wait_for(line, PATIENCE).unwrap();
}

fn script(files: &Scratch) -> PathBuf {
    let path = files.write("script", SCRIPT).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn path(files: &Scratch, name: &str) -> String {
    files.path().join(name).to_string_lossy().into_owned()
}
