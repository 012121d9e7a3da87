//! Tests of the lease file in a directory of its own.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use pretty_assertions::assert_eq;

use super::super::test_directory::TestDirectory;
use super::*;

fn lease_file(content: &str) -> (TestDirectory, PathBuf, LeaseFile) {
    let directory = TestDirectory::new();
    let path = directory.path().join("leases");
    fs::write(&path, content).unwrap();
    let file = LeaseFile::open(&path, Owner::default()).unwrap();
    (directory, path, file)
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
    file.rewrite(b"new\n", 1_795_165_523).unwrap();
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
    file.rewrite(b"second\n", 1).unwrap();
    file.rewrite(b"third\n", 1).unwrap();
    assert_eq!(
        fs::read_to_string(suffixed(&path, "~")).unwrap(),
        "second\n"
    );
    assert_eq!(names_in(&directory), ["leases", "leases~"]);
}

#[test]
fn what_a_killed_rewrite_left_behind_is_in_nobodys_way() {
    let (_directory, path, mut file) = lease_file("old\n");
    fs::write(new_path(&path, 7), "torn").unwrap();
    file.rewrite(b"new\n", 7).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
}

#[test]
fn a_failed_rewrite_leaves_the_old_file_in_use() {
    let (directory, path, mut file) = lease_file("old\n");
    let backup = suffixed(&path, "~");
    fs::create_dir(&backup).unwrap();
    let message = file.rewrite(b"new\n", 1).unwrap_err();
    assert!(
        message.starts_with("Can't backup lease database"),
        "{message}"
    );
    file.append(b"more\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\nmore\n");
    assert_eq!(names_in(&directory), ["leases", "leases~"]);
}

#[test]
fn nothing_counts_as_written_before_the_new_file_has_its_name_for_good() {
    let (_directory, path, mut file) = lease_file("new\n");
    file.unsettled = true;
    file.path = "/nonexistent/leases".into();
    assert!(file.append(b"").is_err());
    assert!(file.append(b"more\n").is_err());
    file.path.clone_from(&path);
    file.append(b"more\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\nmore\n");
}

#[test]
fn a_test_rewrite_leaves_nothing() {
    let (directory, path, _file) = lease_file("old\n");
    let tested = test_rewrite(&path, b"new\n", 1_795_165_523).unwrap();
    assert_eq!(tested, suffixed(&path, ".1795165523"));
    assert_eq!(names_in(&directory), ["leases"]);
}

#[test]
fn a_missing_file_is_made_only_where_its_directory_is() {
    let directory = TestDirectory::new();
    let path = directory.path().join("leases");
    create(&path).unwrap();
    assert_eq!(read(&path).unwrap(), b"");
    assert!(create(&directory.path().join("no/leases")).is_err());
}

#[test]
fn a_missing_file_is_fatal_with_the_advice_of_the_original() {
    let fatal = read(Path::new("/nonexistent/leases")).unwrap_err();
    let lines: Vec<_> = fatal.lines().take(4).collect();
    let expected = [
        "Can't open lease database /nonexistent/leases: No such file or directory --",
        "  check for failed database rewrite attempt!",
        "Please read the dhcpd.leases manual page if you",
        "don't know what to do about this.",
    ];
    assert_eq!(lines, expected);
}
