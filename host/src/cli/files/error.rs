//! Why a file did not get where it should.

use core::fmt;
use std::io::{self, ErrorKind};

use snug_core::wire::name::FileNameError;
use snug_core::wire::notice::Refusal;

/// Why a file was not sent or fetched, said to the one who wanted it.
#[derive(Debug)]
pub(in crate::cli) enum FileError {
    /// Its name is none that a file in the room can have.
    Name(FileNameError),
    /// Something else stands there.
    NotAFile,
    /// It cannot be read here.
    Read(io::Error),
    /// It is not any more what it was when it was hashed.
    Changed,
    /// A classic server cannot read a header whose name holds a space.
    SpaceInName,
    /// A classic server has it in its folder, and gives it to nobody.
    Classic,
    /// The server does not do it, with its reason.
    Refused(String),
    /// The user has ended it.
    Stopped,
    /// A file stands here under its name.
    Standing,
    /// The folder that it should come into cannot be used.
    Folder(io::Error),
    /// What stands under the name of its draft is none of ours.
    Foreign(String),
    /// Another `cli` fetches it into the same folder.
    InUse,
    /// It cannot be written here.
    Write(io::Error),
    /// What came is not what the server has.
    Digest,
}

impl FileError {
    /// Whether another file is in the way, here or there, which would be
    /// replaced if that were asked for.
    pub(in crate::cli) fn is_in_the_way(&self) -> bool {
        match self {
            Self::Standing => true,
            Self::Refused(reason) => *reason == Refusal::Exists.to_string(),
            _ => false,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::NotAFile => f.write_str("that is not a file"),
            Self::Read(error) => write!(f, "it cannot be read: {}", reason(error)),
            Self::Changed => f.write_str("it has changed while it went out; send it again"),
            Self::SpaceInName => {
                f.write_str("this server takes no name with a space; rename the file")
            }
            Self::Classic => f.write_str("this server gives no files; ask who keeps it"),
            Self::Refused(_) if self.is_in_the_way() => {
                f.write_str("a file of that name stands there already")
            }
            Self::Refused(reason) => f.write_str(reason),
            Self::Stopped => f.write_str("stopped; the same command goes on where it stands"),
            Self::Standing => f.write_str("a file of that name stands here already"),
            Self::Folder(error) => write!(f, "the folder cannot be used: {}", reason(error)),
            Self::Foreign(name) => write!(f, "'{name}' is in the way; remove it"),
            Self::InUse => f.write_str("somebody else fetches it into this folder just now"),
            Self::Write(error) => write!(f, "it cannot be written: {}", reason(error)),
            Self::Digest => f.write_str("it came with errors and was dropped; fetch it again"),
        }
    }
}

/// The reason without the system's number for it.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "that is not permitted".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}
