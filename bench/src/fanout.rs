//! Messages from few to many: deliveries a second, and how long each takes.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;

use crate::crowd::Crowd;
use crate::figures::{micros, percentile};
use crate::process::Stretch;
use crate::transcript::{Framing, MOST_SENDERS, SHORTEST, Transcript, payload, write_payload};
use crate::wires::Wire;

/// Nothing came for so long: all is said that was to be said.
const QUIET: Duration = Duration::from_millis(250);
/// Nothing came for so long: the first receiver has all of a message.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a message may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// Share of the time that is not counted, at the beginning.
const WARM_UP: f64 = 0.2;
/// Number of the text by which a framing is learned: no other has it.
const LEARNING: u64 = 9_999_999_999;

/// What rooms are to be told, by how many, to how many.
///
/// Several rooms are measured in turns, by one process: what that has of the
/// machine, its caches and its memory above all, differs more from process to
/// process than servers do.
#[derive(Args, Clone, Debug)]
pub struct Fanout {
    /// Addresses of the servers.
    #[arg(required = true)]
    pub servers: Vec<SocketAddr>,
    /// Their processes, to tell their share of a core.
    #[arg(long = "pid", value_delimiter = ',')]
    pub pids: Vec<u32>,
    /// What they speak.
    #[arg(long, value_enum, default_value = "line")]
    pub wire: Wire,
    /// Turns of each server, for each window of each length.
    #[arg(long, default_value_t = 1)]
    pub turns: u32,
    /// Clients that only receive.
    #[arg(long, default_value_t = 100)]
    pub receivers: usize,
    /// Clients that send (and receive what others send, where that is so).
    #[arg(long, default_value_t = 1)]
    pub senders: usize,
    /// Bytes of a message as it is sent, with its newline; one after the other.
    #[arg(long, value_delimiter = ',', default_value = "64")]
    pub length: Vec<usize>,
    /// Messages under way, at most; one after the other, for each length.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    pub window: Vec<u64>,
    /// Time in which messages are sent, for each window of each length.
    #[arg(long, default_value_t = 1.0)]
    pub seconds: f64,
}

impl Fanout {
    /// Runs it and prints the figures, a line for each turn.
    pub fn run(&self) -> io::Result<()> {
        if self.senders > MOST_SENDERS {
            return Err(io::Error::other(format!("at most {MOST_SENDERS} senders")));
        }
        let rooms = self.servers.iter().enumerate();
        let mut crowds =
            rooms.map(|(room, _)| self.gather(room)).collect::<io::Result<Vec<_>>>()?;
        for &length in &self.length {
            for &window in &self.window {
                let rooms = crowds.iter_mut().enumerate();
                let runs =
                    rooms.map(|(room, crowd)| Run::prepare(self, room, crowd, length, window));
                let mut runs = runs.collect::<io::Result<Vec<_>>>()?;
                for _ in 0..self.turns {
                    runs.iter_mut().try_for_each(Run::measure)?;
                    // Who was first is last.
                    runs.reverse();
                }
            }
        }
        Ok(())
    }

    /// Receivers first, then senders.
    fn gather(&self, room: usize) -> io::Result<Crowd> {
        let mut crowd = Crowd::new(self.servers[room])?;
        for index in 0..self.receivers {
            crowd.gather(1, &self.wire.hello(index))?;
        }
        for index in 0..self.senders {
            crowd.gather(1, &self.wire.sender_hello(self.receivers + index))?;
        }
        crowd.settle(QUIET)?;
        Ok(crowd)
    }
}

/// A sender: what it says next, and when it said what is under way.
#[derive(Default)]
struct Sender {
    next: u64,
    under_way: std::collections::VecDeque<Instant>,
    out: Vec<u8>,
}

/// A room full of people, ready to talk.
struct Run<'a> {
    plan: &'a Fanout,
    /// Number of the server.
    room: usize,
    crowd: &'a mut Crowd,
    length: usize,
    window: u64,
    transcript: Transcript,
    senders: Vec<Sender>,
    /// What is said next.
    text: Vec<u8>,
    turn: usize,
    under_way: u64,
    /// How long each message took until the last had it.
    times: Vec<Duration>,
}

impl<'a> Run<'a> {
    /// The framing is learned by trying.
    fn prepare(
        plan: &'a Fanout,
        room: usize,
        crowd: &'a mut Crowd,
        length: usize,
        window: u64,
    ) -> io::Result<Self> {
        let text = text_length(length);
        let framings = (0..plan.senders).map(|sender| learn(plan, crowd, sender, text));
        let framings = framings.collect::<io::Result<Vec<_>>>()?;
        crowd.settle(QUIET)?;
        let mut readers = vec![None; plan.receivers];
        if plan.wire.senders_listen() {
            readers.extend((0..plan.senders).map(Some));
        }
        let transcript = Transcript::new(framings, text, &readers);
        let senders = (0..plan.senders).map(|_| Sender::default()).collect();
        Ok(Self {
            plan,
            room,
            crowd,
            length,
            window,
            transcript,
            senders,
            text: Vec::new(),
            turn: 0,
            under_way: 0,
            times: Vec::new(),
        })
    }

