//! File name maps (`-m`): rules that rewrite or refuse the name of a request (reference tftpd-hpa.md, section 7).
//!
//! Nothing here knows a regular expression's language: a map is generic over its compiled [`Pattern`]s, and whether a
//! file exists is asked of the caller.

mod operation;
mod run;
mod syntax;
mod template;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

pub use run::{Event, Outcome, evaluate};
pub use syntax::{Problem, ProblemKind, read};

use crate::wire::Direction;
use operation::Operation;
use template::Template;

/// How many rules are looked at for one request unless `--map-steps` says otherwise; as many repetitions (`g`) may be
/// done beside them.
pub const DEFAULT_STEPS: u32 = 1024;
/// The longest name, in bytes, that rules see or make. No file has a longer one, and the time that a regular expression
/// takes grows with it.
pub const LONGEST_NAME: usize = 16 * 1024;

/// Groups that a replacement can name; group 0 is the whole match.
const GROUPS: usize = 10;

/// Where the groups of a match begin and end in the subject, in bytes; `None` for one that took no part.
pub type Groups = [Option<(usize, usize)>; GROUPS];

/// A compiled regular expression.
pub trait Pattern {
    /// The leftmost match in `subject`; the whole match is its group 0.
    fn find(&self, subject: &[u8]) -> Option<Groups>;
}

/// The rules of a file.
#[derive(Debug)]
pub struct Map<P> {
    rules: Vec<Rule<P>>,
}

#[derive(Debug)]
struct Rule<P> {
    operation: Operation,
    pattern: P,
    template: Template,
    /// Number of the rule to go on with, for a rule that jumps.
    target: usize,
}

/// A request whose name shall be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// Which way the file shall travel.
    pub direction: Direction,
    /// Who asks; an IPv4 client always by its IPv4 address.
    pub client: IpAddr,
    /// The name as the client wrote it.
    pub name: &'a [u8],
}

impl<P> Map<P> {
    /// True if there is no rule: then names stay what they are, without a word in the log.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}
