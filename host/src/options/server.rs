//! What `srv` takes.

use core::time::Duration;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::FalseyValueParser;
use clap::value_parser;

use super::value::{GIB, KIB, MIB, TIB, duration_in, size_in};
use crate::journal::LogFormat;
use crate::service;

/// A chat room into which anybody can drop a file.
#[derive(Clone, Debug, Parser)]
#[command(name = "srv", version, max_term_width = 100, after_help = NOTES)]
#[command(mut_args(|argument| argument.hide_env(true)))]
pub struct ServerOptions {
    /// Name or address to listen on; 0.0.0.0 or :: for all of this machine's.
    #[arg(required = !service::has_sockets(), requires = "port")]
    pub host: Option<String>,

    /// Port to listen on; with 0 the system chooses one.
    #[arg(required = !service::has_sockets())]
    pub port: Option<u16>,

    /// Folder that uploads go to, made if missing.
    #[arg(long, env = "SNUG_FOLDER", value_name = "PATH", default_value = "./server")]
    pub folder: PathBuf,

    /// Print nothing of what happens in the room; the port is told where it was 0.
    #[arg(long, short, env = "SNUG_QUIET", value_parser = FalseyValueParser::new())]
    pub quiet: bool,

    /// Form of what is printed: classic, the lines of old, or json, an object each.
    #[arg(long, env = "SNUG_LOG_FORMAT", value_name = "FORMAT", value_enum,
        default_value_t = LogFormat::Classic, hide_possible_values = true)]
    pub log_format: LogFormat,

    /// Do without the sandbox that leaves the server nothing but its folder.
    #[arg(long, env = "SNUG_NO_SANDBOX", value_parser = FalseyValueParser::new())]
    pub no_sandbox: bool,

    /// Clients that can be in the room at once; fewer where the system lacks
    /// descriptors [1 to 100000].
    #[arg(long, env = "SNUG_MAX_CLIENTS", value_name = "N", default_value = "1024",
        value_parser = value_parser!(u32).range(1..=100_000), help_heading = ROOM)]
    pub max_clients: u32,

    /// Clients that one address can have in the room, an IPv6 /64 being one; with
    /// 0 as many as like [0 to 100000]. Default: half of the room, and this machine is
    /// spared.
    #[arg(long, env = "SNUG_MAX_PER_ADDRESS", value_name = "N",
        value_parser = value_parser!(u32).range(0..=100_000), help_heading = ROOM)]
    pub max_per_address: Option<u32>,

    /// Connections a second from one address, beyond what it can have at once;
    /// with 0 as many as like [0 to 100000]. Default: 50, and this machine is spared.
    #[arg(long, env = "SNUG_MAX_NEW", value_name = "N",
        value_parser = value_parser!(u32).range(0..=100_000), help_heading = ROOM)]
    pub max_new: Option<u32>,

    /// Memory for the room's lines, for slow readers and for the history [64K to 1G].
    #[arg(long, env = "SNUG_LOG_SIZE", value_name = "SIZE", default_value = "1M",
        value_parser = size_in::<usize>(64 * KIB..=GIB), help_heading = ROOM)]
    pub log_size: usize,

    /// Longest line in bytes, with the sender's name; longer ones are cut up [256
    /// to 65535].
    #[arg(long, env = "SNUG_LINE_LIMIT", value_name = "SIZE", default_value = "4096",
        value_parser = size_in::<usize>(256..=65_535), help_heading = ROOM)]
    pub line_limit: usize,

    /// Bytes that a client may say in a second; with 0 as many as it likes [0 to 1G].
    #[arg(long, env = "SNUG_MAX_CHAT", value_name = "SIZE", default_value = "0",
        value_parser = size_in::<u32>(0..=GIB), help_heading = ROOM)]
    pub max_chat: u32,

    /// Largest file that is taken [0 to 1048576T].
    #[arg(long, env = "SNUG_MAX_FILE", value_name = "SIZE", default_value = "1G",
        value_parser = size_in::<u64>(0..=LARGEST), help_heading = FILES)]
    pub max_file: u64,

    /// Bytes that all files in the folder may take together [0 to 1048576T].
    #[arg(long, env = "SNUG_MAX_FOLDER", value_name = "SIZE", default_value = "16G",
        value_parser = size_in::<u64>(0..=LARGEST), help_heading = FILES)]
    pub max_folder: u64,

    /// Bytes that one address may upload while the server runs [0 to
    /// 1048576T].
    #[arg(long, env = "SNUG_MAX_ADDRESS", value_name = "SIZE", default_value = "16G",
        value_parser = size_in::<u64>(0..=LARGEST), help_heading = FILES)]
    pub max_address: u64,

    /// Files that go up or down at once; more wait for their turn [1 to 1024].
    #[arg(long, env = "SNUG_MAX_TRANSFERS", value_name = "N", default_value = "64",
        value_parser = value_parser!(u16).range(1..=1024), help_heading = FILES)]
    pub max_transfers: u16,

    /// Bytes of a file that are collected before they go to the disk; a file under way takes
    /// three times that [4K to 16M].
    #[arg(long, env = "SNUG_BLOCK_SIZE", value_name = "SIZE", default_value = "64K",
        value_parser = size_in::<usize>(4 * KIB..=16 * MIB), help_heading = FILES)]
    pub block_size: usize,

    /// How long the room waits for slow readers before they miss lines [10ms to 24h].
    #[arg(long, env = "SNUG_PATIENCE", value_name = "TIME", default_value = "1s",
        value_parser = duration_in(SHORTEST..=LONGEST), help_heading = TIMES)]
    pub patience: Duration,

    /// Time in which a file must move 4 KiB to go on [10ms to 24h].
    #[arg(long, env = "SNUG_STALL", value_name = "TIME", default_value = "60s",
        value_parser = duration_in(SHORTEST..=LONGEST), help_heading = TIMES)]
    pub stall: Duration,

    /// Time after which a peer that takes nothing of what it is sent is put out [10ms
    /// to 24h].
    #[arg(long, env = "SNUG_SEND_TIMEOUT", value_name = "TIME", default_value = "30s",
        value_parser = duration_in(SHORTEST..=LONGEST), help_heading = TIMES)]
    pub send_timeout: Duration,

    /// Silence after which a peer's system is asked whether it is still there [1s to
    /// 24h].
    #[arg(long, env = "SNUG_KEEP_ALIVE", value_name = "TIME", default_value = "30s",
        value_parser = duration_in(Duration::from_secs(1)..=LONGEST), help_heading = TIMES)]
    pub keep_alive: Duration,
}

