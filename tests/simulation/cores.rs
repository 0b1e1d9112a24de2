//! What client cores do, one thing at a time, and how what they tell of their
//! files is held against the truth.

use std::rc::Rc;

use snug_core::client::{ANNOUNCEMENT, Mode};
use snug_core::wire::name::FileName;

use super::deeds::{Asked, Promise, Public, What};
use super::disk::digest_of;
use super::errand::{End, Errand, Get, Put};
use super::house::House;
use super::peer::{Peer, Tongue};
use super::player::Player;
use super::transfers::{Ongoing, Way, some_file};
use super::words::{self, FILMS};

impl<'m> House<'m> {
    /// The client core of a peer that is one.
    fn player(&mut self, at: usize) -> &mut Player<'m> {
        match &mut self.peer(at).tongue {
            Tongue::Core(player) => player,
            _ => panic!("a script has no client"),
        }
    }

    pub(crate) fn act_core(&mut self, at: usize) {
        if self.random.one_in(2) && self.go_on_with_errand(at) {
            return;
        }
        match self.random.of(0..30) {
            0 => self.upload_core(at),
            1 => self.ask_core(at),
            2..6 => self.begin_errand(at),
            _ => self.say_core(at),
        }
    }

    fn say_core(&mut self, at: usize) {
        let instant = self.agenda.instant();
        let token = self.token(at);
        let body = words::plain(&token, &mut self.random, 300);
        let player = self.player(at);
        let lines = player.is_in_lines();
        if player.client.say(instant, &body).is_ok() {
            self.peer(at).truth.public.push_back(Public::Text { body, apart: lines });
        }
    }

    fn ask_core(&mut self, at: usize) {
        let (now, instant) = (self.agenda.now, self.agenda.instant());
        let files = self.random.one_in(2);
        let player = self.player(at);
        if !player.is_in_lines() {
            return;
        }
        let (asked, is_out) = if files {
            (Asked::Files(now), player.client.list_files(instant).is_ok())
        } else {
            (Asked::History(3), player.client.say(instant, "#history 3").is_ok())
        };
        if is_out {
            self.peer(at).truth.asked.push(asked);
        }
    }

    fn upload_core(&mut self, at: usize) {
        let instant = self.agenda.instant();
        let Tongue::Core(player) = &self.peer(at).tongue else { return };
        let (lines, classic) = (player.is_in_lines(), player.mode == Mode::Classic);
        let client = &player.client;
        let free = client.can_say(instant) && !client.is_uploading() && !client.is_transferring();
        if !free || !(lines || classic && self.host.is_direct()) {
            return;
        }
        if classic {
            let body = ANNOUNCEMENT.to_owned();
            self.peer(at).truth.public.push_back(Public::Text { body, apart: false });
        }
        let (id, name, bytes) = self.some_file(at);
        let Peer { tongue, truth, .. } = self.peer(at);
        let Tongue::Core(player) = tongue else { return };
        if player.offer(instant, &name, &bytes) {
            if lines {
                truth.asked.push(Asked::Upload(id));
            }
            return;
        }
        // A client refuses a name that is none.
        truth.public.pop_back();
        if classic {
            truth.public.pop_back();
        }
        self.crowd.deeds.uploads.pop();
    }

    /// A client core begins with a file in parts, or goes on with one that
    /// somebody else could not end.
    fn begin_errand(&mut self, at: usize) {
        let player = self.player(at);
        if !player.is_in_lines() || player.client.is_transferring() {
            return;
        }
        if !self.errands.is_empty() && !self.random.one_in(3) {
            let which = self.random.of(0..self.errands.len());
            let errand = self.errands.swap_remove(which);
            return self.take_over(at, errand);
        }
        if self.random.one_in(2) {
            self.put_some(at);
        } else {
            self.get_some(at);
        }
    }

    fn put_some(&mut self, at: usize) {
        let id = self.crowd.deeds.uploads.len();
        let most = usize::try_from(self.crowd.config.max_file).expect("it is small");
        let (name, bytes) = if self.random.one_in(2) {
            let film = self.random.of(0..FILMS);
            (format!("film{film}.{id}"), words::film(film))
        } else {
            some_file(id, &mut self.random, most)
        };
        let replace = self.random.one_in(2);
        self.put_core(at, &name, Rc::from(bytes), replace);
    }

    /// Whether a client core puts a file.
    pub(crate) fn put_core(
        &mut self,
        at: usize,
        name: &str,
        bytes: Rc<[u8]>,
        replace: bool,
    ) -> bool {
        let (instant, digest) = (self.agenda.instant(), digest_of(&bytes));
        let Ok(parsed) = FileName::parse(name.as_bytes()) else { return false };
        let player = self.player(at);
        if player.client.put(instant, &parsed, bytes.len() as u64, digest, replace).is_err() {
            return false;
        }
        let promise = Promise { digest, replace, broken: false, stopped: false };
        let id = self.promise_file(at, name, Rc::clone(&bytes), promise);
        let name = name.to_owned();
        self.player(at).errands.begin(Errand::Put(Put { id, name, bytes, replace, next: None }));
        self.start(at, What::Put(id), Way::Put(id, None));
        true
    }

    fn get_some(&mut self, at: usize) {
        let names: Vec<_> = self.crowd.disk.borrow().visible.keys().cloned().collect();
        let nothing = names.is_empty() || self.random.one_in(20);
        let name = if nothing { "nothing".to_owned() } else { self.random.pick(&names).clone() };
        let since = self.agenda.now;
        self.get_core(at, Get { name, since, came: Vec::new(), again: false });
    }

    /// Whether a client core asks for a file, or the rest of it.
    pub(crate) fn get_core(&mut self, at: usize, get: Get) -> bool {
        let (time, instant) = (self.agenda.now, self.agenda.instant());
        let offset = get.came.len();
        let parsed = FileName::parse(get.name.as_bytes()).expect("a file stood under it");
        let player = self.player(at);
        if player.client.get(instant, &parsed, offset as u64).is_err() {
            return false;
        }
        let what = What::Get { name: get.name.clone(), offset, time };
        player.errands.begin(Errand::Get(get));
        self.start(at, what, Way::Get);
        true
    }

    /// Goes on with what was begun over a link that was lost. As long as the
    /// room does not know that it was, the file is under way there, and a
    /// stored one cannot be told from that of who goes on.
    fn take_over(&mut self, at: usize, errand: Errand) {
        let begun = match errand {
            Errand::Get(get) => self.get_core(at, Get { again: true, ..get }),
            Errand::Put(Put { id, name, bytes, replace, .. }) => {
                let owner = self.crowd.deeds.uploads[id].owner;
                let gone = self.crowd.peers[owner].truth.left;
                let next = self.crowd.deeds.uploads.len();
                let name = if gone { name } else { format!("again{next}") };
                let begun = self.put_core(at, &name, bytes, replace);
                self.crowd.deeds.uploads[id].given_up |= begun && gone;
                begun
            }
        };
        self.tally.cores_resumed += u64::from(begun);
    }

    /// Nothing hinders a client core to put or to fetch a file; whether it is
    /// off.
    pub(crate) fn send_on_errand(&mut self, at: usize) -> bool {
        self.player(at).errands.allowed = usize::MAX;
        let names: Vec<_> = self.crowd.disk.borrow().visible.keys().cloned().collect();
        if names.is_empty() || self.random.one_in(2) {
            let name = format!("last{}", self.crowd.deeds.uploads.len());
            let bytes = format!("{name}: {}", ".".repeat(self.random.of(0..900)));
            return self.put_core(at, &name, bytes.into_bytes().into(), false);
        }
        let (name, since) = (self.random.pick(&names).clone(), self.agenda.now);
        self.get_core(at, Get { name, since, came: Vec::new(), again: false })
    }

    /// A client core goes on with its errand, if it has one.
    fn go_on_with_errand(&mut self, at: usize) -> bool {
        let instant = self.agenda.instant();
        let most = *self.random.pick(&[60, 600, 3_000]);
        let fate = self.random.of(0..60);
        let stops = matches!(self.peer(at).transfer, Some(Ongoing { way: Way::Stop, .. }));
        let player = self.player(at);
        if !player.client.is_transferring() {
            return false;
        }
        match fate {
            0 if !stops && player.client.stop(instant).is_ok() => self.note_stop(at),
            1 => self.reset(at),
            2 if player.client.say(instant, "#quit").is_ok() => {
                self.peer(at).farewell.quit = true;
            }
            3 => self.end(at),
            _ => player.errands.allowed = most,
        }
        true
    }

    /// The link of a client core is lost: what it could not end is for others.
    pub(crate) fn leave_errand(&mut self, at: usize) {
        if let Tongue::Core(player) = &self.crowd.peers[at].tongue {
            self.errands.extend(player.errands.current.clone());
        }
    }

    /// Holds what a client core told of its errands against the truth.
    pub(crate) fn judge_errands(&mut self, at: usize) {
        let player = self.player(at);
        let busy = player.client.is_transferring();
        for (errand, end) in core::mem::take(&mut player.errands.ended) {
            self.judge_errand(&errand, end);
        }
        if !busy {
            self.peer(at).transfer = None;
        }
    }

    fn judge_errand(&mut self, errand: &Errand, end: End) {
        match (errand, end) {
            (Errand::Put(put), End::Stored) => {
                assert!(self.stands_as(put), "{} is called stored, and is not", put.name);
                self.tally.cores_stored += 1;
            }
            (Errand::Get(get), End::Sum(sum)) => {
                self.judge_fetched(get, digest_of(&get.came) == sum);
            }
            (errand, End::Stored | End::Sum(_)) => panic!("{} ends with {end:?}", errand.name()),
            (errand, End::Refused | End::Stopped) => {
                if let Errand::Put(Put { id, name, .. }) = errand {
                    let stored = self.crowd.deeds.uploads[*id].stored;
                    assert!(stored.is_none(), "{name} is stored, and called {end:?}");
                }
                let stopped = matches!(end, End::Stopped);
                self.tally.cores_stopped += u64::from(stopped);
                self.tally.cores_refused += u64::from(!stopped);
            }
        }
    }

    /// Whether a file stood, or stands, under its name as it was sent.
    fn stands_as(&self, put: &Put) -> bool {
        let disk = self.crowd.disk.borrow();
        let mut versions = disk.versions.iter().filter(|version| version.name == put.name);
        let stored = self.crowd.deeds.uploads[put.id].stored.is_some();
        stored && versions.any(|version| version.bytes == put.bytes)
    }

    /// What came is a version of the file, unless it was begun with one and
    /// ended with another, which the sum tells.
    fn judge_fetched(&mut self, get: &Get, fits: bool) {
        let disk = self.crowd.disk.borrow();
        let versions = disk.versions.iter().filter(|version| version.name == get.name);
        let mut versions = versions.filter(|version| version.until >= get.since);
        if fits {
            let is_one = versions.any(|version| *version.bytes == *get.came);
            assert!(is_one, "{} was never so, and its sum fits", get.name);
        } else {
            let changed = get.again && versions.count() > 1;
            assert!(changed, "{} did not come whole", get.name);
        }
        self.tally.cores_fetched += u64::from(fits);
    }
}