    /// Talks, and prints the figures.
    fn measure(&mut self) -> io::Result<()> {
        self.talk(self.plan.seconds * WARM_UP)?;
        self.times.clear();
        let (stretch, idle) =
            (Stretch::begin(self.plan.pids.get(self.room).copied())?, self.crowd.idle());
        self.talk(self.plan.seconds)?;
        let (wall, server) = (stretch.elapsed(), stretch.server_share()?);
        let idle = self.crowd.idle().saturating_sub(idle);
        let busy = 1.0 - idle.as_secs_f64() / wall.as_secs_f64();
        let deliveries = self.times.len() * self.readers_of_each();
        let rate = deliveries as f64 / wall.as_secs_f64();
        println!(
            "server={} length={} window={} deliveries/s={rate:.0} server_ns={:.1} p50_us={} p99_us={} \
             lost=0 load_busy={busy:.2} server_cpu={server:.2}",
            self.room,
            self.length,
            self.window,
            server * 1e9 / rate,
            micros(percentile(&mut self.times, 50)),
            micros(percentile(&mut self.times, 99)),
        );
        Ok(())
    }

    /// How many get each message.
    fn readers_of_each(&self) -> usize {
        let others = if self.plan.wire.senders_listen() { self.plan.senders - 1 } else { 0 };
        self.plan.receivers + others
    }

    /// Sends for so long, and waits until all have all.
    fn talk(&mut self, seconds: f64) -> io::Result<()> {
        let start = Instant::now();
        let mut progress = start;
        loop {
            let more = start.elapsed().as_secs_f64() < seconds;
            if more {
                self.send()?;
            } else if self.under_way == 0 {
                return Ok(());
            }
            if self.receive()? {
                progress = Instant::now();
            } else if progress.elapsed() > PATIENCE {
                let lost = self.under_way;
                return Err(io::Error::other(format!("{lost} messages are lost")));
            }
        }
    }

    /// Sends as many messages as may be under way, the senders taking turns.
    fn send(&mut self) -> io::Result<()> {
        let now = Instant::now();
        for _ in 0..self.window - self.under_way {
            let number = self.turn;
            let sender = &mut self.senders[number];
            self.turn = (self.turn + 1) % self.plan.senders;
            if self.plan.wire.one_by_one() && !sender.under_way.is_empty() {
                continue;
            }
            self.text.clear();
            write_payload(&mut self.text, number, sender.next, text_length(self.length));
            self.plan.wire.publish(&mut sender.out, &self.text);
            sender.next += 1;
            sender.under_way.push_back(now);
            self.under_way += 1;
        }
        for (number, sender) in self.senders.iter_mut().enumerate() {
            if !sender.out.is_empty() {
                self.crowd.send(self.plan.receivers + number, &sender.out)?;
                sender.out.clear();
            }
        }
        Ok(())
    }

    /// Takes what comes; whether something did.
    fn receive(&mut self) -> io::Result<bool> {
        let listening = self.plan.receivers
            + if self.plan.wire.senders_listen() { self.plan.senders } else { 0 };
        let came = self.crowd.turn(Duration::from_millis(100), |peer, bytes| {
            if peer < listening { self.transcript.take(peer, bytes) } else { Ok(()) }
        })?;
        self.transcript.catch_up_senders()?;
        let now = Instant::now();
        while let Some(sender) = self.transcript.next_complete() {
            let sent = self.senders[sender].under_way.pop_front();
            self.times.push(now - sent.expect("what was delivered was sent"));
            self.under_way -= 1;
        }
        Ok(came > 0)
    }
}

/// Bytes of text in a message that is sent with `length`.
fn text_length(length: usize) -> usize {
    (length - 1).max(SHORTEST)
}

/// Says one text of `length` bytes, and looks how the first receiver gets it.
fn learn(plan: &Fanout, crowd: &mut Crowd, sender: usize, length: usize) -> io::Result<Framing> {
    let text = payload(sender, LEARNING, length);
    let mut out = Vec::new();
    plan.wire.publish(&mut out, &text);
    crowd.send(plan.receivers + sender, &out)?;
    let (mut got, mut at) = (Vec::new(), None);
    crowd.read_until(PATIENCE, |peer, bytes| {
        if peer == 0 {
            got.extend_from_slice(bytes);
            at = got.windows(text.len()).position(|part| part == text);
        }
        Ok(at.is_some())
    })?;
    crowd.settle(PAUSE)?;
    let at = at.unwrap_or_default();
    Ok(Framing { before: got[..at].into(), behind: got[at + text.len()..].into() })
}
