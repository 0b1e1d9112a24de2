//! Tests of what goes from a socket to a file without a copy.

use core::ops::Range;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use sha2::{Digest as _, Sha256};

use super::unchanged::next_tick;
use super::*;
use crate::folder::disk::{Call, Disk};
use crate::folder::draft::SOON;
use crate::folder::pair::PAIRS;
use crate::folder::pipe::FEW;
use crate::folder::turns::MOST;

/// More than all pipes of a transfer have room for.
const SIZE: usize = 3_000_000;

/// A socket, and its end from which a file comes in pieces of so many bytes.
fn sender(file: Vec<u8>, piece: usize) -> UnixStream {
    let (near, mut far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        for piece in file.chunks(piece) {
            // Who listens may have had enough.
            if far.write_all(piece).is_err() {
                return;
            }
        }
    });
    near
}

impl Bench {
    /// Takes over `most` bytes from a socket, as far as they go by a pipe; tells
    /// how many did.
    fn take_all(&mut self, most: usize, socket: &UnixStream) -> usize {
        self.take_all_of(0, most, socket)
    }

    fn take_all_of(&mut self, index: u16, most: usize, socket: &UnixStream) -> usize {
        let (mut taken, slot) = (0, slot(index));
        while let Some(space) = self.store.space_in_pipe(slot, (most - taken) as u64, FEW) {
            match space {
                0 => self.rest(),
                space => taken += self.store.take_over(slot, space, socket).unwrap_or(0),
            }
        }
        taken
    }

    /// Takes over as much as there is space for, while the disk writes nothing.
    fn take_until_crowded(&mut self, most: usize, socket: &UnixStream) -> usize {
        self.store.directory.disk.witness.hold(Call::Write);
        let mut taken = 0;
        while self.store.space_in_pipe(slot(0), (most - taken) as u64, FEW) != Some(0) {
            taken += self.store.take_over(slot(0), most, socket).unwrap_or(0);
        }
        self.store.directory.disk.witness.await_held();
        while self.store.poll_stored().is_some() {}
        assert_eq!(self.store.space_in_pipe(slot(0), (most - taken) as u64, FEW), Some(0));
        taken
    }
}

/// Begins a file in each of some slots.
fn create_in(bench: &mut Bench, slots: Range<u16>) {
    for index in slots {
        bench.create_of(index, &index.to_string(), SIZE);
    }
}

/// Has a whole file come, up to its commit.
fn receive(bench: &mut Bench, index: u16, file: &[u8]) {
    let taken = bench.take_all_of(index, SIZE, &sender(file.to_vec(), SIZE));
    bench.write(index, &file[taken..]).unwrap();
}

#[test]
fn what_comes_by_a_socket_stands_between_what_was_written() {
    for piece in [1_000_000, 4_096, 100] {
        let (folder, mut bench) = bench(1);
        let (file, end) = (text(SIZE), BLOCK + SIZE);
        bench.create_of(0, "a", end + BLOCK);
        bench.write(0, &text(BLOCK)).unwrap();
        let taken = bench.take_all(SIZE, &sender(file.clone(), piece));
        assert!(taken > SIZE / 2 && SIZE - taken <= FEW as usize, "{taken}");
        bench.write(0, &file[taken..]).unwrap();
        bench.write(0, &text(BLOCK)).unwrap();
        bench.commit(0).unwrap();
        let stored = fs::read(folder.path().join("a")).unwrap();
        assert!(stored == [text(BLOCK), file, text(BLOCK)].concat(), "{piece}");
    }
}

/// The hasher waits for the other file.
#[test]
fn what_comes_by_a_socket_is_summed_where_a_large_file_began_alone() {
    let (folder, mut bench) = bench(2);
    let file = text(SIZE);
    bench.create_of(0, "a", SOON as usize + 1);
    bench.create_of(1, "b", 200);
    let taken = bench.take_all(SIZE, &sender(file.clone(), SIZE));
    bench.write(0, &file[taken..]).unwrap();
    bench.commit_and(Call::Rename, next_tick);
    assert!(fs::read(folder.path().join("a")).unwrap() == file, "{taken}");
    let digest = Digest::new(Sha256::digest(&file).into());
    assert_eq!(bench.open_file("a").digest, Some(digest));
}

