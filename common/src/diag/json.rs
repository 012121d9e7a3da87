//! Messages for editors and other programs: one JSON object (RFC 8259) a line.

use std::fmt::Write as _;

use super::{Message, Severity, as_written};
use crate::json::push_string;

impl Message {
    /// `{"severity", "message", "file", "line", "column", "end_column", "help"}`; what is not known is left out.
    #[must_use]
    pub fn json(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let mut object = format!("{{\"severity\":\"{severity}\",\"message\":");
        push_string(&mut object, &self.headline());
        if let Some(excerpt) = &self.excerpt {
            object.push_str(",\"file\":");
            push_string(&mut object, &as_written(&excerpt.file));
            let (line, column) = (excerpt.place.line, u32::from(excerpt.place.column));
            let end = column.saturating_add(excerpt.width);
            // Writing to a string cannot fail.
            let _ = write!(
                object,
                ",\"line\":{line},\"column\":{column},\"end_column\":{end}"
            );
        }
        if let Some(help) = &self.help {
            object.push_str(",\"help\":");
            push_string(&mut object, &as_written(help));
        }
        object.push('}');
        object
    }
}
