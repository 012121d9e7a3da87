//! What the files of a load hold: every place has its own bytes, so that a block in the wrong place is noticed.

use std::sync::LazyLock;

/// The content of files repeats after so many bytes.
pub const PATTERN: usize = 4 << 20;

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_ne_bytes()
    });
    // The longest block may begin at any place of the pattern.
    let mut bytes: Vec<u8> = words.take(PATTERN / 8).flatten().collect();
    bytes.extend_from_within(..1 << 16);
    bytes
});

/// The bytes of a file from `offset` on, up to a block's length.
#[must_use]
pub fn content(offset: usize, length: usize) -> &'static [u8] {
    let begin = offset % PATTERN;
    BYTES.get(begin..begin + length).unwrap_or_default()
}

/// The name of a small file.
#[must_use]
pub fn tiny_name(number: usize) -> String {
    format!("tiny/{number:04}")
}
