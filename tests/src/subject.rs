//! Who is tested: the original daemons or ours, chosen by the environment variable `SUBJECT` (`isc` or `hpa`, `ours`; both when unset).

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::failure::{Context, Failure, Result};

/// One of the two implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// ISC dhcpd and tftpd-hpa, as the distribution installs them.
    Original,
    /// rdhcpd and rtftpd, built from this workspace (or named by `RDHCPD` and `RTFTPD`).
    Ours,
}

impl Subject {
    /// The subjects that this run asks for.
    #[must_use]
    pub fn chosen() -> Vec<Self> {
        match env::var("SUBJECT").as_deref() {
            Ok("isc" | "hpa") => vec![Self::Original],
            Ok("ours") => vec![Self::Ours],
            _ => vec![Self::Original, Self::Ours],
        }
    }

    /// Its DHCP server.
    ///
    /// # Errors
    /// If the original is not installed or ours does not build.
    pub fn dhcpd(self) -> Result<PathBuf> {
        match self {
            Self::Original => installed("/usr/sbin/dhcpd", "isc-dhcp-server"),
            Self::Ours => built("RDHCPD", "rdhcpd"),
        }
    }

    /// Its TFTP server.
    ///
    /// # Errors
    /// If the original is not installed or ours does not build.
    pub fn tftpd(self) -> Result<PathBuf> {
        match self {
            Self::Original => installed("/usr/sbin/in.tftpd", "tftpd-hpa"),
            Self::Ours => built("RTFTPD", "rtftpd"),
        }
    }

    /// Whether it can be tested here at all; says so when not. Ours always can.
    #[must_use]
    pub fn is_at_hand(self, program: fn(Self) -> Result<PathBuf>) -> bool {
        match (self, program(self)) {
            (Self::Original, Err(reason)) => {
                skip(&reason.to_string());
                false
            }
            _ => true,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Original => "original",
            Self::Ours => "ours",
        })
    }
}

/// Says that the present test did not happen, or not whole, past the capture of the test harness, so that `tests/run` counts it
/// as skipped and not as passed.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody is left to tell when the terminal is gone.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {reason}");
}

/// A program of the distribution, when it is there; otherwise the test that needs it is named as skipped.
#[must_use]
pub fn tool(candidates: &[&str], package: &str) -> Option<PathBuf> {
    let found = candidates
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists());
    if found.is_none() {
        let names = candidates.join(" or ");
        skip(&format!("{names} is not installed (package {package})"));
    }
    found
}

fn installed(path: &str, package: &str) -> Result<PathBuf> {
    let path = Path::new(path);
    if path.exists() {
        return Ok(path.to_owned());
    }
    let shown = path.display();
    Err(Failure::new(format!(
        "{shown} is not installed (package {package})"
    )))
}

fn built(variable: &str, name: &str) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(path.into());
    }
    static DIRECTORY: OnceLock<Result<PathBuf>> = OnceLock::new();
    DIRECTORY
        .get_or_init(build_both)
        .clone()
        .map(|directory| directory.join(name))
}

/// Builds both daemons once, so that a test never meets a stale binary; returns where they are.
fn build_both() -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "dhcpd",
            "--package",
            "tftpd",
        ])
        .current_dir(&root)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("the daemons do not build:\n{said}")));
    }
    target_directory()
}

/// The daemons are in `TARGET/PROFILE`, where programs run from too; tests run from `deps` in there.
fn target_directory() -> Result<PathBuf> {
    let own = env::current_exe().context("cannot find the test binary")?;
    own.ancestors()
        .skip(1)
        .find(|directory| !directory.ends_with("deps"))
        .map(Path::to_owned)
        .ok_or_else(|| Failure::new("the test binary is in no target directory"))
}
