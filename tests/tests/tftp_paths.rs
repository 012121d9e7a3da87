//! Ten thousand hostile names while directories and links are moved about: nothing outside of the served directory is read or written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use tests::lab::Scratch;
use tests::subject::Subject;
use tests::tftp::{SERVER, TftpLab};

const NAMES: u64 = 10_000;
/// The original forks for each; its names are only there to show that the attack is a fair one.
const NAMES_FOR_THE_ORIGINAL: u64 = 1000;
/// A request may stay without an answer, when it meets a locked file.
const ANSWERED_WITHIN: Duration = Duration::from_millis(300);
/// How every file in the served directory begins, and every upload.
const INSIDE: &[u8] = b"inside";
/// A name that must never appear outside.
const PLANTED: &str = "planted-by-tftp";

/// One name in so many leads through the directory that is moved out of the served one while the name is looked up.
const RACES: u64 = 4;
/// Components that lead nowhere, to make looking up a name take long enough.
const LONGEST_DETOUR: u64 = 1900;

/// What names are made of. `OUTSIDE` stands for the path of a directory outside.
const PIECES: [&str; 40] = [
    "..",
    "..",
    "..",
    "..",
    ".",
    "",
    "",
    "f",
    "f",
    "sub",
    "sub",
    "sub/f",
    "deep/er/f",
    "deep",
    "er",
    "swap",
    "swap",
    "swap/secret",
    "mover",
    "mover/..",
    "mover/../..",
    "out",
    "out/secret",
    "up",
    "up/secret",
    "root",
    "self",
    "secret",
    "OUTSIDE",
    "OUTSIDE/secret",
    "etc/passwd",
    "proc/self/root",
    "proc/self/cwd",
    "%2e%2e",
    "..%2f",
    "..\\",
    "\\..\\",
    "..\u{0}",
    "\u{2025}",
    "planted-by-tftp",
];
/// Octets that are no UTF-8 but that careless decoders take for dots and slashes.
const OVERLONG: [&[u8]; 3] = [b"\xc0\xae\xc0\xae", b"\xc0\xaf", b"\xe0\x80\xaf"];

#[test]
#[ignore = "needs root"]
fn no_name_leads_out_of_the_served_directory() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            attack(subject);
        }
    }
}

fn attack(subject: Subject) {
    let lab = TftpLab::new().unwrap();
    let outside = Scratch::new("outside").unwrap();
    furnish(lab.directory(), outside.path());
    let before = files_of(outside.path());
    let _server = lab
        .start(subject, &["-c", "-s", &lab.directory().to_string_lossy()])
        .unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| move_about(subject, lab.directory(), outside.path(), &is_over));
        let _end = End(&is_over);
        let answered = ask(subject, &lab, outside.path());
        println!("{subject}: {answered} names were answered with a file");
        assert!(answered > 0, "no name leads anywhere: the attack is none");
    });
    assert_eq!(files_of(outside.path()), before, "{subject}");
    for directory in [Path::new("/"), &std::env::temp_dir(), Path::new("/etc")] {
        assert!(
            !directory.join(PLANTED).exists(),
            "{subject}: {directory:?}"
        );
    }
}

/// Ends the moving about, also when a name was answered that must not be.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A tree full of links that lead out, and a directory outside that anybody may write into.
fn furnish(inside: &Path, outside: &Path) {
    let files = ["f", "sub/f", "deep/er/f", "swap/f", "mover/f"].map(|name| inside.join(name));
    for path in files.into_iter().chain([outside.join("mover/f")]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, INSIDE).unwrap();
        open_to_all(&path, 0o666);
        open_to_all(path.parent().unwrap(), 0o777);
    }
    fs::write(outside.join("secret"), b"OUTSIDE").unwrap();
    open_to_all(&outside.join("secret"), 0o666);
    open_to_all(outside, 0o777);
    open_to_all(inside, 0o777);
    let climb = format!("../{}", outside.file_name().unwrap().to_string_lossy());
    for (name, target) in [
        ("out", outside.to_str().unwrap()),
        ("away", outside.to_str().unwrap()),
        ("up", &climb),
        ("root", "/"),
        ("self", "."),
        ("sub/up", "../.."),
        ("deep/er/up", "../../../.."),
        ("planted-link", "/planted-by-tftp"),
    ] {
        symlink(target, inside.join(name)).unwrap();
    }
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Swaps a directory for a link that leads out, and another one for one outside. Nobody can keep a process that was locked in
/// by `chroot` alone from following the latter, so the original is spared it.
fn move_about(subject: Subject, inside: &Path, outside: &Path, is_over: &AtomicBool) {
    let exchange = |one: &Path, other: &Path| {
        renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE).unwrap();
    };
    while !is_over.load(Ordering::Relaxed) {
        exchange(&inside.join("swap"), &inside.join("away"));
        exchange(&inside.join("deep/er"), &inside.join("sub"));
        if subject == Subject::Ours {
            exchange(&inside.join("mover"), &outside.join("mover"));
        }
    }
}

