//! A link with a DHCP server of either subject at one end and a raw client at the other.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Wire;
use crate::failure::{Context, Failure, Result};
use crate::lab::{Log, Namespace, Running, Scratch, View};
use crate::subject::Subject;

/// How long anything that must happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How often a server that does not speak is asked whether it still lives.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The server's interface.
pub const SERVER_LINK: &str = "srv0";
/// The client's interface.
pub const CLIENT_LINK: &str = "cli0";
/// The server's bridge in a lab that has one.
pub const BRIDGE: &str = "br0";
/// The other interface of the clients in a lab with a bridge.
pub const SECOND_CLIENT_LINK: &str = "cli1";
/// Hardware address of the server's interface, the same in every run, since log lines show it.
pub const SERVER_MAC: &str = "02:00:00:00:99:01";

/// Two namespaces joined by a link, and files for one server.
#[derive(Debug)]
pub struct DhcpLab {
    /// Where the server runs.
    pub server: Namespace,
    /// Where clients run.
    pub client: Namespace,
    files: Scratch,
}

impl DhcpLab {
    /// Makes the link; the server's end has `address` (with prefix length) and a route to everywhere over `router`.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new(address: &str, router: &str) -> Result<Self> {
        let lab = Self {
            server: Namespace::new("dhcp-server")?,
            client: Namespace::new("dhcp-client")?,
            files: Scratch::new("dhcp")?,
        };
        lab.add_link(SERVER_LINK, CLIENT_LINK, SERVER_MAC, &[address])?;
        lab.server.ip(&format!("route add default via {router}"))?;
        lab.files.write("leases", "")?;
        Ok(lab)
    }

    /// A lab whose server is on a bridge with two ports, so that what comes and goes through one does not fill the other. The bridge has
    /// [`SERVER_MAC`] and `address` (with prefix length), and there is no route to elsewhere.
    ///
    /// # Errors
    /// What the system refused.
    pub fn bridged(address: &str) -> Result<Self> {
        const SECOND_PORT: &str = "srv1";
        let lab = Self {
            server: Namespace::new("dhcp-server")?,
            client: Namespace::new("dhcp-client")?,
            files: Scratch::new("dhcp")?,
        };
        lab.server.add_bridge(BRIDGE, None)?;
        lab.server
            .ip(&format!("link set {BRIDGE} address {SERVER_MAC}"))?;
        for (port, peer) in [
            (SERVER_LINK, CLIENT_LINK),
            (SECOND_PORT, SECOND_CLIENT_LINK),
        ] {
            lab.server.add_veth(port, &lab.client, peer)?;
            lab.server.attach(port, BRIDGE)?;
        }
        lab.server.bring_up(BRIDGE, Some(address))?;
        lab.files.write("leases", "")?;
        Ok(lab)
    }

    /// Joins the two namespaces by a link; the server's end has this hardware address and these addresses, each with prefix length.
    ///
    /// # Errors
    /// What the system refused.
    pub fn add_link(
        &self,
        server: &str,
        client: &str,
        mac: &str,
        addresses: &[&str],
    ) -> Result<()> {
        self.server.add_veth(server, &self.client, client)?;
        self.server
            .ip(&format!("link set {server} address {mac}"))?;
        addresses
            .iter()
            .try_for_each(|address| self.server.bring_up(server, Some(address)))
    }

    /// Opens the client's end.
    ///
    /// # Errors
    /// What the system refused.
    pub fn wire(&self) -> Result<Wire> {
        Wire::open(&self.client, CLIENT_LINK)
    }

    /// Where the server's files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.files.path()
    }

    /// Where the lease file is.
    #[must_use]
    pub fn lease_file(&self) -> PathBuf {
        self.files.path().join("leases")
    }

    /// Where the configuration is, once it is written.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.files.path().join("dhcpd.conf")
    }

    /// Writes the configuration.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn configure(&self, text: &str) -> Result<()> {
        self.files.write("dhcpd.conf", text).map(drop)
    }

    /// Puts a text where the server looks for its leases.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put_leases(&self, text: &str) -> Result<()> {
        self.files.write("leases", text).map(drop)
    }

    /// What the server has written.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_leases(&self) -> Result<String> {
        self.read_leases_copy("")
    }

    /// The same with `suffix` behind the file's name: `~` for what the last rewriting replaced.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_leases_copy(&self, suffix: &str) -> Result<String> {
        let path = self.files.path().join(format!("leases{suffix}"));
        std::fs::read_to_string(path).context("cannot read the lease file")
    }

    /// Starts the server in the foreground on its link and waits until it serves.
    ///
    /// # Errors
    /// If it does not start; the message holds what it said.
    pub fn start(&self, subject: Subject) -> Result<DhcpServer> {
        self.start_on(subject, &[SERVER_LINK])
    }

    /// Like [`DhcpLab::start`], on the links named, or on all that it finds if none is.
    ///
    /// # Errors
    /// If it does not start; the message holds what it said.
    pub fn start_on(&self, subject: Subject, links: &[&str]) -> Result<DhcpServer> {
        let mut command = self.command(subject)?;
        command.args(links);
        self.launch(command)
    }

    /// Runs a server's command line in the foreground and waits until it serves.
    ///
    /// # Errors
    /// If it does not start; the message holds what it said.
    pub fn launch(&self, command: Command) -> Result<DhcpServer> {
        self.launch_with(&View::default(), command)
    }

    /// Like [`DhcpLab::launch`], with some paths looking different to the server.
    ///
    /// # Errors
    /// If it does not start; the message holds what it said.
    pub fn launch_with(&self, view: &View, mut command: Command) -> Result<DhcpServer> {
        let mut server = DhcpServer::spawn(&self.server, view, command.arg("-d"))?;
        server.await_start(PATIENCE)?;
        Ok(server)
    }

    /// Like [`DhcpLab::start`], for a start that has much to do.
    ///
    /// # Errors
    /// If it does not start in time; the message holds what it said.
    pub fn start_within(&self, patience: Duration, subject: Subject) -> Result<DhcpServer> {
        let mut command = self.command(subject)?;
        command.args(["-d", SERVER_LINK]);
        let mut server = DhcpServer::spawn(&self.server, &View::default(), &mut command)?;
        server.await_start(patience)?;
        Ok(server)
    }

    /// The server's command line with this lab's files, without mode and interfaces.
    ///
    /// # Errors
    /// If the subject is not there.
    pub fn command(&self, subject: Subject) -> Result<Command> {
        let mut command = Command::new(subject.dhcpd()?);
        command
            .arg("-cf")
            .arg(self.config_file())
            .arg("-lf")
            .arg(self.lease_file())
            .arg("--no-pid");
        Ok(command)
    }
}

/// A running server and what it says. It is killed when dropped.
#[derive(Debug)]
pub struct DhcpServer {
    /// The process.
    pub process: Running,
    /// Its lines on standard error.
    pub log: Log,
}

impl DhcpServer {
    fn spawn(namespace: &Namespace, view: &View, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = namespace.spawn_with(view, command.stderr(Stdio::piped()))?;
        let log = Log::default();
        if let Some(errors) = process.child().stderr.take() {
            log.follow(errors);
        }
        Ok(Self { process, log })
    }

    /// Waits until it says that it serves; not longer than it lives.
    fn await_start(&mut self, patience: Duration) -> Result<()> {
        const READY: &str = "Server starting service.";
        let deadline = Instant::now() + patience;
        while self.log.wait_for(READY, LOOK_AGAIN).is_err() {
            let ended = self.process.child().try_wait().context("cannot wait")?;
            if let Some(status) = ended {
                let lines = self.log.lines().join("\n");
                return Err(Failure::new(format!("it ended with {status}:\n{lines}")));
            }
            if Instant::now() > deadline {
                return self.log.wait_for(READY, Duration::ZERO).map(drop);
            }
        }
        Ok(())
    }
}
