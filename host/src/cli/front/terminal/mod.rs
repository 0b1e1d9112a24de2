//! A line editor, colours, and a row for what is under way.
//!
//! ```text
//!   session ── lines ──► printer's thread ──► editor's thread ──► terminal
//!      ▲                                            │
//!      └───────────────── wishes ───────────────────┘
//! ```
//!
//! The printer has a thread of its own, for rustyline takes a line from it only
//! while it waits for a key: not while the user looks for something in the
//! history. The session goes on meanwhile.

mod completion;
mod editor;
mod guide;
mod look;
mod stage;

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use mio::Waker;
use rustyline::ExternalPrinter;

use self::editor::{Typist, Wishes};
use self::guide::{Guide, fitting};
use self::look::Look;
use self::stage::{Row, Stage};
use super::tty::Tty;
use super::{DOUBT, Farewell, Front, Scene, Status, Wish};
use crate::cli::me::Me;
use crate::news::News;

/// Lines that may wait to be printed; then the session waits, and with it the
/// server, which has its own ways with those who read slowly.
const TO_PRINT: usize = 4096;

/// Lines that may be typed ahead.
const TYPED: usize = 64;

/// How often the row is painted again at most.
const APART: Duration = Duration::from_millis(150);

/// Nothing that stays: to the row above and down again. The editor paints its
/// prompt again after it.
const NOTHING: &str = "\x1b[A\n";

/// Takes the row away that is there without an editor.
const AT_THE_ROW: &str = "\r\x1b[J";

/// Ends what an editor that was held has begun: bracketed paste and
/// synchronised output.
const RESET: &str = "\x1b[?2004l\x1b[?2026l";

/// A terminal with a line editor.
pub(super) struct Terminal {
    tty: Option<Tty>,
    stage: Arc<Stage>,
    look: Look,
    wishes: Receiver<Wish>,
    wants_out: Arc<AtomicBool>,
    prints: SyncSender<Print>,
    painted: Option<Instant>,
    online: Option<u32>,
}

/// What the printer's thread is to do.
enum Print {
    Line(String),
    /// Only the row has changed.
    Row,
    /// Nothing comes after it; tells when all is printed.
    Last(SyncSender<()>),
}

impl Terminal {
    pub(super) fn open(waker: &Arc<Waker>) -> io::Result<Self> {
        let (look, stage, tty) = (Look::of_environment(), Arc::<Stage>::default(), Tty::find());
        let (prints, to_print) = sync_channel(TO_PRINT);
        let (typed, wishes) = sync_channel(TYPED);
        let wants_out = Arc::<AtomicBool>::default();
        let to_session =
            Wishes { typed, wants_out: Arc::clone(&wants_out), waker: Arc::clone(waker) };
        let guide = Guide::new(Arc::clone(&stage), look, prints.clone(), Arc::clone(waker));
        let mut typist = Typist::new(guide, to_session)?;
        let (printer, its_stage) = (typist.printer()?, Arc::clone(&stage));
        let print = move || print_all(&to_print, printer, &its_stage, look);
        thread::Builder::new().name("printer".into()).spawn(print)?;
        thread::Builder::new().name("editor".into()).spawn(move || typist.run())?;
        Ok(Self { tty, stage, look, wishes, wants_out, prints, painted: None, online: None })
    }

