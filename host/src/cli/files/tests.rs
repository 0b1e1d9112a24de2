//! Transfers against what a server says, with files on a disk.

mod receiving;
mod sending;

use core::time::Duration;
use std::fs;
use std::os::unix::fs::symlink;

use mio::{Events, Poll, Token};
use sha2::{Digest as _, Sha256};
use snug_core::client::{ANSWER, Buffers, Mode, STOPPED, UNDER_WAY};
use snug_core::wire::digest::Digest;
use snug_core::wire::notice::Refusal;

use super::*;

/// One who is in a room, with files in a folder.
struct Bench {
    folder: tempfile::TempDir,
    poll: Poll,
    waker: Arc<Waker>,
    now: Instant,
    client: Client<'static>,
    transfer: Option<Transfer>,
}

impl Bench {
    fn new() -> Self {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let now = Instant::from_millis(1_000);
        let folder = tempfile::tempdir().unwrap();
        let client = client(Mode::Line, now);
        let mut bench = Self { folder, poll, waker, now, client, transfer: None };
        bench.comes_in();
        bench
    }

    /// The next connection, to a server that is Snug.
    fn comes_in(&mut self) {
        self.client = client(Mode::Line, self.now);
        self.client.handle_sent(self.now, 1);
        self.told(&format!("\n{ANSWER}\n")).unwrap();
    }

    fn loses_the_connection(&mut self) {
        self.transfer.as_mut().unwrap().lost();
        self.comes_in();
    }

    fn has(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn holds(&self, name: &str, bytes: &[u8]) {
        assert_eq!(fs::read(self.folder.path().join(name)).unwrap(), bytes, "{name}");
    }

    fn puts(&mut self, name: &str) {
        let path = self.folder.path().join(name);
        self.transfer = Some(Transfer::put(&path, false, &self.waker).unwrap());
    }

    fn gets(&mut self, name: &str, replace: bool) -> Result<(), FileError> {
        let name = FileName::parse(name.as_bytes()).unwrap();
        self.transfer = None;
        self.transfer = Some(Transfer::get(name, self.folder.path(), replace, &self.waker)?);
        Ok(())
    }

    /// The server says this.
    fn told(&mut self, text: &str) -> Result<(), FileError> {
        let bytes = text.as_bytes();
        self.client.space()[..bytes.len()].copy_from_slice(bytes);
        self.client.handle_received(self.now, bytes.len());
        while let Some(event) = self.client.poll_event() {
            if let Some(transfer) = &mut self.transfer {
                transfer.handle(&event)?;
            }
        }
        Ok(())
    }

    /// Does what can be done now; what goes out.
    fn advances(&mut self) -> Result<String, FileError> {
        let mut sent = String::new();
        loop {
            self.transfer.as_mut().unwrap().advance(self.now, &mut self.client)?;
            let pending = self.client.pending();
            if pending.is_empty() {
                return Ok(sent);
            }
            sent.push_str(str::from_utf8(pending).unwrap());
            let len = pending.len();
            self.client.handle_sent(self.now, len);
        }
    }

    /// Waits for what is done in a thread; what goes out then.
    fn works(&mut self) -> Result<String, FileError> {
        let phase = self.phase();
        loop {
            let sent = self.advances()?;
            if !sent.is_empty() || self.phase() != phase {
                return Ok(sent);
            }
            self.poll.poll(&mut Events::with_capacity(1), None).unwrap();
        }
    }

    fn phase(&self) -> Phase {
        self.transfer.as_ref().unwrap().progress().phase
    }

    fn done(&self) -> (u64, u64) {
        let progress = self.transfer.as_ref().unwrap().progress();
        (progress.done, progress.total)
    }
}

fn client(mode: Mode, now: Instant) -> Client<'static> {
    let leak = |len| &mut *Box::leak(vec![0; len].into_boxed_slice());
    Client::new(mode, now, Buffers { input: leak(1024), text: leak(3072), output: leak(1024) })
}

fn sum(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

/// The names of drafts are no business of a server, which could not have them.
fn draft(of: &str) -> String {
    format!(".{of}.snug-part")
}

#[test]
fn a_transfer_can_be_stopped_and_gone_on_with() {
    let mut bench = Bench::new();
    bench.gets("a", false).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'a' 6\n#part 6\n123").unwrap();
    bench.transfer.as_mut().unwrap().stop();
    assert_eq!(bench.advances().unwrap(), "#stop\n");
    bench.told(&format!("456{STOPPED}\n")).unwrap();
    assert!(matches!(bench.advances(), Err(FileError::Stopped)));
    assert_eq!(bench.names(), [draft("a")]);

    bench.has("b", b"12");
    bench.puts("b");
    bench.transfer.as_mut().unwrap().stop();
    assert!(matches!(bench.advances(), Err(FileError::Stopped)), "before it was put");
}
