//! The real `srv`, started for a test and gone with it.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};

use super::peer::{PATIENCE, Peer, SWITCHED, shown, wait_until};
use super::site::Site;

/// A room that is served by a process of its own.
pub(crate) struct Served {
    child: Child,
    /// Where its operator types; nowhere but for
    /// [`start_typed`](Self::start_typed).
    pub(crate) keyboard: Option<ChildStdin>,
    pub(crate) site: Arc<Site>,
    /// What it prints.
    pub(crate) console: Heard,
    /// What it says on standard error.
    pub(crate) complaints: Heard,
    pub(crate) at: SocketAddr,
}

impl Served {
    /// `srv 127.0.0.1 0` with these options, on new site.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_on(Arc::new(Site::new()), options)
    }

    /// The same with somebody who types at its console.
    pub(crate) fn start_typed(options: &[&str]) -> Self {
        let site = Arc::new(Site::new());
        Self::spawn(srv(&site, "127.0.0.1", options), site, Stdio::piped()).started()
    }

    /// The same on site that was used before.
    pub(crate) fn start_on(site: Arc<Site>, options: &[&str]) -> Self {
        Self::run(srv(&site, "127.0.0.1", options), site)
    }

    /// The same on another address of this machine.
    pub(crate) fn start_at(host: &str, reach: IpAddr, options: &[&str]) -> Self {
        let site = Arc::new(Site::new());
        let mut served = Self::run(srv(&site, host, options), site);
        served.at.set_ip(reach);
        served
    }

    /// Started by a shell that does something before: `exec "$0" "$@"` starts
    /// the server.
    pub(crate) fn start_through(script: &str, options: &[&str]) -> Self {
        let site = Arc::new(Site::new());
        let server = srv(&site, "127.0.0.1", options);
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(server.get_program()).args(server.get_args());
        shell.current_dir(site.work());
        Self::run(shell, site)
    }

    /// Runs a command that starts the server; waits until it serves.
    pub(crate) fn run(command: Command, site: Arc<Site>) -> Self {
        Self::spawn(command, site, Stdio::null()).started()
    }

    /// Runs a command that starts the server, on a port that the caller finds
    /// out about.
    pub(crate) fn spawn(mut command: Command, site: Arc<Site>, stdin: Stdio) -> Self {
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let keyboard = child.stdin.take();
        let console = Heard::listen(child.stdout.take().unwrap());
        let complaints = Heard::listen(child.stderr.take().unwrap());
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { child, keyboard, site, console, complaints, at }
    }

    /// Waits until it serves.
    fn started(mut self) -> Self {
        let first = self.console.line();
        let port = first.strip_prefix("Chat server started on port ");
        let port = port.and_then(|rest| rest.strip_suffix('.')).and_then(|p| p.parse().ok());
        self.at.set_port(port.unwrap_or_else(|| panic!("first it says {first}")));
        self
    }

    /// Somebody who connects, and has not read anything.
    pub(crate) fn join(&self) -> Peer {
        Peer::connect(self.at)
    }

    /// Somebody who is in the room and classic.
    #[track_caller]
    pub(crate) fn classic(&self) -> Peer {
        let mut peer = self.join();
        peer.until(" online)");
        peer
    }

    /// Somebody who is in the room and speaks in lines.
    #[track_caller]
    pub(crate) fn line(&self) -> Peer {
        let mut peer = self.classic();
        peer.send("\n");
        peer.until(SWITCHED);
        peer
    }

    /// Somebody classic whose sends follow each other so quickly that the link
    /// was never quiet; somebody else if the machine was too busy for that.
    #[track_caller]
    pub(crate) fn classic_in_pieces(&self, pieces: &[&[u8]]) -> Peer {
        let in_time = (0..50).find_map(|_| {
            let mut peer = self.classic();
            peer.send_in_pieces(pieces).then_some(peer)
        });
        in_time.expect("a machine with some time")
    }

    /// The room is as it should be: people of both dialects hear each other,
    /// and just these files stand in the folder.
    #[track_caller]
    pub(crate) fn assert_serves(&self, files: &[(&str, &[u8])]) {
        let (mut ada, mut bob) = (self.line(), self.classic());
        ada.send("is all well?\n");
        bob.until(format!("[{}] is all well?", ada.addr));
        bob.send("it is");
        ada.until(format!("[{}] it is\n", bob.addr));
        self.site.assert_holds(files);
    }

    /// The operator types.
    pub(crate) fn types(&mut self, keys: impl AsRef<[u8]>) {
        let keyboard = self.keyboard.as_mut().expect("somebody sits at the console");
        keyboard.write_all(keys.as_ref()).unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("srv ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Time on a processor that it has used so far.
    pub(crate) fn used_time(&self) -> Duration {
        let stat = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(stat).unwrap();
        // Behind the name, which may hold anything: the state is the 3rd field.
        let fields: Vec<_> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
        let ticks: u64 = fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap();
        // Linux counts in 1/100 s towards programs, whatever it does inside.
        Duration::from_millis(ticks * 10)
    }

    /// Bytes of memory of its own that it has touched: no part of a file, and
    /// nothing of what the system holds for its connections.
    pub(crate) fn memory(&self) -> u64 {
        // Not `status`, whose figures may be some pages behind.
        let maps = format!("/proc/{}/smaps_rollup", self.child.id());
        let maps = fs::read_to_string(maps).unwrap();
        let line = maps.lines().find_map(|line| line.strip_prefix("Anonymous:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        1024 * kibibytes.unwrap()
    }

    /// Bytes that it has written, in whatever it is; none where nobody counts them.
    pub(crate) fn written(&self) -> Option<u64> {
        let counts = fs::read_to_string(format!("/proc/{}/io", self.child.id())).ok()?;
        counts.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
    }

    /// Descriptors that it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("srv has said {}", shown(&self.complaints.so_far()));
        }
    }
}

/// `srv HOST 0` with these options, ready to run on that site.
pub(crate) fn srv(site: &Site, host: &str, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_srv"));
    command.args([host, "0"]).args(options).current_dir(site.work());
    command
}

/// What comes out of a pipe, collected by a thread.
pub(crate) struct Heard {
    shared: Arc<Shared>,
    /// Bytes that were given out as lines.
    given: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
    ear: Ear,
}

/// What the one who should read does.
#[derive(Default, PartialEq, Eq)]
enum Ear {
    #[default]
    Listens,
    /// Reads no more, but the pipe stays.
    Sleeps,
    /// The pipe is closed.
    HangsUp,
}

impl Heard {
    fn listen(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let read = pipe.read(&mut chunk);
                let mut state = own.state.lock().unwrap();
                match read {
                    Ok(count) if count > 0 => state.bytes.extend_from_slice(&chunk[..count]),
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    _ => state.ended = true,
                }
                own.changed.notify_all();
                let sleeps = |state: &mut State| state.ear == Ear::Sleeps;
                let state = own.changed.wait_while(state, sleeps).unwrap();
                if state.ended || state.ear == Ear::HangsUp {
                    return;
                }
            }
        });
        Self { shared, given: 0 }
    }

    /// The next line, without its newline.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let given = self.given;
        let is_there = |bytes: &[u8]| bytes[given..].contains(&b'\n');
        let bytes = self.wait_for("a line", is_there);
        let len = bytes[given..].iter().position(|&byte| byte == b'\n');
        let Some(len) = len else { panic!("ended after {}", shown(&bytes)) };
        self.given += len + 1;
        String::from_utf8(bytes[given..given + len].to_vec()).unwrap()
    }

    /// All that comes until the pipe ends and was not given out as lines.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> String {
        let bytes = self.wait_for("the end", |_| false);
        let given = self.given;
        self.given = bytes.len();
        String::from_utf8(bytes[given..].to_vec()).unwrap()
    }

    /// Waits until all that came so far holds `what`.
    #[track_caller]
    pub(crate) fn wait_until_heard(&self, what: &str) {
        let is_there = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(what);
        let bytes = self.wait_for(what, is_there);
        assert!(is_there(&bytes), "ended after {}, without {what}", shown(&bytes));
    }

    /// All that came so far.
    pub(crate) fn so_far(&self) -> Vec<u8> {
        self.shared.state.lock().unwrap().bytes.clone()
    }

    /// Reads once more and then no more, for good.
    pub(crate) fn fall_asleep(&self) {
        self.shared.state.lock().unwrap().ear = Ear::Sleeps;
    }

    /// Reads once more and then closes the pipe.
    pub(crate) fn hang_up(&self) {
        self.shared.state.lock().unwrap().ear = Ear::HangsUp;
    }

    fn wait_for(&self, what: &str, holds: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let state = self.shared.state.lock().unwrap();
        let waits = |state: &mut State| !state.ended && !holds(&state.bytes);
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, waits).unwrap();
        let came = &waited.0.bytes;
        assert!(!waited.1.timed_out(), "no {what} after {}", shown(came));
        came.clone()
    }
}
