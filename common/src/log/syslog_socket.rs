//! The connection to the system's log: never blocks, reconnects, drops and counts what cannot be delivered.
//!
//! The transport is the syslog crate's; the format is our own because the crate's writes UTC where every other program
//! on the machine writes local time.

use std::cell::{Ref, RefCell};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use syslog::{Facility, LogFormat, LoggerBackend, Severity};

use super::Level;
use crate::sys::local_time::{self, LocalTime};

/// Where the systems that we run on listen.
const PATHS: [&str; 2] = ["/dev/log", "/var/run/log"];

/// Where there is no log a connection is tried so often, and not for every line: on a machine without one, that would cost
/// a busy server more than its work.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);

/// What every syslog daemon takes whole. A longer line, which a client can cause by the name of a file, would be refused
/// by the socket.
const LONGEST_TEXT: usize = 8000;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

type Transport = syslog::Logger<LoggerBackend, Format>;

pub(super) struct SyslogSocket {
    tag: String,
    facility: Facility,
    transport: Option<Transport>,
    dropped: u64,
    /// Nobody listened when a connection was last tried, which was then.
    deserted: Option<Instant>,
}

impl SyslogSocket {
    pub(super) fn open(tag: &str, facility: Facility) -> Self {
        let mut socket = Self {
            tag: tag.to_owned(),
            facility,
            transport: None,
            dropped: 0,
            deserted: None,
        };
        socket.connect();
        socket
    }

    pub(super) fn set_facility(&mut self, facility: Facility) {
        self.facility = facility;
        if let Some(transport) = &mut self.transport {
            transport.formatter.facility = facility;
        }
    }

