//! Linux: capabilities, no-new-privileges, Landlock and seccomp.

mod calls;
mod capabilities;
mod landlock;
mod seccomp;
#[cfg(test)]
mod tests;

use std::io;

use nix::sys::prctl;

use crate::sys::sandbox::{Layer, Needs};

pub(in crate::sys) const LAYERS: &[Layer] = &[
    Layer::Powers,
    Layer::NoNewPrivileges,
    Layer::Files,
    Layer::Calls,
];

pub(in crate::sys) fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Powers => "capabilities",
        Layer::NoNewPrivileges => "no-new-privileges",
        Layer::Files => "landlock",
        Layer::Calls => "seccomp",
    }
}

pub(in crate::sys) fn put_on(layer: Layer, needs: &Needs<'_>) -> io::Result<()> {
    match layer {
        Layer::Powers => capabilities::keep(needs.powers),
        Layer::NoNewPrivileges => Ok(prctl::set_no_new_privs()?),
        Layer::Files => landlock::restrict(needs.files, needs.calls),
        Layer::Calls => seccomp::filter(needs.calls),
    }
}

pub(in crate::sys) fn offer(layer: Layer) -> io::Result<()> {
    match layer {
        Layer::Powers => capabilities::held().map(drop),
        Layer::NoNewPrivileges => Ok(prctl::get_no_new_privs().map(drop)?),
        Layer::Files => landlock::version().map(drop),
        Layer::Calls => seccomp::is_there(),
    }
}
