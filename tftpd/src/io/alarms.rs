//! The time-outs of all transfers behind one timer. The deadline of a transfer moves with every block, so what is kept here
//! is a time at or before it; only when that has come is the deadline looked at.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use common::sys::timer::Timer;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Whom to wake when. The number tells apart what is due at the same time.
#[derive(Default)]
pub(super) struct Alarms {
    queue: RefCell<BTreeMap<(Instant, u64), Rc<Bell>>>,
    entered: Cell<u64>,
    /// One has become the first.
    earlier: Notify,
}

/// The time-out of one transfer.
pub(super) struct Alarm {
    alarms: Rc<Alarms>,
    entry: Option<(Instant, u64)>,
    bell: Rc<Bell>,
}

#[derive(Default)]
struct Bell {
    /// True when its entry has come due, and so left the queue.
    rung: Cell<bool>,
    sleeper: RefCell<Option<Waker>>,
}

impl Alarms {
    /// A time-out that is not set.
    pub(super) fn alarm(self: &Rc<Self>) -> Alarm {
        Alarm {
            alarms: Rc::clone(self),
            entry: None,
            bell: Rc::default(),
        }
    }

    /// Rings the bells when they are due, for ever.
    pub(super) async fn run(&self, timer: &Timer) -> io::Result<()> {
        loop {
            tokio::select! {
                slept = self.sleep_until_due(timer) => slept?,
                () = self.earlier.notified() => {}
            }
            self.ring(Instant::now());
        }
    }

    async fn sleep_until_due(&self, timer: &Timer) -> io::Result<()> {
        let first = self.queue.borrow().first_key_value().map(|(key, _)| key.0);
        match first {
            Some(due) => {
                timer
                    .sleep(due.saturating_duration_since(Instant::now()))
                    .await
            }
            None => pending().await,
        }
    }

    fn ring(&self, now: Instant) {
        let mut queue = self.queue.borrow_mut();
        while let Some(first) = queue.first_entry().filter(|first| first.key().0 <= now) {
            let bell = first.remove();
            bell.rung.set(true);
            if let Some(sleeper) = bell.sleeper.take() {
                sleeper.wake();
            }
        }
    }

    fn enter(&self, due: Instant, bell: &Rc<Bell>) -> (Instant, u64) {
        let key = (due, self.entered.get());
        self.entered.set(key.1 + 1);
        let mut queue = self.queue.borrow_mut();
        queue.insert(key, Rc::clone(bell));
        if queue
            .first_key_value()
            .is_some_and(|(first, _)| *first == key)
        {
            self.earlier.notify_one();
        }
        key
    }
}

impl Alarm {
    /// Waits for the deadline.
    pub(super) async fn until(&mut self, deadline: Instant) {
        poll_fn(|context| self.poll(deadline, context)).await;
    }

    fn poll(&mut self, deadline: Instant, context: &Context<'_>) -> Poll<()> {
        let comes_before = |(due, _): (Instant, u64)| due <= deadline;
        if self.bell.rung.take() {
            self.entry = None;
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
        }
        if !self.entry.is_some_and(comes_before) {
            self.leave();
            self.entry = Some(self.alarms.enter(deadline, &self.bell));
        }
        let mut sleeper = self.bell.sleeper.borrow_mut();
        match &mut *sleeper {
            Some(sleeper) => sleeper.clone_from(context.waker()),
            None => *sleeper = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    fn leave(&mut self) {
        if let Some(key) = self.entry.take() {
            self.alarms.queue.borrow_mut().remove(&key);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::task::{LocalSet, spawn_local};
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Runs `test` beside the alarms.
    fn beside<T>(test: impl AsyncFnOnce(Rc<Alarms>) -> T) -> T {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let alarms = Rc::<Alarms>::default();
        let ringing = Rc::clone(&alarms);
        LocalSet::new().block_on(&runtime, async {
            spawn_local(async move { ringing.run(&Timer::new()?).await });
            timeout(PATIENCE, test(alarms)).await.unwrap()
        })
    }

    #[test]
    fn each_rings_at_its_time() {
        beside(async |alarms| {
            let begun = Instant::now();
            let after = |milliseconds| begun + Duration::from_millis(milliseconds);
            let (mut late, mut early) = (alarms.alarm(), alarms.alarm());
            tokio::join!(
                async {
                    late.until(after(60)).await;
                    assert!(begun.elapsed() >= Duration::from_millis(60));
                },
                async {
                    // One that has become due before the first one, after it was entered.
                    tokio::task::yield_now().await;
                    early.until(after(20)).await;
                    assert!(early.entry.is_none());
                }
            );
            assert!(alarms.queue.borrow().is_empty());
        });
    }

    #[test]
    fn a_deadline_that_moves_leaves_its_entry_where_it_is() {
        let alarms = Rc::<Alarms>::default();
        let mut alarm = alarms.alarm();
        let context = Context::from_waker(Waker::noop());
        let now = Instant::now();
        let [soon, later, last] = [1000, 2000, 3000].map(|wait| now + Duration::from_secs(wait));
        for deadline in [last, soon, later] {
            assert!(alarm.poll(deadline, &context).is_pending());
            assert_eq!(alarms.queue.borrow().len(), 1);
        }
        assert_eq!(alarm.entry.unwrap().0, soon);
        alarms.ring(soon);
        assert!(alarm.poll(later, &context).is_pending());
        assert_eq!(alarm.entry.unwrap().0, later);
        alarms.ring(later);
        assert!(alarm.poll(now, &context).is_ready());
        assert!(alarms.queue.borrow().is_empty());
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let alarms = Rc::<Alarms>::default();
        let mut alarm = alarms.alarm();
        let context = Context::from_waker(Waker::noop());
        let far = Instant::now() + Duration::from_secs(3600);
        assert!(alarm.poll(far, &context).is_pending());
        drop(alarm);
        assert!(alarms.queue.borrow().is_empty());
    }
}
