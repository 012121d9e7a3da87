//! A datagram on the listening socket: from its bytes to a running transfer, an ERROR, or silence.

use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;

use common::log::Level;
use common::sys::batch::{Datagram, LocalAddress};
use tokio::task::spawn_local;

use super::channel::{Channel, Line};
use super::file;
use super::listener::Listener;
use super::ports::{FailedCall, answer_address};
use super::serve::Server;
use super::single_port::NextRequest;
use super::slots::{Full, Slot};
use super::transfer::Transfer;
use crate::cli::PortUse;
use crate::negotiate::{Subject, negotiate};
use crate::session::Session;
use crate::wire::{Direction, Refusal, Request, RequestError, write_error};
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

/// Takes a datagram that came to a listening socket.
pub(super) fn accept(server: &Rc<Server>, datagram: &Datagram<'_>, listener: &Rc<Listener>) {
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
    if let Some(caller) = reserve(server, datagram.local, client, listener) {
        answer(server, caller, request);
    }
}

/// Takes a request that waited for the end of its client's transfer.
pub(super) fn accept_next(server: &Rc<Server>, next: &NextRequest) {
    accept(server, &next.datagram(), next.listener());
}

fn answer(server: &Rc<Server>, caller: Caller, request: Result<Request<'_>, RequestError>) {
    match prepare(server, request, caller.client) {
        Ok((session, file, direction)) => start(server, caller, session, file, direction),
        Err(Rejection::Told(refusal)) => refuse(server, &caller, &refusal),
        Err(Rejection::Silent) => {}
    }
}

fn reserve(
    server: &Server,
    local: Option<LocalAddress>,
    client: SocketAddr,
    listener: &Rc<Listener>,
) -> Option<Caller> {
    let slot = server
        .slots
        .take()
        .map_err(|full| report_full(server, &full))
        .ok()?;
    let line = match server.settings.port_use {
        PortUse::PerTransfer => {
            let local = answer_address(local, listener.address);
            Line::Own(connect(server, local, client)?)
        }
        PortUse::Single => Line::Shared(server.switchboard.open(listener, client, local)),
    };
    Some(Caller { client, line, slot })
}

fn connect(server: &Server, local: SocketAddr, client: SocketAddr) -> Option<UdpSocket> {
    let socket = server.ports.borrow_mut().connect(local, client);
    let report = |FailedCall { call, error }| {
        server.logger.error(&words::failed_call(call, &error));
    };
    socket.map_err(report).ok()
}

fn report_full(server: &Server, full: &Full) {
    if full.news {
        server
            .logger
            .write(Level::Warning, &words::too_many_transfers(full.limit));
    }
}

/// The checks in the original's order, except that options are judged before an upload empties its file.
fn prepare(
    server: &Server,
    request: Result<Request<'_>, RequestError>,
    client: SocketAddr,
) -> Result<(Session, std::fs::File, Direction), Rejection> {
    let request = request
        .map_err(|error| words::refuse_request(error).map_or(Rejection::Silent, Rejection::Told))?;
    let Request {
        direction,
        name,
        mode,
        options,
    } = request;
    server.log_at(1, Level::Notice, || {
        words::request(direction, client.ip(), name)
    });
    server.rules.judge_name(name)?;
    let opened = file::open(name, direction, server.settings.creation)
        .map_err(|error| words::refuse_open(&error))?;
    server.rules.judge_file(direction, opened.facts)?;
    if !file::lock(&opened.file, direction) {
        server
            .logger
            .write(Level::Warning, &words::locked(client.ip(), name));
        return Err(Rejection::Silent);
    }
    let subject = Subject {
        direction,
        mode,
        size: opened.size,
    };
    let terms = negotiate(options, &server.settings.limits, subject)?;
    if direction == Direction::Write {
        opened.file.set_len(0).map_err(|_| words::refuse_reset())?;
    }
    Ok((Session::new(direction, mode, terms), opened.file, direction))
}

fn start(
    server: &Rc<Server>,
    caller: Caller,
    session: Session,
    file: std::fs::File,
    direction: Direction,
) {
    let transfer = Transfer {
        session,
        file: Some(file),
        direction,
        client: caller.client,
        heard: false,
    };
    match Channel::open(caller.line, server.cutting) {
        Ok(channel) => {
            spawn_local(transfer.run(Rc::clone(server), channel, caller.slot));
        }
        Err(error) => server
            .logger
            .error(&words::failed_call("epoll_ctl", &error)),
    }
}

fn refuse(server: &Server, caller: &Caller, refusal: &Refusal) {
    server.log_at(2, Level::Info, || words::nak(refusal, caller.client.ip()));
    let mut packet = Vec::new();
    write_error(&mut packet, refusal);
    if let Err(error) = caller.line.send(&packet) {
        server
            .logger
            .write(Level::Warning, &words::failed_call("nak", &error));
    }
}
