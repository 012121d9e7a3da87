//! The server under test and the files that it serves; both are gone when it is dropped.

use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::request;
use crate::own_address::{own_address, own_ipv6_address};

const PATIENCE: Duration = Duration::from_secs(40);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

pub struct Server {
    supervisor: RefCell<Child>,
    address: SocketAddr,
    directory: PathBuf,
}

impl Server {
    /// Serves a directory with these files, readable by everybody, and comes back when the server answers.
    pub fn start(files: &[(&str, &[u8])]) -> Self {
        Self::start_with(&[], files)
    }

    /// The same, with more words on the command line.
    pub fn start_with(words: &[&str], files: &[(&str, &[u8])]) -> Self {
        Self::start_at(own_address(), words, files)
    }

    /// The same, on the IPv6 loopback address.
    pub fn start_on_ipv6(words: &[&str], files: &[(&str, &[u8])]) -> Self {
        Self::start_at(own_ipv6_address(), words, files)
    }

    fn start_at(address: SocketAddr, words: &[&str], files: &[(&str, &[u8])]) -> Self {
        let directory =
            std::env::temp_dir().join(format!("rtftpd-{}-{}", std::process::id(), address.port()));
        let served = directory.join("files");
        fs::create_dir_all(&served).unwrap();
        for directory in [&directory, &served] {
            fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
        }
        for (name, contents) in files {
            fs::write(served.join(name), contents).unwrap();
            fs::set_permissions(served.join(name), Permissions::from_mode(0o644)).unwrap();
        }
        let supervisor = Command::new(env!("CARGO_BIN_EXE_rtftpd"))
            .args(words)
            .args(["-L", "-a", &address.to_string(), "-P"])
            .args([&directory.join("pid"), &served])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let server = Self {
            supervisor: RefCell::new(supervisor),
            address,
            directory,
        };
        server.wait_until_it_answers();
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn path(&self, name: &str) -> String {
        self.directory
            .join("files")
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }

    pub fn pid_file(&self) -> PathBuf {
        self.directory.join("pid")
    }

    pub fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// The resident memory of the serving process, in bytes.
    pub fn memory(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.serving_process())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim()
            .strip_suffix(" kB")
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    }

    /// Kills the serving process and returns the exit status of the supervisor.
    pub fn kill_serving_process(&self) -> Option<i32> {
        kill(self.serving_process(), Signal::SIGKILL).unwrap();
        self.supervisor.borrow_mut().wait().unwrap().code()
    }

    /// Kills the supervisor.
    pub fn kill_supervisor(&self) {
        let mut supervisor = self.supervisor.borrow_mut();
        supervisor.kill().unwrap();
        supervisor.wait().unwrap();
    }

    /// True if both processes end within a few seconds: the pipe on their standard output closes with the last of them.
    pub fn ends_soon(&self) -> bool {
        let supervisor = self.supervisor.borrow();
        let pipe = supervisor.stdout.as_ref().unwrap();
        let mut end = [PollFd::new(pipe.as_fd(), PollFlags::empty())];
        poll(&mut end, PollTimeout::try_from(PATIENCE).unwrap()).unwrap() == 1
    }

    fn serving_process(&self) -> Pid {
        let supervisor = self.supervisor.borrow().id();
        let children = format!("/proc/{supervisor}/task/{supervisor}/children");
        Pid::from_raw(
            fs::read_to_string(children)
                .unwrap()
                .trim()
                .parse()
                .unwrap(),
        )
    }

    /// Sends SIGTERM, unless the supervisor has ended before, and returns its exit status.
    pub fn stop(&self) -> Option<i32> {
        let mut supervisor = self.supervisor.borrow_mut();
        if let Some(status) = supervisor.try_wait().unwrap() {
            return status.code();
        }
        kill(pid(&supervisor), Signal::SIGTERM).unwrap();
        supervisor.wait().unwrap().code()
    }

    /// Sends SIGTERM and does not wait.
    pub fn terminate(&self) {
        kill(pid(&self.supervisor.borrow()), Signal::SIGTERM).unwrap();
    }

    fn wait_until_it_answers(&self) {
        let local = if self.address.is_ipv4() {
            "127.0.0.1:0"
        } else {
            "[::1]:0"
        };
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_read_timeout(Some(BETWEEN_ATTEMPTS)).unwrap();
        let question = request(1, "/", "no mode", &[]);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            socket.send_to(&question, self.address).unwrap();
            if socket.recv(&mut [0; 64]).is_ok() {
                return;
            }
        }
        panic!("the server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        // Left-over files in the temporary directory are no reason to fail.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}
