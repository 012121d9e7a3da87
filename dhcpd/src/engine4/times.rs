//! How long a lease is given (reference isc-dhcpd-behaviour.md, section 5, "Lease time", and section 9).

use std::net::Ipv4Addr;

use super::exchange::Exchange;
use super::outbox::Outbox;
use super::words;
use crate::config::model::{Permit, PoolId};
use crate::eval::{Evaluator, Flag};
use crate::lease::{Lease, NEVER, Tally};
use crate::options::codes;

/// Seconds, unless configured otherwise.
const DEFAULT_LEASE_TIME: u32 = 43_200;
const MAX_LEASE_TIME: u32 = 86_400;
const MIN_LEASE_TIME: u32 = 300;
/// A lease time of this many seconds is one without end.
const INFINITE: i64 = 0xffff_ffff;

/// A lease time that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// When the lease will end, in seconds since the epoch; [`NEVER`] is one without end.
    pub(super) expiry: u32,
    /// The client wants it for ever, and that reserves it.
    pub(super) reserved: bool,
}

/// A pool may be closed at this time: the client is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

/// Everything that a decision about time looks at.
pub(super) struct Question<'q, 'x> {
    pub(super) exchange: &'q Exchange<'x>,
    pub(super) values: Evaluator<'q>,
    pub(super) lease: &'q Lease,
    /// Pool of the lease and how full it is; a fixed address has none.
    pub(super) pool: Option<(PoolId, Tally)>,
}

impl Question<'_, '_> {
    /// The term of a DHCP lease.
    pub(super) fn term(&self, outbox: &mut Outbox) -> Result<Term, Closed> {
        let default = self.seconds_or(codes::DEFAULT_LEASE_TIME, DEFAULT_LEASE_TIME);
        let requested = self.exchange.request.lease_time();
        let reserved = requested == Some(u32::MAX) && self.reserve(outbox);
        let max = self.seconds_or(codes::MAX_LEASE_TIME, MAX_LEASE_TIME);
        let min = self.seconds_or(codes::MIN_LEASE_TIME, MIN_LEASE_TIME.min(max));
        let mut time = i64::from(requested.unwrap_or(default).min(max));
        time = self.adapt(time, i64::from(min), outbox);
        time = self.cut_to_pool(time)?;
        if time < i64::from(min) {
            time = i64::from(if min == 0 { default } else { min });
        }
        let expiry = self.expiry(time);
        Ok(Term { expiry, reserved })
    }

    /// The term of a dynamic BOOTP lease: for ever, unless configured otherwise.
    pub(super) fn bootp_term(&self) -> Term {
        let now = i64::from(self.exchange.seconds());
        let length = self.values.seconds(codes::DYNAMIC_BOOTP_LEASE_LENGTH);
        let cutoff = self.values.seconds(codes::DYNAMIC_BOOTP_LEASE_CUTOFF);
        let end = cutoff
            .map(i64::from)
            .or(length.map(|length| now + i64::from(length)));
        let expiry = end.map_or(NEVER, |end| u32::try_from(end).unwrap_or(NEVER));
        Term {
            expiry,
            reserved: false,
        }
    }

    fn seconds_or(&self, id: crate::options::OptionId, default: u32) -> u32 {
        self.values.seconds(id).unwrap_or(default)
    }

    fn reserve(&self, outbox: &mut Outbox) -> bool {
        let reserves = self.values.is_on(codes::INFINITE_IS_RESERVED, Flag::Deny);
        if reserves {
            outbox.info(words::infinite_reservation(self.lease.address));
        }
        reserves
    }

    /// In a pool that is filling up, new leases are short.
    fn adapt(&self, time: i64, min: i64, outbox: &mut Outbox) -> i64 {
        let threshold = self.values.uint8(codes::ADAPTIVE_LEASE_TIME_THRESHOLD);
        let threshold = threshold.filter(|percent| (1..100).contains(percent));
        let (Some(threshold), Some((_, tally))) = (threshold, self.pool) else {
            return time;
        };
        let ends = i64::from(self.lease.ends) - i64::from(self.exchange.seconds());
        let least = if min == 0 {
            i64::from(MIN_LEASE_TIME)
        } else {
            min
        };
        let fill = words::Fill {
            total: tally.total,
            free: tally.free,
            ends,
            adaptive: ends.max(least),
            percent: tally.used().saturating_mul(100) / tally.total.max(1),
            threshold,
        };
        outbox.debug(words::adaptive(&fill));
        if fill.percent < u64::from(threshold) || time <= fill.adaptive {
            return time;
        }
        let address = self.lease.address;
        outbox.info(words::over_threshold(address, time, fill.adaptive));
        fill.adaptive
    }

    /// A pool that opens or closes at a date.
    fn cut_to_pool(&self, time: i64) -> Result<i64, Closed> {
        let now = i64::from(self.exchange.seconds());
        let Some((pool, _)) = self.pool else {
            return Ok(time);
        };
        let index = usize::try_from(pool.0).unwrap_or(usize::MAX);
        let Some(pool) = self.exchange.config().pools.get(index) else {
            return Ok(time);
        };
        if date_of(&pool.permits).is_some_and(|from| now < from) {
            return Err(Closed);
        }
        match date_of(&pool.prohibits) {
            Some(until) if now >= until => Err(Closed),
            Some(until) => Ok(time.min(until - now)),
            None => Ok(time),
        }
    }

    /// Lease times that lead beyond 32 bits end just before [`NEVER`], as in the original.
    fn expiry(&self, time: i64) -> u32 {
        if time == INFINITE {
            return NEVER;
        }
        let end = i64::from(self.exchange.seconds()).saturating_add(time);
        u32::try_from(end).unwrap_or(NEVER - 1)
    }
}

fn date_of(permits: &[Permit]) -> Option<i64> {
    permits.iter().find_map(|permit| match permit {
        Permit::After(date) => Some(i64::from(*date)),
        _ => None,
    })
}

/// Whether a pool was reported full, and below which use it counts as emptier again.
#[derive(Clone, Debug, Default)]
pub(super) struct Watermark {
    reported: std::collections::BTreeMap<u32, u64>,
}

impl Watermark {
    /// Looks at a pool when a lease of it is acknowledged, before that lease counts.
    pub(super) fn check(
        &mut self,
        question: &Question<'_, '_>,
        network: &str,
        outbox: &mut Outbox,
    ) {
        let Some((pool, tally)) = question.pool else {
            return;
        };
        let address = question.lease.address;
        if let Some(low) = self.reported.get(&pool.0) {
            if tally.used() <= *low {
                self.reported.remove(&pool.0);
                outbox.error(words::pool_emptier(
                    network,
                    address,
                    tally.used(),
                    tally.total,
                ));
            }
            return;
        }
        let high = question
            .values
            .uint8(codes::LOG_THRESHOLD_HIGH)
            .unwrap_or(0);
        if high == 0 || high > 100 || tally.used() < tally.percent(high) {
            return;
        }
        self.report(question, address, high, network, outbox);
    }

    fn report(
        &mut self,
        question: &Question<'_, '_>,
        address: Ipv4Addr,
        high: u8,
        network: &str,
        outbox: &mut Outbox,
    ) {
        let Some((pool, tally)) = question.pool else {
            return;
        };
        outbox.error(words::pool_full(
            network,
            address,
            high,
            tally.used(),
            tally.total,
        ));
        let low = question.values.uint8(codes::LOG_THRESHOLD_LOW);
        let low = low.filter(|percent| *percent <= 100).unwrap_or(0);
        if low < high {
            self.reported.insert(pool.0, tally.percent(low));
        }
    }
}
