//! A thread can enter a sandbox alone, so tests run in threads; only what ends the process needs one of its own.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::execv;
use pretty_assertions::assert_eq;

use super::capabilities;
use crate::sys::sandbox::{Access, Calls, Layer, Needs, Outcome, Power, enter, offered};
use crate::test_support::Directory;

/// What `work` finds in a thread that has given up everything but these files, powers and calls.
fn inside<T: Send + 'static>(
    files: Vec<(PathBuf, Access)>,
    powers: &'static [Power],
    calls: Calls,
    work: impl FnOnce(&Outcome) -> T + Send + 'static,
) -> T {
    let confined = move || {
        let files: Vec<_> = files
            .iter()
            .map(|(path, access)| (&**path, *access))
            .collect();
        let offered = offered().to_string();
        let outcome = enter(&Needs {
            files: &files,
            powers,
            calls,
        });
        assert_eq!(outcome.to_string(), offered);
        work(&outcome)
    };
    thread::spawn(confined).join().unwrap()
}

fn errno<T>(result: io::Result<T>) -> Option<Errno> {
    result
        .err()
        .and_then(|error| error.raw_os_error())
        .map(Errno::from_raw)
}

#[test]
fn files_are_reached_below_the_named_directories_only() {
    let directory = Directory::new();
    let (managed, read) = (
        directory.path().join("managed"),
        directory.path().join("read"),
    );
    for each in [&managed, &read] {
        fs::create_dir(each).unwrap();
        fs::write(each.join("file"), "text").unwrap();
    }
    let files = vec![
        (managed.clone(), Access::Manage),
        (read.clone(), Access::Read),
    ];
    inside(files, &[], Calls::Service, move |outcome| {
        if !outcome.has(Layer::Files) {
            return;
        }
        // What is done when a lease file is rewritten.
        let new = managed.join("file.1");
        fs::write(&new, "new").unwrap();
        fs::hard_link(managed.join("file"), managed.join("file~")).unwrap();
        fs::rename(&new, managed.join("file")).unwrap();
        File::open(&managed).unwrap().sync_all().unwrap();
        fs::remove_file(managed.join("file~")).unwrap();
        assert_eq!(fs::read_to_string(read.join("file")).unwrap(), "text");
        let writing = OpenOptions::new().write(true).open(read.join("file"));
        assert_eq!(errno(writing), Some(Errno::EACCES));
        assert_eq!(errno(fs::write(read.join("new"), "")), Some(Errno::EACCES));
        assert_eq!(
            errno(fs::remove_file(read.join("file"))),
            Some(Errno::EACCES)
        );
        assert_eq!(
            errno(fs::create_dir(managed.join("new"))),
            Some(Errno::ENOSYS)
        );
        assert_eq!(errno(File::open("/etc/passwd")), Some(Errno::EACCES));
    });
}

#[test]
fn unlisted_calls_look_like_an_old_kernel() {
    inside(Vec::new(), &[], Calls::Service, |outcome| {
        if !outcome.has(Layer::Calls) {
            return;
        }
        let open = |family| socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None);
        assert!(open(AddressFamily::Inet).is_ok());
        assert_eq!(open(AddressFamily::Vsock).err(), Some(Errno::ENOSYS));
        assert_eq!(nix::unistd::setsid().err(), Some(Errno::ENOSYS));
        assert_eq!(
            nix::sys::signal::kill(nix::unistd::getppid(), None).err(),
            Some(Errno::ENOSYS)
        );
        assert!(nix::sys::signal::kill(nix::unistd::getpid(), None).is_ok());
        // Threads go on, processes do not.
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
        assert_eq!(errno(crate::sys::fork::split()), Some(Errno::ENOSYS));
    });
}

#[test]
fn who_computes_opens_nothing() {
    inside(Vec::new(), &[], Calls::Computing, |outcome| {
        if outcome.has(Layer::Calls) {
            assert_eq!(errno(UdpSocket::bind("127.0.0.1:0")), Some(Errno::ENOSYS));
            assert_eq!(
                errno(TcpStream::connect("127.0.0.1:9")),
                Some(Errno::ENOSYS)
            );
        }
        if outcome.has(Layer::Files) {
            assert_eq!(errno(File::open("/etc/passwd")), Some(Errno::EACCES));
        }
    });
}

#[test]
fn who_resolves_reads_everything_and_writes_nothing() {
    let files = vec![("/".into(), Access::Read)];
    let directory = Directory::new();
    let new = directory.path().join("new");
    inside(files, &[], Calls::Resolver, move |outcome| {
        assert!(fs::read("/etc/passwd").is_ok());
        assert_eq!(
            crate::sys::names::addresses_of("localhost"),
            Ok(vec![std::net::Ipv4Addr::LOCALHOST])
        );
        if outcome.has(Layer::Files) {
            assert_eq!(errno(fs::write(new, "")), Some(Errno::EACCES));
        }
    });
}

#[test]
fn only_the_named_powers_are_left() {
    let before = capabilities::held().unwrap();
    let after = inside(Vec::new(), &[Power::RawSockets], Calls::Resolver, |_| {
        capabilities::held().unwrap()
    });
    let raw = 1 << 13;
    assert_eq!(after[0].permitted, before[0].permitted & raw);
    assert_eq!(after[0].effective, after[0].permitted);
    assert_eq!(after[1], capabilities::Half::default());
}

#[test]
fn who_starts_a_program_is_ended() {
    let test = "sys::system::sandbox::tests::starts_a_program";
    let mut again = Command::new(std::env::current_exe().unwrap());
    let output = again
        .args(["--exact", test, "--ignored"])
        .env(MARK, "1")
        .output()
        .unwrap();
    if offered().has(Layer::Calls) {
        assert_eq!(
            output.status.signal(),
            Some(Signal::SIGSYS as i32),
            "{output:?}"
        );
    }
}

/// Set for the process that is to be ended.
const MARK: &str = "STARTS_A_PROGRAM";

#[test]
#[ignore = "ends its process: who_starts_a_program_is_ended runs it in one of its own"]
fn starts_a_program() {
    if std::env::var_os(MARK).is_none() {
        return;
    }
    // Without a process of its own, which the library would make first.
    let start = |_: &Outcome| execv(c"/bin/true", &[c"true"]).map(drop);
    let files = vec![("/".into(), Access::Read)];
    inside(files, &[], Calls::Resolver, start).unwrap();
}
