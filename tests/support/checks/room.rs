//! A whole room, whatever its peers, its clock and its store do, in any order.
//!
//! The bytes are a play. What is no stage direction is said by whoever has the
//! floor; the directions are the eleven bytes that UTF-8 never has, most with a
//! byte behind them. So any words put anywhere (a fuzzer's dictionary, a new
//! command) are words, and the play around them stays what it was.
//!
//! Two observers read all the time and a sleeper does now and then; none of them
//! ever says anything. So whatever the others say, the room owes these three
//! just what its console shows, and no command changes that.

use core::mem;
use core::net::SocketAddr;

use snug_core::server::Config;
use snug_core::store::StoreError;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::{Pace, Step};
use crate::support::model::{Model, Names, check_lines};
use crate::support::world::{Peer, World};

/// Bytes of a play that are looked at; more would only be slow.
const LONGEST: usize = 2_000;

/// One who reads lines, one who is classic, and the sleeper.
const OBSERVERS: usize = 3;

/// Who may have the floor.
const TALKERS: usize = 4;

/// Longer than anything that the room keeps for later.
const THREE_DAYS: u64 = 3 * 24 * 60 * 60 * 1_000;

/// The first byte chooses the sizes of the room, the second the order in which
/// its polls are asked; the rest is the play.
pub(crate) fn check(data: &[u8]) {
    check_against(data, 0);
}

/// As [`check`], against a count of what uploads brought that is off by so many
/// bytes: to the room's quotas that is as if they had leaked.
pub(crate) fn check_against(data: &[u8], off: u64) {
    let [sizes, order, play @ ..] = data else { return };
    let mut ground = Ground::new(Sizes {
        clients: OBSERVERS + TALKERS - usize::from(sizes & 1),
        input: 260 + usize::from(sizes >> 4) * 8,
        log: 1_024 << (sizes >> 1 & 3),
        transfers: 1 + usize::from(sizes >> 3 & 1),
        ..Sizes::TINY
    });
    let config = Config { line_limit: 256, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    world.model = Some(Model::default());
    world.store().gained = off;
    world.shuffle(u64::from(*order));
    let mut stage = Stage::new(world);
    stage.play(&play[..play.len().min(LONGEST)]);
    stage.close();
}

/// One who comes, speaks and goes as the play has it.
#[derive(Default)]
struct Talker {
    peer: Option<Peer>,
    /// Lines on the console before it came.
    since: usize,
    /// It has said a newline, so that it may be no classic one any more.
    knocked: bool,
    /// What it was sent while it was certainly classic, write by write.
    heard: Vec<String>,
    /// It stopped reading once, so that it may have missed something.
    slept: bool,
    /// How many were in its place before; all of them come from one address.
    before: u16,
}

struct Stage<'m> {
    world: World<'m>,
    /// The observers; they are owed all lines behind the first `since`.
    lines: Peer,
    classic: Peer,
    sleeper: Peer,
    since: usize,
    talkers: [Talker; TALKERS],
    /// Whose turn it is to speak.
    floor: usize,
    /// Said and not yet sent.
    burst: Vec<u8>,
    /// All that was said by anybody, in its order.
    said: Vec<u8>,
}

impl<'m> Stage<'m> {
    fn new(mut world: World<'m>) -> Self {
        let (lines, classic, sleeper) =
            (world.join_lines(), world.join_classic(), world.join_lines());
        for observer in [lines, classic, sleeper] {
            world.read(observer);
        }
        let since = world.model.as_ref().map_or(0, |model| model.lines.len());
        Self {
            world,
            lines,
            classic,
            sleeper,
            since,
            talkers: Default::default(),
            floor: 0,
            burst: Vec::new(),
            said: Vec::new(),
        }
    }

