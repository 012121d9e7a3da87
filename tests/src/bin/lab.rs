//! `tests/lab`: networks and nodes for trying things by hand.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tests::failure::{Failure, Result};
use tests::lab::standing::{Place, clean, make_network, run_node};

fn main() -> ExitCode {
    match run(&command_line().get_matches()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("lab: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command_line() -> Command {
    Command::new("lab")
        .about("Networks and QEMU nodes for trying a boot server by hand")
        .subcommand_required(true)
        .subcommand(
            Command::new("network")
                .about("Makes a bridge, in a network namespace of its own")
                .arg(option("name", "the bridge").required(true))
                .arg(option("address", "its address, such as 172.24.0.1/16").required(true))
                .arg(
                    Arg::new("host")
                        .long("host")
                        .action(ArgAction::SetTrue)
                        .help("make it on this machine instead"),
                ),
        )
        .subcommand(
            Command::new("node")
                .about(
                    "Starts a node that boots from a network, its serial console on the terminal",
                )
                .arg(option("network", "the bridge that it is plugged into").required(true))
                .arg(option("nic", "virtio, rtl8139 or e1000").default_value("virtio"))
                .arg(option(
                    "mac",
                    "its hardware address; each node has its own if not given",
                ))
                .arg(option("firmware", "bios or uefi").default_value("bios")),
        )
        .subcommand(Command::new("clean").about("Removes every network and node"))
}

fn option(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help)
}

fn run(words: &ArgMatches) -> Result<ExitCode> {
    match words.subcommand() {
        Some(("network", words)) => network(words),
        Some(("node", words)) => node(words),
        Some(("clean", _)) => sweep(),
        _ => Err(Failure::new("no such command")),
    }
}

fn network(words: &ArgMatches) -> Result<ExitCode> {
    let place = if words.get_flag("host") {
        Place::Host
    } else {
        Place::Apart
    };
    let bridge = word(words, "name");
    let namespace = make_network(bridge, word(words, "address"), place)?;
    if namespace.is_empty() {
        println!("{bridge} is up");
    } else {
        println!("{bridge} is up; reach it with: ip netns exec {namespace} rdhcpd … {bridge}");
    }
    Ok(ExitCode::SUCCESS)
}

fn node(words: &ArgMatches) -> Result<ExitCode> {
    let nic = word(words, "nic").parse()?;
    let firmware = word(words, "firmware").parse()?;
    let mac = words.get_one::<String>("mac").cloned();
    let status = run_node(word(words, "network"), nic, firmware, mac)?;
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(format!("QEMU ended: {status}")))
}

fn sweep() -> Result<ExitCode> {
    for network in clean()? {
        println!("{network} is gone");
    }
    Ok(ExitCode::SUCCESS)
}

fn word<'a>(words: &'a ArgMatches, name: &str) -> &'a str {
    words.get_one::<String>(name).map_or("", String::as_str)
}
