extern crate std;

use std::format;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::dice::Dice;

/// The naive model: all lines that ever were, and where each stands.
struct Model {
    lines: Vec<Told>,
    oldest: usize,
    at: usize,
    capacity: usize,
}

struct Told {
    audience: Audience,
    bytes: Vec<u8>,
    start: usize,
}

impl Told {
    fn is_for(&self, reader: Reader) -> bool {
        match self.audience {
            Audience::All => true,
            Audience::AllBut(who) => who != reader.place(),
            Audience::LinePeersBut(who) => {
                who != reader.place() && reader.dialect() == Dialect::Line
            }
            Audience::Only(who) => who == reader.place(),
        }
    }

    fn wire(&self, dialect: Dialect) -> &[u8] {
        match dialect {
            Dialect::Classic => self.bytes.strip_suffix(b"\n").unwrap(),
            Dialect::Line => &self.bytes,
        }
    }

    fn end(&self) -> usize {
        self.start + self.bytes.len()
    }
}

impl Model {
    fn new(capacity: usize) -> Self {
        Self { lines: vec![], oldest: 0, at: 0, capacity }
    }

    /// A line goes behind the one before, or to the start where `most` bytes
    /// would not fit. Whatever it could write over is gone with all before it,
    /// and so is what a new lap passes by.
    fn append(&mut self, audience: Audience, most: usize, bytes: &[u8]) {
        let wraps = self.at + most > self.capacity;
        let (old, start) = (self.at, if wraps { 0 } else { self.at });
        for number in self.oldest..self.lines.len() {
            let line = &self.lines[number];
            let passed_by = wraps && line.start >= old;
            let written_over = line.start < start + most && line.end() > start;
            if passed_by || written_over {
                self.oldest = number + 1;
            }
        }
        self.lines.push(Told { audience, bytes: bytes.to_vec(), start });
        self.at = start + bytes.len();
        self.oldest = self.oldest.max(self.lines.len().saturating_sub(self.capacity / LINE_COST));
    }

    fn numbers(&self, from: u64, to: u64) -> impl Iterator<Item = usize> + '_ {
        (from as usize).max(self.oldest)..(to as usize).min(self.lines.len())
    }

    fn settle(&self, cursor: Cursor, reader: Reader) -> (Cursor, bool) {
        if cursor.sent > 0 {
            return (cursor, true);
        }
        let head = self.lines.len() as u64;
        let next = self.numbers(cursor.next, head).find(|&n| self.lines[n].is_for(reader));
        let next = next.map(|next| next as u64);
        (Cursor { next: next.unwrap_or(head.max(cursor.next)), sent: 0 }, next.is_some())
    }

    fn run(&self, cursor: Cursor, reader: Reader, until: u64, most: usize) -> Vec<u8> {
        let mut run: Vec<u8> = vec![];
        let mut end = None;
        for number in self.numbers(cursor.next, until) {
            let line = &self.lines[number];
            let first = number as u64 == cursor.next;
            let half = first && cursor.sent > 0;
            let together = first || (end == Some(line.start) && run.len() < most);
            if !together || !(half || line.is_for(reader)) || (end.is_none() && !first) {
                break;
            }
            run.extend(line.wire(reader.dialect()));
            end = Some(line.end());
            if reader.dialect() == Dialect::Classic {
                break;
            }
        }
        run.drain(..usize::from(cursor.sent).min(run.len()));
        run
    }

    fn run_behind(&self, cursor: Cursor, reader: Reader, len: usize, most: usize) -> Vec<u8> {
        if len >= most || reader.dialect() == Dialect::Classic {
            return vec![];
        }
        let (cursor, _) = self.settle(self.advance(cursor, reader, len), reader);
        self.run(cursor, reader, u64::MAX, most - len)
    }

    /// A byte at a time.
    fn advance(&self, mut cursor: Cursor, reader: Reader, count: usize) -> Cursor {
        for _ in 0..count {
            (cursor, _) = self.settle(cursor, reader);
            cursor.sent += 1;
            let wire = self.lines[cursor.next as usize].wire(reader.dialect());
            if usize::from(cursor.sent) == wire.len() {
                cursor = Cursor { next: cursor.next + 1, sent: 0 };
            }
        }
        cursor
    }

    /// All that stands from a cursor's line on.
    fn stands(&self, cursor: Cursor) -> usize {
        self.numbers(cursor.next, u64::MAX).map(|n| self.lines[n].bytes.len()).sum()
    }
}

fn any_audience(dice: &mut Dice) -> Audience {
    let who = dice.below(5) as u32;
    match dice.below(4) {
        0 => Audience::LinePeersBut(who),
        1 => Audience::Only(who),
        2 => Audience::All,
        _ => Audience::AllBut(who),
    }
}

