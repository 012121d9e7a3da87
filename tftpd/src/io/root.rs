//! Files below a directory: names are resolved so that no `..`, no symbolic link and no race leads out of it, as if the
//! directory were the root of everything.
//!
//! The kernel does it (`openat2` with `RESOLVE_IN_ROOT`) where it can; elsewhere names are walked one component at a time,
//! and `..` goes back to a directory that the walk has come through.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use common::sys::filesystem::opens_promptly;
use nix::errno::Errno;
#[cfg(target_os = "linux")]
use nix::fcntl::{AT_FDCWD, OpenHow, ResolveFlag, openat2};
use nix::fcntl::{OFlag, open, openat, readlinkat};
use nix::sys::stat::Mode;

/// As in the kernel.
const MOST_LINKS: u32 = 40;
/// As in the kernel, with the NUL.
const LONGEST_PATH: usize = 4096;
/// What a directory on the way is opened with.
#[cfg(target_os = "linux")]
const PASSING: OFlag = OFlag::O_PATH;
/// `O_SEARCH` of open(2): its name in libc is that of the same flag for programs.
#[cfg(target_os = "freebsd")]
const PASSING: OFlag = OFlag::from_bits_retain(nix::libc::O_EXEC);
/// How often the kernel is asked again after somebody has renamed a directory on the way.
#[cfg(target_os = "linux")]
const ATTEMPTS: u32 = 4;
/// As if the directory were the root.
#[cfg(target_os = "linux")]
const BELOW: ResolveFlag = ResolveFlag::RESOLVE_IN_ROOT.union(ResolveFlag::RESOLVE_NO_MAGICLINKS);
/// By what the kernel has in memory alone, since Linux 5.12.
#[cfg(target_os = "linux")]
const KNOWN_NAMES: ResolveFlag = ResolveFlag::from_bits_retain(nix::libc::RESOLVE_CACHED);

/// Where names begin.
pub(super) struct Root {
    place: Place,
    /// Whether a file of its filesystem can be opened without waiting, once the kernel knows the name.
    is_prompt: bool,
}

enum Place {
    /// The root of the file system; symbolic links go where they point.
    System,
    /// A directory, which names cannot leave.
    Directory(OwnedFd),
}

impl Root {
    /// The root of the file system.
    pub(super) fn system() -> Self {
        let directory = directory("/");
        Self {
            place: Place::System,
            is_prompt: directory.is_ok_and(opens_promptly),
        }
    }

    /// The working directory.
    pub(super) fn working_directory() -> io::Result<Self> {
        let directory = directory(".")?;
        Ok(Self {
            is_prompt: opens_promptly(&directory),
            place: Place::Directory(directory),
        })
    }

    /// Opens the file of this name, and waits for the disk; `mode` is for one that is created.
    pub(super) fn open(&self, name: &[u8], flags: OFlag, mode: Mode) -> io::Result<File> {
        let flags = flags | OFlag::O_CLOEXEC;
        let opened = match &self.place {
            Place::System => open(Path::new(OsStr::from_bytes(name)), flags, mode)?,
            Place::Directory(root) => open_below(root.as_fd(), name, flags, mode)?,
        };
        Ok(File::from(opened))
    }

    /// Opens the file of this name to read it, or finds out that there is none; `None` if only the disk, or who else keeps
    /// the files, can tell.
    pub(super) fn open_cached(&self, name: &[u8], flags: OFlag) -> Option<io::Result<File>> {
        if !self.is_prompt {
            return None;
        }
        let flags = flags | OFlag::O_CLOEXEC;
        let opened = match &self.place {
            Place::System => open_cached(None, name, flags),
            Place::Directory(root) => open_cached(Some(root.as_fd()), name, flags),
        };
        opened.map(|opened| Ok(File::from(opened?)))
    }
}

fn directory(name: &str) -> nix::Result<OwnedFd> {
    let flags = PASSING | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(name, flags, Mode::empty())
}

