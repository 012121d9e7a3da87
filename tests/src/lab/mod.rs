//! Labs: networks made of namespaces, bridges, veth pairs and taps, and the programs that run in them.
//!
//! Everything a lab makes goes away with the value that stands for it, also when a test fails; what a killed run
//! has left behind goes away when the next lab is made.
//!
//! ```no_run
//! # fn main() -> tests::failure::Result<()> {
//! use std::{process::{Command, Stdio}, time::Duration};
//! use tests::lab::{Log, Namespace, Scratch, Syslog, View};
//!
//! let server = Namespace::new("server")?;
//! let client = Namespace::new("client")?;
//! server.add_veth("srv0", &client, "cli0")?;
//! server.bring_up("srv0", Some("192.0.2.1/24"))?;
//!
//! let log = Log::default();                       // lines of all programs, waited for instead of sleeping
//! let sink = log.clone();
//! let syslog = Syslog::start(move |line| sink.push(line))?;
//! let view = View::default().log_to(syslog.socket());
//!
//! let files = Scratch::new("files")?;
//! let mut dhcpd = server.spawn_with(
//!     &view,
//!     Command::new("dhcpd").args(["-d", "-cf"]).arg(files.path().join("dhcpd.conf"))
//!         .stderr(Stdio::piped()),
//! )?;
//! if let Some(errors) = dhcpd.child().stderr.take() { log.follow(errors); }
//! log.wait_for("Listening on", Duration::from_secs(10))?;
//!
//! let socket = client.enter(|| std::net::UdpSocket::bind("0.0.0.0:68"))?;   // a socket inside the namespace
//! # drop(socket); Ok(()) }
//! ```
//!
//! Labs need root. A test that makes one is marked `#[ignore = "needs root"]`; `tests/run` includes the ignored
//! tests when it runs as root, and names them as skipped when it does not.

mod identity;
mod links;
mod log;
mod machine;
mod namespace;
mod old_kernel;
mod process;
mod scratch;
pub mod standing;
mod stuck_disk;
mod view;

pub use identity::Identity;
pub use log::{Log, Syslog, each_line};
pub use machine::{Acceleration, Console, Firmware, Machine, Nic};
pub use namespace::{Namespace, ip, remove_stale};
pub use process::Running;
pub use scratch::Scratch;
pub use stuck_disk::StuckDisk;
pub use view::View;
