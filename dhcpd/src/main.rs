//! The rdhcpd binary.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use dhcpd::cli::{self, Invocation};
use dhcpd::{io, words};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match cli::parse(&arguments) {
        Ok(Invocation::Version) => print(&words::version()),
        Ok(Invocation::Help) => print(words::USAGE),
        Ok(Invocation::Run(options)) => io::run(*options),
        Err(refusal) => io::refuse(&refusal),
    }
}

/// The original answers on standard error.
fn print(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::SUCCESS
}
