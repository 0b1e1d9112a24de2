//! A client bears any server: what it shows is safe, and the same however the
//! bytes were cut.

use snug_core::client::{ANSWER, Buffers, Client, Event, Mode};
use snug_core::time::Instant;
use snug_core::wire::text::is_safe;

/// What a client learned.
#[derive(Debug, PartialEq, Eq)]
enum Learned {
    Message(String, String),
    Part(Vec<u8>),
    Other(String),
}

/// The first two bytes choose where the rest is cut in three.
pub(crate) fn check(data: &[u8]) {
    let [one, two, bytes @ ..] = data else { return };
    let (one, two) = (usize::from(*one).min(bytes.len()), usize::from(*two).min(bytes.len()));
    let (one, two) = (one.min(two), one.max(two));
    let cut = [&bytes[..one], &bytes[one..two], &bytes[two..]];
    learned_from(Mode::Classic, &cut);
    learned_from(Mode::Line, &cut);
    let answer = format!("\n{ANSWER}\n").into_bytes();
    let whole = learned_from(Mode::Line, &[&answer, bytes]);
    let pieces = learned_from(Mode::Line, &[&answer, cut[0], cut[1], cut[2]]);
    assert_eq!(whole, pieces, "cut at {one} and {two}");
}

/// What a client learns from parts with a pause after each, and then the end.
fn learned_from(mode: Mode, parts: &[&[u8]]) -> Vec<Learned> {
    let (mut input, mut text, mut output) = ([0; 128], [0; 384], [0; 512]);
    let buffers = Buffers { input: &mut input, text: &mut text, output: &mut output };
    let mut now = Instant::ZERO;
    let mut client = Client::new(mode, now, buffers);
    let mut learned = Vec::new();
    for part in parts {
        receive(&mut client, now, part, &mut learned);
        client.handle_pause(now);
        learn(&mut client, &mut learned);
        now = Instant::from_millis(now.as_millis() + 100);
        client.handle_timeout(now);
        learn(&mut client, &mut learned);
    }
    client.handle_end(now);
    learn(&mut client, &mut learned);
    learned
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
            (Event::Part(bytes), Some(Learned::Part(so_far))) => so_far.extend_from_slice(bytes),
            (Event::Part(bytes), _) => learned.push(Learned::Part(bytes.to_vec())),
            (other, _) => learned.push(Learned::Other(format!("{other:?}"))),
        }
    }
}
