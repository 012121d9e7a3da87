//! Messages for people at a terminal: a frame with the source line, what it is about underlined, and advice.

use super::{Message, Severity, as_written};

impl Message {
    /// A frame of several lines, without colours, so that it can be copied.
    #[must_use]
    pub fn framed(&self) -> Vec<String> {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        let mut lines = vec![format!("{kind}: {}", self.headline())];
        let margin = match &self.excerpt {
            Some(excerpt) => {
                let number = excerpt.place.line.to_string();
                let margin = " ".repeat(number.len());
                let (line, column) = (excerpt.place.line, excerpt.place.column);
                lines.push(format!("{margin}--> {}:{line}:{column}", excerpt.file));
                if !excerpt.source.is_empty() {
                    lines.push(format!("{margin} |"));
                    lines.push(format!("{number} | {}", printable(&excerpt.source)));
                    let underline = underline(column, excerpt.width, &excerpt.source);
                    lines.push(format!("{margin} | {underline}"));
                }
                margin
            }
            None => String::new(),
        };
        let help = self.help.iter();
        lines.extend(help.map(|help| format!("{margin} = help: {}", as_written(help))));
        lines
    }
}

/// A tab is as wide as a blank here, so that the underline fits below; other control characters are shown as one mark.
fn printable(line: &str) -> String {
    let line = line.replace('\t', " ");
    let shown = as_written(&line);
    shown
        .chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

/// Marks below the characters from `column` on, at least one, and none beyond the line.
fn underline(column: u16, width: u32, line: &str) -> String {
    let before = usize::from(column.saturating_sub(1));
    let written: String = line.chars().take(before).collect();
    let indent = as_written(&written).chars().count();
    let rest = line.chars().count().saturating_sub(before);
    let width = usize::try_from(width).unwrap_or(usize::MAX).min(rest);
    format!("{}{}", " ".repeat(indent), "^".repeat(width.max(1)))
}
