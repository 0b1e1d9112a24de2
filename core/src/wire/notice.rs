//! Every sentence that Snug says, rendered here and nowhere else.
//!
//! What the classic server says stands here as it says it, byte for byte. What
//! it does not say goes to line peers alone. A line to a line peer begins with
//! what it is: `[` a text, `* ` an action, `> ` told, `< ` left, `! ` refused,
//! `#` for programs.

use core::fmt::{self, Display, Write};
use core::net::SocketAddr;
use core::time::Duration;

use super::address;
use super::command::{COMMANDS, CommandError, Usage, Word};
use super::digest::Digest;
use super::name::{FileName, FileNameError};
use super::nick::{Nick, NickError};

/// What ends a line of which a peer had half when it was taken forward.
pub const CUT: &str = " …[cut]\n";

/// What stands for a user: the nick, or the address where there is none.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shown<'a> {
    /// The nick that the user took.
    pub nick: Option<&'a Nick>,
    /// Where the user comes from.
    pub addr: SocketAddr,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nick {
            Some(nick) => f.write_str(nick.as_str()),
            None => address::show(self.addr, f),
        }
    }
}

/// `(N users online)`, as the classic server counts.
#[derive(Clone, Copy, Debug)]
struct Online(u32);

impl Display for Online {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.0 > 1 { "s" } else { "" };
        write!(f, "({} user{s} online)", self.0)
    }
}

/// What is said to the room.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Notice<'a> {
    /// Somebody came; with the count that includes them.
    Entered(Shown<'a>, u32),
    /// Somebody went; with the count without them.
    Left(Shown<'a>, u32),
    /// A file stands in the folder.
    Uploaded(Shown<'a>),
    /// Somebody has a new name.
    Renamed(Shown<'a>, Shown<'a>),
}

impl Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entered(who, n) => write!(f, "> New user {who} entered {}", Online(*n)),
            Self::Left(who, n) => write!(f, "< The user {who} left {}", Online(*n)),
            Self::Uploaded(who) => write!(f, "> User {who} has uploaded a file"),
            Self::Renamed(was, is) => write!(f, "> User {was} is now {is}"),
        }
    }
}

/// What stands before a text.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Prefix<'a> {
    /// Who keeps the room speaks to all.
    Server,
    /// Somebody speaks to all.
    Text(Shown<'a>),
    /// Somebody does something.
    Action(Shown<'a>),
    /// Somebody speaks to one alone.
    Private(Shown<'a>, Shown<'a>),
}

impl Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("[server] "),
            // Before nearly every text: without the machinery of formats.
            Self::Text(who) => {
                f.write_str("[")?;
                who.fmt(f)?;
                f.write_str("] ")
            }
            Self::Action(who) => write!(f, "* {who} "),
            Self::Private(from, to) => write!(f, "[{from} > {to}] "),
        }
    }
}

/// What is said to one peer alone, newline included where it has one.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reply<'a> {
    /// The first words to a newcomer, who is taken for classic.
    Greeting(u32),
    /// The answer to a peer's first newline. It ends what was sent so far.
    Switched,
    /// The end of a line of which half went out.
    Cut,
    /// Lines that went by unread.
    Skipped(u32),
    /// A file is stored, with its size.
    Stored(u64),
    /// The new nick is taken.
    Named,
    /// A private text is on its way.
    Delivered,
    /// Somebody who is here.
    User(Shown<'a>, SocketAddr),
    /// The end of those who are here.
    Users(u32),
    /// The end of what was said before.
    EndOfHistory,
    /// A line of the help, counted from 0.
    Help(usize),
    /// The bytes of a file that need not be sent.
    Have(&'a FileName, u64),
    /// A file that will be sent, with its size.
    File(&'a FileName, u64),
    /// So many bytes of a file follow the line.
    Part(usize),
    /// The end of a file that was sent.
    Sum(Digest),
    /// The transfer under way has ended, as was asked for.
    Stopped,
    /// A file in the folder: its size, and its age where there is a clock.
    Listed(&'a FileName, u64, Option<Duration>),
    /// The end of the files in the folder.
    Files(u32),
    /// A refusal.
    Refused(Refusal),
    /// A refusal of the transfer that a command began, then or later on.
    Failed(Word, Refusal),
}

impl Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Greeting(n) => write!(f, "> Connected to the chat server {}", Online(*n)),
            Self::Switched => f.write_str("\n> This is Snug; #help lists what it knows\n"),
            Self::Cut => f.write_str(CUT),
            Self::Skipped(n) => writeln!(f, "> {n} message{} skipped", plural(*n)),
            Self::Stored(size) => writeln!(f, "> Your file has been uploaded ({size} bytes)"),
            Self::Named => f.write_str("> Your name is set\n"),
            Self::Delivered => f.write_str("> Your message has been delivered\n"),
            Self::User(who, addr) => {
                writeln!(f, "#user {who} {}", Shown { nick: None, addr: *addr })
            }
            Self::Users(n) => writeln!(f, "> {n} user{}", plural(*n)),
            Self::EndOfHistory => f.write_str("> end of history\n"),
            Self::Help(line) => match COMMANDS.get(*line) {
                Some(usage) => writeln!(f, "> {} - {}", usage.form, usage.help),
                None => Ok(()),
            },
            Self::Have(name, offset) => writeln!(f, "#have '{name}' {offset}"),
            Self::File(name, size) => writeln!(f, "#file '{name}' {size}"),
            Self::Part(len) => writeln!(f, "#part {len}"),
            Self::Sum(digest) => writeln!(f, "#sum {digest}"),
            Self::Stopped => f.write_str("> Your transfer has been stopped\n"),
            Self::Listed(name, size, Some(age)) => {
                writeln!(f, "#stored '{name}' {size} {}", age.as_secs())
            }
            Self::Listed(name, size, None) => writeln!(f, "#stored '{name}' {size} -"),
            Self::Files(n) => writeln!(f, "> {n} file{}", plural(*n)),
            Self::Refused(why) => writeln!(f, "! {why}"),
            Self::Failed(word, why) => {
                writeln!(f, "! {}: {why}", Usage::of(*word).map_or("", Usage::spelling))
            }
        }
    }
}

