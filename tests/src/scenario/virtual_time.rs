//! Running a scenario inside this process: our engine without sockets, files and clock, and time that passes when told.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use common::diag::Diagnostics;
use common::net::HardwareAddress;
use common::net::interfaces::{ARPHRD_ETHERNET, Interface, Ipv4Address};
use common::time::Time;
use dhcpd::config::{self, Family, model::Config};
use dhcpd::engine4::{
    Arrival, Engine, InterfaceId, Listener, Outbox, PingRequest, Reply, Route, Setup, Step as Plan,
    plan_interfaces,
};
use dhcpd::lease::{self, Load, Snapshot};
use nix::net::if_::InterfaceFlags;

use super::links::{Link, Links};
use super::parse::{Deed, Scenario, Step};
use super::report::{Masks, Received};
use super::request::Request;
use crate::client::{Datagram, EVERYBODY};
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
    let mut play = begin(scenario, BEGIN)?;
    let steps = scenario.steps.iter();
    steps.map(|step| play.act(&step.deed)).collect()
}

/// The same with each step at its own time since the epoch.
///
/// # Errors
/// As [`run_in_virtual_time`].
pub fn run_at(scenario: &Scenario, times: &[Duration]) -> Result<Vec<Vec<String>>> {
    const EPOCH: Time = Time::from_seconds(0);
    let first = times.first().copied().unwrap_or_default();
    let mut play = begin(scenario, EPOCH.after(first))?;
    play.fenced = true;
    let act = |(step, at): (&Step, &Duration)| {
        play.pass(play.now.max(EPOCH.after(*at)));
        play.act(&step.deed)
    };
    scenario.steps.iter().zip(times).map(act).collect()
}

fn begin(scenario: &Scenario, now: Time) -> Result<Play<'_>> {
    let setup = set_up(&scenario.config, &scenario.links)?;
    let mut file = scenario.leases.clone().into_bytes();
    let (engine, _) = start(&setup, &mut file, now);
    // A first step that starts the server finds the file as it was given.
    if matches!(
        scenario.steps.first(),
        Some(Step {
            deed: Deed::Start(_),
            ..
        })
    ) {
        file = scenario.leases.clone().into_bytes();
    }
    Ok(Play {
        scenario,
        engine,
        setup,
        file,
        now,
        alive: Vec::new(),
        masks: Masks::new(&scenario.masks)?,
        fenced: false,
    })
}

struct Play<'s> {
    scenario: &'s Scenario,
    engine: Engine,
    setup: Setup,
    /// The lease file.
    file: Vec<u8>,
    now: Time,
    alive: Vec<Ipv4Addr>,
    masks: Masks,
    /// Whether each request is followed by one that only the log tells of, as in a live run.
    fenced: bool,
}

