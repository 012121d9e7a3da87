//! rtftpd: a TFTP server that is a drop-in for tftpd-hpa.
#![forbid(unsafe_code)]

pub mod access;
pub mod cli;
pub mod exit;
mod io;
pub mod listen;
pub mod negotiate;
pub mod netascii;
pub mod number;
pub mod record;
pub mod remap;
pub mod session;
pub mod wire;
pub mod words;
pub mod wrappers;

pub use io::run;
