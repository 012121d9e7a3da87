//! Lines of rtftpd's `--log-json` that need a machine of their own: a full disk, and a client that is not let in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use tests::lab::{Scratch, View};
use tests::subject::{Subject, skip};
use tests::tftp::{PATIENCE, SERVER, TftpLab};
use tests::wait::wait_until;

/// A lab with ours, and a place for what is not served.
struct Site {
    lab: TftpLab,
    outside: Scratch,
}

#[test]
#[ignore = "needs root"]
fn an_upload_that_fills_the_disk_counts_what_was_acknowledged() {
    let Some(site) = site() else { return };
    let disk = site.lab.directory().join("full");
    fs::create_dir(&disk).unwrap();
    let view = View::default().small(&disk, 8192);
    let words = ["-c", "-p", "-u", "root"];
    let line = site.line_after(&words, &view, || {
        let client = site.lab.client_socket(PATIENCE).unwrap();
        let request = b"\0\x02full/f\0octet\0blksize\x001024\0windowsize\x003\0";
        client.send_to(request, (SERVER, 69)).unwrap();
        let mut answer = [0; 600];
        let (_, port) = client.recv_from(&mut answer).unwrap();
        client.connect(port).unwrap();
        for block in 1..=9 {
            let header = [0, 3, 0, block];
            client.send(&[&header[..], &[b'x'; 1024]].concat()).unwrap();
            if block % 3 == 0 {
                let length = client.recv(&mut answer).unwrap();
                let answer = answer.get(..length).unwrap();
                match block {
                    9 => assert_eq!(answer, b"\0\x05\0\x03Disk full or allocation exceeded\0"),
                    _ => assert_eq!(answer, [0, 4, 0, block]),
                }
            }
        }
    });
    for member in [
        r#""direction":"write""#,
        r#""asked":"full/f""#,
        r#""bytes":6144"#,
        r#""outcome":"refused","code":3,"text":"Disk full or allocation exceeded""#,
    ] {
        assert!(line.contains(member), "{member}: {line}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_client_that_hosts_deny_keeps_out_has_a_line() {
    let Some(site) = site() else { return };
    let deny = site.outside.write("hosts.deny", "ALL: ALL\n").unwrap();
    if !Path::new("/etc/hosts.deny").exists() {
        return skip("/etc/hosts.deny is not there");
    }
    let view = View::default().bind(deny, "/etc/hosts.deny");
    let line = site.line_after(&[], &view, || {
        let client = site.lab.client_socket(PATIENCE).unwrap();
        let request = b"\0\x01hello\0octet\0";
        client.send_to(request, (SERVER, 69)).unwrap();
    });
    for member in [
        r#""client":"10.77.0.2""#,
        r#""asked":"hello""#,
        r#""bytes":0"#,
        r#""outcome":"denied""#,
    ] {
        assert!(line.contains(member), "{member}: {line}");
    }
}

fn site() -> Option<Site> {
    Subject::chosen().contains(&Subject::Ours).then(|| Site {
        lab: TftpLab::new().unwrap(),
        outside: Scratch::new("transfer-log").unwrap(),
    })
}

impl Site {
    /// The only line that the server logs once a client has done something.
    fn line_after(&self, words: &[&str], view: &View, deed: impl FnOnce()) -> String {
        let log = self.log_file().to_string_lossy().into_owned();
        let directory = self.lab.directory().to_string_lossy().into_owned();
        let own = ["--log-json", &log, "-s", &directory];
        let words = [words, &own].concat();
        let _server = self.lab.start_seeing(Subject::Ours, &words, view).unwrap();
        deed();
        wait_until("the line comes", || self.written().ends_with('\n'));
        let written = self.written();
        assert_eq!(written.lines().count(), 1, "{written}");
        written
    }

    fn log_file(&self) -> PathBuf {
        self.outside.path().join("log")
    }

    fn written(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}
