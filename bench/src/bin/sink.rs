//! The floor under an upload: reads and writes, syncs, and says so.
//!
//! It takes what [`load upload`](snug_bench::upload) sends and knows nothing
//! else: no checks, no temporary names, one thread a connection.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// Bytes of a read and of a write: what Snug's blocks have.
const BLOCK: usize = 64 << 10;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("sink FOLDER"))?;
    let folder = Arc::new(PathBuf::from(folder));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    for (number, stream) in listener.incoming().enumerate() {
        let (stream, folder) = (stream?, Arc::clone(&folder));
        thread::spawn(move || {
            if let Err(error) = take(&stream, &folder, number) {
                eprintln!("sink: {error}");
            }
        });
    }
    Ok(())
}

fn take(stream: &TcpStream, folder: &Path, number: usize) -> io::Result<()> {
    let mut input = BufReader::with_capacity(BLOCK, stream);
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let size = line.split_whitespace().nth(2).and_then(|size| size.parse().ok());
        if let Some(size) = size {
            let mut file = File::create(folder.join(format!("file{number}")))?;
            store(&mut input.by_ref().take(size), &mut file)?;
            file.sync_all()?;
            (&*stream).write_all(b"> stored\n")?;
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
