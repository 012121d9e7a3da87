//! What rtftpd is to reach beside its peers, as ratios within one run.

use super::open::{Crowd, OPEN};
use super::report::{Cost, Row, megabytes};
use super::rounds::{Ratio, Rounds};

/// Whether a target was reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It was, with the figures.
    Reached(String),
    /// It was not.
    Missed(String),
    /// A peer is not here, or the load was left out.
    NotProven(String),
}

/// Speeds this much apart are equal.
const NOISE: f64 = 1.05;
const OURS: &str = "rtftpd";
/// What a new client may wait for its first block, in milliseconds.
const LONGEST_WAIT: f64 = 50.0;
/// What [`OPEN`] transfers may hold, in megabytes.
const MOST_MEMORY: f64 = 100.0;

/// How a target compares ours with the others.
enum Target {
    /// As fast as the fastest, and no more processor time than that one.
    AsGoodAsTheBest,
    /// Less processor time than this server.
    CheaperThan(&'static str),
    /// So many times the speed of the fastest, for so much of its processor time.
    FasterAndCheaper(f64, f64),
    /// As many transfers a second as the best, and so many times those of this server.
    MoreTransfers(&'static str, f64),
    /// So many times the speed of another load.
    TimesOtherLoad(&'static str, f64),
}

const TARGETS: [(&str, Target); 8] = [
    ("one client, 512", Target::AsGoodAsTheBest),
    ("one client, 1468", Target::AsGoodAsTheBest),
    ("one client, 8192", Target::AsGoodAsTheBest),
    ("one client, 65464", Target::AsGoodAsTheBest),
    ("100 clients, 1468", Target::CheaperThan("dnsmasq")),
    ("100 clients, window 16", Target::FasterAndCheaper(1.3, 0.5)),
    (
        "50 clients, tiny files",
        Target::MoreTransfers("in.tftpd", 10.0),
    ),
    (
        "25 ms, window 64",
        Target::TimesOtherLoad("25 ms, lock-step", 30.0),
    ),
];

/// Judges every target.
#[must_use]
pub fn judge(rows: &[Row]) -> Vec<Verdict> {
    let judged = TARGETS.iter().map(|(case, target)| {
        let verdict = judge_one(rows, case, target);
        verdict.unwrap_or_else(|missing| Verdict::NotProven(format!("{case}: {missing}")))
    });
    judged.collect()
}

fn judge_one(rows: &[Row], case: &str, target: &Target) -> Result<Verdict, String> {
    let ours = find(rows, case, OURS)?;
    Ok(match *target {
        Target::AsGoodAsTheBest => {
            let (speed, processor, text) = beside_the_best(rows, case, ours)?;
            let reached = speed.median * NOISE >= 1.0 && processor.median <= NOISE;
            verdict(reached, case, &text)
        }
        Target::CheaperThan(name) => {
            let processor = ours.ratio(find(rows, case, name)?, |cost| cost.processor);
            let text = format!("{processor} of the CPU per GiB of {name}");
            verdict(processor.median < 1.0, case, &text)
        }
        Target::FasterAndCheaper(faster, cheaper) => {
            let (speed, processor, text) = beside_the_best(rows, case, ours)?;
            let reached = speed.median >= faster && processor.median <= cheaper;
            verdict(reached, case, &text)
        }
        Target::MoreTransfers(name, times) => {
            let transfers = |cost: &Cost| cost.transfers;
            let (best_name, best) = best(rows, case, transfers)?;
            let over_best = ours.ratio(best, transfers);
            let over_named = ours.ratio(find(rows, case, name)?, transfers);
            let reached = over_best.median * NOISE >= 1.0 && over_named.median >= times;
            let text = format!("{over_best} times {best_name}, {over_named:.1} times {name}");
            verdict(reached, case, &text)
        }
        Target::TimesOtherLoad(other, times) => {
            let ratio = ours.ratio(find(rows, other, OURS)?, |cost| cost.speed);
            let text = format!("{ratio:.1} times {other}");
            verdict(ratio.median >= times, case, &text)
        }
    })
}

/// Speed and processor time of ours by those of the fastest peer.
fn beside_the_best(
    rows: &[Row],
    case: &str,
    ours: &Rounds,
) -> Result<(Ratio, Ratio, String), String> {
    let (name, best) = best(rows, case, |cost| cost.speed)?;
    let speed = ours.ratio(best, |cost| cost.speed);
    let processor = ours.ratio(best, |cost| cost.processor);
    let text = format!("{speed} times the speed of {name}, {processor} of its CPU per GiB");
    Ok((speed, processor, text))
}

fn find<'a>(rows: &'a [Row], case: &str, server: &str) -> Result<&'a Rounds, String> {
    let row = rows
        .iter()
        .find(|row| row.case == case && row.server == server);
    let row = row.ok_or_else(|| "left out".to_owned());
    let cost = row.and_then(|row| row.cost.as_ref().map_err(String::clone));
    cost.map_err(|reason| format!("{server} {reason}"))
}

/// The peer that did best. All that could be compared have to be there.
fn best<'a>(
    rows: &'a [Row],
    case: &str,
    by: fn(&Cost) -> f64,
) -> Result<(&'static str, &'a Rounds), String> {
    let peers = rows
        .iter()
        .filter(|row| row.case == case && row.server != OURS);
    let mut measured = Vec::new();
    for row in peers {
        match &row.cost {
            Ok(rounds) => measured.push((row.server, rounds)),
            Err(reason) if reason == super::NOT_INSTALLED => {
                return Err(format!("{} {reason}", row.server));
            }
            Err(_) => {}
        }
    }
    let figure = |rounds: &Rounds| by(&rounds.median());
    let best = measured
        .into_iter()
        .max_by(|(_, one), (_, other)| figure(one).total_cmp(&figure(other)));
    best.ok_or_else(|| "no peer can do that".to_owned())
}

