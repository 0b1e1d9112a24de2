//! A peer that is a client core, as `cli` is one.

use std::collections::VecDeque;

use snug_core::client::{ANSWER, Buffers, Client, Event, FarEnd, Mode, STORED};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

use super::errand::Errands;

/// A client core and what it was told.
#[derive(Debug)]
pub(crate) struct Player<'m> {
    pub(crate) client: Client<'m>,
    pub(crate) mode: Mode,
    /// What is left of the file that it sends in one go.
    pub(crate) file: VecDeque<u8>,
    /// The last bytes that it gave to its link were a header.
    pub(crate) header_out: bool,
    pub(crate) errands: Errands,
    /// All that it told, as it must have been sent: of texts what is ASCII, of
    /// files the bytes.
    told: Vec<u8>,
}

/// The memory of one client.
#[derive(Debug)]
pub(crate) struct PlayerGround {
    input: [u8; 1100],
    text: [u8; 3300],
    output: [u8; 640],
}

impl PlayerGround {
    pub(crate) fn new() -> Self {
        Self { input: [0; 1100], text: [0; 3300], output: [0; 640] }
    }

    pub(crate) fn lend(&mut self) -> Buffers<'_> {
        Buffers { input: &mut self.input, text: &mut self.text, output: &mut self.output }
    }
}

impl<'m> Player<'m> {
    pub(crate) fn new(mode: Mode, now: Instant, buffers: Buffers<'m>, errands: Errands) -> Self {
        let client = Client::new(mode, now, buffers);
        let (file, told) = (VecDeque::new(), Vec::new());
        Self { client, mode, file, header_out: false, errands, told }
    }

    /// Whether it is in lines with its room.
    pub(crate) fn is_in_lines(&self) -> bool {
        self.client.far_end() == FarEnd::Snug
    }

    /// Bytes came, all that there are.
    pub(crate) fn hear(&mut self, now: Instant, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.client.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.client.handle_received(now, count);
            bytes = &bytes[count..];
            self.listen();
        }
        self.client.handle_pause(now);
        self.listen();
    }

    pub(crate) fn end(&mut self, now: Instant) {
        self.client.handle_end(now);
        self.listen();
    }

    pub(crate) fn tick(&mut self, now: Instant) {
        self.client.handle_timeout(now);
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match &event {
                Event::Message { text, .. } => self.told.extend(shown(without_size(text))),
                Event::Snug => self.told.extend_from_slice(ANSWER.as_bytes()),
                Event::Stored { name, size, age } => {
                    let age = age.expect("the store has a clock").as_secs();
                    self.told.extend(shown(&format!("#stored '{name}' {size} {age}")));
                }
                Event::Listed(count) => {
                    let s = if *count == 1 { "" } else { "s" };
                    self.told.extend(format!("> {count} file{s}").bytes());
                }
                Event::Closed => return,
                Event::Uploaded if self.errands.current.is_none() => match self.mode {
                    Mode::Line => self.told.extend_from_slice(STORED.as_bytes()),
                    Mode::Classic => {}
                },
                event => {
                    self.told.extend(self.errands.as_heard(event));
                    self.errands.learn(event);
                }
            }
        }
        let busy = self.client.is_transferring();
        assert_eq!(busy, self.errands.current.is_some(), "a client does not know what it does");
    }

    /// Offers a file; whether it can.
    pub(crate) fn offer(&mut self, now: Instant, name: &str, bytes: &[u8]) -> bool {
        let Ok(name) = FileName::parse(name.as_bytes()) else { return false };
        let offered = self.client.offer(now, &name, bytes.len() as u64).is_ok();
        if offered {
            self.file = bytes.iter().copied().collect();
            self.header_out = false;
        }
        offered
    }

    /// Gives the client as much of its file as it takes.
    pub(crate) fn fill(&mut self) {
        while !self.file.is_empty() {
            let space = self.client.body_space();
            let count = space.len().min(self.file.len());
            if count == 0 {
                return;
            }
            for (byte, next) in space.iter_mut().zip(self.file.drain(..count)) {
                *byte = next;
            }
            self.client.handle_body(count);
        }
        self.errands.give(&mut self.client);
    }

    /// Holds what the client told against the bytes that it was given.
    pub(crate) fn check(&self, heard: &[u8]) {
        let told = &*self.told;
        if self.mode == Mode::Classic {
            let heard = String::from_utf8_lossy(heard).replace('\n', "");
            let heard: Vec<u8> = shown(&heard).collect();
            assert!(told == heard, "a client hears {heard:?} and tells {told:?}");
            return;
        }
        let whole = as_told(heard);
        let same = told.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        let [heard, told] = [&whole, told]
            .map(|all| String::from_utf8_lossy(&all[same.saturating_sub(100).min(all.len())..]));
        assert!(same == whole.len(), "a client hears {heard} and tells {told}");
    }
}

/// What is told of what a line client hears: whole lines, and the bytes of
/// files without the lines that announce them.
fn as_told(heard: &[u8]) -> Vec<u8> {
    let (mut told, mut rest, mut lines) = (Vec::new(), heard, false);
    while let Some(len) = rest.iter().position(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..len]);
        rest = &rest[len + 1..];
        match line.strip_prefix("#part ").filter(|_| lines) {
            None => told.extend(shown(without_size(&line))),
            Some(count) => {
                let count: usize = count.parse().expect("a part has a length");
                let (part, others) = rest.split_at(count.min(rest.len()));
                told.extend_from_slice(part);
                rest = others;
            }
        }
        lines |= line == ANSWER;
    }
    told
}

/// How a pause cuts a character is not the wire's to say.
fn shown(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii)
}

/// Of the line about a file of its own, what a client shows as an event.
fn without_size(line: &str) -> &str {
    if line.starts_with(STORED) { STORED } else { line }
}
