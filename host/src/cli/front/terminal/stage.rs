//! What the editor's thread and the session agree on.
//!
//! The editor alone writes to the terminal while a line is edited; what others
//! have to show goes through rustyline's external printer, which has it printed
//! above the line. Two things need care:
//!
//! - Between two lines nobody edits. What would come then waits until the
//!   editor [paints](Stage::paint) again, or it would run into the prompt.
//! - At the end the prompt has to go. The editor cannot be called off, but it
//!   asks for its prompt just when the old one is cleared; there it is held.

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How long the end waits for an editor that is busy with its user: one who
/// looks for something in the history, say.
const LAST_PAINT: Duration = Duration::from_millis(500);

/// Shared by the threads of a terminal.
#[derive(Debug, Default)]
pub(super) struct Stage {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner {
    scene: Scene,
    row: Row,
    /// Who is or was in the room, for Tab.
    nicks: BTreeSet<String>,
    /// The files in the room, for Tab, as they were last listed.
    files: BTreeSet<String>,
    /// They are to be listed again.
    wants_files: bool,
}

impl Default for Inner {
    fn default() -> Self {
        let (scene, row) = (Scene::default(), Row::default());
        let (nicks, files) = (BTreeSet::new(), BTreeSet::new());
        Self { scene, row, nicks, files, wants_files: true }
    }
}

/// The row above the prompt, for terminals of any width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) wide: String,
    pub(super) narrow: String,
}

/// Who may write to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scene {
    /// Nobody: one line is entered, and the next not begun.
    #[default]
    Between,
    /// The editor.
    Editing,
    /// The editor, until it paints next.
    Closing,
    /// Whoever likes: there is no editor any more.
    Closed,
}

impl Stage {
    /// The editor is about to draw its prompt: gives the row above it. At the
    /// end it does not return.
    pub(super) fn paint(&self) -> Row {
        let mut inner = self.lock();
        if matches!(inner.scene, Scene::Closing | Scene::Closed) {
            self.set(inner, Scene::Closed);
            loop {
                std::thread::park();
            }
        }
        let row = inner.row.clone();
        if inner.scene != Scene::Editing {
            inner.scene = Scene::Editing;
            self.changed.notify_all();
        }
        row
    }

    /// A line is entered.
    pub(super) fn leave(&self) {
        let inner = self.lock();
        if inner.scene == Scene::Editing {
            self.set(inner, Scene::Between);
        }
    }

    /// The editor has ended.
    pub(super) fn close(&self) {
        self.set(self.lock(), Scene::Closed);
    }

    /// Holds the editor when it paints next.
    pub(super) fn begin_closing(&self) {
        let inner = self.lock();
        if inner.scene != Scene::Closed {
            self.set(inner, Scene::Closing);
        }
    }

    /// Waits until the editor is held or has ended, for a while.
    pub(super) fn wait_closed(&self) {
        let open = |inner: &mut Inner| inner.scene != Scene::Closed;
        // It is as closed as it gets, whatever came first.
        let _ = self.changed.wait_timeout_while(self.lock(), LAST_PAINT, open);
    }

    /// The row, where no editor paints it any more.
    pub(super) fn left_row(&self) -> Option<Row> {
        let inner = self.lock();
        (inner.scene == Scene::Closed).then(|| inner.row.clone())
    }

    /// Waits until what is printed comes out above a prompt, or after the last.
    pub(super) fn wait_for_turn(&self) {
        let between = |inner: &mut Inner| inner.scene == Scene::Between;
        drop(self.changed.wait_while(self.lock(), between));
    }

    /// Changes the row above the prompt; whether it is another one.
    pub(super) fn set_row(&self, row: Row) -> bool {
        let mut inner = self.lock();
        let differs = inner.row != row;
        inner.row = row;
        differs
    }

    /// Somebody was heard of.
    pub(super) fn add_nick(&self, nick: &str) {
        let mut inner = self.lock();
        if !inner.nicks.contains(nick) && inner.nicks.len() < MOST_NICKS {
            inner.nicks.insert(nick.to_owned());
        }
    }

    /// Somebody is not there under this name any more.
    pub(super) fn remove_nick(&self, nick: &str) {
        self.lock().nicks.remove(nick);
    }

    /// The names that begin like this, whatever the case.
    pub(super) fn nicks(&self, start: &str) -> Vec<String> {
        let start = start.to_lowercase();
        let begins = |nick: &&String| nick.to_lowercase().starts_with(&start);
        self.lock().nicks.iter().filter(begins).cloned().collect()
    }

    /// The user begins to name a file of the room.
    pub(super) fn want_files(&self) {
        self.lock().wants_files = true;
    }

    /// Whether the files are to be listed again; asked once.
    pub(super) fn wants_files(&self) -> bool {
        core::mem::take(&mut self.lock().wants_files)
    }

    /// These are the files in the room.
    pub(super) fn set_files(&self, names: &[String]) {
        self.lock().files = names.iter().cloned().collect();
    }

    /// The files whose names begin like this.
    pub(super) fn files(&self, start: &str) -> Vec<String> {
        self.lock().files.iter().filter(|name| name.starts_with(start)).cloned().collect()
    }

    fn set(&self, mut inner: MutexGuard<'_, Inner>, scene: Scene) {
        inner.scene = scene;
        drop(inner);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change is whole, so what a panic left behind can be used.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names that are kept for Tab.
const MOST_NICKS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_the_case() {
        let stage = Stage::default();
        for nick in ["Ada", "adam", "bob"] {
            stage.add_nick(nick);
        }
        assert_eq!(stage.nicks("AD"), ["Ada", "adam"]);
        stage.remove_nick("Ada");
        assert_eq!(stage.nicks("ad"), ["adam"]);
    }

    #[test]
    fn a_print_waits_for_the_prompt() {
        let stage = Stage::default();
        std::thread::scope(|scope| {
            let print = scope.spawn(|| stage.wait_for_turn());
            assert_eq!(stage.paint(), Row::default());
            print.join().unwrap();
        });
        stage.leave();
        assert_eq!(stage.left_row(), None);
        stage.close();
        assert_eq!(stage.left_row(), Some(Row::default()));
        stage.wait_for_turn();
        stage.wait_closed();
    }

    #[test]
    fn a_row_that_is_the_same_is_not_painted_again() {
        let (stage, row) =
            (Stage::default(), |wide: &str| Row { wide: wide.into(), ..Row::default() });
        assert!(stage.set_row(row("a")));
        assert!(!stage.set_row(row("a")));
        assert_eq!(stage.paint(), row("a"));
    }
}
