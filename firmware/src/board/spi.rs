//! The serial bus (SSI0) that the card hangs on.

use super::register::Register;

const CONTROL_0: Register = Register::at(0x4000_8000);
const CONTROL_1: Register = Register::at(0x4000_8004);
const DATA: Register = Register::at(0x4000_8008);
const STATUS: Register = Register::at(0x4000_800C);
const PRESCALER: Register = Register::at(0x4000_8010);
/// Pin 0 of port D alone: the address itself masks the others.
const SELECT: Register = Register::at(0x4000_7004);

/// Bytes that the bus holds each way.
const FIFO: usize = 8;
/// In `STATUS`: something has come.
const CAME: u32 = 1 << 2;

/// The bus with the one device on it.
#[derive(Debug)]
pub struct Spi(());

impl Spi {
    pub(super) fn start() -> Self {
        let spi = Self(());
        SELECT.write(1);
        CONTROL_1.write(0);
        CONTROL_0.write(7); // 8 bits, mode 0
        PRESCALER.write(126);
        CONTROL_1.write(1 << 1); // on
        spi
    }

    /// From below 400 kHz, as a card wants it at first, to 12.5 MHz.
    pub fn speed_up(&mut self) {
        CONTROL_1.write(0);
        PRESCALER.write(4);
        CONTROL_1.write(1 << 1);
    }

    /// Calls the card, or lets it go.
    pub fn select(&mut self, on: bool) {
        SELECT.write(u32::from(!on));
    }

    /// Gets bytes, and says nothing meanwhile.
    pub fn receive(&mut self, into: &mut [u8]) {
        for bytes in into.chunks_mut(FIFO) {
            for _ in 0..bytes.len() {
                DATA.write(0xFF);
            }
            bytes.fill_with(came);
        }
    }

    /// Sends bytes; what comes meanwhile is not looked at.
    pub fn send(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(FIFO) {
            for &byte in bytes {
                DATA.write(byte.into());
            }
            for _ in bytes {
                came();
            }
        }
    }

    /// Sends a byte and gets the one that comes meanwhile.
    pub fn exchange(&mut self, byte: u8) -> u8 {
        DATA.write(byte.into());
        came()
    }
}

/// The next byte that comes. One does for each that was sent.
fn came() -> u8 {
    while STATUS.read() & CAME == 0 {}
    DATA.read() as u8
}
