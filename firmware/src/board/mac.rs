//! The Ethernet controller, as a device of smoltcp.
//!
//! Frames go through two FIFOs by words, each frame behind its length. There is
//! a buffer for one frame each way, since smoltcp answers a frame while it has
//! it in its hands.

use smoltcp::phy::{self, DeviceCapabilities};
use smoltcp::time::Instant;

use super::register::Register;

/// Writing acknowledges interrupts.
const INTERRUPTS: Register = Register::at(0x4004_8000);
const INTERRUPT_MASK: Register = Register::at(0x4004_8004);
const RECEIVE: Register = Register::at(0x4004_8008);
const TRANSMIT: Register = Register::at(0x4004_800C);
const DATA: Register = Register::at(0x4004_8010);
const ADDRESS_LOW: Register = Register::at(0x4004_8014);
const ADDRESS_HIGH: Register = Register::at(0x4004_8018);
const THRESHOLD: Register = Register::at(0x4004_801C);
const FRAMES: Register = Register::at(0x4004_8034);
const REQUEST: Register = Register::at(0x4004_8038);

/// In `INTERRUPTS`: a frame has come.
const CAME: u32 = 1;
/// In `RECEIVE`: on, without frames whose checksum is wrong.
const RECEIVE_ON: u32 = 1 | 8;
/// In `RECEIVE`: empty the FIFO.
const RECEIVE_RESET: u32 = 16;
/// In `TRANSMIT`: on, padded, with checksum, both ways at once.
const TRANSMIT_ON: u32 = 1 | 2 | 4 | 16;

/// The longest frame, without its checksum.
const FRAME: usize = 1514;
/// An Ethernet header: two addresses and a type.
const HEADER: usize = 14;

/// Room for a frame each way.
#[derive(Debug)]
pub struct Frames {
    incoming: [u8; FRAME],
    outgoing: [u8; FRAME],
}

impl Frames {
    /// Two empty frames.
    pub const fn new() -> Self {
        Self { incoming: [0; FRAME], outgoing: [0; FRAME] }
    }
}

/// The controller.
#[derive(Debug)]
pub struct Mac {
    frames: &'static mut Frames,
}

impl Mac {
    /// Starts it with its address.
    pub(super) fn start(frames: &'static mut Frames, address: [u8; 6]) -> Self {
        let [low @ .., fifth, sixth] = address;
        ADDRESS_LOW.write(u32::from_le_bytes(low));
        ADDRESS_HIGH.write(u32::from_le_bytes([fifth, sixth, 0, 0]));
        THRESHOLD.write(0x3F); // send whole frames only
        RECEIVE.write(RECEIVE_RESET);
        RECEIVE.write(RECEIVE_ON);
        TRANSMIT.write(TRANSMIT_ON);
        INTERRUPTS.write(0x7F);
        INTERRUPT_MASK.write(CAME);
        Self { frames }
    }

    /// Takes the next frame that fits out of the FIFO; its length.
    fn take(&mut self) -> Option<usize> {
        while has_frame() {
            let length = take_frame(&mut self.frames.incoming);
            // The interrupt stays until all frames are taken.
            if !has_frame() {
                INTERRUPTS.write(CAME);
            }
            if length.is_some() {
                return length;
            }
        }
        None
    }
}

/// Whether a frame waits.
pub(super) fn has_frame() -> bool {
    FRAMES.read() != 0
}

/// Takes a frame out of the FIFO, where it stands behind 2 bytes of length and
/// before 4 of checksum, and counts all of these.
fn take_frame(into: &mut [u8]) -> Option<usize> {
    let first = DATA.read();
    let all = (first & 0xFFFF) as usize;
    let length = all.checked_sub(6)?;
    let mut put = |at: usize, byte: u8| {
        if let Some(place) = into.get_mut(at) {
            *place = byte;
        }
    };
    let [_, _, one, two] = first.to_le_bytes();
    put(0, one);
    put(1, two);
    // Words of an over-long frame are read too: the FIFO must stay in step.
    for word in 1..all.div_ceil(4) {
        for (byte, value) in DATA.read().to_le_bytes().into_iter().enumerate() {
            put(word * 4 - 2 + byte, value);
        }
    }
    (HEADER..=into.len()).contains(&length).then_some(length)
}

/// Puts a frame into the FIFO behind the length of what follows its header, and
/// asks for it to be sent.
fn put_frame(frame: &[u8]) {
    let [low, high] = (frame.len().saturating_sub(HEADER) as u16).to_le_bytes();
    let (start, rest) = frame.split_at(2);
    DATA.write(u32::from_le_bytes([low, high, start[0], start[1]]));
    for word in rest.chunks(4) {
        let mut bytes = [0; 4];
        bytes[..word.len()].copy_from_slice(word);
        DATA.write(u32::from_le_bytes(bytes));
    }
    REQUEST.write(1);
}

/// Whether the frame before is out.
fn can_send() -> bool {
    REQUEST.read() & 1 == 0
}

impl phy::Device for Mac {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        if !can_send() {
            return None;
        }
        let length = self.take()?;
        let Frames { incoming, outgoing } = &mut *self.frames;
        Some((Incoming(&incoming[..length]), Outgoing(outgoing)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        can_send().then_some(Outgoing(&mut self.frames.outgoing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(1);
        capabilities
    }
}

/// A frame that came.
#[derive(Debug)]
pub struct Incoming<'a>(&'a [u8]);

impl phy::RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

/// Leave to send a frame.
#[derive(Debug)]
pub struct Outgoing<'a>(&'a mut [u8; FRAME]);

impl phy::TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let frame = &mut self.0[..length];
        let result = write(frame);
        put_frame(frame);
        result
    }
}
