//! seccomp(2): which system calls go through.
//!
//! Two filters, and the stricter answer counts. The first ends the process for what no daemon ever does and an intruder does
//! first. The second lets through what is listed and answers everything else like an old kernel: "no such call" (ENOSYS). The
//! C library runs on old kernels, so a new version of it that tries a newer call first falls back to one that is listed. That is
//! why nothing unknown ends the process, and why it is not refused as forbidden (EPERM), which no library expects.
#![expect(unsafe_code, reason = "nix does not ask for the mode of seccomp")]

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io;
use std::process;

use nix::errno::Errno;
use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::calls;
use crate::sys::sandbox::Calls;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What a conditional call may be called with.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    /// One of these numbers as this argument.
    OneOf(u8, &'static [u64]),
    /// None of these bits in this argument.
    Without(u8, u64),
    /// All of these bits in this argument.
    With(u8, u64),
    /// The number of this process as the first argument.
    Oneself,
}

/// Puts both filters on.
pub(super) fn filter(work: Calls) -> io::Result<()> {
    apply(
        calls::FATAL.iter().map(|call| (*call, Vec::new())),
        &Filter {
            listed: SeccompAction::KillProcess,
            other: SeccompAction::Allow,
        },
    )?;
    if work == Calls::Resolver {
        return Ok(());
    }
    apply(
        allowed(work)?,
        &Filter {
            listed: SeccompAction::Allow,
            other: SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        },
    )
}

/// If the kernel filters calls, and its architecture is known.
pub(super) fn is_there() -> io::Result<()> {
    architecture()?;
    // SAFETY: the call takes numbers only. It fails where the kernel has been built without.
    let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP) };
    Errno::result(mode)?;
    Ok(())
}

/// What is done about calls.
struct Filter {
    listed: SeccompAction,
    other: SeccompAction,
}

fn apply(
    calls: impl IntoIterator<Item = (i64, Vec<SeccompRule>)>,
    filter: &Filter,
) -> io::Result<()> {
    let rules: Rules = calls.into_iter().collect();
    let (listed, other) = (filter.listed.clone(), filter.other.clone());
    let filter = SeccompFilter::new(rules, other, listed, architecture()?);
    let program = filter.and_then(BpfProgram::try_from);
    apply_filter(&program.map_err(io::Error::other)?).map_err(io::Error::other)
}

fn architecture() -> io::Result<TargetArch> {
    TargetArch::try_from(ARCH).map_err(|_| io::ErrorKind::Unsupported.into())
}

fn allowed(work: Calls) -> io::Result<Rules> {
    let mut rules: Rules = calls::ALWAYS
        .iter()
        .map(|call| (*call, Vec::new()))
        .collect();
    let mut conditional = calls::CONDITIONAL.to_vec();
    if work == Calls::Service {
        rules.extend(calls::SOCKETS.iter().map(|call| (*call, Vec::new())));
        conditional.extend(calls::SERVICE);
    }
    for (call, condition) in &conditional {
        rules.insert(*call, met_by(condition).map_err(io::Error::other)?);
    }
    Ok(rules)
}

fn met_by(condition: &Condition) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let rule = |argument, comparison, value| {
        let length = SeccompCmpArgLen::Dword;
        let condition = SeccompCondition::new(argument, length, comparison, value)?;
        SeccompRule::new(vec![condition])
    };
    match condition {
        Condition::OneOf(argument, values) => values
            .iter()
            .map(|value| rule(*argument, SeccompCmpOp::Eq, *value))
            .collect(),
        Condition::Without(argument, bits) => {
            Ok(vec![rule(*argument, SeccompCmpOp::MaskedEq(*bits), 0)?])
        }
        Condition::With(argument, bits) => {
            Ok(vec![rule(*argument, SeccompCmpOp::MaskedEq(*bits), *bits)?])
        }
        Condition::Oneself => Ok(vec![rule(0, SeccompCmpOp::Eq, process::id().into())?]),
    }
}
