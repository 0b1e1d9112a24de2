//! The `#` words of a line peer.

use core::{error, fmt};

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
    // Where #put, #get, #stop and #files will stand; see `COMMANDS`.
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
    // A later version: #put 'NAME' SIZE SHA256 [replace], #get 'NAME' [OFFSET],
    // #stop and #files.
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
    /// [`Word::Upload`], a body of unknown length may follow.
    Usage(&'static Usage),
    /// The SIZE of an upload is above [`u64::MAX`]: too much even to drop.
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
    let space = rest.iter().rposition(|&byte| byte == b' ')?;
    let name = unquoted(rest[..space].trim_ascii_end())?;
    let size = Some(&rest[space + 1..]).filter(|size| is_decimal(size))?;
    let size = decimal(size).ok_or(CommandError::SizeTooLarge);
    Some(size.map(|size| Command::Upload { name: FileName::parse(name), size }))
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
mod tests {
    extern crate std;

    use std::format;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    fn usage(word: Word) -> CommandError {
        CommandError::Usage(COMMANDS.iter().find(|usage| usage.word == word).unwrap())
    }

    fn upload(name: &str, size: u64) -> Command<'static> {
        Command::Upload { name: FileName::parse(name.as_bytes()), size }
    }

    #[test]
    fn uploads() {
        let lines = [
            ("#upload 'google.png' 3082", "google.png", 3082),
            ("#upload google.png 3082", "google.png", 3082),
            ("#upload 'my notes.txt' 0", "my notes.txt", 0),
            ("#upload 'it's' 1", "it's", 1),
            ("#upload it's' 1", "it's'", 1),
            ("#upload ''' 1", "'", 1),
            ("#upload ' a ' 1", " a ", 1),
            ("#upload 'a' 5' 6", "a' 5", 6),
            ("#upload   'a'   007  ", "a", 7),
            ("#upload 'a' 18446744073709551615", "a", u64::MAX),
        ];
        for (line, name, size) in lines {
            assert_eq!(Command::parse(line.as_bytes()), Ok(upload(name, size)), "{line}");
        }
    }

    #[test]
    fn a_refused_name_still_has_its_size() {
        for (line, flaw) in [
            ("#upload '../x' 9", FileNameError::Separator),
            ("#upload /x 9", FileNameError::Separator),
            ("#upload '' 9", FileNameError::Empty),
            ("#upload '  ' 9", FileNameError::Blank),
            ("#upload .snug-a 9", FileNameError::Reserved),
        ] {
            let refused = Command::Upload { name: Err(flaw), size: 9 };
            assert_eq!(Command::parse(line.as_bytes()), Ok(refused), "{line}");
        }
    }

    #[test]
    fn uploads_written_wrongly() {
        for line in [
            "#upload",
            "#upload ",
            "#upload a",
            "#upload 5",
            "#upload  5",
            "#upload 'a'",
            "#upload 'a'5",
            "#upload 'a 5",
            "#upload ' 5",
            "#upload a b 5",
            "#upload 'a' b 5",
            "#upload 'a' +5",
            "#upload 'a' -5",
            "#upload 'a' 5k",
            "#upload 'a' ٥",
            "#upload 'a' 0x5",
        ] {
            assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Upload)), "{line}");
        }
        for size in ["18446744073709551616", "99999999999999999999999999999999999999999999"] {
            let line = format!("#upload 'a' {size}");
            assert_eq!(Command::parse(line.as_bytes()), Err(CommandError::SizeTooLarge));
        }
    }

    #[test]
    fn nicks() {
        let bob = Nick::parse(b"bob").unwrap();
        assert_eq!(Command::parse(b"#nick bob"), Ok(Command::Nick(bob.clone())));
        assert_eq!(Command::parse(b"#nick  bob "), Ok(Command::Nick(bob)));
        assert_eq!(Command::parse(b"#nick"), Err(NickError::Empty.into()));
        assert_eq!(Command::parse(b"#nick a b"), Err(NickError::Character.into()));
        assert_eq!(Command::parse(b"#nick you"), Err(NickError::Reserved.into()));
    }

    #[test]
    fn texts_stay_as_they_are() {
        let msg = |to, text| Ok(Command::Msg { to, text });
        assert_eq!(Command::parse(b"#msg bob hi there"), msg(b"bob", b"hi there"));
        assert_eq!(Command::parse(b"#msg  bob  \xff "), msg(b"bob", b" \xff "));
        assert_eq!(Command::parse(b"#me waves"), Ok(Command::Me(b"waves")));
        assert_eq!(Command::parse(b"#me  \xff "), Ok(Command::Me(b" \xff ")));
        for line in ["#msg", "#msg ", "#msg bob", "#msg bob ", "#msg   "] {
            assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Msg)), "{line}");
        }
        for line in ["#me", "#me "] {
            assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Me)), "{line}");
        }
    }

    #[test]
    fn history() {
        let history = |n| Ok(Command::History(n));
        assert_eq!(Command::parse(b"#history"), history(None));
        assert_eq!(Command::parse(b"#history "), history(None));
        assert_eq!(Command::parse(b"#history 0"), history(Some(0)));
        assert_eq!(Command::parse(b"#history 20"), history(Some(20)));
        assert_eq!(Command::parse(b"#history 4294967296"), history(Some(u32::MAX)));
        assert_eq!(
            Command::parse(&[b"#history ", &[b'9'; 99][..]].concat()),
            history(Some(u32::MAX))
        );
        assert_eq!(Command::parse(b"#history all"), Err(usage(Word::History)));
        assert_eq!(Command::parse(b"#history 1 2"), Err(usage(Word::History)));
    }

    #[test]
    fn words_alone() {
        for (line, command, word) in [
            ("#who", Command::Who, Word::Who),
            ("#help", Command::Help, Word::Help),
            ("#quit", Command::Quit, Word::Quit),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), Ok(command.clone()));
            assert_eq!(Command::parse(format!("{line} ").as_bytes()), Ok(command));
            assert_eq!(Command::parse(format!("{line} me").as_bytes()), Err(usage(word)));
        }
    }

    #[test]
    fn unknown_words() {
        for line in
            ["", "#", "# ", "##", "hello", "#Who", "#whom", "#wh", "#who\t", "#put 'a' 1", "#files"]
        {
            assert_eq!(Command::parse(line.as_bytes()), Err(CommandError::Unknown), "{line}");
        }
    }

    #[test]
    fn every_word_stands_in_the_table_once() {
        let spellings: Vec<_> = COMMANDS.iter().map(Usage::spelling).collect();
        let expected = ["#upload", "#nick", "#who", "#msg", "#me", "#history", "#help", "#quit"];
        assert_eq!(spellings, expected);
        for usage in COMMANDS {
            let error = CommandError::Usage(usage).to_string();
            assert_eq!(error, format!("write {}", usage.form));
            assert_ne!(Command::parse(usage.spelling().as_bytes()), Err(CommandError::Unknown));
        }
    }
}
