//! rtftpd beside in.tftpd, dnsmasq, atftpd and the tftpd crate under the same loads, in one run: speed, processor time and
//! memory, and whether the targets are reached.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, value_parser};
use tests::contest::{
    Arena, CASES, Case, Cost, Crowd, NOT_INSTALLED, OPEN, PEERS, Peer, Rounds, Row, Verdict,
    hold_open, json, judge, judge_crowd, megabytes, show,
};
use tests::failure::{Context, Result};

fn main() -> ExitCode {
    match run(&options()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bench-tftp: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> ArgMatches {
    let text = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).default_value("").help(help)
    };
    clap::Command::new("bench-tftp")
        .arg(text(
            "target",
            "cargo's target directory, if it is not target",
        ))
        .arg(text("load", "only loads whose name contains this"))
        .arg(text("server", "only servers whose name contains this"))
        .arg(text("json", "the file for the results, if one is wanted"))
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .default_value("3")
                .value_parser(value_parser!(u8).range(1..=20))
                .help(
                    "runs of each server under each load, the servers in turns; the median counts",
                ),
        )
        .get_matches()
}

/// What was measured, or why nothing was.
type Measured<T> = std::result::Result<T, String>;

struct Bench {
    arena: Arena,
    rounds: usize,
    load: String,
    server: String,
}

/// True if no target was missed.
fn run(options: &ArgMatches) -> Result<bool> {
    let word = |name| options.get_one::<String>(name).cloned().unwrap_or_default();
    let path = |name| Some(PathBuf::from(word(name))).filter(|path| !path.as_os_str().is_empty());
    let bench = Bench {
        arena: Arena::new(&path("target").unwrap_or_else(|| "target".into()))?,
        rounds: options.get_one("rounds").copied().unwrap_or(1_u8).into(),
        load: word("load"),
        server: word("server"),
    };
    let rows = bench.measure_all()?;
    let mut verdicts = judge(&rows);
    if let Some(crowd) = bench.measure_crowd()? {
        verdicts.push(judge_crowd(&crowd));
    }
    if let Some(file) = path("json") {
        fs::write(&file, json(&rows)).context(format!("cannot write {}", file.display()))?;
        println!("\n{}", file.display());
    }
    println!();
    for verdict in &verdicts {
        match verdict {
            Verdict::Reached(text) => println!("reached     {text}"),
            Verdict::Missed(text) => println!("MISSED      {text}"),
            Verdict::NotProven(text) => println!("not proven  {text}"),
        }
    }
    let missed = |verdict: &Verdict| matches!(verdict, Verdict::Missed(_));
    Ok(!verdicts.iter().any(missed))
}

impl Bench {
    fn measure_all(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for case in CASES.iter().filter(|case| case.name.contains(&self.load)) {
            let (file, size) = case.file();
            self.arena.prepare(file, size, case.writers())?;
            let first = rows.len();
            rows.extend(self.measure_rounds(case)?);
            for (index, row) in rows.iter().skip(first).enumerate() {
                show(row, index == 0);
            }
        }
        Ok(rows)
    }

    fn peers(&self) -> impl Iterator<Item = &'static Peer> {
        PEERS.iter().filter(|peer| peer.name.contains(&self.server))
    }

    /// Servers take turns, each time from the next one on.
    fn measure_rounds(&self, case: &Case) -> Result<Vec<Row>> {
        let peers: Vec<&Peer> = self.peers().filter(|peer| case.suits(peer)).collect();
        let mut costs: Vec<Measured<Vec<Cost>>> = vec![Ok(Vec::new()); peers.len()];
        for round in 0..self.rounds {
            let mut turns: Vec<_> = peers.iter().zip(&mut costs).collect();
            turns.rotate_left(round % peers.len().max(1));
            for (peer, costs) in turns {
                self.take_turn(case, peer, costs)?;
            }
        }
        let row = |(peer, costs): (&Peer, Measured<_>)| Row {
            case: case.name,
            server: peer.name,
            cost: costs.and_then(|costs| Rounds::new(costs).ok_or_else(String::new)),
        };
        Ok(peers.into_iter().zip(costs).map(row).collect())
    }

    /// A server that cannot do this is not asked again.
    fn take_turn(&self, case: &Case, peer: &Peer, costs: &mut Measured<Vec<Cost>>) -> Result<()> {
        let Ok(known) = costs else {
            return Ok(());
        };
        let measured = match self.arena.has(peer) {
            true => self.measure(case, peer)?,
            false => Err(NOT_INSTALLED.to_owned()),
        };
        match measured {
            Ok(cost) => known.push(cost),
            Err(reason) => *costs = Err(reason),
        }
        Ok(())
    }

    fn measure(&self, case: &Case, peer: &Peer) -> Result<Measured<Cost>> {
        let contestant = self.arena.start(peer)?;
        let before = contestant.meter.processor_time()?;
        let plan = case.plan(self.arena.address());
        let run = || self.arena.among_clients(|| plan.run());
        let (outcome, memory) = contestant.meter.peak_memory(run);
        let outcome = outcome?;
        let processor_time = contestant.meter.processor_time()?.saturating_sub(before);
        if let (0, Some(failure)) = (outcome.times.len(), outcome.failures.first()) {
            return Ok(Err(format!("fails: {failure}")));
        }
        if !case.is_agreed(outcome.block, outcome.window) {
            let (block, window) = (outcome.block, outcome.window);
            return Ok(Err(format!(
                "grants blocks of {block}, windows of {window}"
            )));
        }
        Ok(Ok(Cost::new(&outcome, processor_time, memory)))
    }

    fn measure_crowd(&self) -> Result<Option<Crowd>> {
        let name = format!("{OPEN} open at once");
        let ours = PEERS
            .first()
            .filter(|ours| ours.name.contains(&self.server));
        let ours = ours.filter(|_| name.contains(&self.load));
        let Some(ours) = ours else {
            return Ok(None);
        };
        let contestant = self.arena.start(ours)?;
        let crowd = hold_open(&self.arena, &contestant.meter)?;
        println!(
            "\n{name:32} {:>9} {:>12} {:>12} {:>8}",
            "MB", "p99 silent", "p99 moving", "failed"
        );
        println!(
            "  {:30} {:9.1} {:9.1} ms {:9.1} ms {:8}",
            ours.name,
            megabytes(crowd.memory),
            crowd.waiting.0.as_secs_f64() * 1e3,
            crowd.moving.0.as_secs_f64() * 1e3,
            crowd.failures
        );
        Ok(Some(crowd))
    }
}
