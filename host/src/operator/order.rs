//! What a line asks for that is typed at the console.

use snug_core::wire::name::FileName;

use super::answer::Answer;

/// The commands of the console, and what each does.
pub const COMMANDS: [(&str, &str); 7] = [
    ("/who", "lists who is in the room"),
    ("/kick NAME|ADDR", "puts somebody out, or all from an address"),
    ("/files", "lists the files"),
    ("/delete NAME", "removes a file"),
    ("/stats", "tells how the room does"),
    ("/help", "lists these commands"),
    ("/quit", "ends the room"),
];

/// What the room's thread is to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    Say(Vec<u8>),
    Who,
    Kick(String),
    Stats,
    Quit,
    Tell(Vec<Answer>),
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    Room(Deed),
    Files,
    Delete(Box<FileName>),
}

impl Order {
    /// What a whole line, without its newline, asks for; an empty one nothing.
    ///
    /// What begins with `/` is a command, `//` begins a text with `/`, and all
    /// else is a text.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            [] => None,
            [b'/', b'/', ..] => Some(Self::say(&line[1..])),
            [b'/', command @ ..] => Some(Self::command(command.trim_ascii())),
            _ => Some(Self::say(line)),
        }
    }

    /// A text, whatever it begins with.
    pub(super) fn say(text: &[u8]) -> Self {
        Self::Room(Deed::Say(text.to_vec()))
    }

    fn command(command: &[u8]) -> Self {
        let end = command.iter().position(u8::is_ascii_whitespace).unwrap_or(command.len());
        let (word, rest) = command.split_at(end);
        match (word, rest.trim_ascii()) {
            (b"who", []) => Self::Room(Deed::Who),
            (b"files", []) => Self::Files,
            (b"stats", []) => Self::Room(Deed::Stats),
            (b"quit", []) => Self::Room(Deed::Quit),
            (b"help", []) => Self::Room(Deed::Tell(help())),
            (b"kick", name @ [_, ..]) => {
                Self::Room(Deed::Kick(String::from_utf8_lossy(name).into_owned()))
            }
            (b"delete", name @ [_, ..]) => Self::delete(name),
            (b"who" | b"files" | b"stats" | b"quit" | b"help" | b"kick" | b"delete", _) => {
                Self::refused(&form_of(word))
            }
            _ => Self::refused("there is no such command; /help lists those that there are"),
        }
    }

    /// The name may stand in single quotes, as in the room.
    fn delete(name: &[u8]) -> Self {
        let bare = name.strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'"));
        match FileName::parse(bare.unwrap_or(name)) {
            Ok(name) => Self::Delete(Box::new(name)),
            Err(flaw) => Self::refused(&flaw.to_string()),
        }
    }

    fn refused(why: &str) -> Self {
        Self::Room(Deed::Tell(vec![Answer::refused(why)]))
    }
}

fn help() -> Vec<Answer> {
    let said = ("TEXT", "goes to the room; // begins a text with /");
    let lines = [said].into_iter().chain(COMMANDS);
    lines.map(|(form, what)| Answer::told(format!("{form} - {what}"))).collect()
}

/// How a command is to be written.
fn form_of(word: &[u8]) -> String {
    let is_meant = |form: &str| form[1..].split(' ').next().map(str::as_bytes) == Some(word);
    let form = COMMANDS.iter().map(|(form, _)| form).find(|form| is_meant(form));
    format!("write {}", form.copied().unwrap_or("/help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_asks(line: &str, order: Order) {
        assert_eq!(Order::parse(line.as_bytes()), Some(order), "{line}");
    }

    fn refusal(line: &str) -> String {
        match Order::parse(line.as_bytes()) {
            Some(Order::Room(Deed::Tell(answers))) => answers[0].to_string(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_is_no_command_is_said() {
        assert_eq!(Order::parse(b""), None);
        assert_eq!(Order::parse(b"\r"), None);
        assert_asks("hello\r", Order::say(b"hello"));
        assert_asks("#who", Order::say(b"#who"));
        assert_asks("//etc", Order::say(b"/etc"));
        assert_asks(" /who", Order::say(b" /who"));
        assert_eq!(Order::parse(b"\xff"), Some(Order::say(b"\xff")));
    }

    #[test]
    fn commands() {
        assert_asks("/who ", Order::Room(Deed::Who));
        assert_asks("/stats", Order::Room(Deed::Stats));
        assert_asks("/quit\r", Order::Room(Deed::Quit));
        assert_asks("/files", Order::Files);
        assert_asks("/kick  ada", Order::Room(Deed::Kick("ada".into())));
        for line in ["/delete my notes.txt", "/delete 'my notes.txt'", "/delete\tmy notes.txt "] {
            let name = Box::new(FileName::parse(b"my notes.txt").unwrap());
            assert_asks(line, Order::Delete(name));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_the_right_form() {
        for (line, told) in [
            ("/", "! there is no such command"),
            ("/dance", "! there is no such command"),
            ("/WHO", "! there is no such command"),
            ("/who ada", "! write /who"),
            ("/kick", "! write /kick NAME|ADDR"),
            ("/delete", "! write /delete NAME"),
            ("/delete ../x", "! a file name may not hold / or \\"),
            ("/delete ''", "! there is no file name"),
        ] {
            assert!(refusal(line).starts_with(told), "{line}: {}", refusal(line));
        }
    }

    /// Each command that the help lists is one.
    #[test]
    fn help_lists_what_there_is() {
        let Some(Order::Room(Deed::Tell(lines))) = Order::parse(b"/help") else { panic!() };
        assert_eq!(lines.len(), COMMANDS.len() + 1);
        for (form, _) in COMMANDS {
            let line = form.replace("NAME|ADDR", "ada").replace("NAME", "a");
            let order = Order::parse(line.as_bytes()).unwrap();
            let refused = matches!(&order, Order::Room(Deed::Tell(told)) if told.len() == 1);
            assert!(!refused, "{line}: {order:?}");
        }
    }
}
