//! A storm of newcomers: each join is told to all who came before.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;

use crate::crowd::Crowd;
use crate::process::Stretch;

/// How long a notice may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who comes, how fast.
#[derive(Args, Clone, Debug)]
pub struct Joins {
    /// Address of the server.
    pub server: SocketAddr,
    /// Its process, to tell its share of a core.
    #[arg(long)]
    pub pid: Option<u32>,
    /// How many come.
    #[arg(long, default_value_t = 1000)]
    pub clients: usize,
    /// How many come at once, as soon as all know of those before.
    #[arg(long, default_value_t = 64)]
    pub window: usize,
}

/// What a newcomer has got.
#[derive(Clone, Default)]
struct Newcomer {
    greeted: bool,
    /// `> New user` notices.
    notices: usize,
    /// The unfinished line.
    rest: Vec<u8>,
}

impl Joins {
    /// Runs it and prints the figures.
    pub fn run(&self) -> io::Result<()> {
        let mut crowd = Crowd::new(self.server)?;
        let mut newcomers = vec![Newcomer::default(); self.clients];
        let (mut greeted, mut told) = (0, 0);
        let wanted = pairs(self.clients);
        let stretch = Stretch::begin(self.pid)?;
        let mut progress = Instant::now();
        while told < wanted || greeted < self.clients {
            if told == pairs(crowd.len()) && greeted == crowd.len() {
                for _ in 0..self.window.min(self.clients - crowd.len()) {
                    let peer = crowd.connect()?;
                    crowd.send(peer, b"\n")?;
                }
            }
            let came = crowd.turn(Duration::from_millis(100), |peer, bytes| {
                let (greetings, notices) = newcomers[peer].take(bytes);
                greeted += greetings;
                told += notices;
                Ok(())
            })?;
            if came > 0 {
                progress = Instant::now();
            } else if progress.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("{} notices are lost", wanted - told)));
            }
        }
        let (wall, server) = (stretch.elapsed(), stretch.server_share()?);
        let busy = 1.0 - crowd.idle().as_secs_f64() / wall.as_secs_f64();
        check(&newcomers)?;
        let rate = told as f64 / wall.as_secs_f64();
        println!(
            "joins/s={:.0} notices/s={rate:.0} server_ns={:.1} lost=0 \
             load_busy={busy:.2} server_cpu={server:.2}",
            self.clients as f64 / wall.as_secs_f64(),
            server * 1e9 / rate,
        );
        Ok(())
    }
}

impl Newcomer {
    /// Counts greetings and notices in what came.
    fn take(&mut self, bytes: &[u8]) -> (usize, usize) {
        self.rest.extend_from_slice(bytes);
        let (mut used, mut greetings, mut notices) = (0, 0, 0);
        for line in self.rest.split_inclusive(|&byte| byte == b'\n') {
            if !line.ends_with(b"\n") && !line.starts_with(b"> Connected") {
                break;
            }
            if line.starts_with(b"> New user ") {
                notices += 1;
            } else if line.starts_with(b"> Connected") && !self.greeted {
                self.greeted = true;
                greetings = 1;
            }
            used += if line.ends_with(b"\n") { line.len() } else { 0 };
        }
        self.rest.drain(..used);
        self.notices += notices;
        (greetings, notices)
    }
}

/// Notices in all, when each of so many was told of all who came later.
fn pairs(clients: usize) -> usize {
    clients * clients.saturating_sub(1) / 2
}

/// Whoever comes earlier is told of more; nobody twice of the same.
fn check(newcomers: &[Newcomer]) -> io::Result<()> {
    let mut counts: Vec<_> = newcomers.iter().map(|newcomer| newcomer.notices).collect();
    counts.sort_unstable();
    let exact = counts.iter().enumerate().all(|(index, &count)| index == count);
    if exact { Ok(()) } else { Err(io::Error::other("somebody was told a wrong number of joins")) }
}
