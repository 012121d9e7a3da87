//! Which messages are worth any work: limits on what one client and one interface may send, before a message is looked into.
//!
//! Each client has a bucket of tokens, and each interface one for all. A client whose bucket is empty waits. When an interface's
//! is empty, only clients that have a lease or a declaration get through: a flood of invented addresses keeps none of them
//! waiting. The bucket of an interface also shrinks while the system loses frames because they come faster than they are
//! handled, and grows again when that is over: so the limit is never above what this machine can do.
//!
//! The buckets of clients have a fixed room. A client without a bucket begins with a full one, so that a flood of invented
//! addresses takes none from anybody who is there.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use common::net::HardwareAddress;

use crate::cli::Rates;
use crate::engine4::InterfaceId;
use crate::words;

/// Sets of buckets: a client has its place in one of them.
const SETS: usize = 4096;
/// Buckets in a set; the one that was not used for longest makes room.
const WAYS: usize = 4;
/// Losses are looked at so often.
const WINDOW: Duration = Duration::from_millis(100);
/// However much is lost, this part of the rate of an interface stays.
const LEAST_PART: u32 = 100;
/// What was ignored is logged so often.
const REPORT_AFTER: Duration = Duration::from_secs(60);

/// Octets of a message, which is all that is read of it (RFC 2131, section 2).
const HARDWARE_TYPE: usize = 1;
const HARDWARE_LENGTH: usize = 2;
const RELAY: std::ops::Range<usize> = 24..28;
const HARDWARE: std::ops::Range<usize> = 28..44;

/// A token is a thousand of these, so that milliseconds fill buckets evenly.
const TOKEN: u64 = 1000;

/// The limits and what has been used of them.
pub(super) struct Admission {
    rates: Rates,
    begin: Instant,
    clients: Buckets,
    /// By [`InterfaceId`].
    interfaces: Vec<Shared>,
    ignored: Ignored,
}

/// Of all clients of an interface.
struct Shared {
    bucket: Bucket,
    /// Messages in a second at present.
    rate: u32,
    looked: Instant,
}

/// Messages that got no work.
#[derive(Clone, Copy, Debug, Default)]
struct Ignored {
    of_busy_clients: u64,
    of_strangers: u64,
    told: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Thousandths of tokens.
    level: u64,
    /// Milliseconds since the beginning, when it was filled last.
    filled: u64,
}

impl Bucket {
    fn full(rate: u32, now: u64) -> Self {
        Self {
            level: u64::from(rate) * TOKEN,
            filled: now,
        }
    }

    /// Holds what comes in a second. `rate` tokens a second are `rate` thousandths a millisecond.
    fn take(&mut self, rate: u32, now: u64) -> bool {
        let gained = now.saturating_sub(self.filled).saturating_mul(rate.into());
        self.level = self
            .level
            .saturating_add(gained)
            .min(u64::from(rate) * TOKEN);
        self.filled = now;
        let rest = self.level.checked_sub(TOKEN);
        self.level = rest.unwrap_or(self.level);
        rest.is_some()
    }
}

impl Admission {
    pub(super) fn new(rates: Rates, now: Instant) -> Self {
        Self {
            rates,
            begin: now,
            clients: Buckets::new(),
            interfaces: Vec::new(),
            ignored: Ignored::default(),
        }
    }

    /// True if a message is to be handled. `is_known` says whether a client has a lease or a declaration.
    pub(super) fn admits(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        message: &[u8],
        is_known: impl FnOnce(&HardwareAddress) -> bool,
    ) -> bool {
        let elapsed = self.elapsed(now);
        let client = client_of(message);
        if let (Some(rate), Some(key)) = (self.rates.client, client) {
            if !self
                .clients
                .find(key, rate.get(), elapsed)
                .take(rate.get(), elapsed)
            {
                self.ignored.of_busy_clients = self.ignored.of_busy_clients.saturating_add(1);
                return false;
            }
        }
        let Some(rate) = self.rates.interface else {
            return true;
        };
        let shared = self.shared(interface, rate.get(), now);
        let present = shared.rate;
        let admitted = shared.bucket.take(present, elapsed)
            || client.and_then(hardware_of).is_some_and(|it| is_known(&it));
        if !admitted {
            self.ignored.of_strangers = self.ignored.of_strangers.saturating_add(1);
        }
        admitted
    }

