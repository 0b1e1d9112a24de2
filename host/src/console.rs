//! The room's lines on standard output, without ever waiting for it.
//!
//! Standard output may be a slow terminal, a stopped pager or a pipe that
//! nobody reads. So a thread of its own writes, and the room puts its lines
//! into a ring of fixed size before it. When the ring is full the room keeps
//! what is left; when standard output is gone, lines vanish for ever.

use core::time::Duration;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::ring::ring;
use crate::{Wake, explain};

/// The room's end of the console.
#[derive(Debug)]
pub struct Console {
    shared: Arc<Shared>,
}

impl Console {
    /// A console on standard output with a ring of [`RING`] bytes.
    ///
    /// `wake` is called when there is room again after an [`offer`](Self::offer)
    /// was not taken whole.
    pub fn stdout(wake: Wake) -> io::Result<Self> {
        // Past the standard library's own buffer: the ring is the only one.
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        Self::start(File::from(stdout), RING, wake)
    }

    /// A console that writes to `out`, with a ring of `capacity` bytes.
    pub fn start(
        out: impl Write + Send + 'static,
        capacity: usize,
        wake: Wake,
    ) -> io::Result<Self> {
        let ring = Ring { bytes: ring(capacity, b'\n'), capacity, ..Ring::default() };
        let shared = Arc::new(Shared { ring: Mutex::new(ring), changed: Condvar::new() });
        let writer = Writer { shared: Arc::clone(&shared), out, wake };
        let thread = thread::Builder::new().name("console".into()).spawn(|| writer.run());
        thread.map_err(|e| explain("cannot start the console's thread", &e))?;
        Ok(Self { shared })
    }

    /// Takes as much of `bytes` as there is room for; tells how much.
    ///
    /// Never waits for the other end. All is taken when that is gone.
    pub fn offer(&mut self, bytes: &[u8]) -> usize {
        let mut ring = self.shared.lock();
        if ring.is_gone() {
            return bytes.len();
        }
        let taken = bytes.len().min(ring.room());
        ring.bytes.extend(&bytes[..taken]);
        ring.refused |= taken < bytes.len();
        // A writer that is at work looks for more by itself.
        let sleeps = !ring.writing;
        drop(ring);
        if taken > 0 && sleeps {
            self.shared.changed.notify_all();
        }
        taken
    }

    /// Whether an [`offer`](Self::offer) would take something.
    pub fn wants(&self) -> bool {
        let ring = self.shared.lock();
        ring.is_gone() || ring.room() > 0
    }

    /// Writes what is left, for at most `patience`; whether all of it got out.
    pub fn finish(self, patience: Duration) -> bool {
        let ring = self.shared.lock();
        let unwritten = |ring: &mut Ring| ring.unwritten() && !ring.is_gone();
        let waited = self.shared.changed.wait_timeout_while(ring, patience, unwritten);
        let (ring, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !ring.unwritten() && !ring.is_gone()
    }
}

impl Drop for Console {
    /// Lets the writer go; it is not waited for, it may hang in a write.
    fn drop(&mut self) {
        let mut ring = self.shared.lock();
        if !ring.is_gone() {
            ring.stage = Stage::Ending;
        }
        drop(ring);
        self.shared.changed.notify_all();
    }
}

/// Bytes that the console holds for a slow standard output.
pub const RING: usize = 256 * 1024;

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    changed: Condvar,
}

impl Shared {
    /// Held for a copy of at most [`CHUNK`] bytes or of one offer.
    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Ring {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// The writer holds a chunk that is not out yet.
    writing: bool,
    /// An offer was not taken whole, and nobody was told of room since.
    refused: bool,
    stage: Stage,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// The room has gone; the writer goes when the ring is empty.
    Ending,
    /// Nobody will ever read again.
    Gone,
}

impl Ring {
    fn room(&self) -> usize {
        self.capacity - self.bytes.len()
    }

    fn is_gone(&self) -> bool {
        self.stage == Stage::Gone
    }

