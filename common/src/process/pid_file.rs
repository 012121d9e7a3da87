//! The file that names the running server (reference isc-dhcpd-behaviour.md, section 2, step 9).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::kill;
use nix::unistd::Pid;

/// A pid file that we wrote.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes this process's id as a decimal line, over whatever was there.
    ///
    /// # Errors
    /// The file cannot be created or written.
    pub fn write(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .open(path)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Removes the file.
    ///
    /// # Errors
    /// Those of `unlink(2)`.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// True if the file at `path` names another process that is alive. Content that is no process id counts as alive, as
/// in the original: something is there that we do not understand. A missing, unreadable or empty file does not.
#[must_use]
pub fn is_running(path: &Path) -> bool {
    let Ok(content) = fs::read(path) else {
        return false;
    };
    if content.is_empty() {
        return false;
    }
    match leading_number(&content) {
        None | Some(0) => true,
        Some(pid) => !is_self(pid) && kill(Pid::from_raw(pid), None).is_ok(),
    }
}

fn is_self(pid: i32) -> bool {
    Pid::this().as_raw() == pid
}

/// The decimal number at the head of the text, blanks skipped, as C's atoi finds it.
fn leading_number(content: &[u8]) -> Option<i32> {
    let text = content.trim_ascii_start();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;
    use crate::test_support::Directory;

    fn is_running_with(content: &str) -> bool {
        let directory = Directory::new();
        let path = directory.path().join("pid");
        fs::write(&path, content).unwrap();
        is_running(&path)
    }

    fn dead_pid() -> u32 {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn a_missing_or_empty_file_names_nobody() {
        assert!(!is_running(Path::new("/nonexistent/pid")));
        assert!(!is_running_with(""));
    }

    #[test]
    fn a_dead_process_is_not_running() {
        assert!(!is_running_with(&format!("{}\n", dead_pid())));
    }

    #[test]
    fn a_living_process_is_running() {
        let mut child = Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert!(is_running_with(&format!(" {}\n", child.id())));
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn our_own_number_left_by_an_earlier_run_is_not_another_server() {
        assert!(!is_running_with(&format!("{}\n", std::process::id())));
    }

    #[test]
    fn content_that_is_no_number_counts_as_running() {
        assert!(is_running_with("no number\n"));
        assert!(is_running_with("0\n"));
    }

    #[test]
    fn the_file_holds_our_id_and_goes_away() {
        let directory = Directory::new();
        let path = directory.path().join("pid");
        let file = PidFile::write(&path).unwrap();
        let expected = format!("{}\n", std::process::id());
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o133, 0);
        file.remove().unwrap();
        assert!(!path.exists());
    }
}
