//! A seat in the room: who types, who reads, and the connection between them.
//!
//! ```text
//!   front: terminal, plain, json, classic
//!     │ wishes               ▲ scenes
//!     ▼                      │
//!   desk ── order ──► session: visit, visit, …
//!                              │        ▲
//!          transfers (files) ──┤        ├── ear (what is news)
//!                              ▼        │
//!                 connection: snug_core::client, link
//! ```
//!
//! A session is a row of visits: each is one connection, and when it is lost the
//! next one is dialled. What the user types is worked off line by line in its
//! order: each line waits until the one before it is said, or its file is out.

mod config;
mod connection;
mod desk;
mod dial;
mod ear;
mod errands;
mod error;
mod files;
mod front;
mod gauge;
mod home;
mod interrupt;
mod link;
mod me;
mod offer;
mod options;
mod order;
mod own;
mod recall;
mod said;
mod session;
mod transfers;
mod visit;

use std::io::{self, ErrorKind};
use std::process::ExitCode;

pub use self::config::arguments;
use self::error::SessionError;
use self::link::Link;
pub use self::options::{ClientOptions, Errands};
#[cfg(test)]
pub(crate) use self::own::Own;
use self::session::Session;

/// Takes the seat until the user or the server ends it.
///
/// The status is 0 when it went as either of them wished, and 1 when there was
/// no server, a file could not be sent as promised, the server went before all was
/// said, or, where nobody sits, what was said may be lost.
pub fn run(options: &ClientOptions) -> ExitCode {
    if options.errands.any() {
        return errands::run(options);
    }
    let link = match Link::connect(&options.host, options.port) {
        Ok(link) => link,
        Err(error) => return unable_to_connect(options, &error),
    };
    match Session::open(options).and_then(|mut session| session.run(link)) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the screen has gone: nobody is left to be told.
        Err(SessionError::System(error)) if error.kind() == ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cli: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The commands that can be typed: how each is written, and what it does.
pub(crate) fn commands() -> impl Iterator<Item = (&'static str, &'static str)> {
    order::USAGES.iter().map(|usage| (usage.form, usage.help))
}

fn unable_to_connect(options: &ClientOptions, error: &io::Error) -> ExitCode {
    // The status says it too.
    let _ = front::unable_to_connect(options, error);
    eprintln!("cli: {}: {error}", options.place());
    ExitCode::FAILURE
}
