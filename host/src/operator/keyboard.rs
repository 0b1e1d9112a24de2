//! Standard input, read by a thread of its own.
//!
//! It may be a terminal, a pipe, a socket or a file, and is shared with whoever
//! started the server: so it is neither made non-blocking nor read before there
//! is something to read.
//!
//! A server that runs in the background of a terminal must not read from it:
//! the system would stop it (SIGTTIN, termios(3)), room and all. So the thread
//! looks who has the terminal each time that there is something to read. What
//! is typed for others meanwhile makes it look again and again, but not often.

use core::time::Duration;
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::SyncSender;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, read};
use rustix::process::getpgrp;
use rustix::termios::{isatty, tcgetpgrp};
use snug_core::wire::text::cut_character;

use super::answer::Answer;
use super::order::{Deed, Order};
use crate::folder::Keeper;
use crate::{Wake, explain};

/// The longest line that is taken at once; what is longer comes in pieces.
const LONGEST: usize = 64 << 10;
/// How long somebody else's terminal is left alone.
const GLANCE: Duration = Duration::from_secs(1);

/// Whether standard input is something that can be typed on.
///
/// A device that is no terminal is not: it is `/dev/null`, most likely.
pub(super) fn is_there() -> bool {
    let stdin = io::stdin();
    let kind = fstat(&stdin).map(|stat| FileType::from_raw_mode(stat.st_mode));
    let kinds = [FileType::Fifo, FileType::Socket, FileType::RegularFile];
    isatty(&stdin) || kind.is_ok_and(|kind| kinds.contains(&kind))
}

/// Starts the thread. It ends with the input, or with the process: nothing ends
/// a read from a terminal.
pub(super) fn start(keeper: Keeper, deeds: SyncSender<Deed>, wake: Wake) -> io::Result<()> {
    let desk = Desk { keeper, deeds, wake };
    let run = move || read_lines(&io::stdin(), &mut |line, begins| desk.take(line, begins));
    let thread = thread::Builder::new().name("keyboard".into()).spawn(run);
    thread.map_err(|e| explain("cannot start a thread for standard input", &e))?;
    Ok(())
}

/// Where typed lines become deeds of the room.
struct Desk {
    keeper: Keeper,
    deeds: SyncSender<Deed>,
    wake: Wake,
}

impl Desk {
    /// Takes a line, or a piece of one; whether anybody wants more.
    fn take(&self, line: &[u8], begins: bool) -> bool {
        let order = if begins { Order::parse(line) } else { Some(Order::say(line)) };
        let Some(order) = order else { return true };
        let deed = match order {
            Order::Room(deed) => deed,
            Order::Files => Deed::Tell(files(&self.keeper)),
            Order::Delete(name) => Deed::Tell(vec![match self.keeper.remove(&name) {
                Ok(()) => Answer::told(format!("'{name}' is deleted")),
                Err(error) => Answer::refused(error.to_string()),
            }]),
        };
        let sent = self.deeds.send(deed).is_ok();
        (self.wake)();
        sent
    }
}

fn files(keeper: &Keeper) -> Vec<Answer> {
    let files = keeper.files();
    let size = files.iter().map(|file| file.size).sum();
    let end = Answer::Files { files: files.len(), size };
    files.iter().map(Answer::from).chain([end]).collect()
}

/// Hands over lines until the input ends or nobody wants more.
fn read_lines(input: &impl AsFd, take: &mut impl FnMut(&[u8], bool) -> bool) {
    let mut lines = Lines::default();
    let mut bytes = [0; 4096];
    while let Some(len) = read_some(input, &mut bytes) {
        if !lines.add(&bytes[..len], take) {
            return;
        }
    }
    lines.end(take);
}

/// Reads what there is, or waits for it; nothing at the end.
fn read_some(input: &impl AsFd, bytes: &mut [u8]) -> Option<usize> {
    loop {
        let events = wait(input)?;
        if !is_in_foreground(input) {
            thread::sleep(GLANCE);
            continue;
        }
        match read(input, &mut *bytes) {
            // A terminal's end (Ctrl-D) is no end, as long as it is there.
            Ok(0) if isatty(input) && !events.contains(PollFlags::HUP) => {}
            Ok(0) => return None,
            Ok(len) => return Some(len),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return None,
        }
    }
}

