//! Which option spaces there are, and which options each defines: the built-in tables and the configuration's own.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::tables::{Row, SPACES, SpaceRow};
use super::{Field, Format, OptionId, SpaceId};

/// An option space.
#[derive(Clone, Debug)]
pub struct Space {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Octets of a code in a packet: 1, 2 or 4.
    pub code_width: u8,
    /// Octets of a length in a packet: 1, 2 or 4.
    pub length_width: u8,
    /// The option whose value holds the options of this space.
    pub enclosed_by: Option<OptionId>,
    by_code: BTreeMap<u32, usize>,
    /// The same for codes of one octet, which every message asks for many times.
    by_octet: Vec<Option<usize>>,
    by_name: HashMap<Box<str>, usize>,
}

impl Space {
    /// The lowest code that is defined here: where a `site-option-space` begins.
    #[must_use]
    pub fn lowest_code(&self) -> Option<u32> {
        self.by_code.keys().next().copied()
    }
}

impl Space {
    fn index_of(&self, name: &str) -> Option<&usize> {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.by_name.get(name.to_ascii_lowercase().as_str());
        }
        self.by_name.get(name)
    }
}

/// What is known about an option.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Where it belongs and its code.
    pub id: OptionId,
    /// Its name.
    pub name: Cow<'static, str>,
    /// The shape of its value.
    pub format: Format,
}

/// Why a space or an option cannot be defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefineError {
    /// The space has no such number.
    NoSuchSpace,
    /// There are 65,536 spaces already.
    TooManySpaces,
}

/// Every space with its definitions.
#[derive(Clone, Debug)]
pub struct Registry {
    spaces: Vec<Space>,
    /// Numbers of the spaces by their names in lower case.
    by_name: HashMap<Box<str>, SpaceId>,
    definitions: Vec<Definition>,
    /// What an undefined code is taken for: opaque bytes.
    unknown: Format,
}

impl Registry {
    /// The built-in spaces and options.
    #[must_use]
    pub fn built_in() -> Self {
        let mut registry = Self {
            spaces: SPACES.iter().map(built_in_space).collect(),
            by_name: SPACES.iter().map(|row| (row.name.into(), row.id)).collect(),
            definitions: Vec::new(),
            unknown: Format::single(Field::Opaque),
        };
        for space in SPACES {
            for row in space.options {
                registry.define_built_in(space.id, row);
            }
        }
        registry
    }

    /// The space called `name`, in any case.
    #[must_use]
    pub fn space_named(&self, name: &str) -> Option<SpaceId> {
        let key = name.to_ascii_lowercase();
        self.by_name.get(key.as_str()).copied()
    }

    /// The space with this number.
    #[must_use]
    pub fn space(&self, id: SpaceId) -> Option<&Space> {
        self.spaces.get(usize::from(id.0))
    }

    /// What is defined for this code.
    #[must_use]
    pub fn definition(&self, id: OptionId) -> Option<&Definition> {
        let index = self.space(id.space)?.position(id.code)?;
        self.definitions.get(index)
    }

    /// What is defined under `name` in `space`, in any case; not `unknown-N`.
    #[must_use]
    pub fn definition_named(&self, space: SpaceId, name: &str) -> Option<&Definition> {
        let index = self.space(space)?.index_of(name)?;
        self.definitions.get(*index)
    }

    /// The option called `name` in `space`: a defined name, or `unknown-N` for code N.
    #[must_use]
    pub fn option(&self, space: SpaceId, name: &str) -> Option<OptionId> {
        if let Some(definition) = self.definition_named(space, name) {
            return Some(definition.id);
        }
        let code = unknown_code(name)?;
        self.space(space).map(|_| OptionId { space, code })
    }

    /// The shape of the value of `id`; opaque bytes where nothing is defined.
    #[must_use]
    pub fn format(&self, id: OptionId) -> &Format {
        self.definition(id)
            .map_or(&self.unknown, |definition| &definition.format)
    }

