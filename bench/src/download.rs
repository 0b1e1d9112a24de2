//! Files from the room: bytes a second until each has come whole.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::process::Stretch;
use crate::upload::Upload;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

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
        let Upload { server, pid, size, count, repeat, .. } = self.files;
        Upload { repeat: 1, ..self.files.clone() }.send_all()?;
        thread::sleep(Duration::from_secs(self.rest));
        let stretch = Stretch::begin(pid)?;
        let fetch = |number| {
            let mut stream = BufReader::with_capacity(PIECE, TcpStream::connect(server)?);
            stream.get_mut().write_all(b"\n")?;
            (0..repeat).try_for_each(|_| fetch(&mut stream, number, size))
        };
        thread::scope(|scope| {
            let all: Vec<_> = (0..count).map(|number| scope.spawn(move || fetch(number))).collect();
            let failed = |_| Err(io::Error::other("a download panicked"));
            all.into_iter().try_for_each(|one| one.join().unwrap_or_else(failed))
        })?;
        let (wall, used) = (stretch.elapsed(), stretch.server_share()?);
        let bytes = size * count * repeat;
        let rate = bytes as f64 / 1_048_576.0 / wall.as_secs_f64();
        println!("mib/s={rate:.0} server_cpu={used:.2}");
        Ok(())
    }
}

/// Fetches a file and throws it away.
fn fetch(stream: &mut BufReader<TcpStream>, number: usize, size: usize) -> io::Result<()> {
    stream.get_mut().write_all(format!("#get 'file{number}'\n").as_bytes())?;
    let (mut line, mut came) = (String::new(), 0);
    while !line.starts_with("#sum") {
        line.clear();
        if stream.read_line(&mut line)? == 0 || line.starts_with("! ") {
            return Err(io::Error::other(line));
        }
        if let Some(len) = line.strip_prefix("#part ") {
            let len = len.trim().parse().map_err(io::Error::other)?;
            came += io::copy(&mut stream.by_ref().take(len), &mut io::sink())?;
        }
    }
    if came == size as u64 { Ok(()) } else { Err(io::Error::other("it is not whole")) }
}
