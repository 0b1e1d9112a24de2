//! Files into the room: bytes a second until each is stored.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::iter;
use std::net::{SocketAddr, TcpStream};
use std::thread;

use clap::Args;
use sha2::{Digest, Sha256};

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
        thread::scope(|scope| {
            let uploads: Vec<_> =
                (0..self.count).map(|number| scope.spawn(move || self.send(number))).collect();
            let failed = |_| Err(io::Error::other("an upload panicked"));
            uploads.into_iter().try_for_each(|upload| upload.join().unwrap_or_else(failed))
        })
    }

    fn send(&self, number: usize) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.server)?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let piece: Vec<u8> = (number..number + PIECE).map(|i| (i * 7 + i / 251) as u8).collect();
        let command = self.command(number, &piece);
        stream.write_all(b"\n")?;
        for _ in 0..self.repeat {
            stream.write_all(command.as_bytes())?;
            for count in pieces(self.size) {
                if self.put {
                    stream.write_all(format!("#part {count}\n").as_bytes())?;
                }
                stream.write_all(&piece[..count])?;
            }
            await_stored(&mut answers)?;
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

/// How many bytes each piece of a file has.
fn pieces(size: usize) -> impl Iterator<Item = usize> {
    let full = iter::repeat_n(PIECE, size / PIECE);
    full.chain(Some(size % PIECE).filter(|&rest| rest > 0))
}

/// Reads until the server says that the file is stored.
fn await_stored(answers: &mut impl BufRead) -> io::Result<()> {
    let mut line = String::new();
    while answers.read_line(&mut line)? > 0 {
        if line.starts_with("! ") {
            return Err(io::Error::other(line));
        }
        if line.starts_with("> ")
            && (line.contains("stored") || line.contains("has been uploaded ("))
        {
            return Ok(());
        }
        line.clear();
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
