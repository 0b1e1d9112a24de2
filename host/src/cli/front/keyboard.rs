//! What is typed, read by a thread of its own.
//!
//! Standard input may be a terminal, a pipe or a file; the last cannot be
//! polled, and none of them may be made non-blocking, for they are shared with
//! whoever started the program.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use mio::Waker;

/// Reads that may lie ahead of what is used up; then the thread waits.
const AHEAD: usize = 16;

/// What comes in on standard input.
#[derive(Debug)]
pub(super) struct Keyboard {
    reads: Receiver<Vec<u8>>,
    /// Outlives the thread, or its last wake would be lost with it.
    _waker: Arc<Waker>,
}

impl Keyboard {
    /// Starts to read; `waker` wakes the one who polls for it.
    ///
    /// The thread ends with the process: nothing ends a read from a terminal.
    pub(super) fn start(waker: Arc<Waker>) -> io::Result<Self> {
        let (sender, reads) = sync_channel(AHEAD);
        let lasting = Arc::clone(&waker);
        thread::Builder::new().name("keyboard".into()).spawn(move || {
            read_all(io::stdin(), &sender, &waker);
            drop(sender);
            // Nobody is left to be woken if this fails.
            let _ = waker.wake();
        })?;
        Ok(Self { reads, _waker: lasting })
    }

    /// The next bytes that were read, if there are some by now; none at all
    /// are the end of the input.
    pub(super) fn next(&self) -> Option<Vec<u8>> {
        match self.reads.try_recv() {
            Ok(bytes) => Some(bytes),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Vec::new()),
        }
    }
}

fn read_all(mut input: impl Read, reads: &SyncSender<Vec<u8>>, waker: &Waker) {
    let mut bytes = [0; 4096];
    loop {
        let len = match input.read(&mut bytes) {
            Ok(0) => return,
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if reads.send(bytes[..len].to_vec()).is_err() || waker.wake().is_err() {
            return;
        }
    }
}
