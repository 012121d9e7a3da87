//! What happened after a step, in the words of the scenario language, without what differs from run to run.

use std::net::Ipv4Addr;

use super::mask::{lease_records, mask_age, mask_distance};
use super::render::render_reply;
use super::request::Network;
use crate::client::Datagram;
use crate::failure::{Failure, Result};

/// The server's end of the link in every scenario.
pub const NETWORK: Network = Network {
    server_mac: [2, 0, 0, 0, 0x99, 1],
    server: Ipv4Addr::new(10, 9, 0, 1),
};

/// What the scenario says differs from run to run.
#[derive(Debug, Default)]
pub struct Masks {
    options: Vec<u8>,
    age: bool,
    dates: bool,
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
                "dates" => masks.dates = true,
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
    pub fn report(&self, replies: &[Datagram], lines: &[String]) -> Vec<String> {
        let replies = replies
            .iter()
            .flat_map(|reply| render_reply(reply, &self.options));
        let lines = lines.iter().map(|line| self.line(line));
        replies.chain(lines).collect()
    }

    /// The records of a lease file.
    #[must_use]
    pub fn records(&self, file: &str) -> Vec<String> {
        let show = |line: &String| match self.dates {
            true => format!("| {}", mask_distance(line)),
            false => format!("| {line}"),
        };
        lease_records(file).iter().map(show).collect()
    }

    fn line(&self, line: &str) -> String {
        let shown = match self.age {
            true => format!(". {}", mask_age(line)),
            false => format!(". {line}"),
        };
        shown.trim_end().to_owned()
    }
}
