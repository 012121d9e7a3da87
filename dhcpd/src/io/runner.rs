//! Starts a program and waits for its end, but not for ever.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// How long each may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// How a program has ended. A status is as wait(2) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// In its own time.
    Itself(i32),
    /// It took too long.
    Killed(i32),
    /// It could not be started, for this error number.
    Failed(i32),
}

impl From<&io::Error> for Ended {
    fn from(error: &io::Error) -> Self {
        Self::Failed(error.raw_os_error().unwrap_or(Errno::EINVAL as i32))
    }
}

/// Starts programs and waits for them.
pub(super) struct Runner {
    runtime: Runtime,
    deadline: Duration,
}

impl Runner {
    pub(super) fn new(deadline: Duration) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self { runtime, deadline })
    }

    /// From now on this process survives what ends a server, so that programs can come to their end. They do not inherit that.
    pub(super) fn outlive_signals(&self) -> io::Result<()> {
        let _inside = self.runtime.enter();
        for kind in [
            SignalKind::hangup(),
            SignalKind::interrupt(),
            SignalKind::terminate(),
        ] {
            // The handler stays when nobody listens any more.
            drop(signal(kind)?);
        }
        Ok(())
    }

    /// Runs a program to its end.
    pub(super) fn run(&self, words: &[Vec<u8>]) -> Ended {
        let ended = self.runtime.block_on(self.execute(words));
        ended.unwrap_or_else(|error| Ended::from(&error))
    }

    /// A program gets a process group of its own, so that its children go with it when it takes too long.
    async fn execute(&self, words: &[Vec<u8>]) -> io::Result<Ended> {
        let mut words = words.iter().map(|word| OsStr::from_bytes(word));
        let program = words.next().unwrap_or_default();
        let mut command = Command::new(program);
        let mut child = command.args(words).process_group(0).spawn()?;
        let ended = tokio::time::timeout(self.deadline, child.wait()).await;
        if let Ok(status) = ended {
            return status.map(ExitStatus::into_raw).map(Ended::Itself);
        }
        kill_group(&child);
        child
            .wait()
            .await
            .map(ExitStatus::into_raw)
            .map(Ended::Killed)
    }
}

fn kill_group(child: &Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = group {
        // It fails only if nobody is left.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;
    use std::time::Instant;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use pretty_assertions::assert_eq;

    use super::super::test_directory::TestDirectory;
    use super::*;

    fn ended(deadline: Duration, program: &[&str]) -> Ended {
        let words = program.iter().map(|word| word.as_bytes().to_vec());
        let words: Vec<_> = words.collect();
        Runner::new(deadline).unwrap().run(&words)
    }

    #[test]
    fn the_status_is_that_of_wait() {
        for (program, expected) in [
            (&["/bin/true"][..], Ended::Itself(0)),
            (&["/bin/sh", "-c", "exit 3"], Ended::Itself(3 << 8)),
            (&["/bin/sh", "-c", "kill -9 $$"], Ended::Itself(9)),
            (&["/nonexistent"], Ended::Failed(Errno::ENOENT as i32)),
            (&["/bin/tr\0ue"], Ended::Failed(Errno::EINVAL as i32)),
        ] {
            assert_eq!(ended(DEADLINE, program), expected, "{program:?}");
        }
    }

    #[test]
    fn what_takes_too_long_is_killed_with_its_children() {
        let directory = TestDirectory::new();
        let pipe = directory.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        let name = pipe.display().to_string();
        // The pipe ends when the last process that could write to it does.
        let reader = thread::spawn(move || fs::read(pipe));
        let begin = Instant::now();
        let text = "(echo; exec sleep 60) >$0 & wait";
        let program = ["/bin/sh", "-c", text, &name];
        assert_eq!(ended(Duration::from_secs(2), &program), Ended::Killed(9));
        assert_eq!(reader.join().unwrap().unwrap(), b"\n");
        assert!(begin.elapsed() < DEADLINE);
    }
}
