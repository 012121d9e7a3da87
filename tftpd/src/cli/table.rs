//! The flags of the original: the one table that the command line is read by (reference tftpd-hpa.md, section 2).

/// What a flag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// IPv4 sockets only.
    Ipv4,
    /// IPv6 sockets only.
    Ipv6,
    /// Serve in the background.
    Listen,
    /// Serve in the foreground.
    Foreground,
    /// The address and port to listen on.
    Address,
    /// Uploads may create files.
    Create,
    /// Change the root directory.
    Secure,
    /// Ignore the mode bits of files.
    Permissive,
    /// The user to serve as.
    User,
    /// The file mode mask.
    Umask,
    /// The pid file.
    PidFile,
    /// How long inetd's server stays.
    Timeout,
    /// The first retransmission interval.
    Retransmit,
    /// The file of rewriting rules.
    MapFile,
    /// How many rules are looked at for one request.
    MapSteps,
    /// One step more talkative.
    Verbose,
    /// As talkative as this.
    Verbosity,
    /// An option that is never accepted.
    Refuse,
    /// The largest block size.
    BlockSize,
    /// The transfer log.
    LogJson,
    /// How many transfers may run at once.
    MaxTransfers,
    /// How many of them one client may have.
    MaxTransfersPerClient,
    /// All transfers through the listening port.
    SinglePort,
    /// The largest window.
    WindowSize,
    /// The ports to answer from.
    PortRange,
    /// How long transfers may go on when the service ends.
    StopTimeout,
    /// Print the version.
    Version,
    /// Say in the log what the server is locked in by.
    Sandbox,
    /// Do not lock the server in.
    NoSandbox,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its letter, where it has one.
    pub short: Option<char>,
    /// Its long name.
    pub long: &'static str,
    /// What its argument is called; `None` if it takes none.
    pub argument: Option<&'static str>,
    /// What it does.
    pub meaning: Meaning,
    /// Whether the original has it. Only those may be abbreviated: a name of ours must not make one of the original's
    /// abbreviations ambiguous.
    pub origin: Origin,
}

/// Whose flag it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The original's.
    Original,
    /// Ours, with a long name that must be written in full.
    Ours,
}

const fn plain(short: char, long: &'static str, meaning: Meaning) -> Flag {
    Flag {
        short: Some(short),
        long,
        argument: None,
        meaning,
        origin: Origin::Original,
    }
}

const fn valued(short: char, long: &'static str, argument: &'static str, meaning: Meaning) -> Flag {
    Flag {
        short: Some(short),
        long,
        argument: Some(argument),
        meaning,
        origin: Origin::Original,
    }
}

/// A flag that the original does not have.
const fn ours(long: &'static str, argument: Option<&'static str>, meaning: Meaning) -> Flag {
    Flag {
        short: None,
        long,
        argument,
        meaning,
        origin: Origin::Ours,
    }
}

/// All flags, in the order in which the original's getopt lists possibilities.
pub const FLAGS: &[Flag] = &[
    plain('4', "ipv4", Meaning::Ipv4),
    plain('6', "ipv6", Meaning::Ipv6),
    plain('c', "create", Meaning::Create),
    plain('s', "secure", Meaning::Secure),
    plain('p', "permissive", Meaning::Permissive),
    plain('v', "verbose", Meaning::Verbose),
    Flag {
        short: None,
        long: "verbosity",
        argument: Some("LEVEL"),
        meaning: Meaning::Verbosity,
        origin: Origin::Original,
    },
    plain('V', "version", Meaning::Version),
    plain('l', "listen", Meaning::Listen),
    plain('L', "foreground", Meaning::Foreground),
    valued('a', "address", "[ADDRESS][:PORT]", Meaning::Address),
    valued('B', "blocksize", "BYTES", Meaning::BlockSize),
    valued('u', "user", "NAME", Meaning::User),
    valued('U', "umask", "OCTAL", Meaning::Umask),
    valued('r', "refuse", "OPTION", Meaning::Refuse),
    valued('t', "timeout", "SECONDS", Meaning::Timeout),
    valued('T', "retransmit", "MICROSECONDS", Meaning::Retransmit),
    valued('R', "port-range", "FROM:TO", Meaning::PortRange),
    valued('m', "map-file", "FILE", Meaning::MapFile),
    valued('P', "pidfile", "FILE", Meaning::PidFile),
    ours("map-steps", Some("NUMBER"), Meaning::MapSteps),
    ours("log-json", Some("FILE"), Meaning::LogJson),
    ours("max-transfers", Some("NUMBER"), Meaning::MaxTransfers),
    ours(
        "max-transfers-per-client",
        Some("NUMBER"),
        Meaning::MaxTransfersPerClient,
    ),
    ours("no-sandbox", None, Meaning::NoSandbox),
    ours("sandbox", None, Meaning::Sandbox),
    ours("single-port", None, Meaning::SinglePort),
    ours("stop-timeout", Some("SECONDS"), Meaning::StopTimeout),
    ours("windowsize-max", Some("BLOCKS"), Meaning::WindowSize),
];
