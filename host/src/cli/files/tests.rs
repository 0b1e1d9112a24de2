//! Transfers against what a server says, with files on a disk.

use core::time::Duration;
use std::fs;
use std::os::unix::fs::symlink;

use mio::{Events, Poll, Token};
use sha2::{Digest as _, Sha256};
use snug_core::client::{ANSWER, Buffers, Mode, STOPPED, UNDER_WAY};
use snug_core::store::StoreError;
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
fn a_file_is_hashed_put_and_done_when_the_server_says_so() {
    let mut bench = Bench::new();
    bench.has("a b", b"0123456789");
    bench.puts("a b");
    assert_eq!(bench.phase(), Phase::Hashing);
    let put = format!("#put 'a b' 10 {}\n", sum(b"0123456789"));
    assert_eq!(bench.works().unwrap(), put);
    bench.told("#have 'a b' 0\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#part 10\n0123456789");
    assert_eq!((bench.phase(), bench.done()), (Phase::Settling, (10, 10)));
    bench.told("> Your file has been uploaded (10 bytes)\n").unwrap();
    assert!(bench.transfer.unwrap().is_done());
}

#[test]
fn a_put_goes_on_where_the_server_wants_it() {
    let mut bench = Bench::new();
    let bytes = "abcdefghij".repeat(100);
    bench.has("a", bytes.as_bytes());
    bench.puts("a");
    bench.works().unwrap();
    bench.told("#have 'a' 0\n").unwrap();
    bench.transfer.as_mut().unwrap().advance(bench.now, &mut bench.client).unwrap();
    bench.loses_the_connection();
    assert!(bench.advances().unwrap().starts_with("#put 'a' 1000 "), "hashed once");
    bench.told("#have 'a' 995\n").unwrap();
    assert_eq!(bench.done(), (995, 1000));
    assert_eq!(bench.advances().unwrap(), "#part 5\nfghij");
}

#[test]
fn an_answer_that_was_lost_is_looked_up() {
    for (standing, mine) in [("0123456789", true), ("another..!", false), ("shorter", false)] {
        let mut bench = Bench::new();
        bench.has("a", b"0123456789");
        bench.puts("a");
        bench.works().unwrap();
        bench.told("#have 'a' 0\n").unwrap();
        bench.advances().unwrap();
        bench.loses_the_connection();
        bench.advances().unwrap();
        bench.told("! #put: a file of that name stands already\n").unwrap();
        assert_eq!(bench.advances().unwrap(), "#get 'a' 10\n");
        let answer = match standing.len() {
            10 => format!("#file 'a' 10\n#sum {}\n", sum(standing.as_bytes())),
            _ => "! #get: the file is shorter than that\n".to_owned(),
        };
        let told = bench.told(&answer);
        if mine {
            told.unwrap();
            assert!(bench.transfer.unwrap().is_done());
        } else {
            assert_eq!(told.unwrap_err().to_string(), "a file of that name stands already");
        }
    }
}

#[test]
fn the_very_same_file_need_not_be_put() {
    let refusal = Refusal::Store(StoreError::Exists);
    for (standing, same) in [("0123456789", true), ("another..!", false)] {
        let mut bench = Bench::new();
        bench.has("a", b"0123456789");
        bench.puts("a");
        bench.works().unwrap();
        bench.told(&format!("! #put: {refusal}\n")).unwrap();
        assert_eq!(bench.advances().unwrap(), "#get 'a' 10\n");
        let told = bench.told(&format!("#file 'a' 10\n#sum {}\n", sum(standing.as_bytes())));
        assert_eq!(told.is_ok(), same, "{standing}");
        assert_eq!(bench.transfer.unwrap().was_there(), same, "{standing}");
    }
}

#[test]
fn nothing_comes_of_a_longer_file_that_stands_there() {
    let mut bench = Bench::new();
    bench.has("a", b"0123456789");
    bench.puts("a");
    bench.works().unwrap();
    bench.told(&format!("! #put: {}\n", Refusal::Store(StoreError::Exists))).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'a' 99999\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#stop\n");
    bench.told(&format!("{STOPPED}\n")).unwrap();
    assert!(bench.advances().unwrap_err().is_in_the_way());
}

