//! What `cli` takes.

use clap::Parser;
use clap::builder::FalseyValueParser;
use snug_core::client::Mode;
use snug_core::wire::nick::Nick;

use super::errands::Errands;

/// A seat in a chat room into which anybody can drop a file.
///
/// What you type is said to the room; `/help` lists what else you can do there.
/// In a pipe each line of the input is said as it is, and each line of the room
/// is a line of the output. Arguments that you always give can stand in the file
/// `snug/cli` of your configuration folder (`~/.config`), one a line.
#[derive(Clone, Debug, Parser)]
#[command(name = "cli", version, max_term_width = 100, args_override_self = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ClientOptions {
    /// Name or address of the server.
    pub host: String,

    /// Port of the server.
    pub port: u16,

    /// Your name in the room.
    #[arg(long, value_name = "NAME", env = "SNUG_NICK", value_parser = nick)]
    pub nick: Option<Nick>,

    /// Give the room's lines as objects, one a line.
    #[arg(long, conflicts_with = "classic")]
    pub json: bool,

    /// Take commands (`/who`, `#who`) from a pipe too, not texts alone.
    #[arg(long)]
    pub commands: bool,

    /// Stay when the input ends.
    #[arg(long)]
    pub follow: bool,

    /// End with a connection that is lost instead of coming back.
    #[arg(long)]
    pub no_reconnect: bool,

    /// Look and speak as the classic client does, byte for byte; Snug's own
    /// commands are not to be had.
    #[arg(long, env = "SNUG_CLASSIC", value_parser = FalseyValueParser::new())]
    pub classic: bool,

    /// What to do instead of staying.
    #[command(flatten)]
    pub errands: Errands,
}

impl ClientOptions {
    pub(super) fn mode(&self) -> Mode {
        if self.classic { Mode::Classic } else { Mode::Line }
    }
}

fn nick(name: &str) -> Result<Nick, String> {
    Nick::parse(name.as_bytes()).map_err(|error| error.to_string())
}
