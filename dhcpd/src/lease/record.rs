//! One lease, as it is kept in memory and written to the lease file (reference isc-dhcpd-behaviour.md, section 10.3).

use std::net::Ipv4Addr;
use std::sync::Arc;

use common::net::HardwareAddress;

use super::clients::Places;
use super::octets::Octets;
use super::states::State;
use crate::config::model::HostId;
use crate::eval::ast::Handler;

/// What is known about one address of a pool. Times are seconds since the epoch; 0 is none, [`NEVER`](super::NEVER) is
/// for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// When it was given out.
    pub starts: u32,
    /// When it ends; of a free lease, until when it is held for the client it was offered to.
    pub ends: u32,
    /// When the failover peer may take it for ended.
    pub tstp: u32,
    /// When its client was last heard.
    pub cltt: u32,
    /// What it is.
    pub state: State,
    /// What it becomes when it ends, or at once when it is stored.
    pub next: State,
    /// What it may go back to while the failover peer is away.
    pub rewind: State,
    /// Kept for its client for ever.
    pub reserved: bool,
    /// Given to a BOOTP client.
    pub bootp: bool,
    /// Something about it changed, so that its client's next request is written and not answered from what is there.
    pub stale: bool,
    /// Its client.
    pub hardware: Option<HardwareAddress>,
    /// Its client by client identifier (option 61).
    pub uid: Option<Octets>,
    /// What the client calls itself (option 12), up to the first NUL.
    pub hostname: Option<Octets>,
    /// Relay agent information (option 82) of its client, as sub-options.
    pub agent: Option<Box<[u8]>>,
    /// The host declaration that it was given out under; not written.
    pub host: Option<HostId>,
    /// What not every lease has.
    pub rare: Option<Box<Rare>>,
    /// Its place among others with the same end; the table's.
    pub(super) order: i64,
    /// Where it stands among those of its client; the table's.
    pub(super) places: Places,
}

/// Parts of a lease that not every lease has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rare {
    /// Variables, the newest first.
    pub variables: Vec<Variable>,
    /// Failover: until when the peer said that it may be used.
    pub tsfp: u32,
    /// Failover: what the peer acknowledged.
    pub atsfp: u32,
    /// Whose limit it counts against.
    pub billing: Option<Account>,
    /// What to do when it ends by itself.
    pub on_expiry: Option<OnBlock>,
    /// What to do when its client gives it back.
    pub on_release: Option<OnBlock>,
}

/// An `on expiry` or `on release` block of a lease. Blocks with the same text count as equal: the lease file knows no more.
#[derive(Clone, Debug)]
pub enum OnBlock {
    /// One of the configuration.
    Configured(Arc<Handler>),
    /// The text between the braces, as it stands in the lease file.
    Read(Arc<[u8]>),
}

impl OnBlock {
    /// Its text between the braces.
    #[must_use]
    pub fn text(&self) -> &Arc<[u8]> {
        match self {
            Self::Configured(handler) => &handler.text,
            Self::Read(text) => text,
        }
    }
}

impl PartialEq for OnBlock {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for OnBlock {}

/// What a lease is billed to: a class, or one of its subclasses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Name of the class.
    pub class: Arc<str>,
    /// Value of the subclass.
    pub value: Option<Arc<[u8]>>,
}

/// `set NAME = VALUE;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Box<str>,
    /// Its value.
    pub value: Value,
}

/// Value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bytes.
    Data(Box<[u8]>),
    /// Empty data of the kind that is not written ([`Bytes`](crate::eval::Bytes)): the variable is lost with the next start.
    Hollow,
    /// A number.
    Number(i64),
    /// `true` or `false`
    Boolean(bool),
}

impl Lease {
    /// The lease of an address that nobody ever had.
    #[must_use]
    pub const fn fresh(address: Ipv4Addr) -> Self {
        Self {
            address,
            starts: 0,
            ends: 0,
            tstp: 0,
            cltt: 0,
            state: State::Free,
            next: State::Free,
            rewind: State::Free,
            reserved: false,
            bootp: false,
            stale: false,
            hardware: None,
            uid: None,
            hostname: None,
            agent: None,
            host: None,
            rare: None,
            order: 0,
            places: Places {
                uid: 0,
                hardware: 0,
            },
        }
    }

