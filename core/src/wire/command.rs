//! The `#` words of a line peer.

use core::{error, fmt};

use super::digest::Digest;
use super::name::{FileName, FileNameError};
use super::nick::{Nick, NickError};

/// What a line peer asks for with a line that begins with a single `#`.
///
/// Texts and names that are looked up stay as the peer sent them: raw. Names
/// that are given to something are parsed.
///
/// # Example: parsing a line
///
/// ```
/// use snug_core::wire::command::{Command, CommandError};
///
/// let line = Command::parse(b"#msg bob see you at ten");
/// assert_eq!(line, Ok(Command::Msg { to: b"bob", text: b"see you at ten" }));
/// assert_eq!(Command::parse(b"#dance"), Err(CommandError::Unknown));
///
/// let Err(error) = Command::parse(b"#msg bob") else { unreachable!() };
/// assert_eq!(error.to_string(), "write #msg NAME TEXT");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Command<'a> {
    /// `#upload 'NAME' SIZE`: after this line come `size` bytes of a file.
    ///
    /// They come too if the name is refused, and are then to be dropped.
    Upload {
        /// Its name, if it can have it.
        name: Result<FileName, FileNameError>,
        /// Its length in bytes.
        size: u64,
    },
    /// `#put 'NAME' SIZE SHA256 [replace]`: a file, which will come in parts.
    Put {
        /// Its name, if it can have it.
        name: Result<FileName, FileNameError>,
        /// Its length in bytes; [`u64::MAX`] stands for all above it, too.
        size: u64,
        /// What its bytes will have for a digest.
        digest: Digest,
        /// Whether it may take the place of a file that has the name.
        replace: bool,
    },
    /// `#part N`: after this line come N bytes of the file that was put.
    Part(u64),
    /// `#get 'NAME' [OFFSET]`: a file, please, in parts.
    Get {
        /// Its name, if a file can have it.
        name: Result<FileName, FileNameError>,
        /// Bytes that need not be sent, since the peer has them; [`u64::MAX`]
        /// stands for all above it, too.
        offset: u64,
    },
    /// `#stop`: no more of the file that is on its way.
    Stop,
    /// `#files`: the files, please.
    Files,
    /// `#nick NAME`: to be called so from now on.
    Nick(Nick),
    /// `#who`: the users, please.
    Who,
    /// `#msg NAME TEXT`: for one alone.
    Msg {
        /// The nick or address of whom it is for: one word, not looked up yet.
        to: &'a [u8],
        /// At least a byte, not made safe yet.
        text: &'a [u8],
    },
    /// `#me TEXT`: an action; at least a byte, not made safe yet.
    Me(&'a [u8]),
    /// `#history [N]`: the last N lines of the room, or as many as there are.
    History(Option<u32>),
    /// `#help`: what there is.
    Help,
    /// `#quit`: to be let go.
    Quit,
}

impl<'a> Command<'a> {
    /// What `line` asks for, without its end (`\n`, or `\r\n`).
    ///
    /// The word ends at the first space. Spaces around what follows do not
    /// count, but in a text all after the first do.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        let (word, rest) = split(line);
        let is_it = |usage: &&Usage| usage.spelling().as_bytes() == word;
        let usage = COMMANDS.iter().find(is_it).ok_or(CommandError::Unknown)?;
        let wrong = CommandError::Usage(usage);
        match usage.word {
            Word::Upload => upload(rest.trim_ascii()).ok_or(wrong)?,
            Word::Put => put(rest.trim_ascii()).ok_or(wrong),
            Word::Part => part(rest.trim_ascii()).ok_or(wrong)?,
            Word::Get => get(rest.trim_ascii()).ok_or(wrong),
            Word::Stop => alone(Self::Stop, rest).ok_or(wrong),
            Word::Files => alone(Self::Files, rest).ok_or(wrong),
            Word::Nick => Ok(Self::Nick(Nick::parse(rest.trim_ascii())?)),
            Word::Who => alone(Self::Who, rest).ok_or(wrong),
            Word::Msg => msg(rest.trim_ascii_start()).ok_or(wrong),
            Word::Me => Some(rest).filter(|text| !text.is_empty()).map(Self::Me).ok_or(wrong),
            Word::History => history(rest.trim_ascii()).ok_or(wrong),
            Word::Help => alone(Self::Help, rest).ok_or(wrong),
            Word::Quit => alone(Self::Quit, rest).ok_or(wrong),
        }
    }
}

/// A word that commands begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Word {
    /// `#upload`
    Upload,
    /// `#put`
    Put,
    /// `#part`
    Part,
    /// `#get`
    Get,
    /// `#stop`
    Stop,
    /// `#files`
    Files,
    /// `#nick`
    Nick,
    /// `#who`
    Who,
    /// `#msg`
    Msg,
    /// `#me`
    Me,
    /// `#history`
    History,
    /// `#help`
    Help,
    /// `#quit`
    Quit,
}

/// How a command is written, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage {
    /// What it begins with.
    pub word: Word,
    /// How it is written; its first word is the command's own spelling.
    pub form: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
}

impl Usage {
    const fn new(word: Word, form: &'static str, help: &'static str) -> Self {
        Self { word, form, help }
    }

    /// The usage of a word; each has one.
    pub fn of(word: Word) -> Option<&'static Self> {
        COMMANDS.iter().find(|usage| usage.word == word)
    }

    /// The word as peers write it, with its `#`.
    pub fn spelling(&self) -> &'static str {
        self.form.split(' ').next().unwrap_or(self.form)
    }
}

