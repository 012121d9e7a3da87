//! The options of a reply in progress: what statements and rules have set so far, and in which order they go out.

use std::borrow::Cow;

use common::syntax::Place;

use super::{OptionId, SpaceId};
use crate::eval::ast::{Assignment, Data};

/// What caused a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A statement of the configuration.
    Statement(Place),
    /// A rule of the server, in a few words: `lease time`, `subnet mask of the lease`.
    Rule(&'static str),
}

/// A value that is not evaluated yet. The original evaluates when it builds the reply, not when it executes the
/// statement, and `config-option` shows the difference (measured).
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'c> {
    /// Bytes.
    Bytes(Cow<'c, [u8]>),
    /// An expression of the configuration.
    Expression(Cow<'c, Data>),
    /// What `append` and `prepend` have put together; null if any part is null.
    Joined(Vec<Value<'c>>),
}

/// An option that is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'c> {
    /// Its code.
    pub code: u32,
    /// Who set it last.
    pub origin: Origin,
    /// Its value.
    pub value: Value<'c>,
    /// Rank by age among the entries of its space.
    age: u32,
}

/// Entries that nearly every reply has room for.
const USUAL: usize = 16;

/// What a set of options holds of one space, sorted by code.
#[derive(Clone, Debug)]
struct Shelf<'c> {
    space: SpaceId,
    entries: Vec<Entry<'c>>,
}

/// Options by space and code. Borrows expressions and constants from the configuration.
#[derive(Clone, Debug, Default)]
pub struct OptionSet<'c> {
    shelves: Vec<Shelf<'c>>,
}

impl<'c> OptionSet<'c> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The entry of `id`, which may still evaluate to null.
    #[must_use]
    pub fn entry(&self, id: OptionId) -> Option<&Entry<'c>> {
        let entries = self.shelf(id.space);
        let index = entries.binary_search_by_key(&id.code, |e| e.code).ok()?;
        entries.get(index)
    }

    /// True if `id` is set, even to null.
    #[must_use]
    pub fn contains(&self, id: OptionId) -> bool {
        self.entry(id).is_some()
    }

    /// True if any option of `space` is set.
    #[must_use]
    pub fn has_space(&self, space: SpaceId) -> bool {
        !self.shelf(space).is_empty()
    }

    /// Sets bytes by a rule of the server, in the place of what there is.
    pub fn put(&mut self, id: OptionId, bytes: impl Into<Cow<'c, [u8]>>, rule: &'static str) {
        let value = Value::Bytes(bytes.into());
        self.assign(id, Assignment::Replace, value, Origin::Rule(rule));
    }

    /// Lets `value` meet what there is, as a statement asks.
    pub fn assign(&mut self, id: OptionId, how: Assignment, value: Value<'c>, origin: Origin) {
        let entries = self.shelf_mut(id.space);
        let index = match entries.binary_search_by_key(&id.code, |entry| entry.code) {
            Ok(index) => index,
            Err(index) => return insert(entries, index, id.code, value, origin),
        };
        let Some(entry) = entries.get_mut(index) else {
            return;
        };
        match how {
            Assignment::Default => return,
            Assignment::Replace => entry.value = value,
            Assignment::Append => {
                let mut parts = take_parts(&mut entry.value);
                parts.push(value);
                entry.value = Value::Joined(parts);
            }
            Assignment::Prepend => {
                let mut parts = take_parts(&mut entry.value);
                parts.insert(0, value);
                entry.value = Value::Joined(parts);
            }
        }
        entry.origin = origin;
    }

    /// Takes `id` out.
    pub fn remove(&mut self, id: OptionId) {
        let entries = self.shelf_mut(id.space);
        entries.retain(|entry| entry.code != id.code);
    }

    /// The entries of `space` in the order in which the original walks them (reference isc-dhcpd-options.md, section 3.1:
    /// 17 buckets, newest first in a bucket; `agent`, `fqdn`, `nwip` and `isc` are lists, oldest first). An entry that
    /// was replaced keeps its place.
    #[must_use]
    pub fn in_order(&self, space: SpaceId) -> Vec<&Entry<'c>> {
        let mut ordered: Vec<_> = self.shelf(space).iter().collect();
        if is_list(space) {
            ordered.sort_unstable_by_key(|entry| entry.age);
        } else {
            ordered.sort_unstable_by_key(|entry| (bucket(entry.code), u32::MAX - entry.age));
        }
        ordered
    }

    fn shelf(&self, space: SpaceId) -> &[Entry<'c>] {
        let found = self.shelves.iter().find(|shelf| shelf.space == space);
        found.map_or(&[], |shelf| shelf.entries.as_slice())
    }

    fn shelf_mut(&mut self, space: SpaceId) -> &mut Vec<Entry<'c>> {
        let found = self.shelves.iter().position(|shelf| shelf.space == space);
        let index = found.unwrap_or(self.shelves.len());
        if found.is_none() {
            self.shelves.push(Shelf {
                space,
                entries: Vec::with_capacity(USUAL),
            });
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "index is a position that was found, or that of the shelf just pushed"
        )]
        &mut self.shelves[index].entries
    }
}