#[test]
fn a_put_that_clashes_with_itself_comes_again() {
    let mut bench = Bench::new();
    bench.has("a", b"x");
    bench.puts("a");
    let put = bench.works().unwrap();
    bench.told(&format!("! #put: {UNDER_WAY}\n")).unwrap();
    assert_eq!(bench.advances().unwrap(), "");
    let next = bench.transfer.as_ref().unwrap().timeout().unwrap();
    assert_eq!(next.since(bench.now), Duration::from_secs(2));
    bench.now = next;
    assert_eq!(bench.advances().unwrap(), put);
    let refused = bench.told("! #put: the disk is full\n").unwrap_err();
    assert_eq!(refused.to_string(), "the disk is full");
}

#[test]
fn a_file_that_shrinks_is_stopped() {
    let mut bench = Bench::new();
    bench.has("a", &[b'x'; 2000]);
    bench.puts("a");
    bench.works().unwrap();
    bench.has("a", b"x");
    bench.told("#have 'a' 1500\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#stop\n");
    bench.told(&format!("{STOPPED}\n")).unwrap();
    assert!(matches!(bench.advances(), Err(FileError::Changed)));
}

#[test]
fn a_file_that_changes_is_told() {
    let mut bench = Bench::new();
    bench.has("a", b"123");
    bench.puts("a");
    bench.works().unwrap();
    bench.told("#have 'a' 0\n").unwrap();
    bench.has("a", b"12345");
    bench.advances().unwrap();
    let refused = bench.told("! #put: the bytes do not have that SHA256\n");
    assert!(matches!(refused, Err(FileError::Changed)));
}

#[test]
fn a_classic_server_gets_the_classic_upload() {
    let mut bench = Bench::new();
    bench.client = client(Mode::Classic, bench.now);
    bench.has("a", b"123");
    bench.puts("a");
    assert_eq!(bench.works().unwrap(), "I will upload a file");
    bench.now = bench.now + Duration::from_millis(500);
    bench.client.handle_timeout(bench.now);
    assert_eq!(bench.advances().unwrap(), "#upload 'a' 3");
    bench.now = bench.now + Duration::from_millis(500);
    bench.client.handle_timeout(bench.now);
    assert_eq!(bench.advances().unwrap(), "123");
    bench.told("").unwrap();
    assert!(bench.transfer.as_ref().unwrap().is_done());

    bench.gets("b", false).unwrap();
    assert!(matches!(bench.advances(), Err(FileError::Classic)));
}

#[test]
fn a_file_comes_under_another_name_until_it_is_whole() {
    let mut bench = Bench::new();
    bench.gets("a b", false).unwrap();
    assert_eq!(bench.advances().unwrap(), "#get 'a b' 0\n");
    assert_eq!(bench.names(), [""; 0], "nothing stands there before something comes");
    bench.told("#file 'a b' 5\n#part 3\n123").unwrap();
    assert_eq!((bench.phase(), bench.done()), (Phase::Moving, (3, 5)));
    assert_eq!(bench.names(), [draft("a b")]);
    bench.told(&format!("[ada] hi\n#part 2\n45#sum {}\n", sum(b"12345"))).unwrap();
    bench.works().unwrap();
    assert_eq!((bench.phase(), bench.done()), (Phase::Done, (5, 5)));
    assert_eq!(bench.names(), ["a b"]);
    bench.holds("a b", b"12345");
}

#[test]
fn an_empty_file_comes() {
    let mut bench = Bench::new();
    bench.gets("a", false).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'a' 0\n#sum {}\n", sum(b""))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"");
}

#[test]
fn what_has_come_is_gone_on_with() {
    let mut bench = Bench::new();
    bench.gets("a", false).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'a' 6\n#part 6\n123").unwrap();
    bench.loses_the_connection();
    assert_eq!(bench.advances().unwrap(), "#get 'a' 3\n");
    bench.told("#file 'a' 6\n#part 1\n4").unwrap();
    // As if the program had been killed.
    bench.comes_in();
    bench.gets("a", false).unwrap();
    assert_eq!(bench.phase(), Phase::Hashing);
    assert_eq!(bench.works().unwrap(), "#get 'a' 4\n");
    bench.told(&format!("#file 'a' 6\n#part 2\n56#sum {}\n", sum(b"123456"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"123456");
}

#[test]
fn a_draft_of_another_file_is_replaced() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"old");
    bench.gets("a", false).unwrap();
    assert_eq!(bench.works().unwrap(), "#get 'a' 3\n");
    bench.told(&format!("#file 'a' 5\n#part 2\n45#sum {}\n", sum(b"12345"))).unwrap();
    assert_eq!(bench.advances().unwrap(), "#get 'a' 0\n");
    bench.told(&format!("#file 'a' 5\n#part 5\n12345#sum {}\n", sum(b"12345"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"12345");
}

#[test]
fn a_draft_above_the_file_is_replaced() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"longer");
    bench.gets("a", false).unwrap();
    assert_eq!(bench.works().unwrap(), "#get 'a' 6\n");
    bench.told("! #get: the file is shorter than that\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#get 'a' 0\n");
    bench.told(&format!("#file 'a' 1\n#part 1\n1#sum {}\n", sum(b"1"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"1");
}

#[test]
fn a_draft_outlives_a_refusal() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"123");
    bench.gets("a", false).unwrap();
    bench.works().unwrap();
    bench.told("! #get: the disk failed\n").unwrap();
    bench.advances().unwrap();
    let refused = bench.told("! #get: the disk failed\n").unwrap_err();
    assert_eq!(refused.to_string(), "the disk failed");
    bench.holds(&draft("a"), b"123");
}

