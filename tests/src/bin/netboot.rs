//! `tests/netboot`: boots a machine from the network and proves it.

use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tests::boot::{Daemons, Job, directory_of_program, run};
use tests::failure::{Context, Failure, Result};

fn main() -> ExitCode {
    match job(&command_line().get_matches()).and_then(|job| run(&job)) {
        Ok(()) => {
            println!("\nbooted");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("netboot: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command_line() -> Command {
    Command::new("netboot")
        .about("Boots a QEMU machine from the network to a Linux shell, and proves it")
        .arg(choice(
            "nic",
            "virtio",
            "network card: virtio, rtl8139 or e1000",
        ))
        .arg(choice("firmware", "bios", "bios (PXELINUX) or uefi"))
        .arg(choice(
            "loader",
            "ipxe",
            "what UEFI firmware loads: ipxe or grub",
        ))
        .arg(choice(
            "daemons",
            "ours",
            "whose daemons serve it: ours or theirs",
        ))
        .arg(choice(
            "menu",
            "default",
            "the PXELINUX menu that exists: mac, address, network or default",
        ))
        .arg(flag(
            "pair",
            "boot two machines; the first one has to reach the second",
        ))
        .arg(flag("keep", "leave the shell open on the terminal"))
}

fn choice(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).default_value(default).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

fn job(words: &ArgMatches) -> Result<Job> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or_else(|| Failure::new("cannot find the project's directory"))?;
    let stock = std::env::var_os("NETBOOT_STOCK")
        .ok_or_else(|| Failure::new("NETBOOT_STOCK is not set: start it as tests/netboot"))?;
    Ok(Job {
        nic: word(words, "nic").parse()?,
        firmware: word(words, "firmware").parse()?,
        loader: word(words, "loader").parse()?,
        daemons: daemons(word(words, "daemons"))?,
        menu: word(words, "menu").parse()?,
        machines: if words.get_flag("pair") { 2 } else { 1 },
        keep: words.get_flag("keep"),
        root: root.to_owned(),
        stock: stock.into(),
        built: directory_of_program().context("netboot")?,
    })
}

fn word<'a>(words: &'a ArgMatches, name: &str) -> &'a str {
    words.get_one::<String>(name).map_or("", String::as_str)
}

fn daemons(word: &str) -> Result<Daemons> {
    match word {
        "ours" => Ok(Daemons::Ours),
        "theirs" => Ok(Daemons::Theirs),
        _ => Err(Failure::new(format!("{word}: not one of ours, theirs"))),
    }
}
