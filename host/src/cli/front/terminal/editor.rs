//! The line that is typed: rustyline in a thread of its own.

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use etcetera::base_strategy::{BaseStrategy, Xdg};
use mio::Waker;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor, ExternalPrinter};
use unicode_width::UnicodeWidthChar;

use super::Print;
use super::guide::{Guide, PROMPT};
use super::stage::Stage;
use crate::cli::front::Wish;
use crate::cli::front::tty::Tty;

/// The prompt with a row above it for what is under way, as rustyline measures
/// it. What is painted there is [the stage's](Stage::paint).
const ROWS: &str = "\n[You] ";

/// Lines that are kept for the next time.
const HISTORY: usize = 1000;

/// Reads lines until the user wants no more.
pub(super) struct Typist {
    editor: Editor<Guide, FileHistory>,
    stage: Arc<Stage>,
    history: Option<PathBuf>,
    wishes: Wishes,
}

/// The way to the session.
#[derive(Debug)]
pub(super) struct Wishes {
    pub(super) typed: SyncSender<Wish>,
    /// Set when the user wants to be gone.
    pub(super) wants_out: Arc<AtomicBool>,
    /// Wakes the session.
    pub(super) waker: Arc<Waker>,
}

impl Wishes {
    /// Tells the session; whether it still listens.
    fn send(&self, wish: Wish) -> bool {
        self.typed.send(wish).is_ok() && self.waker.wake().is_ok()
    }

    fn leave(&self) {
        self.wants_out.store(true, Ordering::SeqCst);
        // Nobody is left to be woken if this fails.
        let _ = self.waker.wake();
    }
}

impl Typist {
    pub(super) fn new(guide: Guide, wishes: Wishes) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(io::Error::other)?
            .completion_type(CompletionType::List)
            // What has no colour is painted all the same.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor = Editor::with_config(config).map_err(io::Error::other)?;
        let stage = Arc::clone(&guide.stage);
        editor.set_helper(Some(guide));
        let history = history_file();
        if let Some(path) = &history {
            // There is none at first.
            let _ = editor.load_history(path);
        }
        Ok(Self { editor, stage, history, wishes })
    }

    /// What prints above the line that is typed.
    pub(super) fn printer(&mut self) -> io::Result<impl ExternalPrinter + Send + use<>> {
        self.editor.create_external_printer().map_err(io::Error::other)
    }

    /// Gives what is typed, line by line.
    pub(super) fn run(mut self) {
        loop {
            let typed = self.editor.readline(ROWS);
            self.stage.leave();
            self.erase();
            match typed {
                Ok(text) if self.entered(&text) => continue,
                Ok(_) => {}
                Err(ReadlineError::Eof) => {
                    self.wishes.send(Wish::End);
                }
                Err(_) => self.wishes.leave(),
            }
            break;
        }
        self.stage.close();
        if let Some(guide) = self.editor.helper() {
            // What is under way has nobody else any more who paints it.
            let _ = guide.prints.try_send(Print::Row);
        }
    }

    /// A line, or several that were pasted; whether more are wanted.
    fn entered(&mut self, text: &str) -> bool {
        // A history that cannot be kept is no reason to stop.
        let _ = self.editor.add_history_entry(text);
        if let Some(path) = &self.history {
            let _ = self.editor.append_history(path);
        }
        wishes(text).all(|wish| self.wishes.send(wish))
    }

    /// Takes the row and the line away that were edited: what was said is shown
    /// when it is.
    fn erase(&self) {
        let line = self.editor.helper().map(|guide| guide.line.take()).unwrap_or_default();
        let up = 1 + rows(&line, Tty::columns());
        let mut out = io::stdout().lock();
        // A terminal that is gone shows nothing.
        let _ = write!(out, "\x1b[{up}A\r\x1b[J").and_then(|()| out.flush());
    }
}

/// What is wanted with the lines that were entered at once. Those behind the
/// first may be of a log or a program, and are no commands, whatever they look
/// like; and what is pasted behind `/msg bob` is not for all.
fn wishes(text: &str) -> impl Iterator<Item = Wish> {
    let mut lines = text.split(['\r', '\n']).filter(|line| !line.is_empty()).map(str::to_owned);
    let first = lines.next().unwrap_or_default();
    let mut others = lines.map(Wish::Text).peekable();
    let mixed = is_command(&first) && others.peek().is_some();
    let first = if mixed { Wish::Mixed } else { Wish::Line(first) };
    core::iter::once(first).chain(others.take_while(move |_| !mixed))
}

fn is_command(line: &str) -> bool {
    ["/", "#"].iter().any(|mark| line.starts_with(mark) && !line[1..].starts_with(mark))
}

/// Rows of a terminal on which the prompt and a line are, with the cursor.
fn rows(line: &str, columns: usize) -> usize {
    let (mut row, mut column) = (1, 0);
    for character in PROMPT.chars().chain(line.chars()) {
        let width = match character {
            '\n' => {
                (row, column) = (row + 1, 0);
                continue;
            }
            '\t' => 8 - column % 8,
            other => other.width().unwrap_or(0),
        };
        column += width;
        if column > columns {
            (row, column) = (row + 1, width);
        }
    }
    row + usize::from(column >= columns)
}

/// In the user's state folder, which is made.
fn history_file() -> Option<PathBuf> {
    let folder = Xdg::new().ok()?.state_dir()?.join("snug");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_pasted_are_no_commands() {
        let line = |line: &str| Wish::Line(line.to_owned());
        let text = |line: &str| Wish::Text(line.to_owned());
        for (entered, wanted) in [
            ("", vec![line("")]),
            ("/quit", vec![line("/quit")]),
            ("/quit\n", vec![line("/quit")]),
            ("a\r\n\n/quit\r#quit", vec![line("a"), text("/quit"), text("#quit")]),
            ("//a\n##b", vec![line("//a"), text("##b")]),
            ("/msg bob a\nb\nc", vec![Wish::Mixed]),
            ("#include\nb", vec![Wish::Mixed]),
        ] {
            assert_eq!(wishes(entered).collect::<Vec<_>>(), wanted, "{entered:?}");
        }
    }

    #[test]
    fn rows_are_counted_as_the_terminal_does() {
        assert_eq!(rows("", 80), 1);
        assert_eq!(rows(&"x".repeat(73), 80), 1);
        // The cursor is on the next row.
        assert_eq!(rows(&"x".repeat(74), 80), 2);
        assert_eq!(rows(&"x".repeat(75), 80), 2);
        // A wide character does not fit into the last column.
        assert_eq!(rows("xxx漢", 10), 2);
        assert_eq!(rows(&"漢".repeat(37), 80), 2);
        assert_eq!(rows(&"e\u{301}".repeat(73), 80), 1);
    }
}
