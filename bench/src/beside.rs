//! A line every now and then, while something else goes on beside it.

use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::crowd::Crowd;
use crate::figures::{micros, percentile};
use crate::transcript::payload;

/// Nothing came for so long: all is said that was to be said.
const QUIET: Duration = Duration::from_millis(250);
/// How long a line may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two lines.
const PAUSE: Duration = Duration::from_millis(1);
/// What goes on has this long to begin.
const RUN_UP: Duration = Duration::from_secs(2);
/// Bytes of a text.
const LENGTH: usize = 63;

/// Who hears the lines, and what goes on.
#[derive(Args, Clone, Debug)]
pub struct Beside {
    /// Address of the server.
    pub server: SocketAddr,
    /// Those who hear a line.
    #[arg(long, default_value_t = 10)]
    pub receivers: usize,
    /// Others who are in the room as long as nothing goes on, as many as what goes
    /// on brings: they hear the lines, too.
    #[arg(long, default_value_t = 0)]
    pub others: usize,
    /// Time in which lines are said, without and with something beside them.
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// The command that runs beside, and is ended.
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

impl Beside {
    /// Runs it and prints the figures.
    pub fn run(&self) -> io::Result<()> {
        // They are served first, as those are who have just had an answer.
        let mut others = Crowd::sleeping(self.server)?;
        others.gather(self.others, b"\n")?;
        let mut crowd = Crowd::sleeping(self.server)?;
        crowd.gather(self.receivers + 1, b"\n")?;
        crowd.settle(QUIET)?;
        let mut talk = Talk { crowd, receivers: self.receivers, said: 0 };
        let mut idle = talk.times(self.seconds)?;
        drop(others);
        let running = Running::start(&self.command)?;
        talk.listen(RUN_UP)?;
        let mut beside = talk.times(self.seconds)?;
        drop(running);
        let row = |name: &str, times: &mut [Duration]| {
            let [p50, p99] = [50, 99].map(|percent| percentile(times, percent));
            println!("{name}: lines={} p50_us={} p99_us={}", times.len(), micros(p50), micros(p99));
            p99.as_secs_f64()
        };
        let ratio = row("idle", &mut idle).recip() * row("beside", &mut beside);
        println!("p99 beside / idle = {ratio:.2}");
        Ok(())
    }
}

/// A process that is ended when it is let go.
struct Running(Child);

impl Running {
    fn start(command: &[String]) -> io::Result<Self> {
        let mut process = Command::new(&command[0]);
        process.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(process.spawn()?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One who talks, behind those who hear.
struct Talk {
    crowd: Crowd,
    receivers: usize,
    said: u64,
}

impl Talk {
    /// Says lines for so long; how long each took until the last had it.
    fn times(&mut self, seconds: f64) -> io::Result<Vec<Duration>> {
        let start = Instant::now();
        let mut times = Vec::new();
        while start.elapsed().as_secs_f64() < seconds {
            times.push(self.say()?);
            self.listen(PAUSE)?;
        }
        Ok(times)
    }

    fn say(&mut self) -> io::Result<Duration> {
        let text = payload(0, self.said, LENGTH);
        self.said += 1;
        let mut heard: Vec<Vec<u8>> = vec![Vec::new(); self.receivers];
        let mut left = self.receivers;
        let start = Instant::now();
        self.crowd.send(self.receivers, &[&text[..], b"\n"].concat())?;
        // Other lines may stand before it, and the talker hears those.
        self.crowd.read_until(PATIENCE, |peer, bytes| {
            if let Some(heard) = heard.get_mut(peer) {
                heard.extend_from_slice(bytes);
                if heard.windows(text.len()).any(|part| part == text) {
                    heard.clear();
                    left -= 1;
                }
            }
            Ok(left == 0)
        })?;
        Ok(start.elapsed())
    }

    /// Reads for so long what else is said.
    fn listen(&mut self, time: Duration) -> io::Result<()> {
        let start = Instant::now();
        while start.elapsed() < time {
            self.crowd.turn(time, |_, _| Ok(()))?;
        }
        Ok(())
    }
}
