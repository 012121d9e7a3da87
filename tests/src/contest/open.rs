//! Thousands of transfers that are open at once, and a client that comes to them.

use std::net::SocketAddr;
use std::time::Duration;

use super::meter::Meter;
use super::peers::Arena;
use crate::failure::Result;
use crate::load::{Direction, Files, Load, Plan, Probe, percentile_99, tiny_name};

/// How many are open.
pub const OPEN: usize = 5000;
/// How long they stay open before they go on.
const HELD: Duration = Duration::from_secs(2);
/// What all of them read.
const FILE: &str = "open";
const SIZE: usize = 64 << 10;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// The memory of the server while all were open, in bytes.
    pub memory: u64,
    /// How long a new client waited for its first block, nearly always and at most, while the others were silent.
    pub waiting: (Duration, Duration),
    /// The same while all of them were transferring.
    pub moving: (Duration, Duration),
    /// Transfers that failed.
    pub failures: usize,
    /// Transfers that ended well.
    pub complete: usize,
}

/// Opens the transfers, keeps them open while a new client asks again and again, and then lets all end.
///
/// # Errors
/// What the system refused, and if the new client got no answer.
pub fn hold_open(arena: &Arena, meter: &Meter) -> Result<Crowd> {
    let server = arena.address();
    arena.prepare(FILE, SIZE, 0)?;
    arena.among_clients(|| {
        let mut load = Load::new(plan(server))?;
        load.open_all()?;
        let probe = Probe::start(server, tiny_name(0));
        std::thread::sleep(HELD);
        let memory = meter.memory();
        let waiting = probe.stop()?;
        let probe = Probe::start(server, tiny_name(0));
        load.finish_all()?;
        let moving = probe.stop()?;
        let outcome = load.finish();
        Ok(Crowd {
            memory,
            waiting: extremes(&waiting),
            moving: extremes(&moving),
            failures: outcome.failures.len(),
            complete: outcome.times.len(),
        })
    })
}

fn extremes(times: &[Duration]) -> (Duration, Duration) {
    (
        percentile_99(times),
        times.last().copied().unwrap_or_default(),
    )
}

fn plan(server: SocketAddr) -> Plan {
    Plan {
        server,
        direction: Direction::Read,
        files: Files::One(FILE),
        size: SIZE,
        clients: OPEN,
        transfers: OPEN,
        span: Duration::MAX,
        block: 1468,
        window: 1,
        delay: Duration::ZERO,
        loss: 0,
    }
}
