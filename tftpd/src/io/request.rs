//! A datagram on the listening socket: from its bytes to a running transfer, an ERROR, or silence.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::rc::Rc;

use common::log::Level;
use common::sys::batch::Datagram;
use tokio::time::Instant;

use super::channel::{Channel, Line};
use super::file::{self, OpenFile};
use super::journal::Entry;
use super::listener::Listener;
use super::locks::Hold;
use super::mapper::{Job, Mapped, Mapper};
use super::ports::{FailedCall, answer_address};
use super::serve::Server;
use super::single_port::NextRequest;
use super::slots::{Consequence, Full, Scope, Slot, Taken};
use super::source::Source;
use super::transfer::Transfer;
use super::turns::begin;
use crate::cli::{Creation, PortUse};
use crate::negotiate::{Subject, negotiate};
use crate::record::Outcome::{self as Noted, Abandoned, Denied, Ended, Locked};
use crate::remap::Outcome;
use crate::session::{Ending, Session};
use crate::wire::{Direction, Intent, Refusal, Request, RequestError, write_error};
use crate::words;

/// Why a request does not become a transfer.
enum Rejection {
    /// The client is told.
    Told(Refusal),
    /// The client is not told: it will ask again.
    Silent,
}

impl<T: Into<Refusal>> From<T> for Rejection {
    fn from(refusal: T) -> Self {
        Self::Told(refusal.into())
    }
}

/// A client and the means to answer it.
struct Caller {
    client: SocketAddr,
    line: Line,
    slot: Slot,
}

/// What a transfer begins with.
struct Prepared {
    session: Session,
    file: OpenFile,
    hold: Hold,
    direction: Direction,
}

/// Takes a datagram that came to a listening socket.
pub(super) fn accept(server: &Rc<Server>, datagram: &Datagram<'_>, listener: &Rc<Listener>) {
    server.heard.set(Instant::now());
    if server.switchboard.deliver(datagram) || server.stopping.get() {
        return;
    }
    let Some(client) = datagram.peer else {
        return;
    };
    let request = Request::parse(datagram.bytes);
    if request == Err(RequestError::NotRequest) {
        return;
    }
    let Some(line) = open_line(server, datagram, client, listener) else {
        return;
    };
    let caller = match server.slots.take(client.ip(), Instant::now()) {
        Ok(Taken { slot, crowded }) => {
            if let Some(full) = crowded {
                report_full(server, client, &full);
            }
            Caller { client, line, slot }
        }
        Err(full) => {
            let refusal = refuse_full(server, &line, client, &full);
            let entry = enter(server, datagram.bytes, None, client);
            return note(entry.as_ref(), Ended(&Ending::Refused(refusal)));
        }
    };
    let asked = answer_address(datagram.local, listener.address).ip();
    let datagram = datagram.bytes.to_vec();
    begin(answer(Rc::clone(server), caller, asked, datagram));
}

fn active_mapper(server: &Server) -> Option<&Mapper> {
    server.mapper.as_ref().filter(|mapper| mapper.has_rules())
}

/// Takes a request that waited for the end of its client's transfer.
pub(super) fn accept_next(server: &Rc<Server>, next: &NextRequest) {
    accept(server, &next.datagram(), next.listener());
}

/// Answers a request once the access files have let its client in and the rules have said which file it means.
async fn answer(server: Rc<Server>, caller: Caller, asked: IpAddr, datagram: Vec<u8>) {
    let is_let_in = is_let_in(&server, caller.client.ip(), asked).await;
    if is_let_in != Some(true) {
        let entry = enter(&server, &datagram, None, caller.client);
        return note(entry.as_ref(), is_let_in.map_or(Abandoned, |_| Denied));
    }
    let request = Request::parse(&datagram);
    let mapped = match (&request, active_mapper(&server)) {
        (Ok(request), Some(mapper)) => map_name(&server, mapper, request, caller.client)
            .await
            .map(Some),
        _ => Ok(None),
    };
    match mapped {
        Ok(name) => {
            let entry = enter(&server, &datagram, name.as_deref(), caller.client);
            serve(&server, caller, request, name.as_deref(), entry).await;
        }
        Err(refusal) => {
            refuse(&server, &caller.line, caller.client, &refusal);
            let entry = enter(&server, &datagram, None, caller.client);
            note(entry.as_ref(), Ended(&Ending::Refused(refusal)));
        }
    }
}

