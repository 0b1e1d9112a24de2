extern crate std;

mod transfers;
mod uploads;

use std::boxed::Box;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use core::time::Duration;

use super::*;

const ANSWER_LINE: &[u8] = b"> This is Snug; #help lists what it knows\n";
const GREETING: &[u8] = b"> Connected to the chat server (1 user online)";

/// A client with a clock of its own.
struct Bench {
    client: Client<'static>,
    now: Instant,
}

impl Bench {
    fn new(mode: Mode, input: usize) -> Self {
        let leak = |len| &mut *Box::leak(vec![0; len].into_boxed_slice());
        let buffers = Buffers { input: leak(input), text: leak(3 * input), output: leak(400) };
        let now = Instant::from_millis(1_000);
        Self { client: Client::new(mode, now, buffers), now }
    }

    fn classic() -> Self {
        Self::new(Mode::Classic, 64)
    }

    /// One that has knocked and was answered.
    fn snug() -> Self {
        let mut bench = Self::new(Mode::Line, 64);
        assert_eq!(bench.sends(), "\n");
        assert_eq!(bench.gets(ANSWER_LINE), ["SNUG"]);
        bench
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        self.client.handle_timeout(self.now);
    }

    fn events(&mut self) -> Vec<String> {
        let mut seen = vec![];
        while let Some(event) = self.client.poll_event() {
            seen.push(match event {
                Event::Message { kind: Kind::Rest, text } => format!("…{text}"),
                Event::Message { text, .. } => text.to_string(),
                Event::Snug => "SNUG".to_string(),
                Event::Uploaded => "UPLOADED".to_string(),
                Event::Closed => "CLOSED".to_string(),
                other => format!("{other:?}"),
            });
        }
        seen
    }

    /// What a read shows, without a pause after it.
    fn reads(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut seen = vec![];
        while !bytes.is_empty() {
            let space = self.client.space();
            let len = space.len().min(bytes.len());
            space[..len].copy_from_slice(&bytes[..len]);
            self.client.handle_received(self.now, len);
            seen.extend(self.events());
            bytes = &bytes[len..];
        }
        seen
    }

    /// What a burst shows.
    fn gets(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut seen = self.reads(bytes);
        self.client.handle_pause(self.now);
        seen.extend(self.events());
        seen
    }

    /// What goes out at once.
    fn sends(&mut self) -> String {
        let sent = String::from_utf8(self.client.pending().to_vec()).unwrap();
        self.client.handle_sent(self.now, sent.len());
        sent
    }

    fn gives(&mut self, bytes: &[u8]) {
        self.client.body_space()[..bytes.len()].copy_from_slice(bytes);
        self.client.handle_body(bytes.len());
    }

    fn says(&mut self, text: &str) -> Result<(), SayError> {
        self.client.say(self.now, text)
    }

    fn offers(&mut self, name: &str, size: u64) -> Result<(), OfferError> {
        let name = FileName::parse(name.as_bytes()).unwrap();
        self.client.offer(self.now, &name, size)
    }

    /// Milliseconds until the client wants to be called.
    fn wakes(&self) -> Option<u128> {
        self.client.poll_timeout().map(|time| time.since(self.now).as_millis())
    }
}

#[test]
fn a_classic_burst_is_a_message() {
    let mut bench = Bench::classic();
    assert_eq!(bench.sends(), "");
    assert!(bench.reads(GREETING).is_empty());
    assert_eq!(bench.gets(b""), ["> Connected to the chat server (1 user online)"]);
    assert_eq!(bench.gets(b"[1.2.3.4:5] a\tb"), ["[1.2.3.4:5] a\tb"]);
    assert_eq!(bench.wakes(), None);
}

#[test]
fn a_classic_burst_is_shown_line_by_line() {
    let mut bench = Bench::classic();
    assert_eq!(bench.gets(b"[1.2.3.4:5] a\r\n\nb\n"), ["[1.2.3.4:5] a", "b"]);
    assert_eq!(bench.gets(b"\n"), [""; 0]);
}

#[test]
fn a_classic_client_does_not_believe_in_snug() {
    let mut bench = Bench::classic();
    assert_eq!(bench.gets(ANSWER_LINE), ["> This is Snug; #help lists what it knows"]);
    assert_eq!(bench.client.far_end(), FarEnd::Classic);
}

#[test]
fn a_burst_above_the_buffer_comes_in_pieces_between_characters() {
    let mut bench = Bench::classic();
    let long = format!("{}é{}", "a".repeat(63), "b".repeat(10));
    let pieces = ["a".repeat(63), format!("…é{}", "b".repeat(10))];
    assert_eq!(bench.gets(long.as_bytes()), pieces);
}

#[test]
fn a_cut_character_waits_for_its_other_half() {
    let mut bench = Bench::classic();
    assert!(bench.gets(b"h\xc3").is_empty());
    assert_eq!(bench.wakes(), Some(60));
    assert_eq!(bench.gets(b"\xa9!"), ["hé!"]);

    assert!(bench.gets(b"h\xc3").is_empty());
    bench.pass(59);
    assert!(bench.events().is_empty());
    bench.pass(1);
    assert_eq!(bench.events(), ["h\u{fffd}"]);
    assert_eq!(bench.wakes(), None);
}

#[test]
fn nothing_raw_reaches_a_terminal() {
    let mut bench = Bench::classic();
    let shown = bench.gets(b"[1.2.3.4:5] \x1b[2J\x07\xff").remove(0);
    assert!(!shown.contains(char::is_control), "{shown:?}");
}

#[test]
fn the_end_shows_what_is_left() {
    let mut bench = Bench::snug();
    assert!(bench.reads(b"> half").is_empty());
    bench.client.handle_end(bench.now);
    assert_eq!(bench.events(), ["> half", "CLOSED"]);
    assert!(bench.events().is_empty());
}

