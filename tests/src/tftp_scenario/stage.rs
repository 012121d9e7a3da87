//! Where scenarios are played: a server's and a client's namespace with a link, the server's files and its log. One stage plays
//! many scenarios, one after the other.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::still::{SocketTable, await_stillness};
use crate::failure::{Context, Failure, Result};
use crate::lab::{Log, Namespace, Scratch, Syslog};
use crate::tftp::PATIENCE;

/// Addresses of the server; the first of each family is the one that is asked.
const SERVER_ADDRESSES: [&str; 4] = [
    "10.77.0.1/24",
    "10.77.0.3/24",
    "fd77::1/64",
    // Not preferred, so that the kernel by itself answers from the first one.
    "fd77::3/64 preferred_lft 0",
];
/// Addresses that clients may have.
const CLIENT_ADDRESSES: [&str; 4] = ["10.77.0.2/24", "10.77.0.4/24", "fd77::2/64", "fd77::4/64"];
/// The largest packet on the link, unless a scenario says otherwise: no block is sent in parts.
pub(super) const LARGEST_PACKET: u32 = 65_535;
/// Where the link is known to have brought everything that was sent before.
const FENCE: &str = "10.77.0.1:9";
const FENCE_PORT: u16 = 9;
/// After so long the fence is sent once more.
const FENCE_AGAIN: Duration = Duration::from_millis(500);
/// How a log line of our own begins.
const FENCE_LINE: &str = "fence ";
/// Facility `daemon` of syslog, in the place where a message has it.
const DAEMON: u32 = 3 << 3;
const SEVERITIES: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

/// Two namespaces, a link, a log.
pub struct Stage {
    pub(super) server: Namespace,
    pub(super) client: Namespace,
    table: SocketTable,
    fence: [UdpSocket; 2],
    fences: u32,
    log: Log,
    logger: UnixDatagram,
    syslog: Syslog,
    tree: Scratch,
    /// The server that was started last.
    pub(super) process: Option<u32>,
    /// A directory, as the server sees it, that is a disk of its own with so many octets.
    pub(super) disk: Option<(String, u32)>,
    /// How long something that is expected may be missing.
    pub patience: Duration,
    /// How many times longer than written short retransmission intervals are.
    pub pace: u32,
    /// Whether ours answers from the port that requests come to.
    pub single_port: bool,
}

