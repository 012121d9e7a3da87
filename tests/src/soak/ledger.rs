//! What clients were promised: who holds which address by the acknowledgements that were seen, and whether the lease file agrees.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Instant;

use crate::client::identity::mac_of;
use crate::client::show_octets;
use crate::failure::{Failure, Result};

/// A client's number.
pub(super) type Client = u16;

/// A lease that its client saw acknowledged and has not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) address: Ipv4Addr,
    /// The number of the request that was acknowledged last, which is in the host name that it carried.
    pub(super) serial: u32,
    /// When its client no longer relies on it; none if it outlasts the soak.
    pub(super) until: Option<Instant>,
}

impl Claim {
    fn holds(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// All claims.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    claims: HashMap<Client, Claim>,
    holders: HashMap<Ipv4Addr, Client>,
}

/// The newest record of an address in a lease file.
#[derive(Debug, PartialEq, Eq)]
struct Record<'f> {
    state: &'f str,
    hardware: &'f str,
    serial: u32,
}

impl Ledger {
    /// What a client holds now.
    pub(super) fn claim(&self, client: Client, now: Instant) -> Option<Claim> {
        let claim = self.claims.get(&client).copied();
        claim.filter(|claim| claim.holds(now))
    }

    /// How many hold something.
    pub(super) fn len(&self, now: Instant) -> usize {
        let claims = self.claims.values();
        claims.filter(|claim| claim.holds(now)).count()
    }

    /// A client saw an acknowledgement.
    ///
    /// # Errors
    /// If another client holds the address, or this one holds another.
    pub(super) fn grant(&mut self, client: Client, claim: Claim, now: Instant) -> Result<()> {
        let address = claim.address;
        let before = self.claim(client, now);
        let holder = self.holders.get(&address).copied();
        let rival = holder.filter(|holder| *holder != client && self.claim(*holder, now).is_some());
        self.give_back(client);
        if let Some(rival) = rival {
            self.give_back(rival);
        }
        self.claims.insert(client, claim);
        self.holders.insert(address, client);
        if let Some(rival) = rival {
            let what = format!("{address} was given to client {client}, and client {rival} has it");
            return Err(Failure::new(what));
        }
        match before {
            Some(before) if before.address != address => Err(Failure::new(format!(
                "client {client} has {} and got {address}",
                before.address
            ))),
            _ => Ok(()),
        }
    }

    /// A client has given back what it held, or may no longer rely on it.
    pub(super) fn give_back(&mut self, client: Client) {
        if let Some(claim) = self.claims.remove(&client) {
            self.holders.remove(&claim.address);
        }
    }

    /// A server told a client that it has no lease.
    ///
    /// # Errors
    /// If it has one.
    pub(super) fn refuse(&mut self, client: Client, now: Instant) -> Result<()> {
        let held = self.claim(client, now);
        self.give_back(client);
        held.map_or(Ok(()), |claim| {
            let address = claim.address;
            let what = format!("client {client} was refused {address}, which it has");
            Err(Failure::new(what))
        })
    }

    /// Forgets the claims that end: a server that starts believes the clock on the wall, which may have been set.
    pub(super) fn doubt_short(&mut self) {
        self.claims.retain(|_, claim| claim.until.is_none());
        let claims = &self.claims;
        self.holders.retain(|_, client| claims.contains_key(client));
    }

    /// Compares all claims that do not end with a lease file; returns how many there are.
    ///
    /// # Errors
    /// A claim that is not in the file, or is there with an older request.
    pub(super) fn compare(&self, file: &str) -> Result<usize> {
        let records = newest(file);
        let lasting = self.claims.iter();
        let lasting = lasting.filter(|(_, claim)| claim.until.is_none());
        let mut count = 0;
        for (client, claim) in lasting {
            let owner = show_octets(&mac_of(*client));
            let record = records.get(&claim.address);
            let agrees = record.is_some_and(|record| {
                record.state == "active"
                    && record.hardware == owner
                    && record.serial >= claim.serial
            });
            if !agrees {
                return Err(Failure::new(format!(
                    "client {client} ({owner}) was acknowledged {claim:?}, and the file says {record:?}"
                )));
            }
            count += 1;
        }
        Ok(count)
    }
}

/// The last whole record of each address.
fn newest(file: &str) -> HashMap<Ipv4Addr, Record<'_>> {
    let records = file.split("\nlease ").skip(1);
    let read = |text| {
        let (text, _) = str::split_once(text, "\n}")?;
        let address = text.split(' ').next()?.parse().ok()?;
        let name = between(text, "\n  client-hostname \"s", "\"");
        let record = Record {
            state: between(text, "\n  binding state ", ";").unwrap_or_default(),
            hardware: between(text, "\n  hardware ethernet ", ";").unwrap_or_default(),
            serial: name.and_then(|name| name.parse().ok()).unwrap_or_default(),
        };
        Some((address, record))
    };
    records.filter_map(read).collect()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FILE: &str = "# made by hand\nlease 10.9.1.1 {\n  binding state free;\n}\nlease 10.9.1.1 {\n  \
        binding state active;\n  next binding state free;\n  hardware ethernet 02:00:00:01:00:07;\n  \
        client-hostname \"s12\";\n}\nlease 10.9.1.2 {\n  binding state active;\n  hardware";

    fn claim(last: u8, serial: u32) -> Claim {
        Claim {
            address: Ipv4Addr::new(10, 9, 1, last),
            serial,
            until: None,
        }
    }

    #[test]
    fn the_file_has_to_hold_what_was_acknowledged_or_something_newer() {
        let now = Instant::now();
        for (client, claim, agrees) in [
            (7, claim(1, 12), true),
            (7, claim(1, 11), true),
            (7, claim(1, 13), false),
            (8, claim(1, 12), false),
            (7, claim(2, 1), false),
        ] {
            let mut ledger = Ledger::default();
            ledger.grant(client, claim, now).unwrap();
            assert_eq!(ledger.compare(FILE).is_ok(), agrees, "{client} {claim:?}");
        }
    }

    #[test]
    fn an_address_has_one_holder_until_it_is_given_back_or_ends() {
        let now = Instant::now();
        let later = now + Duration::from_secs(2);
        let mut ledger = Ledger::default();
        let short = Claim {
            until: Some(now + Duration::from_secs(1)),
            ..claim(1, 1)
        };
        ledger.grant(1, short, now).unwrap();
        assert!(ledger.grant(2, claim(1, 2), now).is_err());
        ledger.grant(3, short, later).unwrap_err();
        ledger.give_back(3);
        ledger.grant(1, short, now).unwrap();
        ledger.grant(2, claim(1, 3), later).unwrap();
        assert!(ledger.grant(2, claim(2, 4), later).is_err());
        assert!(ledger.refuse(2, later).is_err());
        assert!(ledger.refuse(2, later).is_ok());
        assert_eq!(ledger.len(later), 0);
    }

    #[test]
    fn doubt_leaves_the_claims_that_do_not_end() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        let short = Claim {
            until: Some(now + Duration::from_secs(9)),
            ..claim(1, 1)
        };
        ledger.grant(1, short, now).unwrap();
        ledger.grant(2, claim(2, 2), now).unwrap();
        ledger.doubt_short();
        assert_eq!(ledger.claim(1, now), None);
        assert_eq!(ledger.claim(2, now), Some(claim(2, 2)));
    }
}
