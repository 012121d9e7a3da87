//! What happened after a step, in the words of the scenario language, without what differs from run to run.

use super::links::Links;
use super::mask::{by_address, lease_records, mask_age, mask_distance, round_distance, whole_file};
use super::render::render_reply;
use crate::client::Datagram;
use crate::failure::{Failure, Result};

/// A reply, and the place of the link that it came on.
pub type Received = (usize, Datagram);

/// What the scenario says differs from run to run.
#[derive(Debug, Default)]
pub struct Masks {
    options: Vec<u8>,
    age: bool,
    dates: Dates,
    order: bool,
}

/// How much of the dates of lease records is shown.
#[derive(Clone, Copy, Debug, Default)]
enum Dates {
    #[default]
    All,
    Roughly,
    Nothing,
}

impl Masks {
    /// Reads the words after `mask`.
    ///
    /// # Errors
    /// If one of them is not known.
    pub fn new(words: &[String]) -> Result<Self> {
        let mut masks = Self::default();
        for word in words {
            match word.as_str() {
                "age" => masks.age = true,
                "dates" => masks.dates = Dates::Nothing,
                "about" => masks.dates = Dates::Roughly,
                "order" => masks.order = true,
                code => masks.options.push(
                    code.parse()
                        .map_err(|_| Failure::new(format!("cannot mask {code}")))?,
                ),
            }
        }
        Ok(masks)
    }

    /// Replies and log lines.
    #[must_use]
    pub fn report(&self, links: &Links, replies: &[Received], lines: &[String]) -> Vec<String> {
        let show =
            |(place, reply): &Received| render_reply(reply, links.shown(*place), &self.options);
        let replies = replies.iter().flat_map(show);
        let lines = lines.iter().map(|line| self.line(line));
        replies.chain(lines).collect()
    }

    /// The records of a lease file.
    #[must_use]
    pub fn records(&self, file: &str) -> Vec<String> {
        let records = lease_records(file);
        match self.order {
            true => self.show_file(&by_address(&records)),
            false => self.show_file(&records),
        }
    }

    /// All of a lease file.
    #[must_use]
    pub fn whole_file(&self, file: &str) -> Vec<String> {
        self.show_file(&whole_file(file))
    }

    fn show_file(&self, lines: &[String]) -> Vec<String> {
        let dates = match self.dates {
            Dates::All => str::to_owned,
            Dates::Roughly => round_distance,
            Dates::Nothing => mask_distance,
        };
        let show = |line: &String| match line.is_empty() {
            true => "|".to_owned(),
            false => format!("| {}", dates(line)),
        };
        lines.iter().map(show).collect()
    }

    fn line(&self, line: &str) -> String {
        let shown = match self.age {
            true => format!(". {}", mask_age(line)),
            false => format!(". {line}"),
        };
        shown.trim_end().to_owned()
    }
}
