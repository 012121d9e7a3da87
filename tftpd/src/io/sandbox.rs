//! What the server and the processes that apply map rules give up once they are set up.

use std::path::Path;

use common::log::Logger;
use common::sys::sandbox::{Access, Calls, Needs, Power, Wish};

use crate::cli::{Creation, Settings};
use crate::words;

/// Leaves the server the files that it serves. Without `-s` these may be anywhere, since links lead anywhere.
pub(super) fn enter_server(settings: &Settings, logger: &Logger) {
    let root = if settings.secure { "." } else { "/" };
    let access = match settings.creation {
        Creation::Refused => Access::Write,
        Creation::Allowed => Access::Create,
    };
    let report = settings.sandbox.enter(&Needs {
        files: &[(Path::new(root), access)],
        // Only for `-u root`: any other user has none.
        powers: &[Power::ForeignFiles, Power::LowPorts],
        calls: Calls::Service,
    });
    if let Some(outcome) = report {
        logger.info(&words::sandbox(&outcome));
    }
}

/// Leaves a process that applies rules the socket to its server.
pub(super) fn enter_worker(wish: Wish) {
    // The server's line is the one that is asked for.
    let _ = wish.enter(&Needs {
        files: &[],
        powers: &[],
        calls: Calls::Computing,
    });
}
