//! The walls of the design, checked in the source itself: what the core may not touch, and where unsafe code lives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders (or files of the same name) that compute and touch nothing.
const CORE: [&str; 14] = [
    "dhcpd/src/wire",
    "dhcpd/src/options",
    "dhcpd/src/eval",
    "dhcpd/src/lease",
    "dhcpd/src/engine4",
    "dhcpd/src/config/model",
    "tftpd/src/wire",
    "tftpd/src/negotiate",
    "tftpd/src/session",
    "tftpd/src/netascii",
    "tftpd/src/access",
    "tftpd/src/record",
    "tftpd/src/remap",
    "tftpd/src/wrappers",
];

/// What the core may not name: the reactor, files, sockets, clocks, randomness, state that is shared behind its back.
const FORBIDDEN_IN_CORE: [&str; 24] = [
    "tokio",
    "nix",
    "libc",
    "std::fs",
    "stdin",
    "stdout",
    "stderr",
    "std::env",
    "std::process",
    "std::thread",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "UnixDatagram",
    "UnixStream",
    "SystemTime",
    "Instant",
    "rand",
    "getrandom",
    "static mut",
    "thread_local",
    "OnceLock",
    "LazyLock",
    "println",
];

#[test]
fn the_core_touches_neither_files_nor_sockets_nor_clocks_nor_shared_state() {
    let mut breaches = Vec::new();
    for folder in CORE {
        let files = files_of_part(&root().join(folder));
        assert!(!files.is_empty(), "{folder} is gone: correct this list");
        for file in files {
            breaches.extend(named(&file, &FORBIDDEN_IN_CORE));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn nothing_but_main_and_lib_uses_io() {
    let mut breaches = Vec::new();
    for daemon in ["dhcpd/src", "tftpd/src"] {
        for file in rust_files(&root().join(daemon)) {
            let inside = file.strip_prefix(root().join(daemon)).unwrap();
            let may = inside.starts_with("io")
                || ["main.rs", "lib.rs", "io.rs"]
                    .iter()
                    .any(|name| inside == Path::new(name));
            if !may {
                breaches.extend(named(
                    &file,
                    &["crate::io", "super::io", "dhcpd::io", "tftpd::io"],
                ));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn common_knows_neither_daemon() {
    let mut breaches = Vec::new();
    for file in rust_files(&root().join("common/src")) {
        breaches.extend(named(&file, &["dhcpd::", "tftpd::"]));
    }
    let manifest = fs::read_to_string(root().join("common/Cargo.toml")).unwrap();
    let depends = manifest
        .lines()
        .any(|line| line.starts_with("dhcpd") || line.starts_with("tftpd"));
    assert!(!depends, "common depends on a daemon");
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Who reads the clock on the wall, which can be set: rdhcpd's own clock, and whatever writes dates. Nothing else may wait by it.
const READ_THE_WALL: [&str; 4] = [
    "common/src/log/syslog_socket.rs",
    "common/src/sys/local_time.rs",
    "dhcpd/src/io/clock.rs",
    "tftpd/src/io/journal.rs",
];

#[test]
fn the_clock_on_the_wall_is_read_where_dates_are_written() {
    let sources = ["common/src", "dhcpd/src", "tftpd/src"];
    let mut readers: Vec<_> = sources
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        .filter(|file| !named(file, &["SystemTime", "CLOCK_REALTIME"]).is_empty())
        .map(|file| file.strip_prefix(root()).unwrap().to_owned())
        .collect();
    readers.sort();
    assert_eq!(readers, READ_THE_WALL.map(PathBuf::from));
}

#[test]
fn unsafe_code_lives_in_one_place() {
    let home = root().join("common/src/sys");
    let mut breaches = Vec::new();
    for part in [
        "common/src",
        "dhcpd/src",
        "tftpd/src",
        "tests/src",
        "tests/tests",
    ] {
        for file in rust_files(&root().join(part)) {
            if !file.starts_with(&home) {
                breaches.extend(named(&file, &["unsafe"]));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    for file in rust_files(&root().join("common/src/sys")) {
        let text = fs::read_to_string(&file).unwrap();
        let blocks = words(&code_of(&text))
            .filter(|(_, word)| word == "unsafe")
            .count();
        let notes = text.matches("SAFETY").count() + text.matches("# Safety").count();
        assert!(
            notes >= blocks,
            "{}: {blocks} times unsafe, {notes} notes",
            file.display()
        );
    }
}

#[test]
fn every_file_says_what_it_is_about() {
    for part in [
        "common/src",
        "dhcpd/src",
        "tftpd/src",
        "tests/src",
        "tests/tests",
    ] {
        for file in rust_files(&root().join(part)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(
                text.starts_with("//! "),
                "{} has no first line",
                file.display()
            );
        }
    }
}

#[test]
fn the_scanner_sees_code_and_nothing_else() {
    let text = "use tokio; // tokio\nlet s = \"tokio \\\" tokio\"; /* tokio */ let c = '\"'; let r = r#\"tokio\"#; fn f<'a>() {}\n#[cfg(test)]\nmod tests { use tokio; }";
    let found: Vec<usize> = words(&code_of(text))
        .filter(|(_, word)| word == "tokio")
        .map(|(line, _)| line)
        .collect();
    assert_eq!(found, [1]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The files of `part`, which is a folder, a file, or both.
fn files_of_part(part: &Path) -> Vec<PathBuf> {
    let mut files = rust_files(part);
    let file = part.with_extension("rs");
    if file.exists() {
        files.push(file);
    }
    files
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Where `file` names one of these paths or words in code that is not a test.
fn named(file: &Path, forbidden: &[&str]) -> Vec<String> {
    let is_test = file.to_string_lossy().ends_with("tests.rs");
    let text = fs::read_to_string(file).unwrap();
    let code = if is_test {
        String::new()
    } else {
        code_of(&text)
    };
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        for name in forbidden.iter().filter(|name| names(line, name)) {
            found.push(format!("{}:{}: {name}", file.display(), index + 1));
        }
    }
    found
}

/// Whether `line` holds `name` as whole words.
fn names(line: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && (name.ends_with(':') || !after.is_some_and(is_part))
    })
}

fn words(code: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    code.lines().enumerate().flat_map(|(index, line)| {
        line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .map(move |word| (index + 1, word.to_owned()))
    })
}

/// Rust source with comments, the contents of literals, and the tests at the end blanked out; lines stay where they were.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut code = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = skip_length(rest);
        if skipped == 0 {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            code.extend(rest[..skipped].chars().filter(|letter| *letter == '\n'));
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

/// How long the comment or literal is that begins here; 0 when none does.
fn skip_length(rest: &str) -> usize {
    let until = |end: &str, from: usize| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return until("*/", 2);
    }
    if rest.starts_with("r#\"") {
        return until("\"#", 3);
    }
    if rest.starts_with('"') {
        return quoted_length(rest);
    }
    char_length(rest)
}

fn quoted_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal, as opposed to a lifetime.
fn char_length(rest: &str) -> usize {
    let mut letters = rest.char_indices();
    if letters.next().is_none_or(|(_, letter)| letter != '\'') {
        return 0;
    }
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), _) => rest[3..].find('\'').map_or(0, |at| 3 + at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}
