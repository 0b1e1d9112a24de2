//! What a typed line asks for.
//!
//! People type commands as their fingers know them from other chats, with `/`.
//! Each stands for a `#` word of the wire, or for something that `cli` does.

use core::fmt;

use snug_core::wire::nick::{Nick, NickError};

use super::transfers::{Request, Way};

/// How what is typed is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// As the classic client takes it: `#upload` is an upload, and all else
    /// goes out as it stands.
    Classic,
    /// `/` and `#` begin commands.
    Commands,
    /// All is text.
    Text,
}

/// What is to be done for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// This goes out as it stands: what a `#` in front means is the server's.
    Say(String),
    /// This is a text, whatever it begins with.
    Text(String),
    /// This is a command of the wire; a classic server has none.
    Command(String),
    /// This file goes to the room as from the classic client: in one go, and in
    /// place of one that stands there.
    Upload(String),
    /// A file goes to the room, or comes from it, while the chat goes on.
    Move(Request),
    /// The file that is on its way is stopped.
    Stop,
    /// This goes to the one who last said something to the user alone.
    Reply(String),
    /// The commands are told.
    Help,
    /// It is over when all is said that was typed before.
    Quit,
}

impl Order {
    /// What a line asks for.
    pub(super) fn parse(grammar: Grammar, line: String) -> Result<Self, OrderError> {
        match grammar {
            Grammar::Text => Ok(Self::Text(line)),
            _ if is_command("#upload", &line) => match uploaded(&line) {
                Some(name) => Ok(Self::Upload(name.to_owned())),
                None => Err(OrderError::Upload),
            },
            Grammar::Classic => Ok(Self::Say(line)),
            Grammar::Commands => match line.strip_prefix('/') {
                None => parse_word(line),
                Some(text) if text.starts_with('/') => Ok(Self::Text(text.to_owned())),
                Some(command) => parse_command(command),
            },
        }
    }
}

/// Why a line that begins with `/` is no command: what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderError {
    /// There is no such word.
    Unknown,
    /// There is, but it is written in another way.
    Form(&'static Usage),
    /// It is an upload as of the classic client, of no file.
    Upload,
    /// Nobody can be called that.
    Nick(NickError),
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such command; /help lists what there is"),
            Self::Form(usage) => write!(f, "write {}", usage.form),
            Self::Upload => f.write_str("write #upload 'NAME'"),
            Self::Nick(error) => error.fmt(f),
        }
    }
}

/// A command as it is typed, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    /// How it is written; its first word is the command.
    pub(super) form: &'static str,
    /// What it does, in a few words.
    pub(super) help: &'static str,
    /// What it takes.
    pub(super) takes: Takes,
    wire: Wire,
}

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Text,
    /// The user's own new name.
    Nick,
    /// Somebody's name, and a text.
    NameAndText,
    /// A number, or nothing.
    Number,
    /// The name of a file here.
    File,
    /// The name of a file in the room.
    Stored,
}

/// What a command stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    /// This word of the wire, with what follows.
    Word(&'static str),
    Move(Way),
    Stop,
    Reply,
    Help,
    Quit,
}

impl Usage {
    const fn new(form: &'static str, help: &'static str, takes: Takes, wire: Wire) -> Self {
        Self { form, help, takes, wire }
    }

    /// The command's own word, with its `/`.
    pub(super) fn word(&self) -> &'static str {
        self.form.split(' ').next().unwrap_or(self.form)
    }

    fn fits(&'static self, rest: &str) -> Result<(), OrderError> {
        let fits = match self.takes {
            Takes::Nothing => rest.is_empty(),
            Takes::Text | Takes::File | Takes::Stored => !rest.is_empty(),
            Takes::NameAndText => rest.split_once(' ').is_some_and(|(_, text)| !text.is_empty()),
            Takes::Number => rest.bytes().all(|byte| byte.is_ascii_digit()),
            Takes::Nick => match Nick::parse(rest.as_bytes()) {
                Ok(_) => true,
                Err(NickError::Empty) => false,
                Err(error) => return Err(OrderError::Nick(error)),
            },
        };
        if fits { Ok(()) } else { Err(OrderError::Form(self)) }
    }
}

