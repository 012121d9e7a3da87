//! Tests of the commit thread: what is released is on disk.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::mpsc as channel;

use common::log::Facility;
use nix::libc::ENOSPC;
use pretty_assertions::assert_eq;

use super::super::storage::Owner;
use super::super::storage_model::{Fault, Model};
use super::*;
use crate::engine4::Route;

const PATH: &str = "/leases";

fn reply(number: u8) -> Reply {
    Reply {
        bytes: vec![number],
        route: Route::Datagram {
            destination: Ipv4Addr::LOCALHOST,
            port: 68,
        },
        needs_durable: true,
    }
}

fn append(text: &str, number: u8) -> Order {
    Order::Append {
        journal: text.as_bytes().to_vec(),
        replies: vec![reply(number)],
    }
}

fn nothing_but(number: u8) -> Order {
    Order::Append {
        journal: Vec::new(),
        replies: vec![reply(number)],
    }
}

fn file_on(disk: &Model) -> LeaseFile<Model> {
    LeaseFile::open_in(disk.clone(), Path::new(PATH), Owner::default()).unwrap()
}

fn logger() -> Arc<Logger> {
    Arc::new(Logger::open("test", Facility::LOG_USER))
}

/// Runs `orders` and returns what the file held when each reply was released, and the news.
fn run(disk: &Model, orders: Vec<Order>) -> (Vec<(u8, String)>, Vec<News>) {
    let (sender, receiver) = channel::channel();
    let seen_by = disk.clone();
    let release = move |replies: &[Reply]| {
        for reply in replies {
            let content = seen_by.content(Path::new(PATH)).unwrap();
            let content = String::from_utf8(content).unwrap();
            sender.send((reply.bytes[0], content)).unwrap();
        }
    };
    let (committer, mut news) = Committer::new(file_on(disk), logger(), release);
    let (queue, waiting) = mpsc::channel(QUEUE);
    for order in orders {
        queue.try_send(order).unwrap();
    }
    drop(queue);
    committer.serve(waiting);
    let news = std::iter::from_fn(|| news.try_recv().ok()).collect();
    (receiver.into_iter().collect(), news)
}

fn disk() -> Model {
    Model::with_file(Path::new(PATH))
}

/// A disk whose calls from `first` on fail.
fn failing(first: usize, count: usize) -> Model {
    let disk = disk();
    let error = ENOSPC;
    disk.fail(Fault {
        first,
        count,
        error,
    });
    disk
}

fn rewrite() -> [Order; 3] {
    let slice = Order::Slice(b"whole\n".to_vec());
    [Order::Begin { now: 1 }, slice, Order::Install]
}

fn names(disk: &Model) -> Vec<String> {
    let names = disk.names().into_iter();
    names.map(|name| name.display().to_string()).collect()
}

#[test]
fn a_reply_leaves_after_its_record_is_in_the_file() {
    let (released, _) = run(&disk(), vec![append("one\n", 1), append("two\n", 2)]);
    assert_eq!(released.len(), 2);
    assert_eq!(released[0].0, 1);
    assert!(released[0].1.contains("one\n"));
    assert!(released[1].1.contains("two\n"));
}

#[test]
fn records_that_queued_up_share_one_sync() {
    let disk = disk();
    let orders = (0..9).map(|number| append("record\n", number)).collect();
    let (released, _) = run(&disk, orders);
    assert_eq!(released.len(), 9);
    assert_eq!(disk.calls(), 2, "one write and one sync");
}

#[test]
fn a_rewrite_keeps_its_place_among_the_records() {
    let disk = disk();
    let [begin, slice, install] = rewrite();
    let orders = vec![
        append("before\n", 1),
        begin,
        append("early\n", 2),
        slice,
        append("late\n", 3),
        install,
        append("after\n", 4),
    ];
    let (released, news) = run(&disk, orders);
    let contents: Vec<&str> = released.iter().map(|(_, content)| &**content).collect();
    let expected = [
        "before\n",
        "before\nearly\n",
        "before\nearly\nlate\n",
        "early\nwhole\nlate\nafter\n",
    ];
    assert_eq!(contents, expected);
    assert_eq!(news, [News::Ready, News::Ready, News::Installed]);
    assert_eq!(names(&disk), ["/leases", "/leases~"]);
}

#[test]
fn a_rewrite_that_the_end_cuts_short_leaves_nothing() {
    let disk = disk();
    let [begin, slice, _] = rewrite();
    run(&disk, vec![append("old\n", 1), begin, slice]);
    assert_eq!(names(&disk), ["/leases"]);
}

