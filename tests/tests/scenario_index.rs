//! The index of scenarios (`tests/scenarios/INDEX`) names every scenario, and only those there are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// So many scenarios at least: the suite is not to shrink.
const FEWEST: usize = 200;
/// Sections of the references that speak of packets, leases, log lines and the lease file.
const SECTIONS: [&str; 25] = [
    "behaviour 2",
    "behaviour 3",
    "behaviour 4",
    "behaviour 5",
    "behaviour 6",
    "behaviour 7",
    "behaviour 8",
    "behaviour 9",
    "behaviour 10",
    "behaviour 11",
    "options 1",
    "options 2",
    "options 3.1",
    "options 3.2",
    "options 3.3",
    "options 3.4",
    "options 4",
    "options 5",
    "options 6",
    "options 7",
    "config 4",
    "config 5",
    "config 6",
    "config 7",
    "config 8",
];

#[test]
fn the_index_names_every_scenario_and_no_other() {
    let named: BTreeSet<String> = rows().into_iter().flat_map(|row| row.scenarios).collect();
    let there = scenarios();
    let unknown: Vec<_> = named.difference(&there).collect();
    let unnamed: Vec<_> = there.difference(&named).collect();
    assert!(unknown.is_empty(), "named, but not there: {unknown:?}");
    assert!(unnamed.is_empty(), "there, but not in INDEX: {unnamed:?}");
}

#[test]
fn there_are_enough_scenarios() {
    let count = scenarios().len();
    assert!(count >= FEWEST, "{count} scenarios, fewer than {FEWEST}");
}

#[test]
fn every_section_of_the_references_has_a_scenario() {
    let covered: BTreeSet<String> = rows().into_iter().map(|row| row.section).collect();
    for section in SECTIONS {
        assert!(covered.contains(section), "nothing holds {section}");
    }
}

struct Row {
    section: String,
    scenarios: Vec<String>,
}

/// The rows of the index: `SECTION | BEHAVIOUR: SCENARIO…`, where the last colon counts.
fn rows() -> Vec<Row> {
    let text = fs::read_to_string(directory().join("INDEX")).unwrap();
    let rows = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| read_row(line).unwrap_or_else(|| panic!("not a row: {line}")))
        .collect()
}

fn read_row(line: &str) -> Option<Row> {
    let (section, rest) = line.split_once(" | ")?;
    let (_, names) = rest.rsplit_once(": ")?;
    Some(Row {
        section: section.to_owned(),
        scenarios: names.split(' ').map(str::to_owned).collect(),
    })
}

fn scenarios() -> BTreeSet<String> {
    let entries = fs::read_dir(directory()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| Some(name.strip_suffix(".txt")?.to_owned()))
        .collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}
