//! What servers did in several rounds. All of them have a turn in each round, so what else the machine does at that time meets
//! them alike: servers are compared round by round.

use std::fmt;

use super::report::Cost;

/// One server's cost in each round; there is one round at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounds(Vec<Cost>);

/// How much more of something one server has than another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The median of the rounds: what counts.
    pub median: f64,
    /// In the round in which it was least.
    pub least: f64,
    /// In the round in which it was most.
    pub most: f64,
}

impl Rounds {
    /// None without a round.
    #[must_use]
    pub fn new(rounds: Vec<Cost>) -> Option<Self> {
        (!rounds.is_empty()).then_some(Self(rounds))
    }

    /// The median of each figure by itself; failures add up.
    #[must_use]
    pub fn median(&self) -> Cost {
        let of = |figure: fn(&Cost) -> f64| median(self.0.iter().map(figure).collect());
        Cost {
            speed: of(|cost| cost.speed),
            transfers: of(|cost| cost.transfers),
            milliseconds_99: of(|cost| cost.milliseconds_99),
            processor: of(|cost| cost.processor),
            memory: of(|cost| cost.memory),
            repeats: of(|cost| cost.repeats),
            failures: self.0.iter().map(|cost| cost.failures).sum(),
        }
    }

    /// This figure by that of another server in the same round.
    #[must_use]
    pub fn ratio(&self, other: &Self, figure: fn(&Cost) -> f64) -> Ratio {
        let rounds = self.0.iter().zip(&other.0);
        Ratio::of(
            rounds
                .map(|(ours, theirs)| figure(ours) / figure(theirs))
                .collect(),
        )
    }

    /// How far a figure is apart in the slowest and the fastest round, by its median.
    #[must_use]
    pub fn spread(&self, figure: fn(&Cost) -> f64) -> f64 {
        let Ratio {
            median,
            least,
            most,
        } = Ratio::of(self.0.iter().map(figure).collect());
        (most - least) / median
    }
}

impl Ratio {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
        Self {
            least: end(values.first()),
            most: end(values.last()),
            median: median(values),
        }
    }
}

/// `0.97 (0.91 to 1.02)`
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(f, "{:.digits$}", self.median)?;
        if self.least < self.most {
            write!(f, " ({:.digits$} to {:.digits$})", self.least, self.most)?;
        }
        Ok(())
    }
}

/// The mean of the two in the middle if there is no middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let lower = values.len().saturating_sub(1) / 2;
    let at = |index| values.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(at(lower), at(middle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::report::COST;

    fn rounds(speeds: &[f64]) -> Rounds {
        let costs = speeds.iter().map(|&speed| Cost { speed, ..COST });
        Rounds::new(costs.collect()).unwrap()
    }

    #[test]
    fn a_slow_round_is_slow_for_all() {
        let (ours, theirs) = (rounds(&[20.0, 10.0, 30.0]), rounds(&[10.0, 5.0, 10.0]));
        let ratio = ours.ratio(&theirs, |cost| cost.speed);
        assert_eq!((ratio.least, ratio.median, ratio.most), (2.0, 2.0, 3.0));
        assert_eq!(ratio.to_string(), "2.00 (2.00 to 3.00)");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(rounds(&[4.0, 1.0]).median().speed, 2.5);
        assert_eq!(rounds(&[4.0, 1.0, 3.0]).median().speed, 3.0);
        assert_eq!(rounds(&[4.0, 1.0, 3.0]).spread(|cost| cost.speed), 1.0);
        assert_eq!(Rounds::new(Vec::new()), None);
    }
}
