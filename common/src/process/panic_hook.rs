//! A panic must reach the log: by the time it happens nobody reads standard error.

use std::any::Any;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use crate::log::Logger;

/// From now on a panic is written to `logger` as one error line before the process ends.
pub fn log_panics(logger: Arc<Logger>) {
    panic::set_hook(Box::new(move |info| logger.error(&describe(info))));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string);
    let place = place.as_deref().unwrap_or("an unknown place");
    format!("panic at {place}: {}", message(info.payload()))
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return text;
    }
    payload
        .downcast_ref::<String>()
        .map_or("no message", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_message_are_found() {
        assert_eq!(message(&"text"), "text");
        assert_eq!(message(&String::from("made up")), "made up");
        assert_eq!(message(&17), "no message");
    }
}
