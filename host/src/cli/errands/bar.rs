//! How far a file is, for one who watches: rate and time left.

use core::fmt::Display;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::files::{Phase, Progress};

/// What a row shows in each phase.
fn row(phase: Phase) -> &'static str {
    match phase {
        Phase::Hashing => "{msg} {wide_bar:.dim} {bytes}/{total_bytes} hashing",
        Phase::Asking => "{msg} {wide_bar:.dim} {bytes}/{total_bytes} waiting",
        Phase::Moving => "{msg} {wide_bar:.green} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        Phase::Settling => "{msg} {wide_bar:.green} {bytes}/{total_bytes} saving",
        Phase::Done => "{msg} {wide_bar:.green} {bytes}/{total_bytes} {elapsed}",
    }
}

/// A row at the bottom of the terminal; nothing where there is none.
#[derive(Debug)]
pub(super) struct Bar {
    row: ProgressBar,
    phase: Option<Phase>,
}

impl Bar {
    pub(super) fn new(name: &str, quiet: bool) -> Self {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let row = ProgressBar::with_draw_target(None, target);
        row.set_message(name.to_owned());
        Self { row, phase: None }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let Progress { phase, done, total } = progress;
        self.row.set_length(total);
        self.row.set_position(done);
        if self.phase.replace(phase) != Some(phase) {
            let style = ProgressStyle::with_template(row(phase)).expect("it is well formed");
            self.row.set_style(style);
            // What an earlier phase, or an earlier try, has done says nothing of
            // the pace of this one.
            self.row.reset_eta();
        }
        if phase == Phase::Done {
            self.row.finish();
        }
    }

    /// Says something above the row.
    pub(super) fn say(&self, what: impl Display) {
        self.row.suspend(|| eprintln!("cli: {what}"));
    }
}

impl Drop for Bar {
    /// A row that is not full stays as it is, and what is told next below it.
    fn drop(&mut self) {
        if !self.row.is_finished() {
            self.row.abandon();
        }
    }
}
