//! A client bears any server: what it shows is safe, and the same however the
//! bytes were cut.

use snug_core::client::{ANSWER, Buffers, Client, Event, Mode};
use snug_core::time::Instant;
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;
use snug_core::wire::text::is_safe;

/// What a client learned.
#[derive(Debug, PartialEq, Eq)]
enum Learned {
    Message(String, String),
    File(u64),
    Part(Vec<u8>),
    Other(String),
}

/// What the client has asked of a Snug before the bytes come.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Get(u64),
    Put(u64),
    List,
}

/// The first two bytes choose where the rest is cut in three.
pub(crate) fn check(data: &[u8]) {
    let [one, two, bytes @ ..] = data else { return };
    let (one, two) = (usize::from(*one).min(bytes.len()), usize::from(*two).min(bytes.len()));
    let (one, two) = (one.min(two), one.max(two));
    let cut = [&bytes[..one], &bytes[one..two], &bytes[two..]];
    learned_from(Mode::Classic, None, &cut);
    learned_from(Mode::Line, None, &cut);
    let answer = format!("\n{ANSWER}\n").into_bytes();
    for wish in [None, Some(Wish::Get(1)), Some(Wish::Put(0)), Some(Wish::List)] {
        let whole = learned_from(Mode::Line, wish, &[&answer, bytes]);
        let pieces = learned_from(Mode::Line, wish, &[&answer, cut[0], cut[1], cut[2]]);
        assert_eq!(whole, pieces, "{wish:?}, cut at {one} and {two}");
        if let Some(Wish::Get(offset)) = wish {
            not_more_than_was_told(&whole, offset);
        }
    }
}

/// All parts together have no more bytes than the file was said to have.
fn not_more_than_was_told(learned: &[Learned], offset: u64) {
    let mut left = 0;
    for what in learned {
        match what {
            Learned::File(size) => left = size.saturating_sub(offset),
            Learned::Part(bytes) => left = left.checked_sub(bytes.len() as u64).unwrap(),
            _ => {}
        }
    }
}

/// What a client learns from parts with a pause after each, and then the end.
fn learned_from(mode: Mode, wish: Option<Wish>, parts: &[&[u8]]) -> Vec<Learned> {
    let mut wish = wish;
    let (mut input, mut text, mut output) = ([0; 128], [0; 384], [0; 512]);
    let buffers = Buffers { input: &mut input, text: &mut text, output: &mut output };
    let mut now = Instant::ZERO;
    let mut client = Client::new(mode, now, buffers);
    let mut learned = Vec::new();
    for part in parts {
        receive(&mut client, now, part, &mut learned);
        client.handle_pause(now);
        learn(&mut client, &mut learned);
        // The first part of a wish's stream is the answer to the knock.
        if let Some(wish) = wish.take() {
            ask(&mut client, now, wish);
        }
        now = Instant::from_millis(now.as_millis() + 100);
        client.handle_timeout(now);
        learn(&mut client, &mut learned);
    }
    client.handle_end(now);
    learn(&mut client, &mut learned);
    learned
}

fn ask(client: &mut Client<'_>, now: Instant, wish: Wish) {
    let name = FileName::parse(b"a").unwrap();
    let asked = match wish {
        Wish::Get(offset) => client.get(now, &name, offset),
        Wish::Put(size) => client.put(now, &name, size, Digest::new([0; 32]), false),
        Wish::List => client.list_files(now),
    };
    asked.expect("nothing else is under way");
}

fn receive(client: &mut Client<'_>, now: Instant, mut part: &[u8], learned: &mut Vec<Learned>) {
    while !part.is_empty() {
        let space = client.space();
        assert!(!space.is_empty(), "there is room once all events are polled");
        let count = space.len().min(part.len());
        space[..count].copy_from_slice(&part[..count]);
        client.handle_received(now, count);
        learn(client, learned);
        part = &part[count..];
    }
}

fn learn(client: &mut Client<'_>, learned: &mut Vec<Learned>) {
    while let Some(event) = client.poll_event() {
        match (event, learned.last_mut()) {
            (Event::Message { kind, text }, _) => {
                assert!(is_safe(text) && !text.contains('\n'), "{text:?}");
                learned.push(Learned::Message(format!("{kind:?}"), text.to_owned()));
            }
            (Event::File { size }, _) => learned.push(Learned::File(size)),
            (Event::Part(bytes), Some(Learned::Part(so_far))) => so_far.extend_from_slice(bytes),
            (Event::Part(bytes), _) => learned.push(Learned::Part(bytes.to_vec())),
            (other, _) => learned.push(Learned::Other(format!("{other:?}"))),
        }
    }
}
