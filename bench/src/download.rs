//! Files from the room: bytes a second until each has come whole.
//!
//! One thread that does not sleep takes all of them, as a [`Crowd`] does, and for
//! the same reason: the server would have to wake it for each packet, or not,
//! depending on who is a little faster.

use std::io;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::crowd::Crowd;
use crate::process::Stretch;
use crate::upload::Upload;

/// Nothing came for so long: a file that is not whole yet never will be.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many files of which size.
#[derive(Args, Clone, Debug)]
pub struct Download {
    /// The files, which are uploaded first.
    #[command(flatten)]
    pub files: Upload,
    /// Seconds between the last upload and the first download.
    #[arg(long, default_value_t = 0)]
    pub rest: u64,
}

impl Download {
    /// Runs it and prints the figures.
    pub fn run(&self) -> io::Result<()> {
        let Upload { pid, size, count, repeat, .. } = self.files;
        Upload { repeat: 1, ..self.files.clone() }.send_all()?;
        thread::sleep(Duration::from_secs(self.rest));
        let stretch = Stretch::begin(pid)?;
        self.fetch_all()?;
        let (wall, used) = (stretch.elapsed(), stretch.server_share()?);
        let bytes = size * count * repeat;
        let rate = bytes as f64 / 1_048_576.0 / wall.as_secs_f64();
        println!("mib/s={rate:.0} server_cpu={used:.2}");
        Ok(())
    }

    /// Fetches all files, each over a connection of its own.
    fn fetch_all(&self) -> io::Result<()> {
        let Upload { server, asleep, size, count, repeat, .. } = self.files;
        let mut crowd = if asleep { Crowd::sleeping } else { Crowd::new }(server)?;
        crowd.gather(count, b"\n")?;
        let mut fetchers: Vec<_> = (0..count).map(|_| Fetcher::new(size, repeat)).collect();
        (0..count).try_for_each(|number| ask(&mut crowd, number))?;
        let mut progress = Instant::now();
        while fetchers.iter().any(|fetcher| fetcher.files > 0) {
            let mut whole = Vec::new();
            let came = crowd.turn(PATIENCE, |peer, bytes| {
                if fetchers[peer].take(bytes)? {
                    whole.push(peer);
                }
                Ok(())
            })?;
            if came > 0 {
                progress = Instant::now();
            } else if progress.elapsed() > PATIENCE {
                return Err(io::Error::other("a file does not come whole"));
            }
            whole.retain(|&peer| fetchers[peer].files > 0);
            whole.into_iter().try_for_each(|peer| ask(&mut crowd, peer))?;
        }
        Ok(())
    }
}

fn ask(crowd: &mut Crowd, number: usize) -> io::Result<()> {
    crowd.send(number, format!("#get 'file{number}'\n").as_bytes())
}

/// Who fetches a file, as often as it is to be fetched, and throws it away.
struct Fetcher {
    size: usize,
    /// Files that have not come whole.
    files: usize,
    /// Bytes that came of the one under way.
    came: usize,
    /// Bytes of its part that are still to come.
    part: usize,
    /// The line that came in part.
    line: Vec<u8>,
}

impl Fetcher {
    fn new(size: usize, files: usize) -> Self {
        Self { size, files, came: 0, part: 0, line: Vec::new() }
    }

    /// Takes what came; whether a file is whole by that.
    fn take(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut whole = false;
        while !bytes.is_empty() {
            let count = bytes.len().min(self.part);
            (self.part, self.came, bytes) = (self.part - count, self.came + count, &bytes[count..]);
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.line.extend_from_slice(bytes);
                return Ok(whole);
            };
            self.line.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            whole |= self.hear()?;
        }
        Ok(whole)
    }

    /// Acts on a line; whether it ends a file.
    fn hear(&mut self) -> io::Result<bool> {
        let line = String::from_utf8_lossy(&mem::take(&mut self.line)).into_owned();
        if let Some(len) = line.strip_prefix("#part ") {
            self.part = len.parse().map_err(io::Error::other)?;
        }
        let ends = line.starts_with("#sum");
        if line.starts_with("! ") || (ends && mem::take(&mut self.came) != self.size) {
            return Err(io::Error::other(line));
        }
        self.files -= usize::from(ends);
        Ok(ends)
    }
}
