//! Real TFTP clients get files byte for byte, in octet and netascii, from the original and from ours, and put them there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::lab::Scratch;
use tests::subject::{Subject, tool};
use tests::tftp::{SERVER, TftpLab};

const ATFTP: &str = "/usr/bin/atftp";
/// Sizes around the block sizes that clients ask for.
const SIZES: [usize; 8] = [0, 1, 511, 512, 513, 1024, 1432, 1_048_583];

#[test]
#[ignore = "needs root"]
fn curl_gets_files_in_octet() {
    for_each_subject(&["/usr/bin/curl"], "curl", |lab, curl| {
        each_file(lab, |name, content| {
            let output = lab
                .client
                .output(Command::new(curl).args(["-sS", "--max-time", "30", &url(name)]))
                .unwrap();
            expect_same(name, &output.stdout, content);
        });
    });
}

#[test]
#[ignore = "needs root"]
fn curl_gets_files_in_netascii_as_they_travel() {
    for_each_subject(&["/usr/bin/curl"], "curl", |lab, curl| {
        each_file(lab, |name, content| {
            let words = [
                "-sS",
                "--max-time",
                "30",
                "--use-ascii",
                "--tftp-no-options",
                &url(name),
            ];
            let output = lab.client.output(Command::new(curl).args(words)).unwrap();
            expect_same(name, &output.stdout, &netascii(content));
        });
    });
}

#[test]
#[ignore = "needs root"]
fn tftp_hpa_gets_files_in_octet() {
    tftp_hpa("binary");
}

#[test]
#[ignore = "needs root"]
fn tftp_hpa_gets_files_in_netascii_and_turns_them_back() {
    tftp_hpa("ascii");
}

#[test]
#[ignore = "needs root"]
fn busybox_gets_files_with_and_without_options() {
    for_each_subject(
        &["/usr/bin/busybox", "/bin/busybox"],
        "busybox",
        |lab, busybox| {
            for size in ["512", "1428", "65464"] {
                each_file(lab, |name, content| {
                    let files = Scratch::new("busybox").unwrap();
                    let local = files.path().join("got");
                    let mut command = Command::new(busybox);
                    command
                        .args(["tftp", "-g", "-b", size, "-r", name, "-l"])
                        .arg(&local)
                        .arg(SERVER);
                    let output = lab.client.output(&mut command).unwrap();
                    assert!(output.status.success(), "{name}: {output:?}");
                    expect_same(name, &fs::read(local).unwrap(), content);
                });
            }
        },
    );
}

#[test]
#[ignore = "needs root"]
fn atftp_gets_files_with_and_without_options() {
    for options in [
        &[][..],
        &["blksize 1432", "tsize 0"],
        &["blksize 8192", "timeout 3"],
    ] {
        for_each_subject(&[ATFTP], "atftp", |lab, atftp| {
            each_file(lab, |name, content| {
                let files = Scratch::new("atftp").unwrap();
                let local = files.path().join("got");
                let mut command = Command::new(atftp);
                command.args(options.iter().flat_map(|option| ["--option", option]));
                command
                    .args(["--get", "-r", name, "-l"])
                    .arg(&local)
                    .arg(SERVER);
                expect_success(lab, name, &mut command);
                expect_same(name, &fs::read(local).unwrap(), content);
            });
        });
    }
}

#[test]
#[ignore = "needs root"]
fn atftp_puts_files() {
    each_upload(&[ATFTP], "atftp", |atftp, local, name| {
        let mut command = Command::new(atftp);
        command.args(["--option", "blksize 1432", "--put", "-r", name, "-l"]);
        command.arg(local).arg(SERVER);
        command
    });
}

#[test]
#[ignore = "needs root"]
fn curl_puts_files() {
    each_upload(&["/usr/bin/curl"], "curl", |curl, local, name| {
        let mut command = Command::new(curl);
        command
            .args(["-sS", "--max-time", "30", "-T"])
            .arg(local)
            .arg(url(name));
        command
    });
}

