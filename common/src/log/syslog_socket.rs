//! The connection to the system's log: waits only when told to, reconnects, drops and counts what cannot be delivered.
//!
//! The transport is the syslog crate's; the format is our own because the crate's writes UTC where every other program
//! on the machine writes local time.

use std::cell::{Ref, RefCell};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use syslog::{Facility, LogFormat, LoggerBackend, Severity};

use super::{Level, Line};
use crate::sys::batch;
use crate::sys::local_time::{self, LocalTime};

/// Where the systems that we run on listen.
const PATHS: [&str; 2] = ["/dev/log", "/var/run/log"];

/// Where there is no log a connection is tried so often, and not for every line: on a machine without one, that would cost
/// a busy server more than its work.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);

/// A log that takes nothing for so long is not waited for any more.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

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
    waits: bool,
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
            waits: false,
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

    /// Whether a line may wait until the log has room for it.
    pub(super) fn set_waiting(&mut self, waits: bool) {
        self.waits = waits;
        if let Some(socket) = self.socket() {
            // A socket that refuses has lost its log, which the next line finds out.
            let _ = let_wait(socket, waits);
        }
    }

    fn socket(&self) -> Option<&UnixDatagram> {
        match &self.transport.as_ref()?.backend {
            LoggerBackend::Unix(socket) => Some(socket),
            _ => None,
        }
    }

    pub(super) fn send(&mut self, level: Level, text: &str) {
        self.report_dropped();
        let text = cut(text);
        if !self.deliver(level, text) {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// As [`send`](Self::send) for each, in order. What a burst does not take goes the long way.
    pub(super) fn send_all(&mut self, lines: &[Line]) {
        for lines in lines.chunks(batch::BATCH) {
            let taken = self.send_burst(lines);
            let rest = lines.get(taken..).unwrap_or_default();
            rest.iter()
                .for_each(|line| self.send(line.level, &line.text));
        }
    }

    /// Returns how many of the first lines the system's log took. It is not tried while there is something to report, or
    /// for a line alone.
    fn send_burst(&mut self, lines: &[Line]) -> usize {
        if self.dropped > 0 || self.deserted.is_some() || lines.len() < 2 {
            return 0;
        }
        let (Some(transport), Some(socket)) = (&self.transport, self.socket()) else {
            return 0;
        };
        let (text, ends) = transport.formatter.burst(lines);
        let starts = std::iter::once(&0).chain(&ends);
        let messages = starts
            .zip(&ends)
            .map(|(start, end)| (text.get(*start..*end).unwrap_or_default(), None));
        batch::send(socket, &messages.collect::<Vec<_>>()).unwrap_or(0)
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
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.set_waiting(false);
                false
            }
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
            .find_map(|path| connect_to(Path::new(path), self.waits).ok());
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

fn connect_to(path: &Path, waits: bool) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    let_wait(&socket, waits)?;
    socket.connect(path)?;
    Ok(socket)
}

fn let_wait(socket: &UnixDatagram, waits: bool) -> io::Result<()> {
    socket.set_write_timeout(Some(LONGEST_WAIT))?;
    socket.set_nonblocking(!waits)
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

    /// Formatted lines, one behind the other, and where each ends.
    fn burst(&self, lines: &[Line]) -> (Vec<u8>, Vec<usize>) {
        let (mut text, mut ends) = (Vec::new(), Vec::with_capacity(lines.len()));
        for lines in lines.chunk_by(|one, next| one.level == next.level) {
            let head = lines.first().map(|line| self.head(severity(line.level)));
            let head = head.unwrap_or_default();
            for line in lines {
                text.extend_from_slice(head.as_bytes());
                text.extend_from_slice(cut(&line.text).as_bytes());
                ends.push(text.len());
            }
        }
        (text, ends)
    }

    /// What stands before the text.
    fn head(&self, severity: Severity) -> String {
        let priority = self.facility as u32 | severity as u32;
        let (stamp, tag, pid) = (self.stamp(), &self.tag, std::process::id());
        format!("<{priority}>{stamp} {tag}[{pid}]: ", stamp = &*stamp)
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
        write!(w, "{}{message}", self.head(severity)).map_err(syslog::Error::Io)
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Error => Severity::LOG_ERR,
        Level::Warning => Severity::LOG_WARNING,
        Level::Notice => Severity::LOG_NOTICE,
        Level::Info => Severity::LOG_INFO,
        Level::Debug => Severity::LOG_DEBUG,
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
    use std::thread;

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
            waits: false,
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
    fn while_lines_may_wait_a_slow_log_gets_them_all() {
        let (mut socket, log) = socket_pair("dhcpd");
        log.set_nonblocking(false).unwrap();
        socket.set_waiting(true);
        let last = thread::spawn(move || {
            (1..2000).for_each(|_| drop(receive(&log)));
            receive(&log)
        });
        (0..1000).for_each(|number| socket.send(Level::Info, &number.to_string()));
        socket.send_all(&lines(1000));
        assert!(last.join().unwrap().ends_with("line 999"));
        assert_eq!(socket.dropped, 0);
    }

    #[test]
    fn a_log_that_takes_nothing_is_waited_for_once() {
        let (mut socket, _log) = socket_pair("dhcpd");
        socket.set_waiting(true);
        while socket.dropped == 0 {
            socket.send(Level::Info, "filler");
        }
        assert!(!socket.waits);
        let begin = Instant::now();
        socket.send(Level::Info, "lost too");
        assert!(begin.elapsed() < LONGEST_WAIT);
    }

    fn lines(count: usize) -> Vec<Line> {
        let line = |number: usize| Line {
            level: [Level::Info, Level::Error][number / 3 % 2],
            text: format!("line {number}"),
        };
        (0..count).map(line).collect()
    }

    #[test]
    fn lines_in_a_burst_arrive_as_they_do_one_by_one() {
        let (mut socket, log) = socket_pair("dhcpd");
        for count in [1, 2, batch::BATCH + 5] {
            let lines = lines(count);
            socket.send_all(&lines);
            let burst: Vec<_> = lines.iter().map(|_| receive(&log)).collect();
            let single = |line: &Line| {
                socket.send(line.level, &line.text);
                receive(&log)
            };
            // A second may begin in between.
            let timeless =
                |line: &String| [&line[..4], &line["<30>Nov 20 09:01:44".len()..]].concat();
            let single: Vec<_> = lines.iter().map(single).collect();
            let [burst, single]: [Vec<String>; 2] =
                [burst, single].map(|all| all.iter().map(timeless).collect());
            assert_eq!(burst, single);
        }
    }

    #[test]
    fn a_log_that_takes_part_of_a_burst_gets_that_in_order_and_the_count_of_the_rest() {
        let (mut socket, log) = socket_pair("dhcpd");
        let lines = lines(1000);
        socket.send_all(&lines);
        let lost = usize::try_from(socket.dropped).unwrap();
        assert!(0 < lost && lost < lines.len(), "{lost}");
        for line in lines.iter().take(lines.len() - lost) {
            assert!(receive(&log).ends_with(&format!("]: {}", line.text)));
        }
        socket.send_all(&lines[..2]);
        assert!(receive(&log).ends_with(&format!("{lost} log lines were lost")));
        assert!(receive(&log).ends_with("line 0"));
        assert!(receive(&log).ends_with("line 1"));
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
