//! Whether our DHCP server accepts what the original accepts: a folder of labelled files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tests::lab::Scratch;
use tests::subject::{Subject, skip};

/// `None` when it died of a signal.
fn status(server: &Path, family: &str, directory: &Path, name: &str) -> Option<i32> {
    let mut command = Command::new(server);
    command.args([family, "-q", "-t", "-cf", name]);
    command.current_dir(directory).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap().code()
}

/// `CONFIG_FOLDER` holds `LABELS.tsv` with the columns file, mode and exit: what the original ended with under that mode.
#[test]
fn files_of_a_folder_get_the_verdict_that_they_are_labelled_with() {
    let Some(folder) = env::var_os("CONFIG_FOLDER") else {
        return skip("CONFIG_FOLDER names no folder of labelled configurations");
    };
    let folder = Path::new(&folder);
    let server = Subject::Ours.dhcpd().unwrap();
    let labels = fs::read_to_string(folder.join("LABELS.tsv")).unwrap();
    let mut lines = labels.lines();
    let head = lines.next().unwrap().split('\t');
    let column: HashMap<&str, usize> = head.zip(0..).collect();
    let mut wrong = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let (file, mode) = (cells[column["file"]], cells[column["mode"]]);
        let expected: i32 = cells[column["exit"]].parse().unwrap();
        let path = folder.join(file);
        if expected < 0 || mode.contains("-T") || !mode.contains("-t") || !path.exists() {
            continue;
        }
        let scratch = Scratch::new("config-files").unwrap();
        fs::copy(&path, scratch.path().join("dhcpd.conf")).unwrap();
        let family = if mode.contains("-6") { "-6" } else { "-4" };
        if status(&server, family, scratch.path(), "dhcpd.conf") != Some(expected) {
            wrong.push(format!("{file} ({mode})"));
        }
    }
    assert!(wrong.is_empty(), "other verdicts: {wrong:#?}");
}
