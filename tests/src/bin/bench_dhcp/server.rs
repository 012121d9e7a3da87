//! The servers that are compared: how each is configured, started, asked whether it is there, and what it has cost.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::Signal;
use tests::failure::{Context, Failure, Result};
use tests::lab::{Running, Scratch};

use super::disk::Disk;
use super::site::{CLIENT, SERVER, SERVER_LINK, Site};

/// How long a server may take from its start to its first answer: a million leases take the original long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long a server may take to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// The library that moves a program's clock, of Debian's package libfaketime.
pub const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// How often a starting server is asked whether it is there.
const KNOCK_EVERY: Duration = Duration::from_millis(5);

/// One of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// rdhcpd.
    Ours,
    /// ISC dhcpd.
    Isc,
    /// Kea with so many packet threads; 0 is its mode without threads.
    Kea(u32),
    /// dnsmasq.
    Dnsmasq,
}

impl Kind {
    /// All that are compared; ISC first, since the others are measured by it.
    pub const ALL: [Self; 5] = [
        Self::Isc,
        Self::Ours,
        Self::Kea(0),
        Self::Kea(2),
        Self::Dnsmasq,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "rdhcpd",
            Self::Isc => "ISC dhcpd",
            Self::Kea(0) => "Kea, 1 thread",
            Self::Kea(_) => "Kea, threads",
            Self::Dnsmasq => "dnsmasq",
        }
    }

    /// True if it reads ISC's lease file.
    pub fn reads_isc_leases(self) -> bool {
        matches!(self, Self::Ours | Self::Isc)
    }
}

/// Addresses that a server gives out: the first `size` from 10.16.0.0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// How many there are.
    pub size: u32,
}

impl Pool {
    const FIRST: Ipv4Addr = Ipv4Addr::new(10, 16, 0, 0);

    /// The address with this number.
    pub fn address(self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(Self::FIRST.to_bits() + number % self.size)
    }

    fn last(self) -> Ipv4Addr {
        self.address(self.size - 1)
    }
}

/// How a server is started.
#[derive(Clone, Copy, Debug)]
pub struct Start<'s> {
    /// Which one.
    pub kind: Kind,
    /// What it gives out.
    pub pool: Pool,
    /// A lease file to begin with.
    pub leases: Option<&'s Path>,
    /// A file that says how far its clock is ahead (`+0`), in the language of libfaketime.
    pub clock: Option<&'s Path>,
    /// What its files are on.
    pub disk: Disk,
}

impl Start<'_> {
    /// With nothing leased, and the machine's own clock and disk.
    pub fn new(kind: Kind, pool: Pool) -> Self {
        Self {
            kind,
            pool,
            leases: None,
            clock: None,
            disk: Disk::Real,
        }
    }
}

/// A server that answers.
pub struct Serving {
    running: Running,
    /// From its start to its first answer.
    pub ready_after: Duration,
    files: Scratch,
}

/// What a process has used of a processor, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage(pub f64);

/// Paths of the programs.
#[derive(Clone, Debug)]
pub struct Programs {
    /// rdhcpd.
    pub ours: PathBuf,
}

impl Programs {
    /// Where a program is; `None` if it is not installed.
    pub fn find(&self, kind: Kind) -> Option<PathBuf> {
        let path = match kind {
            Kind::Ours => self.ours.clone(),
            Kind::Isc => "/usr/sbin/dhcpd".into(),
            Kind::Kea(_) => "/usr/sbin/kea-dhcp4".into(),
            Kind::Dnsmasq => "/usr/sbin/dnsmasq".into(),
        };
        path.exists().then_some(path)
    }

