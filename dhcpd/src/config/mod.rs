//! From the bytes of dhcpd.conf to the resolved configuration.
//!
//! The parser takes one word at a time with one word of look-ahead, as the original does: its messages, and what it makes
//! of the text behind an error, follow from that.

mod actions;
mod builder;
mod check;
mod cidr;
mod classes;
mod dates;
mod definitions;
mod duid;
mod executable;
mod expression;
mod failover;
mod functions;
mod hosts;
mod hosts6;
mod index;
mod keys;
mod keywords;
pub mod lint;
pub mod load;
pub mod model;
mod networks;
mod networks6;
mod numbers;
mod options;
mod order;
mod parser;
mod pools;
mod pools6;
mod statement;
mod values;
mod words;

pub use check::{refused_later, refused_parameters};
pub use failover::check_peers;
pub use index::Index;
pub use parser::Loader;

use common::diag::Diagnostics;

use crate::eval::ast::Block;

use builder::Builder;
use model::Config;
use parser::Parser;

/// The protocol family that a configuration is read for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// DHCPv4 and BOOTP.
    #[default]
    Dhcpv4,
    /// DHCPv6.
    Dhcpv6,
}

/// Why there is no configuration. What is wrong is among the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The files hold errors: the original goes on to say `Configuration file errors encountered -- exiting`.
    Errors,
    /// Something after which the original ends without another word.
    Fatal,
}

/// Reads the configuration that begins in file `name`. `load` opens that file and those it includes. Messages, warnings
/// and remarks go to `diagnostics` in the order in which the original prints them.
///
/// # Errors
/// When the configuration cannot be used.
pub fn parse(
    name: &str,
    family: Family,
    load: &mut Loader<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Config, Refusal> {
    let mut parser = Parser::new(family, load, diagnostics);
    parser.read_file(name, Builder::ROOT);
    let stopped = parser.stopped;
    let mut config = std::mem::take(&mut parser.build.config);
    drop(parser);
    if stopped {
        return Err(Refusal::Fatal);
    }
    if diagnostics.errors() > 0 {
        return Err(Refusal::Errors);
    }
    config.rebuild_index();
    Ok(config)
}

/// Reads the configuration again, together with the declarations that a lease file holds: hosts, groups and classes that tools
/// have made or removed while a server ran. Declarations that make no sense are told and left out. Returns also how many of the
/// messages are about the configuration itself.
///
/// # Errors
/// When the configuration cannot be used.
pub fn parse_with_declarations(
    (name, load): (&str, &mut Loader<'_>),
    (lease_file, declarations): (&str, &[u8]),
    family: Family,
    diagnostics: &mut Diagnostics,
) -> Result<(Config, usize), Refusal> {
    let mut load = |file: &str| match file == lease_file {
        true => Ok(declarations.to_vec()),
        false => load(file),
    };
    let mut parser = Parser::new(family, &mut load, diagnostics);
    parser.read_file(name, Builder::ROOT);
    let known = parser.diagnostics.messages().len();
    parser.read_file(lease_file, Builder::ROOT);
    let stopped = parser.stopped;
    let mut config = std::mem::take(&mut parser.build.config);
    drop(parser);
    if stopped {
        return Err(Refusal::Fatal);
    }
    config.rebuild_index();
    Ok((config, known))
}

/// Reads statements that stand in a lease file, with the options and classes of a configuration; `None` if they make no
/// sense.
#[must_use]
pub fn parse_block(text: &[u8], config: &Config) -> Option<Block> {
    let mut diagnostics = Diagnostics::default();
    let mut load = |_: &str| Err(String::new());
    let mut parser = Parser::new(Family::Dhcpv4, &mut load, &mut diagnostics);
    parser.build.config.options = config.options.clone();
    parser.build.know_classes(&config.classes);
    parser.statements_of(text)
}

#[cfg(test)]
mod tests;
