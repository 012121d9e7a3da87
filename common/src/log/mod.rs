//! Log lines as values, and where they go: syslog, and standard error while that is wanted.

mod syslog_socket;

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use syslog::Facility;

use syslog_socket::SyslogSocket;

/// The facility with this number in `<syslog.h>`, shifted as it stands there: 24 is `daemon`.
#[must_use]
pub fn facility(code: u8) -> Option<Facility> {
    const NAMES: [&str; 24] = [
        "kern",
        "user",
        "mail",
        "daemon",
        "auth",
        "syslog",
        "lpr",
        "news",
        "uucp",
        "cron",
        "authpriv",
        "ftp",
        "ntp",
        "audit",
        "alert",
        "clock_daemon",
        "local0",
        "local1",
        "local2",
        "local3",
        "local4",
        "local5",
        "local6",
        "local7",
    ];
    NAMES.get(usize::from(code >> 3))?.parse().ok()
}

/// How severe a line is: the syslog levels that the originals use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `LOG_ERR`
    Error,
    /// `LOG_WARNING`
    Warning,
    /// `LOG_NOTICE`
    Notice,
    /// `LOG_INFO`
    Info,
    /// `LOG_DEBUG`
    Debug,
}

/// One line for the log, without a newline at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its severity.
    pub level: Level,
    /// Its text. May hold bytes of a client's making only after they were made printable.
    pub text: String,
}

/// Writes lines to syslog and, while switched on, a copy of each to standard error.
///
/// Never fails, and waits for syslog only between [`start_waiting`](Self::start_waiting) and
/// [`stop_waiting`](Self::stop_waiting): a line that the system's log cannot take is dropped and counted, and the count is
/// reported as soon as lines pass again.
pub struct Logger {
    sinks: Mutex<Sinks>,
}

struct Sinks {
    syslog: SyslogSocket,
    stderr: bool,
}

impl Logger {
    /// A logger whose lines carry `tag` and the process id, as `tag[pid]: text`. Standard error is off.
    #[must_use]
    pub fn open(tag: &str, facility: Facility) -> Self {
        let sinks = Sinks {
            syslog: SyslogSocket::open(tag, facility),
            stderr: false,
        };
        Self {
            sinks: Mutex::new(sinks),
        }
    }

    /// Writes one line.
    pub fn log(&self, line: &Line) {
        self.write(line.level, &line.text);
    }

    /// Writes lines in order, with as few system calls as that takes.
    pub fn log_all(&self, lines: &[Line]) {
        let mut sinks = self.lock();
        if sinks.stderr {
            lines.iter().for_each(|line| copy_to_stderr(&line.text));
        }
        sinks.syslog.send_all(lines);
    }

    /// Writes `text` as one line of severity `level`.
    pub fn write(&self, level: Level, text: &str) {
        let mut sinks = self.lock();
        if sinks.stderr {
            copy_to_stderr(text);
        }
        sinks.syslog.send(level, text);
    }

    /// Writes an error line.
    pub fn error(&self, text: &str) {
        self.write(Level::Error, text);
    }

    /// Writes an informational line.
    pub fn info(&self, text: &str) {
        self.write(Level::Info, text);
    }

    /// Writes an informational line that standard error shall not show, even while it is on.
    pub fn info_to_syslog(&self, text: &str) {
        self.lock().syslog.send(Level::Info, text);
    }

    /// From now on every line goes to standard error too, without prefix or time.
    pub fn start_stderr(&self) {
        self.lock().stderr = true;
    }

    /// From now on standard error stays silent.
    pub fn stop_stderr(&self) {
        self.lock().stderr = false;
    }

    /// From now on a line waits until the system's log has room for it, as is right where nobody is served yet or any more.
    /// A log that takes nothing for a second is not waited for again.
    pub fn start_waiting(&self) {
        self.lock().syslog.set_waiting(true);
    }

    /// From now on no line waits.
    pub fn stop_waiting(&self) {
        self.lock().syslog.set_waiting(false);
    }

    /// From now on lines carry this facility.
    pub fn set_facility(&self, facility: Facility) {
        self.lock().syslog.set_facility(facility);
    }

    fn lock(&self) -> MutexGuard<'_, Sinks> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One write for the whole line, so that lines of several processes do not mix. Nobody may be listening any more.
fn copy_to_stderr(text: &str) {
    let line = format!("{text}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_have_the_numbers_of_the_c_library() {
        assert!(matches!(facility(24), Some(Facility::LOG_DAEMON)));
        assert!(matches!(facility(184), Some(Facility::LOG_LOCAL7)));
        assert!(facility(192).is_none());
    }
}
