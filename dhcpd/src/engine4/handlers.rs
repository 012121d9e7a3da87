//! What happens to leases by statements of the configuration: variables, `on` blocks, the end of a lease (reference
//! isc-dhcpd-behaviour.md, section 8).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use common::time::Time;

use super::outbox::Outbox;
use super::words;
use crate::config;
use crate::config::model::Config;
use crate::eval::ast::{Action, Block, Handler, Statement};
use crate::eval::{
    Bound, Bytes, Context, Handlers, LeaseFacts, ResolvedNames, Variables, execute_handler,
};
use crate::lease::{IdFormat, Lease, OnBlock, Table, Value, Variable, write_lease};
use crate::options::OptionSet;

/// What the blocks that a lease file holds mean, by their text; `None` for text that cannot be read.
///
/// A text of the configuration means what the configuration says: what the original writes for it cannot always be read,
/// or means something else (`not (a = b)`, `8 / (4 / 2)`). Of several blocks with the same text it is the first.
#[derive(Debug)]
pub struct Blocks {
    known: HashMap<Arc<[u8]>, Option<Arc<Handler>>>,
}

impl Blocks {
    /// Those of a configuration.
    #[must_use]
    pub fn of_configuration(config: &Config) -> Self {
        let mut blocks = Self {
            known: HashMap::new(),
        };
        for scope in &config.scopes {
            blocks.learn(&scope.statements);
        }
        blocks
    }

    fn learn(&mut self, block: &[Statement]) {
        for statement in block {
            match &statement.action {
                Action::If {
                    branches,
                    otherwise,
                } => {
                    branches.iter().for_each(|branch| self.learn(&branch.1));
                    self.learn(otherwise);
                }
                Action::Switch(_, block) => self.learn(block),
                Action::Define(_, function) => self.learn(&function.body),
                Action::On(_, Some(handler)) => {
                    let text = Arc::clone(&handler.text);
                    let first = self.known.entry(text);
                    first.or_insert_with(|| Some(Arc::clone(handler)));
                    self.learn(&handler.body);
                }
                _ => {}
            }
        }
    }

    /// What a block of the lease of `address` means. A text is read once, and one that cannot be read is told once.
    pub(super) fn of(
        &mut self,
        block: &OnBlock,
        address: Ipv4Addr,
        config: &Config,
        outbox: &mut Outbox,
    ) -> Option<Arc<Handler>> {
        let text = match block {
            OnBlock::Configured(handler) => return Some(Arc::clone(handler)),
            OnBlock::Read(text) => text,
        };
        let entry = self.known.entry(Arc::clone(text));
        let read = || {
            let handler = read_handler(text, config);
            if handler.is_none() {
                outbox.error(words::unreadable_block(address));
            }
            handler
        };
        entry.or_insert_with(read).clone()
    }
}

fn read_handler(text: &Arc<[u8]>, config: &Config) -> Option<Arc<Handler>> {
    let body = config::parse_block(text, config)?;
    let text = Arc::clone(text);
    Some(Arc::new(Handler { body, text }))
}

/// Ends all leases whose time has come, with what they asked for at their end. Writes them to the journal.
pub fn end_leases(
    table: &mut Table,
    blocks: &mut Blocks,
    (config, names): (&Config, &ResolvedNames),
    now: Time,
    outbox: &mut Outbox,
) {
    let seconds = u32::try_from(now.seconds()).unwrap_or(0);
    let format = IdFormat::of(config);
    while let Some(mut lease) = table.due(seconds) {
        run_expiry(&mut lease, blocks, (config, names), now, outbox);
        if let Some(ended) = table.move_on(lease) {
            write_lease(&mut outbox.journal, ended, format);
        }
    }
}

/// Does what a lease asked for at its end by itself.
pub(super) fn run_expiry(
    lease: &mut Lease,
    blocks: &mut Blocks,
    (config, names): (&Config, &ResolvedNames),
    now: Time,
    outbox: &mut Outbox,
) {
    let block = lease.rare.as_ref().and_then(|rare| rare.on_expiry.clone());
    let handler = block.and_then(|block| blocks.of(&block, lease.address, config, outbox));
    if let Some(handler) = handler {
        let mut context = Context::new(&config.options, names, now);
        context.lease = Some(facts_without_host(lease));
        run_block(&handler.body, &context, lease, outbox);
    }
}

/// Executes a block with the variables of a lease.
pub(super) fn run_block(
    block: &Block,
    context: &Context<'_>,
    lease: &mut Lease,
    outbox: &mut Outbox,
) {
    context.put_variables(variables_of(lease));
    execute_handler(block, context, &mut OptionSet::new());
    keep_variables(lease, &context.take_variables());
    outbox.collect(context);
}

fn facts_without_host(lease: &Lease) -> LeaseFacts<'static> {
    LeaseFacts {
        address: lease.address,
        ends: Time::from_seconds(i64::from(lease.ends)),
        host: None,
        hardware: lease.hardware,
        is_static: false,
    }
}

/// The variables of a lease as statements see them.
pub(super) fn variables_of(lease: &Lease) -> Variables {
    let mut variables = Variables::default();
    let stored = lease
        .rare
        .iter()
        .flat_map(|rare| rare.variables.iter().rev());
    for variable in stored {
        let value = match &variable.value {
            Value::Data(data) => Bound::Data(data.to_vec().into()),
            Value::Hollow => Bound::Data(Bytes::HOLLOW),
            Value::Number(number) => Bound::Number(u64::from_ne_bytes(number.to_ne_bytes())),
            Value::Boolean(truth) => Bound::Boolean(*truth),
        };
        variables.set(&variable.name, Some(value));
    }
    variables
}

/// Stores variables in a lease, but no functions.
pub(super) fn keep_variables(lease: &mut Lease, variables: &Variables) {
    let stored = variables.newest_first().filter_map(|(name, value)| {
        let value = match value {
            Bound::Data(data) if data.is_hollow() => Value::Hollow,
            Bound::Data(data) => Value::Data((**data).into()),
            Bound::Number(number) => Value::Number(i64::from_ne_bytes(number.to_ne_bytes())),
            Bound::Boolean(truth) => Value::Boolean(*truth),
            Bound::Function(_) => return None,
        };
        let name = name.into();
        Some(Variable { name, value })
    });
    lease.replace_variables(stored.collect());
}

/// Forgets what was to happen at the end of a lease.
pub(super) fn forget_handlers(lease: &mut Lease) {
    if let Some(rare) = &mut lease.rare {
        rare.on_expiry = None;
        rare.on_release = None;
    }
    lease.drop_empty_rare();
}

/// Stores what `on expiry` and `on release` statements asked for; what none spoke of stays.
pub(super) fn keep_handlers(lease: &mut Lease, handlers: &Handlers) {
    if handlers.expiry.is_none() && handlers.release.is_none() {
        return;
    }
    let rare = lease.rare.get_or_insert_default();
    let slots = [
        (&handlers.expiry, &mut rare.on_expiry),
        (&handlers.release, &mut rare.on_release),
    ];
    for (asked, slot) in slots {
        if let Some(handler) = asked {
            *slot = handler.clone().map(OnBlock::Configured);
        }
    }
    lease.drop_empty_rare();
}
