//! DHCPv4 messages as bytes: a checked view of the request, and the builder of the reply.

mod encapsulate;
mod fqdn;
mod index;
#[cfg(test)]
mod index_tests;
mod layout;
mod note;
mod order;
mod reader;
mod reply;
#[cfg(test)]
mod reply_tests;
mod request;
mod view;

pub use fqdn::part as fqdn_part;
pub use index::{Fault, Malformed, Options, Received};
pub use note::Note;
pub use reply::{FILE_LENGTH, Plan, Reply, ReplyError, ReplyKind, ReplyNote, SNAME_LENGTH};
pub use request::{MessageType, Reject, Request};
pub use view::{
    BOOTREPLY, BOOTREQUEST, BROADCAST_FLAG, FIXED_LENGTH, Header, MAGIC_COOKIE, View, text_of,
};