    /// The name of `id` without its space: as defined, or `unknown-N`.
    #[must_use]
    pub fn name(&self, id: OptionId) -> Cow<'_, str> {
        match self.definition(id) {
            Some(definition) => Cow::Borrowed(&definition.name),
            None => Cow::Owned(format!("unknown-{}", id.code)),
        }
    }

    /// The options that are defined in `space`, by code.
    pub fn definitions(&self, space: SpaceId) -> impl Iterator<Item = &Definition> {
        let table = self.space(space).into_iter();
        table
            .flat_map(|space| space.by_code.values())
            .filter_map(|index| self.definitions.get(*index))
    }

    /// The spaces whose options are carried by an option of `space`, with that option.
    pub fn enclosed_in(&self, space: SpaceId) -> impl Iterator<Item = (SpaceId, OptionId)> {
        let numbered = (0..=u16::MAX).map(SpaceId).zip(&self.spaces);
        numbered
            .filter_map(|(id, inner)| Some((id, inner.enclosed_by?)))
            .filter(move |(_, holder)| holder.space == space)
    }

    /// Adds the space `name`, or replaces the widths of the one that exists.
    ///
    /// # Errors
    /// When there is no number left for it.
    pub fn define_space(
        &mut self,
        name: &str,
        code_width: u8,
        length_width: u8,
    ) -> Result<SpaceId, DefineError> {
        if let Some(id) = self.space_named(name) {
            if let Some(space) = self.space_mut(id) {
                (space.code_width, space.length_width) = (code_width, length_width);
            }
            return Ok(id);
        }
        let index = u16::try_from(self.spaces.len()).map_err(|_| DefineError::TooManySpaces)?;
        let id = SpaceId(index);
        self.by_name.insert(name.to_ascii_lowercase().into(), id);
        let name = Cow::Owned(name.to_owned());
        self.spaces.push(Space::new(name, code_width, length_width));
        Ok(id)
    }

    /// Defines option `id` as `name` with this format. A name or a code that was defined before means the new
    /// definition from now on.
    ///
    /// # Errors
    /// When the space does not exist.
    pub fn define(&mut self, id: OptionId, name: &str, format: Format) -> Result<(), DefineError> {
        if let Some(inner) = format
            .encapsulated()
            .and_then(|inner| self.space_mut(inner))
        {
            inner.enclosed_by = Some(id);
        }
        self.insert(Definition {
            id,
            name: Cow::Owned(name.to_owned()),
            format,
        })
    }

    fn define_built_in(&mut self, space: SpaceId, row: &Row) {
        let (code, name, letters) = *row;
        let Some(format) = Format::parse(letters, |name| self.space_named(name)) else {
            return;
        };
        let id = OptionId { space, code };
        // The first counts: DHCPv4 and DHCPv6 share the parts of a client FQDN.
        if let Some(inner) = format
            .encapsulated()
            .and_then(|inner| self.space_mut(inner))
        {
            inner.enclosed_by.get_or_insert(id);
        }
        let definition = Definition {
            id,
            name: Cow::Borrowed(name),
            format,
        };
        // Built-in rows name built-in spaces only: a test walks them all.
        let _ = self.insert(definition);
    }

    fn space_mut(&mut self, id: SpaceId) -> Option<&mut Space> {
        self.spaces.get_mut(usize::from(id.0))
    }

    fn insert(&mut self, definition: Definition) -> Result<(), DefineError> {
        let index = self.definitions.len();
        let space = self
            .space_mut(definition.id.space)
            .ok_or(DefineError::NoSuchSpace)?;
        space.place(definition.id.code, index);
        let key = definition.name.to_ascii_lowercase();
        space.by_name.insert(key.into(), index);
        self.definitions.push(definition);
        Ok(())
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Space {
    fn new(name: Cow<'static, str>, code_width: u8, length_width: u8) -> Self {
        Self {
            name,
            code_width,
            length_width,
            enclosed_by: None,
            by_code: BTreeMap::new(),
            by_octet: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    fn position(&self, code: u32) -> Option<usize> {
        match u8::try_from(code) {
            Ok(octet) => *self.by_octet.get(usize::from(octet))?,
            Err(_) => self.by_code.get(&code).copied(),
        }
    }

    fn place(&mut self, code: u32, index: usize) {
        self.by_code.insert(code, index);
        let Ok(octet) = u8::try_from(code) else {
            return;
        };
        let octet = usize::from(octet);
        if self.by_octet.len() <= octet {
            self.by_octet.resize(octet + 1, None);
        }
        if let Some(place) = self.by_octet.get_mut(octet) {
            *place = Some(index);
        }
    }
}

fn built_in_space(row: &SpaceRow) -> Space {
    Space::new(Cow::Borrowed(row.name), row.code_width, row.length_width)
}

fn unknown_code(name: &str) -> Option<u32> {
    let (prefix, digits) = name.split_at_checked("unknown-".len())?;
    if !prefix.eq_ignore_ascii_case("unknown-") || digits.starts_with('+') {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::options::codes;

    #[test]
    fn every_built_in_row_is_defined() {
        let registry = Registry::built_in();
        for (index, space) in SPACES.iter().enumerate() {
            assert_eq!(usize::from(space.id.0), index);
            assert_eq!(registry.space_named(space.name), Some(space.id));
            assert_eq!(registry.definitions(space.id).count(), space.options.len());
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        let registry = Registry::built_in();
        let found = registry.option(SpaceId::DHCP, "Domain-Name-Servers");
        assert_eq!(found, Some(codes::DOMAIN_NAME_SERVERS));
        assert_eq!(registry.option(SpaceId::DHCP, "nonsense"), None);
        assert_eq!(registry.space_named("AGENT"), Some(SpaceId::AGENT));
    }

    #[test]
    fn codes_without_definition_are_unknown_n_and_opaque() {
        let registry = Registry::built_in();
        let id = OptionId::dhcp(121);
        assert_eq!(registry.option(SpaceId::DHCP, "unknown-121"), Some(id));
        assert_eq!(registry.option(SpaceId::DHCP, "unknown-+1"), None);
        assert_eq!(registry.name(id), "unknown-121");
        assert_eq!(registry.format(id).only_field(), Some(Field::Opaque));
    }

    #[test]
    fn the_configuration_may_define_spaces_and_redefine_options() {
        let mut registry = Registry::built_in();
        let space = registry.define_space("PXE", 1, 1).unwrap();
        let id = OptionId { space, code: 8 };
        registry
            .define(id, "boot-menu", Format::single(Field::Text))
            .unwrap();
        assert_eq!(registry.option(space, "boot-menu"), Some(id));
        assert_eq!(registry.space(space).unwrap().lowest_code(), Some(8));

        let arch = OptionId::dhcp(93);
        registry
            .define(arch, "arch", Format::single(Field::Uint16))
            .unwrap();
        assert_eq!(registry.name(arch), "arch");
        assert_eq!(
            registry.option(SpaceId::DHCP, "pxe-system-type"),
            Some(arch)
        );
        let nowhere = OptionId {
            space: SpaceId(999),
            code: 1,
        };
        let refused = registry.define(nowhere, "x", Format::default());
        assert_eq!(refused, Err(DefineError::NoSuchSpace));
    }
}
