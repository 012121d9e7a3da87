//! What the configuration says about the process itself: files, ports, log.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use common::log::{self, Facility, Level, Line, Logger};
use common::sys::names;
use common::time::Time;

use super::delay::Delay;
use super::failure::Fatal;
use super::leasefile::Sync;
use super::programs;
use crate::config::{self, model::Config};
use crate::eval::{Command, Context, Evaluator, Flag, ResolvedNames, execute};
use crate::options::{OptionSet, codes};
use crate::words;

/// Parameters of the root scope that the engine does not need.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) leases: Option<PathBuf>,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) leases6: Option<PathBuf>,
    pub(super) pid_file6: Option<PathBuf>,
    pub(super) local_port: Option<u16>,
    pub(super) remote_port: Option<u16>,
    pub(super) local_address: Option<Ipv4Addr>,
    pub(super) limited_broadcast: Option<Ipv4Addr>,
    pub(super) facility: Option<Facility>,
    pub(super) sync: Sync,
    pub(super) delay: Option<Delay>,
    /// What the statements of the root scope logged.
    pub(super) lines: Vec<Line>,
    /// The programs that they want to be run.
    pub(super) commands: Vec<Command>,
    /// True if one of them ended the server.
    pub(super) ended: bool,
    /// Why the server must end, if they set what it must not serve with.
    pub(super) refusal: Option<String>,
    /// What is to be said once the files are named.
    pub(super) notices: Vec<Line>,
    /// Why the server must end then.
    pub(super) late_refusal: Option<&'static str>,
}

impl Parameters {
    /// Executes the root scope of `config`.
    pub(super) fn evaluate(config: &Config, names: &ResolvedNames, now: Time) -> Self {
        let context = Context::new(&config.options, names, now);
        let mut set = OptionSet::new();
        if let Some(root) = config.scopes.first() {
            execute(&root.statements, &context, &mut set);
        }
        let values = context.over(&set);
        let mut parameters = Self::read(&values);
        parameters.refusal = config::refused_parameters(config, &values);
        let [before, after] = config::refused_later(&values);
        parameters.late_refusal = before.or(after);
        if before.is_none() {
            parameters.notices = notices(&values);
        }
        parameters.lines = context.take_lines();
        parameters.commands = context.take_commands();
        parameters.ended = context.has_ended();
        parameters
    }

    /// Logs what the statements of the root scope logged, and runs their programs where they stand between the lines.
    pub(super) fn act(&self, logger: &Arc<Logger>) -> Result<(), Fatal> {
        let mut commands = self.commands.iter().peekable();
        for (index, line) in self.lines.iter().enumerate() {
            while let Some(command) = commands.next_if(|it| it.behind_lines <= index) {
                programs::run(&command.arguments, logger);
            }
            logger.log(line);
        }
        commands.for_each(|command| programs::run(&command.arguments, logger));
        if let Some(text) = &self.refusal {
            logger.error(text);
        }
        match self.ended || self.refusal.is_some() {
            true => Err(Fatal::reported()),
            false => Ok(()),
        }
    }

    fn read(values: &Evaluator<'_>) -> Self {
        Self {
            leases: values.text(codes::LEASE_FILE_NAME).map(PathBuf::from),
            pid_file: values.text(codes::PID_FILE_NAME).map(PathBuf::from),
            leases6: values
                .text(codes::DHCPV6_LEASE_FILE_NAME)
                .map(PathBuf::from),
            pid_file6: values.text(codes::DHCPV6_PID_FILE_NAME).map(PathBuf::from),
            local_port: values.uint16(codes::LOCAL_PORT),
            remote_port: values.uint16(codes::REMOTE_PORT),
            local_address: values.address(codes::LOCAL_ADDRESS),
            limited_broadcast: values.address(codes::LIMITED_BROADCAST_ADDRESS),
            facility: values.uint8(codes::LOG_FACILITY).and_then(log::facility),
            sync: match values.is_on(codes::DONT_USE_FSYNC, Flag::Deny) {
                true => Sync::Never,
                false => Sync::Always,
            },
            delay: Delay::read(values),
            lines: Vec::new(),
            commands: Vec::new(),
            ended: false,
            refusal: None,
            notices: Vec::new(),
            late_refusal: None,
        }
    }
}

/// What is said of switches that are on.
fn notices(values: &Evaluator<'_>) -> Vec<Line> {
    let switches = [
        (codes::DONT_USE_FSYNC, Level::Error, words::NOT_SYNCED),
        (
            codes::SERVER_ID_CHECK,
            Level::Info,
            words::SERVER_ID_CHECKED,
        ),
    ];
    let on = switches
        .into_iter()
        .filter(|(id, ..)| values.is_on(*id, Flag::Deny));
    let lines = on.map(|(_, level, text)| Line {
        level,
        text: text.to_owned(),
    });
    lines.collect()
}

/// Looks up host names, and the name of this machine. One that has no address is left out; the evaluator treats it as
/// null.
pub(super) fn resolve(asked: &[Box<str>]) -> ResolvedNames {
    let found = |name: &str| Some((name.into(), names::addresses_of(name).ok()?));
    let own = nix::unistd::gethostname().unwrap_or_default();
    ResolvedNames {
        addresses: asked.iter().filter_map(|name| found(name)).collect(),
        own: own.to_string_lossy().into(),
        ..ResolvedNames::default()
    }
}
