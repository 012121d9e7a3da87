//! How long `-t` takes on a large configuration, and how much memory: ours beside the original.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use clap::{Arg, ArgMatches, value_parser};
use tests::failure::{Failure, Result};
use tests::lab::Scratch;

/// What `-t` may cost at most, as a part of what it costs the original.
const ALLOWED: f64 = 0.5;

fn main() -> ExitCode {
    match run(&options()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bench-config: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> ArgMatches {
    let path = |name: &'static str, default: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).default_value(default).help(help);
        argument.value_parser(value_parser!(PathBuf))
    };
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).default_value(default).help(help);
        argument.value_parser(value_parser!(u32).range(1..=60_000))
    };
    clap::Command::new("bench-config")
        .arg(path("ours", "rdhcpd", "our server"))
        .arg(path("theirs", "/usr/sbin/dhcpd", "the original"))
        .arg(number("subnets", "1000", "subnets of the configuration"))
        .arg(number("hosts", "100", "hosts of each subnet, up to 150"))
        .arg(number(
            "rounds",
            "5",
            "runs of each server; the best counts",
        ))
        .get_matches()
}

/// True if time and memory are within what is allowed.
fn run(options: &ArgMatches) -> Result<bool> {
    let number = |name| options.get_one::<u32>(name).copied().unwrap_or(1);
    let path = |name| {
        options
            .get_one::<PathBuf>(name)
            .cloned()
            .unwrap_or_default()
    };
    let scratch = Scratch::new("bench-config")?;
    let file = scratch.path().join("dhcpd.conf");
    let text = configuration(number("subnets"), number("hosts").min(150));
    fs::write(&file, &text).map_err(|error| Failure::new(error.to_string()))?;
    let (ours, theirs) = (path("ours"), path("theirs"));
    let (mut best_ours, mut best_theirs) = (Cost::MOST, Cost::MOST);
    for _ in 0..number("rounds") {
        best_theirs = best_theirs.least(measure(&theirs, &file)?);
        best_ours = best_ours.least(measure(&ours, &file)?);
    }
    println!("          seconds  peak MB");
    best_theirs.show("theirs");
    best_ours.show("ours");
    let time = best_ours.time.as_secs_f64() / best_theirs.time.as_secs_f64();
    let memory = best_ours.megabytes() / best_theirs.megabytes();
    println!("ratio    {time:8.2} {memory:8.2}   (at most {ALLOWED})");
    Ok(time <= ALLOWED && memory <= ALLOWED)
}

fn configuration(subnets: u32, hosts: u32) -> String {
    let mut text = String::from("authoritative;\ndefault-lease-time 600;\n");
    for subnet in 0..subnets {
        let (high, low) = (subnet / 250, subnet % 250);
        let net = format!("10.{high}.{low}");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "subnet {net}.0 netmask 255.255.255.0 {{\n  option routers {net}.1;\n  pool {{ range {net}.10 {net}.99; deny unknown-clients; }}\n  group {{ next-server {net}.2;"
        );
        for host in 0..hosts {
            let number = subnet * hosts + host;
            let [_, a, b, c] = number.to_be_bytes();
            let address = 100 + host;
            let _ = writeln!(
                text,
                "    host h{number} {{ hardware ethernet 52:54:00:{a:02x}:{b:02x}:{c:02x}; fixed-address {net}.{address}; option host-name \"h{number}\"; }}"
            );
        }
        text.push_str("  }\n}\n");
    }
    text
}

#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    peak_kilobytes: u32,
}

impl Cost {
    const MOST: Self = Self {
        time: Duration::MAX,
        peak_kilobytes: u32::MAX,
    };

    fn least(self, other: Self) -> Self {
        Self {
            time: self.time.min(other.time),
            peak_kilobytes: self.peak_kilobytes.min(other.peak_kilobytes),
        }
    }

    fn megabytes(self) -> f64 {
        f64::from(self.peak_kilobytes) / 1024.0
    }

    fn show(self, name: &str) {
        let seconds = self.time.as_secs_f64();
        println!("{name:8} {seconds:8.2} {:8.0}", self.megabytes());
    }
}

/// The kernel tells the peak of a living process only, so it is asked again and again.
fn measure(server: &Path, file: &Path) -> Result<Cost> {
    let fail = |error: std::io::Error| Failure::new(format!("{}: {error}", server.display()));
    let begin = Instant::now();
    let mut child = Command::new(server)
        .args(["-q", "-t", "-cf"])
        .arg(file)
        .stderr(Stdio::null())
        .spawn()
        .map_err(fail)?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kilobytes = 0;
    loop {
        peak_kilobytes = peak_kilobytes.max(peak_in(&status));
        if let Some(ended) = child.try_wait().map_err(fail)? {
            let time = begin.elapsed();
            return match ended.success() {
                true => Ok(Cost {
                    time,
                    peak_kilobytes,
                }),
                false => Err(Failure::new(format!("{}: {ended}", server.display()))),
            };
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn peak_in(status: &str) -> u32 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
