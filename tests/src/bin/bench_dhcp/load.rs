//! A run of a load at a rate, by Kea's perfdhcp or by our own, and what came of it.

use std::process::Command;
use std::time::Duration;

use tests::dhcp_load::{self, Origin, Pace, Plan};
use tests::failure::{Failure, Result};

use super::site::{CLIENT, CLIENT_LINK, SERVER, Site};

/// After this long an exchange counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// Replies that are under way at the end are waited for so many microseconds.
const LAST_WAIT: &str = "300000";

/// Who makes the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Kea's perfdhcp. Above some thousand exchanges a second it is busier than a server.
    Perfdhcp,
    /// `tests::dhcp_load`, behind a relay agent as perfdhcp is.
    Own,
}

impl Maker {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Perfdhcp => "perfdhcp",
            Self::Own => "own load",
        }
    }
}

/// A run of the load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Who makes it.
    pub maker: Maker,
    /// Exchanges to begin in a second.
    pub rate: u32,
    /// How long.
    pub seconds: u32,
    /// How many clients there are.
    pub clients: u32,
    /// Whether each reply's delay is wanted.
    pub delays: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// DHCPDISCOVERs sent.
    pub begun: f64,
    /// Exchanges completed.
    pub completed: f64,
    /// Exchanges completed in a second.
    pub rate: f64,
    /// What perfdhcp used of a processor in a second.
    pub load_share: f64,
    /// Longest wait for a DHCPACK, in milliseconds.
    pub longest_ms: f64,
    /// What 99 of 100 waits for a DHCPOFFER stayed within, in milliseconds, where it is known.
    pub offer_p99_ms: f64,
    /// What 99 of 100 exchanges began late within, in milliseconds, where it is known.
    pub late_p99_ms: f64,
    /// Waits for a DHCPACK in milliseconds, ascending, where they were asked for.
    pub delays_ms: Vec<f64>,
}

impl Outcome {
    /// The part of the exchanges that were not completed.
    pub fn lost(&self) -> f64 {
        1.0 - self.completed / self.begun.max(1.0)
    }

    /// The wait that `share` of the exchanges stayed within.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a list's length is a place in it"
        )]
        let place = (self.delays_ms.len() as f64 * share) as usize;
        self.delays_ms.get(place).copied().unwrap_or(f64::NAN)
    }
}

impl Load {
    /// Runs it against the server of the site.
    pub fn run(&self, site: &Site) -> Result<Outcome> {
        match self.maker {
            Maker::Perfdhcp => self.run_perfdhcp(site),
            Maker::Own => self.run_own(site),
        }
    }

    fn run_own(&self, site: &Site) -> Result<Outcome> {
        let span = Duration::from_secs(self.seconds.into());
        let plan = Plan {
            server: SERVER,
            origin: Origin::Relay(CLIENT),
            pace: Pace::Rate(self.rate),
            span,
            clients: self.clients,
            patience: LOST_AFTER,
        };
        let outcome = site.in_client(|| plan.run())??;
        let span = span.as_secs_f64();
        let completed = count(outcome.completed());
        let milliseconds = |wait: &Duration| wait.as_secs_f64() * 1e3;
        let p99 = |waits: &[Duration]| {
            let wait = dhcp_load::percentile(waits, 990);
            wait.map_or(f64::NAN, |wait| milliseconds(&wait))
        };
        let delays_ms: Vec<f64> = outcome.ack_waits.iter().map(milliseconds).collect();
        Ok(Outcome {
            begun: count(outcome.begun),
            completed,
            rate: completed / span,
            load_share: outcome.processor_time.as_secs_f64() / span,
            longest_ms: delays_ms.last().copied().unwrap_or(f64::NAN),
            offer_p99_ms: p99(&outcome.offer_waits),
            late_p99_ms: p99(&outcome.lateness),
            delays_ms,
        })
    }

    fn run_perfdhcp(&self, site: &Site) -> Result<Outcome> {
        let lost_after = LOST_AFTER.as_secs().to_string();
        let mut command = Command::new("/usr/sbin/perfdhcp");
        command.args(["-4", "-l", CLIENT_LINK, "-d", &lost_after, "-W", LAST_WAIT]);
        command.args(["-r", &self.rate.to_string()]);
        command.args(["-p", &self.seconds.to_string()]);
        command.args(["-R", &self.clients.to_string()]);
        if self.delays {
            command.args(["-x", "t"]);
        }
        command.arg(SERVER.to_string());
        let before = children_usage();
        let output = site.run_client(&mut command)?;
        let used = children_usage() - before;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut outcome = parse(&text).ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            Failure::new(format!("perfdhcp: {}", said.trim()))
        })?;
        outcome.rate = outcome.completed / f64::from(self.seconds);
        outcome.load_share = used.as_secs_f64() / f64::from(self.seconds);
        Ok(outcome)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn count(exchanges: usize) -> f64 {
    exchanges as f64
}

fn parse(text: &str) -> Option<Outcome> {
    let (offers, acks) = text.split_once("Statistics for: REQUEST-ACK")?;
    let (_, offers) = offers.split_once("Statistics for: DISCOVER-OFFER")?;
    let mut delays_ms = delays(text);
    delays_ms.sort_by(f64::total_cmp);
    Some(Outcome {
        begun: number(offers, "sent packets:")?,
        completed: number(acks, "received packets:")?,
        longest_ms: number(acks, "max delay:").unwrap_or(f64::NAN),
        delays_ms,
        offer_p99_ms: f64::NAN,
        late_p99_ms: f64::NAN,
        ..Outcome::default()
    })
}

/// What each exchange waited for its DHCPACK: rows of two times in seconds.
fn delays(text: &str) -> Vec<f64> {
    let rows = text.split_once("Timestamps for packets: REQUEST-ACK");
    let rows = rows.map_or("", |(_, rows)| rows).lines();
    let times = rows.filter_map(|row| row.strip_prefix("sent / received: ")?.split_once(" / "));
    let waits = times.filter_map(|(sent, received)| {
        let (sent, received): (f64, f64) =
            (sent.trim().parse().ok()?, received.trim().parse().ok()?);
        Some((received - sent) * 1000.0)
    });
    waits.collect()
}

fn number(text: &str, label: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of all children that have ended.
fn children_usage() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return Duration::ZERO;
    };
    let seconds = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec().saturating_mul(1_000_000) + time.tv_usec();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    seconds(usage.user_time()) + seconds(usage.system_time())
}
