//! The file that the user wants to upload.

use core::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use snug_core::wire::name::{FileName, FileNameError};

/// A file that was found and can be read.
#[derive(Debug)]
pub(super) struct Offer {
    /// What the user has typed for it.
    pub(super) typed: String,
    /// What it will be called in the room.
    pub(super) name: FileName,
    /// Its length when it was opened.
    pub(super) size: u64,
    /// Bytes of it that were read.
    pub(super) done: u64,
    file: File,
}

/// Why a file cannot be uploaded, said to the one who typed its name.
#[derive(Debug)]
pub(super) enum OfferError {
    NotNamed,
    Name(FileNameError),
    NotAFile(String),
    Open(String, io::Error),
}

impl Offer {
    /// The file that an `#upload` command names.
    pub(super) fn open(command: &str) -> Result<Self, OfferError> {
        let typed = named("#upload", command).ok_or(OfferError::NotNamed)?.to_owned();
        let last = Path::new(&typed).file_name().unwrap_or_default();
        let name = FileName::parse(last.as_encoded_bytes()).map_err(OfferError::Name)?;
        let (file, is_file, size) =
            look_into(&typed).map_err(|error| OfferError::Open(typed.clone(), error))?;
        if !is_file {
            return Err(OfferError::NotAFile(typed));
        }
        Ok(Self { typed, name, size, done: 0, file })
    }

    /// Reads the next bytes; the end is an error, for more were promised.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(into) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(len) => {
                    self.done += len as u64;
                    return Ok(len);
                }
                error => return error,
            }
        }
    }
}

impl fmt::Display for OfferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNamed => f.write_str("write #upload 'NAME'"),
            Self::Name(error) => error.fmt(f),
            Self::NotAFile(typed) => write!(f, "'{typed}' is not a file"),
            Self::Open(typed, error) => write!(f, "'{typed}' cannot be read: {}", reason(error)),
        }
    }
}

/// Whether a line is a command of this word.
pub(super) fn is_command(word: &str, line: &str) -> bool {
    line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The file that a command of this word names: what stands in quotes, or all.
///
/// A size that was typed after the quotes, as on the wire, does not matter.
pub(super) fn named<'a>(word: &str, command: &'a str) -> Option<&'a str> {
    let rest = command.strip_prefix(word)?.trim();
    let inner = rest.strip_prefix('\'').and_then(|quoted| quoted.rsplit_once('\''));
    let name = match inner {
        Some((name, after)) if after.trim().bytes().all(|b| b.is_ascii_digit()) => name,
        _ => rest,
    };
    (!name.is_empty()).then_some(name)
}

/// Opens what stands at `path`, without waiting for the other end of a pipe.
fn look_into(path: &str) -> io::Result<(File, bool, u64)> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    Ok((file, found.is_file(), found.len()))
}

/// The reason without the system's number for it.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "that is not permitted".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_may_stand_in_quotes_or_not() {
        assert_eq!(named("#upload", "#upload 'google.png'"), Some("google.png"));
        assert_eq!(named("#upload", "#upload google.png"), Some("google.png"));
        assert_eq!(named("#upload", "#upload  a b.txt "), Some("a b.txt"));
        assert_eq!(named("#upload", "#upload 'google.png' 3082"), Some("google.png"));
        assert_eq!(named("#upload", "#upload 'it's'"), Some("it's"));
        assert_eq!(named("#upload", "#upload 'tis"), Some("'tis"));
        assert_eq!(named("#upload", "#upload"), None);
        assert_eq!(named("#upload", "#upload ''"), None);
    }

    #[test]
    fn an_upload_is_a_word() {
        assert!(is_command("#upload", "#upload"));
        assert!(is_command("#upload", "#upload 'a'"));
        assert!(!is_command("#upload", "#uploads"));
        assert!(!is_command("#upload", "##upload 'a'"));
    }

    #[test]
    fn what_is_not_a_file_is_told() {
        let told = |line: &str| Offer::open(line).unwrap_err().to_string();
        assert_eq!(told("#upload '/'"), "there is no file name; write one between the quotes");
        assert_eq!(told("#upload '/tmp'"), "'/tmp' is not a file");
        assert_eq!(told("#upload '/dev/null'"), "'/dev/null' is not a file");
        assert_eq!(told("#upload '/no/x'"), "'/no/x' cannot be read: there is no such file");
    }

    #[test]
    fn the_last_part_of_a_path_is_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.txt");
        std::fs::write(&path, "1,2").unwrap();
        let offer = Offer::open(&format!("#upload '{}'", path.display())).unwrap();
        assert_eq!((offer.name.as_str(), offer.size), ("a b.txt", 3));
        assert_eq!(offer.typed, path.to_str().unwrap());
    }
}
