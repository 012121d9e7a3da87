//! The process that has a worker for every lane, and a new one for each that died.

use std::io;
use std::os::unix::net::UnixStream;
use std::process;

use common::sys::fork::{self, Side};
use common::sys::sandbox::Wish;
use common::sys::signals::ignore;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::Pid;

use super::message::{Answer, Question};
use super::worker;
use crate::io::frames;

/// A worker's end of a lane.
struct Lane {
    stream: UnixStream,
    worker: Option<Pid>,
}

/// Starts the keeper with so many lanes and returns the server's ends of them. Must come before any runtime. In the
/// keeper and its workers `let_go` is called first: it closes what belongs to the server alone.
pub(super) fn start(
    lanes: usize,
    wish: Wish,
    let_go: impl FnOnce(),
) -> io::Result<Vec<UnixStream>> {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..lanes {
        let (near, far) = UnixStream::pair()?;
        ours.push(near);
        theirs.push(Lane {
            stream: far,
            worker: None,
        });
    }
    match fork::split()? {
        Side::Parent(_) => Ok(ours),
        Side::Child => {
            let_go();
            drop(ours);
            // There is nobody to tell: the server notices that the lanes are closed.
            let _ = keep(theirs, wish);
            process::exit(0)
        }
    }
}

/// Ends when every worker has ended because the server is gone.
fn keep(mut lanes: Vec<Lane>, wish: Wish) -> io::Result<()> {
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        ignore(signal)?;
    }
    for number in 0..lanes.len() {
        employ(&mut lanes, number, wish)?;
    }
    while lanes.iter().any(|lane| lane.worker.is_some()) {
        let status = match wait() {
            Err(Errno::EINTR) => continue,
            status => status?,
        };
        let Some(number) = lanes
            .iter()
            .position(|lane| lane.worker.is_some() && lane.worker == status.pid())
        else {
            continue;
        };
        if let Some(lane) = lanes.get_mut(number) {
            lane.worker = None;
        }
        if status != WaitStatus::Exited(status.pid().unwrap_or(Pid::this()), 0) {
            announce_death(&lanes, number)?;
            employ(&mut lanes, number, wish)?;
        }
    }
    Ok(())
}

fn employ(lanes: &mut Vec<Lane>, number: usize, wish: Wish) -> io::Result<()> {
    match fork::split()? {
        Side::Parent(worker) => {
            if let Some(lane) = lanes.get_mut(number) {
                lane.worker = Some(worker);
            }
            Ok(())
        }
        Side::Child => {
            let lane = lanes.swap_remove(number);
            lanes.clear();
            let worked = worker::work(&lane.stream, wish);
            process::exit(i32::from(worked.is_err()))
        }
    }
}

fn announce_death(lanes: &[Lane], number: usize) -> io::Result<()> {
    lanes.get(number).map_or(Ok(()), |lane| {
        frames::write(&lane.stream, &Answer::Died.encode())
    })
}

/// Lets a worker of its own try a file and waits for what it says; `None` if it took too much time or memory.
pub(super) fn try_out(question: &Question, wish: Wish) -> io::Result<Option<Answer>> {
    let (near, far) = UnixStream::pair()?;
    match fork::split()? {
        Side::Parent(worker) => {
            drop(far);
            frames::write(&near, &question.encode())?;
            let answer = frames::read(&near);
            drop(near);
            waitpid(worker, None)?;
            // A worker that was ended may have left half an answer.
            Ok(answer
                .ok()
                .flatten()
                .and_then(|frame| Answer::decode(&frame)))
        }
        Side::Child => {
            drop(near);
            let worked = worker::work(&far, wish);
            process::exit(i32::from(worked.is_err()))
        }
    }
}
