//! POSIX extended regular expressions by the system's own library: patterns mean what they mean to the originals.
#![expect(unsafe_code, reason = "nix does not wrap regcomp")]

use std::ffi::CString;
use std::mem::MaybeUninit;

use nix::libc;

/// Whether letters of both cases are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterCase {
    /// They differ.
    Sensitive,
    /// They are the same.
    Ignored,
}

/// A compiled pattern.
pub struct Regex {
    compiled: libc::regex_t,
}

// SAFETY: a compiled pattern belongs to no thread; it holds only memory of its own.
unsafe impl Send for Regex {}
// SAFETY: POSIX requires of regexec that several threads may use one compiled pattern at the same time.
unsafe impl Sync for Regex {}

impl Regex {
    /// Compiles a pattern, which ends at its first NUL; `None` if it is not valid.
    #[must_use]
    pub fn compile(pattern: &[u8], case: LetterCase) -> Option<Self> {
        let pattern = text_of(pattern);
        let ignore = match case {
            LetterCase::Sensitive => 0,
            LetterCase::Ignored => libc::REG_ICASE,
        };
        let flags = libc::REG_EXTENDED | libc::REG_NOSUB | ignore;
        let mut compiled = MaybeUninit::uninit();
        // SAFETY: the pattern ends with a NUL, and there is room for the result.
        let status = unsafe { libc::regcomp(compiled.as_mut_ptr(), pattern.as_ptr(), flags) };
        if status != 0 {
            return None;
        }
        // SAFETY: regcomp has succeeded, so the result is complete.
        let compiled = unsafe { compiled.assume_init() };
        Some(Self { compiled })
    }

    /// True if the pattern is found anywhere in `text`, which ends at its first NUL.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        let text = text_of(text);
        // SAFETY: the pattern is compiled, the text ends with a NUL, and no places of matches are asked for.
        let status = unsafe {
            libc::regexec(
                &raw const self.compiled,
                text.as_ptr(),
                0,
                std::ptr::null_mut(),
                0,
            )
        };
        status == 0
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: the pattern is compiled and nobody uses it any more.
        unsafe { libc::regfree(&raw mut self.compiled) };
    }
}

impl std::fmt::Debug for Regex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Regex").finish_non_exhaustive()
    }
}

fn text_of(bytes: &[u8]) -> CString {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    // There is no NUL left.
    CString::new(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere() {
        let regex = Regex::compile(b"b.d$", LetterCase::Sensitive).unwrap();
        assert!(regex.is_match(b"abcd"));
        assert!(!regex.is_match(b"aBCD"));
        assert!(!regex.is_match(b"bcde"));
    }

    #[test]
    fn letters_of_both_cases_can_be_the_same() {
        let regex = Regex::compile(b"^AB+", LetterCase::Ignored).unwrap();
        assert!(regex.is_match(b"abbb"));
    }

    #[test]
    fn an_invalid_pattern_is_refused() {
        assert!(Regex::compile(b"[", LetterCase::Sensitive).is_none());
    }

    #[test]
    fn pattern_and_text_end_at_a_nul() {
        let regex = Regex::compile(b"^ab$\0[", LetterCase::Sensitive).unwrap();
        assert!(regex.is_match(b"ab\0cd"));
    }
}
