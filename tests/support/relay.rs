//! A way to a server that breaks where a test wants it to.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::net::SocketAddr;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::peer::PATIENCE;

/// Passes on what comes, both ways, to a server that may change.
pub(crate) struct Relay {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    to: SocketAddr,
    /// Bytes, either way, after which the connections break.
    cuts: Vec<u64>,
    /// Bytes that were passed on in all, and over the present connection.
    total: u64,
    passed: u64,
    connections: u64,
    /// What is connected now.
    open: Vec<TcpStream>,
}

impl Relay {
    /// To `to`; the first connections break after so many bytes each.
    pub(crate) fn start(to: SocketAddr, cuts: &[u64]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = cuts.iter().rev().copied().collect();
        let state = State { to, cuts, total: 0, passed: 0, connections: 0, open: Vec::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for near in listener.incoming() {
                connect(&own, &near.unwrap());
            }
        });
        Self { port, shared }
    }

    /// Later connections go there.
    pub(crate) fn leads_to(&self, to: SocketAddr) {
        self.shared.state.lock().unwrap().to = to;
    }

    /// Bytes that were passed on.
    pub(crate) fn total(&self) -> u64 {
        self.shared.state.lock().unwrap().total
    }

    pub(crate) fn connections(&self) -> u64 {
        self.shared.state.lock().unwrap().connections
    }

    /// Waits until so many bytes were passed on.
    #[track_caller]
    pub(crate) fn wait_for(&self, total: u64) {
        let state = self.shared.state.lock().unwrap();
        let waits = |state: &mut State| state.total < total;
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, waits).unwrap();
        assert!(!waited.1.timed_out(), "{} bytes of {total} came", waited.0.total);
    }

    /// Breaks what is connected now.
    pub(crate) fn cut(&self) {
        self.shared.state.lock().unwrap().cut();
    }
}

impl State {
    /// Both sides get what was passed on, and then the end.
    fn cut(&mut self) {
        for stream in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

fn connect(shared: &Arc<Shared>, near: &TcpStream) {
    let to = shared.state.lock().unwrap().to;
    // Where no server is, the connection ends at once.
    let Ok(far) = TcpStream::connect(to) else { return };
    let mut state = shared.state.lock().unwrap();
    state.connections += 1;
    state.passed = 0;
    let cut = state.cuts.pop();
    for (from, to) in [(near, &far), (&far, near)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        state.open.push(from.try_clone().unwrap());
        let shared = Arc::clone(shared);
        thread::spawn(move || pass_on(&shared, from, to, cut));
    }
}

fn pass_on(shared: &Shared, mut from: TcpStream, mut to: TcpStream, cut: Option<u64>) {
    let mut bytes = [0; 4096];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        // Behind a cut all is read and dropped: a socket that is closed with
        // something unread takes back what it has sent.
        if to.write_all(&bytes[..len]).is_err() {
            continue;
        }
        let mut state = shared.state.lock().unwrap();
        state.total += len as u64;
        state.passed += len as u64;
        if cut.is_some_and(|cut| state.passed >= cut) {
            state.cut();
        }
        shared.changed.notify_all();
    }
    let _ = to.shutdown(Shutdown::Write);
}
