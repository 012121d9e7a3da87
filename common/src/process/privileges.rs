//! Giving up root: accounts, groups and the root directory, in the only order that works.

use std::ffi::CString;
use std::io;
use std::path::Path;

use nix::unistd::{Gid, Group, Uid, User, chdir, chroot, initgroups, setgid, setgroups, setuid};

/// An account to run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its login name, for the group list.
    pub name: CString,
    /// Its user id.
    pub uid: Uid,
    /// Its primary group.
    pub gid: Gid,
}

impl Account {
    /// The account called `name`; `None` if there is none.
    ///
    /// # Errors
    /// The account database cannot be read.
    pub fn find(name: &str) -> io::Result<Option<Self>> {
        let (Ok(c_name), user) = (CString::new(name), User::from_name(name)?) else {
            return Ok(None);
        };
        Ok(user.map(|user| Self {
            name: c_name,
            uid: user.uid,
            gid: user.gid,
        }))
    }
}

/// The number of the group called `name`; `None` if there is none.
///
/// # Errors
/// The group database cannot be read.
pub fn find_group(name: &str) -> io::Result<Option<Gid>> {
    Ok(Group::from_name(name)?.map(|group| group.gid))
}

/// The supplementary groups to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups<'a> {
    /// None at all.
    None,
    /// Those that the group database gives to this account.
    Of(&'a Account),
}

/// Makes `path` the root directory and the working directory. Needs root.
///
/// # Errors
/// Those of `chroot(2)` and `chdir(2)`.
pub fn change_root(path: &Path) -> io::Result<()> {
    chroot(path)?;
    chdir("/")?;
    Ok(())
}

/// Gives up root for good: supplementary groups, then the group, then the user. An id that is `None` stays as it is.
/// With [`Groups::Of`] the group database must still be in reach, so this comes before a change of the root directory
/// or the caller splits the two.
///
/// # Errors
/// The first step that failed; the process may then have given up a part and must not go on.
pub fn drop_privileges(groups: Groups<'_>, gid: Option<Gid>, uid: Option<Uid>) -> io::Result<()> {
    match groups {
        Groups::None => setgroups(&[])?,
        Groups::Of(account) => initgroups(&account.name, gid.unwrap_or(account.gid))?,
    }
    if let Some(gid) = gid {
        setgid(gid)?;
    }
    if let Some(uid) = uid {
        setuid(uid)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_found_by_name() {
        let root = Account::find("root").unwrap().unwrap();
        assert!(root.uid.is_root());
        assert_eq!(find_group("root").unwrap(), Some(root.gid));
    }

    #[test]
    fn unknown_names_are_no_error() {
        assert_eq!(Account::find("no such account").unwrap(), None);
        assert_eq!(find_group("no such group").unwrap(), None);
        assert_eq!(Account::find("zero\0byte").unwrap(), None);
    }
}
