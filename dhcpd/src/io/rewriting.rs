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

/// After one that failed the file may grow for so long from when that began.
const GROW_FOR: Duration = Duration::from_secs(60);

/// The receive loop's part in rewriting the lease file.
#[derive(Debug)]
pub(super) struct Rewriting {
    /// When the last one began.
    last: Time,
    /// Before this the size of the file causes none.
    may_grow_until: Time,
    /// True if a record has come late enough, or the records have outgrown their room.
    due: bool,
    /// Octets of the present file when it was written as a whole.
    whole: usize,
    /// Octets of records in it since then, and of those that came while it was written.
    grown: usize,
    /// True if only a new file can be trusted.
    broken: bool,
    /// The new file, until it is installed or given up.
    draft: Option<Draft>,
    /// True if the new file waits for its next slice.
    ready: bool,
}

/// A file that is being written.
#[derive(Debug, Default)]
struct Draft {
    /// How far it has come.
    snapshot: Snapshot,
    /// Octets of its slices so far.
    whole: usize,
    /// Octets of records since it began, which are in both files.
    grown: usize,
}

impl Rewriting {
    /// The file was written as a whole at `last` and has so many octets.
    pub(super) fn new(last: Time, whole: usize) -> Self {
        Self {
            last,
            may_grow_until: last,
            due: false,
            whole,
            grown: 0,
            broken: false,
            draft: None,
            ready: false,
        }
    }

    /// Records of so many octets were written at `now`.
    pub(super) fn note_records(&mut self, now: Time, octets: usize) {
        self.grown = self.grown.saturating_add(octets);
        match &mut self.draft {
            Some(draft) => draft.grown = draft.grown.saturating_add(octets),
            None => self.due |= self.is_due(now),
        }
    }

    fn is_due(&self, now: Time) -> bool {
        let room = self.whole.saturating_mul(TIMES - 1).max(ROOM);
        let has_outgrown_it = self.grown > room && now >= self.may_grow_until;
        has_outgrown_it || now.since(self.last) > REWRITE_AFTER
    }

    /// Takes what the commit thread says.
    pub(super) fn note(&mut self, news: News) {
        match news {
            News::Ready => self.ready = true,
            News::GivenUp => self.give_up(),
            News::Installed => self.install(),
            News::Broken => self.broken = true,
        }
    }

    fn give_up(&mut self) {
        self.draft = None;
        self.may_grow_until = self.last.after(GROW_FOR);
    }

    fn install(&mut self) {
        self.broken = false;
        if let Some(draft) = self.draft.take() {
            (self.whole, self.grown) = (draft.whole, draft.grown);
        }
    }

    /// What to order next. `write` appends a slice, or nothing at the end; `report` is told how many leases were written.
    pub(super) fn next_order(
        &mut self,
        now: Time,
        write: impl FnOnce(&mut Snapshot, &mut Vec<u8>) -> bool,
        report: impl FnOnce(usize),
    ) -> Option<Order> {
        let Some(draft) = &mut self.draft else {
            return self.begin(now);
        };
        if !std::mem::take(&mut self.ready) {
            return None;
        }
        let mut text = Vec::new();
        if write(&mut draft.snapshot, &mut text) {
            draft.whole = draft.whole.saturating_add(text.len());
            return Some(Order::Slice(text));
        }
        report(draft.snapshot.leases());
        Some(Order::Install)
    }

    fn begin(&mut self, now: Time) -> Option<Order> {
        let mends = self.mends_at().is_some_and(|time| time <= now);
        if !mends && !self.due {
            return None;
        }
        (self.last, self.due, self.ready) = (now, false, false);
        self.draft = Some(Draft::default());
        Some(Order::Begin { now: now.seconds() })
    }

    /// When a broken file can be mended, unless that has begun.
    pub(super) fn mends_at(&self) -> Option<Time> {
        let waits = self.broken && self.draft.is_none();
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
        rewriting.note(News::Installed);
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
        rewriting.note(News::Installed);
        assert_eq!(rewriting.whole, 1);
        rewriting.note_records(at(1), 1);
        assert_eq!(order(&mut rewriting, at(1), 1), "begin");
    }

    #[test]
    fn a_large_file_may_grow_also_while_it_is_written_anew() {
        let mut large = Rewriting::new(at(0), ROOM);
        large.note_records(at(1), 2 * ROOM);
        assert_eq!(order(&mut large, at(1), 1), "nothing");
        large.note_records(at(1), 1);
        assert_eq!(order(&mut large, at(1), 1), "begin");
        large.note_records(at(2), ROOM + 1);
        large.draft.as_mut().unwrap().whole = ROOM;
        large.note(News::Ready);
        assert_eq!(order(&mut large, at(2), 0), "install");
        assert_eq!(order(&mut large, at(2), 0), "nothing");
        large.note(News::Installed);
        large.note_records(at(2), ROOM - 1);
        assert_eq!(order(&mut large, at(2), 1), "nothing");
        large.note_records(at(2), 1);
        assert_eq!(order(&mut large, at(2), 1), "begin");
    }

    #[test]
    fn a_file_that_was_given_up_counts_for_nothing_and_is_tried_again_a_minute_later() {
        let mut rewriting = new();
        rewriting.note_records(at(1), ROOM + 1);
        assert_eq!(order(&mut rewriting, at(1), 1), "begin");
        rewriting.note(News::Ready);
        assert_eq!(order(&mut rewriting, at(1), 1), "slice");
        rewriting.note(News::GivenUp);
        assert_eq!((rewriting.whole, rewriting.grown), (0, ROOM + 1));
        rewriting.note_records(at(60), 1);
        assert_eq!(order(&mut rewriting, at(60), 1), "nothing");
        rewriting.note_records(at(61), 1);
        assert_eq!(order(&mut rewriting, at(61), 1), "begin");
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
