//! What the programs of a lab say: their lines in order of arrival, and waiting for one of them.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::scratch::Scratch;
use crate::failure::{Context, Failure, Result};

/// A growing list of lines that threads can wait on. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Log {
    shared: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Log {
    /// Adds a line and wakes whoever waits.
    pub fn push(&self, line: String) {
        self.lock().push(line);
        self.shared.1.notify_all();
    }

    /// Adds every line that comes out of `source`, on a thread, until its end.
    pub fn follow(&self, source: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || each_line(source, |line| log.push(line)));
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// The first line, from the beginning, that holds `needle`; waits for it until `patience` is over.
    ///
    /// # Errors
    /// If it did not come; the message holds all lines that did.
    pub fn wait_for(&self, needle: &str, patience: Duration) -> Result<String> {
        self.wait_after(0, needle, patience)
    }

    /// Like [`Log::wait_for`], passing over the first `skip` lines: those that were there before the deed.
    ///
    /// # Errors
    /// If it did not come; the message holds all lines that did.
    pub fn wait_after(&self, skip: usize, needle: &str, patience: Duration) -> Result<String> {
        let deadline = Instant::now() + patience;
        let mut lines = self.lock();
        loop {
            if let Some(line) = lines.iter().skip(skip).find(|line| line.contains(needle)) {
                return Ok(line.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let all = lines.join("\n");
                return Err(Failure::new(format!(
                    "no line with \"{needle}\" within {patience:?}; there were:\n{all}"
                )));
            }
            let waited = self.shared.1.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls `each` with every line of `source` until its end; bytes that are no UTF-8 are replaced.
pub fn each_line(source: impl Read, mut each: impl FnMut(String)) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    while source
        .read_until(b'\n', &mut line)
        .is_ok_and(|size| size > 0)
    {
        each(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
}

/// A syslog daemon for one lab: a datagram socket whose messages are handed on without priority and time.
#[derive(Debug)]
pub struct Syslog {
    directory: Scratch,
    reader: Option<JoinHandle<()>>,
}

/// No daemon has an empty message: it ends the thread that reads them.
const END: &[u8] = b"";

impl Syslog {
    /// Opens the socket and calls `each` with every message (`tftpd[123]: RRQ from …`), on a thread.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub fn start(mut each: impl FnMut(String) + Send + 'static) -> Result<Self> {
        Self::start_raw(move |message| {
            each(without_header(&String::from_utf8_lossy(message)).to_owned());
        })
    }

    /// Opens the socket and calls `each` with every message as it comes (`<29>Nov 20 11:22:33 tftpd[123]: RRQ from …`), on a thread.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub fn start_raw(mut each: impl FnMut(&[u8]) + Send + 'static) -> Result<Self> {
        let directory = Scratch::new("syslog")?;
        let socket = UnixDatagram::bind(directory.path().join("log"))
            .context("cannot make the log socket")?;
        allow_everybody(&directory.path().join("log"))?;
        let reader = thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(size @ 1..) = socket.recv(&mut buffer) {
                each(buffer.get(..size).unwrap_or_default());
            }
        });
        let reader = Some(reader);
        Ok(Self { directory, reader })
    }

    /// Hands on every message that was sent before, and none from then on.
    ///
    /// # Errors
    /// If the socket or its thread is gone.
    pub fn stop(&mut self) -> Result<()> {
        let Some(reader) = self.reader.take() else {
            return Ok(());
        };
        let told = UnixDatagram::unbound().and_then(|socket| socket.send_to(END, self.socket()));
        told.context("cannot end the log")?;
        let ended = reader.join();
        ended.map_err(|_| Failure::new("the thread that reads the log has panicked"))
    }

    /// Where the socket is, for [`super::View::log_to`].
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

/// A daemon may connect again after it has given up its privileges.
fn allow_everybody(socket: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o666))
        .context("cannot open the log socket to everybody")
}

/// Takes `<30>Nov 20 11:22:33 ` off (RFC 3164, sections 4.1.1 and 4.1.2); the C library ends a message with NUL or newline.
fn without_header(message: &str) -> &str {
    let message = message.trim_end_matches(['\0', '\n']);
    let after_priority = match message.split_once('>') {
        Some((priority, rest)) if priority.starts_with('<') => rest,
        _ => message,
    };
    let stamp_ends = after_priority.get(15..16) == Some(" ")
        && after_priority.get(9..10) == Some(":")
        && after_priority.get(12..13) == Some(":");
    match after_priority.get(16..) {
        Some(rest) if stamp_ends => rest,
        _ => after_priority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_and_time_are_taken_off_a_message() {
        assert_eq!(
            without_header("<30>Nov 20 11:22:33 tftpd[12]: RRQ from ::1\0"),
            "tftpd[12]: RRQ from ::1"
        );
        assert_eq!(without_header("<30>tftpd: hello\n"), "tftpd: hello");
        assert_eq!(without_header("é"), "é");
    }

    #[test]
    fn waiting_finds_a_line_that_comes_from_another_thread() {
        let log = Log::default();
        let writer = log.clone();
        let thread = thread::spawn(move || writer.push("bound to 10.0.0.1".to_owned()));
        let found = log.wait_for("bound", Duration::from_secs(10)).unwrap();
        thread.join().unwrap();
        assert_eq!(found, "bound to 10.0.0.1");
    }

    #[test]
    fn waiting_in_vain_says_what_came_instead() {
        let log = Log::default();
        log.push("something else".to_owned());
        let failure = log.wait_for("bound", Duration::ZERO).unwrap_err();
        assert!(failure.to_string().ends_with("something else"));
    }

    #[test]
    fn messages_to_the_socket_arrive() {
        let log = Log::default();
        let sink = log.clone();
        let syslog = Syslog::start(move |line| sink.push(line)).unwrap();
        let client = UnixDatagram::unbound().unwrap();
        client.send_to(b"<30>tag: text", syslog.socket()).unwrap();
        log.wait_for("tag: text", Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn all_messages_are_there_when_the_log_has_stopped() {
        let log = Log::default();
        let sink = log.clone();
        let mut syslog = Syslog::start(move |line| sink.push(line)).unwrap();
        let client = UnixDatagram::unbound().unwrap();
        for number in 0..100 {
            let message = format!("<30>tag: {number}");
            client.send_to(message.as_bytes(), syslog.socket()).unwrap();
        }
        syslog.stop().unwrap();
        assert_eq!(log.lines().len(), 100);
    }
}
