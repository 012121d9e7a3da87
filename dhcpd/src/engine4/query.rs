//! DHCPLEASEQUERY: a relay agent asks about leases (RFC 4388; reference isc-dhcpd-behaviour.md, section 6).

use std::fmt;
use std::net::Ipv4Addr;

use super::Engine;
use super::answer::echo;
use super::exchange::Exchange;
use super::fill::put_server_identifier;
use super::outbox::{Outbox, Reply};
use super::route::to_relay;
use super::words;
use crate::config::model::ScopeId;
use crate::eval::{Context, Evaluator, Flag, execute_scope_chain};
use crate::lease::{Found, Lease, State, Value};
use crate::options::{OptionId, OptionSet, codes};
use crate::wire::{self, Header, MessageType, ReplyKind};

/// Most addresses of one client that a reply lists.
const LISTED: usize = 40;
/// The variable that holds a client's vendor class.
const VENDOR_CLASS: &str = "vendor-class-identifier";

/// What a query goes by.
enum Subject<'x> {
    Address(Ipv4Addr),
    Identifier(&'x [u8]),
    Hardware(String),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "IP {address}"),
            Self::Identifier(uid) => write!(f, "client-id {}", words::identifier(uid)),
            Self::Hardware(hardware) => write!(f, "MAC address {hardware}"),
        }
    }
}

/// What is known about the subject.
#[derive(Default)]
struct Finding {
    /// The lease of the address, or the client's newest.
    lease: Option<Lease>,
    /// Other addresses that the client holds.
    others: Vec<Ipv4Addr>,
}

impl Engine {
    /// Tells a relay agent what it asks for, if it may know.
    pub(super) fn handle_query(&self, exchange: &Exchange<'_>, outbox: &mut Outbox) {
        if !exchange.is_relayed() {
            let line = words::lease_query_without_relay(exchange.ciaddr());
            return outbox.info(line);
        }
        let context = exchange.global_context(None, false);
        let mut set = OptionSet::new();
        execute_for_relay(exchange, &context, &mut set);
        let allowed = context.over(&set).is_on(codes::LEASEQUERY, Flag::Deny);
        outbox.collect(&context);
        if allowed {
            self.answer_query(exchange, &context, set, outbox);
        } else {
            outbox.info(words::lease_query_denied(exchange.giaddr()));
        }
        exchange.settle(&context, outbox);
    }

    fn answer_query<'x>(
        &self,
        exchange: &'x Exchange<'_>,
        context: &Context<'_>,
        mut set: OptionSet<'x>,
        outbox: &mut Outbox,
    ) {
        let subject = subject_of(exchange);
        let finding = self.look_up(exchange, &subject);
        let count = finding.others.len();
        if count > LISTED {
            outbox.info(words::too_many_addresses(count, &subject, LISTED));
        }
        let kind = type_of(finding.lease.as_ref());
        if kind == MessageType::LEASEACTIVE {
            set = facts_about(&finding, exchange.seconds());
        }
        set.put(codes::DHCP_MESSAGE_TYPE, vec![kind.0], "message type");
        put_server_identifier(exchange, context, &mut set);
        outbox.info(words::lease_query(exchange.giaddr(), &subject));
        let values = context.over(&set);
        match build(exchange, finding.lease.as_ref(), &values) {
            Ok(bytes) => send(exchange, bytes, outbox),
            Err(line) => return outbox.error(line),
        }
        outbox.collect(context);
        outbox.info(words::lease_answer(
            kind,
            exchange.giaddr(),
            &subject,
            count,
        ));
    }

    fn look_up(&self, exchange: &Exchange<'_>, subject: &Subject<'_>) -> Finding {
        let found = match subject {
            Subject::Address(address) => {
                let lease = self.table.find(*address);
                return Finding {
                    lease: lease.map(|found| found.lease.into_owned()),
                    others: Vec::new(),
                };
            }
            Subject::Identifier(uid) => self.table.all_of_uid(uid),
            Subject::Hardware(_) => self.table.all_of_hardware(&exchange.request.hardware),
        };
        newest_of(&found)
    }
}

fn subject_of<'x>(exchange: &'x Exchange<'_>) -> Subject<'x> {
    let address = exchange.ciaddr();
    if !address.is_unspecified() {
        return Subject::Address(address);
    }
    match exchange.request.client_identifier() {
        Some(uid) => Subject::Identifier(uid),
        None => Subject::Hardware(exchange.request.hardware.to_string()),
    }
}

/// Executes what holds for the relay agent: its subnet, or the outermost scope, and the classes of its message.
fn execute_for_relay<'x>(
    exchange: &'x Exchange<'_>,
    context: &Context<'_>,
    set: &mut OptionSet<'x>,
) {
    let subnet = exchange.config().subnet_of(exchange.giaddr());
    let scope = subnet.and_then(|subnet| exchange.subnet_scope(subnet));
    let scope = scope.unwrap_or(ScopeId(0));
    execute_scope_chain(exchange.config(), scope, None, context, set);
    exchange.execute_classes(Some(scope), context, set);
}