/// Judges the transfers that were open at once.
#[must_use]
pub fn judge_crowd(crowd: &Crowd) -> Verdict {
    let memory = megabytes(crowd.memory);
    let wait = crowd.waiting.0.max(crowd.moving.0).as_secs_f64() * 1e3;
    let reached = crowd.failures == 0
        && crowd.complete == OPEN
        && memory < MOST_MEMORY
        && wait < LONGEST_WAIT;
    let text = format!(
        "{memory:.1} MB, {} failed, a new client waits {wait:.1} ms for its first block (p99)",
        crowd.failures
    );
    verdict(reached, &format!("{OPEN} open at once"), &text)
}

fn verdict(reached: bool, case: &str, figures: &str) -> Verdict {
    let text = format!("{case}: {figures}");
    match reached {
        true => Verdict::Reached(text),
        false => Verdict::Missed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::report::COST;

    fn row(server: &'static str, speed: f64, processor: f64) -> Row {
        let cost = Cost {
            speed,
            processor,
            ..COST
        };
        Row {
            case: "100 clients, window 16",
            server,
            cost: Ok(Rounds::new(vec![cost]).unwrap()),
        }
    }

    fn windows(rows: &[Row]) -> Verdict {
        judge(rows).remove(5)
    }

    #[test]
    fn the_best_peer_is_the_measure() {
        let peers = [row("atftpd", 50.0, 9.0), row("tftpd crate", 100.0, 4.0)];
        let with = |ours: Row| [vec![ours], peers.to_vec()].concat();
        let reached = windows(&with(row(OURS, 130.0, 2.0)));
        assert!(matches!(reached, Verdict::Reached(_)), "{reached:?}");
        for missed in [row(OURS, 129.0, 2.0), row(OURS, 200.0, 2.1)] {
            let missed = windows(&with(missed));
            assert!(matches!(missed, Verdict::Missed(_)), "{missed:?}");
        }
    }

    #[test]
    fn without_a_peer_nothing_is_proven() {
        let absent = Row {
            cost: Err(super::super::NOT_INSTALLED.to_owned()),
            ..row("tftpd crate", 0.0, 0.0)
        };
        let rows = [row(OURS, 130.0, 2.0), row("atftpd", 50.0, 9.0), absent];
        assert!(matches!(windows(&rows), Verdict::NotProven(_)));
        assert!(matches!(windows(&[]), Verdict::NotProven(_)));
    }
}
