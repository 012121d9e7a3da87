//! The list of known faults (`tests/developers/cves.md`) and the documents beside it name tests that exist.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// So many faults at least: the list is not to shrink.
const FEWEST: usize = 60;

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
    for document in ["threat-model.md", "clocks-and-disks.md"] {
        let text = fs::read_to_string(root().join("tests/developers").join(document)).unwrap();
        let tests: Vec<_> = quoted(&text)
            .filter(|name| name.matches('_').count() > 2)
            .collect();
        assert!(!tests.is_empty(), "{document}");
        let is_missing = |name: &&&str| !is_there(name, &sources);
        let missing: Vec<_> = tests.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{document}: there is no {missing:?}");
    }
}

/// What stands in backquotes and can be the name of a test, a scenario or a fuzz target.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.contains(['_', '-']))
}

fn is_there(name: &str, sources: &[String]) -> bool {
    let function = format!("fn {name}(");
    sources.iter().any(|source| source.contains(&function))
        || ["scenarios", "tftp-scenarios"]
            .iter()
            .any(|folder| root().join(format!("tests/{folder}/{name}.txt")).exists())
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
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|it| rust_files(&root().join(it)))
        .collect();
    files.push(root().join("tests/developers/fuzzing.md"));
    files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files
}