    /// Starts a server in the site's namespace and waits for its first answer.
    pub fn start(&self, start: &Start<'_>, site: &Site) -> Result<Serving> {
        let Start { kind, pool, .. } = *start;
        let missing = || Failure::new(format!("{} is not installed", kind.name()));
        let program = self.find(kind).ok_or_else(missing)?;
        let files = site.files("server")?;
        let lease_file = files.path().join("leases");
        match start.leases {
            Some(leases) => drop(fs::copy(leases, &lease_file).context("cannot copy leases")?),
            None => fs::write(&lease_file, "").context("cannot make a lease file")?,
        }
        let configuration =
            files.write("configuration", configuration(kind, pool, files.path()))?;
        let errors = fs::File::create(files.path().join("errors")).context("no file for errors")?;
        let mut command = start.disk.command(&program);
        arguments(&mut command, kind, &configuration, files.path());
        command
            .env("KEA_PIDFILE_DIR", files.path())
            .env("KEA_LOCKFILE_DIR", "none")
            .stdin(Stdio::null())
            .stdout(errors.try_clone().context("no file for output")?)
            .stderr(errors);
        if let Some(clock) = start.clock {
            command
                .env("LD_PRELOAD", FAKETIME)
                .env("FAKETIME_TIMESTAMP_FILE", clock)
                // All clocks move: ours would follow the one on the wall alone only slowly.
                .env("FAKETIME_NO_CACHE", "1");
            if kind == Kind::Ours {
                // The library reads its file from inside the server.
                command.arg("--no-sandbox");
            }
        }
        let begin = Instant::now();
        let mut running = site.spawn_server(&mut command)?;
        let answered = knock(site, &mut running);
        let ready_after = begin.elapsed();
        if let Err(failure) = answered {
            let said = fs::read_to_string(files.path().join("errors")).unwrap_or_default();
            return Err(failure).context(format!("{}: {}", kind.name(), said.trim()));
        }
        Ok(Serving {
            running,
            ready_after,
            files,
        })
    }
}

impl Serving {
    /// What the server, its threads and its ended children have used so far.
    pub fn usage(&self) -> Usage {
        let stat = fs::read_to_string(self.proc("stat")).unwrap_or_default();
        // The name of the program, in parentheses, may hold blanks; the fields behind it do not.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = fields.split_whitespace().skip(11).take(4);
        let ticks: f64 = ticks.filter_map(|text| text.parse::<f64>().ok()).sum();
        Usage(ticks / TICKS_PER_SECOND)
    }

    /// The most memory that it had so far, in megabytes.
    pub fn peak_megabytes(&self) -> f64 {
        self.megabytes("VmHWM:")
    }

    /// The memory that it has now, in megabytes.
    pub fn megabytes_now(&self) -> f64 {
        self.megabytes("VmRSS:")
    }

    /// The number of its lease file in the file system: another one after each rewrite.
    pub fn lease_file_number(&self) -> Result<u64> {
        let path = self.files.path().join("leases");
        let file = fs::metadata(&path).context(path.display())?;
        Ok(file.ino())
    }

