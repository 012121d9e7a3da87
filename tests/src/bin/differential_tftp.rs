//! `differential_tftp`: random scenarios against in.tftpd and rtftpd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, value_parser};
use tests::failure::{Context, Result};
use tests::tftp_differential::{Duel, Verdict, scenario};

/// The operands.
const FILES: &str = "SCENARIO";

fn main() -> ExitCode {
    match run(&command_line().get_matches()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("differential_tftp: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command_line() -> Command {
    let number = |name: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).default_value("1").help(help);
        argument.value_parser(value_parser!(u64))
    };
    Command::new("differential_tftp")
        .about("Plays random scenarios against in.tftpd and rtftpd and shows what differs")
        .arg(number("minutes", "how long to go on; 0: one scenario"))
        .arg(number(
            "seed",
            "the first scenario; each next one has the next number",
        ))
        .arg(
            Arg::new(FILES)
                .num_args(0..)
                .conflicts_with_all(["minutes", "seed"])
                .value_parser(value_parser!(PathBuf))
                .help("scenarios of your own, to play in the place of random ones"),
        )
}

/// True if nothing differed but on purpose.
fn run(options: &ArgMatches) -> Result<bool> {
    if let Some(paths) = options.get_many::<PathBuf>(FILES) {
        return play_files(paths);
    }
    let number = |name| options.get_one::<u64>(name).copied().unwrap_or_default();
    let end = Instant::now() + Duration::from_secs(60 * number("minutes"));
    let mut duel = Duel::new()?;
    let mut tally = Tally::default();
    for seed in number("seed").. {
        tally.add(&mut duel, seed);
        if Instant::now() >= end {
            break;
        }
    }
    println!(
        "{} scenarios: {tally:?}",
        tally.same + tally.on_purpose + tally.different
    );
    Ok(tally.different == 0)
}

/// Plays each file and shows what differs as it stands there. True if nothing does but on purpose, and each could be played.
fn play_files<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Result<bool> {
    let mut duel = Duel::new()?;
    let mut is_same = true;
    for path in paths {
        let name = path.display();
        match play_file(&mut duel, path) {
            Ok(Verdict::Same) => {}
            Ok(Verdict::OnPurpose(row)) => println!("{name}: {row}"),
            Ok(Verdict::Differs(shown)) => {
                is_same = false;
                println!("=== {name}\n{shown}");
            }
            Err(failure) => {
                is_same = false;
                println!("{name} is not played: {failure}");
            }
        }
    }
    Ok(is_same)
}

fn play_file(duel: &mut Duel, path: &Path) -> Result<Verdict> {
    duel.play(&fs::read_to_string(path).context("cannot read it")?)
}

#[derive(Debug, Default)]
struct Tally {
    same: usize,
    steps: usize,
    on_purpose: usize,
    different: usize,
    not_played: usize,
}

impl Tally {
    fn add(&mut self, duel: &mut Duel, seed: u64) {
        let text = scenario(seed);
        self.steps += text.matches("\n> ").count();
        match duel.play(&text) {
            Ok(Verdict::Same) => self.same += 1,
            Ok(Verdict::OnPurpose(_)) => self.on_purpose += 1,
            Ok(Verdict::Differs(_)) => {
                self.different += 1;
                let small = duel.shrink(&text);
                if let Ok(Verdict::Differs(shown)) = duel.play(&small) {
                    println!("=== seed {seed}\n{shown}");
                }
            }
            Err(failure) => {
                self.not_played += 1;
                println!("seed {seed} is not played: {failure}");
            }
        }
    }
}
