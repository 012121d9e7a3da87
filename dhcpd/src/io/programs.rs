//! Programs that the configuration wants to be run: one after the other, beside the receive loop, and none for ever.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use common::log::Logger;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::runtime::{self, Runtime};

use crate::words;

/// What the original's child ends with when there is no such program, as wait(2) has it.
const NOT_STARTED: i32 = 127 << 8;

/// The bounds of everything.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Programs that may wait for their turn.
    queue: usize,
    /// How long each may take.
    deadline: Duration,
    /// How long those that wait when the server ends may take together.
    farewell: Duration,
}

const LIMITS: Limits = Limits {
    queue: 1024,
    deadline: Duration::from_secs(60),
    farewell: Duration::from_secs(5),
};

/// A program's name and its arguments.
type Words = Vec<Vec<u8>>;

/// Runs programs one after the other, beside the receive loop.
pub(super) struct Programs {
    orders: SyncSender<Words>,
    /// Ends when the thread does.
    ended: Receiver<()>,
    limits: Limits,
    /// Programs that found no room since one did.
    refused: u64,
    logger: Arc<Logger>,
}

impl Programs {
    /// Starts the thread that runs them.
    pub(super) fn start(logger: Arc<Logger>) -> io::Result<Self> {
        Self::within(LIMITS, logger)
    }

    fn within(limits: Limits, logger: Arc<Logger>) -> io::Result<Self> {
        let (orders, receiver) = mpsc::sync_channel::<Words>(limits.queue);
        let (ends_with_thread, ended) = mpsc::sync_channel(0);
        let runner = Runner::new(limits.deadline, Arc::clone(&logger))?;
        let serve = move || {
            for words in receiver {
                runner.run(&words);
            }
            drop(ends_with_thread);
        };
        thread::Builder::new()
            .name("programs".to_owned())
            .spawn(serve)?;
        Ok(Self {
            orders,
            ended,
            limits,
            refused: 0,
            logger,
        })
    }

    /// Runs a program when those before it have ended. One that finds no room is not run, and the log says so.
    pub(super) fn order(&mut self, words: Words) {
        match self.orders.try_send(words) {
            Ok(()) => self.tell_refused(),
            Err(TrySendError::Full(words)) => {
                if self.refused == 0 {
                    let line = words::program_refused(&name_of(&words), self.limits.queue);
                    self.logger.error(&line);
                }
                self.refused = self.refused.saturating_add(1);
            }
            // The thread ends only with the process.
            Err(TrySendError::Disconnected(_)) => {}
        }
    }

    fn tell_refused(&mut self) {
        if self.refused > 0 {
            self.logger.error(&words::programs_refused(self.refused));
            self.refused = 0;
        }
    }

    /// Waits for the programs ordered so far, but not long.
    pub(super) fn finish(mut self) {
        self.tell_refused();
        let Self { orders, ended, .. } = self;
        drop(orders);
        if ended.recv_timeout(self.limits.farewell) == Err(RecvTimeoutError::Timeout) {
            self.logger.error(words::PROGRAMS_LEFT);
        }
    }
}

/// Runs a program at the start of the server and waits for its end; logs if that is not a good one.
pub(super) fn run(words: &[Vec<u8>], logger: &Arc<Logger>) {
    match Runner::new(LIMITS.deadline, Arc::clone(logger)) {
        Ok(runner) => {
            runner.run(words);
        }
        Err(error) => logger.error(&words::cannot_execute(&name_of(words), &error)),
    }
}

/// Starts programs and waits for them.
struct Runner {
    runtime: Runtime,
    deadline: Duration,
    logger: Arc<Logger>,
}

