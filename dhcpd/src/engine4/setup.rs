//! What the engine is started with, and what does not change while it runs.

use std::net::Ipv4Addr;
use std::sync::Arc;

use common::time::Time;

use super::interfaces::Listener;
use super::outbox::InterfaceId;
use crate::config::model::Config;
use crate::eval::{Context, ResolvedNames, execute};
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
#[derive(Debug)]
pub(super) struct World {
    pub(super) setup: Setup,
    /// How long an address stays abandoned, in seconds.
    pub(super) abandon_lease_time: u32,
}

/// A day, as the original has it.
const ABANDON_LEASE_TIME: u32 = 86_400;

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let abandon_lease_time = global_seconds(&setup).unwrap_or(ABANDON_LEASE_TIME);
        Self {
            setup,
            abandon_lease_time,
        }
    }

    pub(super) fn config(&self) -> &Config {
        &self.setup.config
    }

    /// How client identifiers are written to the lease file.
    pub(super) fn id_format(&self) -> IdFormat {
        match self.setup.config.lease_ids_in_hex {
            true => IdFormat::Hex,
            false => IdFormat::Octal,
        }
    }

    pub(super) fn interface(&self, id: InterfaceId) -> Option<&Listener> {
        self.setup.interfaces.get(usize::from(id.0))
    }
}

/// `abandon-lease-time` counts at the outermost level only.
fn global_seconds(setup: &Setup) -> Option<u32> {
    let root = setup.config.scopes.first()?;
    let epoch = Time::default();
    let context = Context::new(&setup.config.options, &setup.names, epoch);
    let mut set = OptionSet::new();
    execute(&root.statements, &context, &mut set);
    context.over(&set).seconds(codes::ABANDON_LEASE_TIME)
}
