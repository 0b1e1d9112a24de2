//! Files into the room: bytes a second until each is stored.
//!
//! One thread that does not sleep sends all of them, as a [`Crowd`] does, and for
//! the same reason: the server would have to wake each of many that do.

use std::fmt::Write as _;
use std::io;
use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use sha2::{Digest, Sha256};

use crate::crowd::Crowd;
use crate::process::Stretch;

/// Bytes of a write, and of a part.
const PIECE: usize = 64 << 10;

/// How many files of which size.
#[derive(Args, Clone, Debug)]
pub struct Upload {
    /// Address of the server.
    pub server: SocketAddr,
    /// Its process, to tell its share of a core.
    #[arg(long)]
    pub pid: Option<u32>,
    /// Bytes of a file.
    #[arg(long, default_value_t = 1 << 30)]
    pub size: usize,
    /// Files at once, each over a connection of its own.
    #[arg(long, default_value_t = 1)]
    pub count: usize,
    /// How often each is sent.
    #[arg(long, default_value_t = 1)]
    pub repeat: usize,
    /// Sleeps while there is nothing to do.
    #[arg(long)]
    pub asleep: bool,
    /// Sends them in parts as `#put` wants them, with their hashes, for which the
    /// load needs its time, too.
    #[arg(long)]
    pub put: bool,
}

impl Upload {
    /// Runs it and prints the figures.
    pub fn run(&self) -> io::Result<()> {
        let stretch = Stretch::begin(self.pid)?;
        self.send_all()?;
        let (wall, server) = (stretch.elapsed(), stretch.server_share()?);
        let bytes = self.size * self.count * self.repeat;
        println!(
            "mib/s={:.0} files/s={:.1} server_cpu={server:.2}",
            bytes as f64 / 1_048_576.0 / wall.as_secs_f64(),
            (self.count * self.repeat) as f64 / wall.as_secs_f64(),
        );
        Ok(())
    }

    /// Sends all files, each over its connection.
    pub fn send_all(&self) -> io::Result<()> {
        let new = if self.asleep { Crowd::sleeping } else { Crowd::new };
        let mut crowd = new(self.server)?;
        crowd.gather(self.count, b"\n")?;
        let mut senders: Vec<_> = (0..self.count).map(|number| Sender::new(self, number)).collect();
        while senders.iter().any(|sender| !sender.is_done()) {
            // Each sends a piece in its turn, as long as its link takes all of it.
            let mut patience = Duration::from_secs(1);
            for (peer, sender) in senders.iter_mut().enumerate() {
                if crowd.has_sent(peer)
                    && let Some(bytes) = sender.next()
                {
                    crowd.send(peer, bytes)?;
                    patience = Duration::ZERO;
                }
            }
            crowd.turn(patience, |peer, bytes| senders[peer].hear(bytes))?;
        }
        Ok(())
    }

    fn command(&self, number: usize, piece: &[u8]) -> String {
        let size = self.size;
        if !self.put {
            return format!("#upload 'file{number}' {size}\n");
        }
        let mut sum = Sha256::new();
        pieces(size).for_each(|count| sum.update(&piece[..count]));
        let mut command = format!("#put 'file{number}' {size} ");
        for byte in sum.finalize() {
            let _ = write!(command, "{byte:02x}");
        }
        command + " replace\n"
    }
}

/// Who sends a file, as often as it is to be sent.
struct Sender {
    /// What a file is announced with.
    command: String,
    /// What it consists of, as often as it takes.
    piece: Vec<u8>,
    size: usize,
    /// The line before the next part, where it goes in parts.
    part: Option<String>,
    /// Files that are not stored yet.
    files: usize,
    next: Next,
    /// What was heard of a line that has not ended.
    heard: String,
}

/// What is to be sent next, with the bytes of the file that are left.
enum Next {
    Command,
    /// The line before a part.
    Line(usize),
    Piece(usize),
    /// Nothing before the file is stored.
    Answer,
}

impl Sender {
    fn new(plan: &Upload, number: usize) -> Self {
        let piece: Vec<u8> = (number..number + PIECE).map(|i| (i * 7 + i / 251) as u8).collect();
        Self {
            command: plan.command(number, &piece),
            piece,
            size: plan.size,
            part: plan.put.then(String::new),
            files: plan.repeat,
            next: Next::Command,
            heard: String::new(),
        }
    }

    fn is_done(&self) -> bool {
        self.files == 0
    }

    /// What is to be sent now, if anything is.
    fn next(&mut self) -> Option<&[u8]> {
        match self.next {
            _ if self.is_done() => None,
            Next::Answer => None,
            Next::Command => {
                self.next = self.behind(self.size);
                Some(self.command.as_bytes())
            }
            Next::Line(left) => {
                self.next = Next::Piece(left);
                let part = self.part.insert(format!("#part {}\n", left.min(PIECE)));
                Some(part.as_bytes())
            }
            Next::Piece(left) => {
                let count = left.min(PIECE);
                self.next = self.behind(left - count);
                Some(&self.piece[..count])
            }
        }
    }

    /// What goes before so many bytes.
    fn behind(&self, left: usize) -> Next {
        match left {
            0 => Next::Answer,
            _ if self.part.is_some() => Next::Line(left),
            _ => Next::Piece(left),
        }
    }

    /// Hears what the server says: when the file is stored, the next one begins.
    fn hear(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.heard.push_str(&String::from_utf8_lossy(bytes));
        while let Some(end) = self.heard.find('\n') {
            let line: String = self.heard.drain(..=end).collect();
            if line.starts_with("! ") {
                return Err(io::Error::other(line));
            }
            let stored = line.contains("stored") || line.contains("has been uploaded (");
            if line.starts_with("> ") && stored {
                self.files -= 1;
                self.next = Next::Command;
            }
        }
        Ok(())
    }
}

/// How many bytes each piece of a file has.
fn pieces(size: usize) -> impl Iterator<Item = usize> {
    let full = iter::repeat_n(PIECE, size / PIECE);
    full.chain(Some(size % PIECE).filter(|&rest| rest > 0))
}
