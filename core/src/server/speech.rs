//! Texts on their way into the log.

use super::{Client, Server};
use crate::id::ClientId;
use crate::log::{Audience, LINE_COST, Log};
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::notice::{Prefix, render};
use crate::wire::text::make_safe;

/// How a text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// For all.
    Text,
    /// What the speaker does, for all line peers.
    Action,
    /// For the client in this place alone.
    Private(u32),
}

/// Who speaks, and what stands before its texts. Forgotten when a client gets a
/// name; nobody's where it was for one line alone.
#[derive(Debug)]
pub(super) struct Voice {
    speaker: Option<ClientId>,
    prefix: [u8; PREFIX],
    len: usize,
}

impl Voice {
    pub(super) const NONE: Self = Self { speaker: None, prefix: [0; PREFIX], len: 0 };

    /// The voice of who keeps the room.
    pub(super) fn of_the_server() -> Self {
        let mut voice = Self::NONE;
        voice.len = render(&mut voice.prefix, Prefix::Server);
        voice
    }

    fn prefix(&self) -> &[u8] {
        self.prefix.get(..self.len).unwrap_or_default()
    }

    /// Bytes of a line with `raw`, at most.
    fn most_of_line(&self, limit: u16, raw: &[u8]) -> usize {
        usize::from(limit).min(self.len + 3 * raw.len() + 1)
    }

    /// Appends a line of at most `most` bytes: the prefix, and as much of `raw`,
    /// made safe, as fits. Returns the bytes used up, and those of the line.
    fn write(
        &self,
        log: &mut Log<'_>,
        audience: Audience,
        most: usize,
        raw: &[u8],
    ) -> (usize, usize) {
        let prefix = self.prefix();
        let mut taken = 0;
        let len = log.append(audience, most, |out| {
            let (start, text) = out.split_at_mut(prefix.len());
            start.copy_from_slice(prefix);
            let end = text.len() - 1;
            let safe = make_safe(raw, &mut text[..end]);
            taken = safe.taken;
            text[safe.written] = b'\n';
            prefix.len() + safe.written + 1
        });
        (taken, len)
    }
}

/// Bytes of the longest prefix: a private text, between two nicks of 64 bytes.
const PREFIX: usize = 144;

impl<S: Store> Server<'_, S> {
    /// Bytes of text that fit a line of a client, made safe.
    pub(super) fn text_room(&self, place: u32) -> usize {
        let prefix = self.table.tenant(place).map_or(0, |client| client.prefix_len);
        usize::from(self.config.line_limit) - usize::from(prefix) - 1
    }

    /// Whether a client may say something now; where not, it waits until then.
    pub(super) fn gets_the_floor(&mut self, now: Instant, place: u32) -> bool {
        if !self.keeps_its_rate(now, place) {
            return false;
        }
        let may = self.may_speak(now, place);
        if !may {
            self.table.push(Queue::Held, place);
        }
        may
    }

    /// Whether all of `raw`, made safe, is one line.
    pub(super) fn fits_line(&self, place: u32, manner: Manner, raw: &[u8]) -> bool {
        let prefix_len = self.render_prefix(&mut [0; PREFIX], place, manner);
        prefix_len + safe_len(raw) < usize::from(self.config.line_limit)
    }

    /// Makes a line of as much of `raw` as fits. Returns the bytes used up.
    pub(super) fn say(&mut self, now: Instant, place: u32, manner: Manner, raw: &[u8]) -> usize {
        self.raise_voice(place, manner);
        let audience = match manner {
            Manner::Text => Audience::AllBut(place),
            Manner::Action => Audience::LinePeersBut(place),
            Manner::Private(to) => Audience::Only(to),
        };
        let (taken, len) = self.append_text(now, audience, raw);
        self.count_words(place, len);
        if let Manner::Private(to) = manner {
            self.make_urgent(to);
        }
        taken
    }

    /// Says the whole lines at the start of a client's `input` that are nothing
    /// but text, in the voice that is raised, as long as there is
    /// [headroom](Self::headroom) left.
    // Inlined into its caller, it would take a device 100 bytes more.
    #[inline(never)]
    pub(super) fn say_more(&mut self, place: u32, input: &[u8], headroom: usize) {
        let number = self.window.number;
        let Some(client) = self.table.tenant_mut(place) else { return };
        let (mut used, mut cost) = (0, 0);
        while cost < headroom
            && let Some(text) = input.get(used..).and_then(|rest| client.decoder.whole_line(rest))
        {
            let most = self.voice.most_of_line(self.config.line_limit, text.raw);
            let audience = Audience::AllBut(place);
            let (taken, len) = self.voice.write(&mut self.log, audience, most, text.raw);
            used += client.decoder.took_text(&text, taken);
            cost += len.max(LINE_COST);
        }
        client.input.consume(used);
        client.speech_in(number).count(cost);
    }

    /// Appends a line of the voice's prefix and as much of `raw`, made safe, as
    /// fits. Returns the bytes used up, and those of the line.
    pub(super) fn append_text(
        &mut self,
        now: Instant,
        audience: Audience,
        raw: &[u8],
    ) -> (usize, usize) {
        let most = self.voice.most_of_line(self.config.line_limit, raw);
        self.make_room(most);
        let appended = self.voice.write(&mut self.log, audience, most, raw);
        self.turn_window(now);
        appended
    }

    /// What stands before a text of a client: rendered once for all that it
    /// says before somebody else speaks.
    fn raise_voice(&mut self, place: u32, manner: Manner) {
        let speaker = (manner == Manner::Text).then(|| self.table.id(place));
        if speaker.is_none() || self.voice.speaker != speaker {
            let mut voice = Voice { speaker, ..Voice::NONE };
            voice.len = self.render_prefix(&mut voice.prefix, place, manner);
            self.voice = voice;
        }
    }

    fn render_prefix(&self, out: &mut [u8], place: u32, manner: Manner) -> usize {
        let Some(who) = self.table.tenant(place).map(Client::shown) else { return 0 };
        match manner {
            Manner::Text => render(out, Prefix::Text(who)),
            Manner::Action => render(out, Prefix::Action(who)),
            Manner::Private(to) => {
                let to = self.table.tenant(to).map_or(who, Client::shown);
                render(out, Prefix::Private(who, to))
            }
        }
    }

    /// Notes the length of a line that a client has added to the log.
    pub(super) fn count_words(&mut self, place: u32, len: usize) {
        if let Some(client) = self.table.tenant_mut(place) {
            client.allowance.spend(len);
        }
        self.count_cost(place, len.max(LINE_COST));
    }

    /// Notes what lines of a client take of the log.
    pub(super) fn count_cost(&mut self, place: u32, cost: usize) {
        let number = self.window.number;
        if let Some(client) = self.table.tenant_mut(place) {
            client.speech_in(number).count(cost);
        }
    }
}

/// Bytes that `raw` has once it is safe.
fn safe_len(mut raw: &[u8]) -> usize {
    let mut len = 0;
    while !raw.is_empty() {
        let safe = make_safe(raw, &mut [0; 64]);
        len += safe.written;
        raw = &raw[safe.taken..];
    }
    len
}
