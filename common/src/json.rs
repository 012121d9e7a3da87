//! Strings of JSON (RFC 8259).

use std::fmt::Write as _;

/// Appends `text` as a JSON string, in quotes. Control characters become escapes, so it stays on its line.
pub fn push_string(output: &mut String, text: &str) {
    output.push('"');
    for character in text.chars() {
        match character {
            '"' => output.push_str("\\\""),
            '\\' => output.push_str("\\\\"),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(output, "\\u{:04x}", u32::from(c));
            }
            c => output.push(c),
        }
    }
    output.push('"');
}
