//! Load by Kea's perfdhcp: a run at a rate, and what it says of it.

use std::process::Command;
use std::time::Duration;

use tests::failure::{Failure, Result};

use super::site::{CLIENT_LINK, SERVER, Site};

/// After this long an exchange counts as lost.
const LOST_AFTER: &str = "1";
/// Replies that are under way at the end are waited for so many microseconds.
const LAST_WAIT: &str = "300000";

/// A run of the load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
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
        let mut command = Command::new("/usr/sbin/perfdhcp");
        command.args(["-4", "-l", CLIENT_LINK, "-d", LOST_AFTER, "-W", LAST_WAIT]);
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
