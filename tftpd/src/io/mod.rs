//! Everything that touches the system: start-up, sockets, files, processes and the reactor.

mod access_files;
mod alarms;
mod channel;
mod file;
mod frames;
mod given;
mod guard;
mod journal;
mod lifeline;
mod listener;
mod locks;
mod map_file;
mod mapper;
mod ports;
mod read_ahead;
mod request;
mod root;
mod sandbox;
mod serve;
mod single_port;
mod slots;
mod sockets;
mod source;
mod start;
mod supervise;
mod transfer;
mod turns;
mod write_behind;
mod writer;

pub use start::run;
