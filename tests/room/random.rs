//! Whatever peers do, in whatever order, against the naive model.

use snug_core::server::Config;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::Pace;
use crate::support::model::{Model, Names, check_lines};
use crate::support::random::{Random, for_seeds};
use crate::support::world::{Peer, World};

/// One who does things at random.
struct Actor {
    peer: Peer,
    names: Names,
    classic: bool,
    /// Lines on the console when it came.
    since: usize,
    got: Vec<u8>,
    writes: Vec<String>,
    blocked: bool,
    said: Vec<String>,
    /// Bytes of a file that it has still to send.
    file: Vec<u8>,
    /// It ended its sending.
    ended: bool,
}

struct Play<'m> {
    world: World<'m>,
    random: Random,
    actors: Vec<Actor>,
    count: usize,
}

#[test]
fn with_room_for_all() {
    for_seeds(0..80, |random| play(random, 1 << 18, 150));
}

#[test]
fn with_a_log_that_is_pressed() {
    for_seeds(1_000..1_120, |mut random| {
        let log = 1 << random.of(11..14);
        play(random, log, 250);
    });
}

#[test]
fn on_the_smallest_log() {
    for_seeds(2_000..2_120, |random| play(random, 1_024, 200));
}

fn play(mut random: Random, log: usize, acts: usize) {
    let sizes = Sizes {
        clients: random.of(3..8),
        input: random.of(260..1_000),
        log,
        transfers: random.of(1..3),
        block: random.of(64..200),
        ..Sizes::default()
    };
    let mut ground = Ground::new(sizes);
    let config = Config { line_limit: 256, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    world.model = Some(Model::default());
    world.shuffle(random.next());
    // Somebody who listens to all. Without one, nobody keeps the console from
    // being outrun by a single call on the smallest log.
    world.join_lines();
    let mut play = Play { world, random, actors: Vec::new(), count: 0 };
    for _ in 0..acts {
        play.act();
        play.read();
    }
    play.end();
}

impl Play<'_> {
    fn act(&mut self) {
        if self.actors.is_empty() || self.random.one_in(10) {
            return self.join();
        }
        let at = self.random.of(0..self.actors.len());
        let peer = self.actors[at].peer;
        if self.actors[at].ended || !self.world.is_in(peer) {
            return;
        }
        if !self.actors[at].file.is_empty() && !self.random.one_in(8) {
            return self.send_file(at);
        }
        // TCP would join what a classic peer says while it has to wait.
        let joins = self.actors[at].classic && self.world.link(peer).unread() > 0;
        let sends = joins || !self.actors[at].file.is_empty();
        match self.random.of(0..20) {
            0 => self.leave(at),
            1..10 if !sends => self.say(at),
            10 if !sends => self.upload(at),
            11 if !sends => self.rename(at),
            12 if !sends && !self.actors[at].classic => self.send(at, "#me does\n#who\n"),
            13..15 => self.block(at),
            15..17 => self.pass(),
            17 => {
                let paces = [Pace::Quick, Pace::Slow, Pace::Halted];
                self.world.store().pace = *self.random.pick(&paces);
                self.world.store().takes = *self.random.pick(&[0, 1, 700]);
                self.world.settle();
            }
            _ => {}
        }
    }

    fn join(&mut self) {
        if !self.world.server.accepts() {
            return;
        }
        let at = self.actors.len();
        let since = self.world.model.as_ref().map_or(0, |model| model.lines.len());
        let Ok(peer) = self.world.join_from(World::addr(at + 2)) else { return };
        let names = Names { addr: self.world.name(peer), nick: format!("n{at}x") };
        let classic = self.random.one_in(3);
        self.actors.push(Actor {
            peer,
            names,
            classic,
            since,
            got: Vec::new(),
            writes: Vec::new(),
            blocked: false,
            said: Vec::new(),
            file: Vec::new(),
            ended: false,
        });
        if classic {
            self.world.advance(60);
        } else {
            self.world.send(peer, "\n");
        }
    }

    fn leave(&mut self, at: usize) {
        self.actors[at].ended = true;
        let peer = self.actors[at].peer;
        if self.random.one_in(2) {
            self.world.end(peer);
        } else {
            self.world.reset(peer);
        }
    }

    fn say(&mut self, at: usize) {
        let texts = self.random.of(1..8);
        let mut bytes = String::new();
        for _ in 0..texts {
            self.count += 1;
            let most = if self.random.one_in(4) { 90 } else { 6 };
            let text = format!("{} {}", self.count, "é.".repeat(self.random.of(0..most)));
            let actor = &mut self.actors[at];
            bytes.push_str(&text);
            actor.said.push(text);
            if actor.classic {
                break;
            }
            bytes.push('\n');
        }
        self.send(at, &bytes);
    }

    fn send(&mut self, at: usize, bytes: &str) {
        let peer = self.actors[at].peer;
        let piece = self.random.of(1..300);
        self.world.link(peer).set_piece(piece);
        self.world.send(peer, bytes);
    }

    fn upload(&mut self, at: usize) {
        self.count += 1;
        let file = "bytes\n".repeat(self.random.of(1..100));
        let header = format!("#upload {} {}", self.count, file.len());
        if self.actors[at].classic {
            self.send(at, &header);
            self.world.advance(60);
        } else {
            self.send(at, &(header + "\n"));
        }
        self.actors[at].file = file.into_bytes();
    }

    fn send_file(&mut self, at: usize) {
        let actor = &mut self.actors[at];
        // Glued to its header, a part of the file might be a file by itself.
        let glued = actor.classic && self.world.link(actor.peer).unread() > 0;
        let least = if glued { actor.file.len() } else { 1 };
        let count = self.random.of(least..actor.file.len() + 1);
        let piece: Vec<_> = actor.file.drain(..count).collect();
        let peer = actor.peer;
        self.world.send(peer, piece);
    }

    fn rename(&mut self, at: usize) {
        if !self.actors[at].classic {
            self.count += 1;
            let line = format!("#nick n{at}x{}\n", self.count);
            self.send(at, &line);
        }
    }

    /// Only line peers stop reading: they are told what they miss.
    fn block(&mut self, at: usize) {
        let actor = &mut self.actors[at];
        if actor.classic {
            return;
        }
        actor.blocked = !actor.blocked;
        let peer = actor.peer;
        if actor.blocked {
            let capacity = self.random.of(0..200);
            self.world.block(peer, capacity);
        } else {
            self.world.unblock(peer);
        }
    }

    fn pass(&mut self) {
        let longest = *self.random.pick(&[50, 500, 5_000]);
        let millis = self.random.of(0..longest) as u64;
        self.world.advance(millis);
    }

    /// All who read, read; the others take some now and then.
    fn read(&mut self) {
        for actor in &mut self.actors {
            if actor.classic {
                actor.writes.extend(self.world.writes(actor.peer));
            } else if !actor.blocked {
                actor.got.extend(self.world.read_bytes(actor.peer));
            }
        }
    }

    fn end(&mut self) {
        self.world.store().pace = Pace::Quick;
        self.world.settle();
        for actor in &mut self.actors {
            if core::mem::take(&mut actor.blocked) {
                self.world.unblock(actor.peer);
            }
            self.world.send(actor.peer, &actor.file);
        }
        for _ in 0..30 {
            self.read();
            self.world.advance(1_000);
        }
        self.read();
        self.check();
    }

    fn check(&self) {
        let model = self.world.model.as_ref().expect("it was made");
        let online = model.check_counts();
        let here = self.actors.iter().filter(|actor| self.world.is_in(actor.peer)).count();
        assert_eq!((online, online), (1 + here, self.world.server.online() as usize));
        let files = self.world.server.store().files.len();
        assert_eq!(model.count(" has uploaded a file"), files);
        for actor in &self.actors {
            let here = self.world.is_in(actor.peer);
            let expected = model.expected(&actor.names, actor.since, actor.classic);
            if actor.classic {
                let got: Vec<_> = actor.writes.iter().map(String::as_str).skip(1).collect();
                assert_eq!(got, expected[..got.len()]);
                assert!(!here || got.len() == expected.len());
            } else {
                // Who is gone may have half a line.
                let whole =
                    actor.got.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
                let got = core::str::from_utf8(&actor.got[..whole]).expect("it is UTF-8");
                let left = check_lines(&expected, got);
                assert!(!here || whole == actor.got.len());
                assert!(!here || left == 0, "{left} of {}", expected.len());
            }
            let said: Vec<_> = actor.said.iter().map(|text| text.trim_end()).collect();
            let heard = joined(&model.said(&actor.names));
            if here {
                assert_eq!(heard.concat(), said.concat());
            } else {
                assert!(said.concat().starts_with(&heard.concat()), "{said:?} {heard:?}");
            }
        }
    }
}

/// Texts as they were said, which may have gone out in pieces.
fn joined(heard: &[&str]) -> Vec<String> {
    heard.iter().map(|text| text.trim_end().to_owned()).collect()
}
