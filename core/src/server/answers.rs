//! Answers: values until a link takes them, rendered line by line.
//!
//! A line of which half is out must be rendered alike for the other half.
//! Answers whose words could change in between end such a line instead, as a
//! line of the room is ended from which a peer is taken forward.

use super::Server;
use super::client::{Answer, Half, Outbox, Stage};
use crate::hash;
use crate::id::ClientId;
use crate::log::{Cursor, Reader};
use crate::store::{Listed, Store, TransferSlot};
use crate::wire::Dialect;
use crate::wire::command::COMMANDS;
use crate::wire::digest::Digest;
use crate::wire::notice::{Reply, render};

/// What goes first to a client, where that is not the room's lines.
#[derive(Clone, Copy, Debug)]
pub(super) enum Front {
    /// So many bytes on the page, of an answer.
    Page(usize),
    /// So many bytes on the page, of a transfer's line.
    Line(usize),
    /// A part of a file.
    Part(TransferSlot),
    /// Lines of the room that were before.
    History { cursor: Cursor, until: u64 },
}

impl<S: Store> Server<'_, S> {
    /// Renders a client's first answer. Far from the lines, which go out far
    /// more often.
    #[inline(never)]
    pub(super) fn render_front(&mut self, place: u32) -> Front {
        loop {
            let Some(client) = self.table.tenant(place) else { return Front::Page(0) };
            let Some(&answer) = client.outbox.answers.front() else { return Front::Page(0) };
            let dialect = client.dialect();
            match answer {
                Answer::Files { from, count, half, .. } => {
                    if let Some(len) = self.render_file(place, from, count, half) {
                        return Front::Page(len);
                    }
                }
                Answer::Who { from, half } => {
                    if let Some(len) = self.render_user(place, from, half) {
                        return Front::Page(len);
                    }
                }
                Answer::History { cursor, until } => {
                    if let Some(cursor) = self.settle_history(place, cursor, until) {
                        return Front::History { cursor, until };
                    }
                }
                Answer::Cut => return Front::Page(self.render_cut(place, dialect)),
                answer => {
                    let reply = reply(answer, client.sum);
                    return Front::Page(self.render_reply(0, dialect, reply));
                }
            }
        }
    }

    /// The end of a line that is cut: not within a character.
    fn render_cut(&mut self, place: u32, dialect: Dialect) -> usize {
        let half = self.table.tenant(place).map_or(Half::default(), |client| client.outbox.half);
        let half = half.as_bytes();
        self.page[..half.len()].copy_from_slice(half);
        self.render_reply(half.len(), dialect, Reply::Cut)
    }

    /// Renders a reply from a place of the page on; returns where it ends.
    fn render_reply(&mut self, start: usize, dialect: Dialect, reply: Reply<'_>) -> usize {
        let len = start + render(&mut self.page[start..], reply);
        let newline = dialect == Dialect::Classic && self.page[..len].ends_with(b"\n");
        len - usize::from(newline)
    }

    /// Renders the line about the next user from a place on, or nothing where
    /// another answer goes first.
    fn render_user(
        &mut self,
        place: u32,
        from: u32,
        half: Option<(ClientId, u8)>,
    ) -> Option<usize> {
        let subject = self.next_user(from);
        let begun = self.table.tenant(place)?.outbox.sent > 0;
        if begun && half != subject {
            self.cut_line(place, Answer::Who { from, half: None });
            return None;
        }
        let Some((id, _)) = subject else {
            let online = self.online;
            self.replace_front(place, Answer::Users(online));
            return None;
        };
        self.replace_front(place, Answer::Who { from: id.place(), half: subject });
        let user = self.table.tenant(id.place())?;
        Some(render(&mut self.page, Reply::User(user.shown(), user.addr)))
    }

    /// Who is in the first place that is let from `from` on, under which name.
    fn next_user(&self, mut from: u32) -> Option<(ClientId, u8)> {
        loop {
            let place = self.table.next_from(from)?;
            let user = self.table.tenant(place)?;
            if user.stage != Stage::Left {
                return Some((self.table.id(place), user.renames));
            }
            from = place + 1;
        }
    }

    /// Renders the line about the next file, as [`Self::render_user`] does.
    fn render_file(
        &mut self,
        place: u32,
        from: u64,
        count: u32,
        half: Option<u32>,
    ) -> Option<usize> {
        let begun = self.table.tenant(place)?.outbox.sent > 0;
        let file = self.store.list(from);
        let line = file.as_ref().map_or(0, |Listed { name, size, age, .. }| {
            render(&mut self.page, Reply::Listed(name, *size, *age))
        });
        // But for its age, or a list that is taken slowly would never end.
        let hash = file.as_ref().map(|Listed { name, size, .. }| {
            hash::of_bytes(self.config.seed ^ size, name.as_str().as_bytes())
        });
        if begun && half != hash {
            self.cut_line(place, Answer::Files { from, next: from, count, half: None });
            return None;
        }
        let Some(Listed { next, .. }) = file else {
            self.replace_front(place, Answer::EndOfFiles(count));
            return None;
        };
        self.replace_front(place, Answer::Files { from, next, count, half: hash });
        Some(line)
    }

    /// Brings a repetition to its next line, or nothing where another answer
    /// goes first.
    fn settle_history(&mut self, place: u32, mut cursor: Cursor, until: u64) -> Option<Cursor> {
        if self.log.is_overrun(cursor) && cursor.sent > 0 {
            let next = cursor.next + 1;
            self.cut_line(place, Answer::History { cursor: Cursor { next, sent: 0 }, until });
            return None;
        }
        let some = self.log.settle(&mut cursor, Reader::OBSERVER) && cursor.next < until;
        let answer = if some { Answer::History { cursor, until } } else { Answer::EndOfHistory };
        self.replace_front(place, answer);
        some.then_some(cursor)
    }

    /// The link of a client took `count` of `len` bytes of an answer's line.
    pub(super) fn took_answer(&mut self, place: u32, count: usize, len: usize) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        if count >= len {
            let waits = !client.can_be_answered();
            next_line(&mut client.outbox);
            if waits && client.can_be_answered() {
                // Its next command may have waited for this one.
                self.resume(place);
            }
            return;
        }
        let outbox = &mut client.outbox;
        outbox.sent += count as u16;
        if outbox.answers.front() != Some(&Answer::Cut) {
            outbox.half = Half::of(&self.page[usize::from(outbox.sent)..]);
        }
    }

    fn replace_front(&mut self, place: u32, answer: Answer) {
        let front = self.table.tenant_mut(place).and_then(|c| c.outbox.answers.front_mut());
        if let Some(front) = front {
            *front = answer;
        }
    }

    /// Ends the line of which half is out, and goes on with `answer`.
    fn cut_line(&mut self, place: u32, answer: Answer) {
        self.replace_front(place, answer);
        if let Some(client) = self.table.tenant_mut(place) {
            client.outbox.sent = 0;
            // Room: two places are kept for what no command asks for.
            let _ = client.outbox.answers.push_front(Answer::Cut);
        }
    }
}

