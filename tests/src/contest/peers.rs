//! The servers, and how each is told to serve the same directory on the same address.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::meter::Meter;
use crate::failure::{Failure, Result};
use crate::lab::Running;
use crate::load::{PATTERN, content, first_block, tiny_name};
use crate::tftp::{PATIENCE, SERVER, TftpLab};

/// How many small files there are.
pub const TINY_FILES: usize = 2000;
/// Bytes in each of them.
pub const TINY_SIZE: usize = 400;
/// How long a server that has just started may be silent at a time.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);
const PORT: u16 = 69;

/// A server.
pub struct Peer {
    /// What the tables call it.
    pub name: &'static str,
    /// Where it is, from cargo's target directory on.
    pub program: &'static str,
    /// Its words for a directory.
    pub words: fn(&str) -> Vec<String>,
    /// Whether it takes files.
    pub writes: bool,
    /// Whether it knows windows.
    pub windows: bool,
}

/// All servers; ours is the first.
pub const PEERS: [Peer; 5] = [
    Peer {
        name: "rtftpd",
        program: "release/rtftpd",
        words: |directory| {
            // All clients of a load have one address.
            let all_for_one = "--max-transfers-per-client=16384";
            words(&["-L", "-c", "-a", SERVER, all_for_one, "-s", directory])
        },
        writes: true,
        windows: true,
    },
    Peer {
        name: "in.tftpd",
        program: "/usr/sbin/in.tftpd",
        words: |directory| words(&["-L", "-c", "-a", SERVER, "-s", directory]),
        writes: true,
        windows: false,
    },
    Peer {
        name: "dnsmasq",
        program: "/usr/sbin/dnsmasq",
        words: |directory| {
            let fixed = "--keep-in-foreground --port=0 --conf-file=/dev/null --pid-file= --quiet-tftp --enable-tftp \
                         --tftp-max=20000 --bind-interfaces";
            let mut words = words(&fixed.split_whitespace().collect::<Vec<_>>());
            words.push(format!("--listen-address={SERVER}"));
            words.push(format!("--tftp-root={directory}"));
            words
        },
        writes: false,
        windows: false,
    },
    Peer {
        name: "atftpd",
        program: "unpacked/atftpd/usr/sbin/atftpd",
        words: |directory| {
            let fixed = "--daemon --no-fork --maxthread 20000 --verbose=0 --logfile /dev/null --user root.root";
            let mut words = words(&fixed.split_whitespace().collect::<Vec<_>>());
            words.extend(["--bind-address", SERVER, directory].map(str::to_owned));
            words
        },
        writes: true,
        windows: true,
    },
    Peer {
        name: "tftpd crate",
        program: "peers/bin/tftpd",
        words: |directory| words(&["-q", "--overwrite", "-i", SERVER, "-d", directory]),
        writes: true,
        windows: true,
    },
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Two namespaces, and a directory with the files that the loads ask for.
pub struct Arena {
    lab: TftpLab,
    target: PathBuf,
}

/// A running server and what it costs.
pub struct Contestant {
    /// Its consumption.
    pub meter: Meter,
    _process: Running,
}

impl Arena {
    /// Makes network and files. `target` is cargo's directory, with what was built and unpacked there.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new(target: &Path) -> Result<Self> {
        let lab = TftpLab::new()?;
        for number in 0..TINY_FILES {
            lab.put(&tiny_name(number), content(0, TINY_SIZE), 0o644)?;
        }
        Ok(Self {
            lab,
            target: target.to_owned(),
        })
    }

    /// Where servers listen.
    ///
    /// # Panics
    /// Never: the address is a literal.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let address: std::net::IpAddr = SERVER.parse().unwrap_or([0; 4].into());
        SocketAddr::new(address, PORT)
    }

    /// Puts a file of so many bytes into the directory, and one for each client that will write.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn prepare(&self, name: &str, size: usize, writers: usize) -> Result<()> {
        let mut whole = Vec::with_capacity(size);
        while whole.len() < size {
            whole.extend_from_slice(content(0, PATTERN.min(size - whole.len())));
        }
        self.lab.put(name, &whole, 0o644)?;
        for writer in 0..writers {
            self.lab.put(&format!("upload-{writer}"), b"", 0o666)?;
        }
        Ok(())
    }

    /// True if the server is installed here.
    #[must_use]
    pub fn has(&self, peer: &Peer) -> bool {
        self.program(peer).exists()
    }

    fn program(&self, peer: &Peer) -> PathBuf {
        self.target.join(peer.program)
    }

    /// Starts a server and comes back when it answers.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(&self, peer: &Peer) -> Result<Contestant> {
        let meter = Meter::new()?;
        let directory = self.lab.directory().to_string_lossy().into_owned();
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo $$ >\"$0\"; exec \"$@\""])
            .arg(meter.door())
            .arg(self.program(peer))
            .args((peer.words)(&directory))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = self.lab.server.spawn(&mut command)?;
        self.await_answer(peer)?;
        Ok(Contestant {
            meter,
            _process: process,
        })
    }

    fn await_answer(&self, peer: &Peer) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let answer = || first_block(self.address(), &tiny_name(0), BETWEEN_ATTEMPTS);
            if self.lab.client.enter(answer)?.is_ok() {
                return Ok(());
            }
        }
        Err(Failure::new(format!("{} does not answer", peer.name)))
    }

    /// Runs `work` where the clients are.
    ///
    /// # Errors
    /// Those of `work`, and if the namespace cannot be entered.
    pub fn among_clients<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.lab.client.enter(work)?
    }
}
