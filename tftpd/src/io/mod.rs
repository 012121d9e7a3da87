//! Everything that touches the system: start-up, sockets, files, processes and the reactor.

mod channel;
mod file;
mod ports;
mod request;
mod serve;
mod slots;
mod sockets;
mod start;
mod supervise;
mod transfer;

pub use start::run;
