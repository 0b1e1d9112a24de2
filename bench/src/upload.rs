//! Files into the room: bytes a second until each is stored.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use clap::Args;

use crate::process::Stretch;

/// Bytes of a write.
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
        let piece: Vec<u8> = (0..PIECE).map(|i| (i * 7 + i / 251) as u8).collect();
        stream.write_all(b"\n")?;
        for _ in 0..self.repeat {
            stream.write_all(format!("#upload 'file{number}' {}\n", self.size).as_bytes())?;
            let mut left = self.size;
            while left > 0 {
                let count = left.min(PIECE);
                stream.write_all(&piece[..count])?;
                left -= count;
            }
            await_stored(&mut answers)?;
        }
        Ok(())
    }
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
