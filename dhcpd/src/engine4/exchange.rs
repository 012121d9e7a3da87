//! One message from a client with everything that is known about it before a lease is looked for.

use std::borrow::Cow;
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::sync::Arc;

use common::net::{Dotted, HardwareAddress};
use common::time::Time;

use super::interfaces::Listener;
use super::outbox::{Arrival, InterfaceId, Outbox};
use super::setup::World;
use super::words::{self, Who};
use crate::config::model::{Class, ClassId, Config, NetworkId, Permit, PoolId, ScopeId, Subclass};
use crate::eval::{Context, Evaluator, LeaseFacts, Variables};
use crate::lease::{Lease, is_plain};
use crate::options::OptionSet;
use crate::wire::{MessageType, Request};

/// Most remarks about the options of one message that are logged one by one: a long datagram can hold thousands of faults.
const MOST_NOTES: usize = 100;

/// Most classes that a message can be in.
const CLASS_LIMIT: usize = 5;
/// Octets of an address on an Ethernet.
const ETHERNET_LENGTH: usize = 6;
/// Longest name that is printed.
const NAME_LIMIT: usize = 64;

/// That the message is in a class.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub(super) class: ClassId,
    /// Statements of the class or of its subclass.
    pub(super) scope: ScopeId,
    /// How many leases may be billed to it; 0 is no limit.
    pub(super) limit: u32,
    /// The value of its subclass.
    pub(super) value: Option<Arc<[u8]>>,
}

/// A message and its circumstances.
pub(super) struct Exchange<'x> {
    pub(super) world: &'x World,
    pub(super) now: Time,
    pub(super) interface_id: InterfaceId,
    pub(super) interface: &'x Listener,
    /// Source address of the datagram.
    pub(super) peer: Ipv4Addr,
    pub(super) request: Request<'x>,
    /// Relay agent, or interface, as it is printed.
    via: Cow<'x, str>,
    /// `None` is BOOTP.
    pub(super) kind: Option<MessageType>,
    /// The link that the client is on, if it is known.
    pub(super) network: Option<NetworkId>,
    /// Classes that it is in, in declaration order, with the scope of the class or of its subclass.
    pub(super) classes: RefCell<Vec<Membership>>,
    /// Variables outside of leases.
    pub(super) globals: RefCell<Variables>,
    /// True if its relay agent information comes from the lease.
    pub(super) stashed: bool,
}

impl<'x> Exchange<'x> {
    /// Reads a message; `None` if it must be dropped, which is logged.
    pub(super) fn read(
        world: &'x World,
        now: Time,
        arrival: &Arrival,
        bytes: &'x [u8],
        outbox: &mut Outbox,
    ) -> Option<Self> {
        let interface = world.interface(arrival.interface)?;
        let mut notes = Vec::new();
        let read = Request::read(bytes, &world.config().options, &mut notes);
        outbox
            .lines
            .extend(notes.iter().take(MOST_NOTES).map(words::note));
        if notes.len() > MOST_NOTES {
            outbox.error(words::more_notes(notes.len() - MOST_NOTES));
        }
        let request = match read {
            Ok(request) => request,
            Err(reason) => {
                words::reject(&reason)
                    .into_iter()
                    .for_each(|line| outbox.info(line));
                return None;
            }
        };
        let kind = request.message_type();
        let giaddr = request.view.header().giaddr;
        Some(Self {
            via: match giaddr.is_unspecified() {
                true => Cow::Borrowed(&*interface.name),
                false => Cow::Owned(Dotted(giaddr).to_string()),
            },
            world,
            now,
            interface_id: arrival.interface,
            interface,
            peer: arrival.peer,
            kind,
            network: None,
            classes: RefCell::default(),
            globals: RefCell::default(),
            stashed: false,
            request,
        })
    }

