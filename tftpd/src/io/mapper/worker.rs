//! The process that compiles and applies rules. Regular expressions can take for ever, and neither `regcomp` nor
//! `regexec` can be stopped from outside in a thread: a process can. It has an allowance of processor time for each
//! question and of memory for its life, and the kernel ends it when one is used up.

use std::cell::RefCell;
use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::sys::limits::{limit_memory, limit_processor_time, yield_to_others};
use common::sys::posix_regex::{LetterCase, Regex};
use common::sys::sandbox::Wish;
use common::sys::signals::ignore;
use nix::sys::signal::Signal;

use super::message::{Answer, Finding, Job, Question};
use crate::io::frames;
use crate::io::sandbox::enter_worker;
use crate::remap::{Event, Groups, Map, Outcome, Pattern, Problem, Query, evaluate, read};
use crate::words::remap as words;

/// Processor time for one request's name.
const FOR_A_NAME: Duration = Duration::from_millis(500);
/// Processor time for all patterns of a file.
const FOR_A_FILE: Duration = Duration::from_secs(2);
const MEMORY: u64 = 128 << 20;
/// How far a worker stands back behind transfers.
const NICENESS: i32 = 5;
/// Log lines of one request take no more bytes than this.
const MOST_TRACE: usize = 1 << 20;

/// The rules in use.
#[derive(Default)]
struct Rules {
    map: Option<Map<Regex>>,
    steps: u32,
}

impl Pattern for Regex {
    fn find(&self, subject: &[u8]) -> Option<Groups> {
        Regex::find(self, subject)
    }
}

/// Answers questions until the other side closes its end.
pub(super) fn work(stream: &UnixStream, wish: Wish) -> io::Result<()> {
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        ignore(signal)?;
    }
    limit_memory(MEMORY)?;
    yield_to_others(NICENESS)?;
    enter_worker(wish);
    let mut rules = Rules::default();
    while let Some(frame) = frames::read(stream)? {
        let question = Question::decode(&frame).ok_or(io::ErrorKind::InvalidData)?;
        if let Some(answer) = rules.answer(question, stream)? {
            frames::write(stream, &answer.encode())?;
        }
    }
    Ok(())
}

impl Rules {
    fn answer(&mut self, question: Question, stream: &UnixStream) -> io::Result<Option<Answer>> {
        let limit = match &question {
            Question::Load { .. } => FOR_A_FILE,
            Question::Map { .. } => FOR_A_NAME,
            Question::Openable(_) => return Ok(None),
        };
        limit_processor_time(limit)?;
        let answer = match question {
            Question::Load { id, steps, file } => self.load(id, steps, &file),
            Question::Map { id, job } => self.map(id, &job, stream)?,
            Question::Openable(_) => return Ok(None),
        };
        limit_processor_time(Duration::ZERO)?;
        Ok(Some(answer))
    }

    fn load(&mut self, id: u32, steps: u32, file: &[u8]) -> Answer {
        self.map = None;
        self.steps = steps;
        let findings = match read(file, compile) {
            Ok(map) => {
                self.map = Some(map);
                Vec::new()
            }
            Err(problems) => problems.iter().map(finding).collect(),
        };
        Answer::Loaded {
            id,
            has_rules: self.map.as_ref().is_some_and(|map| !map.is_empty()),
            findings,
        }
    }

    fn map(&self, id: u32, job: &Job, stream: &UnixStream) -> io::Result<Answer> {
        let Some(map) = &self.map else {
            return Ok(Answer::NotLoaded { id });
        };
        let query = Query {
            direction: job.direction,
            client: job.client,
            name: &job.name,
        };
        let mut trace = Trace::new(job.traced);
        let failure = RefCell::new(None);
        let mut can_open = |name: &[u8]| {
            let answer = ask(name, stream);
            answer.unwrap_or_else(|error| {
                failure.replace(Some(error));
                false
            })
        };
        let outcome = evaluate(map, &query, self.steps, &mut can_open, &mut |event| {
            trace.note(&event);
        });
        failure.take().map_or(Ok(()), Err)?;
        Ok(trace.into_answer(id, outcome))
    }
}

fn compile(pattern: &[u8], ignores_case: bool) -> Result<Regex, String> {
    let case = if ignores_case {
        LetterCase::Ignored
    } else {
        LetterCase::Sensitive
    };
    Regex::with_groups(pattern, case)
}

fn finding(problem: &Problem) -> Finding {
    Finding {
        line: problem.line,
        column: problem.column,
        width: problem.width,
        text: words::problem(problem),
        help: words::advice(&problem.kind).map(str::to_owned),
    }
}

/// Only the server knows what can be opened.
fn ask(name: &[u8], stream: &UnixStream) -> io::Result<bool> {
    frames::write(stream, &Answer::CanOpen(name.to_vec()).encode())?;
    let frame = frames::read(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    match Question::decode(&frame) {
        Some(Question::Openable(is_there)) => Ok(is_there),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Lines for a talkative log.
struct Trace {
    wanted: bool,
    lines: Vec<String>,
    size: usize,
}

impl Trace {
    fn new(wanted: bool) -> Self {
        Self {
            wanted,
            lines: Vec::new(),
            size: 0,
        }
    }

    fn note(&mut self, event: &Event) {
        if self.wanted && self.size < MOST_TRACE {
            let line = words::event(event);
            self.size = self.size.saturating_add(line.len());
            self.lines.push(line);
        }
    }

    fn into_answer(self, id: u32, outcome: Outcome) -> Answer {
        Answer::Mapped {
            id,
            outcome,
            lines: self.lines,
        }
    }
}
