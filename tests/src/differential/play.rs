//! Playing a scenario against both: the original live, our engine alone at the very times at which the original got each message.

use crate::failure::Result;
use crate::scenario::{self, Links, Scenario, Stage};
use crate::subject::Subject;

/// Lines that only the original writes, on purpose (tests/developers/differences.md).
const NOT_OURS: [&str; 2] = [
    ". execute.c(387): invalid binding type: 4",
    ". Timeout too large reducing to: 2147483646 (TIME_MAX - 1)",
];

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Both do the same.
    Same,
    /// The original does not start with this, or does not live through it, and ours is not to be compared.
    NotPlayed(String),
    /// What the original does and what ours does, as scenarios.
    Differs(String, String),
}

/// Both players, ready for one scenario after the other.
#[derive(Debug)]
pub struct Duel {
    stage: Stage,
}

impl Duel {
    /// Lays the link for the original.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new() -> Result<Self> {
        let stage = Stage::new(&Links::default())?.without_second_opinion();
        Ok(Self { stage })
    }

    /// Plays a scenario against both.
    ///
    /// # Errors
    /// If the text is no scenario.
    pub fn play(&mut self, text: &str) -> Result<Verdict> {
        let scenario = scenario::read(text)?;
        let played = match self.stage.play(&scenario, Subject::Original) {
            Ok(played) => played,
            Err(failure) => return Ok(judge_refusal(&scenario, failure.to_string())),
        };
        let (mut theirs, times): (Vec<Vec<String>>, Vec<_>) = played.into_iter().unzip();
        for lines in &mut theirs {
            lines.retain(|line| !NOT_OURS.contains(&line.as_str()) && !is_about_an_answer(line));
            sort_variables(lines);
        }
        let ours = match scenario::run_at(&scenario, &times) {
            Ok(mut happened) => {
                happened.iter_mut().for_each(|lines| sort_variables(lines));
                scenario.with(&happened)
            }
            Err(failure) => format!("ours does not play it: {failure}"),
        };
        let theirs = scenario.with(&theirs);
        Ok(match theirs == ours {
            true => Verdict::Same,
            false => Verdict::Differs(theirs, ours),
        })
    }

    /// Whether a scenario shows a difference.
    pub fn differs(&mut self, text: &str) -> bool {
        matches!(self.play(text), Ok(Verdict::Differs(..)))
    }
}

/// The original hears its own answers to relays, a moment later, and says so where their network is unknown.
fn is_about_an_answer(line: &str) -> bool {
    let answers = [". DHCPOFFER from ", ". DHCPACK from ", ". DHCPNAK from "];
    answers.iter().any(|answer| line.starts_with(answer))
}

/// The order of variables turns with each rewriting, and goes back to ones that were never more than null.
fn sort_variables(lines: &mut [String]) {
    for set in
        lines.chunk_by_mut(|one, next| [one, next].iter().all(|line| line.starts_with("|   set ")))
    {
        set.sort();
    }
}

/// What the original refuses when it starts must be refused by ours too.
fn judge_refusal(scenario: &Scenario, reason: String) -> Verdict {
    let refused = reason.contains("errors encountered");
    match refused && scenario::run_in_virtual_time(scenario).is_ok() {
        true => Verdict::Differs(reason, "ours takes the configuration".to_owned()),
        false => Verdict::NotPlayed(reason),
    }
}
