//! Snug on an operating system: sockets, the folder, the console, the terminal.
//!
//! The room itself is [`snug_core`]; here is what stands around it on a host.
//!
//! - [`room`]: the thread that serves the room
//! - [`cli`]: a seat in a room: keyboard, screen, connection
//! - [`folder`]: the files, written by threads of their own
//! - [`sandbox`]: nothing but that folder, as far as the kernel sees to it
//! - [`console`]: standard output, without waiting for it; [`journal`]: what is
//!   written there
//! - [`operator`]: who keeps the room: what is typed there, and what comes of it
//! - [`net`]: names, listeners, and what an accepted socket is set to
//! - [`service`]: sockets from a service manager, and what it is told
//! - [`signals`]: Ctrl-C and its kin as something to poll
//! - [`clock`]: the time that the core is handed
//! - [`options`]: what `srv` takes on its command line, and how a wrong call ends

use core::fmt::Display;
use std::io;

pub mod cli;
pub mod clock;
pub mod console;
pub mod folder;
pub mod journal;
pub mod net;
mod news;
pub mod operator;
pub mod options;
mod record;
mod ring;
pub mod room;
pub mod sandbox;
pub mod service;
pub mod signals;
mod within;

/// Called from other threads when the room's thread has something to look at.
///
/// It is called often and must be quick: a write to an event descriptor, say.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// The same kind of error, said as a sentence: `what` failed, and why.
pub(crate) fn explain(what: impl Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
