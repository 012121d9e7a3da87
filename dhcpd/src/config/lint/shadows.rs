//! Statements that can have no effect, because a later one of the same block sets the same again.

use std::collections::HashMap;

use common::syntax::Place;

use super::super::model::Config;
use super::super::words;
use super::Report;
use crate::eval::ast::{Action, Assignment, Block};
use crate::options::OptionId;

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    for scope in &config.scopes {
        check_block(config, &scope.statements, report);
    }
}

/// Anything but a plain assignment may look at what was set, so what comes before it counts.
fn check_block(config: &Config, block: &Block, report: &mut Report<'_>) {
    let mut set: HashMap<OptionId, Place> = HashMap::new();
    for statement in block {
        match &statement.action {
            Action::Assign {
                option,
                how: Assignment::Replace,
                ..
            } => {
                if let Some(earlier) = set.insert(*option, statement.place) {
                    let name = config.options.name(*option);
                    let text = words::lint_shadowed(&name, statement.place.line);
                    report.warn(earlier, text, "");
                }
            }
            _ => set.clear(),
        }
    }
}
