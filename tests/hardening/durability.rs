//! "Has uploaded a file" is said when it is true, and not a moment before.
//!
//! That the folder's commit comes after write, sync, rename and the folder's
//! sync is shown where the folder is (`host/src/folder/tests/order.rs`); here, that
//! the room waits for the commit.

use snug_core::id::ClientId;
use snug_core::memory::StaticMemory;
use snug_core::server::{Config, Server};
use snug_core::store::{Store, StoreError, TransferSlot};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

/// A store whose commit takes as long as the test wants.
#[derive(Default)]
struct SlowStore {
    commits: u32,
    settled: Option<Result<(), StoreError>>,
}

impl Store for SlowStore {
    fn used(&self) -> u64 {
        0
    }

    fn create(&mut self, _: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        Ok(())
    }

    fn write(&mut self, _: TransferSlot, _: &[u8]) -> nb::Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        self.commits += 1;
        self.settled.ok_or(nb::Error::WouldBlock)?.map_err(nb::Error::Other)
    }

    fn abort(&mut self, _: TransferSlot) {}
}

type Room<'m> = Server<'m, SlowStore>;
type RoomMemory = StaticMemory<2, 256, 512, 1, 1024>;

const NOW: Instant = Instant::ZERO;

fn room(memory: &mut RoomMemory) -> Room<'_> {
    let config = Config { line_limit: 256, ..Config::default() };
    Server::new(memory.lend(), config, SlowStore::default()).unwrap()
}

fn join(room: &mut Room<'_>, port: u16) -> ClientId {
    let id = room.handle_connected(NOW, ([127, 0, 0, 1], port).into()).unwrap();
    give(room, id, b"\n");
    id
}

fn give(room: &mut Room<'_>, id: ClientId, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let space = room.space(id);
        let len = space.len().min(bytes.len());
        assert!(len > 0, "the room takes all of it");
        space[..len].copy_from_slice(&bytes[..len]);
        room.handle_received(NOW, id, len);
        bytes = &bytes[len..];
    }
}

/// What the client gets now.
fn told(room: &mut Room<'_>, who: ClientId) -> String {
    let mut told = Vec::new();
    while room.poll_receive(NOW).is_some() {}
    while let Some(id) = room.poll_transmit(NOW) {
        let bytes = room.pending(id);
        let len = bytes.len();
        if id == who {
            told.extend_from_slice(bytes);
        }
        room.handle_sent(NOW, id, len);
    }
    String::from_utf8(told).unwrap()
}

/// An upload of which all bytes came, and whose commit is under way.
fn upload(room: &mut Room<'_>) -> (ClientId, ClientId) {
    let (uploader, reader) = (join(room, 1), join(room, 2));
    told(room, reader);
    give(room, uploader, b"#upload 'a' 4\ntextafter\n");
    assert!(room.store().commits > 0);
    for _ in 0..3 {
        room.handle_stored(NOW, TransferSlot::new(0));
        assert_eq!(told(room, reader), "");
    }
    (uploader, reader)
}

#[test]
fn the_notice_comes_after_the_commit_and_before_what_is_said_next() {
    let mut memory = RoomMemory::new();
    let mut room = room(&mut memory);
    let (_, reader) = upload(&mut room);
    room.store_mut().settled = Some(Ok(()));
    assert_eq!(told(&mut room, reader), "");
    room.handle_stored(NOW, TransferSlot::new(0));
    assert_eq!(
        told(&mut room, reader),
        "> User 127.0.0.1:1 has uploaded a file\n[127.0.0.1:1] after\n"
    );
}

#[test]
fn a_commit_that_failed_is_told_to_nobody_but_the_uploader() {
    let mut memory = RoomMemory::new();
    let mut room = room(&mut memory);
    let (uploader, _) = upload(&mut room);
    room.store_mut().settled = Some(Err(StoreError::Failed));
    room.handle_stored(NOW, TransferSlot::new(0));
    assert!(told(&mut room, uploader).contains("! the disk failed"));
    let mut console = String::new();
    loop {
        let lines = room.console(64);
        let len = lines.len();
        console.push_str(str::from_utf8(lines).unwrap());
        room.handle_shown(len);
        if len == 0 {
            break;
        }
    }
    assert!(console.ends_with("[127.0.0.1:1] after\n"), "{console}");
    assert!(!console.contains("has uploaded"), "{console}");
}

#[test]
fn a_commit_that_comes_after_the_uploader_left_is_told_all_the_same() {
    let mut memory = RoomMemory::new();
    let mut room = room(&mut memory);
    let (uploader, reader) = upload(&mut room);
    room.handle_gone(NOW, uploader);
    assert_eq!(told(&mut room, reader), "");
    room.store_mut().settled = Some(Ok(()));
    room.handle_stored(NOW, TransferSlot::new(0));
    assert_eq!(
        told(&mut room, reader),
        "> User 127.0.0.1:1 has uploaded a file\n\
         [127.0.0.1:1] after\n\
         < The user 127.0.0.1:1 left (1 user online)\n"
    );
}