#[test]
fn what_is_not_the_file_is_dropped() {
    for (size, bytes) in [(3, "12x"), (3, "12"), (4, "123")] {
        let mut bench = Bench::new();
        bench.gets("a", false).unwrap();
        bench.advances().unwrap();
        let len = bytes.len();
        let text = format!("#file 'a' {size}\n#part {len}\n{bytes}#sum {}\n", sum(b"123"));
        assert!(matches!(bench.told(&text), Err(FileError::Digest)), "{text}");
        assert_eq!(bench.names(), [""; 0]);
    }
}

#[test]
fn what_stands_here_is_replaced_only_when_told_so() {
    let mut bench = Bench::new();
    bench.has("a", b"mine");
    assert!(matches!(bench.gets("a", false), Err(FileError::Standing)));
    bench.gets("a", true).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'a' 1\n#part 1\n1#sum {}\n", sum(b"1"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"1");

    // Somebody else takes the name while the file comes.
    bench.gets("b", false).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'b' 1\n#part 1\n1").unwrap();
    bench.has("b", b"mine");
    bench.told(&format!("#sum {}\n", sum(b"1"))).unwrap();
    assert!(matches!(bench.works(), Err(FileError::Standing)));
    bench.holds("b", b"mine");
    bench.holds(&draft("b"), b"1");
    fs::create_dir(bench.folder.path().join("c")).unwrap();
    bench.gets("c", true).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'c' 0\n#sum {}\n", sum(b""))).unwrap();
    assert!(matches!(bench.works(), Err(FileError::Standing)), "a folder is never replaced");
}

#[test]
fn no_link_leads_out_of_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("precious");
    fs::write(&target, "precious").unwrap();
    let mut bench = Bench::new();
    let place = |name: &str| bench.folder.path().join(name);
    symlink(&target, place("a")).unwrap();
    symlink(outside.path().join("nothing"), place("b")).unwrap();
    symlink(&target, place(&draft("c"))).unwrap();
    fs::hard_link(&target, place(&draft("d"))).unwrap();
    fs::create_dir(place(&draft("e"))).unwrap();
    assert!(matches!(bench.gets("a", false), Err(FileError::Standing)));
    assert!(matches!(bench.gets("b", false), Err(FileError::Standing)));
    for name in ["c", "d", "e"] {
        assert!(matches!(bench.gets(name, true), Err(FileError::Foreign(_))), "{name}");
    }
    bench.gets("a", true).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'a' 1\n#part 1\n1#sum {}\n", sum(b"1"))).unwrap();
    bench.works().unwrap();
    assert!(fs::symlink_metadata(bench.folder.path().join("a")).unwrap().is_file());
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn two_do_not_write_the_same_draft() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"123");
    bench.gets("a", false).unwrap();
    let first = bench.transfer.take();
    assert!(matches!(bench.gets("a", false), Err(FileError::InUse)));
    drop(first);
    bench.gets("a", false).unwrap();
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

#[test]
fn a_long_name_has_a_draft_of_its_own() {
    let long = |end: &str| format!("{}{end}", "é".repeat(126));
    let mut bench = Bench::new();
    for end in ["a", "b"] {
        bench.gets(&long(end), false).unwrap();
        bench.advances().unwrap();
        bench.told(&format!("#file '{}' 2\n#part 1\n{end}", long(end))).unwrap();
        bench.comes_in();
    }
    let drafts = bench.names();
    assert_eq!(drafts.len(), 2);
    assert!(drafts.iter().all(|name| name.len() <= 255 && name.ends_with(".snug-part")));
    bench.gets(&long("a"), false).unwrap();
    assert_eq!(bench.works().unwrap(), format!("#get '{}' 1\n", long("a")));
}
