//! An SD card as sectors of 512 bytes, over a serial bus.
//!
//! After the Physical Layer Simplified Specification, chapter 7 (SPI mode).
//! Every wait is counted, so a card that is pulled out fails, it does not hang.

use crate::board::Spi;

/// Bytes of a sector.
pub(super) const SECTOR: usize = 512;

/// What a sector holds.
pub(super) type Sector = [u8; SECTOR];

/// The card does not do what it should.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardError;

/// Bytes of patience: at 12.5 MHz about 300 ms, more than a write may take.
const PATIENCE: usize = 500_000;
/// How often a card is asked whether it has started: about a second.
const STARTS: usize = 5_000;

/// A byte that says nothing.
const IDLE: u8 = 0xFF;
/// Comes before a sector.
const TOKEN: u8 = 0xFE;

/// A card that has started.
#[derive(Debug)]
pub(super) struct SdCard {
    spi: Spi,
    /// Large cards count in sectors, small ones in bytes.
    scale: u32,
}

impl SdCard {
    /// Starts the card in the slot.
    pub(super) fn start(spi: Spi) -> Result<Self, CardError> {
        let mut card = Self { spi, scale: SECTOR as u32 };
        card.spi.select(false);
        card.skip(10); // it wants 74 clocks before the first word
        card.expect(0, 0, 1)?;
        // Cards of the first version do not know this one.
        let second = card.command(8, 0x1AA)? == 1 && card.number() & 0xFFF == 0x1AA;
        card.wake(if second { 1 << 30 } else { 0 })?;
        // QEMU's card answers here as if it were still starting.
        card.command(58, 0)?;
        if card.number() & 1 << 30 != 0 {
            card.scale = 1;
        }
        card.spi.select(false);
        card.spi.speed_up();
        Ok(card)
    }

    fn wake(&mut self, features: u32) -> Result<(), CardError> {
        for _ in 0..STARTS {
            self.command(55, 0)?;
            if self.command(41, features)? == 0 {
                return Ok(());
            }
        }
        Err(CardError)
    }

    /// Reads a sector.
    pub(super) fn read(&mut self, number: u32, into: &mut Sector) -> Result<(), CardError> {
        self.expect(17, number.wrapping_mul(self.scale), 0)?;
        self.wait_for(TOKEN)?;
        self.spi.receive(into);
        self.skip(2); // the checksum
        self.spi.select(false);
        Ok(())
    }

    /// Writes a sector, and waits until it is safe.
    pub(super) fn write(&mut self, number: u32, from: &Sector) -> Result<(), CardError> {
        self.expect(24, number.wrapping_mul(self.scale), 0)?;
        self.skip(1); // QEMU's card swallows what comes here
        self.spi.exchange(TOKEN);
        self.spi.send(from);
        self.skip(2);
        let taken = self.spi.exchange(IDLE) & 0x1F == 0x05;
        self.wait_for(IDLE)?;
        self.spi.select(false);
        if taken { Ok(()) } else { Err(CardError) }
    }

    fn expect(&mut self, command: u8, argument: u32, answer: u8) -> Result<(), CardError> {
        if self.command(command, argument)? == answer { Ok(()) } else { Err(CardError) }
    }

    /// Gives a command, and gets the first byte of the answer.
    fn command(&mut self, command: u8, argument: u32) -> Result<u8, CardError> {
        self.spi.select(false);
        self.skip(1);
        self.spi.select(true);
        if command != 0 {
            self.wait_for(IDLE)?;
        }
        self.spi.exchange(0x40 | command);
        for byte in argument.to_be_bytes() {
            self.spi.exchange(byte);
        }
        // A checksum is wanted until the card is in this mode, and for 8.
        self.spi.exchange(match command {
            0 => 0x95,
            8 => 0x87,
            _ => 0x01,
        });
        let answer = (0..10).map(|_| self.spi.exchange(IDLE)).find(|answer| answer & 0x80 == 0);
        answer.ok_or(CardError)
    }

    /// The rest of an answer.
    fn number(&mut self) -> u32 {
        u32::from_be_bytes([IDLE; 4].map(|idle| self.spi.exchange(idle)))
    }

    fn wait_for(&mut self, byte: u8) -> Result<(), CardError> {
        let came = (0..PATIENCE).any(|_| self.spi.exchange(IDLE) == byte);
        if came { Ok(()) } else { Err(CardError) }
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.spi.exchange(IDLE);
        }
    }
}
