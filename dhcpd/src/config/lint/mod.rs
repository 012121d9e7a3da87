//! Looks for what a configuration may say, but hardly means. It finds warnings only: what the original accepts stays
//! accepted.

mod architecture;
mod hosts;
mod ipxe;
mod permits;
mod ranges;
mod reads;
mod shadowed;
mod words;

use common::diag::Diagnostics;
use common::syntax::{Excerpt, Place};

use super::model::{Config, ScopeId};

/// Something that is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the lint, as [`LINTS`] has it.
    pub lint: &'static str,
    /// The statement or declaration.
    pub place: Place,
    /// What is wrong, and what comes of it.
    pub text: String,
    /// What to do.
    pub help: String,
}

/// Looks through a configuration and says each finding.
type Lint = fn(&Config, &mut dyn FnMut(Place, String, &str));

/// Every lint with its name.
pub const LINTS: &[(&str, Lint)] = &[
    ("mixed-permits", permits::mixed),
    ("fixed-address-in-range", ranges::fixed_addresses),
    ("range-with-reserved-address", ranges::reserved_addresses),
    ("ipxe-without-user-class", ipxe::unguarded),
    ("architecture-without-9", architecture::incomplete),
    ("duplicate-host-name", hosts::same_name),
    ("duplicate-hardware", hosts::same_hardware),
    ("duplicate-identifier", hosts::same_identifier),
    ("shadowed-subnet", shadowed::subnets),
    ("shadowed-option", shadowed::assignments),
    ("unreachable-branch", shadowed::branches),
    ("unreachable-statement", shadowed::behind_break),
];

/// What every lint finds, in the order of the text.
#[must_use]
pub fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lint, look) in LINTS {
        look(config, &mut |place, text, help| {
            findings.push(Finding {
                lint,
                place,
                text,
                help: help.to_owned(),
            });
        });
    }
    findings.sort_by_key(|finding| finding.place);
    findings
}

/// Adds what every lint finds to the messages. `load` opens the files once more, to show their lines.
pub fn report(
    config: &Config,
    load: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
    diagnostics: &mut Diagnostics,
) {
    let mut shown: Option<(u16, Vec<String>)> = None;
    for finding in check(config) {
        let file = finding.place.file.0;
        let name = config.files.get(usize::from(file));
        let name = name.map_or("", String::as_str);
        if shown.as_ref().is_none_or(|shown| shown.0 != file) {
            // A file that cannot be read any more has no lines to show.
            let bytes = load(name).unwrap_or_default();
            shown = Some((file, lines(&bytes)));
        }
        let lines = shown.as_ref().map(|shown| shown.1.as_slice());
        let excerpt = excerpt(name, finding.place, lines.unwrap_or_default());
        let text = words::named(finding.lint, &finding.text);
        diagnostics.lint(excerpt, text, Some(finding.help));
    }
}

/// Longest part of a line that is shown.
const SHOWN: usize = 200;

/// One character for each byte, as messages have it.
fn lines(bytes: &[u8]) -> Vec<String> {
    let line = |line: &[u8]| line.iter().take(SHOWN).copied().map(char::from).collect();
    bytes.split(|byte| *byte == b'\n').map(line).collect()
}

fn excerpt(file: &str, place: Place, lines: &[String]) -> Excerpt {
    let index = usize::try_from(place.line).unwrap_or(usize::MAX);
    let source = lines.get(index.wrapping_sub(1)).cloned();
    let source = source.unwrap_or_default();
    let before = usize::from(place.column.saturating_sub(1));
    let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let width = source.chars().skip(before).take_while(is_word).count();
    Excerpt {
        file: file.into(),
        place,
        line: place.line,
        text: source.chars().take(80).collect(),
        column: place.column.into(),
        source,
        width: u32::try_from(width.max(1)).unwrap_or(1),
    }
}

fn item<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

/// What is true of each scope by itself, or of one that encloses it. A scope comes behind the ones that enclose it.
fn inherited(config: &Config, mut own: impl FnMut(ScopeId) -> bool) -> Vec<bool> {
    let mut holds: Vec<bool> = Vec::with_capacity(config.scopes.len());
    for (id, scope) in (0..).map(ScopeId).zip(&config.scopes) {
        let parent = scope.parent.and_then(|parent| item(&holds, parent.0));
        let value = parent.copied().unwrap_or(false) || own(id);
        holds.push(value);
    }
    holds
}

#[cfg(test)]
mod tests;
