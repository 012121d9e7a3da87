//! `hosts.allow` and `hosts.deny`, read for each request by the supervisor: the server cannot reach them from inside the
//! served directory.

use std::fs;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use common::log::{Level, Logger};
use common::sys::names;
use tokio::task::spawn_blocking;

use crate::words;
use crate::wrappers::{
    AccessFile, HostName, Parties, Severity, System, Verdict, decide, is_without_rules,
};

const ALLOW: &str = "/etc/hosts.allow";
const DENY: &str = "/etc/hosts.deny";

/// What the files say about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    pub(super) is_granted: bool,
    /// True if there is no rule at all.
    pub(super) is_open: bool,
}

/// The texts of both files.
#[derive(Clone)]
struct Texts {
    allow: String,
    deny: String,
}

impl Texts {
    fn read(logger: &Logger) -> Self {
        Self {
            allow: read(ALLOW, logger),
            deny: read(DENY, logger),
        }
    }

    fn decide(&self, parties: &Parties, system: &mut dyn System) -> Verdict {
        let file = |path, text| AccessFile { path, text };
        decide(
            file(ALLOW, &self.allow),
            file(DENY, &self.deny),
            parties,
            system,
        )
    }
}

/// Bytes are characters of their own: names and addresses are ASCII.
fn read(path: &str, logger: &Logger) -> String {
    match fs::read(path) {
        Ok(bytes) => bytes.into_iter().map(char::from).collect(),
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                logger.error(&words::unusable(path, &error));
            }
            String::new()
        }
    }
}

/// Decides about a client, logs what is to be said about it, and waits for the resolver only if a rule asks for a name.
pub(super) async fn judge(parties: Parties, logger: Arc<Logger>) -> Permission {
    let texts = Texts::read(&logger);
    if is_without_rules(&texts.allow) && is_without_rules(&texts.deny) {
        return Permission {
            is_granted: true,
            is_open: true,
        };
    }
    let client = parties.client;
    let mut quick = Quick { needs_names: false };
    let mut verdict = texts.decide(&parties, &mut quick);
    if quick.needs_names {
        let patient = spawn_blocking(move || texts.decide(&parties, &mut Patient));
        // A look-up that came to nothing grants nothing.
        verdict = patient.await.unwrap_or_default();
    }
    report(&verdict, client, &logger);
    Permission {
        is_granted: verdict.is_granted,
        is_open: false,
    }
}

fn report(verdict: &Verdict, client: IpAddr, logger: &Logger) {
    for line in &verdict.complaints {
        logger.error(line);
    }
    let severity = verdict.severity.map(level);
    if !verdict.is_granted {
        let level = severity.unwrap_or(Level::Warning);
        logger.write(level, &words::refused_connection(client));
    } else if let Some(level) = severity {
        logger.write(level, &words::connection(client));
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Notice => Level::Notice,
        Severity::Info => Level::Info,
        Severity::Debug => Level::Debug,
    }
}

/// Knows no names, and notes that one was wanted.
struct Quick {
    needs_names: bool,
}

impl System for Quick {
    fn name_of(&mut self, _: IpAddr) -> HostName {
        self.needs_names = true;
        HostName::Unknown
    }

    fn pattern_file(&mut self, path: &str) -> Option<String> {
        read_patterns(path)
    }
}

/// Asks the resolver.
struct Patient;

impl System for Patient {
    fn name_of(&mut self, address: IpAddr) -> HostName {
        match names::name_of(address) {
            None => HostName::Unknown,
            Some(name) if leads_to(&name, address) => HostName::Known(name),
            Some(_) => HostName::Paranoid,
        }
    }

    fn pattern_file(&mut self, path: &str) -> Option<String> {
        read_patterns(path)
    }
}

fn leads_to(name: &str, address: IpAddr) -> bool {
    let addresses = (name, 0).to_socket_addrs().into_iter().flatten();
    let mut addresses = addresses.map(|found| found.ip().to_canonical());
    name.parse::<IpAddr>().is_err() && addresses.any(|found| found == address)
}

fn read_patterns(path: &str) -> Option<String> {
    let bytes = fs::read(Path::new(path)).ok()?;
    Some(bytes.into_iter().map(char::from).collect())
}
