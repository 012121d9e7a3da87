//! What makes a program a daemon: detaching, pid file, privileges, panic hook, word to the service manager.

mod background;
mod notify;
mod panic_hook;
mod pid_file;
mod privileges;

pub use background::{Readiness, Side, Starting, close_standard_streams, detach, fork};
pub use notify::Notifier;
pub use panic_hook::log_panics;
pub use pid_file::{PidFile, is_running};
pub use privileges::{Account, Groups, change_root, drop_privileges, find_group};