    pub(super) fn config(&self) -> &'x Config {
        self.world.config()
    }

    /// Whole seconds since the epoch.
    pub(super) fn seconds(&self) -> u32 {
        u32::try_from(self.now.seconds()).unwrap_or(0)
    }

    pub(super) fn ciaddr(&self) -> Ipv4Addr {
        self.request.view.header().ciaddr
    }

    pub(super) fn giaddr(&self) -> Ipv4Addr {
        self.request.view.header().giaddr
    }

    pub(super) fn is_relayed(&self) -> bool {
        !self.giaddr().is_unspecified()
    }

    /// Name of a link in log lines.
    pub(super) fn network_name(&self, network: NetworkId) -> &'x str {
        let index = usize::try_from(network.0).unwrap_or(usize::MAX);
        let found = self.config().networks.get(index);
        found.map_or("", |network| &*network.name)
    }

    /// Relay agent, or interface.
    pub(super) fn via(&self) -> &str {
        &self.via
    }

    /// The client as it is printed; `lease` is what was found for it.
    pub(super) fn who(&self, lease: Option<&Lease>) -> Who<'_> {
        let hardware = &self.request.hardware;
        let uid = lease.map(|lease| lease.uid.as_deref().unwrap_or_default());
        let client = match (hardware.kind(), uid) {
            (0, Some(uid)) => words::identifier(uid),
            (0, None) => words::NO_IDENTIFIER.to_owned(),
            _ => hardware.to_string(),
        };
        Who {
            client,
            name: lease.and_then(printed_name),
            via: &self.via,
        }
    }

    /// Where a reply goes on the client's link; everybody, if the client has no address that a frame can carry.
    pub(super) fn link(&self) -> Option<HardwareAddress> {
        let hardware = self.request.hardware;
        (hardware.octets().len() == ETHERNET_LENGTH).then_some(hardware)
    }

    /// A context for expressions about this message.
    pub(super) fn context<'e>(&'e self, lease: Option<LeaseFacts<'e>>, known: bool) -> Context<'e> {
        let setup = &self.world.setup;
        let mut context = Context::new(&setup.config.options, &setup.names, self.now);
        context.request = Some(&self.request);
        context.lease = lease;
        context.known = known;
        context.classified = !self.classes.borrow().is_empty();
        context
    }

    /// A context with the variables outside of leases, to be settled with [`settle`](Self::settle).
    pub(super) fn global_context<'e>(
        &'e self,
        lease: Option<LeaseFacts<'e>>,
        known: bool,
    ) -> Context<'e> {
        let context = self.context(lease, known);
        context.put_variables(self.globals.take());
        context
    }

    /// Takes variables, and all that shall happen, out of a context.
    pub(super) fn settle(&self, context: &Context<'_>, outbox: &mut Outbox) {
        self.globals.replace(context.take_variables());
        outbox.collect(context);
    }

    /// Puts the client into the classes that `add` statements named.
    pub(super) fn join_added(&self, context: &Context<'_>) {
        for class in context.take_added_classes() {
            let index = usize::try_from(class.0).unwrap_or(usize::MAX);
            let Some(found) = self.config().classes.get(index) else {
                continue;
            };
            let mut classes = self.classes.borrow_mut();
            if classes.len() < CLASS_LIMIT {
                classes.push(Membership::of(class, found));
            } else {
                context.report(words::too_many_classes(&self.request.hardware));
            }
        }
    }

    /// Finds out which classes the message is in.
    pub(super) fn classify(&mut self, outbox: &mut Outbox) {
        let context = self.global_context(None, false);
        let nothing = OptionSet::new();
        let evaluator = context.over(&nothing);
        let mut classes = Vec::new();
        for (id, class) in (0..).map(ClassId).zip(&self.config().classes) {
            let Some(membership) = membership(id, class, &evaluator) else {
                continue;
            };
            if classes.len() < CLASS_LIMIT {
                classes.push(membership);
            } else {
                outbox.error(words::too_many_classes(&self.request.hardware));
            }
        }
        self.settle(&context, outbox);
        self.classes = RefCell::new(classes);
    }

    /// True if the client may use a pool (reference isc-dhcpd-config.md, section 9).
    pub(super) fn may_use(&self, pool: PoolId, known: bool) -> bool {
        let index = usize::try_from(pool.0).unwrap_or(usize::MAX);
        let Some(pool) = self.config().pools.get(index) else {
            return false;
        };
        let matches = |permit: &Permit| self.matches(*permit, known);
        let denied = pool.prohibits.iter().any(matches);
        !denied && (pool.permits.is_empty() || pool.permits.iter().any(matches))
    }

    fn matches(&self, permit: Permit, known: bool) -> bool {
        match permit {
            Permit::UnknownClients => !known,
            Permit::KnownClients => known,
            Permit::AuthenticatedClients => false,
            Permit::UnauthenticatedClients | Permit::AllClients => true,
            Permit::DynamicBootpClients => self.kind.is_none(),
            Permit::MembersOf(class) => self
                .classes
                .borrow()
                .iter()
                .any(|found| found.class == class),
            Permit::After(date) => self.seconds() > date,
        }
    }
}

impl Membership {
    /// In a class without subclasses.
    fn of(id: ClassId, class: &Class) -> Self {
        Self {
            class: id,
            scope: class.scope,
            limit: class.limit,
            value: None,
        }
    }
}

/// How the client belongs to a class; `None` if it does not (reference isc-dhcpd-config.md, section 8).
fn membership<'e>(id: ClassId, class: &'e Class, evaluator: &Evaluator<'e>) -> Option<Membership> {
    let condition = class.condition.as_ref();
    if condition.is_some_and(|condition| !evaluator.holds(condition)) {
        return None;
    }
    let Some(key) = &class.key else {
        return condition.map(|_| Membership::of(id, class));
    };
    let value = evaluator.data(key).filter(|value| !value.is_empty())?;
    // What is spawned has the statements and the limit of its class.
    let spawned = class.spawns.then_some(Subclass {
        scope: class.scope,
        limit: class.limit,
    });
    let subclass = class.subclasses.get(value.as_ref()).copied().or(spawned)?;
    Some(Membership {
        class: id,
        scope: subclass.scope,
        limit: subclass.limit,
        value: Some(value.as_ref().into()),
    })
}

fn printed_name(lease: &Lease) -> Option<String> {
    let name = lease.hostname.as_deref()?;
    if name.len() > NAME_LIMIT || !is_plain(name) {
        return Some(words::UNSUITABLE.to_owned());
    }
    Some(String::from_utf8_lossy(name).into_owned())
}
