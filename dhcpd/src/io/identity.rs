//! Who the server is: `-user`, `-group` and `-chroot`.

use std::io;
use std::path::Path;

use common::process::{self, Account, Groups};
use nix::unistd::{Gid, Uid};

use super::failure::Fatal;
use super::storage::Owner;
use crate::cli::Options;
use crate::words;

/// The ids to take on; `None` means those of the user who started the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    uid: Option<Uid>,
    gid: Option<Gid>,
}

impl Identity {
    /// Looks up what the command line names.
    pub(super) fn find(options: &Options) -> Result<Self, Fatal> {
        let mut identity = Self::default();
        if let Some(name) = &options.user {
            require_root("set user")?;
            let account = found(Account::find(name), || words::no_such_user(name))?;
            identity.uid = Some(account.uid);
            identity.gid = Some(account.gid);
        }
        if let Some(name) = &options.group {
            require_root("set group")?;
            let gid = found(process::find_group(name), || words::no_such_group(name))?;
            identity.gid = Some(gid);
        }
        Ok(identity)
    }

    /// Who must be able to write the lease file. For a group alone the original gives it to nobody else.
    pub(super) fn owner(self) -> Owner {
        Owner {
            uid: self.uid.map(Uid::as_raw),
            gid: self.uid.and(self.gid).map(Gid::as_raw),
        }
    }

    /// True if it is not root's.
    pub(super) fn gives_up_root(self) -> bool {
        self.uid.is_some_and(|uid| !uid.is_root())
    }

    /// Becomes it, for good. The original keeps no supplementary group.
    pub(super) fn take_on(self) -> Result<(), Fatal> {
        if self == Self::default() {
            return Ok(());
        }
        process::drop_privileges(Groups::None, self.gid, self.uid)
            .map_err(|error| words::cannot_drop_privileges(&error).into())
    }
}

/// Makes `path` the root directory.
pub(super) fn change_root(path: &Path) -> Result<(), Fatal> {
    require_root("use chroot")?;
    process::change_root(path).map_err(|error| words::chroot_failed(path, &error).into())
}

fn require_root(to: &str) -> Result<(), Fatal> {
    if Uid::effective().is_root() {
        return Ok(());
    }
    Err(words::must_be_root(to).into())
}

fn found<T>(looked_up: io::Result<Option<T>>, missing: impl Fn() -> String) -> Result<T, Fatal> {
    looked_up.ok().flatten().ok_or_else(|| missing().into())
}
