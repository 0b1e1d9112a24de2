//! Bytes to meaning and back, and nothing else.
//!
//! - [`frame`]: the decoder of a peer's bytes, classic and line dialect
//! - [`header`]: the header of a classic upload and its readings
//! - [`command`]: the `#` words of a line peer
//! - [`text`]: making text safe
//! - [`digest`]: SHA-256 in digits; `address`: addresses as they are shown
//! - [`name`], [`nick`]: names of files and of people; [`fold`]: their case
//! - [`notice`]: every sentence that Snug says; [`sentence`]: the room's, read back;
//!   [`report`]: the `#` lines among them that programs read

mod address;
pub mod command;
pub mod digest;
pub mod fold;
pub mod frame;
pub mod header;
pub mod name;
pub mod nick;
pub mod notice;
pub mod report;
pub mod sentence;
pub mod text;

/// How a peer marks the end of what it says, and how it is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Dialect {
    /// A burst is a message, there is no terminator; `srv.py` and `cli.py`.
    #[default]
    Classic,
    /// A message ends with a newline; `nc`, and Snug's own `cli`.
    Line,
}
