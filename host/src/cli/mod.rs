//! A seat in the room: keyboard, screen and the connection between them.
//!
//! ```text
//!   keyboard ─► typed ─┐                 ┌─► screen
//!                      ├─► Session ◄─────┤
//!        offer (file) ─┘      ▲          └─► interrupt
//!                             ▼
//!                   snug_core::client ◄─► link
//! ```
//!
//! The screen is that of the classic client, byte for byte, but for a message
//! that arrives while a line is half typed: it goes above that line. What is typed is
//! worked off line by line in its order: each line waits until the one before
//! it is said, or its file is out, and then the prompt comes again.

mod dial;
mod errands;
mod files;
mod interrupt;
mod keyboard;
mod keys;
mod link;
mod offer;
mod options;
mod screen;
mod session;
mod tty;
mod typed;

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

pub use self::errands::Errands;
use self::link::Link;
pub use self::options::ClientOptions;
use self::session::{Session, SessionError};

/// Takes the seat until the user or the server ends it.
///
/// The status is 0 when it went as either of them wished, and 1 when there was
/// no server or a file could not be sent as promised.
pub fn run(options: &ClientOptions) -> ExitCode {
    if options.errands.any() {
        return errands::run(options);
    }
    let link = match Link::connect(&options.host, options.port) {
        Ok(link) => link,
        Err(error) => return unable_to_connect(options, &error),
    };
    match Session::start(options.mode(), link).and_then(|mut session| session.run()) {
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

fn unable_to_connect(options: &ClientOptions, error: &io::Error) -> ExitCode {
    // The status says it too.
    let _ = writeln!(io::stdout(), "Unable to connect");
    eprintln!("cli: {}:{}: {error}", options.host, options.port);
    ExitCode::FAILURE
}
