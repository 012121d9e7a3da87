//! Network boot: iPXE that is sent to load itself, and UEFI machines that are forgotten.

use common::syntax::Place;

use super::super::model::Config;
use super::super::words;
use super::Report;
use crate::eval::ast::{Action, Block, Boolean, Data, Statement};
use crate::options::{OptionId, codes};

/// Architecture of x86-64 UEFI firmware in RFC 4578, and the one that most of it really sends.
const UEFI_BY_THE_BOOK: &[u8] = &[0x00, 0x07];
const UEFI_BY_CUSTOM: &[u8] = &[0x00, 0x09];
/// What iPXE alone sends: its own option (https://ipxe.org/howto/dhcpd).
const IPXE: OptionId = OptionId::dhcp(175);

#[derive(Default)]
struct Findings {
    /// Where iPXE is handed out.
    ipxe: Option<Place>,
    /// Something asks whether the client is iPXE already.
    asks_for_ipxe: bool,
    by_the_book: Option<Place>,
    has_custom: bool,
}

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    let mut findings = Findings::default();
    for scope in &config.scopes {
        findings.block(&scope.statements);
    }
    for class in &config.classes {
        if let Some(condition) = &class.condition {
            findings.condition(condition, class.place);
        }
    }
    if let Some(place) = findings.ipxe.filter(|_| !findings.asks_for_ipxe) {
        report.warn(place, words::LINT_IPXE.to_owned(), words::LINT_IPXE_HELP);
    }
    if let Some(place) = findings.by_the_book.filter(|_| !findings.has_custom) {
        report.warn(place, words::LINT_UEFI.to_owned(), words::LINT_UEFI_HELP);
    }
}

impl Findings {
    fn block(&mut self, block: &Block) {
        block.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.action {
            Action::Assign {
                option: codes::FILENAME,
                value: Data::Constant(name),
                ..
            } if is_ipxe(name) => {
                self.ipxe.get_or_insert(statement.place);
            }
            Action::If {
                branches,
                otherwise,
            } => {
                for (condition, block) in branches {
                    self.condition(condition, statement.place);
                    self.block(block);
                }
                self.block(otherwise);
            }
            Action::Switch(_, block) => self.block(block),
            _ => {}
        }
    }

    fn condition(&mut self, condition: &Boolean, place: Place) {
        match condition {
            Boolean::DataEqual(left, right) | Boolean::DataUnequal(left, right) => {
                self.comparison(left, right, place);
            }
            Boolean::Exists(option) => self.option(*option),
            Boolean::Not(inner) => self.condition(inner, place),
            Boolean::Junction(chain) => {
                self.condition(&chain.first, place);
                let rest = chain.rest.iter();
                rest.for_each(|link| self.condition(&link.operand, place));
            }
            _ => {}
        }
    }

    fn comparison(&mut self, left: &Data, right: &Data, place: Place) {
        for side in [left, right] {
            if let Some(option) = option_in(side) {
                self.option(option);
            }
        }
        if option_in(left) != Some(codes::PXE_SYSTEM_TYPE) {
            return;
        }
        match right {
            Data::Constant(value) if **value == *UEFI_BY_THE_BOOK => {
                self.by_the_book.get_or_insert(place);
            }
            Data::Constant(value) if **value == *UEFI_BY_CUSTOM => self.has_custom = true,
            _ => {}
        }
    }

    fn option(&mut self, option: OptionId) {
        self.asks_for_ipxe |= option == codes::USER_CLASS || option == IPXE;
    }
}

/// The option of the client that an expression cuts its value out of.
fn option_in(data: &Data) -> Option<OptionId> {
    match data {
        Data::Option(option) => Some(*option),
        Data::Substring(inner, ..) | Data::Suffix(inner, _) => option_in(inner),
        Data::Lower(inner) | Data::Upper(inner) => option_in(inner),
        _ => None,
    }
}

/// Names under which iPXE is handed out by TFTP.
fn is_ipxe(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or_default();
    let is_program = [".kpxe", ".kkpxe", ".pxe", ".efi"];
    let ours = ["undionly", "ipxe", "snponly", "intel."];
    ours.iter().any(|start| file.starts_with(start))
        && is_program.iter().any(|end| file.ends_with(end))
}
