//! The rtftpd binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tftpd::run(std::env::args_os()))
}
