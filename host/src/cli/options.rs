//! What `cli` takes.

use std::io::{self, Write};
use std::process;

use clap::Parser;
use clap::builder::FalseyValueParser;
use snug_core::client::Mode;

/// A seat in a chat room into which anybody can drop a file.
///
/// What you type is said to the room. `#upload 'NAME'` drops a file into it;
/// `#help` asks a Snug server what else it knows.
#[derive(Clone, Debug, Parser)]
#[command(name = "cli", version, max_term_width = 100)]
pub struct ClientOptions {
    /// Name or address of the server.
    pub host: String,

    /// Port of the server.
    pub port: u16,

    /// Send what the classic client sends and nothing else: a classic server
    /// does not notice the difference, Snug's own commands are not to be had.
    #[arg(long, env = "SNUG_CLASSIC", value_parser = FalseyValueParser::new())]
    pub classic: bool,
}

impl ClientOptions {
    /// The command line of this process, parsed.
    ///
    /// Ends the process where there is nothing to go on with: after `--help`
    /// and `--version` with status 0, after a wrong call with status 2. The
    /// classic line goes to standard output, as it always did, the details to
    /// standard error.
    pub fn of_process() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            if error.use_stderr() {
                // Nobody may be there to read it; the status says it too.
                let _ = writeln!(io::stdout(), "valid format : cli hostname port");
            }
            let _ = error.print();
            process::exit(error.exit_code())
        })
    }

    pub(super) fn mode(&self) -> Mode {
        if self.classic { Mode::Classic } else { Mode::Line }
    }
}
