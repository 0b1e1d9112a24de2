//! Why a stay ended otherwise than somebody wished.

use core::fmt;
use std::io::{self, ErrorKind};

/// Why a stay ended otherwise than somebody wished.
#[derive(Debug)]
pub(super) enum SessionError {
    /// The screen cannot be written to, or the system does not let us poll.
    System(io::Error),
    /// A file that was promised cannot be read to its end.
    File(String, io::Error),
    /// The server went before all was said.
    Lost,
    /// All was said, and some of it may be lost; the user was told what.
    Doubtful,
}

impl From<io::Error> for SessionError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::File(typed, error) if error.kind() == ErrorKind::UnexpectedEof => {
                write!(f, "'{typed}' has become shorter while it went out")
            }
            Self::File(typed, error) => write!(f, "'{typed}' cannot be read: {error}"),
            Self::Lost => f.write_str("the connection is lost"),
            Self::Doubtful => f.write_str("not all that was said may have been heard"),
        }
    }
}
