//! File name maps in the serving process: the rules are applied by processes of their own, so that a regular expression
//! that explodes costs its request and nobody else anything.
//!
//! The server has [`LANES`] lanes, each a pair of sockets with a worker at its other end. A keeper, forked before the
//! server has a reactor, replaces workers that the kernel has ended. The server sends the file's text to each worker
//! that does not have it; requests wait in line for a free lane.

mod keeper;
mod message;
mod worker;

use std::cell::{Cell, RefCell};
use std::io;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use common::sys::sandbox::Wish;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub(super) use message::{Finding, Job};

use super::frames::FrameStream;
use crate::remap::Outcome;
use message::{Answer, Question};

/// Names are mapped at the same time on so many lanes.
const LANES: usize = 3;
/// A worker's allowance is processor time; on a machine that is busy with other things an answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A map file that was read.
#[derive(Clone)]
pub(super) struct MapFile {
    pub(super) text: Vec<u8>,
    /// Rules looked at for one request.
    pub(super) steps: u32,
}

/// What trying a file out has shown.
pub(super) enum Trial {
    /// It can be used; with whether there is any rule in it.
    Usable(bool),
    /// It has these errors.
    Wrong(Vec<Finding>),
    /// It takes too much time or memory.
    Overrun,
}

/// What became of a name.
pub(super) enum Mapped {
    /// The rules came to a decision; with lines for a talkative log.
    Decided(Outcome, Vec<String>),
    /// They took too much time or memory.
    Overrun,
    /// Nobody is there to apply them.
    Broken,
}

/// The other ends of the lanes, before there is a reactor.
pub(super) struct Staff(Vec<UnixStream>);

impl Staff {
    /// Starts the processes; see [`keeper::start`].
    pub(super) fn start(wish: Wish, let_go: impl FnOnce()) -> io::Result<Self> {
        keeper::start(LANES, wish, let_go).map(Self)
    }
}

/// Tries a file out in a process that is gone afterwards, and waits for it. Must come before any runtime.
pub(super) fn try_out(file: &MapFile, wish: Wish) -> io::Result<Trial> {
    let answer = keeper::try_out(&load(0, file), wish)?;
    Ok(trial(answer))
}

fn load(id: u32, file: &MapFile) -> Question {
    Question::Load {
        id,
        steps: file.steps,
        file: file.text.clone(),
    }
}

fn trial(answer: Option<Answer>) -> Trial {
    match answer {
        Some(Answer::Loaded {
            has_rules,
            findings,
            ..
        }) if findings.is_empty() => Trial::Usable(has_rules),
        Some(Answer::Loaded { findings, .. }) => Trial::Wrong(findings),
        _ => Trial::Overrun,
    }
}

/// Applies the rules.
pub(super) struct Mapper {
    rules: RefCell<Rc<Rules>>,
    idle: RefCell<Vec<Lane>>,
    free: Semaphore,
    next_id: Cell<u32>,
}

/// The file in use.
struct Rules {
    file: MapFile,
    has_rules: bool,
    generation: u32,
}

/// A lane and which rules its worker has.
struct Lane {
    stream: FrameStream,
    generation: Option<u32>,
}

impl Mapper {
    /// Must be called inside a runtime; the file must have been tried out.
    pub(super) fn new(staff: Staff, file: MapFile, has_rules: bool) -> io::Result<Self> {
        let lanes = staff.0.into_iter().map(|stream| {
            Ok(Lane {
                stream: FrameStream::new(stream)?,
                generation: None,
            })
        });
        Ok(Self {
            rules: RefCell::new(Rc::new(Rules {
                file,
                has_rules,
                generation: 0,
            })),
            idle: RefCell::new(lanes.collect::<io::Result<_>>()?),
            free: Semaphore::new(LANES),
            next_id: Cell::new(0),
        })
    }

    /// False if the file has no rule: then every name stays what it is.
    pub(super) fn has_rules(&self) -> bool {
        self.rules.borrow().has_rules
    }

