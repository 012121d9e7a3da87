//! The example configurations: each is accepted by the original and by ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::subject::Subject;

#[test]
fn every_example_is_accepted_by_the_original() {
    check(Subject::Original);
}

#[test]
fn every_example_is_accepted_by_ours() {
    check(Subject::Ours);
}

fn check(subject: Subject) {
    if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::dhcpd) {
        return;
    }
    let examples = examples();
    assert!(
        examples.len() >= 5,
        "only {} examples were found",
        examples.len()
    );
    for example in examples {
        let output = Command::new(subject.dhcpd().unwrap())
            .args(["-t", "-cf"])
            .arg(&example)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{said}", example.display());
    }
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf-examples");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("dhcpd.conf"))
        .filter(|path| path.exists())
        .collect()
}