    pub(super) fn send(&mut self, level: Level, text: &str) {
        self.report_dropped();
        let text = cut(text);
        if !self.deliver(level, text) {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    fn report_dropped(&mut self) {
        if self.dropped == 0 {
            return;
        }
        let text = format!("{} log lines were lost", self.dropped);
        if self.deliver(Level::Warning, &text) {
            self.dropped = 0;
        }
    }

    /// True if the system's log took the line. A broken connection is made anew, once.
    fn deliver(&mut self, level: Level, text: &str) -> bool {
        if (self.deserted).is_some_and(|since| since.elapsed() < RECONNECT_AFTER) {
            return false;
        }
        match self.try_send(level, text) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(_) => {
                self.connect();
                let sent = self.try_send(level, text).is_ok();
                self.deserted = (!sent).then(Instant::now);
                sent
            }
        }
    }

    fn try_send(&mut self, level: Level, text: &str) -> io::Result<()> {
        let Some(transport) = &mut self.transport else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let sent = match level {
            Level::Error => transport.err(text),
            Level::Warning => transport.warning(text),
            Level::Notice => transport.notice(text),
            Level::Info => transport.info(text),
            Level::Debug => transport.debug(text),
        };
        sent.map_err(into_io_error)
    }

    /// Keeps the connection there is if no other can be had, as after a change of the root directory.
    fn connect(&mut self) {
        let socket = PATHS
            .iter()
            .find_map(|path| connect_to(Path::new(path)).ok());
        let Some(socket) = socket else {
            return;
        };
        let format = Format::new(&self.tag, self.facility);
        self.transport = Some(syslog::Logger::new(LoggerBackend::Unix(socket), format));
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=LONGEST_TEXT.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

fn connect_to(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

fn into_io_error(error: syslog::Error) -> io::Error {
    match error {
        syslog::Error::Io(error) | syslog::Error::Write(error) => error,
        syslog::Error::Initialization(error) => io::Error::other(error),
    }
}

/// `<priority>Nov 20 09:01:44 tag[pid]: text`, as the C library writes it (RFC 3164, section 4.1, without host name).
struct Format {
    tag: String,
    facility: Facility,
    /// The last stamp with its second: the C library takes long to find out what the clock on the wall shows.
    stamp: RefCell<(u64, String)>,
}

impl Format {
    fn new(tag: &str, facility: Facility) -> Self {
        Self {
            tag: tag.to_owned(),
            facility,
            stamp: RefCell::default(),
        }
    }

    fn stamp(&self) -> Ref<'_, str> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since_epoch.map_or(0, |duration| duration.as_secs());
        let is_old = self.stamp.borrow().0 != now;
        if is_old {
            let at = local_time::at(i64::try_from(now).unwrap_or(i64::MAX));
            *self.stamp.borrow_mut() = (now, stamp(&at));
        }
        Ref::map(self.stamp.borrow(), |(_, text)| &**text)
    }
}

impl LogFormat<&str> for Format {
    fn format<W: Write>(&self, w: &mut W, severity: Severity, message: &str) -> syslog::Result<()> {
        let priority = self.facility as u32 | severity as u32;
        let (stamp, tag, pid) = (self.stamp(), &self.tag, std::process::id());
        write!(
            w,
            "<{priority}>{stamp} {tag}[{pid}]: {message}",
            stamp = &*stamp
        )
        .map_err(syslog::Error::Io)
    }
}

fn stamp(time: &LocalTime) -> String {
    let month = MONTHS.get(usize::from(time.month0)).unwrap_or(&"Jan");
    let LocalTime {
        day,
        hour,
        minute,
        second,
        ..
    } = time;
    format!("{month} {day:2} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket_pair(tag: &str) -> (SyslogSocket, UnixDatagram) {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let format = Format::new(tag, Facility::LOG_DAEMON);
        let socket = SyslogSocket {
            tag: tag.to_owned(),
            facility: Facility::LOG_DAEMON,
            transport: Some(syslog::Logger::new(LoggerBackend::Unix(ours), format)),
            dropped: 0,
            deserted: None,
        };
        (socket, theirs)
    }

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = vec![0; 2 * LONGEST_TEXT];
        let length = socket.recv(&mut buffer).unwrap();
        buffer.truncate(length);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_line_carries_priority_local_time_tag_and_pid() {
        let (mut socket, log) = socket_pair("dhcpd");
        socket.send(Level::Info, "Server starting service.");
        let line = receive(&log);
        assert!(line.starts_with("<30>"), "{line}");
        let expected = format!(" dhcpd[{}]: Server starting service.", std::process::id());
        assert!(line.ends_with(&expected), "{line}");
        assert_eq!(line.len(), "<30>Nov 20 09:01:44".len() + expected.len());
    }

    #[test]
    fn another_facility_changes_the_priority_of_later_lines() {
        let (mut socket, log) = socket_pair("dhcpd");
        socket.set_facility(Facility::LOG_LOCAL7);
        socket.send(Level::Error, "x");
        assert!(receive(&log).starts_with("<187>"));
    }

    #[test]
    fn a_full_log_loses_lines_without_blocking_and_says_how_many() {
        let (mut socket, log) = socket_pair("dhcpd");
        while socket.dropped == 0 {
            socket.send(Level::Info, "filler");
        }
        socket.send(Level::Info, "lost too");
        assert_eq!(socket.dropped, 2);
        let mut buffer = [0; 1024];
        while log.recv(&mut buffer).is_ok() {}
        socket.send(Level::Info, "after");
        assert!(receive(&log).ends_with("2 log lines were lost"));
        assert!(receive(&log).ends_with("after"));
        assert_eq!(socket.dropped, 0);
    }

    #[test]
    fn a_line_longer_than_the_socket_takes_arrives_cut_and_the_next_one_whole() {
        let (mut socket, log) = socket_pair("rtftpd");
        socket.send(Level::Info, &"\u{e9}".repeat(1 << 20));
        socket.send(Level::Info, "after");
        assert_eq!(socket.dropped, 0);
        let longest = "\u{e9}".repeat(LONGEST_TEXT / 2);
        assert!(receive(&log).ends_with(&format!("]: {longest}")));
        assert!(receive(&log).ends_with("after"));
    }

    #[test]
    fn the_day_is_padded_with_a_blank() {
        let time = LocalTime {
            month0: 10,
            day: 5,
            hour: 9,
            minute: 1,
            second: 44,
        };
        assert_eq!(stamp(&time), "Nov  5 09:01:44");
    }
}
