//! The files of a scenario: made, changed and shown in one notation.
//!
//! ```text
//! file NAME [mode=644] [owner=nobody:nogroup] [hole=OCTETS] = CONTENT     a hole is before the content
//! directory NAME [mode=755] [owner=root:root]
//! link NAME -> TARGET         fifo NAME       socket NAME       null NAME      a device like /dev/null
//! mode NAME 600               remove NAME     rename NAME NAME
//! ```
//!
//! Names are below `/srv/tftp` unless they begin with `/srv/`; words may hold escapes (`\x20`).

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{Gid, Group, Uid, User, chown, mkfifo};

use super::content;
use crate::failure::{Context, Failure, Result};

/// Device number of `/dev/null` on Linux.
const NULL_DEVICE: (u64, u64) = (1, 3);

/// A directory that the server sees as `/srv`.
pub(super) struct Tree(pub(super) PathBuf);

impl Tree {
    /// An empty directory to serve.
    pub(super) fn new(root: &Path) -> Result<Self> {
        fs::create_dir(root.join("tftp")).context("cannot make the served directory")?;
        let tree = Self(root.to_owned());
        tree.set_mode(&tree.path("")?, 0o755)?;
        Ok(tree)
    }

    /// Where the file of this name is for us.
    pub(super) fn path(&self, word: &str) -> Result<PathBuf> {
        let name = content::unescape(word).ok_or_else(|| bad(word))?;
        let below = name
            .strip_prefix(b"/srv/")
            .map_or_else(|| [b"tftp/", name.as_slice()].concat(), <[u8]>::to_vec);
        Ok(self.0.join(OsStr::from_bytes(&below)))
    }

    /// Does what a line says; `None` if the line is about something else.
    pub(super) fn change(&self, line: &str) -> Option<Result<()>> {
        let (verb, rest) = line.split_once(' ')?;
        Some(match verb {
            "file" => self.put(rest),
            "directory" => self.make_directory(rest),
            "link" => self.link(rest),
            "fifo" => self.make(rest, |path| {
                Ok(mkfifo(path, Mode::from_bits_truncate(0o666))?)
            }),
            "socket" => self.make(rest, |path| UnixDatagram::bind(path).map(drop)),
            "null" => self.make(rest, make_null),
            "mode" => self.change_mode(rest),
            "remove" => self.make(rest, |path| fs::remove_file(path)),
            "rename" => self.rename(rest),
            _ => return None,
        })
    }

