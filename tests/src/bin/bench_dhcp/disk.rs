//! The disk that leases are kept on: as it is, or with syncs that take as long as they do on the disks that targets are
//! meant for.

use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use tests::dhcp_load::percentile;
use tests::failure::{Context, Failure, Result};
use tests::lab::Scratch;

/// Lets syncs take longer. From Debian's package strace.
const STRACE: &str = "/usr/bin/strace";
/// Nothing but syncs is stopped, and each ends a millisecond later, while all other threads go on.
const LENGTHENING: [&str; 9] = [
    "-D",
    "-f",
    "--seccomp-bpf",
    "-o",
    "/dev/null",
    "-e",
    "trace=fsync,fdatasync",
    "-e",
    "inject=fsync,fdatasync:delay_exit=1000",
];
/// What is appended before each sync that is timed: a lease's length.
const RECORD: [u8; 300] = [b'x'; 300];
const SYNCS: u32 = 500;

/// How long the syncs of a program take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// As long as they do.
    Real,
    /// A millisecond more: a fast disk then does 400 to 1,000 a second. Whatever the program is made with, the system
    /// calls `fsync` and `fdatasync` end later.
    Slow,
}

impl Disk {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "this disk",
            Self::Slow => "a sync lengthened by 1 ms",
        }
    }

    /// True if what it takes is installed.
    pub fn is_there(self) -> bool {
        self == Self::Real || Path::new(STRACE).exists()
    }

    /// How to start a program whose files are on it.
    pub fn command(self, program: &Path) -> Command {
        match self {
            Self::Real => Command::new(program),
            Self::Slow => {
                let mut command = Command::new(STRACE);
                command.args(LENGTHENING).arg(program);
                command
            }
        }
    }

    /// How long an append of a lease in `directory` takes until it is on disk, to a program like this one.
    pub fn sync_time(self, directory: &Path) -> Result<SyncTime> {
        let own = std::env::current_exe().context("cannot find this program")?;
        let mut command = self.command(&own);
        command.arg("--disk").arg("--directory").arg(directory);
        let output = command.output().context("cannot time syncs")?;
        let said = String::from_utf8_lossy(&output.stdout);
        said.parse()
    }
}

/// How long syncs take.
#[derive(Clone, Copy, Debug)]
pub struct SyncTime {
    /// On average, in milliseconds.
    pub mean_ms: f64,
    /// What 99 of 100 stay within.
    pub p99_ms: f64,
}

impl SyncTime {
    /// Times those of this very program.
    pub fn measure(directory: &Path) -> Result<Self> {
        let files = Scratch::new_in(directory, "sync")?;
        let mut file = File::create(files.path().join("file")).context("cannot make a file")?;
        let mut times = Vec::new();
        for _ in 0..SYNCS {
            let begin = Instant::now();
            file.write_all(&RECORD).context("cannot write")?;
            file.sync_data().context("cannot sync")?;
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        let sum: Duration = times.iter().sum();
        let most = percentile(&times, 990).unwrap_or_default();
        Ok(Self {
            mean_ms: sum.as_secs_f64() * 1e3 / f64::from(SYNCS),
            p99_ms: most.as_secs_f64() * 1e3,
        })
    }
}

impl Display for SyncTime {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.3} {:.3}", self.mean_ms, self.p99_ms)
    }
}

/// What [`Display`] shows.
impl FromStr for SyncTime {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split_whitespace().map_while(|word| word.parse().ok());
        match *numbers.collect::<Vec<f64>>() {
            [mean_ms, p99_ms] => Ok(Self { mean_ms, p99_ms }),
            _ => Err(Failure::new(format!("no time of a sync: {text}"))),
        }
    }
}
