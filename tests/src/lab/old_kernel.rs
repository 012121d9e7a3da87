//! Kernels that lack something, played by a filter of system calls.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

use crate::failure::{Context, Result};

/// From now on the calling thread, and what it starts, gets no IPv6 socket, as on a kernel without that family.
///
/// # Errors
/// If the real kernel filters no calls.
pub(super) fn lose_ipv6() -> Result<()> {
    let program = refusal().context("cannot build a filter of system calls")?;
    apply_filter(&program).context("cannot filter system calls")
}

fn refusal() -> std::result::Result<BpfProgram, BackendError> {
    let family = u64::from(libc::AF_INET6.unsigned_abs());
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?;
    let rules = BTreeMap::from([(libc::SYS_socket, vec![SeccompRule::new(vec![condition])?])]);
    let answer = SeccompAction::Errno(libc::EAFNOSUPPORT.unsigned_abs());
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        answer,
        TargetArch::try_from(ARCH)?,
    )?;
    BpfProgram::try_from(filter)
}
