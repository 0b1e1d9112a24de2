//! Bytes to meaning and back, and nothing else.
//!
//! - [`text`]: making text safe
//! - [`command`]: the `#` words of a line peer
//! - [`name`], [`nick`]: names of files and of people

pub mod command;
pub mod name;
pub mod nick;
pub mod text;

/// How a peer marks the end of what it says, and how it is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A burst is a message, there is no terminator; `srv.py` and `cli.py`.
    #[default]
    Classic,
    /// A message ends with a newline; `nc`, and Snug's own `cli`.
    Line,
}
