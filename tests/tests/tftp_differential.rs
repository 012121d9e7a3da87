//! A few random scenarios, always the same ones, against in.tftpd and rtftpd: `differential_tftp` plays as many as one likes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use tests::subject::Subject;
use tests::tftp_differential::{Duel, Verdict, scenario};

const SEEDS: std::ops::Range<u64> = 0..24;
/// Scenarios at a time. They wait for each other's processes more than they compute.
const DUELS: usize = 4;

#[test]
#[ignore = "needs root"]
fn random_scenarios_show_no_difference_that_is_not_on_purpose() {
    let are_here = |subject: &Subject| subject.is_at_hand(Subject::tftpd);
    if !Subject::chosen().iter().all(are_here) || Subject::chosen().len() < 2 {
        return;
    }
    std::thread::scope(|scope| {
        for first in 0..DUELS {
            scope.spawn(move || {
                let mut duel = Duel::new().unwrap();
                for seed in SEEDS.skip(first).step_by(DUELS) {
                    expect_no_difference(&mut duel, seed);
                }
            });
        }
    });
}

/// A difference that a busy machine has made does not come again.
fn expect_no_difference(duel: &mut Duel, seed: u64) {
    let text = scenario(seed);
    for _ in 0..2 {
        match duel.play(&text).unwrap() {
            Verdict::Differs(shown) => println!("seed {seed}:\n{shown}"),
            Verdict::Same | Verdict::OnPurpose(_) => return,
        }
    }
    panic!("seed {seed} differs");
}
