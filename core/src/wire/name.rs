//! Names of files: parsed once, valid ever after.

use core::{error, fmt, str};

use super::text::is_safe;

/// The prefix of the server's own temporary names, which no file may have.
///
/// Whatever its case: there are media that do not tell cases apart.
pub const TEMPORARY_PREFIX: &str = ".snug-";

/// The most bytes that a file's name may have: what common file systems allow.
pub const MAX_FILE_NAME: usize = 255;

/// The name of a file: one component of a path, and safe text.
///
/// It can be joined to a folder and stays in it, and it can be shown. Whether a
/// medium can have it (`a:b`, `CON`) is for the store to say.
///
/// # Example: parsing what a peer sent
///
/// ```
/// use snug_core::wire::name::{FileName, FileNameError};
///
/// let name = FileName::parse(b"my notes.txt")?;
/// assert_eq!(name.as_str(), "my notes.txt");
/// assert_eq!(FileName::parse(b"../x"), Err(FileNameError::Separator));
/// # Ok::<(), FileNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FileName(heapless::String<MAX_FILE_NAME, u8>);

impl FileName {
    /// The name that these bytes are, if they are one; nothing is trimmed.
    pub fn parse(raw: &[u8]) -> Result<Self, FileNameError> {
        if raw.len() > MAX_FILE_NAME {
            return Err(FileNameError::TooLong);
        }
        let text = str::from_utf8(raw).map_err(|_| FileNameError::NotUtf8)?;
        match flaw_of(text) {
            Some(flaw) => Err(flaw),
            None => text.try_into().map(Self).map_err(|_| FileNameError::TooLong),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for FileName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why bytes are no name for a file.
///
/// Shown, it is what follows the `! ` of a refusal: why, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FileNameError {
    /// No name at all.
    Empty,
    /// More than [`MAX_FILE_NAME`] bytes.
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// A `/` or `\`, which would lead into another folder.
    Separator,
    /// `.` or `..`, which are folders.
    Dots,
    /// A control, a tab, an end of a line, or a mark of bidirectional text.
    Unprintable,
    /// Nothing but white space.
    Blank,
    /// Begins with [`TEMPORARY_PREFIX`].
    Reserved,
}

impl fmt::Display for FileNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no file name; write one between the quotes",
            Self::TooLong => "a file name may have 255 bytes at most; choose a shorter one",
            Self::NotUtf8 => "a file name must be UTF-8; choose another",
            Self::Separator => "a file name may not hold / or \\; leave the folders out",
            Self::Dots => "a file cannot be named . or ..; choose another name",
            Self::Unprintable => "a file name may hold printable characters alone; choose another",
            Self::Blank => "a file name may not be blank; choose another",
            Self::Reserved => "names that begin with .snug- are the server's; choose another",
        })
    }
}

impl error::Error for FileNameError {}

fn flaw_of(name: &str) -> Option<FileNameError> {
    if name.is_empty() {
        Some(FileNameError::Empty)
    } else if name.contains(['/', '\\']) {
        Some(FileNameError::Separator)
    } else if matches!(name, "." | "..") {
        Some(FileNameError::Dots)
    } else if name.contains('\t') || !is_safe(name) {
        Some(FileNameError::Unprintable)
    } else if name.chars().all(char::is_whitespace) {
        Some(FileNameError::Blank)
    } else if is_temporary(name) {
        Some(FileNameError::Reserved)
    } else {
        None
    }
}

fn is_temporary(name: &str) -> bool {
    let start = name.as_bytes().get(..TEMPORARY_PREFIX.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(TEMPORARY_PREFIX.as_bytes()))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;
    use std::vec;

    use super::*;

    #[test]
    fn names_stay_as_they_are() {
        let names =
            ["a", "google.png", " a b ", "it's", "...", ".snug", "é汉🦀", "CON", "\u{fffd}"];
        for name in names {
            let parsed = FileName::parse(name.as_bytes()).unwrap();
            assert_eq!(parsed.as_str(), name);
            assert_eq!(parsed.to_string(), name);
            assert_eq!(FileName::parse(parsed.as_ref().as_bytes()), Ok(parsed));
        }
    }

    #[test]
    fn each_flaw_has_its_error() {
        let flaws: [(&[u8], FileNameError); 20] = [
            (b"", FileNameError::Empty),
            (b"a\xff", FileNameError::NotUtf8),
            (b"\xc3", FileNameError::NotUtf8),
            (b"/etc/passwd", FileNameError::Separator),
            (b"a\\b", FileNameError::Separator),
            (b"../x", FileNameError::Separator),
            (b".", FileNameError::Dots),
            (b"..", FileNameError::Dots),
            (b"a\0", FileNameError::Unprintable),
            (b"a\tb", FileNameError::Unprintable),
            (b"a\nb", FileNameError::Unprintable),
            (b"\x7f", FileNameError::Unprintable),
            ("a\u{85}".as_bytes(), FileNameError::Unprintable),
            ("a\u{2028}".as_bytes(), FileNameError::Unprintable),
            ("gnp\u{202e}.exe".as_bytes(), FileNameError::Unprintable),
            ("\u{2066}".as_bytes(), FileNameError::Unprintable),
            (b" ", FileNameError::Blank),
            ("\u{a0}\u{3000}".as_bytes(), FileNameError::Blank),
            (b".snug-1", FileNameError::Reserved),
            (b".SnUg-", FileNameError::Reserved),
        ];
        for (raw, flaw) in flaws {
            assert_eq!(FileName::parse(raw), Err(flaw), "{raw:x?}");
        }
    }

    #[test]
    fn its_length_counts_in_bytes() {
        assert!(FileName::parse(&[b'a'; 255]).is_ok());
        assert_eq!(FileName::parse(&[b'a'; 256]), Err(FileNameError::TooLong));
        assert!(FileName::parse("é".repeat(127).as_bytes()).is_ok());
        assert_eq!(FileName::parse("é".repeat(128).as_bytes()), Err(FileNameError::TooLong));
        assert_eq!(FileName::parse(&vec![0xff; 5_000]), Err(FileNameError::TooLong));
    }

    #[test]
    fn errors_speak_of_the_constants() {
        assert!(FileNameError::TooLong.to_string().contains(&MAX_FILE_NAME.to_string()));
        assert!(FileNameError::Reserved.to_string().contains(TEMPORARY_PREFIX));
    }
}
