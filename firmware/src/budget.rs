//! What a larger room would take of the RAM, on this processor.
//!
//! docs/porting.md tells these numbers; where one grows, the build fails until
//! both say so.

use snug_core::io::smoltcp::PoolMemory;
use snug_core::memory::{HEADROOM, StaticMemory};

use crate::board::Frames;
use crate::card::CardMemory;

type Rooms<const CLIENTS: usize, const LOG: usize, const TRANSFERS: usize> =
    StaticMemory<CLIENTS, LOG, 512, TRANSFERS, { 512 + HEADROOM }>;
type Sockets<const N: usize> = PoolMemory<'static, N, 1024, 1024>;

/// A further client's part of the room, with 512 bytes of input.
const CLIENT: usize = size_of::<Rooms<9, 128, 4>>() - size_of::<Rooms<8, 128, 4>>();
/// A further client's socket, with a KiB each way.
const SOCKET: usize = size_of::<Sockets<11>>() - size_of::<Sockets<10>>();
/// A further KiB of the room's lines.
const LOG: usize = (size_of::<Rooms<8, 256, 4>>() - size_of::<Rooms<8, 128, 4>>()) / 8;
/// A further file under way at the same time, with a block of 512 bytes.
const UPLOAD: usize = size_of::<Rooms<8, 128, 5>>() - size_of::<Rooms<8, 128, 4>>();
/// A further file's part of the store on the card.
const DRAFT: usize = size_of::<CardMemory<5>>() - size_of::<CardMemory<4>>();
/// A frame each way for the controller.
const FRAMES: usize = size_of::<Frames>();

const _: () = assert!(CLIENT <= 808 + 512);
const _: () = assert!(SOCKET <= 336 + 2 * 1024);
const _: () = assert!(LOG <= 1216);
const _: () = assert!(UPLOAD <= 520 + 512 + HEADROOM);
const _: () = assert!(DRAFT <= 196);
const _: () = assert!(FRAMES <= 3028);
