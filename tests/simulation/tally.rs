//! What a run did and suffered, in figures.

use core::fmt;
use core::ops::AddAssign;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "smoltcp"), allow(dead_code, reason = "frames are the stack's"))]
pub(crate) enum Fault {
    Cut,
    Merged,
    Late,
    Stalled,
    ShortRead,
    ShortWrite,
    Refused,
    Full,
    Reset,
    Partition,
    Nap,
    Busy,
    Spurious,
    StoreWait,
    StoreFailure,
    Power,
    LostFrame,
    DoubledFrame,
    SpoiledFrame,
    OvertakenFrame,
}

const NAMES: [&str; 20] = [
    "cut",
    "merged",
    "late",
    "stalled",
    "short reads",
    "short writes",
    "refused writes",
    "full links",
    "resets",
    "partitions",
    "naps",
    "busy host",
    "spurious calls",
    "store waits",
    "store failures",
    "losses of power",
    "lost frames",
    "doubled frames",
    "spoiled frames",
    "overtaken frames",
];

/// Figures of one run or of many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    /// Simulated time with something going on, in milliseconds.
    pub(crate) millis: u64,
    /// Lines that reached a peer.
    pub(crate) lines: u64,
    pub(crate) skipped: u64,
    pub(crate) peers: u64,
    pub(crate) files: u64,
    pub(crate) refused_files: u64,
    /// Files that reached a peer, and those that were gone on with.
    pub(crate) fetched: u64,
    pub(crate) resumed: u64,
    /// Of these, what client cores told of; and how often one went on with
    /// what another could not end.
    pub(crate) cores_stored: u64,
    pub(crate) cores_fetched: u64,
    pub(crate) cores_refused: u64,
    pub(crate) cores_stopped: u64,
    pub(crate) cores_resumed: u64,
    pub(crate) answers: u64,
    /// Times that the room was asked or told something.
    pub(crate) calls: u64,
    pub(crate) faults: [u64; NAMES.len()],
}

impl Tally {
    pub(crate) fn suffer(&mut self, fault: Fault) {
        self.add(fault, 1);
    }

    pub(crate) fn add(&mut self, fault: Fault, count: u64) {
        self.faults[fault as usize] += count;
    }

    pub(crate) fn hours(&self) -> u64 {
        self.millis / 3_600_000
    }

    pub(crate) fn faults(&self) -> u64 {
        self.faults.iter().sum()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.millis += other.millis;
        self.lines += other.lines;
        self.skipped += other.skipped;
        self.peers += other.peers;
        self.files += other.files;
        self.refused_files += other.refused_files;
        self.fetched += other.fetched;
        self.resumed += other.resumed;
        self.cores_stored += other.cores_stored;
        self.cores_fetched += other.cores_fetched;
        self.cores_refused += other.cores_refused;
        self.cores_stopped += other.cores_stopped;
        self.cores_resumed += other.cores_resumed;
        self.answers += other.answers;
        self.calls += other.calls;
        for (fault, more) in self.faults.iter_mut().zip(other.faults) {
            *fault += more;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} seeds, {} simulated hours, {} faults, {} lines delivered",
            self.runs,
            self.hours(),
            self.faults(),
            self.lines
        )?;
        writeln!(
            f,
            "  {} peers, {} answers, {} lines told as skipped, {} calls\n  \
             {} files stored ({} of them gone on with), {} refused, {} fetched",
            self.peers,
            self.answers,
            self.skipped,
            self.calls,
            self.files,
            self.resumed,
            self.refused_files,
            self.fetched,
        )?;
        writeln!(
            f,
            "  client cores: {} files put, {} fetched, {} refused, {} stopped, {} gone on with",
            self.cores_stored,
            self.cores_fetched,
            self.cores_refused,
            self.cores_stopped,
            self.cores_resumed,
        )?;
        f.write_str("  faults:")?;
        for (count, name) in self.faults.iter().zip(NAMES) {
            write!(f, " {count} {name},")?;
        }
        Ok(())
    }
}
