//! What `cli` takes.

mod errands;

use clap::Parser;
use snug_core::client::Mode;
use snug_core::wire::nick::Nick;

pub use self::errands::Errands;

/// A seat in a chat room into which anybody can drop a file.
#[derive(Clone, Debug, Parser)]
#[command(name = "cli", version, max_term_width = 100, args_override_self = true)]
#[command(after_help = NOTES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ClientOptions {
    /// Name or address of the server.
    pub host: String,

    /// Port of the server.
    pub port: u16,

    /// Your name in the room.
    #[arg(long, value_name = "NAME", env = "SNUG_NICK", value_parser = nick)]
    pub nick: Option<Nick>,

    /// End when the connection is lost instead of coming back.
    #[arg(long)]
    pub no_reconnect: bool,

    /// Look and speak as the classic client does, byte for byte.
    // For clap a variable is in conflict with what overrides its option; so this
    // one is read where the user's file is.
    #[arg(long, overrides_with = "json", help = CLASSIC)]
    pub classic: bool,

    /// Give the room's lines as objects, one a line; on errands, what became of them.
    #[arg(long, overrides_with = "classic", help_heading = PIPE)]
    pub json: bool,

    /// Take commands (/who, #who) from the input, too, as they are at a terminal.
    #[arg(long, help_heading = PIPE)]
    pub commands: bool,

    /// Stay when the input ends.
    #[arg(long, help_heading = PIPE)]
    pub follow: bool,

    /// What to do instead of staying.
    #[command(flatten)]
    pub errands: Errands,
}

const CLASSIC: &str =
    "Look and speak as the classic client does, byte for byte [env: SNUG_CLASSIC]";

const PIPE: &str = "In a pipe (a line in is a text, a line of the room a line out)";

const NOTES: &str = "\
At a terminal, what you type is said to the room, and /help lists what else you can do.
Options that you always give can stand in ~/.config/snug/cli, one a line.

A connection that is lost comes back by itself: for as long as it takes at a terminal,
for about two minutes in a pipe and on errands, which then end with status 1.

What stands in that file never gets in the way: of --classic and --json the last one
counts; the environment comes first, then the file, then the command line. --replace and
--quiet are for errands alone; --follow and --commands are not, and --commands is not for
--classic, either.";

impl ClientOptions {
    /// The place of the room, for people to read.
    pub(super) fn place(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    pub(super) fn mode(&self) -> Mode {
        if self.classic { Mode::Classic } else { Mode::Line }
    }
}

fn nick(name: &str) -> Result<Nick, String> {
    Nick::parse(name.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_last_of_classic_and_json_counts() {
        let parse = |words: &[&str]| {
            let options = ClientOptions::parse_from([&["cli", "::1", "9999"], words].concat());
            (options.classic, options.json)
        };
        assert_eq!(parse(&["--json", "--classic"]), (true, false));
        assert_eq!(parse(&["--classic", "--json"]), (false, true));
    }

    #[test]
    fn files_come_where_the_user_means() {
        let folder = |words: &[&str]| {
            let words = [&["cli", "::1", "9999"], words].concat();
            ClientOptions::parse_from(words).errands.folder()
        };
        assert_eq!(folder(&[]), Path::new("."));
        assert_eq!(folder(&["--to", "there"]), Path::new("there"));
        assert_eq!(folder(&["--to=~/there"]), std::env::home_dir().unwrap().join("there"));
    }

    #[test]
    fn an_address_of_ipv6_stands_in_brackets() {
        let place = |host| ClientOptions::parse_from(["cli", host, "9999"]).place();
        assert_eq!(place("example.org"), "example.org:9999");
        assert_eq!(place("fe80::1%eth0"), "[fe80::1%eth0]:9999");
    }
}
