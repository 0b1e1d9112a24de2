//!
//! The room itself is [`snug_core`]; here is what stands around it on a host.
//!
//! - [`net`]: names, listeners, and what an accepted socket is set to
//! - [`signals`]: Ctrl-C and its kin as something to poll
//! - [`clock`]: the time that the core is handed

use core::fmt::Display;
use std::io;

pub mod clock;
pub mod net;
pub mod signals;

/// The same kind of error, said as a sentence: `what` failed, and why.
pub(crate) fn explain(what: impl Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
