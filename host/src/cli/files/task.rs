//! Something that takes its time, in a thread of its own.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::{self, JoinHandle};

use mio::Waker;

/// Work under way that comes to a `T`.
#[derive(Debug)]
pub(super) struct Task<T> {
    outcome: Receiver<T>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Task<T> {
    /// Starts to `work`; `waker` wakes the one who asks for the outcome.
    pub(super) fn start(
        waker: &Arc<Waker>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, outcome) = channel();
        let waker = Arc::clone(waker);
        let thread = thread::Builder::new().name("file".to_owned()).spawn(move || {
            // Who does not wait any more is not to be told.
            let _ = sender.send(work());
            let _ = waker.wake();
        })?;
        Ok(Self { outcome, thread: Some(thread) })
    }

    /// What came of it, if that is known by now; an error if the thread died.
    pub(super) fn outcome(&self) -> Option<io::Result<T>> {
        match self.outcome.try_recv() {
            Ok(outcome) => Some(Ok(outcome)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(io::Error::other("the thread that did it has died")))
            }
        }
    }

    /// Waits for the thread to end.
    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so itself.
            let _ = thread.join();
        }
    }
}
