//! Tests of what goes from a file to a socket without a copy.

use core::ops::Range;
use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::thread;

use tempfile::TempDir;

use super::unchanged::next_tick;
use super::*;

/// More than a pipe has room for.
const SIZE: usize = 3_000_000;

/// A part, as the room asks for it.
const PART: usize = 65_536;

/// A store with a file that it knows, and with another.
fn known_files() -> (TempDir, Bench) {
    let (folder, mut bench) = bench(1);
    for (name, shift) in [("a", 0), ("b", 1)] {
        fs::write(folder.path().join(name), file(shift..SIZE + shift)).unwrap();
        next_tick();
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o600)).unwrap();
        bench.learn(name, || {});
    }
    (folder, bench)
}

/// No two blocks of it are the same.
fn file(range: Range<usize>) -> Vec<u8> {
    range.map(|i| ((i % 251) ^ (i / 65_521)) as u8).collect()
}

impl Bench {
    fn lend(&mut self, at: usize) -> Result<usize, StoreError> {
        self.finish(|store| store.lend(slot(0), at as u64, PART))
    }

    fn read_at(&mut self, at: usize) -> Result<Vec<u8>, StoreError> {
        let mut block = [0; BLOCK];
        let count = self.finish(|store| store.read(slot(0), at as u64, &mut block))?;
        Ok(block[..count].to_vec())
    }

    /// Moves what is lent of the open file from `at` on, up to `end`, and tells
    /// what came.
    fn moved(&mut self, mut at: usize, end: usize) -> Vec<u8> {
        let (near, mut far) = UnixStream::pair().unwrap();
        let taker = thread::spawn(move || {
            let mut got = Vec::new();
            far.read_to_end(&mut got).unwrap();
            got
        });
        while at < end {
            match self.lend(at).unwrap() {
                0 => break,
                count => at += self.store.hand_over(slot(0), count, &near).unwrap(),
            }
        }
        drop(near);
        taker.join().unwrap()
    }
}

#[test]
fn a_known_file_is_lent_from_anywhere_but_for_its_last_bytes() {
    let (_folder, mut bench) = known_files();
    for offset in [0, 1, 4_095, 1_048_576, 2_000_003, SIZE - PART - 1] {
        bench.open_file("a");
        let got = bench.moved(offset, SIZE);
        let end = offset + got.len();
        assert!(got == file(offset..end), "{offset}");
        assert!(end > offset && SIZE - end <= PART, "{offset} {end}");
        if end < SIZE {
            assert_eq!(bench.read_at(end).unwrap()[..], file(end..SIZE)[..BLOCK]);
        }
        bench.store.abort(slot(0));
    }
}

#[test]
fn what_is_small_or_not_known_is_not_lent() {
    let (folder, mut bench) = known_files();
    bench.open_file("a");
    assert_eq!(bench.lend(SIZE - PART), Ok(0));
    bench.store.abort(slot(0));
    fs::write(folder.path().join("a"), file(0..SIZE)).unwrap();
    bench.open_file("a");
    assert_eq!(bench.lend(0), Ok(0));
    assert_eq!(bench.read_at(0).unwrap(), file(0..BLOCK));
    assert!(bench.store.hand_over(slot(0), 1, UnixStream::pair().unwrap().0).is_err());
}

/// What is lent by then is sent; of the rest, reading tells.
#[test]
fn a_file_that_becomes_shorter_is_lent_no_more() {
    let (folder, mut bench) = known_files();
    bench.open_file("a");
    let got = bench.moved(0, 1);
    assert!(got == file(0..PART));
    let path = folder.path().join("a");
    File::options().write(true).open(path).unwrap().set_len(100_000).unwrap();
    let lent = got.len() + bench.moved(got.len(), SIZE).len();
    assert!(lent < SIZE, "{lent}");
    assert_eq!(bench.read_at(lent), Ok(Vec::new()));
}

/// Who takes nothing holds nobody up, and gets what comes next when it does.
#[test]
fn a_socket_that_is_full_is_left_alone() {
    let (_folder, mut bench) = known_files();
    bench.open_file("a");
    let (near, mut far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let (mut sent, mut got) = (0, vec![0; SIZE]);
    let error = loop {
        let count = bench.lend(sent).unwrap();
        match bench.store.hand_over(slot(0), count, &near) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    far.read_exact(&mut got[..sent]).unwrap();
    let count = bench.lend(sent).unwrap();
    let count = bench.store.hand_over(slot(0), count, &near).unwrap();
    far.read_exact(&mut got[sent..sent + count]).unwrap();
    assert!(got[..sent + count] == file(0..sent + count));
}

/// Nothing of what one was lent and did not take comes to the next.
#[test]
fn a_loan_ends_with_its_transfer() {
    let (_folder, mut bench) = known_files();
    for filled in [false, true] {
        bench.open_file("a");
        if filled {
            assert_eq!(bench.lend(0), Ok(PART));
        } else {
            assert_eq!(bench.store.lend(slot(0), 0, PART), Err(nb::Error::WouldBlock));
            assert_eq!(bench.store.lend(slot(0), 0, PART), Err(nb::Error::WouldBlock));
        }
        bench.store.abort(slot(0));
        bench.open_file("b");
        assert!(bench.moved(0, 2 * PART) == file(1..2 * PART + 1), "{filled}");
        bench.store.abort(slot(0));
    }
}
