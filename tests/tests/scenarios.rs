//! Every scenario in `tests/scenarios`, live: the original must do what the text says, and so must ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pretty_assertions::StrComparison;
use tests::gaps;
use tests::scenario::{self, Scenario};
use tests::subject::Subject;

/// Scenarios at a time. They wait for each other's processes more than they compute.
const THREADS: usize = 4;

#[test]
#[ignore = "needs root"]
fn the_original_does_what_every_scenario_says() {
    check(Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn ours_does_what_every_scenario_says() {
    check(Subject::Ours);
}

/// The same files without a network: our engine alone, in time that passes when told. A gap is judged by the live run alone.
#[test]
fn our_engine_does_what_every_scenario_says_in_virtual_time() {
    let gaps = gaps::of(Subject::Ours);
    let surprises: Vec<String> = all()
        .iter()
        .filter(|path| !gaps.contains_key(&name(path)))
        .filter_map(|path| {
            play_in_virtual_time(path)
                .err()
                .map(|failure| (name(path), failure))
        })
        .map(|(name, failure)| format!("--- {name}\n{failure}"))
        .collect();
    assert!(
        surprises.is_empty(),
        "{} of {} scenarios surprise:\n{}",
        surprises.len(),
        all().len(),
        surprises.join("\n")
    );
}

#[test]
fn every_scenario_can_be_read_and_is_written_back_unchanged() {
    let all = all();
    assert!(!all.is_empty(), "no scenario was found");
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(read(&path).text(), text, "{}", path.display());
    }
}

fn check(subject: Subject) {
    if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::dhcpd) {
        return;
    }
    let failures = failures(subject);
    let gaps = gaps::of(subject);
    let surprises: Vec<String> = all()
        .iter()
        .map(|path| name(path))
        .filter_map(|name| {
            gaps::judge(
                &name,
                failures.get(&name).map(String::as_str),
                gaps.get(&name),
            )
        })
        .collect();
    assert!(
        surprises.is_empty(),
        "{} of {} scenarios surprise with {subject}:\n{}",
        surprises.len(),
        all().len(),
        surprises.join("\n")
    );
}

fn failures(subject: Subject) -> HashMap<String, String> {
    let scenarios = all();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(path) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if play(path, subject).is_err() {
                        failed.lock().unwrap().push(path);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap().into_iter();
    failed
        .filter_map(|path| Some((name(path), play_again(path, subject).err()?)))
        .collect()
}

/// What fails is played alone before it counts: the second may have changed between two steps, and a busy machine is slow.
fn play_again(path: &Path, subject: Subject) -> Result<(), String> {
    play(path, subject)?;
    println!("played twice: {} with {subject}", name(path));
    Ok(())
}

fn play(path: &Path, subject: Subject) -> Result<(), String> {
    let scenario = read(path);
    if scenario.only_recorded && !plays_slow_ones() {
        return Ok(());
    }
    let happened = scenario::run(&scenario, subject).map_err(|failure| failure.to_string())?;
    let difference = compare(&scenario, &happened);
    if subject == Subject::Original && std::env::var_os("RECORD").is_some() {
        fs::write(path, scenario.with(&happened)).unwrap();
        return Ok(());
    }
    difference
}

/// Scenarios in which minutes pass are played live to be recorded, and with `SLOW=1`.
fn plays_slow_ones() -> bool {
    ["RECORD", "SLOW"]
        .iter()
        .any(|variable| std::env::var_os(variable).is_some())
}

fn play_in_virtual_time(path: &Path) -> Result<(), String> {
    let scenario = read(path);
    if scenario.only_live {
        return Ok(());
    }
    let happened =
        scenario::run_in_virtual_time(&scenario).map_err(|failure| failure.to_string())?;
    compare(&scenario, &happened)
}

fn compare(scenario: &Scenario, happened: &[Vec<String>]) -> Result<(), String> {
    let (wanted, got) = (scenario.text(), scenario.with(happened));
    match wanted == got {
        true => Ok(()),
        false => Err(StrComparison::new(&wanted, &got).to_string()),
    }
}

fn read(path: &Path) -> Scenario {
    let text = fs::read_to_string(path).unwrap();
    scenario::read(&text).unwrap_or_else(|failure| panic!("{}: {failure}", path.display()))
}

/// All scenarios, or those whose name contains the environment variable `SCENARIO`.
fn all() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .filter(|path| name(path).contains(&wanted))
        .collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}