fn wait(input: &impl AsFd) -> Option<PollFlags> {
    let mut waits = [PollFd::new(input, PollFlags::IN)];
    loop {
        match poll(&mut waits, None) {
            Ok(_) => return Some(waits[0].revents()),
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// Whether reading would not stop this process: always, but for its own
/// terminal while that is somebody else's to read.
fn is_in_foreground(input: &impl AsFd) -> bool {
    tcgetpgrp(input).map_or(true, |group| group == getpgrp())
}

/// Bytes on their way into lines.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
    /// The beginning of the line was handed over.
    begun: bool,
}

impl Lines {
    fn add(&mut self, bytes: &[u8], take: &mut impl FnMut(&[u8], bool) -> bool) -> bool {
        bytes.split_inclusive(|&byte| byte == b'\n').all(|piece| {
            self.line.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            let ends = piece.ends_with(b"\n");
            (!ends && self.line.len() < LONGEST) || self.hand_over(ends, take)
        })
    }

    fn end(&mut self, take: &mut impl FnMut(&[u8], bool) -> bool) {
        if !self.line.is_empty() {
            self.hand_over(true, take);
        }
    }

    /// A piece of a line does not end within a character.
    fn hand_over(&mut self, ends: bool, take: &mut impl FnMut(&[u8], bool) -> bool) -> bool {
        let kept = if ends { 0 } else { cut_character(&self.line) };
        let len = self.line.len() - kept;
        let goes_on = (self.begun && len == 0) || take(&self.line[..len], !self.begun);
        self.line.drain(..len);
        self.begun = !ends;
        goes_on
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Write, pipe};

    use super::*;

    /// What comes out of bytes that are read like this.
    fn lines_of(reads: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let mut taken = Vec::new();
        let mut take = |line: &[u8], begins: bool| {
            taken.push((line.to_vec(), begins));
            true
        };
        let mut lines = Lines::default();
        for bytes in reads {
            assert!(lines.add(bytes, &mut take));
        }
        lines.end(&mut take);
        taken
    }

    fn whole(line: &str) -> (Vec<u8>, bool) {
        (line.as_bytes().to_vec(), true)
    }

    #[test]
    fn lines_come_whole_however_they_are_read() {
        let expected = [whole("one"), whole(""), whole("two"), whole("three")];
        assert_eq!(lines_of(&[b"one\n\ntwo\nthree"]), expected);
        assert_eq!(lines_of(&[b"o", b"ne\n", b"\ntw", b"o\nthree"]), expected);
        assert_eq!(lines_of(&[b""]), []);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_and_runs_no_command() {
        let first = [vec![b'x'; LONGEST - 1], b"\xc3".to_vec()].concat();
        let lines = lines_of(&[&first, b"\xa9/quit\n/who\n"]);
        let pieces: Vec<_> = lines.iter().map(|(line, begins)| (line.len(), *begins)).collect();
        assert_eq!(pieces, [(LONGEST - 1, true), (7, false), (4, true)]);
        assert_eq!(lines[1].0, "é/quit".as_bytes());
        let exact = lines_of(&[&vec![b'x'; LONGEST], b"\n", b"a"]);
        assert_eq!(exact.len(), 2, "no empty text for the rest of nothing");
    }

    #[test]
    fn a_pipe_is_read_to_its_end() {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"a\nb").unwrap();
        drop(writer);
        let mut taken = Vec::new();
        read_lines(&reader, &mut |line, _| {
            taken.push(line.to_vec());
            true
        });
        assert_eq!(taken, [b"a", b"b"]);
    }

    #[test]
    fn nothing_is_read_for_nobody() {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"a\nb\n").unwrap();
        let mut count = 0;
        read_lines(&reader, &mut |_, _| {
            count += 1;
            false
        });
        assert_eq!(count, 1);
    }
}
