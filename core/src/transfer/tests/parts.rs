//! Tests of files in parts: what was kept is gone on with, and what stands is
//! sent.

use sha2::{Digest as _, Sha256};

use super::*;
use crate::store::Opened;

/// A store of one file that was kept in part or stands whole.
#[derive(Default)]
struct Shelf {
    file: Vec<u8>,
    /// What it tells of the file, and what it has learned of it.
    told: Option<Digest>,
    learned: Option<Digest>,
    /// How many times it was read from, and from where first.
    reads: usize,
    first: Option<u64>,
    /// Bytes that it lends at once, at most; it lends nothing for 0.
    lends: usize,
    /// How far its bytes were moved to the peer, once it has lent some.
    moved: Option<usize>,
    /// It is busy each other time.
    busy: bool,
    turn: bool,
    committed: bool,
}

impl Shelf {
    fn wait(&mut self) -> nb::Result<(), StoreError> {
        self.turn = !self.turn;
        if self.busy && self.turn { Err(nb::Error::WouldBlock) } else { Ok(()) }
    }
}

impl Store for Shelf {
    fn used(&self) -> u64 {
        0
    }

    fn create(&mut self, _: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        self.wait()
    }

    fn begin(&mut self, _: TransferSlot, _: &Draft<'_>) -> nb::Result<u64, StoreError> {
        self.wait()?;
        Ok(self.file.len() as u64)
    }

    fn write(&mut self, _: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        self.wait()?;
        self.file.extend_from_slice(block);
        Ok(())
    }

    fn commit(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        self.wait()?;
        self.committed = true;
        Ok(())
    }

    fn abort(&mut self, _: TransferSlot) {}

