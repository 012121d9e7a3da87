//! Knowing that a server has dealt with everything: no socket of it holds a datagram that it has not taken, and every thread of it
//! waits for something new.
//!
//! A request that gets no answer cannot be told from one that has not been read yet by waiting some time. The kernel knows: a thread
//! that works is not asleep, and one that has worked between two looks has gone to sleep once more. Threads that are held up by a
//! full log socket are asleep too, but in the middle of sending.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

use nix::libc;

use crate::failure::{Context, Failure, Result};
use crate::lab::Namespace;
use crate::tftp::PATIENCE;

const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// System calls in which a thread sleeps, but has something to do.
const BUSY_CALLS: [libc::c_long; 3] = [libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_sendmmsg];

/// The table of UDP sockets of one namespace.
pub(super) struct SocketTable([File; 2]);

/// A UDP socket as the kernel lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) port: u16,
    /// Octets that have come and were not taken.
    waiting: u64,
}

/// A thread and how often it has gone to sleep.
#[derive(Debug, PartialEq, Eq)]
struct Sleeper {
    thread: String,
    naps: String,
}

impl SocketTable {
    pub(super) fn of(namespace: &Namespace) -> Result<Self> {
        let open = |name| File::open(format!("/proc/thread-self/net/{name}"));
        let files = namespace.enter(|| Ok::<_, std::io::Error>([open("udp")?, open("udp6")?]))?;
        Ok(Self(files.context("cannot open the socket tables")?))
    }

    pub(super) fn sockets(&mut self) -> Result<Vec<Socket>> {
        let mut sockets = Vec::new();
        for file in &mut self.0 {
            let mut text = String::new();
            file.rewind().context("cannot read a socket table")?;
            file.read_to_string(&mut text)
                .context("cannot read a socket table")?;
            sockets.extend(text.lines().filter_map(socket));
        }
        Ok(sockets)
    }
}

/// `  12: 0100007F:0045 00000000:0000 07 00000000:00000000 …`: local address and port in hexadecimal, peer, state, queues out and in.
fn socket(line: &str) -> Option<Socket> {
    let mut words = line.split_whitespace().skip(1);
    let (_, port) = words.next()?.rsplit_once(':')?;
    let (_, waiting) = words.nth(2)?.split_once(':')?;
    Some(Socket {
        port: u16::from_str_radix(port, 16).ok()?,
        waiting: u64::from_str_radix(waiting, 16).ok()?,
    })
}

/// Waits until a server is still: the process `root` and its descendants, or, when it has ended, all that is left in the namespace.
///
/// # Errors
/// If that does not happen within [`PATIENCE`].
pub(super) fn await_stillness(
    root: Option<u32>,
    namespace: &Namespace,
    table: &mut SocketTable,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = sleepers(root, namespace);
        let is_empty = table.sockets()?.iter().all(|socket| socket.waiting == 0);
        if is_empty && before.is_some() && sleepers(root, namespace) == before {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Failure::new("the server does not come to rest"));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// All threads of a server, if none of them works.
fn sleepers(root: Option<u32>, namespace: &Namespace) -> Option<Vec<Sleeper>> {
    let mut sleepers = Vec::new();
    // A process that has ended and was not waited for has no namespaces any more.
    let lives = |pid: &u32| fs::metadata(format!("/proc/{pid}/ns/net")).is_ok();
    let mut pids = match root.filter(lives) {
        Some(root) => vec![root],
        None => namespace.inhabitants(),
    };
    while let Some(pid) = pids.pop() {
        // What has ended meanwhile is still for ever.
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let thread = thread.path().to_string_lossy().into_owned();
            let Ok(status) = fs::read_to_string(format!("{thread}/status")) else {
                continue;
            };
            let children = fs::read_to_string(format!("{thread}/children")).unwrap_or_default();
            pids.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
            sleepers.push(sleeper(thread, &status)?);
        }
    }
    Some(sleepers)
}

fn sleeper(thread: String, status: &str) -> Option<Sleeper> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().to_owned())
    };
    let call = fs::read_to_string(format!("{thread}/syscall")).unwrap_or_default();
    let number = call.split(' ').next().and_then(|word| word.parse().ok());
    let is_busy = number.is_some_and(|number| BUSY_CALLS.contains(&number));
    let naps = field("voluntary_ctxt_switches:")?;
    let is_asleep = field("State:")?.starts_with('S') && !is_busy;
    is_asleep.then_some(Sleeper { thread, naps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernels_table_is_a_socket() {
        let line = "  123: 0100007F:0045 00000000:0000 07 00000000:00000300 00:00000000 00000000 0 0 1 2 0 0";
        assert_eq!(
            socket(line),
            Some(Socket {
                port: 69,
                waiting: 768
            })
        );
        assert_eq!(socket("  sl  local_address rem_address   st"), None);
    }

    #[test]
    fn a_thread_that_runs_is_no_sleeper() {
        let status = |state| format!("Name:\tx\nState:\t{state}\nvoluntary_ctxt_switches:\t7\n");
        assert!(sleeper("/nowhere".to_owned(), &status("R (running)")).is_none());
        let asleep = sleeper("/nowhere".to_owned(), &status("S (sleeping)")).unwrap();
        assert_eq!(asleep.naps, "7");
    }
}
