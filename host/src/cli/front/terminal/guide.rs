//! What rustyline asks while a line is edited: candidates, the prompt, the end.

use core::cell::RefCell;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use mio::Waker;
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Print;
use super::completion::{Settled, complete, names_stored};
use super::look::Look;
use super::stage::{Row, Stage};
use crate::cli::front::tty::Tty;

/// What stands before the line that the user types.
pub(super) const PROMPT: &str = "[You] ";

/// What rustyline asks while a line is edited.
pub(super) struct Guide {
    pub(super) stage: Arc<Stage>,
    look: Look,
    pub(super) prints: SyncSender<Print>,
    /// Wakes the session.
    waker: Arc<Waker>,
    /// The line as it was last painted.
    pub(super) line: RefCell<String>,
}

impl Guide {
    pub(super) fn new(
        stage: Arc<Stage>,
        look: Look,
        prints: SyncSender<Print>,
        waker: Arc<Waker>,
    ) -> Self {
        Self { stage, look, prints, waker, line: RefCell::default() }
    }

    /// Takes note of the line as it is now.
    fn note(&self, line: &str) {
        let mut last = self.line.borrow_mut();
        if names_stored(line) && !names_stored(&last) {
            self.stage.want_files();
            // A session that is gone asks nobody.
            let _ = self.waker.wake();
        }
        line.clone_into(&mut last);
    }

    /// Lists what there is to choose from, above the line.
    fn list(&self, candidates: &[String]) {
        if !candidates.is_empty() {
            // The printer waits for this very thread: it cannot be waited for.
            let _ = self.prints.try_send(Print::Line(self.look.told(&candidates.join("  "))));
        }
    }
}

impl Completer for Guide {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let (start, settled) = complete(&line[..pos], &self.stage);
        match settled {
            Settled::One(text) => Ok((start, vec![text])),
            Settled::Several(candidates) => {
                self.list(&candidates);
                Ok((start, Vec::new()))
            }
        }
    }
}

impl Highlighter for Guide {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        self.note(line);
        Cow::Borrowed(line)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        default: bool,
    ) -> Cow<'b, str> {
        if !default {
            return Cow::Borrowed(prompt);
        }
        let row = fitting(&self.stage.paint(), Tty::columns());
        Cow::Owned(format!("{}\n{}", self.look.status(&row), self.look.prompt(PROMPT)))
    }

    /// Each change is painted, so that the line is known.
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

impl Validator for Guide {
    /// Enter: the line ends here, and the prompt with it.
    fn validate(&self, _: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        self.stage.leave();
        Ok(ValidationResult::Valid(None))
    }
}

impl Hinter for Guide {
    type Hint = String;
}

impl Helper for Guide {}

/// The row, or as much of it as fits without wrapping.
pub(super) fn fitting(row: &Row, columns: usize) -> String {
    let row = if row.wide.width() < columns { &row.wide } else { &row.narrow };
    let mut width = 0;
    let fits = |character: &char| {
        width += character.width().unwrap_or(0);
        width < columns
    };
    row.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_cut_before_it_wraps() {
        let row = Row { wide: "wide 漢".to_owned(), narrow: "narrow".to_owned() };
        assert_eq!(fitting(&row, 8), "wide 漢");
        assert_eq!(fitting(&row, 7), "narrow");
        assert_eq!(fitting(&row, 4), "nar");
    }
}
