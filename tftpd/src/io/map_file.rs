//! The map file at the start: read, tried out, and its errors told to the log and to whoever sits at the terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use common::diag::{Message, Severity};
use common::log::Logger;
use common::syntax::{Excerpt, FileId, Place};

use super::mapper::{Finding, MapFile, Trial, try_out};
use crate::cli::Settings;
use crate::exit::{CONFIGURATION, NO_INPUT, SYSTEM, StartError};
use crate::words;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 8 << 20;
/// How much of a line the terminal shows, in characters.
const SHOWN: usize = 200;

/// A file that can be used.
pub(super) struct TriedMap {
    pub(super) file: MapFile,
    pub(super) has_rules: bool,
}

/// Reads the file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// The map file that the command line names. Must come before any runtime.
pub(super) fn open(settings: &Settings, logger: &Logger) -> Result<Option<TriedMap>, StartError> {
    let Some(path) = &settings.map_file else {
        return Ok(None);
    };
    let text = read(path).map_err(|error| {
        StartError::new(NO_INPUT, words::remap::unopened(path.display(), &error))
    })?;
    let file = MapFile {
        text,
        steps: settings.map_steps,
    };
    let trial = try_out(&file, settings.sandbox)
        .map_err(|error| StartError::new(SYSTEM, words::failed_call("fork", &error)))?;
    match trial {
        Trial::Usable(has_rules) => Ok(Some(TriedMap { file, has_rules })),
        Trial::Overrun => Err(StartError::new(CONFIGURATION, words::remap::LOAD_OVERRUN)),
        Trial::Wrong(findings) => Err(report(path, &file.text, findings, logger)),
    }
}

/// The last of the errors is logged by the caller, like any other that ends a start.
fn report(path: &Path, text: &[u8], mut findings: Vec<Finding>, logger: &Logger) -> StartError {
    let shown = io::stderr().is_terminal();
    if shown {
        for finding in &findings {
            show(path, text, finding);
        }
    }
    let last = findings.pop().map(|finding| finding.text);
    for finding in findings {
        logger.error(&finding.text);
    }
    StartError {
        shown,
        ..StartError::new(CONFIGURATION, last.unwrap_or_default())
    }
}

/// A terminal that is gone need not be told.
fn show(path: &Path, text: &[u8], finding: &Finding) {
    let message = Message {
        severity: Severity::Error,
        text: finding.text.clone(),
        excerpt: Some(excerpt(path, text, finding)),
        stands_alone: false,
        help: finding.help.clone(),
    };
    for line in message.framed() {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

fn excerpt(path: &Path, text: &[u8], finding: &Finding) -> Excerpt {
    let index = usize::try_from(finding.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let line = text.split(|&byte| byte == b'\n').nth(index);
    let line = line.unwrap_or_default().trim_ascii_end();
    let source: String = line.iter().copied().map(char::from).take(SHOWN).collect();
    Excerpt {
        file: path.display().to_string().into(),
        place: Place {
            file: FileId(0),
            line: finding.line,
            column: u16::try_from(finding.column).unwrap_or(u16::MAX),
        },
        line: finding.line,
        text: source.clone(),
        column: finding.column,
        source,
        width: finding.width,
    }
}
