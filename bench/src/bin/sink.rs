//! The floor under files: reads and writes, syncs and says so; and `sendfile`.
//!
//! It takes what [`load upload`](snug_bench::upload) sends, gives what
//! [`load download`](snug_bench::download) asks for, and knows nothing else: no
//! checks, no hashes, no temporary names, one thread a connection.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rustix::fs::sendfile;

/// Bytes of a read and of a write: what Snug's blocks have.
const BLOCK: usize = 64 << 10;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("sink FOLDER"))?;
    let folder = Arc::new(PathBuf::from(folder));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    for stream in listener.incoming() {
        let (stream, folder) = (stream?, Arc::clone(&folder));
        thread::spawn(move || {
            if let Err(error) = serve(&stream, &folder) {
                eprintln!("sink: {error}");
            }
        });
    }
    Ok(())
}

fn serve(stream: &TcpStream, folder: &Path) -> io::Result<()> {
    let mut input = BufReader::with_capacity(BLOCK, stream);
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let mut words = line.split_whitespace();
        let (word, name) = (words.next(), words.next().unwrap_or("").trim_matches('\''));
        let size = words.next().and_then(|size| size.parse().ok());
        match (word, size) {
            (Some(word @ ("#upload" | "#put")), Some(size)) => {
                let mut file = File::create(folder.join(name))?;
                match word {
                    "#put" => store_parts(&mut input, size, &mut file)?,
                    _ => store(&mut input.by_ref().take(size), &mut file)?,
                }
                file.sync_all()?;
                (&*stream).write_all(b"> stored\n")?;
            }
            (Some("#get"), _) => send(stream, &File::open(folder.join(name))?)?,
            _ => {}
        }
        line.clear();
    }
    Ok(())
}

fn store(input: &mut impl Read, file: &mut File) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let count = input.read(&mut block)?;
        if count == 0 {
            return Ok(());
        }
        file.write_all(&block[..count])?;
    }
}

fn store_parts(input: &mut impl BufRead, size: u64, file: &mut File) -> io::Result<()> {
    let (mut line, mut came) = (String::new(), 0);
    while came < size {
        line.clear();
        input.read_line(&mut line)?;
        let part = line.strip_prefix("#part ").and_then(|count| count.trim().parse::<u64>().ok());
        let part = part.ok_or_else(|| io::Error::other("that is no part"))?;
        store(&mut input.by_ref().take(part), file)?;
        came += part;
    }
    Ok(())
}

/// All of it as one part, from the system's hands to the system's.
fn send(mut stream: &TcpStream, file: &File) -> io::Result<()> {
    let mut left = file.metadata()?.len();
    stream.write_all(format!("#part {left}\n").as_bytes())?;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        left -= sendfile(stream, file, None, most)? as u64;
    }
    stream.write_all(b"#sum\n")
}