/// All commands that can be typed with `/`, in the order of the help.
pub(super) const USAGES: &[Usage] = &[
    Usage::new("/nick NAME", "gives you a name", Takes::Nick, Wire::Word("#nick")),
    Usage::new("/me TEXT", "says what you do", Takes::Text, Wire::Word("#me")),
    Usage::new("/msg NAME TEXT", "tells NAME alone", Takes::NameAndText, Wire::Word("#msg")),
    Usage::new("/reply TEXT", "answers who last told you alone", Takes::Text, Wire::Reply),
    Usage::new("/who", "lists the users", Takes::Nothing, Wire::Word("#who")),
    Usage::new(
        "/put FILE",
        "puts a file into the room; /put! replaces one",
        Takes::File,
        Wire::Move(Way::Put),
    ),
    Usage::new("/upload FILE", "is /put", Takes::File, Wire::Move(Way::Put)),
    Usage::new(
        "/get NAME",
        "fetches a file from the room; /get! replaces one here",
        Takes::Stored,
        Wire::Move(Way::Get),
    ),
    Usage::new("/files", "lists the files", Takes::Nothing, Wire::Word("#files")),
    Usage::new("/stop", "stops the file on its way", Takes::Nothing, Wire::Stop),
    Usage::new("/history [N]", "repeats the last N lines", Takes::Number, Wire::Word("#history")),
    Usage::new("/help", "lists the commands", Takes::Nothing, Wire::Help),
    Usage::new("/quit", "leaves the room", Takes::Nothing, Wire::Quit),
];

/// A command without its `/`.
fn parse_command(command: &str) -> Result<Order, OrderError> {
    let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
    let (bare, replace) = word.strip_suffix('!').map_or((word, false), |bare| (bare, true));
    let is_it = |usage: &&Usage| usage.word()[1..].eq_ignore_ascii_case(bare);
    let usage = USAGES.iter().find(is_it).ok_or(OrderError::Unknown)?;
    let rest = rest.trim();
    usage.fits(rest)?;
    Ok(match usage.wire {
        Wire::Move(way) => Order::Move(Request { way, file: unquoted(rest).to_owned(), replace }),
        _ if replace => return Err(OrderError::Form(usage)),
        Wire::Word(word) if rest.is_empty() => Order::Command(word.to_owned()),
        Wire::Word(word) => Order::Command(format!("{word} {rest}")),
        Wire::Stop => Order::Stop,
        Wire::Reply => Order::Reply(rest.to_owned()),
        Wire::Help => Order::Help,
        Wire::Quit => Order::Quit,
    })
}

