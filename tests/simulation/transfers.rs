//! What peers do with files in parts: one transfer at a time, with other things
//! in between.

use std::rc::Rc;

use super::deeds::{Asked, Promise, Transfer, What};
use super::disk::digest_of;
use super::ear::Word;
use super::house::House;
use super::peer::Tongue;
use super::words::{self, FILMS, file_name};
use crate::support::random::Random;

/// A transfer as the peer knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Ongoing {
    pub(crate) begun: u64,
    /// The room has told what it has of the file.
    pub(crate) had: bool,
    pub(crate) way: Way,
}

#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// To the room: the file with a number, and how far it is sent, once the
    /// peer knows from where on.
    Put(usize, Option<usize>),
    /// From the room.
    Get,
    /// It was stopped, or never was.
    Stop,
}

impl House<'_> {
    /// A peer begins a transfer, or asks what there is.
    pub(crate) fn begin_transfer(&mut self, at: usize) {
        if self.peer(at).transfer.is_some() {
            return;
        }
        match self.random.of(0..20) {
            0..9 => self.put_file(at),
            9..16 => self.fetch_file(at),
            16 => self.stop_transfer(at),
            _ => {
                let now = self.agenda.now;
                self.ask(at, "#files", Asked::Files(now));
            }
        }
    }

    fn put_file(&mut self, at: usize) {
        let id = self.crowd.deeds.uploads.len();
        let most = usize::try_from(self.crowd.config.max_file).expect("it is small");
        let film = (!self.random.one_in(3)).then(|| self.random.of(0..FILMS));
        let (name, bytes) = match film {
            // Known to all, and begun by some before.
            Some(film) => (format!("film{film}.{id}"), words::film(film)),
            None => some_file(id, &mut self.random, most),
        };
        let broken = film.is_none() && self.random.one_in(12);
        let replace = self.random.one_in(2);
        let digest = if broken { digest_of(name.as_bytes()) } else { digest_of(&bytes) };
        let size = bytes.len();
        let promise = Promise { digest, replace, broken, stopped: false };
        let id = self.promise_file(at, &name, bytes, promise);
        let end = if replace { " replace" } else { "" };
        self.peer(at).put(format!("#put '{name}' {size} {digest}{end}\n"));
        // Who knows that the room has nothing of it need not wait.
        let sent = (film.is_none() && self.random.one_in(3)).then_some(0);
        self.start(at, What::Put(id), Way::Put(id, sent));
    }

    /// A new file of a peer, of which it promises something; its number.
    pub(crate) fn promise_file(
        &mut self,
        at: usize,
        name: &str,
        bytes: impl Into<Rc<[u8]>>,
        promise: Promise,
    ) -> usize {
        let id = self.begin_file(at, name, bytes);
        self.crowd.deeds.uploads[id].promise = Some(promise);
        let truth = &mut self.peer(at).truth;
        truth.public.pop_back();
        truth.aside.push(id);
        id
    }

    fn fetch_file(&mut self, at: usize) {
        let names: Vec<_> = self.crowd.disk.borrow().visible.keys().cloned().collect();
        let nothing = names.is_empty() || self.random.one_in(20);
        let name = if nothing { "nothing".to_owned() } else { self.random.pick(&names).clone() };
        let offset = if self.random.one_in(3) { self.random.of(0..1_500) } else { 0 };
        let tail = if offset > 0 { format!(" {offset}") } else { String::new() };
        self.peer(at).put(format!("#get '{name}'{tail}\n"));
        let time = self.agenda.now;
        self.start(at, What::Get { name, offset, time }, Way::Get);
    }

    /// A peer wants no more of its transfer, or of one that it does not have.
    fn stop_transfer(&mut self, at: usize) {
        self.peer(at).put(*b"#stop\n");
        self.note_stop(at);
    }

    pub(crate) fn note_stop(&mut self, at: usize) {
        if let Some(Ongoing { way: Way::Put(id, _), .. }) = self.peer(at).transfer
            && let Some(promise) = &mut self.crowd.deeds.uploads[id].promise
        {
            promise.stopped = true;
        }
        self.start(at, What::Stop, Way::Stop);
    }

    pub(crate) fn start(&mut self, at: usize, what: What, way: Way) {
        let now = self.agenda.now;
        let peer = self.peer(at);
        // What is stopped may go on for a while.
        let begun = peer.transfer.as_ref().map_or(now, |transfer| transfer.begun);
        let after = peer.truth.asked.len();
        peer.truth.transfers.push(Transfer { what, after, before: None });
        peer.transfer = Some(Ongoing { begun, had: false, way });
    }

    /// A peer goes on with its transfer, if it has something to do for it.
    pub(crate) fn go_on(&mut self, at: usize) -> bool {
        let Some(ongoing) = self.peer(at).transfer.clone() else { return false };
        if !matches!(ongoing.way, Way::Stop) && self.random.one_in(60) {
            self.stop_transfer(at);
            return true;
        }
        match ongoing.way {
            Way::Put(_, Some(1..)) if self.random.one_in(25) => {
                // Somebody else may go on with it.
                self.quit(at);
                true
            }
            Way::Put(id, Some(sent)) if sent < self.crowd.deeds.uploads[id].bytes.len() => {
                self.send_part(at, id, sent);
                true
            }
            _ => false,
        }
    }

    fn send_part(&mut self, at: usize, id: usize, sent: usize) {
        let bytes = Rc::clone(&self.crowd.deeds.uploads[id].bytes);
        let rest = &bytes[sent..];
        if self.random.one_in(80) {
            let len = rest.len() + 1;
            self.peer(at).put([format!("#part {len}\n").as_bytes(), rest, b"+"].concat());
            self.sent_all(at, id);
            return self.break_promise(id);
        }
        let most = *self.random.pick(&[60, 600, 3_000]);
        let len = self.random.of(0..rest.len().min(most)) + 1;
        let half = self.random.one_in(30);
        let part = &rest[..if half { len / 2 } else { len }];
        let peer = self.peer(at);
        peer.put([format!("#part {len}\n").as_bytes(), part].concat());
        peer.farewell.mute = half;
        if let Some(Ongoing { way: Way::Put(_, place), .. }) = &mut peer.transfer {
            *place = Some(sent + len);
        }
        if sent + len == bytes.len() {
            self.sent_all(at, id);
        }
    }

    fn break_promise(&mut self, id: usize) {
        if let Some(promise) = &mut self.crowd.deeds.uploads[id].promise {
            promise.broken = true;
        }
    }

    /// The last part is out: what the peer says from now on comes behind it.
    fn sent_all(&mut self, at: usize, id: usize) {
        let len = self.crowd.deeds.uploads[id].bytes.len();
        let peer = self.peer(at);
        if let Some(Ongoing { way: Way::Put(_, place), .. }) = &mut peer.transfer {
            *place = Some(len);
        }
        peer.truth.sent_all(id);
    }

    /// A peer understands what it heard of its transfer.
    pub(crate) fn understand(&mut self, at: usize) {
        let peer = self.peer(at);
        if let Tongue::Core(_) = peer.tongue {
            return self.judge_errands(at);
        }
        while let Some(word) = peer.ear.next(&peer.heard) {
            let Some(ongoing) = &mut peer.transfer else { continue };
            let over = match (&mut ongoing.way, word) {
                (Way::Put(_, sent), Word::Have(offset)) => {
                    sent.get_or_insert(offset);
                    ongoing.had = true;
                    false
                }
                // Of an earlier file, if it comes too early.
                (Way::Put(..), Word::Stored) => ongoing.had,
                (Way::Put(..), Word::PutRefused)
                | (Way::Get, Word::GotAll)
                | (Way::Stop, Word::Stopped) => true,
                _ => false,
            };
            if over {
                peer.transfer = None;
            }
        }
    }
}

/// A file of its own, so long that it cannot be taken for another.
pub(crate) fn some_file(id: usize, random: &mut Random, most: usize) -> (String, Vec<u8>) {
    loop {
        let bytes = words::file(id, random, most);
        if bytes.len() >= 24 {
            return (file_name(id, bytes.len(), random), bytes);
        }
    }
}
