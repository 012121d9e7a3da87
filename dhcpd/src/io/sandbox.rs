//! What the server and the process that looks up names give up once they are set up.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::log::Logger;
use common::sys::sandbox::{Access, Calls, Needs, Power, Wish};
use nix::unistd::Uid;

use crate::words;

/// Leaves the server the folder of its lease file, raw sockets for interfaces that come later, and the system calls of a
/// server. The log says what is in force only if the command line asks for it.
pub(super) fn enter_server(wish: Wish, leases: &Path, logger: &Logger) {
    let folder = folder_of(leases);
    let report = wish.enter(&Needs {
        files: &[(folder, Access::Manage)],
        powers: powers(&[leases, folder]),
        calls: Calls::Service,
    });
    if let Some(outcome) = report {
        logger.info(&words::sandbox(&outcome));
    }
}

/// Leaves the process that looks up names all files to read, for the resolver's modules, and nothing else.
pub(super) fn enter_resolver(wish: Wish) {
    // The server's line is the one that is asked for.
    let _ = wish.enter(&Needs {
        files: &[(Path::new("/"), Access::Read)],
        powers: &[],
        calls: Calls::Resolver,
    });
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Root works with its own files like anybody else. Only where somebody else owns them does it need the power to.
fn powers(files: &[&Path]) -> &'static [Power] {
    let is_own = |path: &&Path| {
        fs::metadata(path).is_ok_and(|found| found.uid() == Uid::effective().as_raw())
    };
    match files.iter().all(is_own) {
        true => &[Power::RawSockets],
        false => &[Power::RawSockets, Power::ForeignFiles],
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_directory::TestDirectory;
    use super::*;

    #[test]
    fn the_folder_of_a_bare_name_is_the_present_one() {
        assert_eq!(folder_of(Path::new("/var/lib/x")), Path::new("/var/lib"));
        assert_eq!(folder_of(Path::new("x")), Path::new("."));
    }

    #[test]
    fn files_of_others_need_a_power_more() {
        let directory = TestDirectory::new();
        let own = directory.path().join("leases");
        fs::write(&own, "").unwrap();
        assert_eq!(powers(&[&own, directory.path()]), [Power::RawSockets]);
        let missing = directory.path().join("missing");
        let both = [Power::RawSockets, Power::ForeignFiles];
        assert_eq!(powers(&[&own, &missing]), both);
    }
}