#[test]
fn what_has_to_be_seen_or_is_little_is_written() {
    let (_folder, mut bench) = bench(1);
    let socket = UnixStream::pair().unwrap().0;
    assert_eq!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW), None);
    bench.create_of(0, "a", SIZE);
    assert_eq!(bench.store.space_in_pipe(slot(0), FEW, FEW), None);
    assert!(bench.store.space_in_pipe(slot(0), FEW + 1, FEW).is_some());
    bench.store.abort(slot(0));
    bench.create_of(0, "a", FEW as usize);
    assert_eq!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW), None);
    assert_eq!(bench.store.take_over(slot(0), 1, &socket), None);
    bench.store.abort(slot(0));
    let name = file_name("a");
    let digest = Digest::new([7; 32]);
    let draft = store::Draft { name: &name, size: SIZE as u64, digest, replace: true };
    bench.finish(|store| store.begin(slot(0), &draft)).unwrap();
    assert_eq!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW), None);
}

/// Few have a turn at once; none is forgotten, however many there are.
#[test]
fn files_that_come_at_once_come_by_turns() {
    const FILES: u16 = 20;
    let (folder, mut bench) = bench(FILES);
    let file = text(SIZE);
    let mut lacking = Vec::new();
    create_in(&mut bench, 0..FILES);
    for index in 0..FILES {
        lacking.push((index, SIZE, sender(file.clone(), SIZE)));
    }
    while !lacking.is_empty() {
        lacking.retain_mut(|(index, lacks, socket)| {
            match bench.store.space_in_pipe(slot(*index), *lacks as u64, FEW) {
                Some(0) => {}
                Some(space) => {
                    *lacks -= bench.store.take_over(slot(*index), space, &*socket).unwrap_or(0);
                }
                None => {
                    bench.write(*index, &file[SIZE - *lacks..]).unwrap();
                    bench.commit(*index).unwrap();
                    return false;
                }
            }
            true
        });
        while bench.store.poll_stored().is_some() {}
    }
    for index in 0..FILES {
        assert!(fs::read(folder.path().join(index.to_string())).unwrap() == file, "{index}");
    }
}

/// Nor does it keep its turn.
#[test]
fn who_has_little_now_waits_for_no_turn() {
    const FILES: u16 = 20;
    let (_folder, mut bench) = bench(FILES);
    create_in(&mut bench, 0..FILES);
    let mut ask = |index, unread| bench.store.space_in_pipe(slot(index), SIZE as u64, unread);
    let first = (0..FILES).find(|&index| ask(index, FEW) == Some(0)).expect("few have one");
    assert_eq!(usize::from(first), PAIRS * MOST);
    assert_eq!(ask(FILES - 1, FEW - 1), None);
    assert_eq!(ask(first, FEW), Some(0));
    bench.was_woken();
    assert_eq!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW - 1), None);
    assert!(bench.was_woken());
    assert_eq!(bench.store.poll_stored(), Some(slot(first)));
    assert!(bench.store.space_in_pipe(slot(first), SIZE as u64, FEW) > Some(0));
    assert_eq!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW), Some(0));
    assert!(!bench.was_woken());
}

/// Not even one that the same thread writes.
#[test]
fn a_sync_holds_up_no_other_file() {
    let (folder, mut bench) = bench(5);
    create_in(&mut bench, 0..5);
    bench.store.directory.disk.witness.hold(Call::Sync);
    let _ = bench.store.commit(slot(0), &file_name("0"));
    bench.store.directory.disk.witness.await_held();
    let file = text(SIZE);
    for index in [1, 4] {
        receive(&mut bench, index, &file);
    }
    bench.store.directory.disk.witness.let_go();
    for index in [1, 4] {
        bench.commit(index).unwrap();
        assert!(fs::read(folder.path().join(index.to_string())).unwrap() == file);
    }
}

/// One of the threads has to wait for its disk: the files of the others come.
#[test]
fn a_thread_that_waits_holds_up_no_file_of_another() {
    let (folder, mut bench) = bench(16);
    create_in(&mut bench, 1..16);
    bench.store.directory.disk.witness.hold(Call::Create);
    let _ = bench.store.create(slot(0), &file_name("0"), SIZE as u64);
    bench.store.directory.disk.witness.await_held();
    let file = text(SIZE);
    let crowded: Vec<_> = [4, 8, 12].map(|index| (index, sender(file.clone(), SIZE))).into();
    for (index, socket) in &crowded {
        while bench.store.space_in_pipe(slot(*index), SIZE as u64, FEW) > Some(0) {
            bench.store.take_over(slot(*index), SIZE, socket);
        }
    }
    receive(&mut bench, 1, &file);
    bench.store.directory.disk.witness.let_go();
    bench.commit(1).unwrap();
    assert!(fs::read(folder.path().join("1")).unwrap() == file);
}

