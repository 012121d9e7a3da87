//! What the engine is started with, and what does not change while it runs.

use std::net::Ipv4Addr;
use std::sync::Arc;

use common::time::Time;

use super::interfaces::Listener;
use super::outbox::InterfaceId;
use crate::config::model::Config;
use crate::eval::{Context, ResolvedNames, Variables, execute};
use crate::lease::IdFormat;
use crate::options::{OptionSet, codes};

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The configuration.
    pub config: Arc<Config>,
    /// Addresses of the host names in it.
    pub names: ResolvedNames,
    /// The interfaces, by [`InterfaceId`].
    pub interfaces: Vec<Listener>,
    /// UDP port of the server, and of relay agents.
    pub local_port: u16,
    /// UDP port of clients.
    pub remote_port: u16,
    /// Where broadcast replies go, 255.255.255.255 unless configured otherwise.
    pub limited_broadcast: Ipv4Addr,
}

/// The setup and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) setup: Setup,
    /// How long an address stays abandoned, in seconds.
    pub(super) abandon_lease_time: u32,
}

/// A day, as the original has it.
const ABANDON_LEASE_TIME: u32 = 86_400;

impl World {
    /// The world, and the variables that the outermost statements set in it.
    pub(super) fn new(setup: Setup) -> (Self, Variables) {
        let (abandon_lease_time, variables) = execute_root(&setup);
        let world = Self {
            setup,
            abandon_lease_time: abandon_lease_time.unwrap_or(ABANDON_LEASE_TIME),
        };
        (world, variables)
    }

    pub(super) fn config(&self) -> &Config {
        &self.setup.config
    }

    /// How client identifiers are written to the lease file.
    pub(super) fn id_format(&self) -> IdFormat {
        IdFormat::of(&self.setup.config)
    }

    pub(super) fn interface(&self, id: InterfaceId) -> Option<&Listener> {
        self.setup.interfaces.get(usize::from(id.0))
    }
}

/// `abandon-lease-time` counts at the outermost level only.
fn execute_root(setup: &Setup) -> (Option<u32>, Variables) {
    let root = setup.config.scopes.first();
    let epoch = Time::default();
    let context = Context::new(&setup.config.options, &setup.names, epoch);
    let mut set = OptionSet::new();
    if let Some(root) = root {
        execute(&root.statements, &context, &mut set);
    }
    let seconds = context.over(&set).seconds(codes::ABANDON_LEASE_TIME);
    (seconds, context.take_variables())
}
