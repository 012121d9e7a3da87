//! The words that begin a statement. Parameters are not here: they are the options of space `server`.

/// What kind of statement a word begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Allow,
    Append,
    Authoritative,
    Break,
    Case,
    Class,
    DbTimeFormat,
    Default,
    Deny,
    Failover,
    FixedAddress,
    FixedAddress6,
    FixedPrefix6,
    Group,
    Hardware,
    Host,
    If,
    Ignore,
    Include,
    Key,
    LeaseIdFormat,
    Log,
    Not,
    Option,
    Pool,
    Pool6,
    Prefix6,
    Prepend,
    Range,
    Range6,
    Send,
    ServerDuid,
    ServerIdentifier,
    SharedNetwork,
    Subclass,
    Subnet,
    Subnet6,
    Supersede,
    Zone,
    /// A statement that is known, but not served yet.
    Later,
}

const KEYWORDS: &[(&str, Keyword)] = &[
    ("add", Keyword::Later),
    ("allow", Keyword::Allow),
    ("append", Keyword::Append),
    ("authoritative", Keyword::Authoritative),
    ("break", Keyword::Break),
    ("case", Keyword::Case),
    ("class", Keyword::Class),
    ("db-time-format", Keyword::DbTimeFormat),
    ("default", Keyword::Default),
    ("define", Keyword::Later),
    ("deny", Keyword::Deny),
    ("eval", Keyword::Later),
    ("execute", Keyword::Later),
    ("failover", Keyword::Failover),
    ("fixed-address", Keyword::FixedAddress),
    ("fixed-address6", Keyword::FixedAddress6),
    ("fixed-prefix6", Keyword::FixedPrefix6),
    ("group", Keyword::Group),
    ("hardware", Keyword::Hardware),
    ("host", Keyword::Host),
    ("if", Keyword::If),
    ("ignore", Keyword::Ignore),
    ("include", Keyword::Include),
    ("key", Keyword::Key),
    ("lease-id-format", Keyword::LeaseIdFormat),
    ("log", Keyword::Log),
    ("not", Keyword::Not),
    ("on", Keyword::Later),
    ("option", Keyword::Option),
    ("parse-vendor-option", Keyword::Later),
    ("pool", Keyword::Pool),
    ("pool6", Keyword::Pool6),
    ("prefix6", Keyword::Prefix6),
    ("prepend", Keyword::Prepend),
    ("range", Keyword::Range),
    ("range6", Keyword::Range6),
    ("return", Keyword::Later),
    ("send", Keyword::Send),
    ("server-duid", Keyword::ServerDuid),
    ("server-identifier", Keyword::ServerIdentifier),
    ("set", Keyword::Later),
    ("shared-network", Keyword::SharedNetwork),
    ("subclass", Keyword::Subclass),
    ("subnet", Keyword::Subnet),
    ("subnet6", Keyword::Subnet6),
    ("supersede", Keyword::Supersede),
    ("switch", Keyword::Later),
    ("unset", Keyword::Later),
    ("user-class", Keyword::Later),
    ("vendor-class", Keyword::Later),
    ("zone", Keyword::Zone),
];

/// The keyword that `word` is, in any case.
pub(super) fn keyword(word: &str) -> Option<Keyword> {
    let lower = word.to_ascii_lowercase();
    let found = KEYWORDS.binary_search_by(|row| row.0.cmp(&lower)).ok()?;
    KEYWORDS.get(found).map(|row| row.1)
}

/// `allow`, `deny` and `ignore` keys with the parameter that each sets.
const ALLOW_KEYS: &[(&str, &str)] = &[
    ("booting", "allow-booting"),
    ("bootp", "allow-bootp"),
    ("client-updates", "client-updates"),
    ("declines", "declines"),
    ("duplicates", "duplicates"),
    ("dynamic-bootp", "dynamic-bootp"),
    ("leasequery", "leasequery"),
    ("unknown-clients", "boot-unknown-clients"),
];

/// The parameter that `allow WORD` sets.
pub(super) fn allow_key(word: &str) -> Option<&'static str> {
    let found = ALLOW_KEYS
        .iter()
        .find(|row| row.0.eq_ignore_ascii_case(word));
    found.map(|row| row.1)
}

/// Functions that are known, but not served yet.
const LATER_FUNCTIONS: &[&str] = &[
    "check",
    "client-state",
    "defined",
    "gethostbyname",
    "gethostname",
    "v6relay",
];

/// True for a function or a value of the language that cannot be evaluated yet.
pub(super) fn is_later_function(word: &str) -> bool {
    LATER_FUNCTIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

/// Words of the language that begin no statement. Any other word there is taken for a variable.
const RESERVED: &[&str] = &[
    "algorithm",
    "all",
    "and",
    "array",
    "authenticated",
    "backup",
    "balance",
    "billing",
    "binary-to-ascii",
    "binding",
    "boolean",
    "booting",
    "bootp",
    "check",
    "client-hostname",
    "client-identifier",
    "client-state",
    "clients",
    "code",
    "commit",
    "compressed",
    "concat",
    "config-option",
    "cltt",
    "deleted",
    "domain-list",
    "domain-name",
    "dynamic",
    "else",
    "elsif",
    "encapsulate",
    "encode-int",
    "ends",
    "epoch",
    "error",
    "ethernet",
    "exists",
    "expire",
    "expiry",
    "extract-int",
    "fatal",
    "fddi",
    "free",
    "gethostbyname",
    "gethostname",
    "hash",
    "hba",
    "host-decl-name",
    "hostname",
    "infiniband",
    "infinite",
    "info",
    "integer",
    "interface",
    "ip-address",
    "ip6-address",
    "is",
    "known",
    "known-clients",
    "lcase",
    "lease",
    "lease-time",
    "leased-address",
    "length",
    "let",
    "limit",
    "load",
    "local",
    "match",
    "max",
    "mclt",
    "media",
    "members",
    "netmask",
    "never",
    "no",
    "null",
    "octal",
    "of",
    "or",
    "packet",
    "partner",
    "peer",
    "pick",
    "pick-first-value",
    "port",
    "primary",
    "rebind",
    "reject",
    "release",
    "renew",
    "request",
    "require",
    "reserved",
    "reverse",
    "script",
    "seconds",
    "secondary",
    "secret",
    "signed",
    "size",
    "space",
    "spawn",
    "split",
    "starts",
    "state",
    "static",
    "string",
    "substring",
    "suffix",
    "temporary",
    "text",
    "token-ring",
    "transmission",
    "tsfp",
    "tstp",
    "ucase",
    "uid",
    "unauthenticated",
    "unknown",
    "unknown-clients",
    "unsigned",
    "v6relay",
    "width",
    "with",
    "zerolen",
];

/// True for a word that can be no variable.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_in_order_so_that_each_is_found() {
        for (word, expected) in KEYWORDS {
            assert_eq!(keyword(&word.to_uppercase()), Some(*expected), "{word}");
        }
    }
}
