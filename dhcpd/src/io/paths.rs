//! Where the server's files are: command line before environment before what is built in. The configuration, which
//! beats them all, is not read yet.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Fatal;
use crate::cli::Options;
use crate::config::Family;
use crate::words;

/// The files of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paths {
    pub(super) config: PathBuf,
    pub(super) leases: PathBuf,
    pub(super) pid_file: PathBuf,
}

/// Environment variables and built-in paths of a family.
struct Defaults {
    leases: (&'static str, &'static str),
    pid_file: (&'static str, &'static str),
}

/// Those of Debian's package of the original.
#[cfg(target_os = "linux")]
mod built_in {
    use super::Defaults;

    pub(super) const CONFIG: &str = "/etc/dhcp/dhcpd.conf";
    pub(super) const DHCPV4: Defaults = Defaults {
        leases: ("PATH_DHCPD_DB", "/var/lib/dhcp/dhcpd.leases"),
        pid_file: ("PATH_DHCPD_PID", "/var/run/dhcpd.pid"),
    };
    pub(super) const DHCPV6: Defaults = Defaults {
        leases: ("PATH_DHCPD6_DB", "/var/lib/dhcp/dhcpd6.leases"),
        pid_file: ("PATH_DHCPD6_PID", "/var/run/dhcpd6.pid"),
    };
}

/// Those that the start script of FreeBSD's port of the original gives.
#[cfg(target_os = "freebsd")]
mod built_in {
    use super::Defaults;

    pub(super) const CONFIG: &str = "/usr/local/etc/dhcpd.conf";
    pub(super) const DHCPV4: Defaults = Defaults {
        leases: ("PATH_DHCPD_DB", "/var/db/dhcpd/dhcpd.leases"),
        pid_file: ("PATH_DHCPD_PID", "/var/run/dhcpd/dhcpd.pid"),
    };
    pub(super) const DHCPV6: Defaults = Defaults {
        leases: ("PATH_DHCPD6_DB", "/var/db/dhcpd/dhcpd6.leases"),
        pid_file: ("PATH_DHCPD6_PID", "/var/run/dhcpd/dhcpd6.pid"),
    };
}

impl Paths {
    /// From the command line and this process's environment. The lease file becomes an absolute path.
    pub(super) fn find(options: &Options) -> Result<Self, Fatal> {
        let choose = |given: &Option<PathBuf>, variable: &str, built_in: &str| {
            let environment = || env::var_os(variable).map(PathBuf::from);
            let chosen = given.clone().or_else(environment);
            chosen.unwrap_or_else(|| PathBuf::from(built_in))
        };
        let own = match options.family {
            Family::Dhcpv4 => &built_in::DHCPV4,
            Family::Dhcpv6 => &built_in::DHCPV6,
        };
        let leases = choose(&options.leases, own.leases.0, own.leases.1);
        Ok(Self {
            config: choose(&options.config, "PATH_DHCPD_CONF", built_in::CONFIG),
            leases: absolute(&leases).map_err(|error| words::no_real_path(&leases, &error))?,
            pid_file: choose(&options.pid_file, own.pid_file.0, own.pid_file.1),
        })
    }
}

/// A relative path is resolved now, because the working directory will change. The file itself may be missing; its
/// directory may not.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing_file(path, error),
        other => other,
    }
}

fn missing_file(path: &Path, error: io::Error) -> io::Result<PathBuf> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(error);
    };
    let parent = if parent.as_os_str() == OsStr::new("") {
        Path::new(".")
    } else {
        parent
    };
    Ok(parent.canonicalize()?.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_lease_file_is_taken_as_it_is() {
        let path = Path::new("/nonexistent/../x");
        assert_eq!(absolute(path).unwrap(), path);
    }

    #[test]
    fn a_relative_lease_file_that_is_missing_is_expected_in_its_directory() {
        let expected = env::current_dir().unwrap().canonicalize().unwrap();
        let missing = absolute(Path::new("no such file")).unwrap();
        assert_eq!(missing, expected.join("no such file"));
    }

    #[test]
    fn a_relative_lease_file_needs_its_directory() {
        assert!(absolute(Path::new("no such directory/leases")).is_err());
    }
}