#[cfg(target_os = "linux")]
fn open_below(root: BorrowedFd<'_>, name: &[u8], flags: OFlag, mode: Mode) -> io::Result<OwnedFd> {
    for _ in 0..ATTEMPTS {
        match ask_kernel(root, name, flags, mode) {
            Err(Errno::EAGAIN) => {}
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::ENOSYS | Errno::EPERM) => break,
            outcome => return Ok(outcome?),
        }
    }
    walk(root, name, flags, mode)
}

#[cfg(target_os = "freebsd")]
fn open_below(root: BorrowedFd<'_>, name: &[u8], flags: OFlag, mode: Mode) -> io::Result<OwnedFd> {
    walk(root, name, flags, mode)
}

#[cfg(target_os = "linux")]
fn ask_kernel(root: BorrowedFd<'_>, name: &[u8], flags: OFlag, mode: Mode) -> nix::Result<OwnedFd> {
    let created = flags.contains(OFlag::O_CREAT);
    let how = OpenHow::new()
        .flags(flags)
        .mode(if created { mode } else { Mode::empty() })
        .resolve(BELOW);
    openat2(root, name, how)
}

/// Below `root`, or anywhere without one. Another filesystem on the way may be of a kind that keeps its callers waiting.
/// What the kernel does not know, or an old one does not understand, comes back as `None`.
#[cfg(target_os = "linux")]
fn open_cached(
    root: Option<BorrowedFd<'_>>,
    name: &[u8],
    flags: OFlag,
) -> Option<nix::Result<OwnedFd>> {
    let scope = root.map_or(ResolveFlag::empty(), |_| BELOW);
    let how = OpenHow::new()
        .flags(flags)
        .resolve(scope | ResolveFlag::RESOLVE_NO_XDEV | KNOWN_NAMES);
    match openat2(root.unwrap_or(AT_FDCWD), name, how) {
        Err(Errno::EAGAIN | Errno::EXDEV | Errno::EINVAL | Errno::ENOSYS | Errno::EPERM) => None,
        outcome => Some(outcome),
    }
}

/// The system has no such call.
#[cfg(target_os = "freebsd")]
fn open_cached(
    _root: Option<BorrowedFd<'_>>,
    _name: &[u8],
    _flags: OFlag,
) -> Option<nix::Result<OwnedFd>> {
    None
}

/// What a slash at the end of a name stands for: what comes before must be a directory.
const HERE: &[u8] = b"";

/// A name on its way to a file.
struct Walk<'a> {
    root: BorrowedFd<'a>,
    /// The directories below the root that lead to where the walk is.
    passed: Vec<OwnedFd>,
    /// Components that are left.
    ahead: VecDeque<Vec<u8>>,
    links: u32,
}

/// What stood at a component.
enum Step {
    Directory(OwnedFd),
    Link(Vec<u8>),
}

fn walk(root: BorrowedFd<'_>, name: &[u8], flags: OFlag, mode: Mode) -> io::Result<OwnedFd> {
    if name.is_empty() {
        return Err(Errno::ENOENT.into());
    }
    if name.len() >= LONGEST_PATH {
        return Err(Errno::ENAMETOOLONG.into());
    }
    let mut walk = Walk {
        root,
        passed: Vec::new(),
        ahead: components(name),
        links: 0,
    };
    while let Some(component) = walk.ahead.pop_front() {
        match component.as_slice() {
            b"." | HERE => {}
            b".." => {
                walk.passed.pop();
            }
            _ if walk.ahead.is_empty() => {
                if let Some(file) = walk.arrive(&component, flags, mode)? {
                    return Ok(file);
                }
            }
            _ if walk.ahead == [HERE] && is_refused_with_slash(flags) => {
                return Err(Errno::EISDIR.into());
            }
            _ => walk.pass(&component)?,
        }
    }
    // The name ends in a directory that the walk is in.
    Ok(openat(walk.here(), ".", flags & !OFlag::O_CREAT, mode)?)
}

/// Linux creates nothing under a name that a slash ends, and does not look what is there.
fn is_refused_with_slash(flags: OFlag) -> bool {
    cfg!(target_os = "linux") && flags.contains(OFlag::O_CREAT)
}

