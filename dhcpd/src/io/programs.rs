//! Programs that the configuration wants to be run: one after the other, beside the receive loop, and none for ever.
//!
//! A process of its own starts them ([`Helper`]): the server itself can start nothing once it serves.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use common::log::Logger;

use super::helper::Helper;
use super::runner::{self, Ended, Runner};
use crate::words;

/// What the original's child ends with when there is no such program, as wait(2) has it.
const NOT_STARTED: i32 = 127 << 8;

/// The bounds of everything.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Programs that may wait for their turn.
    queue: usize,
    /// How long those that wait when the server ends may take together.
    farewell: Duration,
}

const LIMITS: Limits = Limits {
    queue: 1024,
    farewell: Duration::from_secs(5),
};

/// A program's name and its arguments.
type Words = Vec<Vec<u8>>;

/// Has programs run one after the other, beside the receive loop.
pub(super) struct Programs {
    /// `None` if there is nobody to run them.
    line: Option<Queue>,
    limits: Limits,
    /// Programs that found no room since one did.
    refused: u64,
    logger: Arc<Logger>,
}

/// The way to the thread that waits for them.
struct Queue {
    orders: SyncSender<Words>,
    /// Ends when the thread does.
    ended: Receiver<()>,
}

impl Programs {
    /// Starts the thread that waits for them. Without a helper none is run, and the log says so.
    pub(super) fn start(helper: Option<Helper>, logger: Arc<Logger>) -> io::Result<Self> {
        Self::within(LIMITS, helper, logger)
    }

    fn within(limits: Limits, helper: Option<Helper>, logger: Arc<Logger>) -> io::Result<Self> {
        let queue = |helper| Queue::start(limits.queue, helper, Arc::clone(&logger));
        Ok(Self {
            line: helper.map(queue).transpose()?,
            limits,
            refused: 0,
            logger,
        })
    }

    /// Runs a program when those before it have ended. One that finds no room is not run, and the log says so.
    pub(super) fn order(&mut self, words: Words) {
        let Some(queue) = &self.line else {
            let ended = Ended::Failed(nix::errno::Errno::ENOSYS as i32);
            return report(&words, &ended, &self.logger);
        };
        match queue.orders.try_send(words) {
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
        let Some(Queue { orders, ended }) = self.line else {
            return;
        };
        drop(orders);
        if ended.recv_timeout(self.limits.farewell) == Err(RecvTimeoutError::Timeout) {
            self.logger.error(words::PROGRAMS_LEFT);
        }
    }
}

impl Queue {
    fn start(length: usize, mut helper: Helper, logger: Arc<Logger>) -> io::Result<Self> {
        let (orders, receiver) = mpsc::sync_channel::<Words>(length);
        let (ends_with_thread, ended) = mpsc::sync_channel(0);
        let serve = move || {
            for words in receiver {
                report(&words, &helper.run(&words), &logger);
            }
            drop(ends_with_thread);
        };
        thread::Builder::new()
            .name("programs".to_owned())
            .spawn(serve)?;
        Ok(Self { orders, ended })
    }
}

/// Runs a program at the start of the server and waits for its end; logs if that is not a good one.
pub(super) fn run(words: &[Vec<u8>], logger: &Logger) {
    let ended = Runner::new(runner::DEADLINE).map(|runner| runner.run(words));
    report(
        words,
        &ended.unwrap_or_else(|error| Ended::from(&error)),
        logger,
    );
}

/// Logs an end that is not a good one.
fn report(words: &[Vec<u8>], ended: &Ended, logger: &Logger) {
    let name = name_of(words);
    let status = match ended {
        Ended::Itself(status) => *status,
        Ended::Killed(status) => {
            let line = words::program_overdue(&name, runner::DEADLINE.as_secs());
            logger.error(&line);
            *status
        }
        Ended::Failed(number) => {
            let error = io::Error::from_raw_os_error(*number);
            logger.error(&words::cannot_execute(&name, &error));
            NOT_STARTED
        }
    };
    if status != 0 {
        logger.error(&words::exit_status(&name, status));
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
    use pretty_assertions::assert_eq;

    use super::super::test_directory::TestDirectory;
    use super::*;

    fn logger() -> Arc<Logger> {
        Arc::new(Logger::open("test", Facility::LOG_USER))
    }

    fn words(program: &[&str]) -> Words {
        program
            .iter()
            .map(|word| word.as_bytes().to_vec())
            .collect()
    }

    #[test]
    fn programs_run_in_order_and_the_end_waits_for_them() {
        let directory = TestDirectory::new();
        let file = directory.path().join("file").display().to_string();
        let mut programs = Programs::start(Some(Helper::in_a_thread()), logger()).unwrap();
        for number in 0..5 {
            let text = format!("echo {number} >>$0");
            programs.order(words(&["/bin/sh", "-c", &text, &file]));
        }
        programs.finish();
        assert_eq!(fs::read_to_string(file).unwrap(), "0\n1\n2\n3\n4\n");
    }

    #[test]
    fn nobody_waits_for_room_nor_long_for_the_end() {
        let limits = Limits {
            queue: 2,
            farewell: Duration::from_millis(100),
        };
        let helper = Some(Helper::in_a_thread());
        let mut programs = Programs::within(limits, helper, logger()).unwrap();
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