/// Asks for every name and checks what comes; returns how many were answered with a file.
fn ask(subject: Subject, lab: &TftpLab, outside: &Path) -> u64 {
    let names = match subject {
        Subject::Original => NAMES_FOR_THE_ORIGINAL,
        Subject::Ours => NAMES,
    };
    let socket = lab.client_socket(ANSWERED_WITHIN).unwrap();
    let mut random = Random(1);
    let mut files = 0;
    for _ in 0..names {
        let is_upload = random.below(3) == 0;
        let name = match random.below(RACES) {
            0 => random.race(is_upload),
            _ => random.name(outside),
        };
        files += u64::from(request(&socket, &name, is_upload));
    }
    files
}

/// Whether the name led to a file.
fn request(socket: &UdpSocket, name: &[u8], is_upload: bool) -> bool {
    let opcode = if is_upload { 2 } else { 1 };
    let packet = [&[0, opcode], name, b"\0octet\0"].concat();
    socket.send_to(&packet, (SERVER, 69)).unwrap();
    while let Some((answer, peer)) = receive(socket) {
        match answer.as_slice() {
            [0, 3, 0, 1, payload @ ..] => {
                let shown = name.escape_ascii();
                assert!(
                    payload.is_empty() || payload.starts_with(INSIDE),
                    "{shown}: {}",
                    payload.escape_ascii()
                );
                socket.send_to(b"\0\x04\0\x01", peer).unwrap();
                return true;
            }
            [0, 4, 0, 0] => {
                let _ = socket.send_to(b"\0\x03\0\x01inside, by upload", peer);
            }
            [0, 4, 0, 1] => return true,
            _ => return false,
        }
    }
    false
}

fn receive(socket: &UdpSocket) -> Option<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; 2048];
    let (size, peer) = socket.recv_from(&mut buffer).ok()?;
    Some((buffer[..size].to_vec(), peer))
}

/// All files but the directory that is moved about, with their contents.
fn files_of(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.file_name().is_some_and(|name| name != "mover"))
        .map(|path| (path.clone(), fs::read(&path).unwrap_or_default()))
        .collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn name(&mut self, outside: &Path) -> Vec<u8> {
        let mut name = Vec::new();
        for _ in 0..=self.below(7) {
            if !name.is_empty() || self.below(4) == 0 {
                name.push(b'/');
            }
            name.extend(self.piece(outside));
        }
        name
    }

    /// Down into what may be outside a moment later, and up from there. Uploads go to many names: one that is being read is locked.
    fn race(&mut self, is_upload: bool) -> Vec<u8> {
        let way = "./".repeat(usize::try_from(self.below(LONGEST_DETOUR)).unwrap());
        let file = match is_upload {
            true => format!("{PLANTED}-{}", self.below(LONGEST_DETOUR)),
            false => "secret".to_owned(),
        };
        format!("mover/{way}../{file}").into_bytes()
    }

    fn piece(&mut self, outside: &Path) -> Vec<u8> {
        let choice = usize::try_from(self.below((PIECES.len() + OVERLONG.len()) as u64)).unwrap();
        match PIECES.get(choice) {
            Some(piece) => piece
                .replace("OUTSIDE", &outside.to_string_lossy())
                .into_bytes(),
            None => OVERLONG[choice - PIECES.len()].to_vec(),
        }
    }
}
