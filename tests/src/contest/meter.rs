//! What a server consumes, with all its children: the kernel counts for a control group (cgroup v2), whatever becomes of
//! them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::failure::{Context, Failure, Result};

/// A control group of its own. Everything in it is killed when it is dropped.
pub struct Meter {
    directory: PathBuf,
}

impl Meter {
    /// Makes an empty group.
    ///
    /// # Errors
    /// Where there is no cgroup v2, or without root.
    pub fn new() -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("rdhcpd-lab.{}.{count}", std::process::id());
        let directory = mount_point()?.join(name);
        fs::create_dir(&directory).context(format!("cannot make {}", directory.display()))?;
        Ok(Self { directory })
    }

    /// The file that a process writes its id into to join.
    #[must_use]
    pub fn door(&self) -> PathBuf {
        self.directory.join("cgroup.procs")
    }

    /// The processor time consumed so far.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn processor_time(&self) -> Result<Duration> {
        let file = self.directory.join("cpu.stat");
        let text = fs::read_to_string(&file).context(format!("cannot read {}", file.display()))?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "));
        let microseconds = line.and_then(|number| number.parse().ok());
        microseconds
            .map(Duration::from_micros)
            .ok_or_else(|| Failure::new("the kernel counts no processor time"))
    }

    /// The memory that its processes hold now, in bytes; what they share counts once.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let processes = fs::read_to_string(self.door()).unwrap_or_default();
        processes.lines().map(proportional_memory).sum()
    }
}

/// How often memory is looked at: each look costs the processes some time.
const BETWEEN_LOOKS: Duration = Duration::from_millis(150);

impl Meter {
    /// Does `work` and returns the most memory that was seen meanwhile.
    pub fn peak_memory<T>(&self, work: impl FnOnce() -> T) -> (T, u64) {
        let (done, over) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let looker = scope.spawn(move || {
                let mut peak = 0;
                while over.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                    peak = peak.max(self.memory());
                }
                peak.max(self.memory())
            });
            let result = work();
            drop(done);
            (result, looker.join().unwrap_or(0))
        })
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        // A group that cannot be removed now is empty and harms nobody.
        let _ = fs::write(self.directory.join("cgroup.kill"), "1");
        while fs::read_to_string(self.door()).is_ok_and(|processes| !processes.is_empty()) {
            thread::yield_now();
        }
        let _ = fs::remove_dir(&self.directory);
    }
}

fn mount_point() -> Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read the mounts")?;
    let found = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let place = fields.nth(1)?;
        (fields.next() == Some("cgroup2")).then(|| Path::new(place).to_owned())
    });
    found.ok_or_else(|| Failure::new("cannot count processor time: no cgroup v2 is mounted"))
}

/// A process that has just ended holds nothing.
fn proportional_memory(process: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
