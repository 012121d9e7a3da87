//! Whether matching a packet costs the same in a large configuration as in a small one: our engine inside this process.

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, value_parser};
use common::diag::Diagnostics;
use common::time::Time;
use dhcpd::config::{self, Family};
use dhcpd::engine4::{Arrival, Engine, InterfaceId, Listener, Outbox, Setup};
use dhcpd::eval::ResolvedNames;
use dhcpd::lease::Load;
use dhcpd::wire::{FIXED_LENGTH, MAGIC_COOKIE};
use tests::failure::{Failure, Result};

/// What a packet may cost in the large configuration, as a multiple of what it costs in the small one. A look-up among
/// 10,000 times as many entries leaves the processor's caches more often; a search through them would be far above.
const ALLOWED: f64 = 3.0;
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// When every run begins: 2026-11-20 12:00:00 UTC.
const BEGIN: Time = Time::from_seconds(1_795_176_000);
const SMALL: Size = Size {
    hosts: 10,
    subclasses: 10,
};

fn main() -> ExitCode {
    match run(&options()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bench-match: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> ArgMatches {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        let argument = Arg::new(name).long(name).default_value(default).help(help);
        argument.value_parser(value_parser!(u32).range(1..=1_000_000))
    };
    clap::Command::new("bench-match")
        .arg(number("hosts", "100000", "hosts of the large one"))
        .arg(number("subclasses", "10000", "subclasses of the large one"))
        .arg(number("packets", "20000", "packets of a round"))
        .arg(number("rounds", "5", "rounds of each; the best counts"))
        .get_matches()
}

/// True if the large configuration costs no more than what is allowed.
fn run(options: &ArgMatches) -> Result<bool> {
    let number = |name| options.get_one::<u32>(name).copied().unwrap_or(1);
    let large = Size {
        hosts: number("hosts"),
        subclasses: number("subclasses"),
    };
    let mut servers = [SMALL, large].map(Server::new);
    let mut best = [Duration::MAX; 2];
    for _ in 0..number("rounds") {
        for (server, best) in servers.iter_mut().zip(&mut best) {
            let server = server.as_mut().map_err(|failure| failure.clone())?;
            *best = (*best).min(server.serve(number("packets"))?);
        }
    }
    let [of_small, of_large] = best.map(|time| time.as_secs_f64() / f64::from(number("packets")));
    SMALL.show(of_small);
    large.show(of_large);
    let ratio = of_large / of_small;
    println!("ratio {ratio:.2} (at most {ALLOWED})");
    Ok(ratio <= ALLOWED)
}

#[derive(Clone, Copy)]
struct Size {
    hosts: u32,
    subclasses: u32,
}

impl Size {
    fn show(self, seconds: f64) {
        let microseconds = seconds * 1e6;
        println!(
            "{:7} hosts, {:6} subclasses: {microseconds:8.2} microseconds a packet",
            self.hosts, self.subclasses
        );
    }

    /// Each host has a fixed address, so that nothing but the look-ups differs between the sizes.
    fn configuration(self) -> String {
        let mut text = String::from(
            "subnet 10.0.0.0 netmask 255.0.0.0 { }\nclass \"c\" { match option vendor-class-identifier; }\n",
        );
        for number in 0..self.subclasses {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "subclass \"c\" \"vendor-{number}\" {{ option host-name \"class-{number}\"; }}"
            );
        }
        for number in 0..self.hosts {
            let [_, a, b, c] = number.to_be_bytes();
            let _ = writeln!(
                text,
                "host h{number} {{ hardware ethernet 2:0:0:{a:x}:{b:x}:{c:x}; fixed-address 10.{}.{b}.{c}; }}",
                a.saturating_add(1)
            );
        }
        text
    }
}

struct Server {
    engine: Engine,
    size: Size,
}

impl Server {
    fn new(size: Size) -> Result<Self> {
        let text = size.configuration();
        let mut diagnostics = Diagnostics::default();
        let mut load = |_: &str| Ok(text.clone().into_bytes());
        let config = config::parse("dhcpd.conf", Family::Dhcpv4, &mut load, &mut diagnostics);
        let config = config.map_err(|_| Failure::new("the configuration is refused"))?;
        let subnet = config.subnet_of(SERVER);
        let network = subnet.and_then(|subnet| config.network_of(subnet));
        let network = network.ok_or_else(|| Failure::new("no subnet for the server"))?;
        let leases = Load::new(&config).finish();
        let setup = Setup {
            config: Arc::new(config),
            names: ResolvedNames::default(),
            interfaces: vec![Listener {
                name: "eth0".to_owned(),
                index: 1,
                hardware: None,
                hardware_type: 1,
                address: SERVER,
                network,
            }],
            local_port: 67,
            remote_port: 68,
            limited_broadcast: Ipv4Addr::BROADCAST,
        };
        let engine = Engine::new(setup, leases, BEGIN);
        Ok(Self { engine, size })
    }

    /// Sends DHCPDISCOVERs of hosts spread over all that there are; each must be answered.
    fn serve(&mut self, packets: u32) -> Result<Duration> {
        let arrival = Arrival {
            interface: InterfaceId(0),
            peer: Ipv4Addr::UNSPECIFIED,
        };
        let messages: Vec<Vec<u8>> = (0..packets).map(|number| self.discover(number)).collect();
        let mut outbox = Outbox::default();
        let mut answered = 0_usize;
        let begin = Instant::now();
        for message in &messages {
            outbox.clear();
            self.engine.packet(BEGIN, &arrival, message, &mut outbox);
            answered = answered.saturating_add(black_box(&outbox).replies.len());
        }
        let time = begin.elapsed();
        match answered == messages.len() {
            true => Ok(time),
            false => Err(Failure::new(format!("{answered} of {packets} answered"))),
        }
    }

    fn discover(&self, number: u32) -> Vec<u8> {
        // A prime far from the sizes visits the entries in no order.
        let spread = number.wrapping_mul(7_919);
        let [_, a, b, c] = (spread % self.size.hosts).to_be_bytes();
        let vendor = format!("vendor-{}", spread % self.size.subclasses);
        let mut bytes = vec![1, 1, 6];
        bytes.resize(28, 0);
        bytes.extend([2, 0, 0, a, b, c]);
        bytes.resize(FIXED_LENGTH, 0);
        bytes.extend(MAGIC_COOKIE);
        bytes.extend([53, 1, 1, 60]);
        bytes.extend(u8::try_from(vendor.len()));
        bytes.extend(vendor.bytes());
        bytes.push(255);
        bytes
    }
}