fn plural(n: u32) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Why something is not done, and what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// All places of the room are taken.
    RoomFull,
    /// An address has as many connections as one may have.
    AddressCrowded,
    /// From an address came more connections of late than may.
    AddressHasty,
    /// A `#` line is not understood.
    Command(CommandError),
    /// A line is above the limit, in bytes.
    TooLong(u16),
    /// A name is none for a file.
    FileName(FileNameError),
    /// A file is above the limit, in bytes.
    FileTooLarge(u64),
    /// The files of one address are above their limit.
    AddressFull,
    /// The folder is above its limit.
    FolderFull,
    /// No space is left for the file.
    DiskFull,
    /// The folder takes no files.
    ReadOnly,
    /// The folder can have no file of that name.
    BadName,
    /// The store cannot do what the file turned out to need.
    Unsupported,
    /// There is no such file.
    Missing,
    /// A file of that name is not to be replaced.
    Exists,
    /// What the files are on has failed.
    DiskFailed,
    /// No reading of the header fits the bytes that came.
    Header,
    /// A transfer of the same peer is under way.
    Busy,
    /// No transfer of the peer is under way.
    NoTransfer,
    /// A part comes though none was asked for.
    NoUpload,
    /// A part has more bytes than the file lacks, or than a part may have.
    PartTooLarge,
    /// The bytes that came do not have the digest that was promised.
    Digest,
    /// Somebody else uploads the same file just now.
    Twice,
    /// A file does not have as many bytes as are to be left out.
    BeyondEnd,
    /// A file has become shorter while it was sent.
    Changed,
    /// The store of this room knows no such transfer.
    NotHere,
    /// A name is none for a user.
    Nick(NickError),
    /// Somebody has the name.
    NickTaken,
    /// Nobody here has the name.
    NobodyThere,
    /// The one who is meant gets classic sentences alone.
    ClassicThere,
    /// Who keeps the room puts somebody out.
    PutOut,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(why) => why.fmt(f),
            Self::TooLong(most) => write!(f, "a command has {most} bytes at most; say it shorter"),
            Self::FileName(why) => why.fmt(f),
            Self::FileTooLarge(most) => write!(f, "a file may have {most} bytes at most here"),
            Self::Nick(why) => why.fmt(f),
            plain => f.write_str(plain.sentence()),
        }
    }
}

impl Refusal {
    /// What there is to say where it is always the same.
    fn sentence(&self) -> &'static str {
        match self {
            Self::Header => "the file does not fit its header; send both again",
            Self::Busy => "another transfer of yours is under way; #stop ends it",
            Self::NoTransfer => "no transfer of yours is under way",
            Self::NoUpload => "no upload waits for a part; begin one with #put",
            Self::PartTooLarge => "a part has 65536 bytes at most, and ends with its file",
            Self::Digest => "the bytes do not have that SHA256; send them again",
            Self::Twice => "somebody sends the same file just now; wait for it",
            Self::BeyondEnd => "the file is shorter than that; fetch it from its start",
            Self::Changed => "the file has become shorter; fetch it again",
            Self::NotHere => "this room cannot do that; #help lists what it knows",
            Self::NickTaken => "somebody else has that name; take another",
            Self::NobodyThere => "nobody here has that name; #who lists who is here",
            Self::ClassicThere => "a classic client cannot be told anything alone; say it to all",
            Self::PutOut => "you are put out; ask who keeps the room",
            Self::RoomFull => "the room is full; try again later",
            Self::AddressCrowded => "your address has no more connections here; close one first",
            Self::AddressHasty => "your address connects too often; try again in a minute",
            Self::AddressFull => "your address has no more room for files here",
            Self::FolderFull => "the folder has no more room; ask who keeps it",
            Self::DiskFull => "the disk is full; ask who keeps it",
            Self::ReadOnly => "the folder cannot be written to; ask who keeps it",
            Self::BadName => "no file can have that name here; take another",
            Self::Unsupported => "the file could not be told from its header; send it again",
            Self::Missing => "there is no such file; #files lists what there is",
            Self::Exists => "a file of that name stands already; add replace, or rename yours",
            Self::DiskFailed => "the disk failed; ask who keeps the folder",
            // These are shown with what they hold.
            Self::Command(_)
            | Self::FileName(_)
            | Self::Nick(_)
            | Self::TooLong(_)
            | Self::FileTooLarge(_) => "",
        }
    }
}

/// Renders into `out`, cut between characters where it is too short; returns
/// the bytes written.
pub fn render(out: &mut [u8], what: impl Display) -> usize {
    let mut page = Page { out, len: 0 };
    // The only error is that the page is full, and then it holds what it can.
    let _ = write!(page, "{what}");
    page.len
}

struct Page<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Write for Page<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = self.out.get_mut(self.len..).unwrap_or_default();
        let fits = s.floor_char_boundary(room.len());
        if let (Some(room), Some(text)) = (room.get_mut(..fits), s.as_bytes().get(..fits)) {
            room.copy_from_slice(text);
            self.len += fits;
        }
        if fits == s.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests;