fn any_line(dice: &mut Dice, number: usize, most: usize) -> Vec<u8> {
    let len = dice.below(most - 1) + 2;
    let mut line = format!("{number}:").into_bytes();
    line.resize(len.max(2), b'a' + (number % 26) as u8);
    line.truncate(len - 1);
    line.push(b'\n');
    line
}

struct Peer {
    reader: Reader,
    cursor: Cursor,
}

/// Looks at all that a log says of all its readers, and moves some of them.
fn compare(log: &Log<'_>, model: &Model, peers: &mut [Peer], dice: &mut Dice) {
    let head = model.lines.len() as u64;
    assert_eq!((log.head(), log.oldest), (head, model.oldest as u64));
    assert_eq!(log.end(), Cursor { next: head, sent: 0 });
    assert_eq!(log.newest().next, head.saturating_sub(1));
    for peer in peers {
        let overrun = peer.cursor.next < model.oldest as u64;
        assert_eq!(log.is_overrun(peer.cursor), overrun);
        if overrun {
            assert_eq!(log.lag(peer.cursor), log.capacity());
            assert_eq!(log.run(peer.cursor, peer.reader, u64::MAX, 1_000).bytes, b"");
            peer.cursor = dice.pick(&[log.newest(), Cursor { sent: 0, ..peer.cursor }]);
        }
        if dice.once_in(3) {
            let settled = model.settle(peer.cursor, peer.reader);
            let some = log.settle(&mut peer.cursor, peer.reader);
            assert_eq!((peer.cursor, some), settled);
        }
        let (until, most) = (head + 2 - dice.below(6).min(head as usize) as u64, dice.below(600));
        let until = dice.pick(&[until, u64::MAX]);
        let run = log.run(peer.cursor, peer.reader, until, most);
        assert_eq!(run.bytes, model.run(peer.cursor, peer.reader, until, most));
        let len = run.bytes.len();
        let ends_with = |run: Run<'_>, count| {
            let cursor = model.advance(peer.cursor, peer.reader, count);
            let next = Cursor { next: run.next, sent: 0 };
            model.settle(next, peer.reader) == model.settle(cursor, peer.reader)
        };
        assert!(len == 0 || ends_with(run, len));
        let mut all = len;
        if len > 0 && until == u64::MAX {
            let behind = log.run_behind(run, peer.reader, most);
            assert_eq!(behind.bytes, model.run_behind(peer.cursor, peer.reader, len, most));
            all += behind.bytes.len();
            assert!(ends_with(behind, all));
        }
        if len > 0 && !dice.once_in(3) {
            let some = dice.below(all + 1);
            let count = dice.pick(&[0, 1, len, some, all]);
            let expected = model.advance(peer.cursor, peer.reader, count);
            log.advance(&mut peer.cursor, peer.reader, count);
            assert_eq!(peer.cursor, expected);
        }
        let lag = log.lag(peer.cursor);
        assert!(model.stands(peer.cursor) <= lag && lag <= log.capacity());
        assert_eq!(lag == 0, peer.cursor.next >= head);
        let later = Cursor { next: peer.cursor.next + 1, sent: 0 };
        assert!(log.lag(later) <= lag, "who is further on is less behind");
    }
}

#[test]
fn agrees_with_the_model() {
    let dialects = [Dialect::Classic, Dialect::Line];
    let readers = (0..5).flat_map(|who| dialects.map(|dialect| Reader::new(who, dialect)));
    let readers: Vec<_> = readers.chain([Reader::OBSERVER]).collect();
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let capacity = dice.pick(&[1 << 10, 1 << 11, 1 << 12]);
        let longest = dice.pick(&[8, 40, 64, 200, 256]);
        let mut bytes = vec![0; capacity];
        let mut index = vec![Line::EMPTY; capacity / LINE_COST];
        let mut log = Log::new(&mut bytes, &mut index);
        assert_eq!(log.capacity(), capacity);
        let mut model = Model::new(capacity);
        let mut peers: Vec<_> =
            readers.iter().map(|&reader| Peer { reader, cursor: Cursor::default() }).collect();
        for number in 0..300 {
            let (audience, line) = (any_audience(&mut dice), any_line(&mut dice, number, longest));
            let more = dice.below(longest) + line.len();
            let most = dice.pick(&[line.len(), longest, more]);
            let before: Vec<_> = peers.iter().map(|peer| log.lag(peer.cursor)).collect();
            let len = log.append(audience, most, |out| {
                assert_eq!(out.len(), most);
                out.fill(b'#');
                out[..line.len()].copy_from_slice(&line);
                line.len()
            });
            assert_eq!(len, line.len());
            model.append(audience, most, &line);
            for (peer, before) in peers.iter().zip(before) {
                assert!(log.lag(peer.cursor) >= before, "a line more is not less");
                let safe = before + 2 * most <= capacity;
                assert!(!(safe && log.is_overrun(peer.cursor)), "{seed}: {before} {most}");
            }
            compare(&log, &model, &mut peers, &mut dice);
        }
    }
}

