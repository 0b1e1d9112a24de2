//! The naive model of the room: what its console says, held against what was
//! really done.
//!
//! The console sees all that is for more than one, in order. So it must tell
//! each peer's deeds in the peer's own order, once and whole, with the counts
//! that follow from who came and went before; and every peer must have heard
//! the same (see `stream`).

use std::collections::{BTreeMap, HashMap, VecDeque};

use snug_core::memory::LINE_COST;

use super::deeds::{Deeds, Public, Truth};
use super::words::online;

/// A line that the room was told.
#[derive(Debug)]
pub(crate) struct Line {
    /// Without its newline.
    pub(crate) text: String,
    /// Whom it is about, and who does not get it.
    pub(crate) who: usize,
    /// The classic dialect has no such sentence.
    pub(crate) not_classic: bool,
    /// How many were in the room behind it.
    online: u32,
}

/// What the model needs to know of the world when it hears a line.
pub(crate) trait World {
    fn truth(&mut self, peer: usize) -> &mut Truth;
    /// Whether a peer has a reason to be gone.
    fn may_leave(&self, peer: usize) -> bool;
    fn deeds(&mut self) -> &mut Deeds;
    /// Whether a loss of power now would leave the file that was stored as the
    /// `number`th under `name`, or one that came after it.
    fn is_durable(&self, name: &str, number: usize) -> bool;
}

/// Nobody has this number.
const NOBODY: usize = usize::MAX;

/// The room as its lines tell it.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(crate) lines: Vec<Line>,
    online: u32,
    /// Bytes of a line limit and of the room's log.
    pub(crate) limit: usize,
    /// Those who connected and were not told to have left, by name.
    here: BTreeMap<String, usize>,
    /// What the operator said that was not heard yet.
    pub(crate) typed: VecDeque<String>,
    half: String,
    /// The places of each text in `lines`.
    by_text: HashMap<String, Vec<usize>>,
    /// What the lines before each line, and that line, take of the log.
    weights: Vec<usize>,
}

impl Room {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Somebody was let in.
    pub(crate) fn connect(&mut self, peer: usize, truth: &mut Truth) {
        self.here.insert(truth.shown.clone(), peer);
        truth.since = self.lines.len();
    }

    /// The console shows some more bytes.
    pub(crate) fn hear(&mut self, bytes: &str, world: &mut impl World) {
        self.half.push_str(bytes);
        while let Some(at) = self.half.find('\n') {
            let rest = self.half.split_off(at + 1);
            let mut line = core::mem::replace(&mut self.half, rest);
            line.pop();
            let (who, not_classic) = self.judge(&line, world);
            let before = self.weights.last().copied().unwrap_or(0);
            self.weights.push(before + cost(line.len()));
            self.by_text.entry(line.clone()).or_default().push(self.lines.len());
            self.lines.push(Line { text: line, who, not_classic, online: self.online });
        }
    }

    /// The places of the lines from `from` on that have a text.
    pub(crate) fn places(&self, text: &str, from: usize) -> &[usize] {
        let all = self.by_text.get(text).map_or(&[][..], Vec::as_slice);
        &all[all.partition_point(|&n| n < from)..]
    }

    /// How many were in the room when `n` lines had been said.
    pub(crate) fn online(&self, n: usize) -> u32 {
        self.lines[..n].last().map_or(0, |line| line.online)
    }

    /// What lines take of the log.
    pub(crate) fn weight(&self, from: usize, to: usize) -> usize {
        let up_to = |n: usize| match n.min(self.weights.len()) {
            0 => 0,
            n => self.weights[n - 1],
        };
        up_to(to) - up_to(from.min(to))
    }

    /// Holds a line against the truth; returns whom it is about, and whether
    /// classic peers do not get it.
    fn judge(&mut self, line: &str, world: &mut impl World) -> (usize, bool) {
        if let Some((name, count)) = about(line, "> New user ", " entered ") {
            return (self.enter(name, count, world), false);
        }
        if let Some((name, count)) = about(line, "< The user ", " left ") {
            return (self.leave(name, count, world), false);
        }
        if let Some((name, "")) = about(line, "> User ", " has uploaded a file") {
            return (self.upload(name, world), false);
        }
        if let Some((name, new)) = about(line, "> User ", " is now ") {
            return (self.rename(name, new, world), true);
        }
        if let Some(body) = line.strip_prefix("[server] ") {
            let typed = self.typed.pop_front();
            assert_eq!(typed.as_deref(), Some(body), "what the operator said");
            return (NOBODY, false);
        }
        if let Some((name, body)) = about(line, "[", "] ") {
            return (self.speak(name, body, line.len(), world), false);
        }
        let (name, body) = about(line, "* ", " ").expect("the room has no such sentence");
        (self.act(name, body, world), true)
    }

    fn enter(&mut self, name: &str, count: &str, world: &mut impl World) -> usize {
        let who = self.who(name);
        let truth = world.truth(who);
        assert!(truth.entered.is_none(), "{name} enters once");
        truth.entered = Some(self.lines.len());
        self.online += 1;
        assert_eq!(count, online(self.online), "people in the room when {name} came");
        who
    }