/// Whether a line is a command of this word.
fn is_command(word: &str, line: &str) -> bool {
    line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The file that `#upload` names: what stands in quotes, or all.
///
/// A size that was typed after the quotes, as on the wire, does not matter.
fn uploaded(command: &str) -> Option<&str> {
    let rest = command.strip_prefix("#upload")?.trim();
    let inner = rest.strip_prefix('\'').and_then(|quoted| quoted.rsplit_once('\''));
    let name = match inner {
        Some((name, after)) if after.trim().bytes().all(|b| b.is_ascii_digit()) => name,
        _ => rest,
    };
    (!name.is_empty()).then_some(name)
}

/// What stands in quotes, or all.
fn unquoted(name: &str) -> &str {
    let inner = name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(name)
}

/// The file that a command of the wire names, if it says no more than that.
///
/// Sizes, sums and offsets are for programs: `cli` has its own.
fn named_alone(rest: &str) -> Option<&str> {
    let quoted = rest.strip_prefix('\'').and_then(|quoted| quoted.rsplit_once('\''));
    let (name, after) = quoted.unwrap_or((rest, ""));
    (!name.is_empty() && after.is_empty()).then_some(name)
}

/// A line that `cli` does more for than send it, if its server knows files in
/// parts; all else goes out as it stands.
fn parse_word(line: String) -> Result<Order, OrderError> {
    for (word, way) in [("#put", Way::Put), ("#get", Way::Get)] {
        if is_command(word, &line) {
            let usage = USAGES.iter().find(|usage| usage.wire == Wire::Move(way));
            let form = OrderError::Form(usage.unwrap_or(&USAGES[0]));
            let file = named_alone(line[word.len()..].trim()).ok_or(form)?.to_owned();
            return Ok(Order::Move(Request { way, file, replace: false }));
        }
    }
    Ok(if line == "#stop" { Order::Stop } else { Order::Say(line) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Order, OrderError> {
        Order::parse(Grammar::Commands, line.to_owned())
    }

    #[test]
    fn commands_are_words_of_the_wire() {
        let command = |line: &str| Ok(Order::Command(line.to_owned()));
        assert_eq!(parse("/nick ada"), command("#nick ada"));
        assert_eq!(parse("/me  waves "), command("#me waves"));
        assert_eq!(parse("/msg bob see you"), command("#msg bob see you"));
        assert_eq!(parse("/WHO"), command("#who"));
        assert_eq!(parse("/history 5"), command("#history 5"));
        assert_eq!(parse("/reply well"), Ok(Order::Reply("well".to_owned())));
        assert_eq!(parse("/quit "), Ok(Order::Quit));
    }

    #[test]
    fn files_are_put_and_fetched() {
        let request = |way, file: &str, replace| {
            Ok(Order::Move(Request { way, file: file.to_owned(), replace }))
        };
        assert_eq!(parse("/put a b.txt"), request(Way::Put, "a b.txt", false));
        assert_eq!(parse("/upload! 'a b.txt'"), request(Way::Put, "a b.txt", true));
        assert_eq!(parse("/get a.png"), request(Way::Get, "a.png", false));
        assert_eq!(parse("#get 'a.png'"), request(Way::Get, "a.png", false));
        assert_eq!(parse("#put a b.png "), request(Way::Put, "a b.png", false));
        assert_eq!(parse("#put 'it's'"), request(Way::Put, "it's", false));
        assert_eq!(parse("#put 'tis"), request(Way::Put, "'tis", false));
        assert_eq!(parse("/stop"), Ok(Order::Stop));
        assert_eq!(parse("#stop"), Ok(Order::Stop));
        assert_eq!(parse("/who!").unwrap_err().to_string(), "write /who");
    }

    /// It has a size, a sum and an offset of its own, and takes nobody else's.
    #[test]
    fn what_is_for_programs_is_refused() {
        let told = |line: &str| parse(line).unwrap_err().to_string();
        for line in ["#get", "#get ''", "#get 'a' 100", "#get 'a' 0", "#get 'a b' x"] {
            assert_eq!(told(line), "write /get NAME", "{line}");
        }
        let sha256 = "0".repeat(64);
        for end in [" 3", &format!(" 3 {sha256}"), &format!(" 3 {sha256} replace")] {
            assert_eq!(told(&format!("#put 'a'{end}")), "write /put FILE", "{end}");
        }
    }

    #[test]
    fn the_name_may_stand_in_quotes_or_not() {
        assert_eq!(uploaded("#upload 'google.png'"), Some("google.png"));
        assert_eq!(uploaded("#upload google.png"), Some("google.png"));
        assert_eq!(uploaded("#upload  a b.txt "), Some("a b.txt"));
        assert_eq!(uploaded("#upload 'google.png' 3082"), Some("google.png"));
        assert_eq!(uploaded("#upload 'it's'"), Some("it's"));
        assert_eq!(uploaded("#upload 'tis"), Some("'tis"));
        assert_eq!(uploaded("#upload"), None);
        assert_eq!(uploaded("#upload ''"), None);
    }

    #[test]
    fn an_upload_is_a_word() {
        assert!(is_command("#upload", "#upload"));
        assert!(is_command("#upload", "#upload 'a'"));
        assert!(!is_command("#upload", "#uploads"));
        assert!(!is_command("#upload", "##upload 'a'"));
    }

    #[test]
    fn what_is_no_command_goes_out_as_it_stands() {
        for line in ["hello", "", " /me", "#who", "##tag"] {
            assert_eq!(parse(line), Ok(Order::Say(line.to_owned())));
        }
        assert_eq!(parse("//etc/hosts"), Ok(Order::Text("/etc/hosts".to_owned())));
        assert_eq!(parse("#upload 'a'"), Ok(Order::Upload("a".to_owned())));
    }

    #[test]
    fn a_wrong_command_is_answered_with_its_right_form() {
        let told = |line: &str| parse(line).unwrap_err().to_string();
        assert_eq!(told("/msg bob"), "write /msg NAME TEXT");
        assert_eq!(told("/nick"), "write /nick NAME");
        assert_eq!(told("/nick 7up"), NickError::NoLetter.to_string());
        assert_eq!(told("/history all"), "write /history [N]");
        assert_eq!(told("/who me"), "write /who");
        assert_eq!(told("/upload"), "write /upload FILE");
        assert_eq!(told("#upload"), "write #upload 'NAME'");
        assert_eq!(told("/dance"), "there is no such command; /help lists what there is");
        assert_eq!(told("/"), "there is no such command; /help lists what there is");
    }

    #[test]
    fn piped_text_and_classic_lines_are_no_commands() {
        let parse = |grammar, line: &str| Order::parse(grammar, line.to_owned()).unwrap();
        for line in ["/quit", "#quit", "#upload 'a'", "hello"] {
            assert_eq!(parse(Grammar::Text, line), Order::Text(line.to_owned()));
        }
        assert_eq!(parse(Grammar::Classic, "/quit"), Order::Say("/quit".to_owned()));
        assert_eq!(parse(Grammar::Classic, "#upload 'a'"), Order::Upload("a".to_owned()));
    }
}
