//! Who may read or write what, decided on the name and on the facts of the opened file (reference tftpd-hpa.md,
//! sections 6 and 15).

use crate::wire::Direction;

/// The bit of a file's mode that lets everybody read it.
const OTHERS_READ: u32 = 0o004;
/// The bit of a file's mode that lets everybody write it.
const OTHERS_WRITE: u32 = 0o002;

/// The rules of this server, from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Where names may point.
    pub territory: Territory,
    /// Whether the mode bits of files count.
    pub permissions: Permissions,
}

/// Where names may point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Territory {
    /// Anywhere: the server is locked into its directory (`-s`), names are relative to it.
    Jail,
    /// Absolute names that begin, byte by byte, with one of these; any absolute name if there is none.
    Prefixes(Vec<Vec<u8>>),
}

/// Whether the mode bits of files count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// Files must be readable or writable by everybody.
    WorldOnly,
    /// What the system allows to the server's user is allowed (`-p`).
    SystemOnly,
}

/// What an opened file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its kind.
    pub kind: FileKind,
    /// Its permission bits.
    pub mode: u32,
    /// True if this request has brought it into being.
    pub created: bool,
}

/// The kinds of files that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A character or block device.
    Device,
    /// A directory.
    Directory,
    /// A FIFO or anything else that could make the server wait.
    Other,
}

/// Why access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The name does not begin with a slash.
    NotAbsolute,
    /// The name climbs.
    ReversePath,
    /// The name is outside of the directories served.
    ForbiddenDirectory,
    /// The file is not readable by everybody.
    NotWorldReadable,
    /// The file is not writable by everybody.
    NotWorldWritable,
    /// A directory has no contents to send.
    IsDirectory,
    /// The file is of a kind that is not served.
    WrongKind,
}

impl Rules {
    /// Judges a name, after any rewriting of it.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn judge_name(&self, name: &[u8]) -> Result<(), Denial> {
        let Territory::Prefixes(prefixes) = &self.territory else {
            return Ok(());
        };
        if !name.starts_with(b"/") {
            return Err(Denial::NotAbsolute);
        }
        if climbs(name) {
            return Err(Denial::ReversePath);
        }
        if prefixes.is_empty() || prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            return Ok(());
        }
        Err(Denial::ForbiddenDirectory)
    }

    /// Judges a file that has been opened.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn judge_file(&self, direction: Direction, file: FileFacts) -> Result<(), Denial> {
        if self.permissions == Permissions::WorldOnly && !file.created {
            match direction {
                Direction::Read if file.mode & OTHERS_READ == 0 => {
                    return Err(Denial::NotWorldReadable);
                }
                Direction::Write if file.mode & OTHERS_WRITE == 0 => {
                    return Err(Denial::NotWorldWritable);
                }
                _ => {}
            }
        }
        match file.kind {
            FileKind::Regular | FileKind::Device => Ok(()),
            FileKind::Directory => Err(Denial::IsDirectory),
            FileKind::Other => Err(Denial::WrongKind),
        }
    }
}

/// True for `/../` anywhere but at the end: a final one can only name a directory, which is refused later.
fn climbs(name: &[u8]) -> bool {
    let (_, but_last) = name.split_last().unwrap_or((&0, &[]));
    but_last.windows(4).any(|window| window == b"/../")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const FILE: FileFacts = FileFacts {
        kind: FileKind::Regular,
        mode: 0o644,
        created: false,
    };

    fn prefixes(directories: &[&str]) -> Rules {
        let directories = directories
            .iter()
            .map(|directory| directory.as_bytes().to_vec())
            .collect();
        Rules {
            territory: Territory::Prefixes(directories),
            permissions: Permissions::WorldOnly,
        }
    }

    fn jail() -> Rules {
        Rules {
            territory: Territory::Jail,
            permissions: Permissions::WorldOnly,
        }
    }

    #[test]
    fn in_the_jail_every_name_passes() {
        for name in ["f", "/f", "../f", "/../../f", "a/../b"] {
            assert_eq!(jail().judge_name(name.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn outside_of_the_jail_names_must_be_absolute() {
        assert_eq!(prefixes(&[]).judge_name(b"f"), Err(Denial::NotAbsolute));
        assert_eq!(prefixes(&[]).judge_name(b""), Err(Denial::NotAbsolute));
        assert_eq!(prefixes(&[]).judge_name(b"/etc/hostname"), Ok(()));
    }

    #[test]
    fn climbing_is_refused_except_at_the_very_end() {
        let rules = prefixes(&["/srv/tftp"]);
        assert_eq!(
            rules.judge_name(b"/srv/tftp/../outside"),
            Err(Denial::ReversePath)
        );
        assert_eq!(
            rules.judge_name(b"/srv/tftp/../../"),
            Err(Denial::ReversePath)
        );
        for name in ["/srv/tftp/x/..", "/srv/tftp/x/../", "/srv/tftp/..x"] {
            assert_eq!(rules.judge_name(name.as_bytes()), Ok(()), "{name}");
        }
    }

    #[test]
    fn directories_are_compared_byte_by_byte() {
        let rules = prefixes(&["/srv/tftp", "/x/"]);
        for name in [
            "/srv/tftp/f",
            "/srv/tftp2/f",
            "/srv/tftpboot",
            "/x/f",
            "/srv/tftp//f",
        ] {
            assert_eq!(rules.judge_name(name.as_bytes()), Ok(()), "{name}");
        }
        for name in ["//srv/tftp/f", "/xy", "/srv/./tftp/f"] {
            assert_eq!(
                rules.judge_name(name.as_bytes()),
                Err(Denial::ForbiddenDirectory),
                "{name}"
            );
        }
    }

    #[test]
    fn only_the_bits_for_others_count() {
        let with_mode = |mode| FileFacts { mode, ..FILE };
        let rules = jail();
        assert_eq!(rules.judge_file(Direction::Read, with_mode(0o004)), Ok(()));
        assert_eq!(
            rules.judge_file(Direction::Read, with_mode(0o660)),
            Err(Denial::NotWorldReadable)
        );
        assert_eq!(
            rules.judge_file(Direction::Write, with_mode(0o664)),
            Err(Denial::NotWorldWritable)
        );
        assert_eq!(rules.judge_file(Direction::Write, with_mode(0o002)), Ok(()));
    }

    #[test]
    fn permissive_rules_leave_the_bits_to_the_system() {
        let rules = Rules {
            permissions: Permissions::SystemOnly,
            ..jail()
        };
        let file = FileFacts {
            mode: 0o600,
            ..FILE
        };
        assert_eq!(rules.judge_file(Direction::Read, file), Ok(()));
        assert_eq!(rules.judge_file(Direction::Write, file), Ok(()));
    }

    #[test]
    fn a_file_that_the_request_created_is_its_own() {
        let file = FileFacts {
            mode: 0o644,
            created: true,
            ..FILE
        };
        assert_eq!(jail().judge_file(Direction::Write, file), Ok(()));
    }

    #[test]
    fn directories_and_fifos_are_refused_and_devices_served() {
        let of_kind = |kind| FileFacts {
            kind,
            mode: 0o666,
            created: false,
        };
        assert_eq!(
            jail().judge_file(Direction::Read, of_kind(FileKind::Device)),
            Ok(())
        );
        assert_eq!(
            jail().judge_file(Direction::Read, of_kind(FileKind::Directory)),
            Err(Denial::IsDirectory)
        );
        assert_eq!(
            jail().judge_file(Direction::Read, of_kind(FileKind::Other)),
            Err(Denial::WrongKind)
        );
    }
}
