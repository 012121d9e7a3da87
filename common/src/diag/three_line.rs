//! Messages in the original's form: FILE line N: MESSAGE, the line as far as it was read, a caret (reference
//! isc-dhcpd-config.md, section 10).

use super::{Message, as_written};
use crate::syntax::Excerpt;

impl Message {
    /// The lines that the original prints for it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let text = as_written(&self.text);
        let Some(excerpt) = self.excerpt.as_ref().filter(|_| !self.stands_alone) else {
            return vec![text];
        };
        let first = format!("{} line {}: {text}", excerpt.file, excerpt.line);
        vec![first, as_written(&excerpt.text), caret_line(excerpt)]
    }
}

/// Tabs move the caret to the next multiple of eight; over column 80 it stays at the left.
fn caret_line(excerpt: &Excerpt) -> String {
    let mut indent = 0_usize;
    let before = usize::try_from(excerpt.column.saturating_sub(1)).unwrap_or(usize::MAX);
    for character in excerpt.text.chars().take(before) {
        indent = indent.saturating_add(1);
        if character == '\t' {
            indent = indent.next_multiple_of(8);
        }
    }
    if excerpt.column > 80 {
        indent = 0;
    }
    format!("{}^", " ".repeat(indent))
}
