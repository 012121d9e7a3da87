//! A process that serves gives up what it will not need again: whoever takes it over by a fault finds nothing to gain.
//!
//! What the kernel lacks is left out: each layer stands alone, and service never depends on one. See
//! `tests/developers/threat-model.md`.

use std::fmt;
use std::io;
use std::path::Path;

use super::system::sandbox;

/// What a process still needs once its sockets and files are open. Threads that it starts later have no more.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
    /// Directories, each with what may be done below it. No other file can be opened, made or removed.
    pub files: &'a [(&'a Path, Access)],
    /// Powers of root; those that the process does not have it does not get.
    pub powers: &'a [Power],
    /// The system calls.
    pub calls: Calls,
}

/// What may be done with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They are read.
    Read,
    /// They are read and written.
    Write,
    /// They are read, written and made.
    Create,
    /// They are read, written, made, renamed and removed.
    Manage,
}

/// A power of root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Opens packet sockets and raw sockets.
    RawSockets,
    /// Works with files of any owner.
    ForeignFiles,
    /// Opens ports below 1024.
    LowPorts,
}

/// Which system calls go through. No process inside can start a program, look into another process, load code into the kernel
/// or change what is mounted: the kernel ends one that tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Those of a server: files, sockets, threads. Everything else looks like an old kernel that does not have it.
    Service,
    /// Those of a process that computes and has one open socket: the same without new sockets and threads.
    Computing,
    /// All others: for the C library's resolver, whose modules nobody can list.
    Resolver,
}

/// Whether a process shall give up what it does not need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// As far as the system can, without a word.
    #[default]
    Quiet,
    /// `--sandbox`: the log says how far that is.
    Reported,
    /// `--no-sandbox`
    Off,
}

impl Wish {
    /// The wish of a command line on which these flags stand; `None` if they contradict each other.
    #[must_use]
    pub fn of(sandbox: bool, no_sandbox: bool) -> Option<Self> {
        match (sandbox, no_sandbox) {
            (true, true) => None,
            (true, false) => Some(Self::Reported),
            (false, true) => Some(Self::Off),
            (false, false) => Some(Self::Quiet),
        }
    }

    /// Gives up everything but `needs`, for the calling thread and those that it will start. Cannot be undone. Returns what the log
    /// shall hear of it.
    #[must_use]
    pub fn enter(self, needs: &Needs<'_>) -> Option<Outcome> {
        if self == Self::Off {
            return None;
        }
        let outcome = enter(needs);
        (self == Self::Reported).then_some(outcome)
    }
}

/// One thing that the kernel can enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Powers of root that are not needed are gone for good.
    Powers,
    /// A program that is started has no more powers than this process.
    NoNewPrivileges,
    /// Files outside of the named directories are out of reach.
    Files,
    /// Only the named system calls go through.
    Calls,
}

impl Layer {
    /// Those that this system knows, in the order in which they are put on.
    pub const KNOWN: &[Self] = sandbox::LAYERS;
}

/// What the system calls it.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(sandbox::name(*self))
    }
}

/// What became of each layer.
#[derive(Debug)]
pub struct Outcome(Vec<(Layer, io::Result<()>)>);

impl Outcome {
    /// True if this layer is in force.
    #[must_use]
    pub fn has(&self, layer: Layer) -> bool {
        self.0
            .iter()
            .any(|(each, result)| *each == layer && result.is_ok())
    }
}

/// `capabilities, landlock; without seccomp (Function not implemented)`
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = self.0.iter().filter(|(_, result)| result.is_ok());
        let on: Vec<_> = on.map(|(layer, _)| layer.to_string()).collect();
        let off: Vec<_> = self
            .0
            .iter()
            .filter_map(|(layer, result)| {
                let error = result.as_ref().err()?;
                Some(format!("without {layer} ({error})"))
            })
            .collect();
        let parts = [on, off].map(|part| part.join(", "));
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        f.write_str(&parts.join("; "))
    }
}

pub(in crate::sys) fn enter(needs: &Needs<'_>) -> Outcome {
    let put_on = |layer: &Layer| (*layer, sandbox::put_on(*layer, needs));
    Outcome(Layer::KNOWN.iter().map(put_on).collect())
}

/// What would be in force in a process that entered here and now.
#[must_use]
pub fn offered() -> Outcome {
    let offer = |layer: &Layer| (*layer, sandbox::offer(*layer));
    Outcome(Layer::KNOWN.iter().map(offer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_names_what_is_on_and_why_the_rest_is_not() {
        let refused = || Err(io::ErrorKind::Unsupported.into());
        let mixed = Outcome(vec![(Layer::Powers, Ok(())), (Layer::Files, refused())]);
        let [powers, files] = [Layer::Powers, Layer::Files].map(|layer| layer.to_string());
        assert_eq!(
            mixed.to_string(),
            format!("{powers}; without {files} (unsupported)")
        );
        assert!(mixed.has(Layer::Powers) && !mixed.has(Layer::Files));
        let none = Outcome(vec![(Layer::Files, refused())]);
        assert_eq!(none.to_string(), format!("without {files} (unsupported)"));
    }
}
