//! What rtftpd is to reach beside its peers, as ratios within one run.

use super::open::{Crowd, OPEN};
use super::report::{Cost, Row, megabytes};

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
    let verdict = match *target {
        Target::AsGoodAsTheBest => {
            let (name, best) = best(rows, case, |cost| cost.speed)?;
            let (speed, processor) = (ours.speed / best.speed, ours.processor / best.processor);
            let text =
                format!("{speed:.2} times the speed of {name}, {processor:.2} of its CPU per GiB");
            verdict(speed * NOISE >= 1.0 && processor <= NOISE, case, &text)
        }
        Target::CheaperThan(name) => {
            let processor = ours.processor / find(rows, case, name)?.processor;
            verdict(
                processor < 1.0,
                case,
                &format!("{processor:.2} of the CPU per GiB of {name}"),
            )
        }
        Target::FasterAndCheaper(faster, cheaper) => {
            let (name, best) = best(rows, case, |cost| cost.speed)?;
            let (speed, processor) = (ours.speed / best.speed, ours.processor / best.processor);
            let text =
                format!("{speed:.2} times the speed of {name}, {processor:.2} of its CPU per GiB");
            verdict(speed >= faster && processor <= cheaper, case, &text)
        }
        Target::MoreTransfers(name, times) => {
            let (best_name, best) = best(rows, case, |cost| cost.transfers)?;
            let over_best = ours.transfers / best.transfers;
            let over_named = ours.transfers / find(rows, case, name)?.transfers;
            let text = format!("{over_best:.2} times {best_name}, {over_named:.1} times {name}");
            verdict(over_best * NOISE >= 1.0 && over_named >= times, case, &text)
        }
        Target::TimesOtherLoad(other, times) => {
            let ratio = ours.speed / find(rows, other, OURS)?.speed;
            verdict(ratio >= times, case, &format!("{ratio:.1} times {other}"))
        }
    };
    Ok(verdict)
}

fn find(rows: &[Row], case: &str, server: &str) -> Result<Cost, String> {
    let row = rows
        .iter()
        .find(|row| row.case == case && row.server == server);
    let cost = row.map(|row| row.cost.clone());
    cost.unwrap_or_else(|| Err("left out".to_owned()))
        .map_err(|reason| format!("{server} {reason}"))
}

/// The peer that did best. All that could be compared have to be there.
fn best(
    rows: &[Row],
    case: &str,
    by: impl Fn(&Cost) -> f64,
) -> Result<(&'static str, Cost), String> {
    let peers = rows
        .iter()
        .filter(|row| row.case == case && row.server != OURS);
    let mut best: Option<(&'static str, Cost)> = None;
    for row in peers {
        match &row.cost {
            Ok(cost) if best.is_none_or(|(_, best)| by(cost) > by(&best)) => {
                best = Some((row.server, *cost));
            }
            Err(reason) if reason == super::NOT_INSTALLED => {
                return Err(format!("{} {reason}", row.server));
            }
            Ok(_) | Err(_) => {}
        }
    }
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

    const COST: Cost = Cost {
        speed: 100.0,
        transfers: 100.0,
        milliseconds_99: 1.0,
        processor: 2.0,
        memory: 3.0,
        repeats: 0,
        failures: 0,
    };

    fn row(server: &'static str, speed: f64, processor: f64) -> Row {
        let cost = Cost {
            speed,
            processor,
            ..COST
        };
        Row {
            case: "100 clients, window 16",
            server,
            cost: Ok(cost),
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
