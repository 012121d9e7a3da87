//! Running a scenario inside this process: our engine without sockets, files and clock, and time that passes when told.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use common::diag::Diagnostics;
use common::net::HardwareAddress;
use common::time::Time;
use dhcpd::config::{self, Family, model::Config};
use dhcpd::engine4::{
    Arrival, Engine, InterfaceId, Listener, Outbox, PingRequest, Reply, Route, Setup,
};
use dhcpd::lease::{self, Load, Snapshot};

use super::parse::{Deed, Scenario, Step};
use super::report::{Masks, NETWORK};
use super::request::Request;
use crate::client::{Datagram, EVERYBODY, parse_mac};
use crate::dhcp::{SERVER_LINK, SERVER_MAC};
use crate::failure::{Failure, Result};

/// When every scenario begins: 2026-11-20 12:00:00 UTC.
const BEGIN: Time = Time::from_seconds(1_795_176_000);
/// How far the clock is set forward at most while a log line is awaited.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs all steps and returns what followed each, in the words of the scenario language.
///
/// # Errors
/// If the configuration is refused or an awaited line does not come.
pub fn run_in_virtual_time(scenario: &Scenario) -> Result<Vec<Vec<String>>> {
    let setup = set_up(&scenario.config)?;
    let mut file = scenario.leases.clone().into_bytes();
    let (engine, _) = start(&setup, &mut file, BEGIN);
    // A first step that starts the server finds the file as it was given.
    if matches!(
        scenario.steps.first(),
        Some(Step {
            deed: Deed::Start,
            ..
        })
    ) {
        file = scenario.leases.clone().into_bytes();
    }
    let mut play = Play {
        engine,
        setup,
        file,
        now: BEGIN,
        alive: Vec::new(),
        masks: Masks::new(&scenario.masks)?,
    };
    scenario
        .steps
        .iter()
        .map(|step| play.act(&step.deed))
        .collect()
}

struct Play {
    engine: Engine,
    setup: Setup,
    /// The lease file.
    file: Vec<u8>,
    now: Time,
    alive: Vec<Ipv4Addr>,
    masks: Masks,
}

impl Play {
    fn act(&mut self, deed: &Deed) -> Result<Vec<String>> {
        match deed {
            Deed::Send(request, until) => self.send(request, until.as_deref()),
            Deed::Pass(seconds) => {
                let until = self.now.after(Duration::from_secs(*seconds));
                self.pass(until);
                Ok(Vec::new())
            }
            Deed::Start => {
                let (engine, lines) = start(&self.setup, &mut self.file, self.now);
                self.engine = engine;
                Ok(lines)
            }
            Deed::Leases => Ok(self.masks.records(&String::from_utf8_lossy(&self.file))),
            Deed::Alive(address) => {
                self.alive.push(*address);
                Ok(Vec::new())
            }
        }
    }

    fn send(&mut self, request: &Request, until: Option<&str>) -> Result<Vec<String>> {
        let datagram = request.datagram(NETWORK);
        let arrival = Arrival {
            interface: InterfaceId(0),
            peer: datagram.source,
        };
        let mut outbox = Outbox::default();
        self.engine
            .packet(self.now, &arrival, &datagram.payload, &mut outbox);
        self.answer_pings(&mut outbox);
        if let Some(line) = until {
            self.wait_for(line, &mut outbox)?;
        }
        self.file.append(&mut outbox.journal);
        Ok(self.show(&outbox))
    }

    /// Machines that are alive answer at once.
    fn answer_pings(&mut self, outbox: &mut Outbox) {
        for PingRequest { address } in std::mem::take(&mut outbox.pings) {
            if self.alive.contains(&address) {
                self.engine.ping_answered(self.now, address, outbox);
            }
        }
    }

    /// Sets the clock forward, from one thing that is due to the next, until `line` has been said.
    fn wait_for(&mut self, line: &str, outbox: &mut Outbox) -> Result<()> {
        let deadline = self.now.after(PATIENCE);
        while !outbox.lines.iter().any(|said| said.text.contains(line)) {
            let next = self.engine.next_wakeup().filter(|next| *next <= deadline);
            let next = next.ok_or_else(|| Failure::new(format!("\"{line}\" is never said")))?;
            self.now = self.now.max(next);
            self.engine.tick(self.now, outbox);
        }
        Ok(())
    }