    fn megabytes(&self, field: &str) -> f64 {
        let status = fs::read_to_string(self.proc("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().next());
        let kilobytes: Option<f64> = number.and_then(|number| number.parse().ok());
        kilobytes.unwrap_or(f64::NAN) / 1024.0
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.running.identity().pid())
    }

    /// Ends it and waits until it is gone.
    pub fn end(mut self) -> Result<()> {
        self.running.signal(Signal::SIGTERM)?;
        let begin = Instant::now();
        while begin.elapsed() < FAREWELL {
            let ended = self.running.child().try_wait();
            if ended.context("cannot wait for a server")?.is_some() {
                return Ok(());
            }
            thread::sleep(KNOCK_EVERY);
        }
        Ok(()) // dropping it kills it
    }
}

/// Of the kernel's clock for processes, on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Asks for an address, as a relay agent would for a client, until an answer comes.
fn knock(site: &Site, running: &mut Running) -> Result<()> {
    let socket = site
        .in_client(|| UdpSocket::bind((CLIENT, 67)))?
        .context("cannot bind the client's socket")?;
    let timeout = socket.set_read_timeout(Some(KNOCK_EVERY));
    timeout.context("cannot set a timeout")?;
    let begin = Instant::now();
    let mut buffer = [0; 1500];
    while begin.elapsed() < PATIENCE {
        // Until the server listens, nobody does: an error is as good as silence.
        let _ = socket.send_to(&discover(), (SERVER, 67));
        if socket.recv(&mut buffer).is_ok_and(|length| length > 240) {
            return Ok(());
        }
        let ended = running.child().try_wait().context("cannot wait")?;
        if let Some(status) = ended {
            return Err(Failure::new(format!("ended at its start: {status}")));
        }
    }
    Err(Failure::new(format!("no answer within {PATIENCE:?}")))
}

/// A relayed DHCPDISCOVER of a client that no load has (RFC 2131, section 2).
fn discover() -> Vec<u8> {
    let mut bytes = vec![1, 1, 6, 1, 0x6b, 0x6e, 0x6f, 0x63];
    bytes.resize(24, 0);
    bytes.extend(CLIENT.octets());
    bytes.extend([2, 0x6b, 0x6e, 0x6f, 0x63, 0x6b]);
    bytes.resize(236, 0);
    bytes.extend([99, 130, 83, 99, 53, 1, 1, 255]);
    bytes.resize(300, 0);
    bytes
}

fn arguments(command: &mut Command, kind: Kind, configuration: &Path, files: &Path) {
    match kind {
        Kind::Ours | Kind::Isc => {
            command.args(["-q", "-f", "-4", "-cf"]).arg(configuration);
            command.arg("-lf").arg(files.join("leases"));
            command.arg("-pf").arg(files.join("pid")).arg(SERVER_LINK);
        }
        Kind::Kea(_) => drop(command.arg("-c").arg(configuration)),
        Kind::Dnsmasq => {
            command.arg("--keep-in-foreground");
            command.arg(format!("--conf-file={}", configuration.display()));
        }
    }
}

fn configuration(kind: Kind, pool: Pool, files: &Path) -> String {
    match kind {
        Kind::Ours | Kind::Isc => isc_configuration(pool),
        Kind::Kea(threads) => kea_configuration(pool, threads, files),
        Kind::Dnsmasq => dnsmasq_configuration(pool, files),
    }
}

/// Every exchange is written: `dhcp-cache-threshold` would let the servers that have it answer renewals from memory.
fn isc_configuration(pool: Pool) -> String {
    let (first, last) = (pool.address(0), pool.last());
    format!(
        "authoritative;\nddns-update-style none;\nping-check false;\ndhcp-cache-threshold 0;\n\
         default-lease-time 86400;\nmax-lease-time 86400;\n\
         subnet 10.0.0.0 netmask 255.0.0.0 {{\n  range {first} {last};\n  option routers {SERVER};\n  \
         option domain-name-servers {SERVER};\n  option domain-name \"example.org\";\n}}\n"
    )
}

fn kea_configuration(pool: Pool, threads: u32, files: &Path) -> String {
    let (first, last) = (pool.address(0), pool.last());
    let files = files.display();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#"{{ "Dhcp4": {{
  "interfaces-config": {{ "interfaces": ["{SERVER_LINK}"], "dhcp-socket-type": "udp" }},
  "lease-database": {{ "type": "memfile", "persist": true, "name": "{files}/kea.csv", "lfc-interval": 0 }},
  "multi-threading": {{ "enable-multi-threading": {}, "thread-pool-size": {threads}, "packet-queue-size": 64 }},
  "valid-lifetime": 86400, "authoritative": true,
  "loggers": [{{ "name": "kea-dhcp4", "severity": "INFO", "output_options": [{{ "output": "{files}/kea.log" }}] }}],
  "subnet4": [{{ "subnet": "10.0.0.0/8", "pools": [{{ "pool": "{first} - {last}" }}],
    "option-data": [
      {{ "name": "routers", "data": "{SERVER}" }},
      {{ "name": "domain-name-servers", "data": "{SERVER}" }},
      {{ "name": "domain-name", "data": "example.org" }} ] }}]
}} }}
"#,
        threads > 0
    );
    text
}

/// Its limit of 1000 leases is raised to the pool's size.
fn dnsmasq_configuration(pool: Pool, files: &Path) -> String {
    let (first, last) = (pool.address(0), pool.last());
    let (size, files) = (pool.size, files.display());
    format!(
        "port=0\ninterface={SERVER_LINK}\nno-ping\nlog-dhcp\nuser=root\npid-file={files}/pid\n\
         dhcp-leasefile={files}/dnsmasq.leases\ndhcp-lease-max={size}\ndhcp-authoritative\n\
         dhcp-range={first},{last},255.0.0.0,24h\ndhcp-option=3,{SERVER}\ndhcp-option=6,{SERVER}\n\
         dhcp-option=15,example.org\n"
    )
}
