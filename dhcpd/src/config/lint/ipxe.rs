//! iPXE that is given iPXE again, for ever.

use common::syntax::Place;

use super::reads::{Node, nodes, nodes_of, option_read, statements};
use super::{inherited, item, words};
use crate::config::model::{Class, Config, Scope};
use crate::eval::ast::{Action, Data};
use crate::options::{OptionId, codes};

/// Names of iPXE's binaries begin with one of these …
const STEMS: &[&str] = &["ipxe", "gpxe", "undionly", "snponly", "snp"];
/// … and end with one of these.
const ENDINGS: &[&str] = &[".efi", ".pxe", ".kpxe", ".kkpxe", ".kkkpxe", ".lkrn", ".0"];

/// Option spaces of iPXE's own options, which nothing else sends.
const SPACES: &[&str] = &["ipxe", "gpxe"];
/// The option that carries them.
const ENCAPSULATED: OptionId = OptionId::dhcp(175);

/// Boot file names of iPXE's binaries where neither the scope, nor one around it, nor a class looks at whether the client
/// is iPXE already.
pub(super) fn unguarded(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    if config.classes.iter().any(|class| chains(config, class)) {
        return;
    }
    let guarded = inherited(config, |id| {
        item(&config.scopes, id.0).is_some_and(|scope| looks_for_ipxe(config, scope))
    });
    for (scope, _) in config.scopes.iter().zip(&guarded).filter(|pair| !pair.1) {
        let first = statements(&scope.statements)
            .filter_map(|statement| Some((statement.place, binary(&statement.action)?)))
            .min();
        if let Some((place, name)) = first {
            say(place, words::ipxe_loop(&name), words::TEST_USER_CLASS);
        }
    }
}

/// The class is for iPXE, and has a boot file for it.
fn chains(config: &Config, class: &Class) -> bool {
    let condition = class.condition.iter().map(Node::Boolean);
    let key = class.key.iter().map(Node::Data);
    let mut parts = nodes(condition.chain(key).collect());
    if !parts.any(|part| is_test(config, part)) {
        return false;
    }
    let own = std::iter::once(class.scope);
    let inner = class.subclasses.values().map(|subclass| subclass.scope);
    own.chain(inner).any(|id| {
        let scope = item(&config.scopes, id.0);
        scope.is_some_and(|scope| statements(&scope.statements).any(|it| names_file(&it.action)))
    })
}

fn looks_for_ipxe(config: &Config, scope: &Scope) -> bool {
    let mut parts = statements(&scope.statements).flat_map(|it| nodes_of(&it.action));
    parts.any(|part| is_test(config, part))
}

fn is_test(config: &Config, part: Node<'_>) -> bool {
    let Some(option) = option_read(part) else {
        return false;
    };
    let space = config.options.space(option.space);
    option == codes::USER_CLASS
        || option == ENCAPSULATED
        || space.is_some_and(|space| SPACES.contains(&&*space.name))
}

fn names_file(action: &Action) -> bool {
    matches!(
        action,
        Action::Assign {
            option: codes::FILENAME | codes::BOOTFILE_NAME,
            ..
        }
    )
}

/// The file, if the action names one of iPXE's binaries.
fn binary(action: &Action) -> Option<String> {
    let Action::Assign {
        value: Data::Constant(bytes),
        ..
    } = action
    else {
        return None;
    };
    let name = String::from_utf8_lossy(bytes);
    let name = name.trim_end_matches('\0');
    (names_file(action) && is_binary(name)).then(|| name.to_owned())
}

fn is_binary(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    STEMS.iter().any(|stem| name.starts_with(stem)) && ENDINGS.iter().any(|end| name.ends_with(end))
}
