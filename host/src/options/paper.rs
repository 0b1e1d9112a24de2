//! Man pages and shell completions, printed by the program that they are about.
//!
//! `srv --generate man`, `srv --generate bash`: they are made from the options
//! as they are, so that whoever has the program has them too, however it was
//! installed.

use std::ffi::OsStr;
use std::io::{self, Write};

use clap::builder::{PossibleValue, Resettable};
use clap::{Arg, Command, Parser, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{ServerOptions, objects};
use crate::cli::{self, ClientOptions};
use crate::operator::COMMANDS;

/// Name of the option that asks for one.
pub(super) const OPTION: &str = "generate";

/// What the man page of a program has beside its options.
pub trait Documented: Parser {
    /// Sections: the heading, and for each entry a term, or none, and a text.
    fn sections() -> Vec<(&'static str, Vec<Entry>)>;
}

/// A term, empty for a mere paragraph, and what is to be said about it.
pub type Entry = (&'static str, &'static str);

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    Man,
    Completions(Shell),
}

impl ValueEnum for Paper {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Paper; 6] = [
            Paper::Man,
            Paper::Completions(Shell::Bash),
            Paper::Completions(Shell::Elvish),
            Paper::Completions(Shell::Fish),
            Paper::Completions(Shell::PowerShell),
            Paper::Completions(Shell::Zsh),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Man => Some(PossibleValue::new("man")),
            Self::Completions(shell) => shell.to_possible_value(),
        }
    }
}

impl Paper {
    /// Prints it to standard output.
    pub(super) fn print<O: Documented>(self) -> io::Result<()> {
        let mut page = Vec::new();
        match self {
            Self::Man => write_man::<O>(&mut page)?,
            Self::Completions(shell) => {
                let mut command = command::<O>();
                let name = command.get_name().to_owned();
                clap_complete::generate(shell, &mut command, name, &mut page);
            }
        }
        io::stdout().write_all(&page)
    }
}

/// The command line of a program, with the option that asks for a paper.
pub(super) fn command<O: Parser>() -> Command {
    let option = Arg::new(OPTION)
        .long(OPTION)
        .value_name("WHAT")
        .value_parser(clap::value_parser!(Paper))
        .exclusive(true)
        .help_heading(Resettable::Reset)
        .help("Print the man page, or completions for a shell, and end");
    O::command().arg(option)
}

/// Whether an argument is the option that asks for a paper.
pub(super) fn is_asked_for(argument: &OsStr) -> bool {
    let option = argument.to_str().and_then(|argument| argument.strip_prefix("--"));
    option.is_some_and(|option| option.split('=').next() == Some(OPTION))
}

fn write_man<O: Documented>(page: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(command::<O>().mut_args(|argument| argument.hide_env(false)));
    let man = man.manual("Snug").section("1");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    man.render_extra_section(page)?;
    for (heading, entries) in O::sections() {
        let mut roff = Roff::new();
        roff.control("SH", [heading]);
        for (term, text) in entries {
            if term.is_empty() {
                roff.control("PP", []);
            } else {
                roff.control("TP", []).text([bold(term)]);
            }
            roff.text([roman(text)]);
        }
        roff.to_writer(page)?;
    }
    man.render_version_section(page)
}

impl Documented for ServerOptions {
    fn sections() -> Vec<(&'static str, Vec<Entry>)> {
        let console = [("", CONSOLE), ("TEXT", "goes to the room; // begins a text with /")];
        vec![
            ("CONSOLE", console.into_iter().chain(COMMANDS).collect()),
            ("OUTPUT", vec![("", OUTPUT)]),
            ("OBJECTS", objects::OF_SRV.to_vec()),
            ("SIGNALS", SIGNALS.to_vec()),
            ("EXIT STATUS", SERVER_STATUS.to_vec()),
            ("SECURITY", vec![("", SECURITY)]),
            ("SEE ALSO", vec![("", "cli(1), nc(1), systemd.socket(5)")]),
        ]
    }
}

impl Documented for ClientOptions {
    fn sections() -> Vec<(&'static str, Vec<Entry>)> {
        vec![
            ("COMMANDS", cli::commands().collect()),
            ("OBJECTS", objects::OF_CLI.to_vec()),
            ("EXIT STATUS", CLIENT_STATUS.to_vec()),
            ("SEE ALSO", vec![("", "srv(1), nc(1)")]),
        ]
    }
}

const CLIENT_STATUS: [Entry; 3] = [
    ("0", "all was said, or done and confirmed"),
    ("1", "there was no server, something was refused or failed, or the connection was lost"),
    ("2", "the program was called in a wrong way"),
];

const CONSOLE: &str = "A line that is typed on standard input, be it a terminal or a pipe, goes to \
    the room as [server] TEXT, unless it begins with /. The end of the input ends nothing; in the \
    background of a terminal nothing is read.";

const OUTPUT: &str = "Standard output has the line \"Chat server started on port PORT.\", then what \
    the room is told, a line each, as the classic server prints it. On a terminal, how others join \
    stands in between. Answers to what is typed begin with #, > or !.";

const SIGNALS: [Entry; 2] = [
    ("SIGINT, SIGTERM", "end the room in good order; a second one ends the program at once"),
    ("SIGUSR1", "prints how the room does, as /stats"),
];

const SERVER_STATUS: [Entry; 4] = [
    ("0", "the room was ended by a signal or by /quit"),
    ("1", "it could not be opened, or failed"),
    ("2", "the program was called in a wrong way"),
    ("130", "a second signal ended the program"),
];

const SECURITY: &str = "There is no password and no encryption: whoever reaches the port can read, \
    write and upload. Listen on 127.0.0.1 or in a network that you trust.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn man<O: Documented>() -> String {
        let mut page = Vec::new();
        write_man::<O>(&mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn a_man_page_has_every_option_with_its_variable() {
        let page = man::<ServerOptions>();
        for option in ServerOptions::command().get_opts() {
            let long = option.get_long().unwrap().replace('-', "\\-");
            assert!(page.contains(&format!("\\-\\-{long}")), "{long}");
            let variable = option.get_env().unwrap().to_str().unwrap();
            assert!(page.contains(variable), "{variable}");
        }
    }

    #[test]
    fn a_man_page_has_its_sections_and_commands() {
        let page = man::<ServerOptions>();
        for (form, what) in COMMANDS {
            assert!(page.contains(&form.replace('-', "\\-")) && page.contains(what), "{form}");
        }
        for heading in ["NAME", "SYNOPSIS", "OPTIONS", "CONSOLE", "SIGNALS", "\"EXIT STATUS\""] {
            assert!(page.contains(&format!(".SH {heading}\n")), "{heading} in {page}");
        }
        assert!(man::<ClientOptions>().contains(".SH \"SEE ALSO\"\n"));
    }
}