    fn pass(&mut self, until: Time) {
        while let Some(next) = self.engine.next_wakeup().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            let mut outbox = Outbox::default();
            self.engine.tick(self.now, &mut outbox);
            self.file.append(&mut outbox.journal);
        }
        self.now = until;
    }

    fn show(&self, outbox: &Outbox) -> Vec<String> {
        let replies: Vec<Datagram> = outbox.replies.iter().map(travel).collect();
        let lines: Vec<String> = outbox.lines.iter().map(|line| line.text.clone()).collect();
        self.masks.report(&replies, &lines)
    }
}

/// The datagram as the client sees it, after the journey that the engine orders.
fn travel(reply: &Reply) -> Datagram {
    let link_destination = match reply.route {
        Route::Raw {
            link: Some(link), ..
        } => link.octets().try_into().unwrap_or(EVERYBODY),
        _ => EVERYBODY,
    };
    let (source, destination, port) = match reply.route {
        Route::Raw {
            source,
            destination,
            port,
            ..
        } => (source, destination, port),
        Route::Datagram { destination, port } => (NETWORK.server, destination, port),
    };
    let by_hand = matches!(reply.route, Route::Raw { .. });
    Datagram {
        link_source: NETWORK.server_mac,
        link_destination,
        source,
        destination,
        source_port: 67,
        destination_port: port,
        tos: if by_hand { 0x10 } else { 0 },
        ttl: if by_hand { 128 } else { 64 },
        id: 0,
        fragment: 0,
        payload: reply.bytes.clone(),
    }
}

fn set_up(text: &str) -> Result<Setup> {
    let config = configure(text)?;
    let network = config
        .subnet_of(NETWORK.server)
        .and_then(|subnet| config.network_of(subnet))
        .ok_or_else(|| Failure::new("no subnet for the server's interface"))?;
    let mac = parse_mac(SERVER_MAC).unwrap_or_default();
    Ok(Setup {
        config: Arc::new(config),
        names: dhcpd::eval::ResolvedNames::default(),
        interfaces: vec![Listener {
            name: SERVER_LINK.to_owned(),
            index: 1,
            hardware: HardwareAddress::new(1, &mac),
            hardware_type: 1,
            address: NETWORK.server,
            network,
        }],
        local_port: 67,
        remote_port: 68,
        limited_broadcast: Ipv4Addr::BROADCAST,
    })
}

fn configure(text: &str) -> Result<Config> {
    let mut diagnostics = Diagnostics::default();
    let mut load = |_: &str| Ok(text.as_bytes().to_vec());
    config::parse("dhcpd.conf", Family::Dhcpv4, &mut load, &mut diagnostics)
        .map_err(|_| Failure::new(said(&diagnostics)))
}

/// Reads the lease file and writes it anew, as a start does; and what is said about it.
fn start(setup: &Setup, file: &mut Vec<u8>, now: Time) -> (Engine, Vec<String>) {
    let mut load = Load::new(&setup.config);
    let seconds = u32::try_from(now.seconds()).unwrap_or_default();
    let reading = lease::read(file, "LEASES", seconds, |lease| load.accept(lease));
    let engine = Engine::new(setup.clone(), load.finish(), now);
    file.clear();
    let mut snapshot = Snapshot::default();
    while engine.write_slice(&mut snapshot, &reading, file) {}
    let read = reading.lines.iter().map(|line| line.text.clone());
    let wrote = lease::written(&setup.config, snapshot.leases());
    let said = |text: String| format!(". {text}").trim_end().to_owned();
    (engine, read.chain(wrote).map(said).collect())
}

fn said(diagnostics: &Diagnostics) -> String {
    let lines: Vec<String> = diagnostics
        .messages()
        .iter()
        .flat_map(|message| message.lines())
        .collect();
    lines.join("\n")
}
