//! What was delivered, verified byte for byte.
//!
//! All receivers are to get the same messages in the same order. So what the
//! first of them gets is taken apart, message by message, and held against what
//! was sent; what the others get is compared with that, at the speed of memory.
//! A sender gets all but its own messages.
//!
//! # Trade-offs
//!
//! What a message costs here is time that no server has to answer for, and with few
//! receivers it comes on top of few deliveries. So the message that is to come next
//! of each sender stands ready, to be compared as a whole.

use std::collections::VecDeque;
use std::io;

/// Kept before what is compared still, before it is thrown away.
const SLACK: usize = 1 << 20;

/// Letters that fill a message, over and over, from a place that depends on its
/// number.
const LETTERS: [[u8; 26]; 24] = [*b"abcdefghijklmnopqrstuvwxyz"; 24];
/// Bytes of a message that say whose it is and which.
const HEADER: usize = 13;

/// Senders whose texts can be told apart.
pub const MOST_SENDERS: usize = 100;

/// Text of the message numbered `number` of a sender, `length` bytes long.
pub fn payload(sender: usize, number: u64, length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    write_payload(&mut text, sender, number, length);
    text
}

/// Appends such a text.
pub fn write_payload(out: &mut Vec<u8>, sender: usize, number: u64, length: usize) {
    out.extend(digits::<2>(sender as u64));
    out.extend(digits::<10>(number));
    out.push(b' ');
    let end = out.len() + length.saturating_sub(HEADER);
    let mut letters = &LETTERS.as_flattened()[(number % 26) as usize..];
    while out.len() < end {
        out.extend_from_slice(&letters[..letters.len().min(end - out.len())]);
        letters = LETTERS.as_flattened();
    }
}

/// The last digits of a number.
fn digits<const N: usize>(mut number: u64) -> [u8; N] {
    let mut digits = [0; N];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    digits
}

/// The shortest message.
pub const SHORTEST: usize = HEADER;

/// What stands around a sender's text when it is delivered.
#[derive(Clone, Debug, Default)]
pub struct Framing {
    /// Before the text.
    pub before: Vec<u8>,
    /// Behind it.
    pub behind: Vec<u8>,
}

/// A sender: how its messages look, and which comes next.
struct Sender {
    framing: Framing,
    next: u64,
    /// That message, as it is to be delivered.
    expected: Vec<u8>,
}

impl Sender {
    fn new(framing: Framing) -> Self {
        Self { framing, next: 0, expected: Vec::new() }
    }

    /// Writes down the message that comes next, as sender `own`.
    fn expect(&mut self, own: usize, length: usize) {
        self.expected.clear();
        self.expected.extend_from_slice(&self.framing.before);
        write_payload(&mut self.expected, own, self.next, length);
        self.expected.extend_from_slice(&self.framing.behind);
    }
}

/// A delivered message: where it ends, and whose it is.
struct Message {
    end: u64,
    sender: usize,
}

/// Somebody who receives.
#[derive(Default)]
struct Reader {
    /// Bytes of the transcript that it has.
    at: u64,
    /// Messages of the transcript that it has.
    had: u64,
    /// The sender that it is: gets all but its own.
    own: Option<usize>,
    /// What a sender got and the transcript does not have yet.
    ahead: Vec<u8>,
}

/// What all get.
pub struct Transcript {
    senders: Vec<Sender>,
    length: usize,
    readers: Vec<Reader>,
    /// From `base` on.
    bytes: Vec<u8>,
    base: u64,
    /// Where the first message begins that is not taken apart.
    parsed: u64,
    /// Whose the message before it is: that one often goes on.
    spoke: usize,
    /// Messages from number `first` on, and how many readers have just so many.
    messages: VecDeque<Message>,
    first: u64,
    standing: VecDeque<usize>,
}

impl Transcript {
    /// For texts of `length` bytes; `readers` says of each who it sends as.
    pub fn new(framings: Vec<Framing>, length: usize, readers: &[Option<usize>]) -> Self {
        let mut senders: Vec<_> = framings.into_iter().map(Sender::new).collect();
        for (own, sender) in senders.iter_mut().enumerate() {
            sender.expect(own, length);
        }
        let reader = |&own| Reader { own, ..Reader::default() };
        Self {
            senders,
            length,
            readers: readers.iter().map(reader).collect(),
            bytes: Vec::new(),
            base: 0,
            parsed: 0,
            spoke: 0,
            messages: VecDeque::new(),
            first: 0,
            standing: VecDeque::from([readers.len()]),
        }
    }