impl Play<'_> {
    fn act(&mut self, deed: &Deed) -> Result<Vec<String>> {
        match deed {
            Deed::Send(request, until) => self.send(request, until.as_deref()),
            Deed::Pass(seconds) => {
                let until = self.now.after(Duration::from_secs(*seconds));
                self.pass(until);
                Ok(Vec::new())
            }
            Deed::Start(config) => {
                if let Some(name) = config {
                    let text = self.scenario.config_named(name)?;
                    self.setup = set_up(text, &self.scenario.links)?;
                }
                let (engine, lines) = start(&self.setup, &mut self.file, self.now);
                self.engine = engine;
                Ok(lines)
            }
            Deed::Leases => Ok(self.masks.records(&String::from_utf8_lossy(&self.file))),
            Deed::Stop(_) | Deed::File(_) => Err(Failure::new(
                "a scenario with this step must say `only live`",
            )),
            Deed::Alive(address) => {
                self.alive.push(*address);
                Ok(Vec::new())
            }
        }
    }

    fn send(&mut self, request: &Request, until: Option<&str>) -> Result<Vec<String>> {
        let links = &self.scenario.links;
        let place = links.place(request.link())?;
        let datagram = request.datagram(links.network(place));
        let arrival = Arrival {
            interface: self.interface(place)?,
            peer: datagram.source,
        };
        let mut outbox = Outbox::default();
        self.engine
            .packet(self.now, &arrival, &datagram.payload, &mut outbox);
        self.answer_pings(&mut outbox);
        if let Some(line) = until {
            self.wait_for(line, &mut outbox)?;
        }
        if self.fenced {
            self.pass_fence(&arrival, &mut outbox);
        }
        self.file.append(&mut outbox.journal);
        Ok(self.show(&outbox))
    }

    /// What is said of such a request before its own line would be seen in a live run.
    fn pass_fence(&mut self, arrival: &Arrival, outbox: &mut Outbox) {
        let fence = Request::fence([2, 0xfe, 0, 0, 0, 1]).payload();
        self.engine.packet(self.now, arrival, &fence, outbox);
        outbox.lines.pop();
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
        let replies = outbox.replies.iter().map(|reply| self.travel(reply));
        let replies: Vec<Received> = replies.collect();
        let lines: Vec<String> = outbox.lines.iter().map(|line| line.text.clone()).collect();
        self.masks.report(&self.scenario.links, &replies, &lines)
    }

    /// The engine's number of the link at this place; it counts only the links that it serves, in an order of its own.
    fn interface(&self, place: usize) -> Result<InterfaceId> {
        let wanted = self.scenario.links.iter().nth(place);
        let served = self.setup.interfaces.iter();
        let number = served
            .map(|listener| Some(&listener.name))
            .position(|name| name == wanted.map(|link| &link.name));
        let number = number.and_then(|number| u16::try_from(number).ok());
        let number = number.ok_or_else(|| Failure::new("a link that is not served"))?;
        Ok(InterfaceId(number))
    }

    /// The datagram as the client sees it, after the journey that the engine orders.
    fn travel(&self, reply: &Reply) -> Received {
        let links = &self.scenario.links;
        let (place, link_destination, source, destination, port) = match reply.route {
            Route::Raw {
                interface,
                link,
                source,
                destination,
                port,
            } => {
                let link = link.and_then(|link| link.octets().try_into().ok());
                let place = self.place(interface);
                (place, link.unwrap_or(EVERYBODY), source, destination, port)
            }
            Route::Datagram { destination, port } => {
                let (place, source) = links.way_to(destination);
                (place, EVERYBODY, source, destination, port)
            }
        };
        let by_hand = matches!(reply.route, Route::Raw { .. });
        let datagram = Datagram {
            link_source: Link::mac(place),
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
        };
        (place, datagram)
    }

    fn place(&self, interface: InterfaceId) -> usize {
        let listener = self.setup.interfaces.get(usize::from(interface.0));
        let place = listener.map(|listener| self.scenario.links.place(Some(&listener.name)));
        place.and_then(Result::ok).unwrap_or_default()
    }
}

fn set_up(text: &str, links: &Links) -> Result<Setup> {
    let config = configure(text)?;
    let interfaces = listeners(&config, links)?;
    if interfaces.is_empty() {
        return Err(Failure::new("no subnet for any of the server's interfaces"));
    }
    Ok(Setup {
        config: Arc::new(config),
        names: dhcpd::eval::ResolvedNames::default(),
        interfaces,
        local_port: 67,
        remote_port: 68,
        limited_broadcast: Ipv4Addr::BROADCAST,
    })
}

fn listeners(config: &Config, links: &Links) -> Result<Vec<Listener>> {
    let interfaces: Vec<Interface> = links.iter().enumerate().map(interface).collect();
    let names: Vec<String> = links.iter().map(|link| link.name.clone()).collect();
    let plan = plan_interfaces(config, &interfaces, &names).map_err(Failure::new)?;
    let listener = |step| match step {
        Plan::Listen(listener) => Some(listener),
        Plan::Ignore(_) => None,
    };
    Ok(plan.steps.into_iter().filter_map(listener).collect())
}

/// The link as the kernel would show it.
fn interface((place, link): (usize, &Link)) -> Interface {
    let address = |(address, length): &(Ipv4Addr, u8)| Ipv4Address {
        address: *address,
        mask: Ipv4Addr::from_bits(u32::MAX << (32 - u32::from(*length))),
    };
    Interface {
        name: link.name.clone(),
        index: u32::try_from(place).unwrap_or_default(),
        flags: InterfaceFlags::IFF_UP | InterfaceFlags::IFF_BROADCAST,
        hardware_type: ARPHRD_ETHERNET,
        hardware: HardwareAddress::new(1, &Link::mac(place)),
        addresses: link.addresses.iter().map(address).collect(),
    }
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
    let wrote = lease::written(&setup.config, reading.declared, snapshot.leases());
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
