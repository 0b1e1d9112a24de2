//! A peer that is a client core, as `cli` is one.

use std::collections::VecDeque;

use snug_core::client::{ANSWER, Buffers, Client, Event, FarEnd, Mode, STORED};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

/// A client core and what it was told.
#[derive(Debug)]
pub(crate) struct Player<'m> {
    pub(crate) client: Client<'m>,
    pub(crate) mode: Mode,
    /// What is left of the file that it sends.
    pub(crate) file: VecDeque<u8>,
    /// The last bytes that it gave to its link were a header.
    pub(crate) header_out: bool,
    told: Vec<Told>,
}

/// An event that a client told of.
#[derive(Debug)]
enum Told {
    Text(String),
    Snug,
    Uploaded,
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
    pub(crate) fn new(mode: Mode, now: Instant, buffers: Buffers<'m>) -> Self {
        let client = Client::new(mode, now, buffers);
        Self { client, mode, file: VecDeque::new(), header_out: false, told: Vec::new() }
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
        self.fill();
    }

    fn listen(&mut self) {
        while let Some(event) = self.client.poll_event() {
            self.told.push(match event {
                Event::Message { text, .. } => Told::Text(text.to_owned()),
                Event::Snug => Told::Snug,
                Event::Uploaded => Told::Uploaded,
                Event::Closed => return,
                other => panic!("nobody asked for {other:?}"),
            });
        }
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

    /// Gives the client as much of the file as it takes.
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
    }

    /// Holds what the client told against the bytes that it was given.
    pub(crate) fn check(&self, heard: &[u8]) {
        let heard = String::from_utf8_lossy(heard);
        let told: String = self.told.iter().map(|event| self.as_heard(event)).collect();
        // How a pause cuts a character is not the wire's to say.
        let shown = |text: &str| text.chars().filter(char::is_ascii).collect::<String>();
        if self.mode == Mode::Classic {
            assert_eq!(shown(&told), shown(&heard.replace('\n', "")), "what a client tells");
            return;
        }
        let (whole, _) = heard.rsplit_once('\n').unwrap_or_default();
        let whole: String = whole.split('\n').map(without_size).collect();
        let (told, whole) = (shown(&told), shown(&whole));
        let same = told.bytes().zip(whole.bytes()).take_while(|(a, b)| a == b).count();
        let at = same.saturating_sub(100).min(told.len());
        assert!(same == whole.len(), "a client hears {} and tells {}", &whole[at..], &told[at..]);
    }

    fn as_heard<'a>(&self, event: &'a Told) -> &'a str {
        match event {
            Told::Text(text) => without_size(text),
            Told::Snug => ANSWER,
            Told::Uploaded if self.mode == Mode::Line => STORED,
            Told::Uploaded => "",
        }
    }
}

/// Of the line about a file of its own, what a client shows as an event.
fn without_size(line: &str) -> &str {
    if line.starts_with(STORED) { STORED } else { line }
}