    fn play(&mut self, play: &[u8]) {
        let mut bytes = play.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte < 0xf5 {
                self.burst.push(byte);
            } else {
                self.direct(byte, usize::from(bytes.next().unwrap_or(0)));
            }
        }
        self.send();
    }

    /// Follows a stage direction.
    fn direct(&mut self, direction: u8, how: usize) {
        if direction == 0xf5 {
            return self.burst.extend(core::iter::repeat_n(b'x', 4 * how));
        }
        self.send();
        let here = self.talkers[self.floor].peer;
        match (direction, here) {
            (0xff, _) => self.floor = how % TALKERS,
            // Nothing, or up to a minute.
            (0xfe, _) => self.world.advance((how * how) as u64),
            (0xfd, Some(peer)) => self.world.end(peer),
            (0xfc, Some(peer)) => self.world.reset(peer),
            (0xfb, Some(peer)) => {
                self.talkers[self.floor].slept = true;
                self.world.block(peer, how);
            }
            (0xfa, Some(peer)) => self.world.unblock(peer),
            (0xf9, _) => self.set_store(how),
            (0xf8, Some(peer)) => self.world.link(peer).set_piece(1 + how),
            (0xf7, _) => self.world.block(self.sleeper, how),
            (0xf6, _) => self.world.unblock(self.sleeper),
            _ => {}
        }
        self.read();
    }

    fn set_store(&mut self, how: usize) {
        let paces = [Pace::Quick, Pace::Slow, Pace::Halted];
        let errors = [StoreError::Full, StoreError::BadName, StoreError::Failed];
        let store = self.world.store();
        store.pace = paces[how % 3];
        store.takes = [0, 3, 700][how / 3 % 3];
        store.fails =
            (how >= 128).then(|| (Step::ALL[how / 3 % Step::ALL.len()], errors[how / 21 % 3]));
        store.space = (how & 64 > 0).then_some(100);
        self.world.settle();
    }

    /// Whoever has the floor says its burst; it comes first if it is not here.
    fn send(&mut self) {
        if self.burst.is_empty() {
            return;
        }
        let burst = mem::take(&mut self.burst);
        let here = self.talkers[self.floor].peer.filter(|&peer| self.world.is_in(peer));
        let Some(peer) = here.or_else(|| self.come()) else { return };
        self.talkers[self.floor].knocked |= burst.contains(&b'\n');
        self.said.extend(&burst);
        self.world.send(peer, burst);
        self.read();
    }

    fn come(&mut self) -> Option<Peer> {
        self.go(self.floor);
        if !self.world.server.accepts() {
            return None;
        }
        let since = self.model().lines.len();
        let before = self.talkers[self.floor].before;
        let mut addr = Self::addr(self.floor);
        addr.set_port(addr.port() + before);
        let peer = self.world.join_from(addr).ok();
        self.talkers[self.floor] = Talker { peer, since, before: before + 1, ..Talker::default() };
        peer
    }

    /// Whence those come who have a talker's place.
    fn addr(at: usize) -> SocketAddr {
        World::addr(OBSERVERS + 1 + at)
    }

    fn read(&mut self) {
        for talker in &mut self.talkers {
            talker.read(&mut self.world);
        }
    }

    /// Whoever is in a talker's place goes, if it has not gone yet.
    fn go(&mut self, at: usize) {
        let before = self.talkers[at].before;
        let talker = mem::replace(&mut self.talkers[at], Talker { before, ..Talker::default() });
        let Some(peer) = talker.peer else { return };
        if talker.is_owed_all() {
            let expected = self.model().expected(&self.names(peer), talker.since, true);
            let heard: Vec<_> = talker.heard.iter().skip(1).map(String::as_str).collect();
            let owed = if self.world.is_in(peer) { expected.len() } else { heard.len() };
            assert_eq!(heard, expected[..owed], "what a classic talker heard");
        }
        self.world.reset(peer);
    }

    /// The store is well again and all wake up and go; then all must be right.
    fn close(&mut self) {
        self.set_store(0);
        self.world.unblock(self.sleeper);
        for at in 0..TALKERS {
            if let Some(peer) = self.talkers[at].peer {
                self.world.unblock(peer);
            }
            self.read();
            self.go(at);
        }
        self.world.advance(THREE_DAYS);
        self.all_others_have_gone();
        self.the_observers_heard_all();
        self.the_files_are_what_was_sent();
        self.the_quotas_are_what_was_stored();
        self.the_room_is_as_good_as_new();
    }

    fn all_others_have_gone(&mut self) {
        let online = OBSERVERS - usize::from(!self.world.is_in(self.sleeper));
        assert_eq!(self.world.server.online() as usize, online);
        assert_eq!(self.model().check_counts(), online);
        let store = self.world.store();
        let idle = store.drafts.is_empty() && store.readers.is_empty();
        assert!(idle, "a transfer outlives its client");
    }

    fn the_observers_heard_all(&mut self) {
        let lines = self.world.read(self.lines);
        let classic = self.world.writes(self.classic);
        let sleeper = self.world.read_bytes(self.sleeper);
        let owed = |peer, classic| self.model().expected(&self.names(peer), self.since, classic);
        let to_all: Vec<_> = lines.lines().filter(|line| !is_private(line)).collect();
        assert_eq!(to_all, owed(self.lines, false), "what the line observer heard");
        assert_eq!(classic, owed(self.classic, true), "what the classic observer heard");
        // One that was put out may have half a line.
        let whole = sleeper.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let sleeper = str::from_utf8(&sleeper[..whole]).expect("it is UTF-8");
        let to_all: Vec<_> = sleeper.lines().filter(|line| !is_private(line)).collect();
        let left = check_lines(&owed(self.sleeper, false), &to_all.join("\n"));
        assert!(left == 0 || !self.world.is_in(self.sleeper), "the sleeper waits for {left}");
    }

    /// Each file was announced once, and holds what was sent, in its order: by
    /// one talker, or by one that went on where another was cut off.
    fn the_files_are_what_was_sent(&self) {
        let store = self.world.server.store();
        let announced = self.model().lines.iter();
        let announced = announced
            .filter(|line| line.starts_with("> User ") && line.ends_with(" has uploaded a file"));
        assert_eq!(announced.count(), store.commits);
        for (name, file) in &store.files {
            assert!(is_within(file, &self.said), "nobody sent {name}: {}", file.escape_ascii());
        }
    }

    /// For the talkers' addresses counts what they have stored, and what is kept
    /// of what they began; nothing is reserved any more.
    fn the_quotas_are_what_was_stored(&self) {
        let server = &self.world.server;
        let counted = (0..TALKERS).map(|at| server.counted_for(Self::addr(at).ip()));
        assert_eq!(counted.sum::<u64>(), server.store().gained, "the quotas of the addresses");
    }

    /// Every place is free again, and every upload's.
    fn the_room_is_as_good_as_new(&mut self) {
        let free = self.world.server.capacity() - self.world.server.online() as usize;
        let newcomers: Vec<_> = (0..free).map(|_| self.world.join_lines()).collect();
        assert!(self.world.join_from(World::addr(9)).is_err());
        for &peer in &newcomers {
            self.world.send(peer, "#upload 'last' 100\n");
            self.world.send(peer, [b'z'; 50]);
        }
        for &peer in &newcomers {
            self.world.send(peer, [b'z'; 50]);
        }
        for &peer in &newcomers {
            let told = self.world.read(peer);
            assert!(told.contains("> Your file has been uploaded (100 bytes)\n"), "{told}");
            self.world.send(peer, "#get 'last'\n");
            let told = self.world.read(peer);
            assert!(told.contains("#file 'last' 100\n") && told.contains("#sum "), "{told}");
        }
    }

    fn model(&self) -> &Model {
        self.world.model.as_ref().expect("it was made")
    }

    /// By what one goes who has no nick.
    fn names(&self, peer: Peer) -> Names {
        Names { addr: self.world.name(peer), nick: "\n".into() }
    }
}

impl Talker {
    fn read(&mut self, world: &mut World<'_>) {
        let Some(peer) = self.peer else { return };
        if self.is_owed_all() {
            self.heard.extend(world.writes(peer));
        } else if !self.slept {
            world.read_bytes(peer);
        }
    }

    /// Whether it is certainly classic, and has always read: then it is owed
    /// the console's lines and nothing else.
    fn is_owed_all(&self) -> bool {
        !self.slept && !self.knocked
    }
}

/// `[FROM > NAME] …`: what is told to one alone, and not on the console.
fn is_private(line: &str) -> bool {
    let who = line.strip_prefix('[').and_then(|rest| rest.split(']').next());
    who.is_some_and(|who| who.contains(" > "))
}

/// Whether the bytes of a file come in this order in what was said, be it with
/// other things between them.
fn is_within(file: &[u8], said: &[u8]) -> bool {
    let mut said = said.iter();
    file.iter().all(|byte| said.any(|other| other == byte))
}
