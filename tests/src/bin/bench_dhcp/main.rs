//! How fast DHCP servers are when leases must last: ours beside ISC dhcpd, Kea and dnsmasq, under the load of Kea's perfdhcp,
//! and of our own where perfdhcp is the limit.

mod disk;
mod load;
mod phases;
mod report;
mod server;
mod site;
mod waits;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use tests::failure::{Context, Result};

use disk::SyncTime;
use load::Maker;
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
        .about("Without a switch about eight minutes; --full about twenty")
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
        .arg(switch("rates", "only the highest rates, and waits"))
        .arg(
            Arg::new("at")
                .long("at")
                .value_parser(value_parser!(u32))
                .help("only waits, at so many exchanges a second"),
        )
        .arg(switch(
            "disk",
            "only how long a sync takes: on average, and 99 of 100, in milliseconds",
        ))
        .arg(switch("pools", "only what the size of a pool costs"))
        .arg(
            Arg::new("load")
                .long("load")
                .value_parser(["perfdhcp", "own"])
                .help("only the rates under this load"),
        )
        .arg(
            Arg::new("server")
                .long("server")
                .action(ArgAction::Append)
                .help("only servers whose name contains this"),
        )
        .get_matches()
}

/// True if every target was met.
fn run(options: &ArgMatches) -> Result<bool> {
    let path = |name| {
        let path = options.get_one::<PathBuf>(name);
        path.cloned().unwrap_or_default()
    };
    if options.get_flag("disk") {
        println!("{}", SyncTime::measure(&path("directory"))?);
        return Ok(true);
    }
    let programs = Programs { ours: path("ours") };
    let site = Site::new(&path("directory"))?;
    let mut report = Report::default();
    let kinds = kinds(options, &programs, &mut report);
    let mut bench = Bench {
        site,
        programs,
        kinds,
        full: options.get_flag("full"),
        report,
    };
    let parts = ["rates", "pools", "starts"];
    let at = options.get_one::<u32>("at");
    let all = at.is_none() && !parts.iter().any(|part| options.get_flag(part));
    let wants = |part| all || options.get_flag(part);
    bench.measure_disk()?;
    if let Some(rate) = at {
        bench.compare_waits_at(f64::from(*rate));
    }
    if wants("rates") {
        makers(options).for_each(|maker| bench.search_rates(maker));
        bench.judge_rates();
        bench.compare_waits();
        bench.compare_rewrite()?;
    }
    if wants("pools") {
        bench.compare_pools();
    }
    if wants("starts") {
        bench.compare_starts()?;
    }
    let report = bench.report;
    println!("\n{}", report.verdicts());
    let json = path("json");
    std::fs::write(&json, report.json()).context(json.display())?;
    println!("figures: {}", json.display());
    Ok(report.is_met())
}

/// The servers that are there and wanted.
fn kinds(options: &ArgMatches, programs: &Programs, report: &mut Report) -> Vec<Kind> {
    let words = options.get_many::<String>("server").unwrap_or_default();
    let words: Vec<&String> = words.collect();
    let is_wanted =
        |kind: &Kind| words.is_empty() || words.iter().any(|word| kind.name().contains(*word));
    let mut kinds: Vec<Kind> = Kind::ALL.into_iter().filter(is_wanted).collect();
    kinds.retain(|kind| {
        let there = programs.find(*kind).is_some();
        if !there {
            report.not_proven(&format!("{} is not installed", kind.name()));
        }
        there
    });
    kinds
}

fn makers(options: &ArgMatches) -> impl Iterator<Item = Maker> {
    let only = options.get_one::<String>("load");
    let named = move |(name, _): &(&str, Maker)| only.is_none_or(|only| only == name);
    let all = [("perfdhcp", Maker::Perfdhcp), ("own", Maker::Own)];
    all.into_iter().filter(named).map(|(_, maker)| maker)
}