const NOTES: &str = "\
Sizes take K, M, G and T, in powers of 1024; times take ms, s, m and h.
Each option can stand in the environment, too: --max-file as SNUG_MAX_FILE.
HOST and PORT are not needed where a service manager hands over a socket.";

const ROOM: &str = "The room";
const FILES: &str = "Files";
const TIMES: &str = "Patience";

/// Sizes fit a signed 64-bit file offset with room to add some up.
const LARGEST: u64 = 1024 * 1024 * TIB;
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(words: &[&str]) -> Result<ServerOptions, clap::Error> {
        ServerOptions::try_parse_from(["srv"].iter().chain(words))
    }

    #[test]
    fn is_consistent() {
        ServerOptions::command().debug_assert();
    }

    #[test]
    fn has_its_defaults() {
        let options = parse(&["localhost", "5000"]).unwrap();
        assert_eq!((options.host.as_deref(), options.port), (Some("localhost"), Some(5000)));
        assert_eq!(options.folder, PathBuf::from("./server"));
        assert_eq!((options.max_clients, options.max_transfers), (1024, 64));
        assert_eq!((options.log_size, options.line_limit), (1 << 20, 4096));
        assert_eq!((options.max_per_address, options.max_new), (None, None));
        assert_eq!(options.max_chat, 0);
        assert_eq!((options.max_file, options.max_folder), (GIB, 16 * GIB));
        assert_eq!((options.max_address, options.block_size), (16 * GIB, 65_536));
        assert_eq!(options.patience, Duration::from_secs(1));
        assert_eq!(options.stall, Duration::from_mins(1));
        assert_eq!(options.send_timeout, Duration::from_secs(30));
        assert_eq!(options.keep_alive, Duration::from_secs(30));
        assert!(!options.quiet && !options.no_sandbox);
    }

    #[test]
    fn takes_options_before_and_after() {
        let options = parse(&["--log-size", "2m", "::", "0", "--stall=500ms", "-q"]).unwrap();
        assert_eq!((options.host.as_deref(), options.port), (Some("::"), Some(0)));
        assert_eq!(options.log_size, 2 << 20);
        assert_eq!(options.stall, Duration::from_millis(500));
        assert!(options.quiet);
    }

    #[test]
    fn refuses_what_is_out_of_range() {
        for words in [
            &["localhost"][..],
            &["localhost", "65536"],
            &["localhost", "5000", "--max-clients", "0"],
            &["localhost", "5000", "--max-clients", "100001"],
            &["localhost", "5000", "--log-size", "63K"],
            &["localhost", "5000", "--line-limit", "64K"],
            &["localhost", "5000", "--max-transfers", "1025"],
            &["localhost", "5000", "--patience", "0"],
            &["localhost", "5000", "--patience", "soon"],
            &["localhost", "5000", "6000"],
        ] {
            let error = parse(words).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }

    /// What the help says of a range is what stands in the error.
    #[test]
    fn tells_of_every_range() {
        for option in ServerOptions::command().get_opts() {
            let too_much = match option.get_value_names().map(|names| names[0].as_str()) {
                Some("N") => "9999999",
                Some("SIZE") => "16777215T",
                Some("TIME") => "9999h",
                _ => continue,
            };
            let option_given = format!("--{}={too_much}", option.get_long().unwrap());
            let error = parse(&["localhost", "5000", &option_given]).unwrap_err().to_string();
            let help = option.get_help().unwrap().to_string();
            let range = help.split(['[', ']']).nth(1).unwrap_or_else(|| panic!("{help}"));
            let (least, most) = range.split_once(" to ").unwrap();
            let is_it = [format!("not from {least} to {most}"), format!("{least}..={most}")];
            assert!(is_it.iter().any(|range| error.contains(range)), "{help}: {error}");
        }
    }

    #[test]
    fn tells_of_every_option_in_the_environment() {
        let error = parse(&["--help"]).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0));
        for argument in ServerOptions::command().get_opts() {
            let name = argument.get_long().unwrap().to_uppercase().replace('-', "_");
            let variable = argument.get_env().unwrap().to_str().unwrap();
            assert_eq!(variable, format!("SNUG_{name}"));
        }
    }
}
