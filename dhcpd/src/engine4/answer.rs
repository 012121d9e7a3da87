//! The reply that goes with a lease (reference isc-dhcpd-options.md, sections 3 and 6).

use std::net::Ipv4Addr;

use common::log::Line;
use common::time::Time;

use super::Engine;
use super::exchange::Exchange;
use super::fill::{fill_in, put_found_name};
use super::grant::Grant;
use super::outbox::{Outbox, Reply};
use super::route::{on_arrival_link, route};
use super::times::Term;
use super::words;
use crate::eval::{Bytes, Context, Evaluator, Flag};
use crate::lease::Lease;
use crate::options::{OptionSet, codes};
use crate::wire::{
    self, BROADCAST_FLAG, FILE_LENGTH, Header, MessageType, ReplyKind, ReplyNote, SNAME_LENGTH,
};

/// What a client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It could have the lease.
    Offer,
    /// It has the lease.
    Ack,
    /// It has the lease, and speaks BOOTP.
    Bootp,
}

impl Answer {
    /// True if the lease must be on disk before the client hears of it.
    pub(super) fn commits(self) -> bool {
        self != Self::Offer
    }

    fn reply_kind(self) -> ReplyKind {
        match self {
            Self::Bootp => ReplyKind::DynamicBootp,
            Self::Offer | Self::Ack => ReplyKind::Lease,
        }
    }

    pub(super) fn message_type(self) -> Option<MessageType> {
        match self {
            Self::Offer => Some(MessageType::OFFER),
            Self::Ack => Some(MessageType::ACK),
            Self::Bootp => None,
        }
    }
}

/// A reply and the lines that are logged when it goes out.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) reply: Reply,
    pub(super) lines: Vec<Line>,
    /// What `ping-check` says.
    pub(super) ping: Option<std::time::Duration>,
    /// `ping-cltt-secs`
    pub(super) ping_again_after: u32,
}

impl Draft {
    /// Lets it go.
    pub(super) fn send(self, outbox: &mut Outbox) {
        outbox.lines.extend(self.lines);
        outbox.replies.push(self.reply);
    }
}

impl Engine {
    /// Logs the request and makes the reply; `None` if the configuration makes it impossible.
    pub(super) fn answer<'x>(
        &self,
        grant: &Grant<'_, 'x>,
        lease: &Lease,
        term: Term,
        needs_durable: bool,
        mut set: OptionSet<'x>,
        outbox: &mut Outbox,
    ) -> Option<Draft> {
        let exchange = grant.exchange;
        let mut facts = exchange.facts(lease, grant.candidate.is_static());
        if grant.candidate.is_static() {
            // Measured: to expressions a fixed address has no end, but while it is committed.
            facts.ends = Time::from_seconds(0);
        }
        let context = exchange.context(Some(facts), grant.known);
        context.put_variables(grant.exchange.globals.borrow().clone());
        let source = fill_in(grant, lease, term, &context, &mut set);
        put_found_name(exchange, lease, &context, &mut set, outbox);
        let values = context.over(&set);
        let header = header_of(grant, lease, &values);
        let texts = Texts::of(&values);
        let reply = texts.reply(exchange, grant.answer.reply_kind(), header);
        let plan = plan(&reply, exchange, &context, &values, outbox)?;
        outbox.info(grant.prefix.clone());
        let mut log = Outbox::default();
        texts.complain(&mut log);
        let bytes = build_as(&reply, &plan, exchange, &values, &mut log);
        log.lines.extend(context.take_lines());
        log.info(outcome(grant, lease));
        let local = on_arrival_link(exchange, grant.candidate.subnet);
        let reply = Reply {
            bytes,
            route: route(exchange, &header, grant.answer, local, source),
            needs_durable,
        };
        Some(Draft {
            reply,
            lines: log.lines,
            ping: super::ping::pause(&values),
            ping_again_after: super::ping::again_after(&values),
        })
    }
}

fn header_of(grant: &Grant<'_, '_>, lease: &Lease, values: &Evaluator<'_>) -> Header {
    let mut header = echo(grant.exchange);
    header.yiaddr = lease.address;
    header.siaddr = values
        .address(codes::NEXT_SERVER)
        .unwrap_or(Ipv4Addr::UNSPECIFIED);
    if values.is_on(codes::ALWAYS_BROADCAST, Flag::Deny) {
        header.flags |= BROADCAST_FLAG;
    }
    header
}

/// The fixed fields that a reply has from its request.
pub(super) fn echo(exchange: &Exchange<'_>) -> Header {
    let mut header = exchange.request.view.header();
    header.op = wire::BOOTREPLY;
    header.yiaddr = Ipv4Addr::UNSPECIFIED;
    header.siaddr = Ipv4Addr::UNSPECIFIED;
    header
}

/// What is settled about a reply before the request is logged; `None`, with a line that says why, if there is no reply.
pub(super) fn plan(
    reply: &wire::Reply<'_>,
    exchange: &Exchange<'_>,
    context: &Context<'_>,
    values: &Evaluator<'_>,
    outbox: &mut Outbox,
) -> Option<wire::Plan> {
    let mut notes = Vec::new();
    let plan = reply.plan(&exchange.request, values, &mut notes);
    outbox.collect(context);
    report(&notes, outbox);
    plan.map_err(|error| outbox.error(words::reply_error(&error)))
        .ok()
}

/// Builds the message that was planned.
pub(super) fn build_as(
    reply: &wire::Reply<'_>,
    plan: &wire::Plan,
    exchange: &Exchange<'_>,
    values: &Evaluator<'_>,
    outbox: &mut Outbox,
) -> Vec<u8> {
    let mut notes = Vec::new();
    let bytes = reply.build_as(plan, &exchange.request, values, &mut notes);
    report(&notes, outbox);
    bytes
}

fn report(notes: &[ReplyNote], outbox: &mut Outbox) {
    for note in notes {
        outbox.error(words::reply_note(note));
    }
}

/// What `filename` and `server-name` say.
pub(super) struct Texts<'e> {
    file: Bytes<'e>,
    sname: Bytes<'e>,
}

impl<'e> Texts<'e> {
    pub(super) fn of(values: &Evaluator<'e>) -> Self {
        Self {
            file: values.value(codes::FILENAME).unwrap_or_default(),
            sname: values.value(codes::SERVER_NAME).unwrap_or_default(),
        }
    }

    /// Says what does not fit into its field.
    pub(super) fn complain(&self, outbox: &mut Outbox) {
        if self.file.len() >= FILE_LENGTH {
            outbox.info(words::name_cut("file", FILE_LENGTH, &self.file));
        }
        if self.sname.len() >= SNAME_LENGTH {
            outbox.info(words::name_cut("server", SNAME_LENGTH, &self.sname));
        }
    }

    /// A reply with them in its fields.
    pub(super) fn reply(
        &self,
        exchange: &Exchange<'_>,
        kind: ReplyKind,
        header: Header,
    ) -> wire::Reply<'_> {
        wire::Reply {
            kind,
            header,
            chaddr: *exchange.request.view.chaddr(),
            file: &self.file,
            sname: &self.sname,
        }
    }
}

fn outcome(grant: &Grant<'_, '_>, lease: &Lease) -> String {
    let mut who = grant.exchange.who(Some(lease));
    // The original prints the hardware address here even where there is none.
    let hardware = &grant.exchange.request.hardware;
    if hardware.kind() == 0 {
        who.client = hardware.to_string();
    }
    let line = match grant.answer {
        Answer::Offer => words::offer,
        Answer::Ack => words::ack,
        Answer::Bootp => words::boot_reply,
    };
    line(lease.address, &who)
}