    fn put(&self, text: &str) -> Result<()> {
        let (head, body) = text.split_once(" = ").ok_or_else(|| bad(text))?;
        let octets = content::parse(body)?;
        let (path, traits) = self.named(head)?;
        let doing = format!("cannot write {}", path.display());
        if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
            fs::create_dir_all(parent).context(&doing)?;
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).open(&path);
        let mut file = file.context(&doing)?;
        file.seek(SeekFrom::Start(traits.hole)).context(&doing)?;
        file.write_all(&octets).context(&doing)?;
        self.apply(&path, traits, 0o644)
    }

    fn make_directory(&self, text: &str) -> Result<()> {
        let (path, traits) = self.named(text)?;
        fs::create_dir_all(&path).context(format!("cannot make {}", path.display()))?;
        self.apply(&path, traits, 0o755)
    }

    fn link(&self, text: &str) -> Result<()> {
        let (name, target) = text.split_once(" -> ").ok_or_else(|| bad(text))?;
        let target = content::unescape(target).ok_or_else(|| bad(text))?;
        symlink(OsStr::from_bytes(&target), self.path(name)?).context("cannot make a link")
    }

    fn make(&self, name: &str, make: impl Fn(&Path) -> std::io::Result<()>) -> Result<()> {
        let path = self.path(name)?;
        make(&path).context(format!("cannot do that to {}", path.display()))
    }

    fn change_mode(&self, text: &str) -> Result<()> {
        let (name, mode) = text.split_once(' ').ok_or_else(|| bad(text))?;
        self.set_mode(&self.path(name)?, octal(mode)?)
    }

    fn rename(&self, text: &str) -> Result<()> {
        let (from, to) = text.split_once(' ').ok_or_else(|| bad(text))?;
        fs::rename(self.path(from)?, self.path(to)?).context("cannot rename")
    }

    fn named(&self, text: &str) -> Result<(PathBuf, Traits)> {
        let (name, words) = text.split_once(' ').unwrap_or((text, ""));
        Ok((self.path(name)?, Traits::read(words)?))
    }

    fn apply(&self, path: &Path, traits: Traits, mode: u32) -> Result<()> {
        if let Some((user, group)) = traits.owner {
            chown(path, Some(user), Some(group)).context("cannot give a file away")?;
        }
        self.set_mode(path, traits.mode.unwrap_or(mode))
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode))
            .context(format!("cannot change {}", path.display()))
    }

    /// The file of this name, in the words that would make it again.
    pub(super) fn show(&self, word: &str) -> Result<String> {
        let path = self.path(word)?;
        let Ok(facts) = fs::symlink_metadata(&path) else {
            return Ok(format!("absent {word}"));
        };
        let doing = format!("cannot read {}", path.display());
        if facts.is_symlink() {
            let target = fs::read_link(&path).context(&doing)?;
            let target = target.into_os_string().into_vec();
            return Ok(format!("link {word} -> {}", target.escape_ascii()));
        }
        let head = format!("{} {word} {}", kind(&facts), traits_of(&facts));
        if !facts.is_file() {
            return Ok(head);
        }
        let octets = fs::read(&path).context(&doing)?;
        Ok(format!("{head} = {}", content::render(&octets)))
    }

    /// Opens a file for a lock or a comparison.
    pub(super) fn open(&self, word: &str) -> Result<File> {
        let path = self.path(word)?;
        let doing = format!("cannot open {}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).open(path).context(doing)
    }
}

fn make_null(path: &Path) -> std::io::Result<()> {
    let mode = Mode::from_bits_truncate(0o666);
    let device = makedev(NULL_DEVICE.0, NULL_DEVICE.1);
    mknod(path, SFlag::S_IFCHR, mode, device)?;
    fs::set_permissions(path, Permissions::from_mode(0o666))
}

/// What a file has besides its content.
#[derive(Default)]
struct Traits {
    mode: Option<u32>,
    owner: Option<(Uid, Gid)>,
    hole: u64,
}

impl Traits {
    fn read(words: &str) -> Result<Self> {
        let mut traits = Self::default();
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            match word.split_once('=').ok_or_else(|| bad(word))? {
                ("mode", mode) => traits.mode = Some(octal(mode)?),
                ("owner", owner) => traits.owner = Some(owner_of(owner)?),
                ("hole", octets) => traits.hole = octets.parse().map_err(|_| bad(word))?,
                _ => return Err(bad(word)),
            }
        }
        Ok(traits)
    }
}

fn octal(text: &str) -> Result<u32> {
    u32::from_str_radix(text, 8).map_err(|_| bad(text))
}

fn owner_of(text: &str) -> Result<(Uid, Gid)> {
    let (user, group) = text.split_once(':').ok_or_else(|| bad(text))?;
    let user = User::from_name(user).context("cannot look up a user")?;
    let group = Group::from_name(group).context("cannot look up a group")?;
    let found = user.zip(group).ok_or_else(|| bad(text))?;
    Ok((found.0.uid, found.1.gid))
}

fn traits_of(facts: &Metadata) -> String {
    let user = User::from_uid(facts.uid().into()).ok().flatten();
    let group = Group::from_gid(facts.gid().into()).ok().flatten();
    let user = user.map_or_else(|| facts.uid().to_string(), |user| user.name);
    let group = group.map_or_else(|| facts.gid().to_string(), |group| group.name);
    format!("mode={:o} owner={user}:{group}", facts.mode() & 0o7777)
}

fn kind(facts: &Metadata) -> &'static str {
    let kind = facts.file_type();
    match () {
        () if kind.is_dir() => "directory",
        () if kind.is_fifo() => "fifo",
        () if kind.is_socket() => "socket",
        () if kind.is_char_device() => "device",
        () => "file",
    }
}

fn bad(text: &str) -> Failure {
    Failure::new(format!("not understood: {text}"))
}
