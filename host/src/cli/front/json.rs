//! A line of the room is an object, on a line of its own.
//!
//! Each has a `type` and, with it, the time at which `cli` got it. The names
//! are for scripts to rely on: they are told in the README.

use std::io::{self, Stdout, Write};
use std::sync::Arc;

use mio::Waker;
use serde::Serialize;

use super::input::Input;
use super::{Farewell, Front, Scene, Wish};
use crate::cli::me::Me;
use crate::cli::own::Own;
use crate::news::News;
use crate::record::Record;

/// Standard input line by line, and standard output object by object.
#[derive(Debug)]
pub(super) struct Json {
    input: Input,
    out: Stdout,
}

impl Json {
    pub(super) fn open(waker: &Arc<Waker>) -> io::Result<Self> {
        Ok(Self { input: Input::open(waker)?, out: io::stdout() })
    }

    fn write(&mut self, what: impl Serialize, old: bool) -> io::Result<()> {
        Record::now(what).repeated(old).write_to(&mut self.out)
    }
}

impl Front for Json {
    fn wish(&mut self) -> io::Result<Option<Wish>> {
        Ok(self.input.wish())
    }

    fn show(&mut self, scene: &Scene<'_>, _: &Me) -> io::Result<()> {
        let own = match *scene {
            Scene::Heard { kind, text, old } => return self.write(News::of(kind, text), old),
            Scene::Uploaded(file) | Scene::Standing(file) => Own::Uploaded { file },
            Scene::Fetched(file) | Scene::Here(file) => Own::Fetched { file },
            Scene::Told(text) => Own::Told { text },
            Scene::Refused(text) => Own::Refused { text },
            Scene::Doubtful(text) => Own::Doubtful { text },
            Scene::Lost(text) => Own::Lost { text },
            Scene::Back => Own::Back,
            Scene::Present(_) | Scene::Files(_) | Scene::Said(_) | Scene::NotUploaded => {
                return Ok(());
            }
        };
        self.write(own, false)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: Farewell) -> io::Result<()> {
        self.out.flush()
    }
}

/// Tells that there is no server.
pub(super) fn unable_to_connect(why: &io::Error) -> io::Result<()> {
    let text = &format!("unable to connect: {why}");
    Record::now(Own::Lost { text }).write_to(&mut io::stdout())
}