impl Runner {
    fn new(deadline: Duration, logger: Arc<Logger>) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            runtime,
            deadline,
            logger,
        })
    }

    /// The status as wait(2) has it.
    fn run(&self, words: &[Vec<u8>]) -> i32 {
        let name = name_of(words);
        let status = match self.runtime.block_on(self.execute(words, &name)) {
            Ok(status) => status.into_raw(),
            Err(error) => {
                self.logger.error(&words::cannot_execute(&name, &error));
                NOT_STARTED
            }
        };
        if status != 0 {
            self.logger.error(&words::exit_status(&name, status));
        }
        status
    }

    /// A program gets a process group of its own, so that its children go with it when it takes too long.
    async fn execute(&self, words: &[Vec<u8>], name: &str) -> io::Result<ExitStatus> {
        let mut words = words.iter().map(|word| OsStr::from_bytes(word));
        let program = words.next().unwrap_or_default();
        let mut command = Command::new(program);
        let mut child = command.args(words).process_group(0).spawn()?;
        let ended = tokio::time::timeout(self.deadline, child.wait()).await;
        if let Ok(status) = ended {
            return status;
        }
        let line = words::program_overdue(name, self.deadline.as_secs());
        self.logger.error(&line);
        kill_group(&child);
        child.wait().await
    }
}

fn kill_group(child: &Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = group {
        // It fails only if nobody is left.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

fn name_of(words: &[Vec<u8>]) -> String {
    let program = words.first().map(Vec::as_slice);
    String::from_utf8_lossy(program.unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use common::log::Facility;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use pretty_assertions::assert_eq;

    use super::super::test_directory::TestDirectory;
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn logger() -> Arc<Logger> {
        Arc::new(Logger::open("test", Facility::LOG_USER))
    }

    fn words(program: &[&str]) -> Words {
        program
            .iter()
            .map(|word| word.as_bytes().to_vec())
            .collect()
    }

    /// A shell's work, with `$0` for an argument.
    fn shell(text: &str, argument: &str) -> Words {
        words(&["/bin/sh", "-c", text, argument])
    }

    fn status_of(program: &[&str]) -> i32 {
        Runner::new(LONG, logger()).unwrap().run(&words(program))
    }

    #[test]
    fn the_status_is_that_of_wait() {
        assert_eq!(status_of(&["/bin/true"]), 0);
        assert_eq!(status_of(&["/bin/sh", "-c", "exit 3"]), 3 << 8);
        assert_eq!(status_of(&["/bin/sh", "-c", "kill -9 $$"]), 9);
        assert_eq!(status_of(&["/nonexistent"]), 127 << 8);
    }

    #[test]
    fn what_takes_too_long_is_killed_with_its_children() {
        let directory = TestDirectory::new();
        let pipe = directory.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        let name = pipe.display().to_string();
        // The pipe ends when the last process that could write to it does.
        let reader = thread::spawn(move || fs::read(pipe));
        let runner = Runner::new(Duration::from_secs(2), logger()).unwrap();
        let begin = Instant::now();
        let program = shell("(echo; exec sleep 60) >$0 & wait", &name);
        assert_eq!(runner.run(&program), 9);
        assert_eq!(reader.join().unwrap().unwrap(), b"\n");
        assert!(begin.elapsed() < LONG);
    }

    #[test]
    fn programs_run_in_order_and_the_end_waits_for_them() {
        let directory = TestDirectory::new();
        let file = directory.path().join("file").display().to_string();
        let mut programs = Programs::start(logger()).unwrap();
        for number in 0..5 {
            programs.order(shell(&format!("echo {number} >>$0"), &file));
        }
        programs.finish();
        assert_eq!(fs::read_to_string(file).unwrap(), "0\n1\n2\n3\n4\n");
    }

    #[test]
    fn nobody_waits_for_room_nor_long_for_the_end() {
        let limits = Limits {
            queue: 2,
            deadline: LONG,
            farewell: Duration::from_millis(100),
        };
        let mut programs = Programs::within(limits, logger()).unwrap();
        let begin = Instant::now();
        for _ in 0..9 {
            programs.order(words(&["/bin/sleep", "5"]));
        }
        // One runs, two wait, and the one that runs may not have been taken out of the queue yet.
        assert!(programs.refused >= 6, "{}", programs.refused);
        programs.finish();
        assert!(begin.elapsed() < Duration::from_secs(4));
    }
}
