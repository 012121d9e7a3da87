//! What expressions log: the original's texts.

use super::ast::{Boolean, Connective, Data, Number, Operator};
use crate::options::domain::JoinError;

/// `reverse` got data that its width does not divide.
pub(super) fn reverse_length(length: usize, width: u64) -> String {
    let width = signed(width);
    format!("reverse: length of buffer {length} not a multiple of width {width}!")
}

/// `binary-to-ascii` got data that its width does not divide.
pub(super) fn digits_length(length: usize, width: usize) -> String {
    format!("binary-to-ascii: length of buffer {length} not a multiple of width {width}!")
}

/// `binary-to-ascii` got a width that is not 8, 16 or 32.
pub(super) fn digits_width(width: u64) -> String {
    let width = signed(width);
    format!("binary_to_ascii: invalid width {width}!")
}

/// A number as the original prints it.
fn signed(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

/// A pattern for data that is hollow.
pub(super) fn nothing_to_match() -> String {
    "data_string_new: src cannot be NULL tree.c(811)".to_owned()
}

/// Lists of domain names could not be made one.
pub(super) fn not_joined(error: JoinError) -> String {
    match error {
        JoinError::Malformed(0) => "concat_dclists: error decompressing domain list 1".to_owned(),
        // The original joins two at a time.
        JoinError::Malformed(_) => "concat_dclists: error decompressing domain list 2".to_owned(),
        JoinError::Ambiguous => "concat_dlists: error compressing result".to_owned(),
    }
}

/// What the original says after [`not_joined`].
pub(super) const NOT_JOINED: &str = "data: concat_dclist failed";

/// `hardware` without a packet or a lease.
pub(super) fn no_hardware() -> String {
    "data: hardware: no raw packet or lease is available".to_owned()
}

/// `packet` without a packet.
pub(super) fn no_packet() -> String {
    "data: packet: raw packet not available".to_owned()
}

/// `host-decl-name` without a host declaration.
pub(super) fn no_host() -> String {
    "data: host_decl_name: not available".to_owned()
}

/// `leased-address` without a lease.
pub(super) fn no_address() -> String {
    "data: \"leased-address\" configuration directive: there is no lease associated with this client."
        .to_owned()
}

/// `lease-time` without a lease.
pub(super) fn no_lease() -> String {
    "data: leased_lease: not available".to_owned()
}

/// `lease-time` of a lease that has ended; both in seconds since the epoch.
pub(super) fn lease_ended(ends: i64, now: i64) -> String {
    format!("data: lease_time: lease ends at {ends} when it is now {now}")
}

/// A function called where data is wanted.
pub(super) fn call_for_data() -> String {
    "Bogus opcode in evaluate_data_expression: 45".to_owned()
}

/// A function called where truth is wanted.
pub(super) fn call_for_truth() -> String {
    "Bogus opcode in evaluate_boolean_expression: 45".to_owned()
}

/// A function called where a number is wanted.
pub(super) fn call_for_number() -> String {
    "evaluate_numeric_expression: bogus opcode 45".to_owned()
}

/// A function returned something else than was wanted.
pub(super) fn returned_type(function: &str, kind: u8, wanted: &str) -> String {
    format!("{function}() returned type {kind} in evaluate_{wanted}_expression.")
}

/// A variable holds something else than was wanted.
pub(super) fn binding_type(kind: u8, wanted: &str) -> String {
    format!("binding type {kind} in evaluate_{wanted}_expression.")
}

/// A case that is no number.
pub(super) fn data_for_number(data: &Data) -> String {
    let opcode = data_opcode(data);
    format!("Data opcode in evaluate_numeric_expression: {opcode}")
}

/// A switch on a condition.
pub(super) fn truth_for_number(condition: &Boolean) -> String {
    let opcode = truth_opcode(condition);
    format!("Boolean opcode in evaluate_numeric_expression: {opcode}")
}

/// A case that is no data.
pub(super) fn number_for_data(number: &Number) -> String {
    let opcode = number_opcode(number);
    format!("Numeric opcode in evaluate_data_expression: {opcode}")
}

/// The original's number for what stands outermost in an expression.
fn data_opcode(data: &Data) -> u8 {
    match data {
        Data::Substring(..) => 4,
        Data::Suffix(..) => 5,
        Data::Concat(_) => 6,
        Data::HostAddresses(_) => 7,
        Data::Option(_) => 11,
        Data::Hardware => 12,
        Data::Packet(..) => 13,
        Data::EncodeInt(_, 8) => 18,
        Data::EncodeInt(_, 16) => 19,
        Data::EncodeInt(..) => 20,
        Data::Reverse(..) => 25,
        Data::LeasedAddress => 26,
        Data::BinaryToAscii { .. } => 27,
        Data::ConfigOption(_) => 28,
        Data::HostName => 29,
        Data::Pick(_) => 30,
        Data::Null => 39,
        Data::Filename => 42,
        Data::ServerName => 43,
        Data::Upper(_) => 56,
        Data::Lower(_) => 57,
        Data::OwnName => 60,
        Data::Relay(..) => 61,
        _ => 14,
    }
}

fn number_opcode(number: &Number) -> u8 {
    match number {
        Number::ExtractInt(_, 8) => 15,
        Number::ExtractInt(_, 16) => 16,
        Number::ExtractInt(..) => 17,
        Number::LeaseTime => 31,
        Number::ClientState => 55,
        Number::Arithmetic(chain) => match chain.outermost() {
            Some(Operator::Add) | None => 47,
            Some(Operator::Subtract) => 48,
            Some(Operator::Multiply) => 49,
            Some(Operator::Divide) => 50,
            Some(Operator::Remainder) => 51,
            Some(Operator::And) => 52,
            Some(Operator::Or) => 53,
            Some(Operator::Xor) => 54,
        },
        Number::Constant(_) | Number::Variable(_) | Number::Call(_) => 21,
    }
}

fn truth_opcode(condition: &Boolean) -> u8 {
    match condition {
        Boolean::Check => 2,
        Boolean::Junction(chain) if chain.outermost() == Some(&Connective::Or) => 9,
        Boolean::Junction(_) => 8,
        Boolean::Not(_) => 10,
        Boolean::Exists(_) => 22,
        Boolean::Known => 24,
        Boolean::Static => 33,
        Boolean::DataUnequal(..) | Boolean::NumberUnequal(..) | Boolean::Unequal(..) => 38,
        Boolean::Defined(_) => 40,
        Boolean::Matches(found) if found.ignores_case => 59,
        Boolean::Matches(_) => 58,
        _ => 3,
    }
}

/// A call of what is not defined.
pub(super) fn no_function(name: &str) -> String {
    format!("{name}: no such function.")
}

/// A call of a variable.
pub(super) fn not_a_function(name: &str) -> String {
    format!("{name}: not a function.")
}

/// More arguments than parameters.
pub(super) fn too_many_arguments(name: &str) -> String {
    format!("{name}: too many arguments.")
}

/// Fewer arguments than parameters.
pub(super) fn too_few_arguments(name: &str) -> String {
    format!("{name}: too few arguments.")
}

/// A function that calls itself without end.
pub(super) fn too_many_calls(name: &str) -> String {
    format!("{name}: too many calls within calls.")
}

/// `gethostbyname` of a name without addresses.
pub(super) fn host_unknown(name: &str) -> String {
    format!("{name}: host unknown.")
}

/// A program's argument.
pub(super) fn argument(index: usize, text: &str) -> String {
    format!("execute_statement argv[{index}] = {text}")
}

/// A program's argument that is null.
pub(super) fn bad_argument(index: usize) -> String {
    format!("execute: bad arg {index}")
}

/// Bytes of anybody's making as text for a log line: up to the first NUL, control characters as backslash and octal
/// digits.
pub(super) fn printable(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or(bytes);
    let mut line = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                push_octal(&mut line, u32::from(character));
            } else {
                line.push(character);
            }
        }
        for byte in chunk.invalid() {
            push_octal(&mut line, u32::from(*byte));
        }
    }
    line
}

fn push_octal(line: &mut String, value: u32) {
    line.push_str(&format!("\\{value:03o}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_bytes_are_made_printable() {
        assert_eq!(printable(b"a\x1b[b\xffc\xc3\xa4\0rest"), "a\\033[b\\377cä");
    }
}
