//! The whole room, through all that can be called.

#![no_std]
#![no_main]

use core::hint::black_box;

use snug_core::id::ClientId;
use snug_core::memory::StaticMemory;
use snug_core::server::{Config, Server};
use snug_core::store::{Draft, Listed, Opened, Store, StoreError, TransferSlot};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;
use snug_panics::any;

/// Whatever a store may answer.
struct AnyStore;

impl Store for AnyStore {
    fn used(&self) -> u64 {
        any(0)
    }

    fn create(&mut self, _: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        any(Ok(()))
    }

    fn write(&mut self, _: TransferSlot, _: &[u8]) -> nb::Result<(), StoreError> {
        any(Ok(()))
    }

    fn commit(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        any(Ok(()))
    }

    fn abort(&mut self, _: TransferSlot) {}

    fn begin(&mut self, _: TransferSlot, _: &Draft<'_>) -> nb::Result<u64, StoreError> {
        any(Ok(0))
    }

    fn keep(&mut self, _: TransferSlot) {}

    fn open(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<Opened, StoreError> {
        any(Ok(Opened { size: any(0), digest: any(None) }))
    }

    fn read(&mut self, _: TransferSlot, _: u64, block: &mut [u8]) -> nb::Result<usize, StoreError> {
        any(Ok(any(0).min(block.len())))
    }

    fn list(&mut self, _: u64) -> Option<Listed> {
        any(None)
    }
}

#[unsafe(no_mangle)]
extern "C" fn main() {
    let mut memory = StaticMemory::<8, 128, 512, 4, 536>::new();
    let config = any(Config { line_limit: 512, ..Config::default() });
    let Ok(mut room) = Server::new(any(memory.lend()), config, AnyStore) else { return };
    let mut id: Option<ClientId> = None;
    while any(true) {
        let now = Instant::from_millis(any(0));
        if let Ok(new) = room.handle_connected(now, ([127, 0, 0, 1], any(1)).into()) {
            id = Some(new);
        }
        let Some(id) = any(id) else { continue };
        match any(0) {
            0 => {
                let count = black_box(room.space(id)).len();
                room.handle_received(now, id, any(0).min(count));
            }
            1 => room.handle_pause(now, id),
            2 => room.handle_ended(now, id),
            3 => room.handle_gone(now, id),
            4 => {
                let (first, second) = black_box(room.pending_both(id));
                let count = first.len() + second.len();
                room.handle_sent(now, id, any(0).min(count));
            }
            5 => room.handle_blocked(now, id),
            6 => room.handle_writable(id),
            7 => room.handle_stored(now, TransferSlot::new(any(0))),
            8 => room.handle_timeout(now),
            9 => {
                let count = black_box(room.console(any(64))).len();
                room.handle_shown(any(0).min(count));
            }
            10 => drop(black_box(room.poll_receive(now))),
            11 => drop(black_box(room.poll_transmit(now))),
            12 => drop(black_box(room.poll_close())),
            _ => drop(black_box((room.poll_timeout(), room.accepts(), room.online()))),
        }
    }
}
