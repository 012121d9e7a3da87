//! Hands a machine's console to the user's terminal until the machine is switched off.

use std::io::{IsTerminal, Read, Write, stdin, stdout};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use super::event::{self, Event, What};
use super::rig::Rig;
use crate::failure::{Context, Failure, Result};

/// Ctrl-], as in telnet.
const HANG_UP: u8 = 0x1d;

/// Puts the terminal into raw mode and restores it when dropped.
struct RawMode(String);

impl RawMode {
    fn begin() -> Result<Self> {
        let saved = stty(&["-g"])?;
        stty(&["raw", "-echo"])?;
        Ok(Self(saved))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // The terminal is gone when this fails; then there is nothing to restore.
        let _ = stty(&[&self.0]);
    }
}

/// Connects terminal and first machine. Ends when the shell ends, the user presses Ctrl-], or the input ends.
pub fn hand_over(rig: &mut Rig, events: &Receiver<Event>) -> Result<()> {
    println!("\nThe shell is yours. Leave with `exit` or Ctrl-].");
    let _raw = stdin().is_terminal().then(RawMode::begin).transpose()?;
    forward_keys(&rig.events());
    rig.type_bytes(0, b"\r")?;
    for event in events {
        match event.what {
            What::Console(0, bytes) => show(&bytes)?,
            What::Typed(keys) => rig.type_bytes(0, &keys)?,
            What::MachineEnded(0) | What::Interrupted => return Ok(()),
            What::DaemonSilent(source) => rig.check_alive(source)?,
            _ => {}
        }
    }
    Ok(())
}

fn forward_keys(events: &Sender<Event>) {
    let events = events.clone();
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(size @ 1..) = stdin().read(&mut buffer) {
            let keys = buffer.get(..size).unwrap_or_default();
            if keys.contains(&HANG_UP) {
                break;
            }
            event::send(&events, What::Typed(keys.to_vec()));
        }
        event::send(&events, What::Interrupted);
    });
}

fn show(bytes: &[u8]) -> Result<()> {
    let mut terminal = stdout();
    terminal
        .write_all(bytes)
        .and_then(|()| terminal.flush())
        .context("cannot write to the terminal")
}

fn stty(words: &[&str]) -> Result<String> {
    let output = Command::new("stty")
        .args(words)
        .stdin(Stdio::inherit())
        .output()
        .context("cannot run stty")?;
    if !output.status.success() {
        return Err(Failure::new("stty cannot set the terminal"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
