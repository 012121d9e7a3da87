//! The table of flags.

/// A flag of the original.
#[derive(Debug)]
pub(super) struct Flag {
    /// As people type it.
    pub(super) word: &'static str,
    /// Whether the next word belongs to it.
    pub(super) takes: Takes,
}

/// Whether a flag has an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Value,
}

impl Flag {
    /// The word without its dashes, which is clap's name for it.
    pub(super) fn name(&self) -> &'static str {
        self.word.trim_start_matches('-')
    }
}

/// Every flag except those that end the program at once.
pub(super) const FLAGS: &[Flag] = &[
    flag("-p", Takes::Value),
    flag("-f", Takes::Nothing),
    flag("-d", Takes::Nothing),
    flag("-q", Takes::Nothing),
    flag("-t", Takes::Nothing),
    flag("-T", Takes::Nothing),
    flag("-4", Takes::Nothing),
    flag("-6", Takes::Nothing),
    flag("-cf", Takes::Value),
    flag("-lf", Takes::Value),
    flag("-pf", Takes::Value),
    flag("--no-pid", Takes::Nothing),
    flag("-s", Takes::Value),
    flag("-user", Takes::Value),
    flag("-group", Takes::Value),
    flag("-chroot", Takes::Value),
    flag("-tf", Takes::Value),
    flag("-play", Takes::Value),
    flag("--diagnostics", Takes::Value),
    flag("--rate-limit", Takes::Value),
    flag("--sandbox", Takes::Nothing),
    flag("--no-sandbox", Takes::Nothing),
];

const fn flag(word: &'static str, takes: Takes) -> Flag {
    Flag { word, takes }
}