/// Whose last bytes are too few for a pipe leaves its turn as soon as it can, though
/// it sends nothing more.
#[test]
fn who_needs_no_pipe_any_more_keeps_no_turn() {
    let (_folder, mut bench) = bench(12);
    create_in(&mut bench, 0..9);
    assert!(bench.store.space_in_pipe(slot(4), SIZE as u64, FEW) > Some(0));
    let taken = bench.take_until_crowded(SIZE, &sender(text(SIZE), SIZE));
    assert!(taken > 0);
    assert_eq!(bench.store.space_in_pipe(slot(8), SIZE as u64, FEW), Some(0));
    assert_eq!(bench.store.space_in_pipe(slot(0), FEW, FEW), None);
    bench.store.directory.disk.witness.let_go();
    bench.rest();
    assert!(bench.store.space_in_pipe(slot(8), SIZE as u64, FEW) > Some(0));
}

/// While the disk has enough to do, the rest stays with the system.
#[test]
fn who_sends_faster_than_the_disk_writes_has_to_wait() {
    let (folder, mut bench) = bench(1);
    bench.create_of(0, "a", SIZE);
    let file = text(SIZE);
    let socket = sender(file.clone(), SIZE);
    let mut taken = bench.take_until_crowded(SIZE, &socket);
    bench.store.directory.disk.witness.let_go();
    taken += bench.take_all(SIZE - taken, &socket);
    bench.write(0, &file[taken..]).unwrap();
    bench.commit(0).unwrap();
    assert!(fs::read(folder.path().join("a")).unwrap() == file);
}

#[test]
fn a_disk_that_fails_is_told_by_the_next_call() {
    let (folder, mut bench) = bench(1);
    bench.create_of(0, "a", SIZE);
    bench.store.directory.disk.witness.fail(Call::Write);
    let taken = bench.take_all(SIZE, &sender(text(SIZE), SIZE));
    assert!(taken < SIZE, "{taken}");
    assert_eq!(bench.write(0, b"more"), Err(StoreError::Failed));
    assert!(names(&folder).is_empty());
}

/// Nothing of a file that is not wanted any more comes to the next.
#[test]
fn what_is_under_way_ends_with_its_transfer() {
    for fails in [false, true] {
        let (folder, mut bench) = bench(1);
        bench.create_of(0, "a", SIZE);
        bench.take_until_crowded(SIZE, &sender(vec![b'x'; SIZE], SIZE));
        bench.store.abort(slot(0));
        if fails {
            bench.store.directory.disk.witness.fail(Call::Write);
        }
        bench.store.directory.disk.witness.let_go();
        bench.create_of(0, "b", SIZE);
        bench.store.directory.disk.witness.succeed();
        let file = text(SIZE);
        let taken = bench.take_all(SIZE, &sender(file.clone(), SIZE));
        assert!(taken > 0);
        bench.write(0, &file[taken..]).unwrap();
        bench.commit(0).unwrap();
        assert_eq!(names(&folder), ["b"]);
        assert!(fs::read(folder.path().join("b")).unwrap() == file, "{fails}");
    }
}

/// Neither the end of a socket nor a pause costs an upload its pipe.
#[test]
fn a_socket_that_has_nothing_is_left_alone() {
    let (_folder, mut bench) = bench(1);
    bench.create_of(0, "a", SIZE);
    let (near, far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    assert!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW) > Some(0));
    assert_eq!(bench.store.take_over(slot(0), SIZE, &near), None);
    far.shutdown(Shutdown::Write).unwrap();
    assert!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW) > Some(0));
    assert_eq!(bench.store.take_over(slot(0), SIZE, &near), None);
    assert!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW) > Some(0));
}

/// What cannot be piped is read, and that tells why.
#[test]
fn what_is_no_socket_costs_the_pipe() {
    let (folder, mut bench) = bench(1);
    bench.create_of(0, "a", SIZE);
    let closed = File::create(folder.path().join("b")).unwrap();
    assert!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW) > Some(0));
    assert_eq!(bench.store.take_over(slot(0), SIZE, &closed), None);
    assert_eq!(bench.store.space_in_pipe(slot(0), SIZE as u64, FEW), None);
}

/// A file that is only appended to takes nothing from a pipe, as those of some
/// file systems.
#[test]
fn where_a_file_takes_no_pages_they_are_copied() {
    let (folder, bench) = bench(1);
    let path = folder.path().join("a");
    let file = File::options().append(true).create_new(true).open(&path).unwrap();
    let (output, input) = rustix::pipe::pipe().unwrap();
    rustix::io::write(&input, b"0123456789").unwrap();
    let (disk, output): (&Disk, _) = (&bench.store.directory.disk, File::from(output));
    assert_eq!(disk.pour(&output, 4, &file), Ok(4));
    assert_eq!(disk.pour(&output, 6, &file), Ok(6));
    assert_eq!(fs::read(&path).unwrap(), b"0123456789");
}
