//! Every scenario in `tests/tftp-scenarios`: the original must do what the text says, and so must ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pretty_assertions::StrComparison;
use tests::gaps;
use tests::subject::Subject;
use tests::tftp_scenario::{Scenario, Stage, read, run};

/// Scenarios at a time. They wait for each other's processes more than they compute.
const STAGES: usize = 8;
/// How many times longer short intervals are when a scenario is played again.
const SLOW_MOTION: u32 = 8;
/// So many scenarios at least: the suite is not to shrink.
const FEWEST: usize = 120;
/// Kinds of scenarios that are played through a single port too.
const SINGLE_PORT: [&str; 6] = [
    "address-ipv6",
    "map-f",
    "netascii-",
    "option-",
    "read-",
    "write-",
];
/// These cannot be played so.
const OF_SEVERAL_PORTS: [&str; 15] = [
    // They name the ports of transfers by number, for raw datagrams above all.
    "option-errors-after-oack",
    "read-and-write-the-same",
    "read-client-error",
    "read-oack-wrong-ack",
    "write-last-ack-lost",
    "write-short-packets",
    // They send requests, or what somebody else has to say, to the port of a transfer.
    "read-ack-to-the-listening-port",
    "read-odd-answers",
    "read-wrong-tid",
    "write-odd-packets",
    "write-wrong-tid",
    // They wait until a port is closed, or find one closed.
    "read-closed-client",
    "write-abandoned",
    "write-last-ack-and-time",
    // Its interval is short enough for a busy machine to send the first block again.
    "read-acks-in-a-burst",
];

#[test]
#[ignore = "needs root"]
fn the_original_does_what_every_tftp_scenario_says() {
    check(Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn ours_does_what_every_tftp_scenario_says() {
    check(Subject::Ours);
}

#[test]
fn every_tftp_scenario_can_be_read_and_is_written_back_unchanged() {
    for path in all("") {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(scenario(&path).text(), text, "{}", path.display());
    }
}

/// A step that expects something else of ours than of the original names its row in the list of differences.
#[test]
fn every_difference_is_in_the_list_of_differences() {
    let list = fs::read_to_string(folder().join("developers/differences.md")).unwrap();
    for path in all("") {
        let scenario = scenario(&path);
        let differs = scenario.steps.iter().any(|step| step.differs());
        assert_eq!(differs, !scenario.differs.is_empty(), "{}", name(&path));
        for words in &scenario.differs {
            assert!(list.contains(words), "{}: {words}", name(&path));
        }
    }
}

/// `tests/tftp-scenarios/INDEX` ties the reference's sections to scenarios.
#[test]
fn the_index_names_every_tftp_scenario_and_no_other() {
    let index = fs::read_to_string(folder().join("tftp-scenarios/INDEX")).unwrap();
    let rows = index.lines().filter(|line| line.starts_with("tftp "));
    let named: BTreeSet<&str> = rows
        .flat_map(|row| row.rsplit_once(": ").unwrap().1.split(' '))
        .collect();
    let there: Vec<String> = all("").iter().map(|path| name(path)).collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(named, there);
    assert!(there.len() >= FEWEST, "only {} scenarios", there.len());
}

/// Which port the packets take changes nothing in them.
#[test]
#[ignore = "needs root"]
fn through_a_single_port_ours_sends_what_every_scenario_says() {
    if !Subject::chosen().contains(&Subject::Ours) {
        return;
    }
    let scenarios: Vec<PathBuf> = all(&word())
        .into_iter()
        .filter(|path| SINGLE_PORT.iter().any(|kind| name(path).starts_with(kind)))
        .filter(|path| !OF_SEVERAL_PORTS.contains(&name(path).as_str()))
        .collect();
    let outcomes = play_all(&scenarios, |path, stage| {
        stage.single_port = true;
        let scenario = scenario(path);
        let happened =
            run(&scenario, stage, Subject::Ours).map_err(|failure| failure.to_string())?;
        compare(
            &scenario.shown(|_, step| packets(&step.expected_of(Subject::Ours))),
            &scenario.shown(|index, _| packets(&happened[index])),
        )
    });
    let failed: Vec<_> = outcomes
        .into_iter()
        .filter_map(|(name, outcome)| Some(format!("{name}:\n{}", outcome?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The datagrams, without the number of the port that they came from, which is the first one in a line.
fn packets(lines: &[String]) -> Vec<String> {
    let datagrams = lines.iter().filter(|line| line.starts_with("< "));
    datagrams
        .map(|line| {
            let mut words: Vec<&str> = line.split(' ').collect();
            let port = words.iter().position(|word| word.parse::<u32>().is_ok());
            words.remove(port.unwrap());
            words.join(" ")
        })
        .collect()
}

fn check(subject: Subject) {
    if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::tftpd) {
        return;
    }
    let gaps = gaps::of(subject);
    let surprises: Vec<String> = play_all(&all(&word()), |path, stage| play(path, stage, subject))
        .into_iter()
        .filter_map(|(name, failure)| {
            let listed = gaps.get(&format!("tftp-scenarios/{name}"));
            gaps::judge(&name, failure.as_deref(), listed)
        })
        .collect();
    assert!(
        surprises.is_empty(),
        "{} scenarios surprise with {subject}:\n{}",
        surprises.len(),
        surprises.join("\n")
    );
}

/// Every scenario's name, with what went wrong.
fn play_all(
    scenarios: &[PathBuf],
    play: impl Fn(&Path, &mut Stage) -> Result<(), String> + Sync,
) -> BTreeMap<String, Option<String>> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..STAGES.min(scenarios.len()) {
            scope.spawn(|| {
                let mut stage = Stage::new().unwrap();
                while let Some(path) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = play(path, &mut stage).err();
                    outcomes.lock().unwrap().insert(name(path), outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    for path in scenarios {
        if outcomes[&name(path)].is_some() {
            outcomes.insert(name(path), play_again(path, &play).err());
        }
    }
    outcomes
}

/// What fails is played alone and in slow motion before it counts: a busy machine disturbs short intervals, and the original may
/// lose a signal that comes just before it waits.
fn play_again(
    path: &Path,
    play: impl Fn(&Path, &mut Stage) -> Result<(), String>,
) -> Result<(), String> {
    let mut stage = Stage::new().unwrap();
    stage.pace = SLOW_MOTION;
    play(path, &mut stage)?;
    println!("played twice: {}", name(path));
    Ok(())
}

fn play(path: &Path, stage: &mut Stage, subject: Subject) -> Result<(), String> {
    let scenario = scenario(path);
    let happened = run(&scenario, stage, subject).map_err(|failure| failure.to_string())?;
    if std::env::var_os("RECORD").is_some() {
        fs::write(path, scenario.recorded(subject, &happened).text()).unwrap();
        return Ok(());
    }
    compare(
        &scenario.shown(|_, step| step.expected_of(subject)),
        &scenario.shown(|index, _| happened[index].clone()),
    )
}

fn compare(wanted: &str, got: &str) -> Result<(), String> {
    match wanted == got {
        true => Ok(()),
        false => Err(StrComparison::new(wanted, got).to_string()),
    }
}

/// The word that `SCENARIO` chooses scenarios by.
fn word() -> String {
    std::env::var("SCENARIO").unwrap_or_default()
}

fn scenario(path: &Path) -> Scenario {
    let text = fs::read_to_string(path).unwrap();
    read(&text).unwrap_or_else(|failure| panic!("{}: {failure}", path.display()))
}

/// The scenarios whose name contains `word`.
fn all(word: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join("tftp-scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .filter(|path| name(path).contains(word))
        .collect();
    paths.sort();
    paths
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}
