//! The differential player: random configurations and messages, made from a seed, played against the original and against ours. What
//! differs is made as small as it goes and shown as a scenario, ready to be kept in `tests/scenarios`.

mod dice;
mod expressions;
mod messages;
mod options;
mod page;
mod play;
mod shrink;
mod site;

pub use dice::Dice;
pub use play::{Duel, Verdict};
pub use shrink::shrink;

/// The scenario of this seed, without expectations.
#[must_use]
pub fn scenario(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let config = site::configuration(&mut dice);
    let steps = messages::steps(&mut dice);
    format!("# Seed {seed}.\nmask order\nconfig\n{config}end\n\n{steps}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_scenario_and_each_can_be_read() {
        for seed in 0..200 {
            let text = scenario(seed);
            assert_eq!(text, scenario(seed));
            let read = crate::scenario::read(&text);
            let read = read.unwrap_or_else(|failure| panic!("{failure}\n{text}"));
            assert_eq!(read.text(), text);
        }
    }
}
