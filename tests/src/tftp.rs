//! A machine with a TFTP server of either subject, and a machine that asks it.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, Result};
use crate::lab::{Log, Namespace, Running, Scratch, Syslog, View};
use crate::subject::Subject;

/// How long anything that must happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Address of the server.
pub const SERVER: &str = "10.77.0.1";
/// Address of the client.
pub const CLIENT: &str = "10.77.0.2";
/// How often the kernel is asked whether the server's socket is there.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Port 69 as `/proc/net/udp` shows it.
const PORT_IN_PROC: &str = ":0045 ";

/// Two namespaces joined by a link, and a directory to serve.
#[derive(Debug)]
pub struct TftpLab {
    /// Where the server runs.
    pub server: Namespace,
    /// Where clients run.
    pub client: Namespace,
    served: Scratch,
}

impl TftpLab {
    /// Makes the link; both ends have addresses.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new() -> Result<Self> {
        let lab = Self {
            server: Namespace::new("tftp-server")?,
            client: Namespace::new("tftp-client")?,
            served: Scratch::new("tftp")?,
        };
        lab.server.add_veth("srv0", &lab.client, "cli0")?;
        lab.server.bring_up("srv0", Some(&format!("{SERVER}/24")))?;
        lab.client.bring_up("cli0", Some(&format!("{CLIENT}/24")))?;
        Ok(lab)
    }

    /// The directory that the server shows.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.served.path()
    }

    /// Puts a file with this mode into the served directory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put(&self, name: &str, content: &[u8], mode: u32) -> Result<()> {
        let path = self.served.write(name, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
            .context(format!("cannot change {}", path.display()))
    }

    /// A socket of the client, on which nothing is waited for longer than `patience`.
    ///
    /// # Errors
    /// What the system refused.
    pub fn client_socket(&self, patience: Duration) -> Result<UdpSocket> {
        let bound = self.client.enter(|| UdpSocket::bind("0.0.0.0:0"))?;
        let socket = bound.context("cannot bind the client's socket")?;
        let limited = socket.set_read_timeout(Some(patience));
        limited.context("cannot set a timeout")?;
        Ok(socket)
    }

    /// Starts the server in the foreground and waits until its socket is there. Without `words` it is locked into the served directory.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(&self, subject: Subject, words: &[&str]) -> Result<TftpServer> {
        self.start_seeing(subject, words, &View::default())
    }

    /// The same, with some paths looking different to the server.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_seeing(
        &self,
        subject: Subject,
        words: &[&str],
        view: &View,
    ) -> Result<TftpServer> {
        let log = Log::default();
        let sink = log.clone();
        let syslog = Syslog::start(move |line| sink.push(line))?;
        let mut command = Command::new(subject.tftpd()?);
        command.args(["-L", "-v", "-v"]).args(words);
        if words.is_empty() {
            command.arg("-s").arg(self.directory());
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let view = view.clone().log_to(syslog.socket());
        let process = self.server.spawn_with(&view, &mut command)?;
        let mut server = TftpServer {
            process,
            log,
            _syslog: syslog,
        };
        self.await_socket(&mut server)?;
        Ok(server)
    }

    fn await_socket(&self, server: &mut TftpServer) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_socket()? {
            let ended = server.process.child().try_wait().context("cannot wait")?;
            if ended.is_some() || Instant::now() > deadline {
                let lines = server.log.lines().join("\n");
                return Err(Failure::new(format!(
                    "it does not listen ({ended:?}):\n{lines}"
                )));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn has_socket(&self) -> Result<bool> {
        let table = self
            .server
            .enter(|| fs::read_to_string("/proc/thread-self/net/udp"))?
            .context("cannot read the socket table")?;
        Ok(table.contains(PORT_IN_PROC))
    }
}

/// A running server and what it says to syslog. It is killed when dropped.
#[derive(Debug)]
pub struct TftpServer {
    /// The process.
    pub process: Running,
    /// Its lines.
    pub log: Log,
    _syslog: Syslog,
}
