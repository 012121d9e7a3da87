//! Programs that the configuration wants to be run.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use common::log::Logger;

use crate::words;

/// What the original's child ends with when there is no such program, as wait(2) has it.
const NOT_STARTED: i32 = 127 << 8;

/// Programs that may wait for their turn; the receive loop waits while there are more.
const QUEUE: usize = 1024;

/// Runs programs one after the other, beside the receive loop.
pub(super) struct Programs {
    orders: SyncSender<Vec<Vec<u8>>>,
}

impl Programs {
    /// Starts the thread that runs them.
    pub(super) fn start(logger: Arc<Logger>) -> io::Result<Self> {
        let (orders, receiver) = mpsc::sync_channel::<Vec<Vec<u8>>>(QUEUE);
        let serve = move || receiver.iter().for_each(|command| run(&command, &logger));
        thread::Builder::new()
            .name("programs".to_owned())
            .spawn(serve)?;
        Ok(Self { orders })
    }

    /// Runs a program when those before it have ended.
    pub(super) fn order(&self, arguments: Vec<Vec<u8>>) {
        // The thread ends only with the process.
        let _ = self.orders.send(arguments);
    }
}

/// Runs a program and waits for its end; logs if that is not a good one.
pub(super) fn run(arguments: &[Vec<u8>], logger: &Logger) {
    let Some((program, arguments)) = arguments.split_first() else {
        return;
    };
    let name = String::from_utf8_lossy(program);
    let status = match start(program, arguments) {
        Ok(status) => status,
        Err(error) => {
            logger.error(&words::cannot_execute(&name, &error));
            NOT_STARTED
        }
    };
    if status != 0 {
        logger.error(&words::exit_status(&name, status));
    }
}

/// The status as wait(2) has it.
fn start(program: &[u8], arguments: &[Vec<u8>]) -> io::Result<i32> {
    let arguments = arguments.iter().map(|argument| OsStr::from_bytes(argument));
    let mut command = Command::new(OsStr::from_bytes(program));
    let status = command.args(arguments).status()?;
    Ok(status.into_raw())
}
