//! A line of the room is a line of the output, as it is on the wire.
//!
//! For pipes, and for terminals that cannot move their cursor. Each line goes
//! out at once, so that whoever reads it can answer. What is not the room's
//! goes to standard error.

use std::io::{self, ErrorKind, Stdout, Write};
use std::sync::Arc;

use mio::Waker;

use super::input::Input;
use super::{DOUBT, Farewell, Front, Scene, Wish};
use crate::cli::me::Me;

/// Standard input and standard output, line by line.
#[derive(Debug)]
pub(super) struct Plain {
    input: Input,
    out: Stdout,
}

impl Plain {
    pub(super) fn open(waker: &Arc<Waker>) -> io::Result<Self> {
        Ok(Self { input: Input::open(waker)?, out: io::stdout() })
    }
}

impl Front for Plain {
    fn wish(&mut self) -> io::Result<Option<Wish>> {
        Ok(self.input.wish())
    }

    fn show(&mut self, scene: &Scene<'_>, _: &Me) -> io::Result<()> {
        match *scene {
            Scene::Heard { text, .. } => writeln!(self.out, "{text}"),
            Scene::Uploaded(typed) => writeln!(self.out, "> File '{typed}' has uploaded!"),
            Scene::Standing(typed) => writeln!(self.out, "> File '{typed}' is there already"),
            Scene::Fetched(name) => writeln!(self.out, "> File '{name}' is here"),
            Scene::Here(name) => writeln!(self.out, "> File '{name}' is here already"),
            Scene::Told(text) => writeln!(self.out, "> {text}"),
            Scene::Refused(why) => complain(&format!("! {why}")),
            Scene::Doubtful(line) => complain(&format!("{DOUBT}: {line}")),
            Scene::Lost(why) => complain(why),
            Scene::Back => complain("the connection is there again"),
            Scene::Present(_) | Scene::Files(_) | Scene::Said(_) | Scene::NotUploaded => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: Farewell) -> io::Result<()> {
        self.out.flush()
    }
}

/// Says it where the output is not disturbed by it.
pub(super) fn complain(what: &str) -> io::Result<()> {
    match writeln!(io::stderr(), "cli: {what}") {
        // Nobody wants to know.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
