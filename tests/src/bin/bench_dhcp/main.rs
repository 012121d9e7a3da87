//! How fast DHCP servers are when leases must last: ours beside ISC dhcpd, Kea and dnsmasq, under the load of Kea's perfdhcp.

mod load;
mod phases;
mod report;
mod server;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use tests::failure::{Context, Result};

use phases::Bench;
use report::Report;
use server::{Kind, Programs};
use site::Site;

fn main() -> ExitCode {
    match run(&options()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bench-dhcp: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> ArgMatches {
    let path = |name: &'static str, default: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).default_value(default).help(help);
        argument.value_parser(value_parser!(PathBuf))
    };
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    clap::Command::new("bench-dhcp")
        .about("Without a switch about four minutes; --full about fifteen")
        .arg(path("ours", "rdhcpd", "our server"))
        .arg(path(
            "directory",
            "/var/tmp",
            "where leases are kept: on a real disk",
        ))
        .arg(path("json", "bench-dhcp.json", "file for the figures"))
        .arg(switch(
            "full",
            "longer runs, a million leases, and servers that stand aside",
        ))
        .arg(switch("starts", "only what stored leases cost"))
        .arg(switch("rates", "only the highest rates"))
        .get_matches()
}

/// True if every target was met.
fn run(options: &ArgMatches) -> Result<bool> {
    let path = |name| {
        let path = options.get_one::<PathBuf>(name);
        path.cloned().unwrap_or_default()
    };
    let programs = Programs { ours: path("ours") };
    let site = Site::new(&path("directory"))?;
    let mut report = Report::default();
    for kind in Kind::ALL {
        if programs.find(kind).is_none() {
            report.not_proven(&format!("{} is not installed", kind.name()));
        }
    }
    let mut bench = Bench {
        site,
        programs,
        full: options.get_flag("full"),
        report,
    };
    let only = ["rates", "starts"].map(|name| options.get_flag(name));
    bench.measure_disk()?;
    if only != [false, true] {
        bench.search_rates();
        bench.compare_waits()?;
        bench.compare_rewrite()?;
    }
    if only == [false, false] {
        bench.compare_pools();
    }
    if only != [true, false] {
        bench.compare_starts()?;
    }
    let report = bench.report;
    println!("\n{}", report.verdicts());
    let json = path("json");
    std::fs::write(&json, report.json()).context(json.display())?;
    println!("figures: {}", json.display());
    Ok(report.is_met())
}
