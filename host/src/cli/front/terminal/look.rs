//! How lines look on a terminal.
//!
//! Colour tells apart at a glance, and form does where there is none: what the
//! room sends keeps its first character (`[` said, `*` done, `>` told, `<` left,
//! `!` refused), what the user says is said by `[You]`, and a line that names
//! the user has an `@` before it.

use core::time::Duration;
use std::env;

use anstyle::{AnsiColor, Style};
use indicatif::{BinaryBytes, HumanDuration};
use jiff::ZonedDateTime;
use snug_core::client::Kind;
use snug_core::wire::nick::Nick;

use crate::cli::me::Me;
use crate::news::News;

const TEXT: Style = AnsiColor::Cyan.on_default();
const OWN: Style = AnsiColor::Green.on_default();
const PRIVATE: Style = AnsiColor::Yellow.on_default();
const ACTION: Style = AnsiColor::Magenta.on_default();
const TOLD: Style = Style::new().dimmed();
const REFUSED: Style = AnsiColor::Red.on_default().bold();
const NAMED: Style = Style::new().bold();
const STATUS: Style = Style::new().dimmed();
const PLAIN: Style = Style::new();

/// Rings the terminal's bell.
const BELL: &str = "\x07";

/// Colours, or none where the user wants none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    colours: bool,
}

impl Look {
    /// As the user's environment has it: <https://no-color.org>.
    pub(super) fn of_environment() -> Self {
        Self { colours: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    /// A line of the room. One that was said before has no time.
    pub(super) fn heard(self, kind: Kind, line: &str, old: bool, me: &Me) -> String {
        let news = News::of(kind, line);
        let (style, named) = match news {
            News::Text { text, .. } => (TEXT, me.is_named_in(text)),
            News::Action { text, .. } => (ACTION, me.is_named_in(text)),
            News::Private { .. } => (PRIVATE, true),
            News::Refused { .. } => (REFUSED, false),
            News::Other { .. } | News::Rest { .. } => (PLAIN, false),
            _ => (TOLD, false),
        };
        let head = match news {
            News::Text { text, .. } | News::Private { text, .. } => line.len() - text.len(),
            _ => line.len(),
        };
        let (head, text) = line.split_at(head);
        let calls = named && !old;
        let bell = if calls { BELL } else { "" };
        let listed = listed(&news);
        let head = self.styled(style, listed.as_deref().unwrap_or(head));
        let text = self.styled(if named { NAMED } else { PLAIN }, text);
        format!("{bell}{}{head}{text}", self.margin(old, named))
    }

    /// What the user has said, from the line that went out; nothing for commands
    /// that the server answers.
    pub(super) fn said(self, line: &str, me: &Me) -> Option<String> {
        let (style, head, text) = match line.split_once(' ') {
            Some(("#me", text)) => {
                (ACTION, format!("* {} ", me.nick().map_or("You", Nick::as_str)), text)
            }
            Some(("#msg", rest)) => {
                let (to, text) = rest.split_once(' ')?;
                (PRIVATE, format!("[You > {to}] "), text)
            }
            _ if line.starts_with("##") => (OWN, "[You] ".to_owned(), &line[1..]),
            _ if line.starts_with('#') || line.is_empty() => return None,
            _ => (OWN, "[You] ".to_owned(), line),
        };
        Some(format!("{}{}{text}", self.margin(false, false), self.styled(style, &head)))
    }

    /// What `cli` itself tells.
    pub(super) fn told(self, line: &str) -> String {
        format!("{}{}", self.margin(false, false), self.styled(TOLD, &format!("> {line}")))
    }

    /// What `cli` itself does not do.
    pub(super) fn refused(self, why: &str) -> String {
        format!("{}{}", self.margin(false, false), self.styled(REFUSED, &format!("! {why}")))
    }

    /// The row about what is under way.
    pub(super) fn status(self, row: &str) -> String {
        self.styled(STATUS, row)
    }

    /// What stands before what is typed.
    pub(super) fn prompt(self, prompt: &str) -> String {
        self.styled(OWN, prompt)
    }

    /// The time, and whether the line is for the user.
    fn margin(self, old: bool, named: bool) -> String {
        let time = if old {
            " -- ".to_owned()
        } else {
            ZonedDateTime::now().strftime("%H:%M").to_string()
        };
        let mark = if named { self.styled(REFUSED, "@") } else { " ".to_owned() };
        format!("{}{mark}", self.styled(STATUS, &format!("{time:5}")))
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.colours && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// What is for programs, as people read it.
fn listed(news: &News<'_>) -> Option<String> {
    match *news {
        News::User { who, address } if who == address => Some(format!("> {who}")),
        News::User { who, address } => Some(format!("> {who} ({address})")),
        News::Stored { name, size, age } => {
            let age = age.map(|age| format!(", {} ago", HumanDuration(Duration::from_secs(age))));
            Some(format!("> {name} ({}{})", BinaryBytes(size), age.unwrap_or_default()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Look = Look { colours: false };

    fn ada() -> Me {
        let mut me = Me::default();
        me.said("#nick ada");
        me.heard(&News::Told { text: "Your name is set" });
        me
    }

    fn heard(line: &str, old: bool) -> String {
        BARE.heard(Kind::of(line), line, old, &ada())
    }

    fn said(line: &str) -> Option<String> {
        BARE.said(line, &ada())
    }

    #[test]
    fn lines_are_told_apart_by_form() {
        assert_eq!(&heard("[bob] hi", false)[5..], " [bob] hi");
        assert_eq!(&heard("> 2 users", false)[5..], " > 2 users");
        assert_eq!(&heard("#user bob 1.2.3.4:5", false)[5..], " > bob (1.2.3.4:5)");
        assert_eq!(
            &heard("#stored 'a b' 2048 61", false)[5..],
            " > a b (2.00 KiB, 61 seconds ago)"
        );
        assert_eq!(&heard("#stored 'a b' 0 -", false)[5..], " > a b (0 B)");
        assert_eq!(&said("hello").unwrap()[5..], " [You] hello");
        assert_eq!(&said("#me waves").unwrap()[5..], " * ada waves");
        assert_eq!(&said("#msg bob hi").unwrap()[5..], " [You > bob] hi");
        assert_eq!(&said("##tag").unwrap()[5..], " [You] #tag");
        assert_eq!(said("#who"), None);
        assert_eq!(&BARE.refused("no")[5..], " ! no");
    }

    #[test]
    fn a_line_for_the_user_rings_and_stands_out() {
        assert!(heard("[bob] hi ada", false).starts_with(BELL));
        assert_eq!(&heard("[bob] hi ada", false)[6..], "@[bob] hi ada");
        assert_eq!(&heard("[bob > ada] psst", false)[6..], "@[bob > ada] psst");
        assert_eq!(heard("[bob] hi ada", true), " --  @[bob] hi ada");
    }

    #[test]
    fn times_are_five_characters() {
        let line = heard("[bob] hi", false);
        assert!(
            line.as_bytes()[..5]
                .iter()
                .enumerate()
                .all(|(at, byte)| { if at == 2 { *byte == b':' } else { byte.is_ascii_digit() } })
        );
    }

    #[test]
    fn colours_end_with_what_they_colour() {
        let look = Look { colours: true };
        let line = look.heard(Kind::Refused, "! no", false, &ada());
        assert!(line.ends_with("! no\x1b[0m"), "{line:?}");
    }
}
