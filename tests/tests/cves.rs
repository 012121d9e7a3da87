//! The list of known faults (`tests/developers/cves.md`) and the documents beside it name tests that exist.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// So many faults, and names of tests in all documents, at least: the lists are not to shrink.
const FEWEST: usize = 60;
/// What looks like the name of a test and is none: a system call, and a setting of FreeBSD's start script.
const OTHER_NAMES: [&str; 2] = ["timerfd_create", "dhcpd6_enable"];

#[test]
fn every_fault_has_a_reason_or_a_test_that_is_there() {
    let list = fs::read_to_string(root().join("tests/developers/cves.md")).unwrap();
    let sources = sources();
    let mut faults = 0;
    for row in list.lines().filter(|line| line.starts_with("| CVE-")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [names, what, here] = cells[..] else {
            panic!("not three cells: {row}");
        };
        assert!(!what.is_empty() && !here.is_empty(), "{row}");
        faults += names.split(", ").count();
        let missing: Vec<_> = quoted(here)
            .filter(|name| !is_there(name, &sources))
            .collect();
        assert!(missing.is_empty(), "{names}: there is no {missing:?}");
    }
    assert!(faults >= FEWEST, "{faults} faults, fewer than {FEWEST}");
}

#[test]
fn what_the_documents_beside_it_call_a_test_is_there() {
    let sources = sources();
    let mut found = 0;
    for document in files(&root().join("tests/developers"), "md") {
        let text = fs::read_to_string(&document).unwrap();
        let (there, missing): (Vec<_>, Vec<_>) = quoted(&text)
            .filter(|name| is_name_of_rust(name) && !OTHER_NAMES.contains(name))
            .partition(|name| is_there(name, &sources));
        let document = document.display();
        assert!(missing.is_empty(), "{document}: there is no {missing:?}");
        found += there.len();
    }
    assert!(found >= FEWEST, "{found} names, fewer than {FEWEST}");
}

/// What stands in backquotes and can be the name of a test, a program of tests, a scenario or a fuzz target.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.contains(['_', '-']))
}

fn is_name_of_rust(name: &str) -> bool {
    let is_part = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    name.chars().all(is_part)
}

fn is_there(name: &str, sources: &[String]) -> bool {
    let function = format!("fn {name}(");
    sources.iter().any(|source| source.contains(&function))
        || ["scenarios/*.txt", "tftp-scenarios/*.txt", "tests/*.rs"]
            .iter()
            .any(|file| root().join("tests").join(file.replace('*', name)).exists())
        || sources.iter().any(|source| is_target(name, source))
}

/// Fuzz targets have their rows in the documentation of fuzzing.
fn is_target(name: &str, source: &str) -> bool {
    source.contains(&format!("| `{name}` |"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources() -> Vec<String> {
    let folders = ["common", "dhcpd", "tftpd", "tests/src", "tests/tests"];
    let mut sources: Vec<PathBuf> = folders
        .iter()
        .flat_map(|it| files(&root().join(it), "rs"))
        .collect();
    sources.push(root().join("tests/developers/fuzzing.md"));
    sources
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
}

/// All below a folder that have this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}