    fn open(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<Opened, StoreError> {
        self.wait()?;
        Ok(Opened { size: self.file.len() as u64, digest: self.told })
    }

    fn learn(&mut self, _: TransferSlot, digest: Digest) {
        assert!(self.learned.replace(digest).is_none(), "it learns a digest once");
    }

    fn read(
        &mut self,
        _: TransferSlot,
        offset: u64,
        block: &mut [u8],
    ) -> nb::Result<usize, StoreError> {
        self.wait()?;
        self.reads += 1;
        self.first.get_or_insert(offset);
        let rest = &self.file[offset as usize..];
        let count = rest.len().min(block.len());
        block[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn lend(&mut self, _: TransferSlot, offset: u64, most: usize) -> nb::Result<usize, StoreError> {
        if self.lends == 0 {
            return Ok(0);
        }
        self.wait()?;
        assert!(self.told.is_some(), "what is lent is not summed");
        let at = *self.moved.get_or_insert(offset as usize);
        assert_eq!(at, offset as usize, "one loan follows the other");
        Ok(most.min(self.lends).min(self.file.len() - at))
    }
}

impl Shelf {
    /// The next `count` bytes of a loan: of its line, and of the file.
    fn move_lent(&mut self, loan: Loan<'_>, count: usize) -> Vec<u8> {
        let at = self.moved.expect("it has lent them");
        let lent = &self.file[at..at + loan.len];
        let all = [loan.line, lent].concat();
        let count = count.min(all.len());
        self.moved = Some(at + count.saturating_sub(loan.line.len()));
        all[..count].to_vec()
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

/// Drives until the peer is to do something, or the end.
fn settle(transfers: &mut Transfers<'_>, store: &mut Shelf) -> Progress {
    loop {
        match transfers.drive(SLOT, store) {
            Progress::Busy | Progress::More => {}
            other => return other,
        }
    }
}

/// Whatever was kept of it, a put is stored as promised or not at all.
#[test]
fn a_put_goes_on_from_what_was_kept() {
    let whole = bytes(3 * BLOCK + 5);
    let name = name();
    for (kept, busy) in [(0, false), (1, true), (BLOCK, false), (BLOCK + 9, true), (197, false)] {
        for lie in [false, true] {
            let (mut slots, mut blocks) =
                ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
            let mut transfers = Transfers::new(&mut slots, &mut blocks);
            let mut store = Shelf { file: whole[..kept].to_vec(), busy, ..Shelf::default() };
            let promised = if lie { digest(b"other") } else { digest(&whole) };
            let size = whole.len() as u64;
            let draft = Draft { name: &name, size, digest: promised, replace: false };
            transfers.put(SLOT, (ClientId::new(7, 0), [10, 0, 0, 1].into()), &draft);
            assert!(transfers.puts(promised) && !transfers.puts(digest(b"")));
            assert!(transfers.space(SLOT).is_empty(), "nothing is wanted yet");
            assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
            let Some(Piece::Line(line)) = transfers.piece(SLOT) else {
                panic!("an offset is told")
            };
            assert_eq!(line.to_string(), format!("#have 'a' {kept}\n"));
            transfers.took(SLOT, 0);
            let mut rest = &whole[kept..];
            while !rest.is_empty() {
                let wants = transfers.upload(SLOT).and_then(Upload::wants);
                assert_eq!(wants, Some(rest.len() as u64));
                let space = transfers.space(SLOT);
                let count = rest.len().min(space.len());
                space[..count].copy_from_slice(&rest[..count]);
                transfers.filled(SLOT, count);
                rest = &rest[count..];
                assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
            }
            transfers.complete(SLOT, &[]);
            let end = settle(&mut transfers, &mut store);
            let expected =
                if lie { Progress::Failed(Refusal::Digest) } else { Progress::Stored(size) };
            assert_eq!((end, store.committed), (expected, !lie), "{kept} {lie}");
            let gained = transfers.end(SLOT).map(|upload| upload.gained());
            assert_eq!(gained, Some(size - kept as u64));
        }
    }
}

/// All that a peer gets for a file from an offset on, and the end; it takes
/// `step` bytes of a part at once.
fn fetch(store: &mut Shelf, offset: u64, step: usize) -> (Vec<u8>, Progress) {
    let (mut slots, mut blocks) = ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
    let mut transfers = Transfers::new(&mut slots, &mut blocks);
    transfers.fetch(SLOT, ClientId::new(7, 0), &name(), offset);
    let mut got = vec![];
    loop {
        match settle(&mut transfers, store) {
            Progress::Peer => {}
            end => {
                assert!(transfers.end(SLOT).is_none());
                return (got, end);
            }
        }
        let count = match transfers.piece(SLOT) {
            Some(Piece::Line(line)) => {
                got.extend(line.to_string().bytes());
                0
            }
            Some(Piece::Bytes(bytes)) => {
                assert_eq!(bytes, transfers.part(SLOT));
                got.extend_from_slice(&bytes[..bytes.len().min(step)]);
                bytes.len().min(step)
            }
            Some(Piece::Lent) => {
                assert_eq!(transfers.part(SLOT), b"", "nothing of it is in the block");
                let moved = store.move_lent(transfers.loan(SLOT).unwrap(), step);
                got.extend(&moved);
                moved.len()
            }
            None => panic!("there is something to take"),
        };
        transfers.took(SLOT, count);
    }
}

/// What a peer is to get of a file of 133 bytes.
fn stream(rest: &[u8]) -> Vec<u8> {
    stream_in(BLOCK, rest)
}

/// The same, in parts of so many bytes.
fn stream_in(part: usize, rest: &[u8]) -> Vec<u8> {
    let mut stream = b"#file 'a' 133\n".to_vec();
    for part in rest.chunks(part) {
        stream.extend(format!("#part {}\n", part.len()).bytes());
        stream.extend(part);
    }
    stream
}

#[test]
fn a_download_is_the_file_from_an_offset_on_and_the_digest_of_all_of_it() {
    let whole = bytes(2 * BLOCK + 5);
    for (offset, busy) in [(0, false), (1, true), (BLOCK, true), (BLOCK + 9, false), (133, false)] {
        let mut store = Shelf { file: whole.clone(), busy, ..Shelf::default() };
        let expected = (stream(&whole[offset..]), Progress::Sent(digest(&whole)));
        assert_eq!(fetch(&mut store, offset as u64, 7), expected, "{offset}");
        assert_eq!((store.first, store.learned), (Some(0), Some(digest(&whole))), "{offset}");
    }
    let mut store = Shelf { file: whole, ..Shelf::default() };
    assert_eq!(fetch(&mut store, 134, 7), (vec![], Progress::Failed(Refusal::BeyondEnd)));
}

/// Nothing is read but what is sent, and nothing summed: whatever digest the
/// store tells, the peer is told.
#[test]
fn a_digest_that_the_store_knows_is_not_summed_anew() {
    let (whole, told) = (bytes(2 * BLOCK + 5), digest(b"whatever"));
    for (offset, busy) in [(0, true), (1, false), (BLOCK, true), (BLOCK + 9, false), (133, true)] {
        let mut store = Shelf { file: whole.clone(), told: Some(told), busy, ..Shelf::default() };
        let rest = &whole[offset..];
        let got = fetch(&mut store, offset as u64, 7);
        assert_eq!(got, (stream(rest), Progress::Sent(told)), "{offset}");
        assert_eq!((store.reads, store.learned), (rest.len().div_ceil(BLOCK), None), "{offset}");
        assert_eq!(store.first, (offset < 133).then_some(offset as u64));
    }
    let mut store = Shelf { file: whole, told: Some(told), ..Shelf::default() };
    assert_eq!(fetch(&mut store, 134, 7), (vec![], Progress::Failed(Refusal::BeyondEnd)));
}

/// What is lent goes out as what is read, and nothing of it through the block.
#[test]
fn a_known_file_is_lent_to_its_peer() {
    let (whole, told) = (bytes(2 * BLOCK + 5), digest(b"whatever"));
    let cases = [(0, 50, 1), (1, 7, 3), (BLOCK, 1_000, 5), (0, 1_000, 1_000), (133, 9, 9)];
    for ((offset, lends, step), busy) in cases.into_iter().zip([true, false, true, false, true]) {
        let mut store =
            Shelf { file: whole.clone(), told: Some(told), lends, busy, ..Shelf::default() };
        let rest = &whole[offset..];
        let got = fetch(&mut store, offset as u64, step);
        assert_eq!(got, (stream_in(lends, rest), Progress::Sent(told)), "{offset} {lends}");
        assert_eq!((store.reads, store.learned), (0, None), "{offset} {lends}");
    }
}

/// A part has no more bytes than any other, however much is lent.
#[test]
fn what_is_lent_goes_in_parts_of_the_same_size() {
    let (file, told) = (bytes(150_000), Some(digest(b"whatever")));
    let (got, _) = fetch(&mut Shelf { file, told, lends: 200_000, ..Shelf::default() }, 0, 99_999);
    for part in [65_536, 65_536, 18_928] {
        let line = format!("#part {part}\n");
        assert!(got.windows(line.len()).any(|bytes| bytes == line.as_bytes()), "{part}");
    }
}

/// A store that lends no more has the rest of it read, and that tells why.
#[test]
fn what_is_not_lent_is_read() {
    let (mut slots, mut blocks) = ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
    let mut transfers = Transfers::new(&mut slots, &mut blocks);
    let told = Some(digest(b"whatever"));
    let mut store = Shelf { file: bytes(3 * BLOCK), told, lends: BLOCK, ..Shelf::default() };
    transfers.fetch(SLOT, ClientId::new(7, 0), &name(), 0);
    assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
    transfers.took(SLOT, 0);
    assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
    let count = store.move_lent(transfers.loan(SLOT).unwrap(), BLOCK + HEADROOM).len();
    transfers.took(SLOT, count);
    store.lends = 0;
    assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
    assert!(transfers.part(SLOT).ends_with(&store.file[BLOCK..2 * BLOCK]));
    assert_eq!((transfers.loan(SLOT), store.reads), (None, 1));
    store.file.truncate(2 * BLOCK);
    let count = transfers.part(SLOT).len();
    transfers.took(SLOT, count);
    assert_eq!(settle(&mut transfers, &mut store), Progress::Failed(Refusal::Changed));
}

/// Of a file that is not sent to its end, nothing is learned.
#[test]
fn a_digest_is_learned_at_the_end_alone() {
    let (mut slots, mut blocks) = ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
    let mut transfers = Transfers::new(&mut slots, &mut blocks);
    let mut store = Shelf { file: bytes(2 * BLOCK), ..Shelf::default() };
    transfers.fetch(SLOT, ClientId::new(7, 0), &name(), 0);
    while settle(&mut transfers, &mut store) == Progress::Peer {
        assert_eq!(store.learned, None);
        let count = transfers.part(SLOT).len();
        transfers.took(SLOT, count);
    }
    assert_eq!(store.learned, Some(digest(&bytes(2 * BLOCK))));
}

#[test]
fn an_empty_file_can_be_fetched() {
    let (got, end) = fetch(&mut Shelf::default(), 0, 1);
    assert_eq!((got, end), (b"#file 'a' 0\n".to_vec(), Progress::Sent(digest(b""))));
}

/// A store whose file has become shorter than it was.
#[test]
fn a_file_that_becomes_shorter_is_not_sent_as_if_it_were_whole() {
    let (mut slots, mut blocks) = ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
    let mut transfers = Transfers::new(&mut slots, &mut blocks);
    let mut store = Shelf { file: bytes(3 * BLOCK), ..Shelf::default() };
    transfers.fetch(SLOT, ClientId::new(7, 0), &name(), 0);
    assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
    store.file.truncate(BLOCK);
    transfers.took(SLOT, 0);
    assert_eq!(settle(&mut transfers, &mut store), Progress::Peer);
    let count = transfers.part(SLOT).len();
    transfers.took(SLOT, count);
    assert_eq!(settle(&mut transfers, &mut store), Progress::Failed(Refusal::Changed));
}