/// What an answer of one line says.
fn reply(answer: Answer, sum: Digest) -> Reply<'static> {
    match answer {
        Answer::Greeting(online) => Reply::Greeting(online),
        Answer::Switched => Reply::Switched,
        Answer::Cut => Reply::Cut,
        Answer::Skipped(count) => Reply::Skipped(count),
        Answer::Stored(size) => Reply::Stored(size),
        Answer::Sum => Reply::Sum(sum),
        Answer::Named => Reply::Named,
        Answer::Delivered => Reply::Delivered,
        Answer::Users(count) => Reply::Users(count),
        Answer::Help(line) => Reply::Help(line.into()),
        Answer::Refused(why) => Reply::Refused(why),
        Answer::EndOfFiles(count) => Reply::Files(count),
        Answer::Stopped => Reply::Stopped,
        Answer::Failed(word, why) => Reply::Failed(word, why),
        // The last three are of more than one line, and rendered above.
        Answer::EndOfHistory
        | Answer::Who { .. }
        | Answer::History { .. }
        | Answer::Files { .. } => Reply::EndOfHistory,
    }
}

/// The first answer's line is out: on to the next.
fn next_line(outbox: &mut Outbox) {
    outbox.sent = 0;
    match outbox.answers.front_mut() {
        Some(Answer::Who { from, half }) => {
            *from += 1;
            *half = None;
        }
        Some(Answer::Files { from, next, count, half }) => {
            *from = *next;
            *count = count.saturating_add(1);
            *half = None;
        }
        Some(Answer::Help(line)) if usize::from(*line) + 1 < COMMANDS.len() => *line += 1,
        _ => {
            outbox.answers.pop_front();
        }
    }
}