#[test]
fn the_answer_to_the_knock_makes_it_snug_however_it_is_cut() {
    let stream = [GREETING, b"\n", ANSWER_LINE, b"> more\n"].concat();
    let greeting = "> Connected to the chat server (1 user online)";
    for first in 1..stream.len() {
        for second in first..stream.len() {
            let mut bench = Bench::new(Mode::Line, 64);
            assert_eq!(bench.sends(), "\n");
            let mut seen = bench.reads(&stream[..first]);
            seen.extend(bench.reads(&stream[first..second]));
            seen.extend(bench.gets(&stream[second..]));
            assert_eq!(seen, [greeting, "SNUG", "> more"], "cut at {first} and {second}");
        }
    }
}

#[test]
fn the_answer_may_be_cut_by_a_pause() {
    let answer = [b"\n", ANSWER_LINE].concat();
    for cut in 0..answer.len() {
        let mut bench = Bench::new(Mode::Line, 64);
        assert_eq!(bench.gets(GREETING).len(), 1);
        assert_eq!(bench.gets(&answer[..cut]), [""; 0], "cut at {cut}");
        assert_eq!(bench.gets(&answer[cut..]), ["SNUG"], "cut at {cut}");
    }
}

#[test]
fn the_words_of_the_answer_do_not_make_it_snug() {
    let mut bench = Bench::new(Mode::Line, 128);
    let forged = [b"[1.2.3.4:5] ", ANSWER_LINE].concat();
    assert_eq!(bench.gets(&forged).len(), 1);
    assert_eq!(bench.gets(GREETING).len(), 1);
    assert_eq!(bench.gets(ANSWER_LINE).len(), 1, "not on a line of its own");
    assert_eq!(bench.client.far_end(), FarEnd::Unknown);
}

#[test]
fn lines_of_snug_end_with_a_newline_alone() {
    let mut bench = Bench::snug();
    assert!(bench.gets(b"> one").is_empty());
    bench.pass(10_000);
    assert!(bench.events().is_empty());
    assert_eq!(bench.gets(b"\r\n< two\n* th"), ["> one", "< two"]);
    assert_eq!(bench.gets(b"ree\n"), ["* three"]);
    let long = format!("{}\n", "x".repeat(100));
    assert_eq!(bench.gets(long.as_bytes()), ["x".repeat(64), format!("…{}", "x".repeat(36))]);
    let exact = format!("{}\n> next\n", "x".repeat(64));
    assert_eq!(bench.gets(exact.as_bytes()), ["x".repeat(64), "> next".to_string()]);
}

#[test]
fn classic_texts_are_bursts_that_keep_apart() {
    let mut bench = Bench::classic();
    bench.says("one").unwrap();
    assert_eq!(bench.says("two"), Err(SayError::NotYet));
    assert_eq!(bench.sends(), "one");
    assert_eq!(bench.says("two"), Err(SayError::NotYet));
    assert_eq!(bench.wakes(), Some(60));
    bench.pass(60);
    bench.says("two").unwrap();
    assert_eq!(bench.sends(), "two");
}

#[test]
fn a_text_half_sent_is_not_followed_yet() {
    let mut bench = Bench::classic();
    bench.says("one").unwrap();
    bench.client.handle_sent(bench.now, 2);
    bench.pass(1_000);
    assert!(!bench.client.can_say(bench.now));
    assert_eq!(bench.sends(), "e");
}

#[test]
fn texts_to_snug_are_lines_that_may_go_together() {
    let mut bench = Bench::snug();
    bench.says("one").unwrap();
    bench.says("").unwrap();
    bench.says("two").unwrap();
    assert_eq!(bench.sends(), "one\ntwo\n");
}

#[test]
fn texts_wait_for_the_answer_as_long_as_its_patience() {
    let mut bench = Bench::new(Mode::Line, 64);
    assert_eq!(bench.sends(), "\n");
    assert_eq!(bench.says("one"), Err(SayError::NotYet));
    assert_eq!(bench.wakes(), Some(300));
    bench.pass(300);
    assert_eq!(bench.client.far_end(), FarEnd::Classic);
    bench.says("one").unwrap();
    assert_eq!(bench.sends(), "one");
}

#[test]
fn a_late_answer_ends_what_was_said() {
    let mut bench = Bench::new(Mode::Line, 64);
    bench.sends();
    bench.pass(300);
    bench.says("one").unwrap();
    bench.client.handle_sent(bench.now, 1);
    assert_eq!(bench.gets(ANSWER_LINE), ["SNUG"]);
    bench.says("two").unwrap();
    assert_eq!(bench.sends(), "ne\ntwo\n");
}

#[test]
fn a_text_that_cannot_be_one_is_refused() {
    let mut bench = Bench::classic();
    assert_eq!(bench.says("a\nb"), Err(SayError::LineBreak));
    assert_eq!(bench.says("#upload"), Err(SayError::Upload));
    assert_eq!(bench.says(&"x".repeat(399)), Err(SayError::TooLong));
    bench.says(&"x".repeat(398)).unwrap();
}

#[test]
fn a_line_is_known_by_its_first_character() {
    let kinds = [
        ("[a] b", Kind::Text),
        ("* a b", Kind::Action),
        ("> a", Kind::Told),
        ("< a", Kind::Left),
        ("! a", Kind::Refused),
        ("#user a", Kind::Program),
        ("a", Kind::Other),
        (">a", Kind::Other),
        ("", Kind::Other),
    ];
    for (line, kind) in kinds {
        assert_eq!(Kind::of(line), kind, "{line}");
    }
}
