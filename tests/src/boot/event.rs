//! What can happen during a boot, as one stream of events from many threads.

use std::io::Read;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Instant;

use crate::failure::{Context, Result};
use crate::lab::each_line;

/// Something that happened, and when it was noticed.
#[derive(Debug)]
pub struct Event {
    pub at: Instant,
    pub what: What,
}

/// What can happen.
#[derive(Debug)]
pub enum What {
    /// A daemon wrote a log line.
    Line(Source, String),
    /// A machine, counted from 0, wrote to its serial console.
    Console(usize, Vec<u8>),
    /// A machine closed its console: QEMU is gone.
    MachineEnded(usize),
    /// A daemon closed its standard error: it may be gone.
    DaemonSilent(Source),
    /// The user typed on the terminal.
    Typed(Vec<u8>),
    /// The user wants an end.
    Interrupted,
}

/// Which daemon speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Dhcp,
    Tftp,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dhcp => "dhcp",
            Self::Tftp => "tftp",
        }
    }
}

/// Sends an event that happens now. Nobody listens any more when the boot is over; then it does not matter.
pub fn send(events: &Sender<Event>, what: What) {
    let at = Instant::now();
    let _ = events.send(Event { at, what });
}

/// Turns every line of a daemon's standard error into an event, on a thread.
pub fn follow_lines(events: &Sender<Event>, source: Source, stream: impl Read + Send + 'static) {
    let events = events.clone();
    thread::spawn(move || {
        each_line(stream, |line| send(&events, What::Line(source, line)));
        send(&events, What::DaemonSilent(source));
    });
}

/// Turns what a machine writes to its console into events, on a thread.
pub fn follow_console(
    events: &Sender<Event>,
    machine: usize,
    mut stream: impl Read + Send + 'static,
) {
    let events = events.clone();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(size @ 1..) = stream.read(&mut buffer) {
            let bytes = buffer.get(..size).unwrap_or_default().to_vec();
            send(&events, What::Console(machine, bytes));
        }
        send(&events, What::MachineEnded(machine));
    });
}

/// Turns SIGINT, SIGTERM and SIGHUP into events, on a thread.
///
/// # Errors
/// If the signals cannot be caught.
pub fn follow_signals(events: &Sender<Event>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot wait for signals")?;
    let events = events.clone();
    thread::spawn(move || {
        if runtime.block_on(any_signal()).is_ok() {
            send(&events, What::Interrupted);
        }
    });
    Ok(())
}

async fn any_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