    fn leave(&mut self, name: &str, count: &str, world: &mut impl World) -> usize {
        let who = self.who(name);
        assert!(world.may_leave(who), "{name} is gone without a reason");
        let truth = world.truth(who);
        assert!(truth.entered.is_some() && !truth.left, "{name} leaves once, after it came");
        truth.left = true;
        self.online -= 1;
        assert_eq!(count, online(self.online), "people in the room when {name} left");
        self.here.remove(name);
        who
    }

    fn upload(&self, name: &str, world: &mut impl World) -> usize {
        let who = self.who(name);
        let aside = world.truth(who).aside.clone();
        let stored = |&id: &usize| world.deeds().uploads[id].stored.is_some();
        if let Some(id) = aside.into_iter().find(stored) {
            world.truth(who).aside.retain(|&other| other != id);
            world.truth(who).public.push_front(Public::Upload(id));
        }
        loop {
            match world.truth(who).public.pop_front() {
                Some(Public::Upload(id)) => {
                    let upload = &mut world.deeds().uploads[id];
                    if let Some(number) = upload.stored {
                        upload.announced = true;
                        let file = upload.name.clone();
                        let safe = world.is_durable(&file, number);
                        assert!(safe, "{file} is announced and would not outlive a loss of power");
                        return who;
                    }
                }
                // It was refused.
                Some(Public::Nick(_)) => {}
                other => panic!("{name} has uploaded a file, but before that: {other:?}"),
            }
        }
    }

    fn rename(&mut self, name: &str, new: &str, world: &mut impl World) -> usize {
        let who = self.who(name);
        loop {
            match Self::pass(who, world) {
                Some(Public::Nick(nick)) if nick == new => break,
                Some(Public::Nick(_)) => {}
                other => panic!("{name} is now {new}, but before that: {other:?}"),
            }
        }
        self.here.remove(name);
        assert!(self.here.insert(new.to_owned(), who).is_none(), "{new} is one alone");
        let truth = world.truth(who);
        new.clone_into(&mut truth.shown);
        truth.names.push(new.to_owned());
        who
    }

    fn act(&self, name: &str, body: &str, world: &mut impl World) -> usize {
        let who = self.who(name);
        loop {
            match Self::pass(who, world) {
                Some(Public::Action(action)) if action == body => return who,
                Some(Public::Nick(_)) => {}
                other => panic!("{name} did {body:?}, but before that: {other:?}"),
            }
        }
    }

    fn speak(&self, name: &str, body: &str, len: usize, world: &mut impl World) -> usize {
        let who = self.who(name);
        assert!(!body.is_empty() && len < self.limit, "a line has {len} bytes");
        loop {
            match Self::pass(who, world) {
                Some(Public::Text { body: text, apart }) => {
                    let rest = self.hear_text(name, body, len, &text, apart);
                    return self.put_back(who, name, rest, apart, world);
                }
                Some(Public::Nick(_)) => {}
                other => panic!("{name} said {body:?}, but before that: {other:?}"),
            }
        }
    }

    /// Hears a line in a text: the rest of the text, which goes on, or the rest
    /// of the line, which joined it with the next.
    fn hear_text(&self, name: &str, body: &str, len: usize, text: &str, apart: bool) -> Heard {
        if let Some(rest) = text.strip_prefix(body) {
            let cut_at_limit = len + 5 >= self.limit;
            assert!(
                !apart || rest.is_empty() || cut_at_limit,
                "{name}: a part of {text:?}: {body:?}"
            );
            return Heard::Text(rest.to_owned());
        }
        match body.strip_prefix(text).filter(|_| !apart) {
            Some(more) => Heard::Line(more.to_owned()),
            None => panic!("{name} said {body:?} in place of {text:?}"),
        }
    }

    /// Goes on with the rest of a text, or of a line that joined several.
    fn put_back(
        &self,
        who: usize,
        name: &str,
        mut rest: Heard,
        apart: bool,
        world: &mut impl World,
    ) -> usize {
        loop {
            let body = match rest {
                Heard::Line(body) => body,
                Heard::Text(text) if text.is_empty() => return who,
                Heard::Text(body) => {
                    world.truth(who).public.push_front(Public::Text { body, apart });
                    return who;
                }
            };
            let next = world.truth(who).public.pop_front();
            let Some(Public::Text { body: text, apart: false }) = next else {
                panic!("{name} said {body:?} too much")
            };
            rest = self.hear_text(name, &body, 0, &text, false);
        }
    }

    /// The next deed of a peer but for files that were not stored.
    fn pass(who: usize, world: &mut impl World) -> Option<Public> {
        loop {
            match world.truth(who).public.pop_front() {
                Some(Public::Upload(id)) => {
                    let upload = &mut world.deeds().uploads[id];
                    assert!(upload.stored.is_none(), "{} is stored untold", upload.name);
                    upload.refused = true;
                }
                other => return other,
            }
        }
    }

    fn who(&self, name: &str) -> usize {
        *self.here.get(name).unwrap_or_else(|| panic!("{name} is not here"))
    }
}

/// What a line takes of the log.
pub(crate) fn cost(len: usize) -> usize {
    (len + 1).max(LINE_COST)
}

/// What is left after a line was heard in a text.
#[derive(Debug)]
enum Heard {
    Text(String),
    Line(String),
}

/// What stands between `before` and `between`, and behind that.
fn about<'a>(line: &'a str, before: &str, between: &str) -> Option<(&'a str, &'a str)> {
    let (name, rest) = line.strip_prefix(before)?.split_once(between)?;
    (!name.contains(' ')).then_some((name, rest))
}
