//! The threads that wait for the disk, two by two.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::directory::Directory;
use super::hasher::Unsummed;
use super::job::{Job, Report};
use super::pipe::PIECE;
use super::publisher::Publisher;
use super::slot::BUFFERS;
use super::turns::Turns;
use super::worker::Worker;

/// The most jobs that a slot has under way: create, commit, abort, and one for
/// each buffer and the pipe.
pub(super) const JOBS: usize = BUFFERS + 4;

/// Pairs of threads: as many as let one slow call pass without holding up all uploads.
pub(super) const PAIRS: usize = 4;

/// A thread that writes files, and one that syncs those that are whole.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) jobs: SyncSender<Job>,
    /// Whose turn it is among the slots that are theirs.
    pub(super) turns: Turns,
    pub(super) joins: [JoinHandle<()>; 2],
}

impl Pair {
    /// Starts both, for `share` slots of which every `stride`th is theirs.
    pub(super) fn start(
        directory: &Arc<Directory>,
        report: &Report,
        unsummed: SyncSender<Unsummed>,
        share: usize,
        stride: usize,
    ) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(share * JOBS);
        let (sender, whole) = sync_channel(share);
        let worker = Worker {
            directory: Arc::clone(directory),
            files: (0..share).map(|_| None).collect(),
            stride,
            jobs: queue,
            report: report.clone(),
            whole: sender,
            scratch: vec![0; PIECE].into(),
        };
        let publisher =
            Publisher { directory: Arc::clone(directory), whole, report: report.clone(), unsummed };
        let joins = [worker.start()?, publisher.start()?];
        Ok(Self { jobs, turns: Turns::default(), joins })
    }
}
