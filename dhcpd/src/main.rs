//! The rdhcpd binary.
#![forbid(unsafe_code)]

use std::env;
use std::path::Path;
use std::process::ExitCode;

use common::sys::sandbox;
use dhcpd::cli::{self, Invocation};
use dhcpd::{io, words};

fn main() -> ExitCode {
    let mut arguments = env::args_os();
    let program = arguments.next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or_default();
    let program = program.to_string_lossy();
    let arguments: Vec<_> = arguments.collect();
    match cli::parse(&arguments) {
        Ok(Invocation::Version) => print(&words::version()),
        Ok(Invocation::VersionInDetail) => print(&words::version_in_detail(&sandbox::offered())),
        Ok(Invocation::Help) => print(&words::usage(&program)),
        Ok(Invocation::Run(options)) => io::run(*options),
        Err(refusal) => io::refuse(&refusal, &program),
    }
}

/// The original answers on standard error.
fn print(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::SUCCESS
}