/// `None` if nobody decides it any more: the service ends.
async fn is_let_in(server: &Server, client: IpAddr, asked: IpAddr) -> Option<bool> {
    if server.guard.is_open() {
        return Some(true);
    }
    let supervisor = server.supervisor.as_ref()?;
    let (client, asked) = (client.to_canonical(), asked.to_canonical());
    server.guard.lets_in(supervisor, client, asked).await
}

async fn map_name(
    server: &Server,
    mapper: &Mapper,
    request: &Request<'_>,
    client: SocketAddr,
) -> Result<Vec<u8>, Refusal> {
    let job = Job {
        direction: request.direction,
        client: client.ip().to_canonical(),
        name: request.name.to_vec(),
        traced: server.settings.logs_at(3),
    };
    let log = |level, text: &str| server.logger.write(level, text);
    match mapper
        .map(job, async |name| {
            can_open(server, request.direction, name).await
        })
        .await
    {
        Mapped::Decided(outcome, lines) => {
            lines.iter().for_each(|line| log(Level::Info, line));
            match outcome {
                Outcome::Name(name) => return Ok(name),
                Outcome::Refused(text) => return Err(words::remap::refuse(text.as_deref())),
                Outcome::Endless(last) => {
                    log(Level::Warning, &words::remap::endless(request.name, &last));
                }
            }
        }
        Mapped::Overrun => log(Level::Warning, &words::remap::overrun(request.name)),
        Mapped::Broken => log(Level::Error, words::remap::MAPPER_DIED),
    }
    Err(words::remap::refuse_failure())
}

/// Whether a request could be served under this name. Nothing is created.
async fn can_open(server: &Server, direction: Direction, name: &[u8]) -> bool {
    server.rules.judge_name(name).is_ok()
        && file::open(&server.root, name, direction, Creation::Refused)
            .await
            .is_ok_and(|opened| server.rules.judge_file(direction, opened.facts).is_ok())
}

async fn serve(
    server: &Rc<Server>,
    caller: Caller,
    request: Result<Request<'_>, RequestError>,
    mapped: Option<&[u8]>,
    entry: Option<Entry>,
) {
    match prepare(server, request, mapped, caller.client).await {
        Ok(prepared) => start(server, caller, prepared, entry),
        Err(Rejection::Told(refusal)) => {
            refuse(server, &caller.line, caller.client, &refusal);
            note(entry.as_ref(), Ended(&Ending::Refused(refusal)));
        }
        Err(Rejection::Silent) => note(entry.as_ref(), Locked),
    }
}

fn open_line(
    server: &Server,
    datagram: &Datagram<'_>,
    client: SocketAddr,
    listener: &Rc<Listener>,
) -> Option<Line> {
    Some(match server.settings.port_use {
        PortUse::PerTransfer => {
            let local = answer_address(datagram.local, listener.address);
            let (local, client) = (canonical(local), canonical(client));
            Line::Own(connect(server, local, client)?)
        }
        PortUse::Single => Line::Shared(server.switchboard.open(listener, client, datagram)),
    })
}

/// A socket of both families names IPv4 addresses in its own way; transfers of IPv4 clients get IPv4 sockets.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

fn connect(server: &Server, local: SocketAddr, client: SocketAddr) -> Option<UdpSocket> {
    let socket = server.ports.borrow_mut().connect(local, client);
    let report = |FailedCall { call, error }| {
        server.logger.error(&words::failed_call(call, &error));
    };
    socket.map_err(report).ok()
}

