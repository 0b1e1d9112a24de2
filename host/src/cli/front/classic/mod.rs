//! The screen of the classic client, byte for byte.
//!
//! But for a message that arrives while a line is half typed: it goes above
//! that line. What is typed is worked off line by line in its order: each line
//! waits until the one before it is said, or its file is out, and then the
//! prompt comes again.

mod keys;
mod screen;
mod typed;

use std::io::{self, BufWriter, Stdout};
use std::sync::Arc;

use mio::Waker;
use snug_core::client::ANNOUNCEMENT;

use self::screen::Screen;
use self::typed::Typed;
use super::keyboard::Keyboard;
use super::tty::Tty;
use super::{Farewell, Front, Scene, Wish};
use crate::cli::me::Me;

/// The classic screen and its keyboard.
#[derive(Debug)]
pub(super) struct Classic {
    keyboard: Keyboard,
    typed: Typed,
    /// The user's terminal, if the user sits at one.
    tty: Option<Tty>,
    screen: Screen<BufWriter<Stdout>>,
}

impl Classic {
    pub(super) fn open(waker: &Arc<Waker>) -> io::Result<Self> {
        let tty = Tty::find().filter(|tty| tty.give_keys().is_ok());
        Ok(Self {
            keyboard: Keyboard::start(Arc::clone(waker))?,
            typed: Typed::new(tty.is_some()),
            tty,
            screen: Screen::new(BufWriter::new(io::stdout())),
        })
    }
}

impl Front for Classic {
    fn wish(&mut self) -> io::Result<Option<Wish>> {
        loop {
            if let Some(line) = self.typed.next(&mut self.screen)? {
                self.screen.entered();
                return Ok(Some(Wish::Line(line)));
            }
            if self.typed.is_over() {
                return Ok(Some(Wish::End));
            }
            let Some(bytes) = self.keyboard.next() else { return Ok(None) };
            self.typed.feed(&bytes);
        }
    }

    fn show(&mut self, scene: &Scene<'_>, _: &Me) -> io::Result<()> {
        match *scene {
            Scene::Heard { text, .. } | Scene::Told(text) => self.screen.message(text),
            Scene::Said(ANNOUNCEMENT)
            | Scene::Present(_)
            | Scene::Files(_)
            | Scene::Doubtful(_)
            | Scene::Fetched(_)
            | Scene::Here(_)
            | Scene::Lost(_)
            | Scene::Back => Ok(()),
            Scene::Said(_) | Scene::NotUploaded => self.screen.ask(),
            Scene::Uploaded(typed) | Scene::Standing(typed) => self.screen.uploaded(typed),
            Scene::Refused(why) => self.screen.refuse(why),
        }
    }

    fn resume(&mut self) -> io::Result<()> {
        if let Some(tty) = &self.tty {
            tty.give_keys()?;
            self.screen.show_again()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.screen.flush()
    }

    fn end(&mut self, how: Farewell) -> io::Result<()> {
        match how {
            Farewell::Interrupted => self.screen.interrupted(),
            Farewell::Done => self.screen.left(),
            Farewell::Lost => self.screen.server_closed(),
        }
    }
}
