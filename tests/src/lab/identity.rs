//! Which process a number means: a pid alone may name another process by tomorrow, pid and start time cannot.

use std::fs;
use std::str::FromStr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::{Context, Failure, Result};

/// One process of this boot, by pid and start time in clock ticks (proc(5), field 22 of `stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    pid: i32,
    start: u64,
}

impl Identity {
    /// The process that has this pid now.
    ///
    /// # Errors
    /// If there is none.
    pub fn of(pid: u32) -> Result<Self> {
        let pid = i32::try_from(pid).context("not a pid")?;
        let (_, start) =
            state_and_start(pid).ok_or_else(|| Failure::new(format!("no process {pid}")))?;
        Ok(Self { pid, start })
    }

    /// The process that asks.
    ///
    /// # Errors
    /// If `/proc` is not mounted.
    pub fn own() -> Result<Self> {
        Self::of(std::process::id())
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether this very process still runs. One that has ended and was not waited for yet does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        state_and_start(self.pid)
            .is_some_and(|(state, start)| start == self.start && !matches!(state, 'Z' | 'X'))
    }

    /// Kills it if it still exists; another process with its number is left alone.
    pub fn kill(&self) {
        if self.is_alive() {
            // It may have ended since the look: then there is nothing left to do.
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }
}

/// `PID-START`, as names and state files carry it.
impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.pid, self.start)
    }
}

impl FromStr for Identity {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Failure::new(format!("{text}: not a process identity"));
        let (pid, start) = text.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            pid: pid.parse().map_err(|_| bad())?,
            start: start.parse().map_err(|_| bad())?,
        })
    }
}

/// State letter and start time. The command name before them may hold spaces and parentheses, so counting begins after the last one.
fn state_and_start(pid: i32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut words = after_name.split_whitespace();
    let state = words.next()?.chars().next()?;
    Some((state, words.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::wait::{Id, WaitPidFlag, waitid};

    use super::*;

    #[test]
    fn the_asking_process_is_alive_and_survives_being_written_down() {
        let own = Identity::own().unwrap();
        let read: Identity = own.to_string().parse().unwrap();
        assert_eq!(read, own);
        assert!(read.is_alive());
    }

    #[test]
    fn a_process_with_the_same_number_and_another_start_is_another_process() {
        let own = Identity::own().unwrap();
        let earlier = Identity {
            start: own.start - 1,
            ..own
        };
        assert!(!earlier.is_alive());
        earlier.kill();
    }

    #[test]
    fn a_process_that_ended_is_not_alive_even_before_it_is_waited_for() {
        let mut child = Command::new("true").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(Pid::from_raw(identity.pid())), flags).unwrap();
        assert!(!identity.is_alive());
        child.wait().unwrap();
    }
}
