//! What a program of Snug takes on its command line.
//!
//! - [`ServerOptions`]: what `srv` takes
//! - `paper`: man pages and shell completions of what there is
//! - [`value`]: sizes and durations as people write them
//!
//! A wrong call ends as with the classic programs, with `valid format : …`, but
//! says what was wrong too, and leaves status 2.

use std::ffi::OsString;
use std::io::{self, Write};
use std::{env, process};

use clap::builder::Resettable;

mod objects;
mod paper;
mod server;
pub mod value;

use paper::Paper;
pub use paper::{Documented, Entry};
pub use server::ServerOptions;

/// The command line and the environment of this process, parsed.
///
/// Ends the process where there is nothing to go on with: after `--help`,
/// `--version` and `--generate` with status 0, after a wrong call with status 2. `program` is the
/// name that the line `valid format : PROGRAM hostname port` gives.
pub fn parse<O: Documented>(program: &str) -> O {
    parse_from(program, env::args_os())
}

/// The same for other arguments, of which the first is the program.
pub fn parse_from<O: Documented>(
    program: &str,
    arguments: impl IntoIterator<Item = OsString>,
) -> O {
    let mut command = paper::command::<O>();
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    if let Some(at) = arguments.iter().position(|argument| paper::is_asked_for(argument)) {
        // It stands alone, and what a user always gives, in a file before the
        // command line or in the environment, is not for it.
        arguments.drain(1..at);
        command = command.mut_args(|argument| argument.env(Resettable::Reset));
    }
    let parsed = command.try_get_matches_from_mut(arguments).and_then(|matches| {
        if let Some(paper) = matches.get_one::<Paper>(paper::OPTION) {
            // Who reads it may have gone.
            process::exit(i32::from(paper.print::<O>().is_err()));
        }
        O::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    });
    parsed.unwrap_or_else(|error| usage_error(program, &error))
}

/// Ends the process with what clap has to say, be it help or an error.
///
/// The classic line goes to standard output, as it always did, the details of
/// what was wrong to standard error.
pub fn usage_error(program: &str, error: &clap::Error) -> ! {
    if error.use_stderr() {
        // Nobody may be there to read it; the status says it too.
        let _ = writeln!(io::stdout(), "{}", valid_format(program));
    }
    let _ = error.print();
    process::exit(error.exit_code())
}

/// The line by which the classic programs tell how they are called.
pub fn valid_format(program: &str) -> String {
    format!("valid format : {program} hostname port")
}
