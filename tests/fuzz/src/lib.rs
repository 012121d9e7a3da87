//! What the targets share: a server without a network.

use std::net::Ipv4Addr;
use std::sync::Arc;

use common::diag::Diagnostics;
use common::net::HardwareAddress;
use common::time::Time;
use dhcpd::config::{self, Family, model::Config};
use dhcpd::engine4::{Arrival, Engine, InterfaceId, Listener, Outbox, Setup};
use dhcpd::eval::ResolvedNames;
use dhcpd::lease::{self, Load};

/// When every run begins: 2026-11-20 12:00:00 UTC.
pub const BEGIN: Time = Time::from_seconds(1_795_176_000);
/// The server's own address.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// How any message comes.
pub const ARRIVAL: Arrival = Arrival {
    interface: InterfaceId(0),
    peer: Ipv4Addr::UNSPECIFIED,
};

/// The configuration that `text` is, if it is one. It includes nothing.
pub fn configure(text: &[u8]) -> Option<Arc<Config>> {
    let mut diagnostics = Diagnostics::default();
    let mut load = |name: &str| match name {
        "fuzz.conf" => Ok(text.to_vec()),
        other => Err(format!("Can't open {other}: No such file or directory")),
    };
    let config = config::parse("fuzz.conf", Family::Dhcpv4, &mut load, &mut diagnostics);
    config.ok().map(Arc::new)
}

/// A server of `config` on one interface with [`SERVER`], which read `leases`; `None` if no subnet is there.
pub fn start(config: Arc<Config>, leases: &[u8]) -> Option<Engine> {
    let network = config.network_of(config.subnet_of(SERVER)?)?;
    let mut load = Load::new(&config);
    let now = u32::try_from(BEGIN.seconds()).unwrap_or_default();
    lease::read(leases, "leases", now, |lease| load.accept(lease));
    let listener = Listener {
        name: "eth0".to_owned(),
        index: 1,
        hardware: HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]),
        hardware_type: 1,
        address: SERVER,
        network,
    };
    let setup = Setup {
        config: Arc::clone(&config),
        names: ResolvedNames::default(),
        interfaces: vec![listener],
        local_port: 67,
        remote_port: 68,
        limited_broadcast: Ipv4Addr::BROADCAST,
    };
    Some(Engine::new(setup, load.finish(), BEGIN))
}

/// What may never come out, whatever went in.
pub fn check(outbox: &Outbox) {
    for reply in &outbox.replies {
        assert!(
            reply.bytes.len() <= 1500,
            "a reply of {} octets",
            reply.bytes.len()
        );
    }
    for line in &outbox.lines {
        assert!(
            !line.text.contains('\n'),
            "a log line with a newline: {:?}",
            line.text
        );
    }
}
