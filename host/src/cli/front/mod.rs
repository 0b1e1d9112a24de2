//! What stands between the user and the session: a terminal, a pipe, a program.
//!
//! - [`terminal`]: a line editor, colours, a row for what is under way
//! - [`plain`]: a line of the room is a line of the output
//! - [`json`]: a line of the room is an object
//! - [`classic`]: the screen of the classic client, byte for byte

mod classic;
mod input;
mod json;
mod keyboard;
mod plain;
mod terminal;
mod tty;

use std::env;
use std::io::{self, IsTerminal, Write as _};
use std::sync::Arc;

use mio::Waker;
use snug_core::client::Kind;

use self::classic::Classic;
use self::json::Json;
use self::plain::Plain;
use self::terminal::Terminal;
use super::gauge::Gauge;
use super::me::Me;
use super::options::ClientOptions;
use super::order::Grammar;
use crate::news::News;

/// Who shows what happens, and gives what the user wants.
pub(super) trait Front {
    /// What the user wants next, if that is known by now. Whoever polls is woken
    /// when there may be more.
    fn wish(&mut self) -> io::Result<Option<Wish>>;

    /// Whether the user wants to be gone, whatever is under way.
    fn wants_out(&self) -> bool {
        false
    }

    /// Whether it helps to know who is in the room.
    fn wants_roster(&self) -> bool {
        false
    }

    /// Whether it helps to know which files are there; asked once, it is so
    /// again when the user begins to name one.
    fn wants_files(&self) -> bool {
        false
    }

    /// Shows what has happened.
    fn show(&mut self, scene: &Scene<'_>, me: &Me) -> io::Result<()>;

    /// Keeps what is under way in view, where there is a place for that.
    fn status(&mut self, _: &Status<'_>, _: &Me) {}

    /// Takes the terminal back from the shell.
    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Brings what was shown before the user's eyes.
    fn flush(&mut self) -> io::Result<()>;

    /// Shows how it ended; nothing comes after it.
    fn end(&mut self, how: Farewell) -> io::Result<()>;
}

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A line was entered.
    Line(String),
    /// A line was entered behind another, as they were pasted: no command.
    Text(String),
    /// Lines were entered behind a command, which has one alone.
    Mixed,
    /// Nothing comes after what was entered.
    End,
}

/// Something that happened, for the user to know.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scene<'a> {
    /// The server said it.
    Heard {
        kind: Kind,
        text: &'a str,
        /// It was said before; it comes out of the room's history.
        old: bool,
    },
    /// Somebody is in the room, or that were all; nobody has asked.
    Present(&'a News<'a>),
    /// These are the files in the room; nobody has asked.
    Files(&'a [String]),
    /// The user's line went out, as it is on the wire.
    Said(&'a str),
    /// The file that the user named went out and is stored.
    Uploaded(&'a str),
    /// The very same file as the one that the user named stands there already.
    Standing(&'a str),
    /// The file that the user asked for is here.
    Fetched(&'a str),
    /// The very same file as the one that the user asked for stands here already.
    Here(&'a str),
    /// The file that went out is not stored; the server has said why.
    NotUploaded,
    /// What the user wants cannot be done.
    Refused(&'a str),
    /// Something that the user should know.
    Told(&'a str),
    /// The connection broke, and it is not known whether this was heard.
    Doubtful(&'a str),
    /// The connection is lost, and comes again (or not).
    Lost(&'a str),
    /// The connection is there again.
    Back,
}

/// What is said of a line that is [doubtful](Scene::Doubtful).
const DOUBT: &str = "not sure that this was heard";

/// What is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status<'a> {
    /// The place of the room.
    pub(super) room: &'a str,
    /// Why the user is not in the room now, if so.
    pub(super) away: Option<&'a str>,
    /// How far a file is, if one is on its way.
    pub(super) gauge: Option<&'a Gauge>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The user has interrupted it.
    Interrupted,
    /// All was said, and the server has said its last words.
    Done,
    /// The server is gone.
    Lost,
}

/// Where the user sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    Classic,
    Json,
    Terminal,
    Plain,
}

/// The front that fits where the user sits, and how it is typed there.
///
/// `waker` wakes whoever polls for wishes.
pub(super) fn open(
    options: &ClientOptions,
    waker: &Arc<Waker>,
) -> io::Result<(Box<dyn Front>, Grammar)> {
    let typed = io::stdin().is_terminal();
    let grammar = match seat(options) {
        Seat::Classic => Grammar::Classic,
        _ if typed || options.commands => Grammar::Commands,
        _ => Grammar::Text,
    };
    let front: Box<dyn Front> = match seat(options) {
        Seat::Classic => Box::new(Classic::open(waker)?),
        Seat::Json => Box::new(Json::open(waker)?),
        Seat::Terminal => Box::new(Terminal::open(waker)?),
        Seat::Plain => Box::new(Plain::open(waker)?),
    };
    Ok((front, grammar))
}

/// Tells that there is no server, where its lines would have been read.
pub(super) fn unable_to_connect(options: &ClientOptions, why: &io::Error) -> io::Result<()> {
    match seat(options) {
        Seat::Json => json::unable_to_connect(why),
        _ => writeln!(io::stdout(), "Unable to connect"),
    }
}

fn seat(options: &ClientOptions) -> Seat {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if options.classic {
        Seat::Classic
    } else if options.json {
        Seat::Json
    } else if terminal && can_move_its_cursor() {
        Seat::Terminal
    } else {
        Seat::Plain
    }
}

fn can_move_its_cursor() -> bool {
    env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}