#[test]
#[ignore = "needs root"]
fn tftp_hpa_puts_files() {
    each_upload(&["/usr/bin/tftp"], "tftp-hpa", |tftp, local, name| {
        let mut command = Command::new(tftp);
        command
            .args(["-m", "binary", SERVER, "-c", "put"])
            .arg(local)
            .arg(name);
        command
    });
}

#[test]
#[ignore = "needs root"]
fn busybox_puts_files() {
    let places = ["/usr/bin/busybox", "/bin/busybox"];
    each_upload(&places, "busybox", |busybox, local, name| {
        let mut command = Command::new(busybox);
        command.args(["tftp", "-p", "-b", "1428", "-r", name, "-l"]);
        command.arg(local).arg(SERVER);
        command
    });
}

/// Has a client put a file of each size, and looks at what the server has then.
fn each_upload(candidates: &[&str], package: &str, put: impl Fn(&Path, &Path, &str) -> Command) {
    for_each_subject(candidates, package, |lab, client| {
        let files = Scratch::new("uploads").unwrap();
        for size in SIZES {
            let (name, content) = (format!("up-{size}"), octets(size));
            let local = files.write(&name, &content).unwrap();
            // Nobody but the owner may make files in the served directory.
            lab.put(&name, b"before", 0o666).unwrap();
            expect_success(lab, &name, &mut put(client, &local, &name));
            let uploaded = fs::read(lab.directory().join(&name)).unwrap();
            expect_same(&name, &uploaded, &content);
        }
    });
}

fn expect_success(lab: &TftpLab, name: &str, command: &mut Command) {
    let output = lab.client.output(command).unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
}

fn tftp_hpa(mode: &str) {
    for_each_subject(&["/usr/bin/tftp"], "tftp-hpa", |lab, tftp| {
        each_file(lab, |name, content| {
            let files = Scratch::new("tftp-hpa").unwrap();
            let local = files.path().join("got");
            let mut command = Command::new(tftp);
            command
                .args(["-m", mode, SERVER, "-c", "get", name])
                .arg(&local);
            let output = lab.client.output(&mut command).unwrap();
            assert!(output.status.success(), "{name}: {output:?}");
            expect_same(name, &fs::read(local).unwrap(), content);
        });
    });
}

fn for_each_subject(candidates: &[&str], package: &str, drive: impl Fn(&TftpLab, &Path)) {
    let Some(client) = tool(candidates, package) else {
        return;
    };
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            println!("subject: {subject}");
            let lab = TftpLab::new().unwrap();
            let _server = lab.start(subject, &[]).unwrap();
            drive(&lab, &client);
        }
    }
}

/// Serves a file of each size, of octets without and with line ends, and calls `get` for each.
fn each_file(lab: &TftpLab, get: impl Fn(&str, &[u8])) {
    for size in SIZES {
        for (kind, content) in [("octets", octets(size)), ("lines", line_ends(size))] {
            let name = format!("{kind}-{size}");
            lab.put(&name, &content, 0o644).unwrap();
            get(&name, &content);
        }
    }
}

/// All octets in an order without a short period.
fn octets(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..size).map(|_| next()).collect()
}

/// Every mix of carriage return, line feed and NUL; the period shares no factor with a block.
fn line_ends(size: usize) -> Vec<u8> {
    b"a\nb\rc\r\nd\n\re\0f\r\0g\r\r\nh\n\n\ri\0\r"
        .iter()
        .copied()
        .cycle()
        .take(size)
        .collect()
}

/// RFC 764 by way of RFC 1350: line feed becomes CR LF, carriage return CR NUL.
fn netascii(content: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for octet in content {
        match octet {
            b'\n' => encoded.extend(b"\r\n"),
            b'\r' => encoded.extend(b"\r\0"),
            other => encoded.push(*other),
        }
    }
    encoded
}

fn url(name: &str) -> String {
    format!("tftp://{SERVER}/{name}")
}

fn expect_same(name: &str, got: &[u8], wanted: &[u8]) {
    let differs = got
        .iter()
        .zip(wanted)
        .position(|(got, wanted)| got != wanted);
    assert!(
        got == wanted,
        "{name}: {} octets instead of {}, first difference at {differs:?}",
        got.len(),
        wanted.len()
    );
}
