//! Executable statements and expressions, and what they mean for a packet.

pub mod ast;
