//! `tests/differential-dhcp`: random scenarios against the original and ours.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use tests::differential::{Duel, Verdict, scenario, shrink};
use tests::failure::{Context, Result};

fn main() -> ExitCode {
    match run(&command_line().get_matches()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("differential-dhcp: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command_line() -> Command {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).default_value(default).help(help);
        argument.value_parser(value_parser!(u64))
    };
    Command::new("differential-dhcp")
        .about("Plays random scenarios against ISC dhcpd and rdhcpd and shows what differs")
        .arg(number("minutes", "1", "how long to go on; 0: one scenario"))
        .arg(number(
            "seed",
            "1",
            "the first scenario; each next one has the next number",
        ))
        .arg(
            Arg::new("scenario")
                .num_args(0..)
                .help("files with scenarios to play in the place of random ones"),
        )
        .arg(
            Arg::new("show")
                .long("show")
                .action(ArgAction::SetTrue)
                .help("print the scenario of the seed and play nothing"),
        )
}

/// True if nothing differed.
fn run(options: &ArgMatches) -> Result<bool> {
    let number = |name| options.get_one::<u64>(name).copied().unwrap_or_default();
    if options.get_flag("show") {
        print!("{}", scenario(number("seed")));
        return Ok(true);
    }
    let files = options.get_many::<String>("scenario").unwrap_or_default();
    if files.len() > 0 {
        return play_files(files.map(String::as_str));
    }
    let end = Instant::now() + Duration::from_secs(60 * number("minutes"));
    let mut tally = Tally::default();
    let mut duel = Duel::new()?;
    for seed in number("seed").. {
        tally.add(&mut duel, seed)?;
        if Instant::now() >= end {
            break;
        }
    }
    println!(
        "{} scenarios, {} steps the same; {} differ; {} not played; {} differ once and not again",
        tally.same, tally.steps, tally.different, tally.refused, tally.fleeting
    );
    Ok(tally.different == 0)
}

fn play_files<'f>(files: impl Iterator<Item = &'f str>) -> Result<bool> {
    let mut duel = Duel::new()?;
    let mut same = true;
    for file in files {
        let text = std::fs::read_to_string(file).context(format!("cannot read {file}"))?;
        let verdict = duel.play(&text)?;
        same &= verdict == Verdict::Same;
        println!("=== {file}");
        show(&verdict);
    }
    Ok(same)
}

#[derive(Default)]
struct Tally {
    same: usize,
    steps: usize,
    different: usize,
    refused: usize,
    fleeting: usize,
}

impl Tally {
    fn add(&mut self, duel: &mut Duel, seed: u64) -> Result<()> {
        let text = scenario(seed);
        match duel.play(&text)? {
            Verdict::Same => {
                self.same += 1;
                self.steps += text.matches("\n> ").count();
            }
            Verdict::NotPlayed(reason) => {
                self.refused += 1;
                println!("seed {seed} is not played: {reason}");
            }
            // Seconds may have changed at an unlucky moment: what counts differs again.
            Verdict::Differs(..) if !duel.differs(&text) => {
                self.fleeting += 1;
                println!("seed {seed} differs once and not again");
            }
            Verdict::Differs(..) => {
                self.different += 1;
                let small = shrink(&text, |text| duel.differs(text));
                report(duel, seed, &small);
            }
        }
        Ok(())
    }
}

fn report(duel: &mut Duel, seed: u64, text: &str) {
    println!("=== seed {seed}");
    if let Ok(verdict) = duel.play(text) {
        show(&verdict);
    }
}

fn show(verdict: &Verdict) {
    match verdict {
        Verdict::Same => println!("the same"),
        Verdict::NotPlayed(reason) => println!("not played: {reason}"),
        Verdict::Differs(theirs, ours) => {
            println!("--- original\n{theirs}--- ours\n{ours}");
        }
    }
}
