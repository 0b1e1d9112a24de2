//! What peers do, one thing at a time.

use std::rc::Rc;

use snug_core::client::ANNOUNCEMENT;

use super::agenda::Event;
use super::deeds::{Asked, Private, Public, Upload};
use super::flaw::Flaw;
use super::house::House;
use super::peer::{Parcel, Tongue};
use super::wire::Care;
use super::words::{self, file_name};

/// Names that more than one may want.
const WANTED: [&str; 3] = ["ada", "Bob", "Чарли"];
/// Parcels that a peer piles up while its link is full.
const MOST_PARCELS: usize = 12;

impl House<'_> {
    /// A peer does something, and will again.
    pub(crate) fn act(&mut self, at: usize, pace: u64) {
        if !self.peer(at).is_active() {
            return self.leave_errand(at);
        }
        if self.peer(at).outbox.len() < MOST_PARCELS {
            match self.peer(at).tongue {
                Tongue::Lines => self.act_in_lines(at),
                Tongue::Classic => self.act_classic(at),
                Tongue::Core(_) => self.act_core(at),
            }
        }
        // Who sends a file goes on soon.
        let pace = if self.peer(at).transfer.is_some() { pace / 4 } else { pace };
        let pause = 1 + self.random.next() % (2 * pace);
        self.agenda.after(pause, Event::Act(at));
    }

    /// A peer does nothing more but to bring what it has begun to its end.
    pub(crate) fn finish(&mut self, at: usize) {
        if self.peer(at).is_active() && self.peer(at).transfer.is_some() {
            match &mut self.peer(at).tongue {
                Tongue::Core(player) => player.errands.allowed = usize::MAX,
                _ => _ = self.go_on(at),
            }
            self.agenda.after(1_000, Event::Act(at));
        }
    }

    fn act_in_lines(&mut self, at: usize) {
        if self.random.one_in(2) && self.go_on(at) {
            return;
        }
        if self.peer(at).count == 0 {
            self.peer(at).truth.asked.push(Asked::Switch);
            if !self.random.one_in(3) {
                self.peer(at).count = 1;
                return self.peer(at).put(*b"\n");
            }
        }
        if self.peer(at).count > 0 {
            return self.do_in_lines(at);
        }
        // Without a knock, a pause before the first newline would end a text,
        // and so would the end of a line that is full.
        let token = self.token(at);
        let body = words::text(&token, &mut self.random, 90);
        self.put_line(at, body.as_bytes());
        self.peer(at).truth.public.push_back(Public::Text { body, apart: true });
        if let Some(Parcel::Bytes(_, care)) = self.peer(at).outbox.front_mut() {
            *care = Care::Together;
        }
    }

    fn do_in_lines(&mut self, at: usize) {
        match self.random.of(0..400) {
            0..205 => self.say_text(at),
            230..250 => self.say_wild(at),
            250..280 => self.say_action(at),
            280..295 => self.ask_for_nick(at),
            295..325 => self.say_privately(at),
            325..330 => self.ask(at, "#who", Asked::Who(None)),
            330..345 => self.ask_for_history(at),
            345..348 => self.ask(at, "#help", Asked::Help),
            348..353 => self.ask(at, "#dance", Asked::Unknown),
            205..230 | 353..380 => self.begin_transfer(at),
            380..397 if self.peer(at).transfer.is_none() => self.upload_in_lines(at),
            380..397 => {}
            397 => self.quit(at),
            _ => self.end(at),
        }
    }

    pub(crate) fn quit(&mut self, at: usize) {
        self.peer(at).put(*b"#quit\n");
        self.peer(at).farewell.quit = true;
    }

    /// A peer ends its sending.
    pub(crate) fn end(&mut self, at: usize) {
        if let Tongue::Core(player) = &self.peer(at).tongue
            && (player.client.is_uploading() || !player.client.pending().is_empty())
        {
            return;
        }
        self.peer(at).farewell.ended = true;
        self.peer(at).outbox.push_back(Parcel::End);
    }

    pub(crate) fn token(&mut self, at: usize) -> String {
        self.peer(at).count += 1;
        format!("t{at}.{}", self.peer(at).count)
    }

    /// The line end that a peer uses this time.
    fn put_line(&mut self, at: usize, raw: &[u8]) {
        let end: &[u8] = if self.random.one_in(5) { b"\r\n" } else { b"\n" };
        let mut line = raw.to_vec();
        line.extend_from_slice(end);
        if self.flaw.shows(Flaw::DoubledText, &mut self.random) {
            line = [&*line, &*line].concat();
        }
        if !self.flaw.shows(Flaw::LostText, &mut self.random) {
            self.peer(at).put(line);
        }
    }

    fn say_text(&mut self, at: usize) {
        let token = self.token(at);
        let most = 2 * self.room.limit;
        let mut body = words::text(&token, &mut self.random, most);
        let mut raw = body.clone();
        if self.random.one_in(10) {
            // Of two the first is taken away.
            body.insert(0, '#');
            raw.insert_str(0, "##");
        }
        self.put_line(at, raw.as_bytes());
        self.peer(at).truth.public.push_back(Public::Text { body, apart: true });
    }

    fn say_wild(&mut self, at: usize) {
        let token = self.token(at);
        let raw = words::wild(&token, &mut self.random);
        self.put_line(at, &raw);
        let body = words::safe(&raw);
        self.peer(at).truth.public.push_back(Public::Text { body, apart: true });
    }

    fn say_action(&mut self, at: usize) {
        let token = self.token(at);
        let body = words::text(&token, &mut self.random, 90);
        self.peer(at).put(format!("#me {body}\n"));
        self.peer(at).truth.public.push_back(Public::Action(body));
    }

    fn ask_for_nick(&mut self, at: usize) {
        self.peer(at).count += 1;
        let own = format!("n{at}_{}", self.peer(at).count);
        let nick = if self.random.one_in(3) { *self.random.pick(&WANTED) } else { &own };
        self.peer(at).put(format!("#nick {nick}\n"));
        let truth = &mut self.peer(at).truth;
        truth.public.push_back(Public::Nick(nick.to_owned()));
        truth.asked.push(Asked::Nick(nick.to_owned()));
    }

    fn say_privately(&mut self, at: usize) {
        let token = self.token(at);
        let to = self.random.of(0..self.crowd.peers.len());
        let (truth, addr) = (&self.crowd.peers[to].truth, self.crowd.peers[to].addr);
        // A name that others may want could be somebody else's by then.
        let own = truth.shown.starts_with('n') && self.random.one_in(2);
        let name = if own { truth.shown.clone() } else { addr.to_string() };
        let body = format!("p{}", words::text(&token, &mut self.random, 90));
        if self.flaw.shows(Flaw::Indiscretion, &mut self.random) {
            self.peer(at).put(format!("{body}\n"));
        } else {
            self.peer(at).put(format!("#msg {name} {body}\n"));
        }
        let private = Private { from: at, to, body, delivered: false, received: false };
        self.crowd.deeds.privates.push(private);
        let id = self.crowd.deeds.privates.len() - 1;
        self.peer(at).truth.asked.push(Asked::Msg(id));
    }

    fn ask_for_history(&mut self, at: usize) {
        match *self.random.pick(&[0, 1, 3, 20, 500]) {
            20 => self.ask(at, "#history", Asked::History(20)),
            n => self.ask(at, &format!("#history {n}"), Asked::History(n)),
        }
    }

    /// Says a command; what it is answered is known.
    pub(crate) fn ask(&mut self, at: usize, command: &str, asked: Asked) {
        self.peer(at).count += 1;
        self.peer(at).truth.asked.push(asked);
        self.peer(at).put(format!("{command}\n"));
    }

    /// A new file of a peer; its number.
    pub(crate) fn begin_file(
        &mut self,
        at: usize,
        name: &str,
        bytes: impl Into<Rc<[u8]>>,
    ) -> usize {
        let upload = Upload {
            owner: at,
            ip: self.crowd.peers[at].addr.ip(),
            name: name.to_owned(),
            bytes: bytes.into(),
            begun: self.agenda.now,
            stored: None,
            announced: false,
            refused: false,
            given_up: false,
            gained: 0,
            promise: None,
        };
        self.crowd.deeds.uploads.push(upload);
        let id = self.crowd.deeds.uploads.len() - 1;
        self.peer(at).truth.public.push_back(Public::Upload(id));
        id
    }

    pub(crate) fn some_file(&mut self, at: usize) -> (usize, String, Rc<[u8]>) {
        let most = usize::try_from(self.crowd.config.max_file).expect("it is small");
        let id = self.crowd.deeds.uploads.len();
        let bytes = words::file(id, &mut self.random, most);
        let name = file_name(id, bytes.len(), &mut self.random);
        let id = self.begin_file(at, &name, bytes);
        (id, name, Rc::clone(&self.crowd.deeds.uploads[id].bytes))
    }

    fn upload_in_lines(&mut self, at: usize) {
        self.peer(at).count += 1;
        let (id, name, bytes) = self.some_file(at);
        let header = format!("#upload '{name}' {}\n", bytes.len());
        let mute = self.random.one_in(20) && bytes.len() > 1;
        let kept = if mute { bytes.len() / 2 } else { bytes.len() };
        let peer = self.peer(at);
        peer.put([header.as_bytes(), &bytes[..kept]].concat());
        peer.truth.asked.push(Asked::Upload(id));
        peer.farewell.mute = mute;
    }

    fn act_classic(&mut self, at: usize) {
        match self.random.of(0..200) {
            0..185 => {
                let token = self.token(at);
                let most = 2 * self.room.limit;
                let body = words::plain(&token, &mut self.random, most);
                let peer = self.peer(at);
                peer.put(body.clone());
                peer.truth.public.push_back(Public::Text { body, apart: false });
            }
            185..199 if self.host.is_direct() => self.upload_classic(at),
            185..199 => {}
            _ => self.end(at),
        }
    }

    fn upload_classic(&mut self, at: usize) {
        let body = ANNOUNCEMENT.to_owned();
        self.peer(at).truth.public.push_back(Public::Text { body, apart: false });
        let (_, name, bytes) = self.some_file(at);
        let header = format!("#upload '{name}' {}", bytes.len());
        if self.random.one_in(2) {
            self.send_glued(at, &header, &bytes);
        } else {
            let peer = self.peer(at);
            peer.put_apart(ANNOUNCEMENT);
            peer.put_apart(header);
            peer.outbox.push_back(Parcel::Gap);
            peer.put(&*bytes);
        }
        self.peer(at).outbox.push_back(Parcel::Gap);
    }

    /// Header and file in one, and together as long as SIZE could be shorter.
    fn send_glued(&mut self, at: usize, header: &str, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(bytes.len() / 10 + 24));
        let peer = self.peer(at);
        peer.farewell.unclear = true;
        peer.put_apart([ANNOUNCEMENT.as_bytes(), header.as_bytes(), first].concat());
        peer.put(rest);
    }
}
