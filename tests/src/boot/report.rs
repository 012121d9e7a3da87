//! What the user sees: lines as they happen, a table at the end, and the last words when a boot fails.

use std::time::{Duration, Instant};

use super::event::{Event, What};
use super::progress::Progress;
use super::{Daemons, Job};
use crate::lab::Acceleration;

/// How many console lines are shown when a boot fails.
const LAST_CONSOLE_LINES: usize = 30;

/// Says what is about to be done.
pub fn announce(job: &Job, acceleration: Acceleration) {
    let daemons = match job.daemons {
        Daemons::Theirs => "dhcpd and in.tftpd",
        Daemons::Ours => "rdhcpd and rtftpd",
    };
    println!(
        "{daemons}: booting {} machine(s), {:?} firmware, {:?} card, QEMU with {}",
        job.machines,
        job.firmware,
        job.nic,
        acceleration.name()
    );
}

/// Shows a log line with the seconds since the machines were switched on.
pub fn show(event: &Event, start: Instant) {
    if let What::Line(source, line) = &event.what {
        let since = seconds(event.at.saturating_duration_since(start));
        println!("{since:>8} {} {line}", source.name());
    }
}

/// Step, time and bytes of one machine.
pub fn print_table(machine: &Progress) {
    println!("\n{:<30} {:>9} {:>9} {:>12}", "step", "at", "took", "bytes");
    let ends = machine.taken().iter().skip(1).map(Some).chain([None]);
    for (step, end) in machine.taken().iter().zip(ends) {
        let at = seconds(step.at.saturating_duration_since(machine.start()));
        let (took, bytes) = end.map_or_else(Default::default, |end| {
            let took = seconds(end.at.saturating_duration_since(step.at));
            (took, end.bytes.saturating_sub(step.bytes).to_string())
        });
        println!("{:<30} {at:>9} {took:>9} {bytes:>12}", step.name);
    }
    if let Some(last) = machine.taken().last() {
        let at = seconds(last.at.saturating_duration_since(machine.start()));
        println!("{:<30} {at:>9} {:>9} {:>12}", "total", "", last.bytes);
    }
}

/// Which steps did not come in time.
pub fn waited_in_vain(machines: &[Progress]) -> String {
    let waiting = machines.iter().filter_map(|machine| {
        let step = machine.next()?;
        let patience = step.patience.as_secs();
        Some(format!(
            "no \"{}\" within {patience} s ({:?})",
            step.name, step.sign
        ))
    });
    waiting.collect::<Vec<_>>().join("; ")
}

/// What the daemons and the consoles said last.
pub fn print_last_words<'a>(machines: &[Progress], lines: impl Iterator<Item = &'a str>) {
    eprintln!("\n--- last log lines");
    lines.for_each(|line| eprintln!("{line}"));
    for (index, machine) in machines.iter().enumerate() {
        eprintln!("--- last lines on the console of machine {}", index + 1);
        let text = printable(machine.console());
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let skipped = lines.len().saturating_sub(LAST_CONSOLE_LINES);
        lines
            .iter()
            .skip(skipped)
            .for_each(|line| eprintln!("{line}"));
    }
    eprintln!("---");
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// Console text without the escape sequences that firmware paints its screen with.
fn printable(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut characters),
            '\n' => plain.push('\n'),
            other if !other.is_control() => plain.push(other),
            _ => {}
        }
    }
    plain
}

/// A sequence `ESC [ … letter`; what moves the cursor may as well have ended the line.
fn skip_sequence(characters: &mut std::str::Chars<'_>) {
    if characters.next() == Some('[') {
        let _ = characters.find(char::is_ascii_alphabetic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_vanish_from_console_text() {
        assert_eq!(printable("\u{1b}[2J\u{1b}[1;1HiPXE\r\nok\u{7}"), "iPXE\nok");
    }
}