    fn print(&self, line: String) -> io::Result<()> {
        self.prints.send(Print::Line(line)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Takes note of who is in the room.
    fn note(&mut self, news: &News<'_>, old: bool, me: &Me) {
        match *news {
            News::Welcome { online } | News::Join { online, .. } | News::Leave { online, .. }
                if !old =>
            {
                self.online = Some(online);
            }
            _ => {}
        }
        match *news {
            News::Leave { who, .. } => self.stage.remove_nick(who),
            News::Nick { was, .. } => self.stage.remove_nick(was),
            _ => {}
        }
        let leaves = matches!(news, News::Leave { .. });
        if let Some(who) = news.who().filter(|who| !leaves && !me.is(who)) {
            self.stage.add_nick(who);
        }
    }

    fn row(&self, status: &Status<'_>, me: &Me) -> Row {
        if let (Some(gauge), None) = (status.gauge, status.away) {
            return Row { wide: gauge.to_string(), narrow: format!("{gauge:#}") };
        }
        let room = status.room;
        let who = me.nick().map(|nick| format!("{nick}, ")).unwrap_or_default();
        let row = match (status.away, self.online) {
            (Some(away), _) => format!("-- {who}{room}: {away} --"),
            (None, Some(online)) => format!("-- {who}{room} ({online} online) --"),
            (None, None) => format!("-- {who}{room} --"),
        };
        Row { narrow: row.clone(), wide: row }
    }

    /// Has all printed that there is, and the prompt taken away.
    fn close(&self) {
        self.stage.begin_closing();
        let (done, all_printed) = sync_channel(1);
        if self.prints.send(Print::Last(done)).is_ok() {
            // If the printer is gone, all is printed that ever will be.
            let _ = all_printed.recv_timeout(Duration::from_secs(1));
        }
        self.stage.wait_closed();
    }
}

impl Front for Terminal {
    fn wish(&mut self) -> io::Result<Option<Wish>> {
        Ok(self.wishes.try_recv().ok())
    }

    fn wants_out(&self) -> bool {
        self.wants_out.load(Ordering::SeqCst)
    }

    fn wants_roster(&self) -> bool {
        true
    }

    fn wants_files(&self) -> bool {
        self.stage.wants_files()
    }

    fn show(&mut self, scene: &Scene<'_>, me: &Me) -> io::Result<()> {
        let line = match *scene {
            Scene::Heard { kind, text, old } => {
                self.note(&News::of(kind, text), old, me);
                Some(self.look.heard(kind, text, old, me))
            }
            Scene::Present(news) => {
                self.note(news, false, me);
                None
            }
            Scene::Files(names) => {
                self.stage.set_files(names);
                None
            }
            Scene::Said(line) => self.look.said(line, me),
            Scene::Uploaded(typed) => {
                Some(self.look.told(&format!("File '{typed}' has uploaded!")))
            }
            Scene::Standing(typed) => {
                Some(self.look.told(&format!("File '{typed}' is there already")))
            }
            Scene::Fetched(name) => Some(self.look.told(&format!("File '{name}' is here"))),
            Scene::Here(name) => Some(self.look.told(&format!("File '{name}' is here already"))),
            Scene::Told(text) => Some(self.look.told(text)),
            Scene::Doubtful(line) => Some(self.look.refused(&format!("{DOUBT}: {line}"))),
            Scene::Refused(why) | Scene::Lost(why) => Some(self.look.refused(why)),
            Scene::Back => Some(self.look.told("the connection is there again")),
            Scene::NotUploaded => None,
        };
        line.map_or(Ok(()), |line| self.print(line))
    }

    fn status(&mut self, status: &Status<'_>, me: &Me) {
        let moves = status.gauge.is_some();
        if moves && self.painted.is_some_and(|painted| painted.elapsed() < APART) {
            return;
        }
        if self.stage.set_row(self.row(status, me)) {
            self.painted = Some(Instant::now());
            // Where the printer is gone there is nothing to paint on.
            let _ = self.prints.try_send(Print::Row);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Why it ended is said when the terminal is as it was.
    fn end(&mut self, _: Farewell) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.close();
        let mut out = io::stdout().lock();
        // A terminal that is gone needs nothing.
        let _ = out.write_all(RESET.as_bytes()).and_then(|()| out.flush());
        drop(self.tty.take());
    }
}

/// Prints above the line that is typed, what lies together in one go.
fn print_all(
    prints: &Receiver<Print>,
    mut printer: impl ExternalPrinter,
    stage: &Stage,
    look: Look,
) {
    while let Ok(first) = prints.recv() {
        let mut lines = String::new();
        let mut last = None;
        for print in core::iter::once(first).chain(prints.try_iter().take(TO_PRINT)) {
            match print {
                Print::Line(line) => lines = lines + &line + "\n",
                Print::Row => {}
                Print::Last(done) => last = Some(done),
            }
        }
        stage.wait_for_turn();
        let text = match stage.left_row() {
            // The user has typed the last line, and something is under way.
            Some(_) if last.is_some() => format!("{AT_THE_ROW}{lines}"),
            Some(row) => {
                let row = look.status(&fitting(&row, Tty::columns()));
                format!("{AT_THE_ROW}{lines}{row}")
            }
            None if lines.is_empty() => NOTHING.to_owned(),
            None => lines,
        };
        if printer.print(text).is_err() {
            return;
        }
        if let Some(done) = last {
            // Who has waited too long is gone.
            let _ = done.send(());
        }
    }
}
