//! Messages from few to many: deliveries a second, and how long each takes.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;

use crate::crowd::Crowd;
use crate::figures::{micros, percentile};
use crate::process::Stretch;
use crate::transcript::{Framing, SHORTEST, Transcript, payload};
use crate::wires::Wire;

/// Nothing came for so long: all is said that was to be said.
const QUIET: Duration = Duration::from_millis(250);
/// How long a message may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// Share of the time that is not counted, at the beginning.
const WARM_UP: f64 = 0.2;
/// Number of the text by which a framing is learned: no other has it.
const LEARNING: u64 = 9_999_999_999;

/// What a room is to be told, by how many, to how many.
#[derive(Args, Clone, Debug)]
pub struct Fanout {
    /// Address of the server.
    pub server: SocketAddr,
    /// Its process, to tell its share of a core.
    #[arg(long)]
    pub pid: Option<u32>,
    /// What it speaks.
    #[arg(long, value_enum, default_value = "line")]
    pub wire: Wire,
    /// Clients that only receive.
    #[arg(long, default_value_t = 100)]
    pub receivers: usize,
    /// Clients that send (and receive what others send, where that is so).
    #[arg(long, default_value_t = 1)]
    pub senders: usize,
    /// Bytes of a message as it is sent, with its newline.
    #[arg(long, default_value_t = 64)]
    pub length: usize,
    /// Messages under way, at most.
    #[arg(long, default_value_t = 1)]
    pub window: u64,
    /// Time in which messages are sent.
    #[arg(long, default_value_t = 1.0)]
    pub seconds: f64,
}

impl Fanout {
    /// Runs it and prints the figures.
    pub fn run(&self) -> io::Result<()> {
        let mut run = Run::prepare(self)?;
        run.talk(self.seconds * WARM_UP)?;
        run.times.clear();
        let (stretch, idle) = (Stretch::begin(self.pid)?, run.crowd.idle());
        run.talk(self.seconds)?;
        let (wall, server) = (stretch.elapsed(), stretch.server_share()?);
        let busy = 1.0 - run.crowd.idle().saturating_sub(idle).as_secs_f64() / wall.as_secs_f64();
        let deliveries = run.times.len() * run.readers_of_each();
        let rate = deliveries as f64 / wall.as_secs_f64();
        println!(
            "deliveries/s={rate:.0} server_ns={:.1} p50_us={} p99_us={} lost=0 \
             load_busy={busy:.2} server_cpu={server:.2}",
            server * 1e9 / rate,
            micros(percentile(&mut run.times, 50)),
            micros(percentile(&mut run.times, 99)),
        );
        Ok(())
    }

    /// Bytes of text in a message.
    fn text_length(&self) -> usize {
        (self.length - 1).max(SHORTEST)
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
    crowd: Crowd,
    transcript: Transcript,
    senders: Vec<Sender>,
    turn: usize,
    under_way: u64,
    /// How long each message took until the last had it.
    times: Vec<Duration>,
}

impl<'a> Run<'a> {
    /// Receivers first, then senders; the framing is learned by trying.
    fn prepare(plan: &'a Fanout) -> io::Result<Self> {
        let mut crowd = Crowd::new(plan.server)?;
        for index in 0..plan.receivers {
            crowd.gather(1, &plan.wire.hello(index))?;
        }
        for index in 0..plan.senders {
            crowd.gather(1, &plan.wire.sender_hello(plan.receivers + index))?;
        }
        crowd.settle(QUIET)?;
        let framings = (0..plan.senders).map(|sender| learn(plan, &mut crowd, sender));
        let framings = framings.collect::<io::Result<Vec<_>>>()?;
        let mut readers = vec![None; plan.receivers];
        if plan.wire.senders_listen() {
            readers.extend((0..plan.senders).map(Some));
        }
        let transcript = Transcript::new(framings, plan.text_length(), &readers);
        let senders = (0..plan.senders).map(|_| Sender::default()).collect();
        Ok(Self { plan, crowd, transcript, senders, turn: 0, under_way: 0, times: Vec::new() })
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
        for _ in 0..self.plan.window - self.under_way {
            let number = self.turn;
            let sender = &mut self.senders[number];
            self.turn = (self.turn + 1) % self.plan.senders;
            if self.plan.wire.one_by_one() && !sender.under_way.is_empty() {
                continue;
            }
            let text = payload(number, sender.next, self.plan.text_length());
            self.plan.wire.publish(&mut sender.out, &text);
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

/// Says one text, and looks how the first receiver gets it.
fn learn(plan: &Fanout, crowd: &mut Crowd, sender: usize) -> io::Result<Framing> {
    let text = payload(sender, LEARNING, plan.text_length());
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
    crowd.settle(QUIET)?;
    let at = at.unwrap_or_default();
    Ok(Framing { before: got[..at].into(), behind: got[at + text.len()..].into() })
}
