//! Option spaces and tables; values to and from bytes.

mod id;

pub use id::{OptionId, SpaceId};
