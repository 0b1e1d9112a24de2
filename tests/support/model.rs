//! A naive model of the room: the console's lines, and who is to get which.
//!
//! The console sees everything that is said to the room in its order. What a
//! peer is to get follows from that alone: all lines since it came but those
//! about itself and those that its dialect has no sentence for.

/// What has been said to the room.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) lines: Vec<String>,
    /// A line that is not whole yet.
    half: String,
}

impl Model {
    /// The console has shown some more.
    pub(crate) fn hear(&mut self, text: &str) {
        self.half.push_str(text);
        while let Some(end) = self.half.find('\n') {
            let rest = self.half.split_off(end + 1);
            let line = core::mem::replace(&mut self.half, rest);
            self.lines.push(line.trim_end_matches('\n').to_owned());
        }
    }

    /// What somebody gets who came when there were `since` lines.
    pub(crate) fn expected(&self, name: &Names, since: usize, classic: bool) -> Vec<&str> {
        let is_not_for = |line: &str| name.is_about(line) || (classic && is_for_line_peers(line));
        self.lines[since..].iter().map(String::as_str).filter(|line| !is_not_for(line)).collect()
    }

    /// Each count of users is one more or one less than the one before.
    pub(crate) fn check_counts(&self) -> usize {
        let mut online = 0;
        for line in &self.lines {
            if line.starts_with("> New user ") {
                online += 1;
            } else if line.starts_with("< The user ") {
                online -= 1;
            } else {
                continue;
            }
            let s = if online > 1 { "s" } else { "" };
            assert!(line.ends_with(&format!(" ({online} user{s} online)")), "{line}");
        }
        online
    }

    /// How many lines end like this.
    pub(crate) fn count(&self, end: &str) -> usize {
        self.lines.iter().filter(|line| line.ends_with(end)).count()
    }

    /// The texts that somebody said, in order.
    pub(crate) fn said(&self, name: &Names) -> Vec<&str> {
        let texts = self.lines.iter().filter_map(|line| line.strip_prefix('[')?.split_once("] "));
        texts.filter(|(who, _)| name.has(who)).map(|(_, text)| text).collect()
    }
}

/// By what one peer has gone: its address, and nicks that begin alike.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) addr: String,
    /// What all nicks of this peer begin with, and no others do.
    pub(crate) nick: String,
}

impl Names {
    fn has(&self, name: &str) -> bool {
        name == self.addr || name.starts_with(&self.nick)
    }

    fn is_about(&self, line: &str) -> bool {
        let subject = ["> New user ", "< The user ", "> User ", "* ", "["];
        let rest = subject.iter().find_map(|start| line.strip_prefix(start));
        let name = rest.and_then(|rest| rest.split([' ', ']']).next());
        name.is_some_and(|name| self.has(name))
    }
}

fn is_for_line_peers(line: &str) -> bool {
    line.starts_with("* ") || (line.starts_with("> User ") && line.contains(" is now "))
}

/// Holds what a line peer got against what it was to get: each line once, in
/// order, whole, but for what it was told that it missed. Answers are passed
/// over. Returns how many lines are still to come.
pub(crate) fn check_lines(expected: &[&str], got: &str) -> usize {
    let mut at = 0;
    for line in got.lines() {
        if let Some(skipped) = skipped(line) {
            at += skipped;
        } else if is_answer(line) {
        } else if let Some(half) = line.strip_suffix(" …[cut]") {
            assert!(expected[at].starts_with(half), "{half:?} of {:?}", expected[at]);
            at += 1;
        } else {
            assert_eq!(Some(line), expected.get(at).copied(), "line {at}");
            at += 1;
        }
    }
    expected.len() - at
}

fn skipped(line: &str) -> Option<usize> {
    let (count, rest) = line.strip_prefix("> ")?.split_once(' ')?;
    rest.starts_with("message").then(|| count.parse().ok())?
}

fn is_answer(line: &str) -> bool {
    let starts = ["! ", "> Your ", "> Connected", "> This is Snug", "#"];
    let is_count = line.starts_with("> ") && (line.ends_with(" user") || line.ends_with(" users"));
    line.is_empty() || is_count || starts.iter().any(|start| line.starts_with(start))
}
