//! Everything that touches the world: start-up, sockets, timers, signals, the lease file.

mod admission;
mod clock;
mod commit;
mod configuration;
mod delay;
mod draft;
mod egress;
mod failure;
mod helper;
mod identity;
mod ingress;
mod interfaces;
mod leasefile;
mod leases;
mod listen;
mod moderation;
mod names;
mod parallel;
mod parameters;
mod paths;
mod ping;
mod programs;
mod resolver;
mod rewriting;
mod run;
mod runner;
mod sandbox;
mod server;
mod storage;
#[cfg(test)]
mod storage_model;
#[cfg(test)]
mod test_directory;

pub use failure::Fatal;
pub use run::{refuse, run};
