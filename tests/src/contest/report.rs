//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write as _;
use std::time::Duration;

use super::rounds::Rounds;
use crate::load::Outcome;

/// What one server did under one load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Megabytes a second.
    pub speed: f64,
    /// Whole transfers a second.
    pub transfers: f64,
    /// The time that all but one in a hundred transfers stayed below, in milliseconds.
    pub milliseconds_99: f64,
    /// Seconds of processor time for each GiB.
    pub processor: f64,
    /// Memory of all processes under load, in megabytes.
    pub memory: f64,
    /// Packets that the clients sent again.
    pub repeats: f64,
    /// Transfers that failed.
    pub failures: usize,
}

/// A server under a load.
#[derive(Clone, Debug)]
pub struct Row {
    /// The load.
    pub case: &'static str,
    /// The server.
    pub server: &'static str,
    /// What was measured, or why nothing was.
    pub cost: Result<Rounds, String>,
}

impl Cost {
    /// Puts together what clients and kernel saw.
    #[must_use]
    pub fn new(outcome: &Outcome, processor_time: Duration, memory: u64) -> Self {
        Self {
            speed: outcome.megabytes_a_second(),
            transfers: outcome.transfers_a_second(),
            milliseconds_99: outcome.percentile_99().as_secs_f64() * 1e3,
            processor: processor_time.as_secs_f64() / outcome.gibibytes().max(1e-9),
            memory: megabytes(memory),
            repeats: count(outcome.repeats),
            failures: outcome.failures.len(),
        }
    }
}

/// Bytes in megabytes.
#[must_use]
pub fn megabytes(bytes: u64) -> f64 {
    count(bytes >> 10) * 1024.0 / 1e6
}

fn count(number: u64) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}

/// Prints a line, with the load as a heading above its first server.
pub fn show(row: &Row, is_first: bool) {
    if is_first {
        println!(
            "\n{:32} {:>9} {:>7} {:>11} {:>9} {:>10} {:>8} {:>8}",
            row.case, "MB/s", "spread", "transfers/s", "p99 ms", "CPU s/GiB", "MB", "repeats"
        );
    }
    match &row.cost {
        Ok(rounds) => {
            let cost = rounds.median();
            let failed = match cost.failures {
                0 => String::new(),
                count => format!("  {count} failed"),
            };
            println!(
                "  {:30} {:9.1} {:5.0} % {:11.1} {:9.1} {:10.2} {:8.1} {:8.0}{failed}",
                row.server,
                cost.speed,
                rounds.spread(|cost| cost.speed) * 100.0,
                cost.transfers,
                cost.milliseconds_99,
                cost.processor,
                cost.memory,
                cost.repeats
            );
        }
        Err(reason) => println!("  {:30} {reason}", row.server),
    }
}

/// All rows as one JSON array. Names and reasons are our own words, without quotes.
#[must_use]
pub fn json(rows: &[Row]) -> String {
    let objects: Vec<String> = rows.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

fn object(row: &Row) -> String {
    let mut text = format!("  {{\"load\":{:?},\"server\":{:?}", row.case, row.server);
    // Writing to a string cannot fail.
    let _ = match row.cost.as_ref().map(Rounds::median) {
        Ok(cost) => write!(
            text,
            ",\"megabytes_per_second\":{:.3},\"transfers_per_second\":{:.3},\"p99_milliseconds\":{:.3},\
             \"cpu_seconds_per_gib\":{:.4},\"memory_megabytes\":{:.3},\"repeats\":{},\"failures\":{}}}",
            cost.speed,
            cost.transfers,
            cost.milliseconds_99,
            cost.processor,
            cost.memory,
            cost.repeats,
            cost.failures
        ),
        Err(reason) => write!(text, ",\"not_measured\":{reason:?}}}"),
    };
    text
}

/// A cost for tests.
#[cfg(test)]
pub(super) const COST: Cost = Cost {
    speed: 100.0,
    transfers: 100.0,
    milliseconds_99: 1.0,
    processor: 2.0,
    memory: 3.0,
    repeats: 0.0,
    failures: 0,
};
