//! A file in parts, in one direction or the other, and what there is.

use core::fmt;

use super::incoming::Line;
use super::{Client, Event, Kind, STOPPED, STORED};
use crate::time::Instant;
use crate::wire::digest::Digest;
use crate::wire::name::FileName;
use crate::wire::report::Report;

/// Why a file or a list cannot be asked for, or a transfer not be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TransferError {
    /// Another file is under way.
    Busy,
    /// None is under way that could be stopped.
    Idle,
    /// The server is not known yet, or what goes before is not gone: try again
    /// after the next timeout or the next sending.
    NotYet,
    /// A classic server has nothing of this; see [`offer`](super::Client::offer).
    Classic,
    /// The buffers are too short for lines with such a name.
    NameTooLong,
}

/// The transfer that was asked for, and whether a list was.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    under_way: Option<Transfer>,
    /// A list was asked for and is not complete.
    listing: bool,
}

#[derive(Debug)]
struct Transfer {
    name: FileName,
    stage: Stage,
    /// `#stop` is out: nothing more is given.
    stopping: bool,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// `#put` is out, for a file of so many bytes.
    Put(u64),
    /// So many of them are still to be given.
    Giving(u64),
    /// `#get` is out, for the bytes from here on.
    Get(u64),
    /// So many of them are still to come.
    Taking(u64),
}

impl Transfers {
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    pub(super) fn begin(&mut self, name: &FileName, stage: Stage) {
        self.under_way = Some(Transfer { name: name.clone(), stage, stopping: false });
    }

    pub(super) fn list(&mut self) {
        self.listing = true;
    }

    /// Whether the transfer is to be stopped; `None` if there is none.
    pub(super) fn stopping(&mut self) -> Option<&mut bool> {
        self.under_way.as_mut().map(|transfer| &mut transfer.stopping)
    }

    /// Bytes that may be given now, if a file is to be given.
    pub(super) fn to_give(&self) -> Option<u64> {
        match self.under_way {
            Some(Transfer { stage: Stage::Giving(left), stopping: false, .. }) => Some(left),
            _ => None,
        }
    }

    pub(super) fn give(&mut self, len: usize) {
        if let Some(Transfer { stage: Stage::Giving(left), .. }) = &mut self.under_way {
            *left -= len as u64;
        }
    }

    /// How many of these bytes of a part were asked for.
    pub(super) fn take(&mut self, len: usize) -> usize {
        let Some(Transfer { stage: Stage::Taking(left), .. }) = &mut self.under_way else {
            return 0;
        };
        let taken = usize::try_from(*left).map_or(len, |left| left.min(len));
        *left -= taken as u64;
        taken
    }

    /// What a line of Snug's means, if it is about something that was asked for.
    pub(super) fn read<'a>(&mut self, line: &Line<'a>) -> Option<Event<'a>> {
        match line.kind {
            _ if !line.by_snug => None,
            Kind::Program if line.whole => self.report(Report::parse(line.text)?),
            Kind::Refused => self.refusal(line.text),
            Kind::Told if line.whole => self.listed(line.text).or_else(|| self.end(line.text)),
            _ => None,
        }
    }

    fn report<'a>(&mut self, report: Report<'a>) -> Option<Event<'a>> {
        if let Report::Stored { name, size, age } = report {
            return self.listing.then_some(Event::Stored { name, size, age });
        }
        let transfer = self.under_way.as_mut()?;
        let about = transfer.name.as_str();
        match (transfer.stage, report) {
            (Stage::Put(size), Report::Have { name, offset }) if name == about => {
                transfer.stage = Stage::Giving(size.checked_sub(offset)?);
                Some(Event::Have { offset })
            }
            (Stage::Get(offset), Report::File { name, size }) if name == about => {
                transfer.stage = Stage::Taking(size.saturating_sub(offset));
                Some(Event::File { size })
            }
            (Stage::Taking(_), Report::Sum(digest)) => {
                self.under_way = None;
                Some(Event::Sum(digest))
            }
            _ => None,
        }
    }

    /// A refusal is the transfer's if it begins with the word that began it, or
    /// says that the word is not taken at all.
    fn refusal<'a>(&mut self, line: &'a str) -> Option<Event<'a>> {
        let stage = self.under_way.as_ref()?.stage;
        let why = line.strip_prefix("! ")?;
        let own = match stage {
            Stage::Put(_) | Stage::Giving(_) => why.strip_prefix("#put: "),
            Stage::Get(_) | Stage::Taking(_) => why.strip_prefix("#get: "),
        };
        let is_asked = matches!(stage, Stage::Put(_) | Stage::Get(_));
        let reason = own.or_else(|| Some(why).filter(|why| is_asked && is_not_taken(why)))?;
        self.under_way = None;
        Some(Event::Refused { reason })
    }

    /// `> N files`
    fn listed<'a>(&mut self, line: &str) -> Option<Event<'a>> {
        let words = line.strip_prefix("> ").filter(|_| self.listing)?;
        let (count, "file" | "files") = words.split_once(' ')? else { return None };
        let count = count.parse().ok()?;
        self.listing = false;
        Some(Event::Listed(count))
    }

    fn end<'a>(&mut self, line: &str) -> Option<Event<'a>> {
        let event = match self.under_way.as_ref()?.stage {
            _ if line == STOPPED => Event::Stopped,
            Stage::Giving(0) if line.starts_with(STORED) => Event::Uploaded,
            _ => return None,
        };
        self.under_way = None;
        Some(event)
    }
}