/// All commands that there are, in the order in which `#help` tells them.
///
/// The one place where a word is spelled: parsing, the help and the answers to
/// a wrong form read it here. What is not here is unknown.
pub const COMMANDS: &[Usage] = &[
    Usage::new(Word::Upload, "#upload 'NAME' SIZE", "puts a file of SIZE bytes into the room"),
    Usage::new(
        Word::Put,
        "#put 'NAME' SIZE SHA256 [replace]",
        "uploads a file in parts, from where an earlier try ended",
    ),
    Usage::new(Word::Part, "#part N", "sends the next N bytes of what was put"),
    Usage::new(Word::Get, "#get 'NAME' [OFFSET]", "fetches a file in parts"),
    Usage::new(Word::Stop, "#stop", "ends the transfer under way"),
    Usage::new(Word::Files, "#files", "lists the files"),
    Usage::new(Word::Nick, "#nick NAME", "gives you a name in place of your address"),
    Usage::new(Word::Who, "#who", "lists the users"),
    Usage::new(Word::Msg, "#msg NAME TEXT", "says something to one user alone"),
    Usage::new(Word::Me, "#me TEXT", "says what you do"),
    Usage::new(Word::History, "#history [N]", "repeats the last N lines of the room"),
    Usage::new(Word::Help, "#help", "lists the commands"),
    Usage::new(Word::Quit, "#quit", "leaves the room"),
];

/// Why a line is no command.
///
/// Shown, it is what follows the `! ` of a refusal: why, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such word.
    Unknown,
    /// There is, but it is written in another way. If the word is
    /// [`Word::Upload`] or [`Word::Part`], a body of unknown length may follow.
    Usage(&'static Usage),
    /// The SIZE of an upload, or of a part, is above [`u64::MAX`]: too much
    /// even to drop.
    SizeTooLarge,
    /// The nick is none.
    Nick(NickError),
}

impl From<NickError> for CommandError {
    fn from(error: NickError) -> Self {
        Self::Nick(error)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such command; #help lists what there is"),
            Self::Usage(usage) => write!(f, "write {}", usage.form),
            Self::SizeTooLarge => write!(f, "a file may have {} bytes at most", u64::MAX),
            Self::Nick(error) => error.fmt(f),
        }
    }
}

impl error::Error for CommandError {}

/// None: the form is wrong. An error: it is right and too large.
fn upload(rest: &[u8]) -> Option<Result<Command<'_>, CommandError>> {
    // From the end, as a name may hold spaces and quotes and a size cannot.
    let (name, size) = split_last(rest)?;
    let name = unquoted(name)?;
    let size = Some(size).filter(|size| is_decimal(size))?;
    let size = decimal(size).ok_or(CommandError::SizeTooLarge);
    Some(size.map(|size| Command::Upload { name: FileName::parse(name), size }))
}

/// From the end, like [`upload`].
fn put(rest: &[u8]) -> Option<Command<'_>> {
    let (before, last) = split_last(rest)?;
    let replace = last == b"replace";
    let (before, digest) = if replace { split_last(before)? } else { (before, last) };
    let digest = Digest::parse(digest)?;
    let (name, size) = split_last(before)?;
    let name = FileName::parse(unquoted(name)?);
    let size = Some(size).filter(|size| is_decimal(size))?;
    Some(Command::Put { name, size: decimal(size).unwrap_or(u64::MAX), digest, replace })
}

fn part(size: &[u8]) -> Option<Result<Command<'static>, CommandError>> {
    let size = Some(size).filter(|size| is_decimal(size))?;
    Some(decimal(size).map(Command::Part).ok_or(CommandError::SizeTooLarge))
}

fn get(rest: &[u8]) -> Option<Command<'_>> {
    let (name, offset) = match (unquoted(rest), split_last(rest)) {
        (Some(name), _) => (name, 0),
        (None, Some((name, offset))) if is_decimal(offset) => {
            (unquoted(name)?, decimal(offset).unwrap_or(u64::MAX))
        }
        _ => return None,
    };
    Some(Command::Get { name: FileName::parse(name), offset })
}

/// The last word, and what stands before the spaces before it.
fn split_last(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = rest.iter().rposition(|&byte| byte == b' ')?;
    Some((rest[..space].trim_ascii_end(), &rest[space + 1..]))
}

/// The name in quotes, or as it stands if it needs none.
fn unquoted(name: &[u8]) -> Option<&[u8]> {
    match name {
        [b'\'', name @ .., b'\''] => Some(name),
        [b'\'', ..] => None,
        _ => Some(name).filter(|name| !name.is_empty() && !name.contains(&b' ')),
    }
}

fn msg(rest: &[u8]) -> Option<Command<'_>> {
    let (to, text) = split(rest);
    let both = !to.is_empty() && !text.is_empty();
    both.then_some(Command::Msg { to, text })
}

/// Above what a `u32` holds it is as much as there is, like what a `u32` holds.
fn history(rest: &[u8]) -> Option<Command<'static>> {
    if rest.is_empty() {
        return Some(Command::History(None));
    }
    let lines = || decimal(rest).and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
    is_decimal(rest).then(|| Command::History(Some(lines())))
}

fn alone<'a>(command: Command<'a>, rest: &[u8]) -> Option<Command<'a>> {
    rest.trim_ascii().is_empty().then_some(command)
}

/// The first word and what comes after the space that ends it.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
    (&line[..end], line.get(end + 1..).unwrap_or_default())
}

fn is_decimal(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The number that these digits are, if it is not too large.
fn decimal(digits: &[u8]) -> Option<u64> {
    let append = |n: u64, &digit: &u8| n.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits.iter().try_fold(0, append)
}

#[cfg(test)]
mod tests;
