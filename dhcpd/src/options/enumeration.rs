//! Words that stand for numbers in option values.

/// A set of words with their numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Enumeration {
    /// What the format letters call it.
    pub name: &'static str,
    /// Octets of the number in a packet.
    pub width: u8,
    /// Words and numbers.
    pub values: &'static [(&'static str, u8)],
}

impl Enumeration {
    /// The built-in enumeration called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ENUMERATIONS.iter().find(|set| set.name == name)
    }

    /// The number of `word`; case matters.
    #[must_use]
    pub fn value(&self, word: &str) -> Option<u8> {
        let found = |row: &&(&str, u8)| row.0 == word;
        self.values.iter().find(found).map(|row| row.1)
    }

    /// The word for `value`.
    #[must_use]
    pub fn word(&self, value: u8) -> Option<&'static str> {
        let found = |row: &&(&'static str, u8)| row.1 == value;
        self.values.iter().find(found).map(|row| row.0)
    }
}

const ENUMERATIONS: &[Enumeration] = &[
    Enumeration {
        name: "ddns-styles",
        width: 1,
        values: &[("none", 0), ("ad-hoc", 1), ("interim", 2), ("standard", 3)],
    },
    // Numbers of syslog(3) facilities, shifted left by three as <syslog.h> has them.
    Enumeration {
        name: "syslog-facilities",
        width: 1,
        values: &[
            ("kern", 0),
            ("user", 8),
            ("mail", 16),
            ("daemon", 24),
            ("auth", 32),
            ("syslog", 40),
            ("lpr", 48),
            ("news", 56),
            ("uucp", 64),
            ("cron", 72),
            ("authpriv", 80),
            ("ftp", 88),
            ("local0", 128),
            ("local1", 136),
            ("local2", 144),
            ("local3", 152),
            ("local4", 160),
            ("local5", 168),
            ("local6", 176),
            ("local7", 184),
        ],
    },
    Enumeration {
        name: "prefix-length-modes",
        width: 1,
        values: &[
            ("ignore", 0),
            ("prefer", 1),
            ("exact", 2),
            ("minimum", 3),
            ("maximum", 4),
        ],
    },
    Enumeration {
        name: "status-codes",
        width: 2,
        values: &[
            ("success", 0),
            ("UnspecFail", 1),
            ("NoAddrsAvail", 2),
            ("NoBinding", 3),
            ("NotOnLink", 4),
            ("UseMulticast", 5),
            ("NoPrefixAvail", 6),
            ("UnknownQueryType", 7),
            ("MalformedQuery", 8),
            ("NotConfigured", 9),
            ("NotAllowed", 10),
            ("QueryTerminated", 11),
        ],
    },
    Enumeration {
        name: "dhcpv6-messages",
        width: 1,
        values: &[
            ("SOLICIT", 1),
            ("ADVERTISE", 2),
            ("REQUEST", 3),
            ("CONFIRM", 4),
            ("RENEW", 5),
            ("REBIND", 6),
            ("REPLY", 7),
            ("RELEASE", 8),
            ("DECLINE", 9),
            ("RECONFIGURE", 10),
            ("INFORMATION-REQUEST", 11),
            ("RELAY-FORW", 12),
            ("RELAY-REPL", 13),
            ("LEASEQUERY", 14),
            ("LEASEQUERY-REPLY", 15),
            ("LEASEQUERY-DONE", 16),
            ("LEASEQUERY-DATA", 17),
            ("RECONFIGURE-REQUEST", 18),
            ("RECONFIGURE-REPLY", 19),
            ("DHCPV4-QUERY", 20),
            ("DHCPV4-RESPONSE", 21),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_as_written_and_lead_back() {
        let styles = Enumeration::named("ddns-styles").unwrap();
        assert_eq!(styles.value("interim"), Some(2));
        assert_eq!(styles.word(2), Some("interim"));
        assert_eq!(styles.value("Interim"), None);
    }
}
