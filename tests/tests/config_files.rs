//! Whether both DHCP servers accept the same configurations: a folder of labelled files, and damaged examples.
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

/// Damaged configurations that a run compares; `CONFIG_MUTATIONS` asks for another number.
const MUTATIONS: u32 = 60;

const EXAMPLES: [&str; 5] = [
    include_str!("../../conf-examples/debian-pxe/dhcpd.conf"),
    include_str!("../../conf-examples/freebsd-nfs-root/dhcpd.conf"),
    include_str!("../../conf-examples/ipxe-chain/dhcpd.conf"),
    include_str!("../../conf-examples/pxelinux-linux/dhcpd.conf"),
    include_str!("../../conf-examples/two-vms/dhcpd.conf"),
];

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

#[test]
fn damaged_examples_get_the_same_verdict_from_both() {
    if !Subject::Original.is_at_hand(Subject::dhcpd) {
        return;
    }
    let servers = [Subject::Original, Subject::Ours].map(|subject| subject.dhcpd().unwrap());
    let wanted = env::var("CONFIG_MUTATIONS").ok();
    let count = wanted.map_or(MUTATIONS, |number| number.parse().unwrap());
    let mut numbers = Numbers(1);
    let scratch = Scratch::new("config-mutations").unwrap();
    for round in 0..count {
        let text = damage(EXAMPLES[numbers.below(EXAMPLES.len())], &mut numbers);
        fs::write(scratch.path().join("dhcpd.conf"), &text).unwrap();
        let [theirs, ours] =
            [0, 1].map(|index: usize| status(&servers[index], "-4", scratch.path(), "dhcpd.conf"));
        // Where the original dies, ours refuses.
        assert_eq!(ours, theirs.or(Some(1)), "damage {round}:\n{text}");
    }
}

/// Takes a word out, doubles it, or puts another in its place.
fn damage(text: &str, numbers: &mut Numbers) -> String {
    let mut words: Vec<&str> = text.split_inclusive([' ', ';', '\n']).collect();
    for _ in 0..=numbers.below(2) {
        let (at, other) = (numbers.below(words.len()), numbers.below(words.len()));
        match numbers.below(3) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[at]),
            _ => words[at] = words[other],
        }
    }
    words.concat()
}

/// The same numbers in each run, so that a failure comes again (Lehmer's generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0 * 48_271 % 0x7FFF_FFFF;
        usize::try_from(self.0).unwrap() % limit
    }
}
