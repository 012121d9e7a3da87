//! `allow` and `deny` in one pool.

use common::syntax::Place;

use super::words;
use crate::config::model::Config;

/// Pools with permits of both kinds: a client must match one of the first and none of the second.
pub(super) fn mixed(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for pool in &config.pools {
        if !pool.permits.is_empty() && !pool.prohibits.is_empty() {
            say(pool.place, words::MIXED_PERMITS.to_owned(), words::ONE_KIND);
        }
    }
}
