//! Executable statements and expressions, and what they mean for a packet (reference isc-dhcpd-config.md, sections 5 to
//! 7).
//!
//! Expressions and blocks nest; the configuration refuses to nest them deeper than [`NESTING_LIMIT`], so that recursion here
//! is bounded. Chains of `and` and `or` may be as long as they like.

pub mod ast;
mod boolean;
mod bytes;
mod call;
pub mod chain;
mod context;
mod data;
mod digits;
mod execute;
mod facts;
mod number;
mod print;
mod settings;
#[cfg(test)]
mod tests;
mod variables;
mod words;

pub(crate) use boolean::compile;
pub use bytes::Bytes;
pub use context::{Command, Context, Evaluator, Handlers, LeaseFacts, ResolvedNames};
pub use execute::{execute, execute_handler, execute_scope_chain};
pub use print::print_block;
pub use settings::Flag;
pub use variables::{Bound, Variables};

/// How deep blocks and expressions may nest.
pub const NESTING_LIMIT: usize = 100;
