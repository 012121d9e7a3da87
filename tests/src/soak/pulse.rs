//! What a server and the processes below it take of the machine: memory, descriptors, processes; and what must not grow.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, Result};

/// A transfer that nobody answers ends after a minute.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Memory may grow by this part of it.
const GROWTH: u64 = 20;

/// Sums over a server and all processes below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulse {
    /// Resident memory in kB.
    pub(super) resident: u64,
    /// Open descriptors.
    pub(super) descriptors: usize,
    /// Processes.
    pub(super) processes: usize,
}

impl Pulse {
    /// That of the server with this pid.
    ///
    /// # Errors
    /// If it is gone.
    pub(super) fn of(pid: i32) -> Result<Self> {
        let mut family = vec![pid];
        collect_below(pid, &mut family);
        let sum = |pulse: Self, pid: &i32| Self {
            resident: pulse.resident + resident(*pid),
            descriptors: pulse.descriptors + descriptors(*pid),
            processes: pulse.processes + 1,
        };
        let nothing = Self {
            resident: 0,
            descriptors: 0,
            processes: 0,
        };
        fs::metadata(format!("/proc/{pid}")).context("the server is gone")?;
        Ok(family.iter().fold(nothing, sum))
    }

    /// Waits until the server has no more processes and descriptors than this again, and returns its pulse then.
    ///
    /// # Errors
    /// If that does not come, or more memory is taken than a twentieth above this.
    pub(super) fn expect_again(&self, pid: i32) -> Result<Self> {
        let deadline = Instant::now() + PATIENCE;
        let now = loop {
            let now = Self::of(pid)?;
            if now.processes <= self.processes && now.descriptors <= self.descriptors {
                break now;
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!("{self:?} has become {now:?}")));
            }
            std::thread::sleep(LOOK_AGAIN);
        };
        if now.resident > self.resident + self.resident / GROWTH {
            return Err(Failure::new(format!("{self:?} has grown to {now:?}")));
        }
        Ok(now)
    }
}

/// How long the threads of a process, and the one that asks, have been ready and had no processor, since their start.
pub(super) fn waited(pid: i32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let threads = threads.map(|thread| thread.path());
    let own = Path::new("/proc/thread-self").to_owned();
    threads.chain([own]).map(|thread| waited_of(&thread)).sum()
}

fn waited_of(thread: &Path) -> Duration {
    // Nanoseconds that it ran, and that it waited for its turn.
    let schedule = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    let waited = schedule.split_whitespace().nth(1);
    let waited = waited.and_then(|number| number.parse().ok());
    Duration::from_nanos(waited.unwrap_or_default())
}

fn collect_below(pid: i32, family: &mut Vec<i32>) {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return;
    };
    for thread in threads.flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
        {
            family.push(child);
            collect_below(child, family);
        }
    }
}

fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn descriptors(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    #[test]
    fn a_process_has_memory_and_descriptors_and_those_below_it_count() {
        let pulse = Pulse::of(own()).unwrap();
        assert!(pulse.resident > 0 && pulse.descriptors > 2);
        let mut child = std::process::Command::new("sleep")
            .arg("100")
            .spawn()
            .unwrap();
        assert!(Pulse::of(own()).unwrap().processes > pulse.processes);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn growth_is_noticed() {
        let pulse = Pulse::of(own()).unwrap();
        let small = Pulse {
            resident: pulse.resident / 2,
            descriptors: usize::MAX,
            processes: usize::MAX,
        };
        assert!(small.expect_again(own()).is_err());
    }
}
