//! Damaged configurations: both DHCP servers accept or refuse the same, and ours does so within a second.
//!
//! `CONFIG_MUTATIONS` says how many, `CONFIG_SEED` where to begin, so that a failure can be had again, and
//! `CONFIG_TEXTS` names a folder whose files are damaged instead of the examples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::lab::Scratch;
use tests::subject::Subject;

/// Damaged configurations that a run compares, unless it asks for another number.
const MUTATIONS: u64 = 150;

/// Longest time that ours may take for one.
const LONGEST: Duration = Duration::from_secs(1);

/// Words that many damages put in, because they stand at the edges of what is allowed.
const WORDS: &[&str] = &[
    "{",
    "}",
    ";",
    "(",
    ")",
    "=",
    ",",
    "\"",
    "#",
    "\n",
    "0",
    "-1",
    "4294967296",
    "256",
    "00:07",
    "10.9.0.0",
    "255.255.255.0",
    "0.0.0.0",
    "\"\"",
    "option",
    "subnet",
    "netmask",
    "range",
    "pool",
    "host",
    "group",
    "class",
    "match",
    "if",
    "else",
    "elsif",
    "not",
    "and",
    "or",
    "exists",
    "known",
    "substring",
    "concat",
    "hardware",
    "ethernet",
    "fixed-address",
    "allow",
    "deny",
    "all clients",
    "authoritative",
    "filename",
    "next-server",
    "routers",
    "domain-name",
    "code",
    "array of",
    "text",
    "integer 8",
    "default",
    "append",
    "set",
    "switch",
    "case",
    "break",
    "log",
    "include",
];

#[test]
fn damaged_configurations_get_the_same_verdict_from_both() {
    let ours = Subject::Ours.dhcpd().unwrap();
    let theirs =
        (Subject::Original.is_at_hand(Subject::dhcpd)).then(|| Subject::Original.dhcpd().unwrap());
    let (count, seed) = (
        number("CONFIG_MUTATIONS", MUTATIONS),
        number("CONFIG_SEED", 1),
    );
    let texts = texts();
    let scratch = Scratch::new("config-mutations").unwrap();
    println!("{count} damaged configurations from seed {seed} on");
    let mut wrong = Vec::new();
    for seed in seed..seed + count {
        let text = damaged(&texts, seed);
        let file = scratch.path().join("dhcpd.conf");
        fs::write(&file, &text).unwrap();
        let begin = Instant::now();
        let verdict = Verdict::of(&ours, scratch.path());
        let time = begin.elapsed();
        let expected = theirs
            .as_ref()
            .map(|server| Verdict::of(server, scratch.path()));
        // Where the original dies, ours refuses.
        let expected = expected.map(|it| {
            if it == Verdict::Died {
                Verdict::Refused
            } else {
                it
            }
        });
        let is_same = expected.is_none_or(|expected| verdict == expected);
        if verdict == Verdict::Died || !is_same || time > LONGEST {
            let text = String::from_utf8_lossy(&text);
            wrong.push(format!(
                "seed {seed}: {verdict:?} in {time:?}, the original: {expected:?}\n{text}"
            ));
        }
    }
    let list = wrong.join("\n----\n");
    assert!(wrong.is_empty(), "{} of {count}:\n{list}", wrong.len());
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Refused,
    /// By a signal, or by a panic.
    Died,
}

impl Verdict {
    fn of(server: &Path, directory: &Path) -> Self {
        let mut command = Command::new(server);
        command.args(["-4", "-q", "-t", "-cf", "dhcpd.conf"]);
        command.current_dir(directory).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        match command.status().unwrap().code() {
            Some(0) => Self::Accepted,
            Some(1) => Self::Refused,
            _ => Self::Died,
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    let given = env::var(variable).ok();
    given.map_or(default, |text| text.parse().unwrap())
}

/// What is damaged, in the order of the names.
fn texts() -> Vec<Vec<u8>> {
    let given = env::var_os("CONFIG_TEXTS");
    let mut files = given.map_or_else(examples, |folder| files_in(Path::new(&folder)));
    files.sort();
    assert!(!files.is_empty(), "there is nothing to damage");
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// The example configurations, and what the fuzzers begin with.
fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = files_in(&root.join("conf-examples")).into_iter();
    let mut files: Vec<_> = folders.map(|folder| folder.join("dhcpd.conf")).collect();
    files.push(root.join("tests/fuzz/seeds/engine.conf"));
    files
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// One of the texts, with one to three pieces taken out, doubled, exchanged or replaced.
fn damaged(texts: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut numbers = Numbers::new(seed);
    let mut text = texts[numbers.below(texts.len())].clone();
    for _ in 0..=numbers.below(3) {
        let pieces = match numbers.below(4) {
            0 => text.split_inclusive(|byte| *byte == b'\n').collect(),
            1 => text.chunks(1).collect(),
            _ => words(&text),
        };
        text = with_damage(pieces, &mut numbers);
    }
    text
}

/// Blanks and marks are words of their own.
fn words(text: &[u8]) -> Vec<&[u8]> {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let together = |one: &u8, other: &u8| is_inside(*one) && is_inside(*other);
    text.chunk_by(together).collect()
}

fn with_damage(pieces: Vec<&[u8]>, numbers: &mut Numbers) -> Vec<u8> {
    if pieces.is_empty() {
        return Vec::new();
    }
    let (at, other) = (numbers.below(pieces.len()), numbers.below(pieces.len()));
    let byte = [u8::try_from(numbers.below(256)).unwrap()];
    let mut pieces = pieces;
    match numbers.below(7) {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(at, pieces[at]),
        2 => pieces.swap(at, other),
        3 => pieces[at] = pieces[other],
        4 => pieces[at] = WORDS[numbers.below(WORDS.len())].as_bytes(),
        5 => pieces.insert(at, WORDS[numbers.below(WORDS.len())].as_bytes()),
        _ => pieces.insert(at, &byte),
    }
    pieces.concat()
}

/// The same numbers for the same seed (xorshift64*).
struct Numbers(u64);

impl Numbers {
    /// Neighbouring seeds get far from each other.
    fn new(seed: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        numbers.below(1);
        numbers
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap() % limit
    }
}