    fn unwritten(&self) -> bool {
        self.writing || !self.bytes.is_empty()
    }
}

struct Writer<W> {
    shared: Arc<Shared>,
    out: W,
    wake: Wake,
}

impl<W: Write> Writer<W> {
    fn run(mut self) {
        let mut chunk = [0; CHUNK];
        while let Some(length) = self.take(&mut chunk) {
            let written = write_patiently(&mut self.out, &chunk[..length]);
            self.settle(written.is_err());
        }
    }

    /// Waits for bytes and moves a chunk of them out of the ring.
    fn take(&self, chunk: &mut [u8]) -> Option<usize> {
        let ring = self.shared.lock();
        let idle = |ring: &mut Ring| ring.bytes.is_empty() && ring.stage == Stage::Open;
        let waited = self.shared.changed.wait_while(ring, idle);
        let mut ring = waited.unwrap_or_else(PoisonError::into_inner);
        let length = io::Read::read(&mut ring.bytes, chunk).unwrap_or(0);
        ring.writing = length > 0;
        let was_refused = core::mem::take(&mut ring.refused);
        drop(ring);
        if was_refused {
            (self.wake)();
        }
        (length > 0).then_some(length)
    }

    fn settle(&self, failed: bool) {
        let mut ring = self.shared.lock();
        ring.writing = false;
        if failed {
            ring.stage = Stage::Gone;
            ring.bytes.clear();
        }
        let was_refused = failed && core::mem::take(&mut ring.refused);
        drop(ring);
        self.shared.changed.notify_all();
        if was_refused {
            (self.wake)();
        }
    }
}

/// Writes all, also to an output that somebody else has set to non-blocking.
fn write_patiently(out: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    out.flush()
}

/// Bytes that go out in one write.
const CHUNK: usize = 16 * 1024;

/// How long a non-blocking output that is full is left alone.
const RETRY: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn sleeping() -> Wake {
        Box::new(|| {})
    }

    #[test]
    fn writes_what_it_was_offered_in_order() {
        let (mut reader, writer) = pipe().unwrap();
        let mut console = Console::start(writer, 64, sleeping()).unwrap();
        assert_eq!(console.offer(b"> one\n"), 6);
        assert_eq!(console.offer(b"> two\n"), 6);
        assert!(console.finish(LONG));
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "> one\n> two\n");
    }

    /// Takes a write each time that it is let.
    struct Gate(mpsc::Receiver<()>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn takes_a_part_when_it_is_full_and_tells_of_room_again() {
        let (open, gate) = mpsc::channel();
        let (told, woken) = mpsc::channel();
        let wake = Box::new(move || told.send(()).unwrap_or(()));
        let mut console = Console::start(Gate(gate), 16, wake).unwrap();
        // 16 bytes hang in the write, 16 lie in the ring.
        assert_eq!(console.offer(&[b'x'; 16]), 16);
        let mut taken = 0;
        while taken < 16 {
            taken += console.offer(&[b'x'; 16][taken..]);
        }
        assert!(!console.wants());
        assert_eq!(console.offer(b"more"), 0);

        open.send(()).unwrap();
        // The first call may be late news of the room that is taken by now.
        while !console.wants() {
            woken.recv_timeout(LONG).unwrap();
        }
        assert_eq!(console.offer(b"more"), 4);
    }

    #[test]
    fn swallows_all_when_the_reader_is_gone() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut console = Console::start(writer, 16, sleeping()).unwrap();
        console.offer(b"lost");
        while console.offer(&[b'x'; 100]) < 100 {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(console.wants());
        assert!(!console.finish(LONG));
    }

    #[test]
    fn does_not_wait_long_at_the_end() {
        let (_reader, writer) = pipe().unwrap();
        let mut console = Console::start(writer, 1 << 20, sleeping()).unwrap();
        assert_eq!(console.offer(&vec![b'x'; 1 << 20]), 1 << 20);
        assert!(!console.finish(Duration::from_millis(20)));
    }
}
