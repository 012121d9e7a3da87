//! When the lease file is written anew, and how far that has come (reference isc-dhcpd-behaviour.md, section 10.1).

use std::time::Duration;

use common::time::Time;

use super::commit::{News, Order};
use crate::lease::Snapshot;

/// A record written this long after the last rewrite began causes the next.
const REWRITE_AFTER: Duration = Duration::from_secs(3600);

/// So many octets of records cause it sooner, so that nobody can fill the disk by renewing a lease again and again.
const ROOM: usize = 256 << 20;
/// A large file may grow to so many times its size first: then a rewrite costs less than what made it necessary.
const TIMES: usize = 3;

/// A rewrite that shall mend the file begins at once, but not sooner than this after the one before.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The receive loop's part in rewriting the lease file.
#[derive(Debug)]
pub(super) struct Rewriting {
    /// When the last one began.
    last: Time,
    /// True if a record has come late enough, or one too many.
    due: bool,
    /// Octets of the file when it was written as a whole.
    whole: usize,
    /// Octets of records since the last one began.
    grown: usize,
    /// True if only a new file can be trusted.
    broken: bool,
    /// How far the present one has come.
    snapshot: Option<Snapshot>,
    /// True if the new file waits for its next slice.
    ready: bool,
}

impl Rewriting {
    /// The file was written as a whole at `last` and has so many octets.
    pub(super) fn new(last: Time, whole: usize) -> Self {
        Self {
            last,
            due: false,
            whole,
            grown: 0,
            broken: false,
            snapshot: None,
            ready: false,
        }
    }

    /// Records of so many octets were written at `now`.
    pub(super) fn note_records(&mut self, now: Time, octets: usize) {
        self.grown = self.grown.saturating_add(octets);
        let room = self.whole.saturating_mul(TIMES - 1).max(ROOM);
        self.due |= now.since(self.last) > REWRITE_AFTER || self.grown > room;
    }

    /// Takes what the commit thread says.
    pub(super) fn note(&mut self, news: News) {
        match news {
            News::Ready => self.ready = true,
            News::GivenUp => self.snapshot = None,
            News::Installed => self.broken = false,
            News::Broken => self.broken = true,
        }
    }

    /// What to order next. `write` appends a slice, or nothing at the end; `report` is told how many leases were written.
    pub(super) fn next_order(
        &mut self,
        now: Time,
        write: impl FnOnce(&mut Snapshot, &mut Vec<u8>) -> bool,
        report: impl FnOnce(usize),
    ) -> Option<Order> {
        let Some(snapshot) = &mut self.snapshot else {
            return self.begin(now);
        };
        if !std::mem::take(&mut self.ready) {
            return None;
        }
        let mut text = Vec::new();
        if write(snapshot, &mut text) {
            self.whole = self.whole.saturating_add(text.len());
            return Some(Order::Slice(text));
        }
        report(snapshot.leases());
        self.snapshot = None;
        Some(Order::Install)
    }

    fn begin(&mut self, now: Time) -> Option<Order> {
        let mends = self.mends_at().is_some_and(|time| time <= now);
        if !mends && !self.due {
            return None;
        }
        (self.last, self.due, self.ready) = (now, false, false);
        (self.whole, self.grown) = (0, 0);
        self.snapshot = Some(Snapshot::default());
        Some(Order::Begin { now: now.seconds() })
    }

    /// When a broken file can be mended, unless that has begun.
    pub(super) fn mends_at(&self) -> Option<Time> {
        let waits = self.broken && self.snapshot.is_none();
        waits.then(|| self.last.after(RETRY_AFTER))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const START: i64 = 1_795_167_118;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(START + seconds)
    }

    fn new() -> Rewriting {
        Rewriting::new(at(0), 0)
    }

    /// The next order, in a word; a file has so many slices left.
    fn order(rewriting: &mut Rewriting, now: Time, slices: usize) -> &'static str {
        let write = |_: &mut Snapshot, text: &mut Vec<u8>| {
            text.push(b'x');
            slices > 0
        };
        match rewriting.next_order(now, write, |_| {}) {
            None => "nothing",
            Some(Order::Begin { .. }) => "begin",
            Some(Order::Slice(_)) => "slice",
            Some(Order::Install) => "install",
            Some(Order::Append { .. }) => "append",
        }
    }

    #[test]
    fn an_hour_after_the_last_one_a_record_causes_a_rewrite() {
        let mut rewriting = new();
        rewriting.note_records(at(3600), 1);
        assert_eq!(order(&mut rewriting, at(7200), 1), "nothing");
        rewriting.note_records(at(7200), 1);
        assert_eq!(order(&mut rewriting, at(7200), 1), "begin");
        rewriting.note_records(at(7201), 1);
        rewriting.note(News::Ready);
        assert_eq!(order(&mut rewriting, at(7201), 0), "install");
        assert_eq!(order(&mut rewriting, at(7202), 0), "nothing");
    }

    #[test]
    fn a_file_that_has_grown_too_large_is_written_anew_within_the_hour() {
        let mut rewriting = new();
        rewriting.note_records(at(1), ROOM);
        assert_eq!(order(&mut rewriting, at(1), 1), "nothing");
        rewriting.note_records(at(1), 1);
        assert_eq!(order(&mut rewriting, at(1), 1), "begin");
        rewriting.note(News::Ready);
        // What comes meanwhile is in the new file as well.
        rewriting.note_records(at(1), ROOM);
        assert_eq!(order(&mut rewriting, at(1), 1), "slice");
        rewriting.note(News::Ready);
        assert_eq!(order(&mut rewriting, at(1), 0), "install");
        assert_eq!(rewriting.whole, 1);
        rewriting.note_records(at(1), 1);
        assert_eq!(order(&mut rewriting, at(1), 1), "begin");
        let mut large = Rewriting::new(at(0), ROOM);
        large.note_records(at(1), 2 * ROOM);
        assert_eq!(order(&mut large, at(1), 1), "nothing");
        large.note_records(at(1), 1);
        assert_eq!(order(&mut large, at(1), 1), "begin");
    }

    #[test]
    fn a_slice_is_made_when_the_one_before_is_on_disk() {
        let mut rewriting = new();
        rewriting.note_records(at(3601), 1);
        assert_eq!(order(&mut rewriting, at(3601), 2), "begin");
        for slices in [2, 1] {
            assert_eq!(order(&mut rewriting, at(3601), slices), "nothing");
            rewriting.note(News::Ready);
            assert_eq!(order(&mut rewriting, at(3601), slices), "slice");
        }
        rewriting.note(News::Ready);
        assert_eq!(order(&mut rewriting, at(3601), 0), "install");
    }

    #[test]
    fn a_broken_file_is_mended_at_once_and_then_every_few_seconds() {
        let mut rewriting = new();
        rewriting.note(News::Broken);
        assert_eq!(order(&mut rewriting, at(4), 1), "nothing");
        assert_eq!(rewriting.mends_at(), Some(at(5)));
        assert_eq!(order(&mut rewriting, at(60), 1), "begin");
        assert_eq!(rewriting.mends_at(), None);
        rewriting.note(News::GivenUp);
        assert_eq!(order(&mut rewriting, at(64), 1), "nothing");
        assert_eq!(order(&mut rewriting, at(65), 1), "begin");
        rewriting.note(News::Ready);
        assert_eq!(order(&mut rewriting, at(65), 0), "install");
        rewriting.note(News::Installed);
        assert_eq!(order(&mut rewriting, at(3000), 0), "nothing");
    }
}
