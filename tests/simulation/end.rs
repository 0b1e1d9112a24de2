//! The end of a life: what everybody heard, and what is left of them.

use snug_core::client::Mode;

use super::deeds::{Asked, Public, What};
use super::errand::Errand;
use super::life::Life;
use super::parts::STOPPED;
use super::peer::Tongue;
use super::room::cost;
use super::stream::{Answer, State, Stream};

/// How long it takes, at most, until all that happened is over: stalls, write
/// timeouts, and what they kept waiting.
const DRAIN: u64 = 400_000;
/// Who may say little in a second may have more to say than that.
const MOST_DRAINS: usize = 10;
/// How long nothing may happen then.
const REST: u64 = 600_000;
/// Explanations of a stream that are looked at for one that fits.
const MOST_WAYS: usize = 32;

impl Life<'_> {
    /// Ends a life that must have come to nobody's harm.
    pub(crate) fn end_orderly(&mut self) {
        self.quiet = true;
        self.house.heal();
        for _ in 0..MOST_DRAINS {
            self.run_until(self.house.agenda.now + DRAIN);
            if self.house.host.server().poll_timeout().is_none() {
                break;
            }
        }
        self.take_census();
        let sent = self.send_on_errands();
        self.run_until(self.house.agenda.now + 10_000);
        self.stay_at_rest();
        self.welcome_back(&sent);
        self.hold_streams(true);
        self.send_all_home();
        self.look_for_leftovers();
    }

    /// Everybody who can asks who is here; now the answer is known.
    fn take_census(&mut self) {
        let peers = &self.house.crowd.peers;
        let here = peers.iter().filter(|peer| peer.truth.entered.is_some() && !peer.truth.left);
        let mut users: Vec<_> =
            here.map(|peer| format!("{} {}", peer.truth.shown, peer.addr)).collect();
        users.sort();
        for at in 0..peers.len() {
            let peer = &self.house.crowd.peers[at];
            let lines = matches!(peer.tongue, Tongue::Lines) && peer.count > 0;
            if lines && peer.is_active() && peer.connected {
                self.house.ask(at, "#who", Asked::Who(Some(users.clone())));
            }
        }
    }

    /// By now each client core has come to the end of its errand, and now that
    /// nothing hinders it comes to the end of one more; who was sent.
    fn send_on_errands(&mut self) -> Vec<usize> {
        let mut sent = Vec::new();
        for at in 0..self.house.crowd.peers.len() {
            let peer = &self.house.crowd.peers[at];
            let Tongue::Core(player) = &peer.tongue else { continue };
            if !self.is_complete(at) {
                continue;
            }
            let errand = player.errands.current.as_ref().map(Errand::name);
            assert_eq!(errand, None, "{} hangs", peer.truth.shown);
            if player.is_in_lines() && self.house.send_on_errand(at) {
                sent.push(at);
            }
        }
        sent
    }

    fn welcome_back(&self, sent: &[usize]) {
        for &at in sent {
            let peer = &self.house.crowd.peers[at];
            let Tongue::Core(player) = &peer.tongue else { continue };
            let errand = player.errands.current.as_ref().map(Errand::name);
            assert!(self.is_complete(at), "{} is gone for no reason", peer.truth.shown);
            assert_eq!(errand, None, "{} hangs", peer.truth.shown);
        }
    }

    /// When nothing happens, the room asks for nothing.
    fn stay_at_rest(&mut self) {
        let due = self.house.host.server().poll_timeout();
        let wakes = self.run_until(self.house.agenda.now + REST);
        // On a stack each is asked every 30 s whether it is still there.
        let each = if self.house.host.is_direct() { 4 } else { 100 };
        let most = each * (1 + self.house.crowd.peers.len());
        assert!(wakes <= most, "woken {wakes} times while nothing happened");
        let late = self.house.host.server().poll_timeout();
        assert_eq!(late, None, "nothing happens, and the room waits (first for {due:?})");
    }

    /// Holds what everybody heard against the room.
    pub(crate) fn hold_streams(&mut self, healed: bool) {
        self.versions.clone_from(&self.house.crowd.disk.borrow().versions);
        let peers = 0..self.house.crowd.peers.len();
        let ways: Vec<_> = peers.clone().map(|at| self.stream(at, healed).explain()).collect();
        for (at, way) in ways.iter().enumerate() {
            self.apply(at, way);
        }
        for at in peers {
            self.check_privates(at, &ways[at], healed);
            self.check_peer(at, healed);
        }
        self.check_files(healed);
    }

    /// Whether nothing that was for a peer, or from it, may be missing.
    fn is_complete(&self, at: usize) -> bool {
        let peer = &self.house.crowd.peers[at];
        peer.is_active() && peer.connected
    }

    fn stream(&self, at: usize, healed: bool) -> Stream<'_> {
        let house = &self.house;
        let privates = house.crowd.deeds.privates.iter();
        let peer = &house.crowd.peers[at];
        Stream {
            peer: at,
            bytes: &peer.heard,
            room: &house.room,
            truth: &peer.truth,
            deeds: &house.crowd.deeds,
            was_seen: house.host.is_direct(),
            was_full: peer.was_full,
            complete: healed && self.is_complete(at),
            versions: &self.versions,
            block: house.crowd.block,
            log: self.log,
            privates: privates.map(|private| cost(private.body.len() + 60)).sum(),
        }
    }

    /// Notes what a stream says of the deeds.
    fn apply(&mut self, at: usize, state: &State) {
        self.house.tally.lines += state.lines;
        self.house.tally.skipped += state.skipped;
        self.house.tally.answers += state.answers.len() as u64;
        for &id in &state.privates {
            let private = &mut self.house.crowd.deeds.privates[id];
            assert!(!private.received, "{} comes twice", private.body);
            private.received = true;
        }
        let asked = self.house.crowd.peers[at].truth.asked.clone();
        for (asked, answer) in asked.iter().zip(&state.answers) {
            self.apply_answer(asked, answer);
        }
        let transfers = self.house.crowd.peers[at].truth.transfers.clone();
        for (transfer, answer) in transfers.iter().zip(&state.transfers) {
            self.apply_transfer(&transfer.what, answer);
        }
    }

    fn apply_transfer(&mut self, what: &What, answer: &Answer) {
        let granted = *answer == Answer::Granted;
        let stopped = *answer == Answer::Refused(STOPPED.to_owned());
        match what {
            What::Put(id) if stopped => {
                let upload = &self.house.crowd.deeds.uploads[*id];
                assert!(upload.stored.is_none(), "{} was stopped and is stored", upload.name);
            }
            What::Put(id) => self.apply_answer(&Asked::Upload(*id), answer),
            What::Get { name, offset, time } => {
                self.house.tally.fetched += u64::from(granted);
                let withheld = self.house.crowd.may_be_withheld(name, *offset, *time);
                assert!(granted || stopped || withheld, "{name} is answered with {answer:?}");
            }
            What::Stop => {}
        }
    }

    fn apply_answer(&mut self, asked: &Asked, answer: &Answer) {
        let granted = *answer == Answer::Granted;
        match asked {
            Asked::Msg(id) => self.house.crowd.deeds.privates[*id].delivered = granted,
            Asked::Nick(nick) if !granted => {
                assert!(!nick.starts_with('n'), "{nick} was nobody's and is refused");
            }
            Asked::Upload(id) => {
                let upload = &self.house.crowd.deeds.uploads[*id];
                let (name, stored) = (&upload.name, upload.stored.is_some());
                assert_eq!(granted, stored, "{name} was answered with {answer:?}");
                let reason = granted || self.house.crowd.may_be_refused(*id);
                assert!(reason, "{name} was answered with {answer:?} for no reason");
            }
            _ => {}
        }
    }

    /// Private texts that were delivered came, but for those that were among
    /// the skipped.
    fn check_privates(&self, at: usize, way: &State, healed: bool) {
        if !healed || !self.is_complete(at) {
            return;
        }
        let privates = self.house.crowd.deeds.privates.iter().filter(|private| private.to == at);
        let missing: Vec<_> = privates.filter(|private| !private.received).collect();
        let sure = missing.iter().filter(|private| private.delivered).count();
        let fits = |state: &State| (sure..=missing.len()).contains(&state.privates_lost);
        let fit = fits(way) || self.stream(at, healed).ways().take(MOST_WAYS).any(|way| fits(&way));
        assert!(fit, "{sure} private texts of {missing:?} are lost");
    }

    /// What a peer said was said, and what its client core told is what came.
    fn check_peer(&mut self, at: usize, healed: bool) {
        let now = self.house.agenda.instant();
        let peer = &mut self.house.crowd.peers[at];
        if let Tongue::Core(player) = &mut peer.tongue {
            // It held back a character that was cut in two.
            player.end(now);
            player.check(&peer.heard);
        }
        let peer = &self.house.crowd.peers[at];
        if !healed || !self.is_complete(at) {
            return;
        }
        if let Tongue::Core(player) = &peer.tongue
            && player.mode == Mode::Line
            && !player.is_in_lines()
        {
            // The answer to its knock came torn, and it took the room for a
            // classic one: what it said last may lack its newline for good.
            return;
        }
        for id in &peer.truth.aside {
            let stored = self.house.crowd.deeds.uploads[*id].stored;
            assert!(stored.is_none(), "{} stored a file, and nobody was told", peer.truth.shown);
        }
        assert!(peer.outbox.is_empty(), "{} still has something to say", peer.truth.shown);
        for deed in &peer.truth.public {
            let done = match deed {
                Public::Nick(_) => true,
                Public::Upload(id) => {
                    let upload = &self.house.crowd.deeds.uploads[*id];
                    upload.stored.is_none() && self.house.crowd.may_be_refused(*id)
                }
                Public::Text { .. } | Public::Action(_) => false,
            };
            assert!(done, "{} did {deed:?}, and nobody was told", peer.truth.shown);
        }
    }

    fn check_files(&mut self, healed: bool) {
        for upload in &self.house.crowd.deeds.uploads {
            let told = upload.announced || upload.stored.is_none() || !healed;
            assert!(told, "{} was stored and nobody was told", upload.name);
            self.house.tally.files += u64::from(upload.announced);
            self.house.tally.refused_files += u64::from(upload.stored.is_none());
        }
        let disk = self.house.crowd.disk.borrow();
        for (name, file) in &disk.visible {
            let safe = disk.durable.get(name).is_some_and(|safe| safe.number == file.number);
            assert!(safe, "{name} would not outlive a loss of power");
        }
    }
}
