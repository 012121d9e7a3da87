//! Offers that wait until nobody answers for the address (reference isc-dhcpd-behaviour.md, section 4, "Ping check").

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::time::Duration;

use common::time::Time;

use super::Engine;
use super::answer::{Answer, Draft};
use super::grant::Grant;
use super::outbox::{Outbox, PingRequest};
use super::words;
use crate::eval::{Evaluator, Flag};
use crate::lease::State;
use crate::options::codes;

/// How long an echo reply is waited for, unless configured otherwise.
const PAUSE: Duration = Duration::from_secs(1);
/// A client that had the address less than this many seconds ago is trusted to be the one that has it.
const AGAIN_AFTER: u32 = 60;
/// Offers that may wait at a time: as many as machines start together on the largest of sites. One beyond is not made, and its
/// client asks again.
const MOST_PARKED: usize = 16_384;
/// That this happens is said so often.
const TELL_AFTER: Duration = Duration::from_secs(60);

/// Offers that wait. There is at most one for each address.
#[derive(Debug, Default)]
pub(super) struct Parked {
    drafts: BTreeMap<(Time, Ipv4Addr), Draft>,
    due: HashMap<Ipv4Addr, Time>,
    /// When the log heard last that there is no room; the time of an offer that was not made.
    told: Option<Time>,
}

impl Parked {
    /// True if an offer of that address waits.
    pub(super) fn holds(&self, address: Ipv4Addr) -> bool {
        self.due.contains_key(&address)
    }

    /// When the first of them goes out.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.drafts.keys().next().map(|(due, _)| *due)
    }

    fn insert(&mut self, address: Ipv4Addr, due: Time, draft: Draft) {
        self.due.insert(address, due);
        self.drafts.insert((due, address), draft);
    }

    fn remove(&mut self, address: Ipv4Addr) -> Option<Draft> {
        let due = self.due.remove(&address)?;
        self.drafts.remove(&(due, address))
    }

    fn pop_due(&mut self, now: Time) -> Option<Draft> {
        let (due, address) = *self.drafts.keys().next()?;
        if due > now {
            return None;
        }
        self.remove(address)
    }
}

/// How long to wait for an answer to a ping; `None` if there is to be none.
pub(super) fn pause(values: &Evaluator<'_>) -> Option<Duration> {
    if !values.is_on(codes::PING_CHECK, Flag::Allow) {
        return None;
    }
    let millis = values
        .seconds(codes::PING_TIMEOUT_MS)
        .filter(|millis| *millis > 0);
    let seconds = values.seconds(codes::PING_TIMEOUT);
    let millis = millis.map(|millis| Duration::from_millis(u64::from(millis)));
    let seconds = seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
    millis.or(seconds).or(Some(PAUSE))
}

/// `ping-cltt-secs`
pub(super) fn again_after(values: &Evaluator<'_>) -> u32 {
    values.seconds(codes::PING_CLTT_SECS).unwrap_or(AGAIN_AFTER)
}

impl Engine {
    /// How long an offer has to wait; `None` if it may go at once.
    pub(super) fn ping_pause(
        &self,
        grant: &Grant<'_, '_>,
        same_client: bool,
        draft: &Draft,
    ) -> Option<Duration> {
        let old = &grant.candidate.lease;
        let settled = old.state == State::Active || grant.candidate.is_static();
        if grant.answer != Answer::Offer || settled {
            return None;
        }
        let now = grant.exchange.seconds();
        let age = now.saturating_sub(old.cltt);
        let just_had_it = same_client && old.cltt != 0 && age < draft.ping_again_after;
        if just_had_it && old.state != State::Abandoned {
            return None;
        }
        draft.ping
    }

    pub(super) fn park(&mut self, address: Ipv4Addr, due: Time, draft: Draft, outbox: &mut Outbox) {
        if self.parked.drafts.len() >= MOST_PARKED {
            let told = self.parked.told;
            if told.is_none_or(|told| due.since(told) >= TELL_AFTER) {
                self.parked.told = Some(due);
                outbox.error(words::too_many_pings(MOST_PARKED));
            }
            return;
        }
        outbox.pings.push(PingRequest { address });
        self.parked.insert(address, due, draft);
    }

    /// Takes note of an ICMP echo reply from `address`.
    pub fn ping_answered(&mut self, now: Time, address: Ipv4Addr, outbox: &mut Outbox) {
        if self.parked.next_due().is_none() {
            return;
        }
        let Some(found) = self.table.find(address) else {
            return outbox.debug(words::ping_unexpected(address));
        };
        let ends = found.lease.ends;
        if self.parked.remove(address).is_none() {
            return outbox.debug(words::ping_late(address));
        }
        let now = u32::try_from(now.seconds()).unwrap_or(0);
        if ends > now {
            outbox.debug(words::ping_answered(address));
        }
        self.abandon(address, now, words::PINGED, outbox);
    }

    pub(super) fn send_due_offers(&mut self, now: Time, outbox: &mut Outbox) {
        while let Some(draft) = self.parked.pop_due(now) {
            draft.send(outbox);
        }
    }
}
