//! The differential player for TFTP: random servers, files, rules and packets, made from a seed, played against the original and ours.
//! What differs is made as small as it goes and shown as a scenario, ready to be kept in `tests/tftp-scenarios`.

mod dice;
mod known;
mod messages;
mod server;
mod shrink;

use std::time::Duration;

use dice::Dice;
use known::Outcome;

use crate::failure::Result;
use crate::subject::Subject;
use crate::tftp_scenario::{Happened, Scenario, Stage, read, run};

/// How long each server may take for what the other one has done at once.
const PATIENCE: Duration = Duration::from_millis(700);

/// What came of playing a scenario against both.
#[derive(Debug)]
pub enum Verdict {
    /// Both did the same.
    Same,
    /// They differ on purpose; these words of the list of differences say why.
    OnPurpose(&'static str),
    /// They differ. The scenario, with what each of the two did.
    Differs(String),
}

/// The scenario of this seed, without expectations.
#[must_use]
pub fn scenario(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let head = server::head(&mut dice);
    let rules = server::rules(&mut dice);
    let steps = rules.into_iter().chain(messages::steps(&mut dice));
    let steps: String = steps.map(|step| format!("\n> {step}\n")).collect();
    format!("# Seed {seed}.\n{head}\n{steps}")
}

/// Where both are played.
pub struct Duel(Stage);

impl Duel {
    /// Makes the stage.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new() -> Result<Self> {
        let mut stage = Stage::new()?;
        stage.patience = PATIENCE;
        Ok(Self(stage))
    }

    /// Plays a scenario against both. What the one has done is then expected of the other, since what nobody expects is not waited for.
    ///
    /// # Errors
    /// If the text is no scenario, or a server cannot be played with.
    pub fn play(&mut self, text: &str) -> Result<Verdict> {
        let bare = read(text)?;
        let ours = run(&bare, &mut self.0, Subject::Ours)?;
        let theirs = self.expecting(&bare, &ours, Subject::Original)?;
        if compare(&bare, &theirs, &ours).is_none() {
            return Ok(Verdict::Same);
        }
        let ours = self.expecting(&bare, &theirs, Subject::Ours)?;
        Ok(match compare(&bare, &theirs, &ours) {
            None => Verdict::Same,
            Some(Some(row)) => Verdict::OnPurpose(row),
            Some(None) => Verdict::Differs(bare.contrasted(&theirs, &ours).text()),
        })
    }

    fn expecting(&mut self, bare: &Scenario, lines: &Happened, of: Subject) -> Result<Happened> {
        let wanted = bare.contrasted(lines, lines);
        run(&wanted, &mut self.0, of)
    }

    /// The smallest scenario that still differs.
    pub fn shrink(&mut self, text: &str) -> String {
        shrink::shrink(text, |text| {
            matches!(self.play(text), Ok(Verdict::Differs(_)))
        })
    }
}

/// The first difference: `Some` of the row that explains it, or of none.
fn compare(
    scenario: &Scenario,
    theirs: &Happened,
    ours: &Happened,
) -> Option<Option<&'static str>> {
    let happened = theirs.iter().zip(ours);
    let mut steps = scenario.steps.iter().zip(happened);
    let (step, (original, ours)) =
        steps.find(|(_, (theirs, ours))| plain(theirs) != plain(ours))?;
    let outcome = Outcome {
        step: &step.text,
        original,
        ours,
    };
    Some(known::row(&outcome))
}

fn plain(lines: &[String]) -> Vec<String> {
    lines.iter().filter_map(|line| known::plain(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_scenario_and_each_can_be_read() {
        for seed in 0..300 {
            let text = scenario(seed);
            assert_eq!(text, scenario(seed));
            let read = read(&text).unwrap_or_else(|failure| panic!("{failure}\n{text}"));
            assert_eq!(read.text(), text);
        }
    }
}
