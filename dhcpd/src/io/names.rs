//! The host names that the configuration mentions, looked up again and again while the server runs. The original asks when
//! it needs one, and everybody waits.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use common::log::Logger;
use common::sys::names::LookupError;
use common::time::Time;
use tokio::sync::mpsc::UnboundedReceiver;

use super::clock;
use super::resolver::{Answer, FIRST_ANSWERS, Question, Resolver};
use crate::eval::ResolvedNames;
use crate::words;

/// Addresses are good for so long, as in the original.
const ASK_AGAIN: Duration = Duration::from_secs(3600);

/// After a failure, as in the original.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// Questions about names that wait for an answer at a time: they must fit into the resolver's socket.
const WAITING: usize = 64;

/// When there is no room for a question all the same.
const ROOM_AGAIN: Duration = Duration::from_secs(1);

/// Names and when to ask for them.
#[derive(Debug)]
pub(super) struct Names {
    /// `None` if there is nobody to ask.
    resolver: Option<Resolver>,
    /// Every name, and why it has no address.
    failures: HashMap<Box<str>, Option<LookupError>>,
    /// When to ask for those whose answer is not awaited.
    due: BTreeSet<(Time, Box<str>)>,
    /// How many answers are awaited.
    waiting: usize,
}

/// What is known from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A name has these addresses.
    Addresses(Box<str>, Vec<Ipv4Addr>),
    /// The host with this address has this name.
    Host(Ipv4Addr, Option<Box<str>>),
}

impl Names {
    /// Asks for all `names` and waits a moment for the answers, which it adds to `resolved`.
    pub(super) fn start(
        resolver: Option<Resolver>,
        names: &[Box<str>],
        resolved: &mut ResolvedNames,
        logger: &Logger,
    ) -> Self {
        let mut names = Self {
            resolver,
            failures: names.iter().map(|name| (name.clone(), None)).collect(),
            due: names
                .iter()
                .map(|name| (Time::default(), name.clone()))
                .collect(),
            waiting: 0,
        };
        names.await_first(resolved, logger);
        names
    }

    fn await_first(&mut self, resolved: &mut ResolvedNames, logger: &Logger) {
        let deadline = Instant::now() + FIRST_ANSWERS;
        self.ask_due(clock::now());
        while self.waiting > 0 {
            let next = self
                .resolver
                .as_ref()
                .and_then(|it| it.next_answer(deadline));
            let Some(answer) = next else {
                return;
            };
            let news = self.note(answer, clock::now(), logger);
            if let Some(News::Addresses(name, addresses)) = news {
                resolved.addresses.insert(name, addresses);
            }
            self.ask_due(clock::now());
        }
    }

    /// Where answers will come from.
    pub(super) fn listen(&self) -> std::io::Result<Option<UnboundedReceiver<Answer>>> {
        self.resolver.as_ref().map(Resolver::listen).transpose()
    }

    /// Asks for what is due, as far as there is room for answers.
    pub(super) fn ask_due(&mut self, now: Time) {
        let Some(resolver) = &self.resolver else {
            return;
        };
        while self.waiting < WAITING && self.due.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, name)) = self.due.pop_first() else {
                return;
            };
            if resolver.ask(&Question::Addresses(name.clone())) {
                self.waiting = self.waiting.saturating_add(1);
            } else {
                self.due.insert((now.after(ROOM_AGAIN), name));
            }
        }
    }

    /// Asks for the name of a host with a leased address. It is asked for again with its next reply.
    pub(super) fn ask_host(&self, address: Ipv4Addr) {
        if let Some(resolver) = &self.resolver {
            resolver.ask(&Question::Name(address));
        }
    }

    /// When something is due next that does not wait for an answer first.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.resolver.as_ref().filter(|_| self.waiting < WAITING)?;
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes an answer; returns what has changed for the engine. A name server that is out of order for a while takes no
    /// address away.
    pub(super) fn note(&mut self, answer: Answer, now: Time, logger: &Logger) -> Option<News> {
        let (name, found) = match answer {
            Answer::Addresses(name, found) => (name, found),
            Answer::Name(address, name) => return Some(News::Host(address, name)),
        };
        let known = self.failures.get_mut(&name)?;
        let failure = found.as_ref().err().copied();
        match failure {
            Some(failure) if *known != Some(failure) => {
                logger.error(&words::lookup_failed(&name, failure));
            }
            None if known.is_some() => logger.info(&words::lookup_succeeds(&name)),
            _ => {}
        }
        *known = failure;
        let pause = if failure.is_none() {
            ASK_AGAIN
        } else {
            TRY_AGAIN
        };
        self.due.insert((now.after(pause), name.clone()));
        self.waiting = self.waiting.saturating_sub(1);
        match found {
            Ok(addresses) => Some(News::Addresses(name, addresses)),
            Err(LookupError::Unknown | LookupError::NoAddress) => {
                Some(News::Addresses(name, Vec::new()))
            }
            Err(LookupError::Temporary | LookupError::Failed) => None,
        }
    }

    /// Nobody answers any more.
    pub(super) fn give_up(&mut self) {
        self.resolver = None;
    }
}

#[cfg(test)]
mod tests {
    use common::log::Facility;
    use pretty_assertions::assert_eq;

    use super::*;

    const START: Time = Time::from_seconds(1_795_167_118);
    const HERE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);

    fn names() -> Names {
        Names {
            resolver: None,
            failures: ["a", "b"].map(|name| (name.into(), None)).into(),
            due: BTreeSet::new(),
            waiting: 2,
        }
    }

    fn note(
        names: &mut Names,
        name: &str,
        found: Result<Vec<Ipv4Addr>, LookupError>,
    ) -> Option<News> {
        let logger = Logger::open("test", Facility::LOG_USER);
        names.note(Answer::Addresses(name.into(), found), START, &logger)
    }

    /// How long after the answer each name is asked for again.
    fn pauses(names: &Names) -> Vec<Duration> {
        names.due.iter().map(|(due, _)| due.since(START)).collect()
    }

    #[test]
    fn addresses_are_asked_for_again_after_an_hour_and_failures_after_a_minute() {
        let mut names = names();
        let found = note(&mut names, "a", Ok(vec![HERE]));
        assert_eq!(found, Some(News::Addresses("a".into(), vec![HERE])));
        note(&mut names, "b", Err(LookupError::Temporary));
        assert_eq!(pauses(&names), [TRY_AGAIN, ASK_AGAIN]);
        assert_eq!(names.waiting, 0);
    }

    #[test]
    fn only_who_knows_better_takes_an_address_away() {
        let mut names = names();
        for error in [LookupError::Temporary, LookupError::Failed] {
            assert_eq!(note(&mut names, "a", Err(error)), None);
        }
        for error in [LookupError::Unknown, LookupError::NoAddress] {
            assert_eq!(
                note(&mut names, "a", Err(error)),
                Some(News::Addresses("a".into(), vec![]))
            );
        }
    }

    #[test]
    fn an_answer_that_nobody_asked_for_changes_nothing() {
        let mut names = names();
        assert_eq!(note(&mut names, "c", Ok(vec![HERE])), None);
    }
}
