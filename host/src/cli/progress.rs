//! How far a file is: how much, how fast, how long.

use core::fmt;

use indicatif::{BinaryBytes, FormattedDuration, ProgressBar, ProgressDrawTarget};

/// A file on its way.
///
/// Shown, it is a row: the name, a bar, percent, rate and the time left. The
/// alternate form (`{:#}`) is without the bar, for terminals of less than 80
/// columns.
#[derive(Debug)]
pub(super) struct Progress {
    name: String,
    size: u64,
    figures: ProgressBar,
}

/// Cells of the bar.
const CELLS: u64 = 16;

/// Characters of a name that are shown.
const NAME: usize = 16;

impl Progress {
    /// A file of `size` bytes of which none is there yet.
    pub(super) fn new(name: &str, size: u64) -> Self {
        let figures = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::hidden());
        Self { name: shortened(name), size, figures }
    }

    /// So many bytes more are there now.
    pub(super) fn add(&self, bytes: u64) {
        self.figures.inc(bytes);
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

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name)?;
        if !f.alternate() {
            let full = self.part(CELLS) as usize;
            let (full, empty) = ("#".repeat(full), "-".repeat(CELLS as usize - full));
            write!(f, "[{full}{empty}] ")?;
        }
        let (done, rate) = (BinaryBytes(self.done()), BinaryBytes(self.rate()));
        let left = FormattedDuration(self.figures.eta());
        write!(f, "{}% {done} {rate}/s {left} left", self.part(100))
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

    #[test]
    fn a_file_is_as_far_as_its_bytes() {
        let progress = Progress::new("a.png", 4096);
        assert!(progress.to_string().starts_with("a.png [----------------] 0% 0 B "));
        progress.add(2048);
        let half = "a.png [########--------] 50% 2.00 KiB ";
        assert!(progress.to_string().starts_with(half), "{progress}");
        assert!(format!("{progress:#}").starts_with("a.png 50% "));
        progress.add(2048);
        assert!(progress.to_string().contains("] 100% "));
    }

    #[test]
    fn an_empty_file_and_a_huge_one_have_a_bar() {
        assert!(Progress::new("a", 0).to_string().contains(" 0% "));
        let huge = Progress::new("a", u64::MAX);
        huge.add(u64::MAX);
        assert!(huge.to_string().contains(" 100% "));
    }

    #[test]
    fn a_row_fits_a_terminal() {
        let progress = Progress::new("a-very-long-name-of-a-file.tar.gz", 1 << 40);
        progress.add(1023 << 30);
        assert!(progress.to_string().starts_with("a-very-l….tar.gz ["));
        assert!(progress.to_string().chars().count() < 80, "{progress}");
    }
}
