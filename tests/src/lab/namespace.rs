//! Network namespaces that vanish with everything in them when they are dropped, and at the next start if their owner was killed.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

use super::identity::Identity;
use super::process::Running;
use super::view::View;
use crate::failure::{Context, Failure, Result};

const DIRECTORY: &str = "/run/netns";
const PREFIX: &str = "rdhcpd-lab.";

/// A network namespace. `ip netns list` shows it, so a person can look into a running lab.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    kind: Kind,
}

/// What becomes of it when the value is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Removed with everything inside.
    Owned,
    /// Left as it is, for a later process.
    Lasting,
    /// Not a namespace of ours at all: the machine's own network.
    Machine,
}

impl Namespace {
    /// Makes a namespace with its loopback up. It is removed when dropped, with every process in it;
    /// first the ones that killed runs have left behind are removed.
    ///
    /// # Errors
    /// Without root or without iproute2.
    pub fn new(label: &str) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        remove_stale()?;
        let owner = Identity::own()?;
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let namespace = Self::create(format!("{PREFIX}{label}.{owner}.{count}"), Kind::Owned)?;
        Ok(namespace)
    }

    /// Makes a namespace that outlives this process, under a name of the caller's choice.
    ///
    /// # Errors
    /// As [`Namespace::new`], and when the name is taken.
    pub fn new_lasting(name: &str) -> Result<Self> {
        Self::create(name.to_owned(), Kind::Lasting)
    }

    /// Takes up a lasting namespace again. Dropping the value changes nothing.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn open(name: &str) -> Result<Self> {
        let namespace = Self {
            name: name.to_owned(),
            kind: Kind::Lasting,
        };
        fs::metadata(namespace.path()).context(format!("no namespace {name}"))?;
        Ok(namespace)
    }

    /// Removes it with every process in it, lasting or not.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn remove(self) -> Result<()> {
        kill_inhabitants(&self.path());
        ip(&format!("netns delete {}", self.name))
    }

    /// The network that this process is in: what is made there stays there.
    #[must_use]
    pub fn machine() -> Self {
        Self {
            name: String::new(),
            kind: Kind::Machine,
        }
    }

    /// The name that `ip netns exec` takes; empty for the machine's own network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread inside the namespace: sockets it opens and processes it starts belong there for good.
    ///
    /// # Errors
    /// If the namespace cannot be entered; a panic of `work` is passed on.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.enter_with(&View::default(), work)
    }

    /// Like [`Namespace::enter`], with some paths looking different to `work` and what it starts.
    ///
    /// # Errors
    /// If the namespace cannot be entered or a mount fails.
    pub fn enter_with<T: Send>(&self, view: &View, work: impl FnOnce() -> T + Send) -> Result<T> {
        let door = File::open(self.path()).context(format!("cannot open {}", self.name))?;
        let inside = || {
            setns(&door, CloneFlags::CLONE_NEWNET)
                .context(format!("cannot enter {}", self.name))?;
            view.take_on()?;
            Ok(work())
        };
        thread::scope(|scope| match scope.spawn(inside).join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Starts a program inside, in a process group of its own; it is killed when the returned value is dropped.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(&self, command: &mut Command) -> Result<Running> {
        self.spawn_with(&View::default(), command)
    }

    /// Like [`Namespace::spawn`], with some paths looking different to the program.
    ///
    /// # Errors
    /// If it cannot be started or a mount fails.
    pub fn spawn_with(&self, view: &View, command: &mut Command) -> Result<Running> {
        self.enter_with(view, || Running::spawn(command))?
    }

    /// Runs a program inside to its end.
    ///
    /// # Errors
    /// If it cannot be started. How it ended is in the output's status.
    pub fn output(&self, command: &mut Command) -> Result<Output> {
        let name = command.get_program().to_string_lossy().into_owned();
        self.enter(|| command.output())?
            .context(format!("cannot run {name}"))
    }

    /// Runs `ip` inside, with words separated by blanks.
    ///
    /// # Errors
    /// What `ip` said, if it did not succeed.
    pub fn ip(&self, words: &str) -> Result<()> {
        match self.kind {
            Kind::Machine => ip(words),
            Kind::Owned | Kind::Lasting => ip(&format!("-n {} {words}", self.name)),
        }
    }

    /// The processes inside.
    #[must_use]
    pub fn inhabitants(&self) -> Vec<u32> {
        inhabitants(&self.path())
    }

    /// Kills every process inside, and returns when they are gone.
    pub fn evict(&self) {
        while !self.inhabitants().is_empty() {
            kill_inhabitants(&self.path());
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn create(name: String, kind: Kind) -> Result<Self> {
        ip(&format!("netns add {name}"))?;
        let namespace = Self { name, kind };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    fn path(&self) -> PathBuf {
        match self.kind {
            Kind::Machine => PathBuf::from("/proc/self/ns/net"),
            Kind::Owned | Kind::Lasting => Path::new(DIRECTORY).join(&self.name),
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if self.kind != Kind::Owned {
            return;
        }
        kill_inhabitants(&self.path());
        // Nothing can be done about a failure here; the next run's stale sweep tries again.
        let _ = ip(&format!("netns delete {}", self.name));
    }
}

/// Removes the namespaces of owners that no longer live, with what still runs inside.
///
/// # Errors
/// If `/run/netns` cannot be read.
pub fn remove_stale() -> Result<()> {
    let Ok(entries) = fs::read_dir(DIRECTORY) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.context(format!("cannot read {DIRECTORY}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if owner(&name).is_some_and(|owner| !owner.is_alive()) {
            let kind = Kind::Owned;
            drop(Namespace { name, kind });
        }
    }
    Ok(())
}

/// Runs `ip` on the real machine, with words separated by blanks.
///
/// # Errors
/// What `ip` said, if it did not succeed.
pub fn ip(words: &str) -> Result<()> {
    let output = Command::new("ip")
        .args(words.split_whitespace())
        .output()
        .context("cannot run ip (package iproute2)")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("ip {words}: {}", said.trim())))
}

/// Whose namespace it is, if its name says that this library made it.
fn owner(name: &str) -> Option<Identity> {
    let (rest, _count) = name.strip_prefix(PREFIX)?.rsplit_once('.')?;
    let (_label, owner) = rest.rsplit_once('.')?;
    owner.parse().ok()
}

/// Kills what lives in a namespace that this library made: nothing gets there but by the library or by following its processes.
fn kill_inhabitants(namespace: &Path) {
    for pid in inhabitants(namespace) {
        if let Ok(process) = Identity::of(pid) {
            process.kill();
        }
    }
}

/// The processes in a namespace, without this one.
fn inhabitants(namespace: &Path) -> Vec<u32> {
    let Ok(wanted) = fs::metadata(namespace) else {
        return Vec::new();
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let lives_there = |pid: &u32| {
        fs::metadata(format!("/proc/{pid}/ns/net"))
            .is_ok_and(|seen| (seen.dev(), seen.ino()) == (wanted.dev(), wanted.ino()))
    };
    let own = std::process::id();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != own)
        .filter(lives_there)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_owner_back() {
        let own = Identity::own().unwrap();
        assert_eq!(owner(&format!("{PREFIX}a.b.{own}.7")), Some(own));
    }

    #[test]
    fn a_name_of_somebody_else_has_no_owner() {
        assert_eq!(owner("vpn"), None);
        assert_eq!(owner("rdhcpd-lab.br0"), None);
    }

    #[test]
    #[ignore = "needs root"]
    fn a_dropped_namespace_takes_its_processes_with_it() {
        let namespace = Namespace::new("drop").unwrap();
        let mut child = namespace
            .enter(|| Command::new("sleep").arg("1000").spawn())
            .unwrap()
            .unwrap();
        let path = namespace.path();
        drop(namespace);
        assert!(!child.wait().unwrap().success());
        assert!(!path.exists());
    }

    #[test]
    #[ignore = "needs root"]
    fn a_namespace_of_a_dead_owner_is_swept_away() {
        let mut short = Command::new("true").spawn().unwrap();
        let owner = Identity::of(short.id()).unwrap();
        short.wait().unwrap();
        let name = format!("{PREFIX}stale.{owner}.0");
        ip(&format!("netns add {name}")).unwrap();
        remove_stale().unwrap();
        assert!(!Path::new(DIRECTORY).join(name).exists());
    }
}
