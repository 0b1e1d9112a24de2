//! What a client learns.

use core::time::Duration;

use super::Kind;
use crate::wire::digest::Digest;

/// What a client has learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event<'a> {
    /// The server said something. `text` is safe to be shown as it is: one
    /// line, no control characters. A line that does not fit into the buffers
    /// comes as several messages, all but the first [`Kind::Rest`].
    Message {
        /// What kind of line it is.
        kind: Kind,
        /// The line without its newline.
        text: &'a str,
    },
    /// The server has answered the knock; comes once at most.
    Snug,
    /// The file that was [offered](super::Client::offer) or
    /// [put](super::Client::put) is uploaded: Snug has said so (this comes in
    /// place of its line), or the link has taken all of it and the server is
    /// classic, which never says anything.
    Uploaded,
    /// The file that was [put](super::Client::put) is wanted from this byte on:
    /// the server has those before it from an earlier try.
    Have {
        /// From 0 to the size of the file.
        offset: u64,
    },
    /// The file that was [asked for](super::Client::get) begins to come.
    File {
        /// Bytes of the whole file. Those from the offset on will come.
        size: u64,
    },
    /// The next bytes of the file that was asked for; all of them together are
    /// never more than [`File`](Self::File) has told.
    Part(&'a [u8]),
    /// The file that was asked for has come. It is that file only if it has
    /// its size and this is its hash, which the caller works out.
    Sum(Digest),
    /// The transfer was refused, or it failed at the server.
    Refused {
        /// Why, and what to do: the line without what it begins with.
        reason: &'a str,
    },
    /// The transfer has [stopped](super::Client::stop).
    Stopped,
    /// One of the files that there are.
    Stored {
        /// Its name, which is a [`FileName`](crate::wire::name::FileName).
        name: &'a str,
        /// Its length in bytes.
        size: u64,
        /// For how long it has stood there, where the server has a clock.
        age: Option<Duration>,
    },
    /// The [list](super::Client::list_files) is complete, and had so many files.
    Listed(u64),
    /// The server has ended the connection; nothing comes after it.
    Closed,
}
