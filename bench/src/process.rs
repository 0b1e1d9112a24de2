//! What processes use, and where they listen: Linux's `/proc`.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

/// Time that a process was on a core, all its threads together.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let Ok(stat) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanos += stat.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Bytes of memory that a process has touched and holds. Counted page by page: in
/// `/proc/PID/status` stands what each core has told of its count by then.
pub fn resident(pid: u32) -> io::Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.unwrap_or(0) * 1024)
}

/// The port on which a process listens, if it does by now.
pub fn listening_port(pid: u32) -> io::Result<Option<u16>> {
    let mut sockets = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        let target = target.to_string_lossy();
        sockets.extend(target.strip_prefix("socket:[").map(|s| s.trim_end_matches(']').to_owned()));
    }
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp"))?;
    Ok(table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let listens = *state == "0A" && sockets.iter().any(|socket| socket == inode);
        let port = local.split(':').nth(1).filter(|_| listens)?;
        u16::from_str_radix(port, 16).ok()
    }))
}

/// A stretch of time: how long it was, and how much of it the server worked.
pub struct Stretch {
    start: Instant,
    server: Option<u32>,
    used: Duration,
}

impl Stretch {
    /// Begins now.
    pub fn begin(server: Option<u32>) -> io::Result<Self> {
        Ok(Self { start: Instant::now(), server, used: used(server)? })
    }

    /// How long it has been.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The share of a core that the server has used.
    pub fn server_share(&self) -> io::Result<f64> {
        let used = used(self.server)?.saturating_sub(self.used);
        Ok(used.as_secs_f64() / self.elapsed().as_secs_f64())
    }
}

fn used(server: Option<u32>) -> io::Result<Duration> {
    server.map_or(Ok(Duration::ZERO), cpu_time)
}