/// Whether a refusal is about the command as such: the server does not know it,
/// writes it in another way, or has no room for so long a line.
fn is_not_taken(why: &str) -> bool {
    NOT_TAKEN.iter().any(|begin| why.starts_with(begin))
}

const NOT_TAKEN: [&str; 3] = ["there is no such command", "write #", "a command has "];

/// What Snug alone can do. A transfer is one file; another one can begin when
/// it has ended, by [`Event::Uploaded`], [`Event::Sum`], [`Event::Refused`] or
/// [`Event::Stopped`]. What is said meanwhile goes out between two parts.
///
/// [`Buffers::input`](super::Buffers::input) needs room for a name and 32
/// bytes, [`Buffers::output`](super::Buffers::output) for a name and 110.
impl Client<'_> {
    /// Puts a file of `size` bytes into the room, in parts.
    ///
    /// [`Event::Have`] tells from which byte on the server wants it, then it
    /// goes out through [`body_space`](Self::body_space), and
    /// [`Event::Uploaded`] is the end. Snug compares what it got with `digest`.
    /// A file that has the name already is in the way, unless `replace`.
    pub fn put(
        &mut self,
        now: Instant,
        name: &FileName,
        size: u64,
        digest: Digest,
        replace: bool,
    ) -> Result<(), TransferError> {
        let replace = if replace { " replace" } else { "" };
        self.ask_for(now, name, format_args!("#put '{name}' {size} {digest}{replace}"))?;
        self.transfers.begin(name, Stage::Put(size));
        Ok(())
    }

    /// Asks for the bytes of a file from `offset` on, which come in parts.
    ///
    /// [`Event::File`] tells its whole size, [`Event::Part`] brings its bytes,
    /// and [`Event::Sum`] is the end.
    pub fn get(&mut self, now: Instant, name: &FileName, offset: u64) -> Result<(), TransferError> {
        self.ask_for(now, name, format_args!("#get '{name}' {offset}"))?;
        self.transfers.begin(name, Stage::Get(offset));
        Ok(())
    }

    /// Ends the transfer under way: it is over with [`Event::Stopped`], unless
    /// its own end comes before. Bytes of a file that is asked for may still
    /// come until then; of one that is put no more are wanted.
    pub fn stop(&mut self, now: Instant) -> Result<(), TransferError> {
        match self.transfers.stopping() {
            None => return Err(TransferError::Idle),
            Some(true) => return Ok(()),
            Some(false) => {}
        }
        self.handle_timeout(now);
        self.outgoing.ask(now, format_args!("#stop"))?;
        self.transfers.stopping().into_iter().for_each(|stopping| *stopping = true);
        Ok(())
    }

    /// Asks which files there are: an [`Event::Stored`] for each, and then
    /// [`Event::Listed`]. This may be asked during a transfer.
    pub fn list_files(&mut self, now: Instant) -> Result<(), TransferError> {
        self.handle_timeout(now);
        self.outgoing.ask(now, format_args!("#files"))?;
        self.transfers.list();
        Ok(())
    }

    /// Whether a file was put or asked for and its transfer has not ended.
    pub fn is_transferring(&self) -> bool {
        self.transfers.is_under_way()
    }

    fn ask_for(
        &mut self,
        now: Instant,
        name: &FileName,
        line: fmt::Arguments<'_>,
    ) -> Result<(), TransferError> {
        self.handle_timeout(now);
        if self.transfers.is_under_way() {
            return Err(TransferError::Busy);
        }
        if self.incoming.capacity() < name.as_str().len() + 32 {
            return Err(TransferError::NameTooLong);
        }
        self.outgoing.ask(now, line)
    }
}
