//! The configuration from its files, with every message on the log.

use std::collections::HashMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use common::diag::{Diagnostics, Severity};
use common::log::{Level, Logger};

use super::failure::Fatal;
use crate::cli::{Goal, Options, Style};
use crate::config::load::from_disk;
use crate::config::model::Config;
use crate::config::{self, Family, Refusal, lint};
use crate::words;

/// What the files of a configuration hold, by their names.
pub(super) type Sources = HashMap<String, Vec<u8>>;

/// Reads the configuration at `path` and the files it includes, and keeps what they hold, except where no lease file is
/// read that could add to it.
pub(super) fn read(
    path: &Path,
    options: &Options,
    logger: &Logger,
) -> Result<(Config, Sources), Fatal> {
    let mut diagnostics = Diagnostics::default();
    let name = path.to_string_lossy();
    let mut sources = Sources::new();
    let mut load = |file: &str| {
        let bytes = from_disk(file)?;
        if options.goal != Goal::TestConfiguration {
            sources.insert(file.to_owned(), bytes.clone());
        }
        Ok(bytes)
    };
    let parsed = config::parse(&name, options.family, &mut load, &mut diagnostics);
    let style = style(options);
    if let Some(config) = parsed.as_ref().ok().filter(|_| shows_lints(style, options)) {
        lint::report(config, &mut from_disk, &mut diagnostics);
    }
    report_as(style, &diagnostics, options, logger);
    let config = parsed.map_err(|refusal| match refusal {
        Refusal::Errors => words::CONFIGURATION_ERRORS.into(),
        Refusal::Fatal => Fatal::reported(),
    })?;
    Ok((config, sources))
}

/// The configuration at `path` once more, from what was kept of it, with the declarations of the lease file at `leases`.
/// What is wrong with those is logged.
pub(super) fn extend(
    (path, sources): (&Path, &Sources),
    (leases, declarations): (&Path, &[u8]),
    logger: &Logger,
) -> Option<Config> {
    let mut diagnostics = Diagnostics::default();
    let mut load = |file: &str| sources.get(file).cloned().ok_or_else(String::new);
    let extended = config::parse_with_declarations(
        (&path.to_string_lossy(), &mut load),
        (&leases.to_string_lossy(), declarations),
        Family::Dhcpv4,
        &mut diagnostics,
    );
    let (config, known) = extended.ok()?;
    for message in diagnostics.messages().iter().skip(known) {
        let level = level(message.severity);
        message
            .lines()
            .iter()
            .for_each(|line| logger.write(level, line));
    }
    Some(config)
}

/// Looks at the failover peers of a configuration.
pub(super) fn check_peers(config: &Config, logger: &Logger) -> Result<(), Fatal> {
    let mut diagnostics = Diagnostics::default();
    let checked = config::check_peers(config, &mut diagnostics);
    report(&diagnostics, logger);
    checked.map_err(|_| Fatal::reported())
}

/// Refuses to serve a configuration that asks for what this server cannot do.
pub(super) fn require_supported(config: &Config, logger: &Logger) -> Result<(), Fatal> {
    for (place, text) in &config.unsupported {
        let file = config.files.get(usize::from(place.file.0));
        let file = file.map_or("", String::as_str);
        logger.error(&words::unsupported_statement(file, place.line, text));
    }
    if config.unsupported.is_empty() {
        return Ok(());
    }
    Err(words::CONFIGURATION_ERRORS.into())
}

/// Lints are for whoever tests a configuration.
fn shows_lints(style: Style, options: &Options) -> bool {
    style != Style::ThreeLines && !options.quiet && options.goal == Goal::TestConfiguration
}

/// Frames are for people: they are the default on a terminal.
fn style(options: &Options) -> Style {
    let of_stderr = || match io::stderr().is_terminal() {
        true => Style::Rich,
        false => Style::ThreeLines,
    };
    options.diagnostics.unwrap_or_else(of_stderr)
}

/// The log always gets the original's lines; standard error gets what was asked for. Only there are lints, because
/// whoever reads the original's lines does not expect them.
fn report_as(style: Style, diagnostics: &Diagnostics, options: &Options, logger: &Logger) {
    if style == Style::ThreeLines || options.quiet {
        return report(diagnostics, logger);
    }
    logger.stop_stderr();
    report(diagnostics, logger);
    logger.start_stderr();
    let mut stderr = io::stderr().lock();
    for message in diagnostics.messages().iter().chain(diagnostics.lints()) {
        let lines = match style {
            Style::Json => vec![message.json()],
            Style::Rich | Style::ThreeLines => message.framed(),
        };
        // Nobody can be told that standard error cannot be written to.
        let _ = writeln!(stderr, "{}", lines.join("\n"));
    }
}

fn report(diagnostics: &Diagnostics, logger: &Logger) {
    for message in diagnostics.messages() {
        let level = level(message.severity);
        for line in message.lines() {
            logger.write(level, &line);
        }
    }
    if diagnostics.dropped() > 0 {
        logger.error(&words::more_messages(diagnostics.dropped()));
    }
}

/// The original logs its warnings about a configuration as errors too.
fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error | Severity::Warning => Level::Error,
        Severity::Info => Level::Info,
    }
}
