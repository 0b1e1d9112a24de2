//! A room that runs allocates nothing.

mod support;

use allocation_counter::measure;
use embedded_io::{Read, Write};
use snug_core::id::ClientId;
use snug_core::io::{Received, receive, transmit};
use snug_core::server::{Config, Server};
use snug_core::store::{Store, StoreError, TransferSlot};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_link::MemoryLink;
use crate::support::world::World;

const PEERS: usize = 6;

/// A store that keeps nothing and finishes what it began.
#[derive(Debug, Default)]
struct Nowhere {
    written: usize,
    files: usize,
}

impl Store for Nowhere {
    fn used(&self) -> u64 {
        0
    }

    fn create(&mut self, _: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        Ok(())
    }

    fn write(&mut self, _: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        self.written += block.len();
        Ok(())
    }

    fn commit(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        self.files += 1;
        Ok(())
    }

    fn abort(&mut self, _: TransferSlot) {}
}

/// A room with its links; what comes out of them is counted and dropped.
struct Bench<'m> {
    server: Server<'m, Nowhere>,
    now: Instant,
    links: [(MemoryLink, MemoryLink); PEERS],
    ids: [Option<ClientId>; PEERS],
    heard: usize,
    page: [u8; 4096],
}

impl Bench<'_> {
    /// All come, chat, upload, ask and go.
    fn stay(&mut self, bytes: &[&[u8]]) {
        for at in 0..PEERS {
            let id = self.server.handle_connected(self.now, World::addr(at + 1));
            let id = id.expect("there is a place");
            self.ids[id.index()] = Some(id);
            self.say(id.index(), b"\n");
        }
        for (n, bytes) in bytes.iter().enumerate() {
            self.say(n % PEERS, bytes);
        }
        for at in 0..PEERS {
            self.say(at, b"#quit\n");
        }
        assert_eq!(self.server.online(), 0);
    }

    fn say(&mut self, at: usize, bytes: &[u8]) {
        self.links[at].1.write_all(bytes).expect("there is room");
        self.now = Instant::from_millis(self.now.as_millis() + 10);
        self.server.handle_timeout(self.now);
        while self.read(at) {
            while let Some(id) = self.server.poll_receive(self.now) {
                self.read(id.index());
            }
            self.write();
        }
        self.write();
        while let Some(id) = self.server.poll_close() {
            self.ids[id.index()] = None;
        }
    }

    fn read(&mut self, at: usize) -> bool {
        let Some(id) = self.ids[at] else { return false };
        let read = receive(&mut self.server, self.now, id, &mut self.links[at].0);
        matches!(read, Ok(Received::More))
    }

    fn write(&mut self) {
        while let Some(id) = self.server.poll_transmit(self.now) {
            let (near, far) = &mut self.links[id.index()];
            transmit(&mut self.server, self.now, id, near).expect("the link takes all");
            while let Ok(count) = far.read(&mut self.page) {
                self.heard += count;
            }
        }
    }
}

#[test]
fn neither_chat_nor_uploads_allocate() {
    let mut ground = Ground::new(Sizes { log: 1 << 13, ..Sizes::default() });
    let config = Config { line_limit: 1_024, ..Config::default() };
    let server = Server::new(ground.lend(), config, Nowhere::default()).expect("the sizes fit");
    let mut bench = Bench {
        server,
        now: Instant::ZERO,
        links: core::array::from_fn(|_| MemoryLink::pair(usize::MAX)),
        ids: [None; PEERS],
        heard: 0,
        page: [0; 4096],
    };
    let file = [b"#upload 'a file' 3000\n".as_slice(), &[b'x'; 3_000]].concat();
    let long = [[b'y'; 3_000].as_slice(), b"\n"].concat();
    let script: [&[u8]; 12] = [
        b"#nick ada\n#me waves\n",
        b"hello\nhow are you?\nbroken \xff\n",
        &file,
        b"#who\n#help\n#history\n#dance\n",
        &long,
        b"#msg ada psst\n",
        &file,
        &long,
        b"##hash\n#upload ../x 3\nxyz#nick ADA\n",
        &long,
        &file,
        b"#history 100\n",
    ];
    // The links in memory grow the first few times.
    for _ in 0..20 {
        bench.stay(&script);
    }
    let heard = bench.heard;
    let counted = measure(|| {
        for _ in 0..20 {
            bench.stay(&script);
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert!(heard > 200_000 && bench.heard > heard * 19 / 10);
    assert_eq!(bench.server.store().files, 40 * 3);
    assert_eq!(bench.server.store().written, 40 * 3 * 3_000);
}