    /// A reader got `bytes`. An error tells what is wrong with them.
    pub fn take(&mut self, reader: usize, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Err(io::Error::other(format!("receiver {reader} was put out")));
        }
        if self.readers[reader].own.is_some() {
            self.readers[reader].ahead.extend_from_slice(bytes);
            return self.catch_up(reader);
        }
        let at = self.readers[reader].at;
        let known = &self.bytes[(at - self.base) as usize..];
        let both = known.len().min(bytes.len());
        if known[..both] != bytes[..both] {
            return Err(differs(reader, &bytes[..both], &known[..both]));
        }
        self.readers[reader].at += bytes.len() as u64;
        self.extend(&bytes[both..])?;
        self.note_had(reader);
        Ok(())
    }

    /// Holds what senders got against what came meanwhile.
    pub fn catch_up_senders(&mut self) -> io::Result<()> {
        for reader in 0..self.readers.len() {
            if self.readers[reader].own.is_some() {
                self.catch_up(reader)?;
            }
        }
        Ok(())
    }

    /// The sender of the next message that everybody has.
    pub fn next_complete(&mut self) -> Option<usize> {
        if self.standing[0] > 0 || self.messages.is_empty() {
            return None;
        }
        self.standing.pop_front();
        self.first += 1;
        let message = self.messages.pop_front()?;
        let done = (message.end - self.base) as usize;
        if done > SLACK {
            self.bytes.drain(..done);
            self.base = message.end;
        }
        Some(message.sender)
    }

    /// Takes new bytes apart and holds them against what was sent.
    fn extend(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        while let Some(own) = self.recognize()? {
            let sender = &mut self.senders[own];
            self.parsed += sender.expected.len() as u64;
            self.messages.push_back(Message { end: self.parsed, sender: own });
            self.standing.push_back(0);
            sender.next += 1;
            sender.expect(own, self.length);
            self.spoke = own;
        }
        Ok(())
    }

    /// Whose the next message is, if all of it is there.
    fn recognize(&self) -> io::Result<Option<usize>> {
        let rest = &self.bytes[(self.parsed - self.base) as usize..];
        let expected = |own: usize| &self.senders[own].expected[..];
        let mut order = (self.spoke..self.senders.len()).chain(0..self.spoke);
        if let Some(own) = order.find(|&own| rest.starts_with(expected(own))) {
            return Ok(Some(own));
        }
        let alike =
            |own: &usize| rest.iter().zip(expected(*own)).take_while(|(a, b)| a == b).count();
        let nearest = (0..self.senders.len()).max_by_key(alike).map_or(&[][..], expected);
        if rest.len() < nearest.len() { Ok(None) } else { Err(differs(0, rest, nearest)) }
    }

    /// Holds what a sender got against the others' messages.
    fn catch_up(&mut self, reader: usize) -> io::Result<()> {
        let Reader { at, had, own, ahead } = &mut self.readers[reader];
        let waiting = (*had - self.first) as usize;
        let (mut have, mut used) = (waiting, 0);
        while let Some(message) = self.messages.get(have) {
            if Some(message.sender) != *own {
                let known =
                    &self.bytes[(*at - self.base) as usize..(message.end - self.base) as usize];
                let Some(got) = ahead[used..].get(..known.len()) else { break };
                if got != known {
                    return Err(differs(reader, got, known));
                }
                used += known.len();
            }
            *at = message.end;
            have += 1;
        }
        ahead.drain(..used);
        self.standing[waiting] -= 1;
        self.standing[have] += 1;
        *had = self.first + have as u64;
        Ok(())
    }

    /// Notes how many messages a reader has by now.
    fn note_had(&mut self, reader: usize) {
        let Reader { at, had, .. } = &mut self.readers[reader];
        let waiting = (*had - self.first) as usize;
        self.standing[waiting] -= 1;
        let have = self.messages.partition_point(|message| message.end <= *at);
        *had = self.first + have as u64;
        self.standing[have] += 1;
    }
}

fn differs(reader: usize, got: &[u8], expected: &[u8]) -> io::Error {
    let at = got.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(0);
    let show =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 80)]).into_owned();
    io::Error::other(format!("receiver {reader} got {:?} for {:?}", show(got), show(expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(before: &str) -> Framing {
        Framing { before: before.into(), behind: b"\n".into() }
    }

    fn transcript() -> Transcript {
        let readers = [None, None, Some(0)];
        Transcript::new(vec![framing("[a] "), framing("[b] ")], 20, &readers)
    }

    fn line(sender: usize, number: u64) -> Vec<u8> {
        [&[b"[a] ", b"[b] "][sender][..], &payload(sender, number, 20), b"\n"].concat()
    }

    #[test]
    fn a_text_has_its_length_and_tells_whose_it_is_and_which() {
        let text = payload(7, 1_234_567_890, 2000);
        assert_eq!(text.len(), 2000);
        assert_eq!(text[..HEADER + 3], *b"071234567890 klm");
        let mut pairs = text[HEADER..].windows(2);
        assert!(pairs.all(|pair| pair[1] == pair[0] + 1 || pair == b"za"));
    }

    #[test]
    fn completes_what_all_have() {
        let mut transcript = transcript();
        let all = [line(0, 0), line(1, 0), line(0, 1)].concat();
        transcript.take(0, &all[..30]).unwrap();
        transcript.take(1, &all).unwrap();
        assert_eq!(transcript.next_complete(), None);
        transcript.take(0, &all[30..]).unwrap();
        transcript.take(2, &line(1, 0)).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| transcript.next_complete()).collect();
        assert_eq!(order, [0, 1, 0]);
    }

    #[test]
    fn a_sender_may_be_ahead() {
        let mut transcript = transcript();
        transcript.take(2, &line(1, 0)).unwrap();
        transcript.take(0, &line(1, 0)).unwrap();
        transcript.take(1, &line(1, 0)).unwrap();
        assert_eq!(transcript.next_complete(), None);
        transcript.catch_up_senders().unwrap();
        assert_eq!(transcript.next_complete(), Some(1));
    }

    #[test]
    fn tells_what_is_lost_changed_or_out_of_order() {
        assert!(transcript().take(0, &line(0, 1)).is_err());
        let mut changed = line(0, 0);
        changed[20] ^= 1;
        assert!(transcript().take(0, &changed).is_err());
        let mut transcript = transcript();
        transcript.take(0, &[line(0, 0), line(1, 0)].concat()).unwrap();
        assert!(transcript.take(1, &line(1, 0)).is_err());
    }
}