    /// Applies the rules to a name. `can_open` tells whether the request could be served under another one.
    pub(super) async fn map(&self, job: Job, can_open: impl AsyncFn(&[u8]) -> bool) -> Mapped {
        let Ok(_permit) = self.free.acquire().await else {
            return Mapped::Broken;
        };
        let Some(mut lane) = self.idle.borrow_mut().pop() else {
            return Mapped::Broken;
        };
        let rules = Rc::clone(&self.rules.borrow());
        let mapped = timeout(PATIENCE, self.map_on(&mut lane, &rules, job, can_open)).await;
        if mapped.is_err() {
            lane.generation = None;
        }
        self.idle.borrow_mut().push(lane);
        mapped.unwrap_or(Mapped::Overrun)
    }

    async fn map_on(
        &self,
        lane: &mut Lane,
        rules: &Rules,
        job: Job,
        can_open: impl AsyncFn(&[u8]) -> bool,
    ) -> Mapped {
        if lane.generation != Some(rules.generation) {
            match self.load_on(lane, &rules.file).await {
                Ok(Trial::Usable(_)) => lane.generation = Some(rules.generation),
                Ok(_) => return Mapped::Overrun,
                Err(_) => return Mapped::Broken,
            }
        }
        let id = self.new_id();
        let answer = lane.ask(&Question::Map { id, job }, id, can_open).await;
        match answer {
            Ok(Answer::Mapped { outcome, lines, .. }) => Mapped::Decided(outcome, lines),
            Ok(_) => {
                lane.generation = None;
                Mapped::Overrun
            }
            Err(_) => Mapped::Broken,
        }
    }

    /// Takes a new file, unless something is wrong with it.
    pub(super) async fn reload(&self, file: MapFile) -> io::Result<Trial> {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        let _permit = self.free.acquire().await.map_err(|_| broken())?;
        let mut lane = self.idle.borrow_mut().pop().ok_or_else(broken)?;
        lane.generation = None;
        let trial = timeout(PATIENCE, self.load_on(&mut lane, &file)).await;
        if let Ok(Ok(Trial::Usable(has_rules))) = trial {
            let generation = self.rules.borrow().generation.wrapping_add(1);
            lane.generation = Some(generation);
            self.rules.replace(Rc::new(Rules {
                file,
                has_rules,
                generation,
            }));
        }
        self.idle.borrow_mut().push(lane);
        trial.unwrap_or(Ok(Trial::Overrun))
    }

    async fn load_on(&self, lane: &mut Lane, file: &MapFile) -> io::Result<Trial> {
        let id = self.new_id();
        let answer = lane.ask(&load(id, file), id, async |_| false).await?;
        Ok(trial(Some(answer)))
    }

    fn new_id(&self) -> u32 {
        let id = self.next_id.get().wrapping_add(1);
        self.next_id.set(id);
        id
    }
}

impl Lane {
    /// The answer to the question with this number, or the news that nobody will give one.
    async fn ask(
        &self,
        question: &Question,
        number: u32,
        can_open: impl AsyncFn(&[u8]) -> bool,
    ) -> io::Result<Answer> {
        self.stream.write(&question.encode()).await?;
        loop {
            let frame = self.stream.read().await;
            let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)?;
            let answer = Answer::decode(&frame).ok_or(io::ErrorKind::InvalidData)?;
            match &answer {
                Answer::CanOpen(name) => {
                    let answer = Question::Openable(can_open(name).await);
                    self.stream.write(&answer.encode()).await?;
                }
                Answer::Died => return Ok(answer),
                Answer::Loaded { id, .. }
                | Answer::Mapped { id, .. }
                | Answer::NotLoaded { id }
                    if *id == number =>
                {
                    return Ok(answer);
                }
                // Left over from a question that nobody waited for.
                _ => {}
            }
        }
    }
}
