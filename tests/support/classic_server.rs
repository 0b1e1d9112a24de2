//! The classic server, as far as a client can tell: `srv.py` byte for byte.
//!
//! Where the original would die of what a client sends, this one reports it
//! as [`Seen::Death`], which no test expects.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the original reads at once: text, and the bytes of a file.
const TEXT: usize = 4096;
const FILE: usize = 4092;

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a client did, as the server has read it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Entered,
    Text(String),
    File { header: String, bytes: Vec<u8> },
    Left,
    Death(String),
}

/// A running server; what it still has open ends with it.
pub(crate) struct ClassicServer {
    port: u16,
    room: Room,
    seen: Receiver<Seen>,
}

type Room = Arc<Mutex<HashMap<SocketAddr, TcpStream>>>;

impl ClassicServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let room = Room::default();
        let (sender, seen) = channel();
        let guests = Arc::clone(&room);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, sender) = (stream.unwrap(), sender.clone());
                let address = stream.peer_addr().unwrap();
                enter(&guests, address, &stream);
                let _ = sender.send(Seen::Entered);
                let room = Arc::clone(&guests);
                thread::spawn(move || Guest { stream, address, room, sender }.serve());
            }
        });
        Self { port, room, seen }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next thing that a client did.
    pub(crate) fn sees(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).expect("a client does something")
    }

    /// Sends a burst to all.
    pub(crate) fn sends(&self, bytes: &[u8]) {
        for mut stream in self.room.lock().unwrap().values() {
            stream.write_all(bytes).unwrap();
        }
    }

    /// Hangs up on all.
    pub(crate) fn hangs_up(&self) {
        for (_, stream) in self.room.lock().unwrap().drain() {
            stream.shutdown(Shutdown::Both).unwrap();
        }
    }
}

fn enter(room: &Room, address: SocketAddr, mut stream: &TcpStream) {
    let mut guests = room.lock().unwrap();
    let online = online(guests.len() + 1);
    let told = format!("> New user {address} entered {online}");
    for mut guest in guests.values() {
        let _ = guest.write_all(told.as_bytes());
    }
    let greeting = format!("> Connected to the chat server {online}");
    stream.write_all(greeting.as_bytes()).unwrap();
    guests.insert(address, stream.try_clone().unwrap());
}

fn online(n: usize) -> String {
    format!("({n} user{} online)", if n > 1 { "s" } else { "" })
}

struct Guest {
    stream: TcpStream,
    address: SocketAddr,
    room: Room,
    sender: Sender<Seen>,
}

impl Guest {
    fn serve(mut self) {
        let mut bytes = [0; TEXT];
        loop {
            let text = match self.stream.read(&mut bytes) {
                Ok(0) => return self.leave(),
                Ok(len) => str::from_utf8(&bytes[..len]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return self.report(Seen::Death(error.to_string())),
            };
            match text {
                Ok(text) if text.starts_with("#upload") => self.upload(text.to_owned()),
                Ok(text) => {
                    self.tell(&format!("[{}] {text}", self.address));
                    self.report(Seen::Text(text.to_owned()));
                }
                Err(error) => return self.report(Seen::Death(error.to_string())),
            }
        }
    }

    /// The original takes exactly three words, the last of them a number.
    fn upload(&mut self, header: String) {
        let words: Vec<&str> = header.split(' ').collect();
        let &[_, _, size] = words.as_slice() else { return self.report(Seen::Death(header)) };
        let Ok(size) = size.parse() else { return self.report(Seen::Death(header)) };
        let mut bytes = Vec::new();
        let mut piece = [0; FILE];
        while bytes.len() < size {
            match self.stream.read(&mut piece) {
                Ok(len) if len > 0 => bytes.extend_from_slice(&piece[..len]),
                _ => return self.report(Seen::Death("spins on half a file".to_owned())),
            }
        }
        self.tell(&format!("> User {} has uploaded a file", self.address));
        self.report(Seen::File { header, bytes });
    }

    fn leave(&self) {
        let mut guests = self.room.lock().unwrap();
        guests.remove(&self.address);
        let online = online(guests.len());
        drop(guests);
        self.tell(&format!("< The user {} left {online}", self.address));
        self.report(Seen::Left);
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn tell(&self, line: &str) {
        for (address, mut guest) in &*self.room.lock().unwrap() {
            if *address != self.address {
                let _ = guest.write_all(line.as_bytes());
            }
        }
    }

    fn report(&self, seen: Seen) {
        // The test may be over.
        let _ = self.sender.send(seen);
    }
}
