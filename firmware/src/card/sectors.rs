//! One sector of the card in memory, written back when another is wanted.

use super::sd::{CardError, SdCard, Sector};

/// The card behind a buffer of one sector.
#[derive(Debug)]
pub(super) struct Sectors {
    card: SdCard,
    buffer: &'static mut Sector,
    /// The sector in the buffer.
    held: Option<u32>,
    changed: bool,
    /// Sectors that stand on the card more than once: where, how many, and how
    /// many copies. The file allocation table.
    copied: (u32, u32, u32),
}

impl Sectors {
    pub(super) fn new(card: SdCard, buffer: &'static mut Sector) -> Self {
        Self { card, buffer, held: None, changed: false, copied: (0, 0, 1) }
    }

    /// From now on, `count` sectors from `start` on have copies behind them.
    pub(super) fn copy(&mut self, start: u32, count: u32, copies: u32) {
        self.copied = (start, count, copies);
    }

    /// A sector to look at.
    pub(super) fn read(&mut self, number: u32) -> Result<&Sector, CardError> {
        if self.held != Some(number) {
            self.flush()?;
            self.held = None;
            self.card.read(number, self.buffer)?;
            self.held = Some(number);
        }
        Ok(self.buffer)
    }

    /// A sector to change.
    pub(super) fn edit(&mut self, number: u32) -> Result<&mut Sector, CardError> {
        self.read(number)?;
        self.changed = true;
        Ok(self.buffer)
    }

    /// A sector to fill anew: all zero, whatever it had.
    pub(super) fn renew(&mut self, number: u32) -> Result<&mut Sector, CardError> {
        self.flush()?;
        self.buffer.fill(0);
        (self.held, self.changed) = (Some(number), true);
        Ok(self.buffer)
    }

    /// Writes a whole sector, past the buffer. It must not be one that is
    /// edited.
    pub(super) fn write(&mut self, number: u32, sector: &Sector) -> Result<(), CardError> {
        self.held = self.held.filter(|&held| held != number);
        self.card.write(number, sector)
    }

    /// Makes changes safe.
    pub(super) fn flush(&mut self) -> Result<(), CardError> {
        if let Some(held) = self.held.filter(|_| self.changed) {
            let (start, count, copies) = self.copied;
            let copies = if (start..start + count).contains(&held) { copies } else { 1 };
            for copy in 0..copies {
                self.card.write(held + copy * count, self.buffer)?;
            }
            self.changed = false;
        }
        Ok(())
    }
}
