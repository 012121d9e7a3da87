//! What both daemons share. Knows neither of them.

pub mod diag;
pub mod json;
pub mod log;
pub mod net;
pub mod process;
pub mod syntax;
pub mod sys;
#[cfg(test)]
mod test_support;
pub mod time;