/// Of leases in the order in which their client would have them back: of active ones the one whose client was heard last, and
/// all other active ones; if it begins with one that nobody holds, the one that ends last.
fn newest_of(found: &[Found<'_>]) -> Finding {
    let is_newer = |lease: &Lease, newest: &Lease| match newest.state {
        State::Active => lease.state == State::Active && lease.cltt > newest.cltt,
        _ => lease.ends > newest.ends,
    };
    let leases = || found.iter().map(|found| &*found.lease);
    let newest = leases().reduce(|newest, lease| match is_newer(lease, newest) {
        true => lease,
        false => newest,
    });
    let Some(newest) = newest else {
        return Finding::default();
    };
    let others = leases().filter(|it| it.state == State::Active && it.address != newest.address);
    Finding {
        others: others.map(|lease| lease.address).collect(),
        lease: Some(newest.clone()),
    }
}

fn type_of(lease: Option<&Lease>) -> MessageType {
    match lease.map(|lease| lease.state) {
        None => MessageType::LEASEUNKNOWN,
        Some(State::Active) => MessageType::LEASEACTIVE,
        Some(_) => MessageType::LEASEUNASSIGNED,
    }
}

/// What is told about a lease that somebody holds. What is configured for the relay agent does not matter then.
fn facts_about<'s>(finding: &Finding, now: u32) -> OptionSet<'s> {
    let mut set = OptionSet::new();
    let Some(lease) = &finding.lease else {
        return set;
    };
    let mut put = |id: OptionId, value: Vec<u8>| {
        if !value.is_empty() {
            set.put(id, value, "lease that was asked for");
        }
    };
    let uid = lease.uid.as_deref().unwrap_or_default();
    put(codes::DHCP_CLIENT_IDENTIFIER, uid.to_vec());
    for (id, time) in times_of(lease) {
        let left = time.checked_sub(now).filter(|left| *left > 0);
        put(id, left.map_or_else(Vec::new, octets_of));
    }
    if let Some(Value::Data(class)) = lease.variable(VENDOR_CLASS) {
        put(codes::VENDOR_CLASS_IDENTIFIER, class.to_vec());
    }
    let agent = lease.agent.as_deref().unwrap_or_default();
    put(codes::RELAY_AGENT_INFORMATION, agent.to_vec());
    if lease.cltt != 0 {
        let silence = now.saturating_sub(lease.cltt);
        put(codes::CLIENT_LAST_TRANSACTION_TIME, octets_of(silence));
    }
    let listed = finding.others.iter().take(LISTED);
    let others = listed.flat_map(|address| address.octets()).collect();
    put(codes::ASSOCIATED_IP, others);
    set
}

/// When the client will renew and rebind, as the original assumes, and when the lease ends.
fn times_of(lease: &Lease) -> [(OptionId, u32); 3] {
    let length = lease.ends.saturating_sub(lease.starts);
    let half = lease.starts.saturating_add(length / 2);
    [
        (codes::DHCP_RENEWAL_TIME, half),
        (
            codes::DHCP_REBINDING_TIME,
            half.saturating_add(length / 4 + length / 8),
        ),
        (codes::DHCP_LEASE_TIME, lease.ends),
    ]
}

fn octets_of(number: u32) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// All of the query comes back but its options; the client is the one that holds the lease.
fn build(
    exchange: &Exchange<'_>,
    lease: Option<&Lease>,
    values: &Evaluator<'_>,
) -> Result<Vec<u8>, String> {
    let view = &exchange.request.view;
    let (header, chaddr) = address_to(exchange, lease);
    let reply = wire::Reply {
        kind: ReplyKind::Query,
        header,
        chaddr,
        file: view.file(),
        sname: view.sname(),
    };
    let built = reply.build(&exchange.request, values, &mut Vec::new());
    built.map_err(|error| words::reply_error(&error))
}

fn address_to(exchange: &Exchange<'_>, lease: Option<&Lease>) -> (Header, [u8; 16]) {
    let view = &exchange.request.view;
    let sent = view.header();
    let mut header = echo(exchange);
    (header.yiaddr, header.siaddr) = (sent.yiaddr, sent.siaddr);
    let mut chaddr = *view.chaddr();
    let Some(lease) = lease else {
        return (header, chaddr);
    };
    header.ciaddr = lease.address;
    if let Some(hardware) = lease.hardware.filter(|_| lease.state == State::Active) {
        header.htype = hardware.kind();
        header.hlen = u8::try_from(hardware.octets().len()).unwrap_or_default();
        chaddr = [0; 16];
        for (slot, octet) in chaddr.iter_mut().zip(hardware.octets()) {
            *slot = *octet;
        }
    }
    (header, chaddr)
}

fn send(exchange: &Exchange<'_>, bytes: Vec<u8>, outbox: &mut Outbox) {
    let reply = to_relay(exchange).map(|route| Reply {
        bytes,
        route,
        needs_durable: false,
    });
    outbox.replies.extend(reply);
}