#[test]
fn counts_and_goes_back() {
    let mut dice = Dice::new(1);
    let (mut bytes, mut index) = (vec![0; 1_024], vec![Line::EMPTY; 16]);
    let mut log = Log::new(&mut bytes, &mut index);
    let mut model = Model::new(1_024);
    for number in 0..2_000 {
        let head = number as u64;
        let (from, to) = (dice.below(number + 2), dice.below(number + 3));
        let (from, to) = dice.pick(&[(from, to), (number.saturating_sub(9), number)]);
        let (from, to) = (from as u64, dice.pick(&[to as u64, head, u64::MAX]));
        let dialect = dice.pick(&[Dialect::Classic, Dialect::Line]);
        let somebody = Reader::new(dice.below(5) as u32, dialect);
        let reader = dice.pick(&[somebody, Reader::OBSERVER]);

        let theirs = |&n: &usize| model.lines[n].is_for(reader);
        let count = model.numbers(from, to).filter(theirs).count();
        assert_eq!(log.count(from, to, reader), count as u32);

        let wanted = dice.pick(&[0, 1, 3, 1_000]);
        let back = log.back(to, wanted, reader);
        assert_eq!(back.sent, 0);
        let found = log.count(back.next, to, reader);
        let all = log.count(0, to, reader);
        assert_eq!(found, all.min(wanted), "{to} {wanted}");
        let first_is_theirs = found == 0 || log.line(back.next).is_for(reader);
        assert!(first_is_theirs || back.next == log.oldest);

        let (audience, line) = (any_audience(&mut dice), any_line(&mut dice, number, 100));
        log.append(audience, line.len(), |out| {
            out.copy_from_slice(&line);
            line.len()
        });
        model.append(audience, line.len(), &line);
    }
}

/// A reader that keeps up gets each line that is for it, once and whole.
#[test]
fn whoever_keeps_up_gets_everything() {
    let mut dice = Dice::new(2);
    let (mut bytes, mut index) = (vec![0; 2_048], vec![Line::EMPTY; 32]);
    let mut log = Log::new(&mut bytes, &mut index);
    for dialect in [Dialect::Classic, Dialect::Line] {
        let reader = Reader::new(3, dialect);
        let (mut cursor, mut got, mut told) = (log.end(), vec![], vec![]);
        for number in 0..3_000 {
            let line = Told {
                audience: any_audience(&mut dice),
                bytes: any_line(&mut dice, number, 256),
                start: 0,
            };
            log.append(line.audience, 256, |out| {
                out[..line.bytes.len()].copy_from_slice(&line.bytes);
                line.bytes.len()
            });
            if line.is_for(reader) {
                told.extend_from_slice(line.wire(dialect));
            }
            while (log.lag(cursor) > 1_024 || dice.once_in(3)) && log.settle(&mut cursor, reader) {
                let run = log.run(cursor, reader, u64::MAX, 500).bytes;
                let count = dice.below(run.len()) + 1;
                got.extend_from_slice(&run[..count]);
                log.advance(&mut cursor, reader, count);
            }
        }
        while log.settle(&mut cursor, reader) {
            let run = log.run(cursor, reader, u64::MAX, usize::MAX >> 1);
            got.extend_from_slice(run.bytes);
            cursor = Cursor { next: run.next, sent: 0 };
        }
        assert_eq!(got, told);
    }
}

#[test]
fn takes_the_largest_power_of_two_of_what_is_lent() {
    for (bytes, lines, capacity) in [
        (64, 1, 64),
        (1_023, 99, 512),
        (1_024, 16, 1_024),
        (4_096, 17, 1_024),
        (4_096, 15, 512),
        (5_000, 999, 4_096),
        (0, 0, 0),
        (63, 1, 0),
        (64, 0, 64),
    ] {
        let (mut bytes, mut index) = (vec![0; bytes], vec![Line::EMPTY; lines]);
        assert_eq!(Log::new(&mut bytes, &mut index).capacity(), capacity);
    }
    assert_eq!(size_of::<Line>(), 12);
}

/// Half of a line is out to a classic peer when it sends its first newline.
#[test]
fn a_peer_may_change_its_dialect_within_a_line() {
    let (mut bytes, mut index) = (vec![0; 1_024], vec![Line::EMPTY; 16]);
    let mut log = Log::new(&mut bytes, &mut index);
    for line in [b"first\n", b"other\n"] {
        log.append(Audience::AllBut(1), 6, |out| {
            out.copy_from_slice(line);
            6
        });
    }
    let mut cursor = Cursor::default();
    log.advance(&mut cursor, Reader::new(0, Dialect::Classic), 3);
    let reader = Reader::new(0, Dialect::Line);
    assert_eq!(log.run(cursor, reader, u64::MAX, 99).bytes, b"st\nother\n");
    log.advance(&mut cursor, reader, 9);
    assert_eq!(cursor, log.end());
}
