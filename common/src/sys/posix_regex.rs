//! POSIX extended regular expressions by the system's own library: patterns mean what they mean to the originals.
#![expect(unsafe_code, reason = "nix does not wrap regcomp")]

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr;

use nix::libc;

/// Whether letters of both cases are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterCase {
    /// They differ.
    Sensitive,
    /// They are the same.
    Ignored,
}

/// Groups that [`Regex::find`] tells about; group 0 is the whole match.
pub const GROUPS: usize = 10;

/// The library's words about a pattern need fewer bytes.
const MESSAGE: usize = 256;

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
        Self::with_flags(pattern, case, libc::REG_NOSUB).ok()
    }

    /// Like [`Self::compile`], for a pattern whose groups are of interest.
    ///
    /// # Errors
    /// The library's words for what is wrong.
    pub fn with_groups(pattern: &[u8], case: LetterCase) -> Result<Self, String> {
        Self::with_flags(pattern, case, 0).map_err(message)
    }

    fn with_flags(
        pattern: &[u8],
        case: LetterCase,
        flags: libc::c_int,
    ) -> Result<Self, libc::c_int> {
        let pattern = text_of(pattern);
        let ignore = match case {
            LetterCase::Sensitive => 0,
            LetterCase::Ignored => libc::REG_ICASE,
        };
        let flags = libc::REG_EXTENDED | ignore | flags;
        let mut compiled = MaybeUninit::uninit();
        // SAFETY: the pattern ends with a NUL, and there is room for the result.
        let status = unsafe { libc::regcomp(compiled.as_mut_ptr(), pattern.as_ptr(), flags) };
        if status != 0 {
            return Err(status);
        }
        // SAFETY: regcomp has succeeded, so the result is complete.
        let compiled = unsafe { compiled.assume_init() };
        Ok(Self { compiled })
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
                ptr::null_mut(),
                0,
            )
        };
        status == 0
    }

    /// The leftmost match in `text`, which ends at its first NUL: where its groups begin and end, in bytes. Of use only
    /// for a pattern made [with groups](Self::with_groups): others have none.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<[Option<(usize, usize)>; GROUPS]> {
        let text = text_of(text);
        let mut places = [const {
            libc::regmatch_t {
                rm_so: -1,
                rm_eo: -1,
            }
        }; GROUPS];
        // SAFETY: the pattern is compiled, the text ends with a NUL, and there is room for as many places as are named.
        let status = unsafe {
            libc::regexec(
                &raw const self.compiled,
                text.as_ptr(),
                GROUPS,
                places.as_mut_ptr(),
                0,
            )
        };
        (status == 0).then(|| places.map(|place| range(&place)))
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

/// A group that took no part has negative places.
fn range(place: &libc::regmatch_t) -> Option<(usize, usize)> {
    let start = usize::try_from(place.rm_so).ok()?;
    Some((start, usize::try_from(place.rm_eo).ok()?))
}

/// The library's words for an error of `regcomp`.
fn message(error: libc::c_int) -> String {
    let mut text = [0_u8; MESSAGE];
    // SAFETY: the library writes at most as many bytes as it is told, a NUL included; it needs no pattern for the words.
    unsafe { libc::regerror(error, ptr::null(), text.as_mut_ptr().cast(), text.len()) };
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
    text.to_string_lossy().into_owned()
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
    fn the_library_says_what_is_wrong() {
        let error = Regex::with_groups(b"a\\", LetterCase::Sensitive).unwrap_err();
        assert_eq!(error, "Trailing backslash");
    }

    #[test]
    fn groups_have_places_in_the_text() {
        let regex = Regex::with_groups(b"(x)?(a)", LetterCase::Sensitive).unwrap();
        let groups = regex.find(b"bab").unwrap();
        assert_eq!(&groups[..4], [Some((1, 2)), None, Some((1, 2)), None]);
        assert_eq!(regex.find(b"bcd"), None);
    }

    #[test]
    fn pattern_and_text_end_at_a_nul() {
        let regex = Regex::compile(b"^ab$\0[", LetterCase::Sensitive).unwrap();
        assert!(regex.is_match(b"ab\0cd"));
    }
}