#[test]
fn a_rewrite_that_fails_disturbs_nobody() {
    for first in 2..6 {
        let disk = failing(first, 1);
        let mut orders = vec![append("one\n", 1)];
        orders.extend(rewrite());
        orders.push(append("two\n", 2));
        let (released, news) = run(&disk, orders);
        assert_eq!(released[1].1, "one\ntwo\n");
        assert!(news.contains(&News::GivenUp), "{news:?}");
        assert_eq!(names(&disk)[0], "/leases");
    }
}

#[test]
fn refused_records_are_offered_again_with_the_next() {
    let disk = failing(0, 1);
    // The second order finds the first one refused only if it comes in another batch.
    let orders = vec![append("one\n", 1), Order::Install, append("two\n", 2)];
    let (released, _) = run(&disk, orders);
    assert_eq!(released, [(2, "one\ntwo\n".to_owned())]);
}

#[test]
fn a_reply_without_record_waits_for_those_before_it() {
    let disk = failing(0, 9);
    let orders = vec![append("one\n", 1), Order::Install, nothing_but(2)];
    assert_eq!(run(&disk, orders).0, []);
}

#[test]
fn after_a_failed_sync_only_a_new_file_lets_replies_go() {
    let disk = failing(1, 1);
    let mut orders = vec![append("lost\n", 1), Order::Install, append("lost too\n", 2)];
    orders.extend(rewrite());
    orders.extend([append("kept\n", 3), nothing_but(4)]);
    let (released, news) = run(&disk, orders);
    let expected = [3, 4].map(|number| (number, "whole\nkept\n".to_owned()));
    assert_eq!(released, expected);
    assert_eq!(news[0], News::Broken);
    assert_eq!(news[3], News::Installed);
}

#[test]
fn more_refused_records_than_memory_allows_are_left_to_a_new_file() {
    let disk = failing(0, 9);
    let much = "x".repeat(BACKLOG + 1);
    let (_, news) = run(&disk, vec![append(&much, 1)]);
    assert_eq!(news, [News::Broken]);
}

#[test]
fn everything_ordered_is_done_when_the_loop_has_finished() {
    let disk = disk();
    let commits = Commits::start(file_on(&disk), None, logger(), |_: &[Reply]| {}).unwrap();
    for number in 0..10 {
        let order = append(&format!("{number}\n"), number);
        commits.orders.blocking_send(order).unwrap();
    }
    commits.finish();
    let text = disk.content(Path::new(PATH)).unwrap();
    assert_eq!(text, b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

const LONG: Duration = Duration::from_secs(3600);

/// Starts a thread with `delay`, whose releases come as the numbers of their replies.
fn start_with(delay: Delay) -> (Commits, channel::Receiver<Vec<u8>>) {
    let (sender, receiver) = channel::channel();
    let release = move |replies: &[Reply]| {
        let numbers = replies.iter().map(|reply| reply.bytes[0]).collect();
        sender.send(numbers).unwrap();
    };
    let commits = Commits::start(file_on(&disk()), Some(delay), logger(), release).unwrap();
    (commits, receiver)
}

/// Orders one reply and waits until the thread has taken it out of the queue.
fn hand_over(commits: &Commits, number: u8) {
    let order = append("record\n", number);
    commits.orders.blocking_send(order).unwrap();
    while commits.orders.capacity() < QUEUE {
        thread::yield_now();
    }
}

#[test]
fn delayed_replies_go_together_when_there_are_more_than_may_wait() {
    let delay = Delay {
        replies: 2,
        quiet: LONG,
        longest: LONG,
    };
    let (commits, released) = start_with(delay);
    (1..=3).for_each(|number| hand_over(&commits, number));
    assert_eq!(released.recv().unwrap(), [1, 2, 3]);
    (4..=6).for_each(|number| hand_over(&commits, number));
    assert_eq!(released.recv().unwrap(), [4, 5, 6]);
    commits.finish();
}

#[test]
fn delayed_replies_go_when_time_is_over_or_the_server_ends() {
    let brief = Duration::from_millis(1);
    for (quiet, longest) in [(brief, LONG), (LONG, brief)] {
        let delay = Delay {
            replies: 2,
            quiet,
            longest,
        };
        let (commits, released) = start_with(delay);
        hand_over(&commits, 1);
        assert_eq!(released.recv().unwrap(), [1]);
        commits.finish();
    }
    let delay = Delay {
        replies: 2,
        quiet: LONG,
        longest: LONG,
    };
    let (commits, released) = start_with(delay);
    hand_over(&commits, 1);
    commits.finish();
    assert_eq!(released.recv().unwrap(), [1]);
}