    /// The variable of that name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Value> {
        let rare = self.rare.as_ref()?;
        let found = rare.variables.iter().find(|it| &*it.name == name)?;
        Some(&found.value)
    }

    /// Gives a variable a value; a new one goes before the others.
    pub fn set_variable(&mut self, name: &str, value: Value) {
        let variables = &mut self.rare.get_or_insert_default().variables;
        if let Some(known) = variables.iter_mut().find(|it| &*it.name == name) {
            known.value = value;
            return;
        }
        let name = name.into();
        variables.insert(0, Variable { name, value });
    }

    /// Replaces all variables; the newest comes first.
    pub fn replace_variables(&mut self, variables: Vec<Variable>) {
        if !variables.is_empty() || self.rare.is_some() {
            self.rare.get_or_insert_default().variables = variables;
        }
        self.drop_empty_rare();
    }

    /// Forgets all variables.
    pub fn clear_variables(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.variables.clear();
        }
        self.drop_empty_rare();
    }

    /// Ends it at `now`, as its client does that gives it back.
    pub fn release(&mut self, now: u32) {
        self.clear_variables();
        self.ends = now;
        self.tstp = now;
        self.next = State::Free;
    }

    /// Moves from `state` to `next` (reference section 8). A client that no longer holds the lease takes with it what
    /// only it said: its name, its relay's words, its host declaration, what was to happen at the end.
    pub(crate) fn settle(&mut self) {
        if self.state == State::Active && self.next != State::Active {
            self.agent = None;
            self.hostname = None;
            self.host = None;
            self.tstp = self.ends;
            if let Some(rare) = &mut self.rare {
                rare.billing = None;
                rare.on_expiry = None;
                rare.on_release = None;
            }
            self.drop_empty_rare();
        }
        self.state = self.next;
        self.next = self.state.successor();
    }

    /// True if it becomes something else at its end.
    #[must_use]
    pub fn ends_by_itself(&self) -> bool {
        self.next != self.state
    }

    /// Where it stands among the leases of its client identifier, the best lowest.
    #[must_use]
    pub fn place_by_uid(&self) -> i64 {
        self.places.uid
    }

    /// Where it stands among the leases of its hardware address, the best lowest.
    #[must_use]
    pub fn place_by_hardware(&self) -> i64 {
        self.places.hardware
    }

    /// True if the startup rewrite keeps it: somebody had it, or has it.
    #[must_use]
    pub fn is_worth_keeping(&self) -> bool {
        let failover = self.rare.as_ref().is_some_and(|rare| rare.tsfp != 0);
        self.hardware.is_some() || self.uid.is_some() || failover || self.state != State::Free
    }

    /// Lets go of a rare part without anything in it.
    pub fn drop_empty_rare(&mut self) {
        if self.rare.as_deref() == Some(&Rare::default()) {
            self.rare = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_takes_little_room() {
        assert!(size_of::<Lease>() <= 152, "{}", size_of::<Lease>());
    }

    #[test]
    fn a_new_variable_stands_before_older_ones() {
        let mut lease = Lease::fresh(Ipv4Addr::LOCALHOST);
        lease.set_variable("a", Value::Number(1));
        lease.set_variable("b", Value::Boolean(true));
        lease.set_variable("a", Value::Number(2));
        let names: Vec<_> = lease
            .rare
            .as_ref()
            .unwrap()
            .variables
            .iter()
            .map(|it| &*it.name)
            .collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(lease.variable("a"), Some(&Value::Number(2)));
        lease.clear_variables();
        assert_eq!(lease.rare, None);
    }

    #[test]
    fn an_active_lease_that_ends_keeps_its_client_but_not_what_the_client_said() {
        let mut lease = Lease::fresh(Ipv4Addr::LOCALHOST);
        lease.state = State::Active;
        lease.ends = 77;
        lease.uid = Some(b"me".into());
        lease.hostname = Some(b"name".into());
        lease.settle();
        assert_eq!(
            (lease.state, lease.next, lease.tstp),
            (State::Free, State::Free, 77)
        );
        assert_eq!(lease.uid.as_deref(), Some(&b"me"[..]));
        assert_eq!(lease.hostname, None);
    }
}
