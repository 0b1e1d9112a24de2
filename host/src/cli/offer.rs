//! A file that goes out as from the classic client: at once, in one go.

use std::io;
use std::path::Path;

use snug_core::wire::name::FileName;

use super::files::{FileError, Source};
use super::gauge::Gauge;

/// A file that was found, and how much of it is out.
#[derive(Debug)]
pub(super) struct Offer {
    /// What the user has typed for it.
    pub(super) typed: String,
    pub(super) gauge: Gauge,
    source: Source,
    done: u64,
}

impl Offer {
    /// The file at `path`, which was typed so.
    pub(super) fn open(typed: &str, path: &Path) -> Result<Self, FileError> {
        let source = Source::open(path)?;
        let gauge = Gauge::new(source.name.as_str());
        Ok(Self { typed: typed.to_owned(), gauge, source, done: 0 })
    }

    /// What it will be called in the room.
    pub(super) fn name(&self) -> &FileName {
        &self.source.name
    }

    /// Its length when it was opened.
    pub(super) fn size(&self) -> u64 {
        self.source.size
    }

    /// Reads the next bytes; the end is an error, for more were promised.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.source.read_at(into, self.done)?;
        self.done += len as u64;
        self.gauge.moved(self.done, self.source.size);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_path_is_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.txt");
        std::fs::write(&path, "1,2").unwrap();
        let mut offer = Offer::open("~/a b.txt", &path).unwrap();
        assert_eq!((offer.name().as_str(), offer.size()), ("a b.txt", 3));
        assert_eq!(offer.typed, "~/a b.txt");
        let mut bytes = [0; 2];
        assert_eq!(offer.read(&mut bytes).unwrap(), 2);
        assert_eq!(offer.read(&mut bytes).unwrap(), 1);
        assert!(offer.read(&mut bytes).is_err());
    }
}