fn insert<'c>(
    entries: &mut Vec<Entry<'c>>,
    index: usize,
    code: u32,
    value: Value<'c>,
    origin: Origin,
) {
    let youngest = entries.iter().map(|entry| entry.age).max();
    let entry = Entry {
        code,
        origin,
        value,
        age: youngest.map_or(0, |age| age.saturating_add(1)),
    };
    entries.insert(index, entry);
}

/// Takes the value as a list that can grow at both ends: flat, however many statements append.
fn take_parts<'c>(value: &mut Value<'c>) -> Vec<Value<'c>> {
    match std::mem::replace(value, Value::Joined(Vec::new())) {
        Value::Joined(parts) => parts,
        single => vec![single],
    }
}

fn is_list(space: SpaceId) -> bool {
    [SpaceId::AGENT, SpaceId::FQDN, SpaceId::NWIP, SpaceId::ISC].contains(&space)
}

/// The original's hash of an option code.
fn bucket(code: u32) -> u32 {
    ((code & 31) + ((code >> 5) & 31)) % 17
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn bytes(text: &'static str) -> Value<'static> {
        Value::Bytes(Cow::Borrowed(text.as_bytes()))
    }

    fn set_of(codes: &[u32], space: SpaceId) -> OptionSet<'static> {
        let mut set = OptionSet::new();
        for code in codes {
            set.put(OptionId { space, code: *code }, b"x".as_slice(), "test");
        }
        set
    }

    fn order(set: &OptionSet<'_>, space: SpaceId) -> Vec<u32> {
        set.in_order(space).iter().map(|entry| entry.code).collect()
    }

    fn assign(set: &mut OptionSet<'static>, how: Assignment, text: &'static str) {
        let origin = Origin::Statement(Place::default());
        set.assign(OptionId::dhcp(12), how, bytes(text), origin);
    }

    #[test]
    fn a_space_is_walked_bucket_by_bucket_newest_first() {
        let set = set_of(
            &[2, 3, 6, 12, 15, 17, 28, 33, 42, 43, 66, 67, 119, 224],
            SpaceId::DHCP,
        );
        let expected = [17, 33, 2, 3, 66, 67, 6, 224, 119, 42, 28, 43, 12, 15];
        assert_eq!(order(&set, SpaceId::DHCP), expected);
    }

    #[test]
    fn codes_that_share_a_bucket_go_out_newest_first() {
        let space = SpaceId(20);
        let set = set_of(&[1, 2, 3, 17, 18, 19, 34, 35, 200, 254], space);
        let expected = [17, 18, 1, 19, 2, 254, 34, 3, 35, 200];
        assert_eq!(order(&set, space), expected);
    }

    #[test]
    fn list_spaces_keep_the_order_of_setting() {
        let set = set_of(&[2, 1, 5], SpaceId::AGENT);
        assert_eq!(order(&set, SpaceId::AGENT), [2, 1, 5]);
    }

    #[test]
    fn a_replaced_option_keeps_its_place() {
        let mut set = set_of(&[2, 33], SpaceId::DHCP);
        set.put(OptionId::dhcp(2), b"new".as_slice(), "test");
        assert_eq!(order(&set, SpaceId::DHCP), [33, 2]);
    }

    #[test]
    fn values_meet_as_statements_ask() {
        let mut set = OptionSet::new();
        assign(&mut set, Assignment::Default, "b");
        assign(&mut set, Assignment::Default, "ignored");
        assign(&mut set, Assignment::Append, "c");
        assign(&mut set, Assignment::Prepend, "a");
        let joined = Value::Joined(vec![bytes("a"), bytes("b"), bytes("c")]);
        assert_eq!(set.entry(OptionId::dhcp(12)).unwrap().value, joined);
        assign(&mut set, Assignment::Replace, "z");
        assert_eq!(set.entry(OptionId::dhcp(12)).unwrap().value, bytes("z"));
        set.remove(OptionId::dhcp(12));
        assert!(!set.contains(OptionId::dhcp(12)));
    }
}
