//! How far a file is: how much, how fast, how long.

use core::fmt;

use indicatif::{BinaryBytes, FormattedDuration, ProgressBar, ProgressDrawTarget};

use super::files::{Phase, Progress};

/// A file on its way.
///
/// Shown, it is a row: the name, a bar, percent, rate and the time left. The
/// alternate form (`{:#}`) is without the bar, for terminals of less than 80
/// columns.
#[derive(Debug)]
pub(super) struct Gauge {
    name: String,
    phase: Phase,
    size: u64,
    figures: ProgressBar,
}

/// Cells of the bar.
const CELLS: u64 = 16;

/// Characters of a name that are shown.
const NAME: usize = 16;

impl Gauge {
    /// A file of which nothing is known but its name.
    pub(super) fn new(name: &str) -> Self {
        let figures = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { name: shortened(name), phase: Phase::Asking, size: 0, figures }
    }

    /// It is so far now.
    pub(super) fn set(&mut self, progress: Progress) {
        let Progress { phase, done, total } = progress;
        if self.phase != phase || self.size != total {
            self.figures.set_length(total);
            // What was done before says nothing of the pace of this.
            self.figures.set_position(done);
            self.figures.reset_eta();
            (self.phase, self.size) = (phase, total);
        }
        self.figures.set_position(done);
    }

    /// So many bytes of a file of `size` are over.
    pub(super) fn moved(&mut self, done: u64, size: u64) {
        self.set(Progress { phase: Phase::Moving, done, total: size });
    }

    fn done(&self) -> u64 {
        self.figures.position().min(self.size)
    }

    /// The `cells`th part of which so many are there.
    fn part(&self, cells: u64) -> u64 {
        let part = u128::from(self.done()) * u128::from(cells) / u128::from(self.size.max(1));
        u64::try_from(part).unwrap_or(cells)
    }

    /// Bytes a second.
    #[expect(clippy::cast_sign_loss, reason = "no rate is below zero")]
    fn rate(&self) -> u64 {
        self.figures.per_sec() as u64
    }
}

impl fmt::Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name)?;
        if !f.alternate() {
            let full = self.part(CELLS) as usize;
            let (full, empty) = ("#".repeat(full), "-".repeat(CELLS as usize - full));
            write!(f, "[{full}{empty}] ")?;
        }
        write!(f, "{}% {}", self.part(100), BinaryBytes(self.done()))?;
        match self.phase {
            Phase::Hashing => f.write_str(" reading"),
            Phase::Asking => f.write_str(" waiting"),
            Phase::Settling | Phase::Done => f.write_str(" saving"),
            Phase::Moving => {
                let left = FormattedDuration(self.figures.eta());
                write!(f, " {}/s {left} left", BinaryBytes(self.rate()))
            }
        }
    }
}

/// The name, or its ends if it is long: the last part says what kind it is.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME {
        return name.to_owned();
    }
    let start: String = name.chars().take(NAME - 8).collect();
    let end: String = name.chars().skip(count - 7).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moving(name: &str, done: u64, size: u64) -> Gauge {
        let mut gauge = Gauge::new(name);
        gauge.moved(done, size);
        gauge
    }

    #[test]
    fn a_file_is_as_far_as_its_bytes() {
        let gauge = moving("a.png", 2048, 4096);
        let half = "a.png [########--------] 50% 2.00 KiB ";
        assert!(gauge.to_string().starts_with(half), "{gauge}");
        assert!(format!("{gauge:#}").starts_with("a.png 50% "));
        assert!(moving("a.png", 4096, 4096).to_string().contains("] 100% "));
    }

    #[test]
    fn what_does_not_move_says_why() {
        let mut gauge = Gauge::new("a");
        assert_eq!(gauge.to_string(), "a [----------------] 0% 0 B waiting");
        gauge.set(Progress { phase: Phase::Hashing, done: 1, total: 4 });
        assert_eq!(gauge.to_string(), "a [####------------] 25% 1 B reading");
        gauge.set(Progress { phase: Phase::Settling, done: 4, total: 4 });
        assert_eq!(gauge.to_string(), "a [################] 100% 4 B saving");
    }

    #[test]
    fn an_empty_file_and_a_huge_one_have_a_bar() {
        assert!(moving("a", 0, 0).to_string().contains(" 0% "));
        assert!(moving("a", u64::MAX, u64::MAX).to_string().contains(" 100% "));
    }

    #[test]
    fn a_row_fits_a_terminal() {
        let gauge = moving("a-very-long-name-of-a-file.tar.gz", 1023 << 30, 1 << 40);
        assert!(gauge.to_string().starts_with("a-very-l….tar.gz ["));
        assert!(gauge.to_string().chars().count() < 80, "{gauge}");
    }
}
