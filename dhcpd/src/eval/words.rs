//! What expressions log: the original's texts.

/// `reverse` got data that its width does not divide.
pub(super) fn reverse_length(length: usize, width: u64) -> String {
    format!("reverse: length of buffer {length} not a multiple of width {width}!")
}

/// `binary-to-ascii` got data that its width does not divide.
pub(super) fn digits_length(length: usize, width: usize) -> String {
    format!("binary-to-ascii: length of buffer {length} not a multiple of width {width}!")
}

/// `binary-to-ascii` got a width that is not 8, 16 or 32.
pub(super) fn digits_width(width: u64) -> String {
    format!("binary_to_ascii: invalid width {width}!")
}

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
