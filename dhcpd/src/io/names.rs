//! The host names that the configuration mentions, looked up again and again while the server runs. The original asks when
//! it needs one, and everybody waits.

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

/// Names and when to ask for them.
#[derive(Debug)]
pub(super) struct Names {
    /// `None` if there are none, or nobody to ask.
    resolver: Option<Resolver>,
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    name: Box<str>,
    /// When to ask; `None` while an answer is awaited.
    due: Option<Time>,
    failure: Option<LookupError>,
}

/// A name has these addresses from now on.
pub(super) type News = (Box<str>, Vec<Ipv4Addr>);

impl Names {
    /// Asks for all `names` and waits a moment for the answers, which it adds to `resolved`.
    pub(super) fn start(
        resolver: Option<Resolver>,
        names: &[Box<str>],
        resolved: &mut ResolvedNames,
        logger: &Logger,
    ) -> Self {
        let resolver = resolver.filter(|_| !names.is_empty());
        let unasked = |name: &str| Name {
            name: name.into(),
            due: Some(Time::default()),
            failure: None,
        };
        let mut names = Self {
            resolver,
            names: names.iter().map(|name| unasked(name)).collect(),
        };
        names.ask_due(clock::now());
        names.await_first(resolved, logger);
        names
    }

    fn await_first(&mut self, resolved: &mut ResolvedNames, logger: &Logger) {
        let deadline = Instant::now() + FIRST_ANSWERS;
        while self.names.iter().any(|name| name.due.is_none()) {
            let next = self
                .resolver
                .as_ref()
                .and_then(|it| it.next_answer(deadline));
            let Some(answer) = next else {
                return;
            };
            if let Some((name, addresses)) = self.note(answer, clock::now(), logger) {
                resolved.addresses.insert(name, addresses);
            }
        }
    }

    /// Where answers will come from.
    pub(super) fn listen(&self) -> std::io::Result<Option<UnboundedReceiver<Answer>>> {
        self.resolver.as_ref().map(Resolver::listen).transpose()
    }

    /// Asks for what is due. A question that finds no room is asked later.
    pub(super) fn ask_due(&mut self, now: Time) {
        let Some(resolver) = &self.resolver else {
            return;
        };
        let due = |name: &&mut Name| name.due.is_some_and(|due| due <= now);
        for name in self.names.iter_mut().filter(due) {
            let asked = resolver.ask(&Question::Addresses(name.name.clone()));
            name.due = (!asked).then(|| now.after(TRY_AGAIN));
        }
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.resolver.as_ref()?;
        self.names.iter().filter_map(|name| name.due).min()
    }

    /// Takes an answer; returns what has changed for expressions. A name server that is out of order for a while takes
    /// no address away.
    pub(super) fn note(&mut self, answer: Answer, now: Time, logger: &Logger) -> Option<News> {
        let Answer::Addresses(name, found) = answer else {
            return None;
        };
        let known = self.names.iter_mut().find(|known| known.name == name)?;
        let pause = if found.is_ok() { ASK_AGAIN } else { TRY_AGAIN };
        known.due = Some(now.after(pause));
        let failure = found.as_ref().err().copied();
        if failure != known.failure {
            match failure {
                Some(failure) => logger.error(&words::lookup_failed(&name, failure)),
                None => logger.info(&words::lookup_succeeds(&name)),
            }
        }
        known.failure = failure;
        match found {
            Ok(addresses) => Some((name, addresses)),
            Err(LookupError::Unknown | LookupError::NoAddress) => Some((name, Vec::new())),
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
        let name = |name: &str| Name {
            name: name.into(),
            due: None,
            failure: None,
        };
        Names {
            resolver: None,
            names: vec![name("a"), name("b")],
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

    fn pause(names: &Names) -> Duration {
        names.names[0].due.unwrap().since(START)
    }

    #[test]
    fn addresses_are_asked_for_again_after_an_hour_and_failures_after_a_minute() {
        let mut names = names();
        assert_eq!(
            note(&mut names, "a", Ok(vec![HERE])),
            Some(("a".into(), vec![HERE]))
        );
        assert_eq!(pause(&names), ASK_AGAIN);
        note(&mut names, "a", Err(LookupError::Temporary));
        assert_eq!(pause(&names), TRY_AGAIN);
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
                Some(("a".into(), vec![]))
            );
        }
    }

    #[test]
    fn an_answer_that_nobody_asked_for_changes_nothing() {
        let mut names = names();
        assert_eq!(note(&mut names, "c", Ok(vec![HERE])), None);
    }
}
