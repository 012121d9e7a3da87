//! Declarations and statements that others make void.

use std::collections::{HashMap, HashSet};

use common::syntax::Place;

use super::reads::{Node, actions_in, blocks, nodes_of};
use super::words;
use crate::config::model::Config;
use crate::eval::ast::{Action, Assignment, Block, Data, Statement};
use crate::options::OptionId;

/// Subnets that are declared again; the last declaration counts for an address.
pub(super) fn subnets(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    let mut last = HashMap::new();
    for subnet in config.subnets.iter().rev() {
        let counts = *last
            .entry((subnet.address, subnet.mask))
            .or_insert(subnet.place);
        if counts != subnet.place {
            let text = words::subnet_again(subnet.address, subnet.mask, counts);
            say(subnet.place, text, words::JOIN_THE_SUBNETS);
        }
    }
}

/// Options and parameters that the same list of statements sets again.
pub(super) fn assignments(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for block in all_blocks(config) {
        for section in block.split(|statement| is_label(&statement.action)) {
            for (place, option, later) in set_again(section) {
                let name = config.options.name(option);
                say(place, words::set_again(&name, later), words::SET_ONCE);
            }
        }
    }
}

/// Assignments without effect, and where the same is set again.
fn set_again(section: &[Statement]) -> Vec<(Place, OptionId, Place)> {
    let mut found = Vec::new();
    let mut later: HashMap<OptionId, Place> = HashMap::new();
    // One statement alone is what most hosts have.
    for statement in section.iter().rev().filter(|_| section.len() > 1) {
        if let Action::Assign { option, .. } = &statement.action {
            found.extend(
                later
                    .get(option)
                    .map(|place| (statement.place, *option, *place)),
            );
        }
        if let Action::Assign {
            option,
            how: Assignment::Replace,
            ..
        } = &statement.action
        {
            later.insert(*option, statement.place);
        }
        forget_what_is_used(statement, &mut later);
    }
    found
}

/// What stands before a statement that reads it, or behind which nothing may be executed, has an effect.
fn forget_what_is_used(statement: &Statement, later: &mut HashMap<OptionId, Place>) {
    for action in actions_in(statement) {
        if matches!(action, Action::Break | Action::Return(_)) {
            later.clear();
        }
        for part in nodes_of(action) {
            if let Node::Data(Data::ConfigOption(option)) = part {
                later.remove(option);
            }
        }
    }
}

/// Branches whose condition stood before, in the same chain of `if` and `elsif`.
pub(super) fn branches(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for statement in all_blocks(config).flatten() {
        let Action::If { branches, .. } = &statement.action else {
            continue;
        };
        if branches.len() < 2 {
            continue;
        }
        let mut seen = HashSet::new();
        for (number, (condition, _)) in (1_usize..).zip(branches) {
            // Conditions have no order and no hash, but those with the same shape are the same.
            if !seen.insert(format!("{condition:?}")) {
                say(
                    statement.place,
                    words::branch_again(number),
                    words::DROP_THE_BRANCH,
                );
            }
        }
    }
}

/// Statements behind `break`.
pub(super) fn behind_break(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for block in all_blocks(config) {
        for section in block.split(|statement| is_label(&statement.action)) {
            let mut rest = section.iter().skip_while(|it| it.action != Action::Break);
            rest.next();
            if let Some(statement) = rest.next() {
                let text = words::BEHIND_BREAK.to_owned();
                say(statement.place, text, words::MOVE_BEFORE_BREAK);
            }
        }
    }
}

fn all_blocks(config: &Config) -> impl Iterator<Item = &Block> {
    let scopes = config.scopes.iter();
    scopes.flat_map(|scope| blocks(&scope.statements))
}

fn is_label(action: &Action) -> bool {
    matches!(action, Action::Case(_) | Action::DefaultCase)
}
