//! The states of a lease and how it moves between them (reference isc-dhcpd-behaviour.md, section 8).

/// Binding state of a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody holds it.
    #[default]
    Free,
    /// A client holds it.
    Active,
    /// Its time is over and the failover peer has not agreed yet.
    Expired,
    /// Its client gave it back and the failover peer has not agreed yet.
    Released,
    /// Something that is not a client of ours uses the address.
    Abandoned,
    /// An operator took it back.
    Reset,
    /// Free, for the failover peer to give out.
    Backup,
}

/// One row a state: its name in the lease file, and the state that follows it by itself.
const STATES: [(State, &str, State); 7] = [
    (State::Free, "free", State::Free),
    (State::Active, "active", State::Free),
    (State::Expired, "expired", State::Free),
    (State::Released, "released", State::Free),
    (State::Abandoned, "abandoned", State::Free),
    (State::Reset, "reset", State::Free),
    (State::Backup, "backup", State::Backup),
];

impl State {
    /// The name in the lease file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The state that a lease in this one goes to when it ends.
    #[must_use]
    pub fn successor(self) -> Self {
        self.row().2
    }

    /// The state of that name; upper and lower case are the same.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let same = |row: &&(Self, &str, Self)| row.1.as_bytes().eq_ignore_ascii_case(name);
        STATES.iter().find(same).map(|row| row.0)
    }

    /// True if any client may have it.
    #[must_use]
    pub fn is_free(self) -> bool {
        matches!(self, Self::Free | Self::Backup)
    }

    /// True if a client, or something else, may be using it.
    #[must_use]
    pub fn is_in_use(self) -> bool {
        matches!(self, Self::Active | Self::Abandoned)
    }

    fn row(self) -> &'static (Self, &'static str, Self) {
        let same = |row: &&(Self, &str, Self)| row.0 == self;
        STATES.iter().find(same).unwrap_or(&STATES[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_found_by_the_name_it_is_written_with() {
        for (state, name, _) in STATES {
            assert_eq!(state.name(), name);
            assert_eq!(State::named(name.to_uppercase().as_bytes()), Some(state));
        }
        assert_eq!(State::named(b"reserved"), None);
    }
}