impl Stage {
    /// Makes all of it.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new() -> Result<Self> {
        let server = Namespace::new("tftp-server")?;
        let client = Namespace::new("tftp-client")?;
        server.add_veth("srv0", &client, "cli0")?;
        add_addresses(&server, "srv0", &SERVER_ADDRESSES)?;
        add_addresses(&client, "cli0", &CLIENT_ADDRESSES)?;
        let log = Log::default();
        let sink = log.clone();
        let syslog = Syslog::start_raw(move |message| sink.push(shown(message)))?;
        let logger = UnixDatagram::unbound().context("cannot make a socket")?;
        logger
            .connect(syslog.socket())
            .context("cannot reach the log")?;
        let mut stage = Self {
            table: SocketTable::of(&server)?,
            fence: [udp(&server, FENCE)?, udp(&client, "0.0.0.0:0")?],
            server,
            client,
            fences: 0,
            log,
            logger,
            syslog,
            tree: Scratch::new("tftp-tree")?,
            process: None,
            disk: None,
            patience: PATIENCE,
            pace: 1,
            single_port: false,
        };
        stage.set_largest_packet(LARGEST_PACKET)?;
        Ok(stage)
    }

    /// Ends what runs and makes an empty tree.
    pub(super) fn clear(&mut self) -> Result<()> {
        self.empty()?;
        self.disk = None;
        self.tree = Scratch::new("tftp-tree")?;
        Ok(())
    }

    /// Ends what runs, and waits until its ports are free: the kernel closes a killed process's sockets when the process is gone already.
    pub(super) fn empty(&mut self) -> Result<()> {
        self.server.evict();
        while self.open_ports()? != [FENCE_PORT] {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(super) fn tree_root(&self) -> &Path {
        self.tree.path()
    }

    pub(super) fn log_socket(&self) -> PathBuf {
        self.syslog.socket()
    }

    pub(super) fn set_largest_packet(&mut self, octets: u32) -> Result<()> {
        self.server.ip(&format!("link set srv0 mtu {octets}"))?;
        self.client.ip(&format!("link set cli0 mtu {octets}"))
    }

    /// The server's UDP ports.
    pub(super) fn open_ports(&mut self) -> Result<Vec<u16>> {
        let sockets = self.table.sockets()?;
        Ok(sockets.iter().map(|socket| socket.port).collect())
    }

    /// Waits until everything that was sent has arrived, everything that has arrived has been dealt with, and all that was said
    /// about it is in the log.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.fences += 1;
        let mark = self.fences.to_string();
        self.send_fence(mark.as_bytes())?;
        await_stillness(self.process, &self.server, &mut self.table)?;
        let line = format!("{FENCE_LINE}{mark}.");
        self.logger
            .send(line.as_bytes())
            .context("cannot write to the log")?;
        self.log.wait_for(&line, PATIENCE).map(drop)
    }

    /// Sends a mark over the link until it arrives: a link that has just come up may lose the first one.
    fn send_fence(&self, mark: &[u8]) -> Result<()> {
        let [here, there] = &self.fence;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            there
                .send_to(mark, FENCE)
                .context("cannot send over the link")?;
            let mut buffer = [0; 16];
            while let Ok(length) = here.recv(&mut buffer) {
                if buffer.get(..length) == Some(mark) {
                    return Ok(());
                }
            }
        }
        Err(Failure::new("the link is stuck"))
    }

    /// How many lines the log has.
    pub(super) fn log_length(&self) -> usize {
        self.log.lines().len()
    }

    /// What was logged behind the first `skip` lines.
    pub(super) fn logged_after(&self, skip: usize) -> Vec<String> {
        let lines = self.log.lines().into_iter().skip(skip);
        lines.filter(|line| !line.starts_with(FENCE_LINE)).collect()
    }
}

fn add_addresses(namespace: &Namespace, link: &str, addresses: &[&str]) -> Result<()> {
    for address in addresses {
        let broadcast = if address.contains(':') {
            "nodad"
        } else {
            "brd +"
        };
        namespace.ip(&format!("address add {address} {broadcast} dev {link}"))?;
    }
    Ok(())
}

fn udp(namespace: &Namespace, address: &str) -> Result<UdpSocket> {
    let socket = namespace.enter(|| UdpSocket::bind(address))?;
    let socket = socket.context(format!("cannot bind {address}"))?;
    socket
        .set_read_timeout(Some(FENCE_AGAIN))
        .context("cannot limit waiting")?;
    Ok(socket)
}

/// Severity and text of a message, its sender's name and process number left out. Control characters become escapes.
fn shown(message: &[u8]) -> String {
    let text = match std::str::from_utf8(message) {
        Ok(text) => text.trim_end_matches(['\n', '\0']).to_owned(),
        Err(_) => message.escape_ascii().to_string(),
    };
    let Some((priority, rest)) = text.strip_prefix('<').and_then(|text| text.split_once('>'))
    else {
        return text;
    };
    let (_sender, line) = rest.split_once("]: ").unwrap_or(("", rest));
    let line: String = line.chars().map(escape_control).collect();
    format!("{} {line}", severity(priority))
}

fn severity(priority: &str) -> String {
    let number: u32 = priority.parse().unwrap_or(u32::MAX);
    let name = usize::try_from(number % 8)
        .ok()
        .and_then(|index| SEVERITIES.get(index));
    match name {
        Some(name) if number & !7 == DAEMON => (*name).to_owned(),
        _ => format!("priority {priority}"),
    }
}

fn escape_control(letter: char) -> String {
    match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_has_its_severity_and_not_its_sender() {
        let message = b"<29>Nov 29 00:00:00 in.tftpd[12]: RRQ from 10.77.0.2 filename a\x01b\n";
        assert_eq!(
            shown(message),
            "notice RRQ from 10.77.0.2 filename a\\u{1}b"
        );
        assert_eq!(shown(b"<84>x[1]: y"), "priority 84 y");
        assert_eq!(shown(b"fence 7."), "fence 7.");
    }
}
