//! `tests/soak`: both daemons under mixed traffic and everything that goes wrong around them.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Arg, ArgMatches, Command, value_parser};
use tests::failure::Result;
use tests::soak::Plan;

fn main() -> ExitCode {
    match run(&command_line().get_matches()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("soak: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command_line() -> Command {
    let number = |name: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).help(help);
        argument.value_parser(value_parser!(u32).range(1..))
    };
    Command::new("soak")
        .about("Runs rdhcpd and rtftpd under mixed traffic, floods, faults and restarts, and says what they lost or leaked")
        .arg(number("minutes", "how long to go on").default_value("2"))
        .arg(number("seed", "what is left to chance; another one each time unless given"))
        .arg(number("flood", "invented DHCP clients in each flood").default_value("20000"))
        .arg(
            number("soon", "milliseconds that half of the renewals in a flood may take")
                .default_value("1000"),
        )
}

/// How many faults there are.
fn run(options: &ArgMatches) -> Result<usize> {
    let number = |name| options.get_one::<u32>(name).copied();
    let seed = number("seed").unwrap_or_else(some_seed);
    let minutes = number("minutes").unwrap_or(2);
    let plan = Plan {
        seed: seed.into(),
        span: Duration::from_secs(60) * minutes,
        flood: number("flood").unwrap_or_default(),
        soon: Duration::from_millis(number("soon").unwrap_or_default().into()),
    };
    println!("soak: {minutes} minutes, --seed {seed}");
    let report = plan.run()?;
    report.show();
    let faults = report.faults();
    println!("soak: {faults} faults");
    Ok(faults)
}

/// Printed, so that it can be given again.
fn some_seed() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |now| now.subsec_nanos().max(1))
}
