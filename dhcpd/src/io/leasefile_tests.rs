//! Tests of the lease file in a directory of its own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use nix::libc::{EIO, ENOSPC};
use pretty_assertions::assert_eq;

use super::super::storage_model::{Fault, Model};
use super::super::test_directory::TestDirectory;
use super::*;

const PATH: &str = "/leases";

fn lease_file(content: &str) -> (TestDirectory, PathBuf, LeaseFile) {
    let directory = TestDirectory::new();
    let path = directory.path().join("leases");
    fs::write(&path, content).unwrap();
    let file = LeaseFile::open(&path, Owner::default()).unwrap();
    (directory, path, file)
}

fn rewrite<S: Storage>(file: &mut LeaseFile<S>, content: &str, now: i64) -> Result<(), Failure> {
    let mut new = file.begin(now).map_err(Failure::Refused)?;
    new.append(content.as_bytes()).unwrap();
    file.install(new)
}

/// A lease file on a disk whose calls from `first` on fail with `error`, `count` times.
fn failing(first: usize, count: usize, error: i32) -> (Model, LeaseFile<Model>) {
    let disk = Model::with_file(Path::new(PATH));
    disk.fail(Fault {
        first,
        count,
        error,
    });
    let file = LeaseFile::open_in(disk.clone(), Path::new(PATH), Owner::default()).unwrap();
    (disk, file)
}

fn names_in(directory: &TestDirectory) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_word_is_found_wherever_pieces_are_cut() {
    for before in [0, 1, PIECE - 8, PIECE - 4, PIECE - 1, PIECE, 3 * PIECE] {
        let text = [&vec![b'e'; before][..], b"execute", b"x"].concat();
        assert!(is_in(&text[..], b"execute").unwrap(), "{before}");
        assert!(!is_in(&text[..before + 6], b"execute").unwrap(), "{before}");
    }
    assert!(!mentions(Path::new("/nonexistent"), b"x"));
}

#[test]
fn records_are_appended_behind_what_is_there() {
    let (_directory, path, mut file) = lease_file("old\n");
    file.append(b"one\n").unwrap();
    file.append(b"two\n").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "old\none\ntwo\n");
}

#[test]
fn a_rewrite_keeps_the_old_file_as_backup_and_leaves_nothing_else() {
    let (directory, path, mut file) = lease_file("old\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    rewrite(&mut file, "new\n", 1_795_165_523).unwrap();
    file.append(b"more\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\nmore\n");
    let backup = suffixed(&path, "~");
    assert_eq!(fs::read_to_string(&backup).unwrap(), "old\n");
    assert_eq!(fs::metadata(&backup).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o133, 0);
    assert_eq!(names_in(&directory), ["leases", "leases~"]);
}

#[test]
fn a_second_rewrite_replaces_the_backup() {
    let (directory, path, mut file) = lease_file("first\n");
    rewrite(&mut file, "second\n", 1).unwrap();
    rewrite(&mut file, "third\n", 1).unwrap();
    assert_eq!(
        fs::read_to_string(suffixed(&path, "~")).unwrap(),
        "second\n"
    );
    assert_eq!(names_in(&directory), ["leases", "leases~"]);
}

#[test]
fn what_a_killed_rewrite_left_behind_is_in_nobodys_way() {
    let (_directory, path, mut file) = lease_file("old\n");
    fs::write(suffixed(&path, ".7"), "torn").unwrap();
    rewrite(&mut file, "new\n", 7).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
}

#[test]
fn a_failed_rewrite_leaves_the_old_file_in_use() {
    let (directory, path, mut file) = lease_file("old\n");
    let backup = suffixed(&path, "~");
    fs::create_dir(&backup).unwrap();
    let Err(Failure::Refused(message)) = rewrite(&mut file, "new\n", 1) else {
        panic!("a directory was replaced");
    };
    assert!(
        message.starts_with("Can't remove old lease database backup "),
        "{message}"
    );
    file.append(b"more\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\nmore\n");
    assert_eq!(names_in(&directory), ["leases", "leases~"]);
}

#[test]
fn a_discarded_file_leaves_nothing() {
    let (directory, path, file) = lease_file("old\n");
    let new = file.begin(1_795_165_523).unwrap();
    assert_eq!(new.path(), suffixed(&path, ".1795165523"));
    file.discard(new);
    assert_eq!(names_in(&directory), ["leases"]);
}

#[test]
fn of_a_record_that_does_not_fit_nothing_stays() {
    let (disk, mut file) = failing(2, 1, ENOSPC);
    file.append(b"one\n").unwrap();
    let refused = "commit_leases: unable to commit, fflush(): No space left on device";
    let failure = file.append(b"two\n").unwrap_err();
    assert_eq!(failure, Failure::Refused(refused.to_owned()));
    assert_eq!(disk.content(Path::new(PATH)).unwrap(), b"one\n");
    file.append(b"two\n").unwrap();
    assert_eq!(disk.content(Path::new(PATH)).unwrap(), b"one\ntwo\n");
}

#[test]
fn a_torn_record_that_cannot_be_taken_back_breaks_the_file() {
    let (_disk, mut file) = failing(0, 2, EIO);
    let broken = "commit_leases: unable to commit, fflush(): Input/output error";
    let failure = file.append(b"one\n").unwrap_err();
    assert_eq!(failure, Failure::Broken(broken.to_owned()));
}

#[test]
fn a_failed_sync_breaks_the_file_also_when_there_is_room_again() {
    for error in [EIO, ENOSPC] {
        let (_disk, mut file) = failing(1, 1, error);
        let failure = file.append(b"one\n").unwrap_err();
        assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
    }
}

#[test]
fn a_name_that_may_not_last_breaks_the_file() {
    let (_disk, mut file) = failing(5, 1, EIO);
    let failure = rewrite(&mut file, "new\n", 1).unwrap_err();
    assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
}

#[test]
fn a_file_that_others_took_away_cut_or_replaced_is_noticed() {
    let tampering: [fn(&Path); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| {
            fs::write(path.with_extension("new"), "other\n").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        },
    ];
    for tamper in tampering {
        let (_directory, path, mut file) = lease_file("old\n");
        tamper(&path);
        let broken = Failure::Broken(words::lease_file_changed(&path));
        assert_eq!(file.append(b"lost\n").unwrap_err(), broken);
        rewrite(&mut file, "whole\n", 1).unwrap();
        file.append(b"more\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\nmore\n");
    }
}

#[test]
fn what_others_append_stays() {
    let (_directory, path, mut file) = lease_file("old\n");
    let mut other = OpenOptions::new().append(true).open(&path).unwrap();
    other.write_all(b"theirs\n").unwrap();
    file.append(b"ours\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\ntheirs\nours\n");
}

#[test]
fn a_missing_file_is_made_only_where_its_directory_is() {
    let directory = TestDirectory::new();
    let path = directory.path().join("leases");
    create(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert!(create(&directory.path().join("no/leases")).is_err());
}

#[test]
fn a_missing_file_is_fatal_with_the_advice_of_the_original() {
    let fatal = open(Path::new("/nonexistent/leases")).unwrap_err();
    let lines: Vec<_> = fatal.lines().take(4).collect();
    let expected = [
        "Can't open lease database /nonexistent/leases: No such file or directory --",
        "  check for failed database rewrite attempt!",
        "Please read the dhcpd.leases manual page if you",
        "don't know what to do about this.",
    ];
    assert_eq!(lines, expected);
}
