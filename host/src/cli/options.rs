//! What `cli` takes.

use clap::Parser;
use clap::builder::FalseyValueParser;
use snug_core::client::Mode;

use super::errands::Errands;

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

    /// End with a connection that is lost instead of coming back.
    #[arg(long)]
    pub no_reconnect: bool,

    /// What to do instead of staying.
    #[command(flatten)]
    pub errands: Errands,
}

impl ClientOptions {
    pub(super) fn mode(&self) -> Mode {
        if self.classic { Mode::Classic } else { Mode::Line }
    }
}
