//! Warnings about configurations that the original accepts in silence. They never change what a run ends with, and only
//! frames and JSON show them.

mod hosts;
mod netboot;
mod pools;
mod shadows;
#[cfg(test)]
mod tests;

use common::diag::Diagnostics;
use common::syntax::{Excerpt, Place};

use super::model::Config;

/// Looks for what is legal and most likely not meant. Nothing is looked for in a configuration without declarations.
pub fn lint(config: &Config, diagnostics: &mut Diagnostics) {
    let mut report = Report {
        files: &config.files,
        diagnostics,
    };
    pools::check(config, &mut report);
    hosts::check(config, &mut report);
    netboot::check(config, &mut report);
    shadows::check(config, &mut report);
}

/// Takes the warnings.
struct Report<'a> {
    files: &'a [String],
    diagnostics: &'a mut Diagnostics,
}

impl Report<'_> {
    fn warn(&mut self, place: Place, text: String, help: &str) {
        let file = self.files.get(usize::from(place.file.0));
        let excerpt = Excerpt {
            file: file.map_or("", String::as_str).into(),
            place,
            line: place.line,
            ..Excerpt::default()
        };
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.diagnostics.lint(excerpt, text, help);
    }
}
