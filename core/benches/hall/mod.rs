//! A room of line peers whose links take all: what benches and counts run.

use core::hint::black_box;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;

use snug_core::id::ClientId;
use snug_core::memory::{Account, Chain, Client, Kept, LINE_COST, Line, Memory, Place, Rank};
use snug_core::server::{Config, Server};
use snug_core::store::NoStore;
use snug_core::time::Instant;

/// Lines that are under way at once.
pub(crate) const LINES: usize = 128;
/// Bytes of a client's input, and of the log.
const INPUT: usize = 16 << 10;
const LOG: usize = 1 << 20;

pub(crate) fn lines(length: usize) -> Vec<u8> {
    format!("{}\n", "x".repeat(length - 1)).repeat(LINES).into_bytes()
}

pub(crate) fn address(index: usize) -> SocketAddr {
    let port = 40_000 + u16::try_from(index).expect("fewer clients than ports");
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A room of line peers, the first of whom speaks.
pub(crate) struct Hall<'m> {
    pub(crate) server: Server<'m, NoStore>,
    speaker: ClientId,
    pub(crate) now: Instant,
}

impl<'m> Hall<'m> {
    pub(crate) fn new(memory: &'m mut Lent, clients: usize) -> Self {
        let server = Server::new(memory.lend(), Config::default(), NoStore);
        let mut server = server.expect("the memory fits");
        let now = Instant::ZERO + Duration::from_secs(1);
        let mut join = |index| {
            let id = server.handle_connected(now, address(index)).expect("there is room");
            server.space(id)[0] = b'\n';
            server.handle_received(now, id, 1);
            id
        };
        let speaker = join(0);
        for index in 1..clients {
            join(index);
        }
        let mut hall = Self { server, speaker, now };
        hall.drain();
        hall
    }

    pub(crate) fn say(&mut self, lines: &[u8]) {
        let space = self.server.space(self.speaker);
        space[..lines.len()].copy_from_slice(lines);
        self.server.handle_received(self.now, self.speaker, lines.len());
    }

    /// Links that take all, at once.
    pub(crate) fn drain(&mut self) {
        while let Some(id) = self.server.poll_transmit(self.now) {
            let (first, second) = black_box(self.server.pending_both(id));
            let count = first.len() + second.len();
            self.server.handle_sent(self.now, id, count);
        }
    }
}

/// What a room is lent, owned.
pub(crate) struct Lent {
    clients: Vec<Place<Client>>,
    ranks: Vec<Rank>,
    chains: [Vec<Chain>; 2],
    kept: Vec<Kept>,
    input: Vec<u8>,
    log: Vec<u8>,
    lines: Vec<Line>,
    accounts: Vec<Account>,
}

impl Lent {
    pub(crate) fn new(clients: usize) -> Self {
        Self {
            clients: (0..clients).map(|_| Place::VACANT).collect(),
            ranks: vec![Rank::NONE; clients],
            chains: [vec![Chain::EMPTY; clients], vec![Chain::EMPTY; clients]],
            kept: Vec::new(),
            input: vec![0; clients * INPUT],
            log: vec![0; LOG],
            lines: vec![Line::EMPTY; LOG / LINE_COST],
            accounts: vec![Account::EMPTY; 1],
        }
    }

    fn lend(&mut self) -> Memory<'_> {
        let [by_addr, by_nick] = &mut self.chains;
        Memory {
            clients: &mut self.clients,
            ranks: &mut self.ranks,
            by_addr,
            by_nick,
            kept: &mut self.kept,
            input: &mut self.input,
            log: &mut self.log,
            lines: &mut self.lines,
            transfers: &mut [],
            blocks: &mut [],
            accounts: &mut self.accounts,
        }
    }
}
