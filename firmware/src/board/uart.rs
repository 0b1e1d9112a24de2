//! The serial port that is the room's console.

use super::register::Register;

const DATA: Register = Register::at(0x4000_C000);
const FLAGS: Register = Register::at(0x4000_C018);
const DIVISOR: Register = Register::at(0x4000_C024);
const FRACTION: Register = Register::at(0x4000_C028);
const LINE: Register = Register::at(0x4000_C02C);
const CONTROL: Register = Register::at(0x4000_C030);
const INTERRUPT_MASK: Register = Register::at(0x4000_C038);

/// In `FLAGS`: the FIFO to send has no room.
const FULL: u32 = 1 << 5;
/// In `INTERRUPT_MASK`: the FIFO to send has room again.
const HAS_ROOM: u32 = 1 << 5;

/// The serial port, sending only: 115,200 baud, 8 bits, no parity.
#[derive(Debug)]
pub struct Uart(());

impl Uart {
    pub(super) fn start(frequency: u32) -> Self {
        // The divisor is in 64ths: frequency / (16 * baud), rounded.
        let divisor = (frequency / 16 * 64 + 115_200 / 2) / 115_200;
        CONTROL.write(0);
        DIVISOR.write(divisor / 64);
        FRACTION.write(divisor % 64);
        LINE.write(0x70); // 8 bits, with the FIFO
        CONTROL.write(0x101); // on, to send
        Self(())
    }

    /// Sends as many bytes as there is room for; tells how many. What is left
    /// wakes the processor when there is room again.
    pub fn offer(&mut self, bytes: &[u8]) -> usize {
        let room = bytes.iter().take_while(|&&byte| put(byte)).count();
        INTERRUPT_MASK.write(if room < bytes.len() { HAS_ROOM } else { 0 });
        room
    }

    /// Sends all of it, however long that takes: for the first and last words.
    pub fn say(&mut self, words: &str) {
        say(words);
    }
}

/// Whether what was left by an [`Uart::offer`] can go on.
pub(super) fn has_room_again() -> bool {
    INTERRUPT_MASK.read() & HAS_ROOM != 0 && FLAGS.read() & FULL == 0
}

/// Last words, of whoever has them.
pub(super) fn say(words: &str) {
    for byte in words.bytes() {
        while !put(byte) {}
    }
}

fn put(byte: u8) -> bool {
    let has_room = FLAGS.read() & FULL == 0;
    if has_room {
        DATA.write(byte.into());
    }
    has_room
}