    /// Looks, but not often, whether the system has lost frames of `interface`: `lost` says how many since it was asked last.
    pub(super) fn adapt(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        lost: impl FnOnce() -> u32,
    ) {
        let Some(rate) = self.rates.interface else {
            return;
        };
        let shared = self.shared(interface, rate.get(), now);
        if now.saturating_duration_since(shared.looked) < WINDOW {
            return;
        }
        shared.looked = now;
        shared.rate = match lost() {
            0 => shared.rate.saturating_add(shared.rate / 8 + 1),
            _ => shared.rate / 4 * 3,
        };
        shared.rate = shared.rate.clamp(rate.get() / LEAST_PART + 1, rate.get());
    }

    /// What the log shall hear, at most once a minute.
    pub(super) fn report(&mut self, now: Instant) -> Option<String> {
        let Ignored {
            of_busy_clients,
            of_strangers,
            told,
        } = self.ignored;
        let is_due = told.is_none_or(|told| now.saturating_duration_since(told) >= REPORT_AFTER);
        if !is_due || of_busy_clients + of_strangers == 0 {
            return None;
        }
        self.ignored = Ignored {
            told: Some(now),
            ..Ignored::default()
        };
        Some(words::messages_ignored(of_busy_clients, of_strangers))
    }

    fn elapsed(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.begin);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    fn shared(&mut self, interface: InterfaceId, rate: u32, now: Instant) -> &mut Shared {
        let index = usize::from(interface.0);
        let elapsed = self.elapsed(now);
        if self.interfaces.len() <= index {
            self.interfaces.resize_with(index + 1, || Shared {
                bucket: Bucket::full(rate, elapsed),
                rate,
                looked: now,
            });
        }
        #[expect(clippy::indexing_slicing, reason = "made above if it was not there")]
        &mut self.interfaces[index]
    }
}

/// What tells clients apart: hardware address and relay agent. `None` for what is too short to be a message.
#[derive(Clone, Copy, Hash)]
struct Client<'m> {
    kind: u8,
    length: u8,
    relay: &'m [u8],
    hardware: &'m [u8],
}

fn client_of(message: &[u8]) -> Option<Client<'_>> {
    Some(Client {
        kind: *message.get(HARDWARE_TYPE)?,
        length: *message.get(HARDWARE_LENGTH)?,
        relay: message.get(RELAY)?,
        hardware: message.get(HARDWARE)?,
    })
}

fn hardware_of(client: Client<'_>) -> Option<HardwareAddress> {
    let octets = client.hardware.get(..usize::from(client.length))?;
    HardwareAddress::new(client.kind, octets)
}

/// Buckets of clients, by a keyed hash: nobody can aim at another's set.
struct Buckets {
    hasher: RandomState,
    /// The hash of the client that has the bucket of the same number; 0 for nobody. Pages that nobody used take no memory.
    owners: Vec<u64>,
    levels: Vec<u64>,
    filled: Vec<u64>,
}

/// A bucket where it is kept.
struct Place<'b> {
    level: &'b mut u64,
    filled: &'b mut u64,
}

impl Place<'_> {
    fn take(self, rate: u32, now: u64) -> bool {
        let mut bucket = Bucket {
            level: *self.level,
            filled: *self.filled,
        };
        let taken = bucket.take(rate, now);
        (*self.level, *self.filled) = (bucket.level, bucket.filled);
        taken
    }
}

