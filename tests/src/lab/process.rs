//! A running program that does not outlive the value that stands for it.

use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use common::sys::signals;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;

use super::identity::Identity;
use crate::failure::{Context, Failure, Result};

/// Nothing that ends by itself takes longer, on a busy machine and with transfers that go on for a while after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A child process, killed and waited for when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    identity: Identity,
    name: String,
}

impl Running {
    /// Starts a program in a process group of its own, so that a Ctrl-C on the terminal reaches only the test that owns it.
    /// It does not inherit that a shell ignores signals for what runs in its background.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
            signals::stop_ignoring(signal).context("cannot restore a signal")?;
        }
        let child = command
            .process_group(0)
            .spawn()
            .context(format!("cannot start {name}"))?;
        let identity = Identity::of(child.id())?;
        Ok(Self {
            child,
            identity,
            name,
        })
    }

    /// The child, to take its pipes or ask how it ended.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its pid and start time.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The program's name as it was called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.identity.pid()), signal)
            .context(format!("cannot signal {}", self.name))
    }

    /// Waits for its end, which it is expected to come to by itself, and kills it if that does not happen.
    ///
    /// # Errors
    /// If it goes on for longer than 90 seconds.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.wait_for(PATIENCE)
    }

    fn wait_for(&mut self, patience: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            let ended = self.child.try_wait();
            if let Some(status) = ended.context(format!("cannot wait for {}", self.name))? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                self.signal(Signal::SIGKILL)?;
                let what = format!("{} has not ended within {patience:?}", self.name);
                return Err(Failure::new(what));
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the child has been waited for already, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn what_does_not_end_is_killed() {
        let mut endless = Running::spawn(Command::new("sleep").arg("1000")).unwrap();
        let failure = endless.wait_for(LOOK_AGAIN).unwrap_err();
        assert_eq!(failure.to_string(), "sleep has not ended within 10ms");
        let status = endless.wait().unwrap();
        assert_eq!(status.signal(), Some(Signal::SIGKILL as i32));
    }
}