fn components(name: &[u8]) -> VecDeque<Vec<u8>> {
    let parts = name.split(|&byte| byte == b'/');
    let mut components: VecDeque<Vec<u8>> = parts
        .filter(|part| !part.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    if name.ends_with(b"/") {
        components.push_back(HERE.to_vec());
    }
    components
}

impl Walk<'_> {
    fn here(&self) -> BorrowedFd<'_> {
        self.passed.last().map_or(self.root, AsFd::as_fd)
    }

    /// Opens the last component; `None` if it was a link, whose components are ahead now.
    fn arrive(&mut self, name: &[u8], flags: OFlag, mode: Mode) -> io::Result<Option<OwnedFd>> {
        match openat(self.here(), name, flags | OFlag::O_NOFOLLOW, mode) {
            Ok(file) => Ok(Some(file)),
            Err(error) => {
                let target = self.read_link(name).map_err(|_| error)?;
                self.follow(&target)?;
                Ok(None)
            }
        }
    }

    fn pass(&mut self, name: &[u8]) -> io::Result<()> {
        match self.step(name)? {
            Step::Directory(directory) => self.passed.push(directory),
            Step::Link(target) => self.follow(&target)?,
        }
        Ok(())
    }

    fn step(&self, name: &[u8]) -> io::Result<Step> {
        let flags = PASSING | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(self.here(), name, flags, Mode::empty()) {
            Ok(directory) => Ok(Step::Directory(directory)),
            Err(error) => Ok(self.read_link(name).map(Step::Link).map_err(|_| error)?),
        }
    }

    fn read_link(&self, name: &[u8]) -> nix::Result<Vec<u8>> {
        readlinkat(self.here(), name).map(OsString::into_vec)
    }

    fn follow(&mut self, target: &[u8]) -> io::Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::ELOOP.into());
        }
        if target.starts_with(b"/") {
            self.passed.clear();
        }
        for component in components(target).into_iter().rev() {
            self.ahead.push_front(component);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    /// A directory with a secret beside it.
    struct Tree(PathBuf);

    impl Tree {
        fn new(label: &str) -> Self {
            let base = std::env::temp_dir().join(format!("root-{label}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&base);
            let root = base.join("root");
            fs::create_dir_all(root.join("sub/deep")).unwrap();
            fs::write(base.join("secret"), "outside").unwrap();
            fs::write(root.join("file"), "top").unwrap();
            fs::write(root.join("sub/file"), "below").unwrap();
            for (target, name) in [
                ("file", "link"),
                ("/file", "absolute"),
                ("../../../secret", "climber"),
                ("loop", "loop"),
                ("sub", "sublink"),
                ("../file", "sub/up"),
                ("/sub/deep/../file", "sub/deep/around"),
                ("new", "dangling"),
            ] {
                symlink(target, root.join(name)).unwrap();
            }
            symlink(base.join("secret"), root.join("outward")).unwrap();
            symlink(&base, root.join("outdir")).unwrap();
            Self(base)
        }

        fn directory(&self) -> OwnedFd {
            let flags = PASSING | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            open(&self.0.join("root"), flags, Mode::empty()).unwrap()
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    type Opener = fn(BorrowedFd<'_>, &[u8], OFlag, Mode) -> io::Result<OwnedFd>;

    /// The contents, or the number of the error.
    fn read(opener: Opener, root: &OwnedFd, name: &[u8]) -> Result<String, i32> {
        read_with(opener, root, name, OFlag::O_RDONLY)
    }

    fn read_with(opener: Opener, root: &OwnedFd, name: &[u8], flags: OFlag) -> Result<String, i32> {
        let opened = opener(root.as_fd(), name, flags, Mode::S_IRWXU);
        let mut text = String::new();
        let read = File::from(opened.map_err(|error| error.raw_os_error().unwrap())?)
            .read_to_string(&mut text);
        read.map_err(|error| error.raw_os_error().unwrap())?;
        Ok(text)
    }

    const OPENERS: [Opener; 2] = [walk, open_below];

    #[test]
    fn names_and_links_stay_below_the_directory() {
        let tree = Tree::new("names");
        let root = tree.directory();
        let top = [
            "file",
            "/file",
            "//file",
            "./file",
            "../file",
            "/../../file",
            "sub/../file",
            "link",
            "absolute",
            "sub/up",
            "sublink/up",
            "sub/deep/../../file",
            "sub/../../../file",
        ];
        let none = [
            "",
            "absent",
            "outward",
            "climber",
            "outdir/secret",
            "../secret",
            "absent/../file",
            "dangling",
        ];
        for opener in OPENERS {
            for name in top {
                assert_eq!(
                    read(opener, &root, name.as_bytes()).as_deref(),
                    Ok("top"),
                    "{name}"
                );
            }
            for name in ["sub/file", "sublink/file", "sub/deep/around", "sub//./file"] {
                assert_eq!(
                    read(opener, &root, name.as_bytes()).as_deref(),
                    Ok("below"),
                    "{name}"
                );
            }
            for name in none {
                let error = read(opener, &root, name.as_bytes());
                assert_eq!(error, Err(Errno::ENOENT as i32), "{name}");
            }
            for (name, errno) in [
                ("loop", Errno::ELOOP),
                ("loop/x", Errno::ELOOP),
                ("file/", Errno::ENOTDIR),
                ("file/x", Errno::ENOTDIR),
                ("file/..", Errno::ENOTDIR),
                ("sub", Errno::EISDIR),
                ("/", Errno::EISDIR),
                ("..", Errno::EISDIR),
                ("sub/", Errno::EISDIR),
            ] {
                assert_eq!(
                    read(opener, &root, name.as_bytes()),
                    Err(errno as i32),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_dangling_link_is_created_where_it_points_below() {
        for opener in OPENERS {
            let tree = Tree::new("create");
            symlink("../../../made", tree.0.join("root/out")).unwrap();
            let flags = OFlag::O_WRONLY | OFlag::O_CREAT;
            let root = tree.directory();
            for name in ["dangling", "out"] {
                opener(root.as_fd(), name.as_bytes(), flags, Mode::S_IRWXU).unwrap();
            }
            assert!(tree.0.join("root/new").exists());
            assert!(tree.0.join("root/made").exists());
            assert!(!tree.0.join("made").exists());
        }
    }

    #[test]
    fn a_directory_that_is_swapped_for_a_link_leads_nowhere_else() {
        let tree = Tree::new("race");
        let root = tree.directory();
        let base = tree.0.clone();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let swapper = std::thread::spawn(move || {
            let (real, link, aside) = (
                base.join("root/swapped"),
                base.join("root/linked"),
                base.join("root/aside"),
            );
            fs::create_dir(&real).unwrap();
            fs::write(real.join("secret"), "inside").unwrap();
            symlink(&base, &link).unwrap();
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                fs::rename(&real, &aside).unwrap();
                fs::rename(&link, &real).unwrap();
                fs::rename(&real, &link).unwrap();
                fs::rename(&aside, &real).unwrap();
            }
        });
        for opener in OPENERS {
            for name in [
                "swapped/secret",
                "swapped/../swapped/secret",
                "swapped/../secret",
            ] {
                for _ in 0..2000 {
                    let text = read(opener, &root, name.as_bytes());
                    assert_ne!(text.as_deref(), Ok("outside"), "{name}");
                }
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        swapper.join().unwrap();
    }

    proptest! {
        #[test]
        fn the_walk_agrees_with_the_kernel(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "", ".", "..", "file", "sub", "deep", "link", "absolute", "climber", "outdir",
                    "outward", "sublink", "up", "around", "loop", "absent", "secret", "root", "dangling",
                ]),
                1..8,
            ),
            flags in proptest::sample::select(vec![OFlag::O_RDONLY, OFlag::O_CREAT]),
        ) {
            let name = parts.join("/");
            // What one has created the other would find.
            let [walked, opened] = OPENERS.map(|opener| {
                let tree = Tree::new("random");
                read_with(opener, &tree.directory(), name.as_bytes(), flags)
            });
            prop_assert_ne!(walked.as_deref(), Ok("outside"));
            prop_assert_eq!(walked, opened, "{} {:?}", name, flags);
        }
    }
}
