//! Files in a stream: what comes between the lines, and which of them tell of
//! it.

use super::deeds::{Transfer, What};
use super::disk::Version;
use super::stream::{Answer, State, Stream};

/// How far the transfer is that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Leg {
    #[default]
    None,
    /// The peer knows from where to send.
    Had,
    /// A version of a file was told, and what stands before a place has come.
    File(usize, usize),
    /// The bytes up to another place come.
    Part(usize, usize, usize),
}

pub(crate) const STOPPED: &str = "> Your transfer has been stopped";
const NOTHING: &str = "! no transfer of yours is under way";

impl State {
    /// The transfer that is under way is over.
    fn transferred(mut self, answer: Answer) -> Self {
        self.transfers.push(answer);
        self.leg = Leg::None;
        self
    }
}

impl Stream<'_> {
    /// Bytes of a part, all that came of it.
    pub(super) fn part(&self, state: &State, version: usize, at: usize, end: usize) -> Vec<State> {
        let rest = &self.bytes[state.at..];
        let part = &self.versions[version].bytes[at..end];
        if rest.len() < part.len() {
            return self.tail(state).filter(|_| part.starts_with(rest)).into_iter().collect();
        }
        if !rest.starts_with(part) {
            return Vec::new();
        }
        let leg = Leg::File(version, end);
        vec![State { at: state.at + part.len(), leg, ..state.clone() }]
    }

    /// A line that tells of a transfer.
    pub(super) fn transfer(&self, state: &State, line: &str) -> Vec<State> {
        let Some(transfer) = self.under_way(state) else { return Vec::new() };
        let next = self.truth.transfers.get(state.transfers.len() + 1);
        let is_stop = |other: &Transfer| matches!(other.what, What::Stop);
        if line == STOPPED && next.is_some_and(|next| is_stop(next) && next.after <= state.asked) {
            let stopped = state.clone().transferred(Answer::Refused(line.to_owned()));
            return vec![stopped.transferred(Answer::Granted)];
        }
        if line == STOPPED && !self.complete && !is_stop(transfer) {
            // It was let go meanwhile.
            return vec![state.clone().transferred(Answer::Refused(line.to_owned()))];
        }
        match &transfer.what {
            What::Put(id) => self.put(state, line, *id),
            What::Get { name, offset, time } => self.got(state, line, name, *offset, *time),
            What::Stop => stop(state, line).into_iter().collect(),
        }
    }

    /// The transfer that is under way, if its turn has come.
    fn under_way(&self, state: &State) -> Option<&Transfer> {
        let transfer = self.truth.transfers.get(state.transfers.len())?;
        (transfer.after <= state.asked).then_some(transfer)
    }

    /// Whether the next answer comes behind a transfer that is not over.
    pub(super) fn waits_for_transfer(&self, state: &State) -> bool {
        let transfer = self.truth.transfers.get(state.transfers.len());
        let before = transfer.and_then(|transfer| transfer.before);
        before.is_some_and(|before| before <= state.asked)
    }

    fn put(&self, state: &State, line: &str, id: usize) -> Vec<State> {
        let upload = &self.deeds.uploads[id];
        let size = upload.bytes.len();
        if let Some(offset) = line.strip_prefix(&format!("#have '{}' ", upload.name)) {
            let right = state.leg == Leg::None && offset.parse().is_ok_and(|n: usize| n <= size);
            return right.then(|| State { leg: Leg::Had, ..state.clone() }).into_iter().collect();
        }
        let granted = line == format!("> Your file has been uploaded ({size} bytes)");
        if granted && state.leg == Leg::Had {
            return vec![state.clone().transferred(Answer::Granted)];
        }
        refused(state, line, "! #put: ").into_iter().collect()
    }

    fn got(&self, state: &State, line: &str, name: &str, offset: usize, time: u64) -> Vec<State> {
        match state.leg {
            Leg::None => {
                let begins = |version: &Version| {
                    let could = version.name == name && version.until >= time;
                    let size = version.bytes.len();
                    could && offset <= size && line == format!("#file '{name}' {size}")
                };
                let versions = self.versions.iter().enumerate();
                let begun = versions.filter(|(_, version)| begins(version));
                let begun =
                    begun.map(|(n, _)| State { leg: Leg::File(n, offset), ..state.clone() });
                begun.chain(refused(state, line, "! #get: ")).collect()
            }
            Leg::File(n, at) => self.go_on(state, line, n, at).into_iter().collect(),
            Leg::Had | Leg::Part(..) => Vec::new(),
        }
    }

    fn go_on(&self, state: &State, line: &str, n: usize, at: usize) -> Option<State> {
        let version = &self.versions[n];
        let left = version.bytes.len() - at;
        if left == 0 && line == format!("#sum {}", version.digest) {
            return Some(state.clone().transferred(Answer::Granted));
        }
        let len = left.min(self.block);
        if left > 0 && line == format!("#part {len}") {
            return Some(State { leg: Leg::Part(n, at, at + len), ..state.clone() });
        }
        refused(state, line, "! #get: ")
    }
}

fn refused(state: &State, line: &str, begin: &str) -> Option<State> {
    let refused = || state.clone().transferred(Answer::Refused(line.to_owned()));
    line.starts_with(begin).then(refused)
}

/// Of a transfer that was all sent, or never was.
fn stop(state: &State, line: &str) -> Option<State> {
    let refused = || state.clone().transferred(Answer::Refused(line.to_owned()));
    match line {
        STOPPED => Some(state.clone().transferred(Answer::Granted)),
        NOTHING => Some(refused()),
        _ => None,
    }
}
