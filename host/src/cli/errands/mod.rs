//! Into the room for a few things, and out again.
//!
//! - [`job`]: one thing to do
//! - [`visit`]: one connection
//! - [`bar`]: how far a file is
//! - [`list`]: the files of the room
//! - [`report`]: how it goes

mod bar;
mod job;
mod list;
mod report;
mod visit;

use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use mio::{Poll, Token, Waker};
use snug_core::wire::nick::Nick;

use self::job::{Failure, Job, Wish};
use self::list::List;
use self::report::Report;
use self::visit::{End, Visit};
use super::connection::Memory;
use super::dial::Tries;
use super::link::Link;
use super::options::{ClientOptions, Errands};
use crate::clock::Clock;

const WAKER: Token = Token(1);

/// Does what the options ask for. The status is 0 when all of it is done and
/// the server has said so, and 1 when something is not.
pub(super) fn run(options: &ClientOptions) -> ExitCode {
    match Round::begin(options).and_then(|mut round| round.run()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cli: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All that is to be done, over however many connections.
pub(super) struct Round<'o> {
    options: &'o ClientOptions,
    poll: Poll,
    waker: Arc<Waker>,
    clock: Clock,
    wishes: VecDeque<Wish>,
    /// What is being done.
    job: Option<(Wish, Job)>,
    report: Report,
    /// There was a connection: what is lost can be had again.
    has_been: bool,
    failed: bool,
}

impl<'o> Round<'o> {
    fn begin(options: &'o ClientOptions) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let wishes = wishes(&options.errands, options.json);
        Ok(Self {
            options,
            poll,
            waker,
            clock: Clock::start(),
            wishes,
            job: None,
            report: Report { objects: options.json, quiet: options.errands.quiet },
            has_been: false,
            failed: false,
        })
    }

    /// Whether all came true.
    fn run(&mut self) -> io::Result<bool> {
        let mut memory = Memory::new(self.options.mode());
        let mut tries = Tries::limited(self.options.no_reconnect);
        while self.has_more() {
            let done = self.done();
            let why = match Link::connect(&self.options.host, self.options.port) {
                Ok(link) => {
                    if self.has_been {
                        self.report.back();
                    }
                    self.has_been = true;
                    match Visit::begin(self, &mut memory, link)?.run()? {
                        End::Done => break,
                        End::Lost(why) => why,
                        End::PutOut(why) => {
                            self.give_up(&why);
                            break;
                        }
                    }
                }
                Err(error) => error.to_string(),
            };
            self.lose();
            if self.done() != done {
                tries.reset();
            }
            let Some(pause) = tries.next().filter(|_| self.has_been) else {
                self.give_up(&why);
                break;
            };
            self.rest(&why, pause);
        }
        Ok(!self.failed)
    }

    /// Begins the next thing, if nothing is under way; whether something is.
    fn has_more(&mut self) -> bool {
        while self.job.is_none() {
            let Some(wish) = self.wishes.pop_front() else { return false };
            match wish.begin(self.options.errands.quiet, &self.waker) {
                Ok(job) => self.job = Some((wish, job)),
                Err(why) => self.tell_failure(&wish, &why.into()),
            }
        }
        true
    }

    fn finish(&mut self, outcome: Result<(), Failure>) {
        let Some((wish, job)) = self.job.take() else { return };
        let where_it_was = job.where_it_was();
        // Its row on the screen ends with it.
        drop(job);
        match outcome {
            Ok(()) => self.report.done(&wish, where_it_was),
            Err(why) => self.tell_failure(&wish, &why),
        }
    }

    fn tell_failure(&mut self, wish: &Wish, why: &Failure) {
        self.failed = true;
        self.report.failed(wish, why);
    }

    /// The server knows the user under another name than was wanted.
    fn tell_unnamed(&mut self, why: &str) {
        self.failed = true;
        self.report.unnamed(self.options.nick.as_ref().map_or("", Nick::as_str), why);
    }

    fn done(&self) -> u64 {
        self.job.as_ref().map_or(0, |(_, job)| job.done())
    }

    /// The connection is gone.
    fn lose(&mut self) {
        if let Some((_, job)) = &mut self.job
            && let Err(why) = job.lost()
        {
            self.finish(Err(why));
        }
    }

    fn give_up(&mut self, why: &str) {
        if self.has_more() {
            self.failed = true;
            self.job = None;
            self.report.given_up(&self.options.place(), why);
        }
    }

    /// All was sent, and the server was not heard to take it.
    fn doubt(&mut self) {
        self.failed = true;
        self.report.given_up(&self.options.place(), Failure::Unconfirmed);
    }

    fn rest(&self, why: &str, pause: Duration) {
        if let Some((_, job)) = &self.job {
            let then = format_args!("trying again in {:.1} s", pause.as_secs_f32());
            self.report.lost(job, why, then);
        }
        thread::sleep(pause);
    }
}

fn wishes(errands: &Errands, json: bool) -> VecDeque<Wish> {
    let replace = errands.replace;
    let folder = errands.folder();
    let send = errands.send.iter().cloned().map(Wish::Say);
    let put = errands.put.iter().map(|path| Wish::Put { path: path.clone(), replace });
    let get = errands.get.iter().map(|name| {
        let (name, folder) = (Box::new(name.clone()), folder.clone());
        Wish::Get { name, folder, replace }
    });
    let list = errands.files.then(|| Wish::List(List::fitting(json)));
    send.chain(put).chain(get).chain(list).collect()
}