/// Until there is room again the log has one line, however many give way, and one, however many are refused.
fn report_full(server: &Server, client: SocketAddr, full: &Full) {
    if !full.news {
        return;
    }
    let consequence = match full.consequence {
        Consequence::GivesWay => words::SILENT_GIVE_WAY,
        Consequence::Refused => words::REQUESTS_REFUSED,
    };
    let text = match full.scope {
        Scope::Total => words::too_many_transfers(full.limit, consequence),
        Scope::Client => words::too_many_transfers_of(client.ip(), full.limit, consequence),
    };
    server.logger.write(Level::Warning, &text);
}

fn refuse_full(server: &Server, line: &Line, client: SocketAddr, full: &Full) -> Refusal {
    report_full(server, client, full);
    let refusal = words::refuse_full();
    refuse(server, line, client, &refusal);
    refusal
}

/// The checks in the original's order, except that options are judged before an upload empties its file.
async fn prepare(
    server: &Server,
    request: Result<Request<'_>, RequestError>,
    mapped: Option<&[u8]>,
    client: SocketAddr,
) -> Result<Prepared, Rejection> {
    let request = request
        .map_err(|error| words::refuse_request(error).map_or(Rejection::Silent, Rejection::Told))?;
    let Request {
        direction,
        name: asked,
        mode,
        options,
    } = request;
    let name = mapped.unwrap_or(asked);
    server.log_at(1, Level::Notice, || {
        if name == asked {
            words::request(direction, client.ip(), name)
        } else {
            words::remap::mapped_request(direction, client.ip(), asked, name)
        }
    });
    server.rules.judge_name(name)?;
    let opened = file::open(&server.root, name, direction, server.settings.creation)
        .await
        .map_err(|error| words::refuse_open(&error))?;
    let hold = server.locks.take(&opened, direction).await;
    let Some(hold) = hold.map_err(|error| words::refuse_open(&error))? else {
        server
            .logger
            .write(Level::Warning, &words::locked(client.ip(), name));
        return Err(Rejection::Silent);
    };
    server.rules.judge_file(direction, opened.facts)?;
    let subject = Subject {
        direction,
        mode,
        size: opened.size,
    };
    let terms = negotiate(options, &server.settings.limits, subject)?;
    if direction == Direction::Write {
        let emptied = opened.file.use_by_thread(|file| file.set_len(0)).await;
        emptied.map_err(|_| words::refuse_reset())?;
    }
    Ok(Prepared {
        session: Session::new(direction, mode, terms),
        file: opened.file,
        hold,
        direction,
    })
}

/// What the transfer log will need, if there is one.
fn enter(
    server: &Server,
    request: &[u8],
    mapped: Option<&[u8]>,
    client: SocketAddr,
) -> Option<Entry> {
    let journal = server.journal.as_ref()?;
    Some(Entry::new(journal, &Intent::of(request)?, mapped, client))
}

fn note(entry: Option<&Entry>, outcome: Noted<'_>) {
    if let Some(entry) = entry {
        entry.refused(outcome);
    }
}

fn start(server: &Rc<Server>, caller: Caller, prepared: Prepared, entry: Option<Entry>) {
    let Prepared {
        session,
        file,
        hold,
        direction,
    } = prepared;
    let Some(transfers) = server.transfers.upgrade() else {
        return;
    };
    let mut transfer = Transfer {
        session,
        source: Source::new(file, &server.storeroom),
        hold: Some(hold),
        direction,
        client: caller.client,
        entry: Cell::new(entry),
    };
    match Channel::open(caller.line, server.cutting) {
        Ok(mut channel) => {
            let begun = transfer.begin(server, &mut channel);
            let ticket = caller.slot.ticket();
            let running = transfer.run(begun, Rc::clone(server), channel, caller.slot);
            let running = transfers.spawn_local(running);
            ticket.may_give_way(running.abort_handle());
        }
        Err(error) => server
            .logger
            .error(&words::failed_call("epoll_ctl", &error)),
    }
}

fn refuse(server: &Server, line: &Line, client: SocketAddr, refusal: &Refusal) {
    server.log_at(2, Level::Info, || words::nak(refusal, client.ip()));
    let mut packet = Vec::new();
    write_error(&mut packet, refusal);
    if let Err(error) = line.send(&packet) {
        server
            .logger
            .write(Level::Warning, &words::failed_call("nak", &error));
    }
}
