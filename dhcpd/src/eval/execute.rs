//! Statements in action, and the order of scopes.

use super::ast::{Action, Block, Boolean};
use super::context::Context;
use super::words;
use crate::config::model::{Config, Scope, ScopeId};
use crate::options::{OptionSet, Origin, Value};

/// Executes `block`: what it assigns goes into `set`, what it logs into the context.
pub fn execute<'c>(block: &'c Block, context: &Context<'_>, set: &mut OptionSet<'c>) {
    for statement in block {
        match &statement.action {
            Action::Assign { option, how, value } => {
                let origin = Origin::Statement(statement.place);
                set.assign(*option, *how, Value::Expression(value), origin);
            }
            Action::If {
                branches,
                otherwise,
            } => {
                let taken = branches
                    .iter()
                    .find(|(condition, _)| holds(condition, context, set));
                execute(taken.map_or(otherwise, |branch| &branch.1), context, set);
            }
            // Ends this block only; the one around it goes on.
            Action::Break => return,
            Action::Log { level, text } => {
                if let Some(text) = context.over(set).data(text) {
                    context.log(*level, words::printable(&text));
                }
            }
        }
    }
}

/// Executes the scopes from the outermost to `scope`, without those that `until` lies in or is (reference
/// isc-dhcpd-config.md, section 7).
pub fn execute_scope_chain<'c>(
    config: &'c Config,
    scope: ScopeId,
    until: Option<ScopeId>,
    context: &Context<'_>,
    set: &mut OptionSet<'c>,
) {
    let done: Vec<ScopeId> = until.map_or_else(Vec::new, |limit| {
        ancestry(config, limit).map(|(id, _)| id).collect()
    });
    let chain: Vec<&'c Scope> = ancestry(config, scope)
        .take_while(|(id, _)| !done.contains(id))
        .map(|(_, scope)| scope)
        .collect();
    for scope in chain.into_iter().rev() {
        execute(&scope.statements, context, set);
    }
}

/// `scope`, its parent, and so on up to the root.
fn ancestry(config: &Config, scope: ScopeId) -> impl Iterator<Item = (ScopeId, &Scope)> {
    let find = |id: ScopeId| {
        let index = usize::try_from(id.0).ok()?;
        config.scopes.get(index).map(|scope| (id, scope))
    };
    std::iter::successors(find(scope), move |(_, scope)| scope.parent.and_then(find))
        .take(config.scopes.len())
}

fn holds(condition: &Boolean, context: &Context<'_>, set: &OptionSet<'_>) -> bool {
    context.over(set).holds(condition)
}