impl Buckets {
    fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            owners: vec![0; SETS * WAYS],
            levels: vec![0; SETS * WAYS],
            filled: vec![0; SETS * WAYS],
        }
    }

    /// The bucket of a client: its own, or a full one in the place of that which was not used for longest.
    #[expect(clippy::indexing_slicing, reason = "a set lies within the lists")]
    fn find(&mut self, client: Client<'_>, rate: u32, now: u64) -> Place<'_> {
        let hash = self.hasher.hash_one(client).max(1);
        let sets = u64::try_from(SETS).unwrap_or(1);
        let set = usize::try_from(hash % sets).unwrap_or(0) * WAYS;
        let places = set..set + WAYS;
        let own = places.clone().find(|place| self.owners[*place] == hash);
        let oldest = || places.clone().min_by_key(|place| self.filled[*place]);
        let place = own.or_else(oldest).unwrap_or(set);
        if own.is_none() {
            let full = Bucket::full(rate, now);
            self.owners[place] = hash;
            (self.levels[place], self.filled[place]) = (full.level, full.filled);
        }
        Place {
            level: &mut self.levels[place],
            filled: &mut self.filled[place],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use pretty_assertions::assert_eq;

    use super::*;

    const WIRE: InterfaceId = InterfaceId(0);

    fn message(number: u32) -> Vec<u8> {
        let mut message = vec![0; 240];
        message[..3].copy_from_slice(&[1, 1, 6]);
        message[30..34].copy_from_slice(&number.to_be_bytes());
        message
    }

    fn admission(client: u32, interface: u32) -> (Admission, Instant) {
        let begin = Instant::now();
        let rates = Rates {
            client: NonZeroU32::new(client),
            interface: NonZeroU32::new(interface),
        };
        (Admission::new(rates, begin), begin)
    }

    /// How many of so many messages of a client are admitted at a time.
    fn admitted(admission: &mut Admission, now: Instant, number: u32, count: u32) -> u32 {
        let message = message(number);
        let each = (0..count).map(|_| admission.admits(now, WIRE, &message, |_| false));
        each.map(u32::from).sum()
    }

    #[test]
    fn a_client_has_what_comes_in_a_second_and_no_more() {
        let (mut limits, begin) = admission(10, 0);
        assert_eq!(admitted(&mut limits, begin, 1, 50), 10);
        assert_eq!(admitted(&mut limits, begin, 2, 5), 5);
        let later = begin + Duration::from_millis(500);
        assert_eq!(admitted(&mut limits, later, 1, 50), 5);
        let later = begin + Duration::from_secs(3600);
        assert_eq!(admitted(&mut limits, later, 1, 50), 10);
    }

    #[test]
    fn without_limits_everything_is_admitted() {
        let (mut limits, begin) = admission(0, 0);
        assert_eq!(admitted(&mut limits, begin, 1, 5000), 5000);
        assert_eq!(limits.report(begin), None);
    }

    #[test]
    fn the_known_get_through_when_an_interface_has_had_enough() {
        let (mut limits, begin) = admission(1000, 100);
        let strangers: u32 = (0..1000)
            .map(|number| admitted(&mut limits, begin, number, 1))
            .sum();
        assert_eq!(strangers, 100);
        let known = message(7);
        let wanted = HardwareAddress::new(1, &known[28..34]).unwrap();
        assert!(limits.admits(begin, WIRE, &known, |client| *client == wanted));
        assert!(!limits.admits(begin, WIRE, &message(8), |client| *client == wanted));
        // Another interface is another matter.
        assert!(limits.admits(begin, InterfaceId(1), &message(8), |_| false));
    }

    #[test]
    fn invented_clients_take_no_more_room_and_nothing_from_a_real_one() {
        let (mut limits, begin) = admission(2, 0);
        assert_eq!(admitted(&mut limits, begin, u32::MAX, 3), 2);
        let room = limits.clients.owners.capacity();
        for number in 0..100_000 {
            assert_eq!(admitted(&mut limits, begin, number, 1), 1);
        }
        assert_eq!(limits.clients.owners.capacity(), room);
        assert!(admitted(&mut limits, begin, u32::MAX, 1) <= 1);
        let later = begin + Duration::from_secs(1);
        assert_eq!(admitted(&mut limits, later, u32::MAX, 3), 2);
    }

    #[test]
    fn losses_lower_the_rate_of_an_interface_and_their_end_raises_it() {
        let (mut limits, begin) = admission(0, 1000);
        let at = |step: u32| begin + WINDOW * step;
        limits.adapt(at(0), WIRE, || 1);
        for step in 1..=40 {
            limits.adapt(at(step), WIRE, || 1);
            // Asked again at once it does not look.
            limits.adapt(at(step), WIRE, || panic!("too often"));
        }
        assert_eq!(limits.interfaces[0].rate, 1000 / LEAST_PART + 1);
        (41..120).for_each(|step| limits.adapt(at(step), WIRE, || 0));
        assert_eq!(limits.interfaces[0].rate, 1000);
    }

    #[test]
    fn what_was_ignored_is_told_at_once_and_then_every_minute() {
        let (mut limits, begin) = admission(1, 0);
        assert_eq!(admitted(&mut limits, begin, 1, 3), 1);
        assert_eq!(limits.report(begin), Some(words::messages_ignored(2, 0)));
        assert_eq!(admitted(&mut limits, begin, 1, 3), 0);
        assert_eq!(limits.report(begin + Duration::from_secs(59)), None);
        let told = limits.report(begin + REPORT_AFTER);
        assert_eq!(told, Some(words::messages_ignored(3, 0)));
        assert_eq!(limits.report(begin + 2 * REPORT_AFTER), None);
    }

    #[test]
    fn what_is_too_short_to_be_a_message_counts_for_the_interface_alone() {
        let (mut limits, begin) = admission(1, 2);
        let short = |limits: &mut Admission| limits.admits(begin, WIRE, &[1, 1], |_| true);
        assert_eq!([(); 3].map(|()| short(&mut limits)), [true, true, false]);
    }
}
