//! Both ends of the wire: the room, and clients that exchange files over links
//! that take and give as little as they like, and break.

use sha2::{Digest as _, Sha256};
use snug_core::client::{Buffers, Client, Event, Kind, Mode, TransferError};
use snug_core::time::Instant;
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use crate::support::ground::{Ground, Sizes};
use crate::support::random::{Random, for_seeds};
use crate::support::world::{Peer, World};

/// Somebody with a client, and a file that goes or comes.
struct Someone {
    peer: Peer,
    client: Client<'static>,
    file: Vec<u8>,
    /// The next byte of the file that goes out.
    at: usize,
    /// How the last transfer, or list, ended.
    end: Option<String>,
    listed: Vec<String>,
    texts: usize,
    said: usize,
}

/// Turns after which what has not ended never will.
const MOST_TURNS: usize = 20_000;

impl Someone {
    fn join(world: &mut World<'_>, random: &mut Random) -> Self {
        let (output, file) = (random.of(400..2_000), Vec::new());
        let (client, peer) = (client(world, output), world.join());
        let (listed, end) = (Vec::new(), None);
        let mut someone = Self { peer, client, file, at: 0, end, listed, texts: 0, said: 0 };
        someone
            .until(world, random, |someone, _| someone.end.take().is_some_and(|end| end == "Snug"));
        someone
    }

    /// The link breaks; comes in again.
    fn break_off(&mut self, world: &mut World<'_>, random: &mut Random) {
        world.reset(self.peer);
        let again = Self::join(world, random);
        (self.peer, self.client) = (again.peer, again.client);
    }

    fn until(
        &mut self,
        world: &mut World<'_>,
        random: &mut Random,
        mut holds: impl FnMut(&mut Self, Instant) -> bool,
    ) {
        for _ in 0..MOST_TURNS {
            if holds(self, world.now) {
                return;
            }
            self.turn(world, random);
        }
        panic!("it does not come to its end");
    }

    /// Sends something, gives something, hears something, says something.
    fn turn(&mut self, world: &mut World<'_>, random: &mut Random) {
        if random.one_in(4) && self.client.say(world.now, "still here").is_ok() {
            self.said += 1;
        }
        let space = self.client.body_space();
        if !space.is_empty() {
            let len = random.of(1..space.len() + 1);
            space[..len].copy_from_slice(&self.file[self.at..self.at + len]);
            self.client.handle_body(len);
            self.at += len;
        }
        let len = random.of(0..self.client.pending().len() + 1);
        world.send(self.peer, &self.client.pending()[..len]);
        self.client.handle_sent(world.now, len);
        let most = random.of(0..self.client.space().len() + 1);
        let bytes = world.read_some(self.peer, most);
        self.client.space()[..bytes.len()].copy_from_slice(&bytes);
        self.client.handle_received(world.now, bytes.len());
        self.hear();
    }

    fn hear(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Message { kind: Kind::Text, text } => {
                    assert!(text.ends_with("] still here"), "{text}");
                    self.texts += 1;
                }
                Event::Message { kind: Kind::Told | Kind::Left, .. } | Event::File { .. } => {}
                // The end of the transfer and the wish to stop it have crossed.
                Event::Message { kind, text } => {
                    assert_eq!((kind, text.contains("no transfer")), (Kind::Refused, true));
                }
                Event::Have { offset } => self.at = usize::try_from(offset).unwrap(),
                Event::Part(bytes) => self.file.extend_from_slice(bytes),
                Event::Stored { name, size, .. } => self.listed.push(format!("{name}: {size}")),
                other => self.end = Some(format!("{other:?}")),
            }
        }
    }

    /// Wants something of the client, as soon as there is room for it.
    fn wants(
        &mut self,
        world: &mut World<'_>,
        random: &mut Random,
        what: impl Fn(&mut Client<'static>, Instant) -> Result<(), TransferError>,
    ) {
        self.until(world, random, |someone, now| match what(&mut someone.client, now) {
            Err(TransferError::NotYet) => false,
            // It has ended by itself in between.
            Ok(()) | Err(TransferError::Idle) => true,
            Err(error) => panic!("{error:?}"),
        });
    }

    fn puts(&mut self, world: &mut World<'_>, random: &mut Random, name: &FileName) {
        let (size, digest) = (self.file.len() as u64, digest(&self.file));
        self.wants(world, random, |client, now| client.put(now, name, size, digest, false));
    }

    fn gets(&mut self, world: &mut World<'_>, random: &mut Random, name: &FileName) {
        let offset = self.file.len() as u64;
        self.wants(world, random, |client, now| client.get(now, name, offset));
    }

    fn ends(&mut self, world: &mut World<'_>, random: &mut Random) -> String {
        let mut end = None;
        self.until(world, random, |someone, _| {
            end = someone.end.take();
            end.is_some()
        });
        end.unwrap()
    }
}

fn client(world: &World<'_>, output: usize) -> Client<'static> {
    let leak = |len| &mut *Box::leak(vec![0; len].into_boxed_slice());
    let buffers = Buffers { input: leak(320), text: leak(960), output: leak(output) };
    Client::new(Mode::Line, world.now, buffers)
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

#[test]
fn a_file_gets_from_one_to_the_other_whatever_the_links_do() {
    for_seeds(0..60, |mut random| {
        let mut ground = Ground::new(Sizes::default());
        let world = &mut World::new(&mut ground);
        let random = &mut random;
        let name = FileName::parse(b"it's a 'file' 5").unwrap();
        let file: Vec<u8> = (0..random.of(0..5_000)).map(|_| random.next() as u8).collect();
        let mut ada = Someone::join(world, random);
        ada.file.clone_from(&file);
        ada.puts(world, random, &name);
        for _ in 0..random.of(0..4) {
            (0..random.of(0..40)).for_each(|_| ada.turn(world, random));
            if random.one_in(2) {
                ada.break_off(world, random);
                ada.end = None;
            } else if ada.end.is_none() {
                ada.wants(world, random, Client::stop);
                ada.end = Some(ada.ends(world, random)).filter(|end| end != "Stopped");
            }
            if ada.end.is_some() {
                break;
            }
            ada.puts(world, random, &name);
        }
        let end = ada.end.take().unwrap_or_else(|| ada.ends(world, random));
        // The answer may have been lost with a link: then the name is taken.
        assert!(end == "Uploaded" || end.contains("stands already"), "{end}");
        assert_eq!(world.store().files[name.as_str()], file);

        let mut bob = Someone::join(world, random);
        bob.gets(world, random, &name);
        for _ in 0..random.of(0..4) {
            (0..random.of(0..40)).for_each(|_| bob.turn(world, random));
            if bob.end.is_some() {
                break;
            }
            bob.break_off(world, random);
            bob.gets(world, random, &name);
        }
        let end = bob.end.take().unwrap_or_else(|| bob.ends(world, random));
        assert_eq!(end, format!("Sum({})", digest(&file)));
        assert!(bob.file == file);

        bob.wants(world, random, Client::list_files);
        bob.said = 0;
        assert_eq!(bob.ends(world, random), "Listed(1)");
        assert_eq!(bob.listed, [format!("{name}: {}", file.len())]);
        bob.until(world, random, |bob, _| bob.said > 0 && bob.client.pending().is_empty());
        ada.until(world, random, |ada, _| ada.texts > 0);
    });
}
