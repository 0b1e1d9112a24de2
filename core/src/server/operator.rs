//! The one who keeps the room: speaks to all, sees who is here, puts out.

use super::Server;
use super::client::{Client, Stage};
use super::speech::Voice;
use crate::id::ClientId;
use crate::log::{Audience, LINE_COST};
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::notice::{Refusal, Shown};

impl<S: Store> Server<'_, S> {
    /// Who keeps the room said `text` to it: everybody gets `[server] TEXT`, made
    /// safe, of which a call takes as much as fits one line.
    ///
    /// Returns the bytes used up. None are where it has to wait: those who read
    /// would lose lines by it, or the log is pressed and the operator said much
    /// of late, as it is with a client. It can be tried again once the polls
    /// have nothing more to do.
    pub fn handle_typed(&mut self, now: Instant, text: &[u8]) -> usize {
        self.turn_window(now);
        let wrote = self.speech.within(self.window.number).wrote;
        let must_wait = self.is_outrun() || (self.is_pressed() && self.is_much(wrote));
        if must_wait || text.is_empty() {
            return 0;
        }
        self.voice = Voice::of_the_server();
        let (taken, len) = self.append_text(now, Audience::All, text);
        self.speech.within(self.window.number).count(len.max(LINE_COST));
        taken
    }

    /// Who keeps the room puts a client out. It is told so, if it is a line
    /// peer, and heard no more; an upload that is not whole ends.
    ///
    /// A client gets what it has half first. One that takes nothing is closed at
    /// once; so is one that fetches a file, and one that is put out a second time.
    pub fn handle_kicked(&mut self, now: Instant, id: ClientId) {
        let Some(place) = self.here(id) else { return };
        let Some(client) = self.table.tenant(place) else { return };
        let goes = client.stage == Stage::Leaving || client.is_fetching();
        if goes || self.table.is_in(Queue::Stuck, place) {
            self.part(now, place);
        } else {
            self.refuse(place, Refusal::PutOut);
            self.dismiss(now, place);
        }
    }

    /// Who is here, by place, and under which name. Passes vacant places.
    pub fn users(&self) -> impl Iterator<Item = (ClientId, Shown<'_>)> {
        let here = self.tenants().filter(|(_, client)| client.stage < Stage::Left);
        here.map(|(place, client)| (self.table.id(place), client.shown()))
    }

    /// Who has this name here: a nick, whatever its case, or an address with
    /// its port.
    pub fn user_named(&self, name: &[u8]) -> Option<ClientId> {
        self.find_named(name).map(|place| self.table.id(place))
    }

    /// All who have a place, be it until their leave is told.
    pub(super) fn tenants(&self) -> impl Iterator<Item = (u32, &Client)> {
        let next = |&place: &u32| self.table.next_from(place + 1);
        let places = core::iter::successors(self.table.next_from(0), next);
        places.filter_map(|place| Some((place, self.table.tenant(place)?)))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::net::SocketAddr;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;
    use crate::memory::StaticMemory;
    use crate::server::{Config, Figures};
    use crate::store::NoStore;

    type TestMemory = StaticMemory<4, 64, 260, 0, 0>;

    /// A room, and what each client was sent.
    struct Bench<'m> {
        server: Server<'m, NoStore>,
        now: Instant,
        told: [String; 4],
        closed: Vec<ClientId>,
        /// Who takes nothing.
        deaf: Option<ClientId>,
    }

    impl<'m> Bench<'m> {
        fn new(memory: &'m mut TestMemory) -> Self {
            let config = Config { line_limit: 256, ..Config::default() };
            let server = Server::new(memory.lend(), config, NoStore).unwrap();
            let now = Instant::ZERO;
            Self { server, now, told: Default::default(), closed: Vec::new(), deaf: None }
        }

        /// Somebody who says `first` and is in the room then.
        fn join(&mut self, port: u16, first: &[u8]) -> ClientId {
            let addr = SocketAddr::from(([127, 0, 0, 1], port));
            let id = self.server.handle_connected(self.now, addr).unwrap();
            self.hear(id, first);
            id
        }

        fn hear(&mut self, id: ClientId, bytes: &[u8]) {
            let space = self.server.space(id);
            space[..bytes.len()].copy_from_slice(bytes);
            self.server.handle_received(self.now, id, bytes.len());
            self.server.handle_pause(self.now, id);
            self.drain();
        }

        fn drain(&mut self) {
            while self.server.poll_receive(self.now).is_some() {}
            while let Some(id) = self.server.poll_transmit(self.now) {
                if self.deaf == Some(id) {
                    self.server.handle_blocked(self.now, id);
                    continue;
                }
                let bytes = self.server.pending(id);
                let (text, len) = (str::from_utf8(bytes).unwrap(), bytes.len());
                self.told[id.index()].push_str(text);
                self.server.handle_sent(self.now, id, len);
            }
            while let Some(id) = self.server.poll_close() {
                self.closed.push(id);
            }
            while self.server.poll_transmit(self.now).is_some() {}
        }

        /// Types all of a text; says how many lines it became.
        fn types(&mut self, text: &[u8]) -> usize {
            let (mut rest, mut lines) = (text, 0);
            while !rest.is_empty() {
                let taken = self.server.handle_typed(self.now, rest);
                assert_ne!(taken, 0, "nobody is to be waited for");
                rest = &rest[taken..];
                lines += 1;
                self.drain();
            }
            lines
        }

        fn console(&mut self) -> String {
            let mut said = String::new();
            while let lines @ [_, ..] = self.server.console(64) {
                said.push_str(str::from_utf8(lines).unwrap());
                let len = lines.len();
                self.server.handle_shown(len);
            }
            said
        }
    }

    #[test]
    fn what_is_typed_goes_to_all_and_to_the_console() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let (line, classic) = (bench.join(1, b"\n"), bench.join(2, b"hi"));
        assert_eq!(bench.types(b"lunch \x1b[31m now\xff"), 1);
        let said = "[server] lunch \u{241b}[31m now\u{fffd}";
        assert!(bench.told[line.index()].ends_with(&format!("{said}\n")));
        assert!(bench.told[classic.index()].ends_with(said));
        assert!(bench.console().ends_with(&format!("{said}\n")));
        bench.hear(line, b"#history 1\n");
        assert!(bench.told[line.index()].ends_with(&format!("{said}\n> end of history\n")));
    }

    #[test]
    fn what_is_typed_is_cut_at_the_line_limit() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let id = bench.join(1, b"\n");
        let text = "é".repeat(200);
        assert_eq!(bench.types(text.as_bytes()), 2);
        let lines = bench.told[id.index()].lines().filter_map(|l| l.strip_prefix("[server] "));
        let pieces: Vec<_> = lines.map(str::len).collect();
        assert_eq!(pieces, [246, 154], "256 less the prefix and the newline, at a character");
        assert_eq!(bench.server.handle_typed(bench.now, b""), 0);
    }

    #[test]
    fn who_types_much_waits_for_those_who_read_slowly() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let id = bench.join(1, b"\n");
        bench.deaf = Some(id);
        let mut lines = 0;
        while bench.server.handle_typed(bench.now, &[b'x'; 200]) > 0 {
            lines += 1;
            bench.drain();
            assert!(lines < 100, "it goes on for ever");
        }
        assert!(bench.server.poll_timeout().is_some(), "somebody wakes the room for the rest");
        assert_eq!(bench.server.figures().skipped, 0);
        for seconds in 1..3 {
            bench.now = Instant::from_millis(seconds * 1001);
            bench.server.handle_timeout(bench.now);
            bench.drain();
        }
        assert!(bench.server.handle_typed(bench.now, b"on") > 0);
        assert!(bench.server.figures().skipped > 0);
    }

    #[test]
    fn who_is_put_out_is_told_so_and_heard_no_more() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let (ada, bob) = (bench.join(1, b"\n#nick ada\n"), bench.join(2, b"hi"));
        assert_eq!(bench.server.user_named(b"ADA"), Some(ada));
        assert_eq!(bench.server.user_named(b"127.0.0.1:2"), Some(bob));
        assert_eq!(bench.server.user_named(b"127.0.0.1"), None);
        for id in [ada, bob] {
            bench.server.handle_kicked(bench.now, id);
            bench.drain();
        }
        assert_eq!(bench.closed, [ada, bob]);
        let told = &bench.told[ada.index()];
        assert!(told.ends_with("! you are put out; ask who keeps the room\n"), "{told}");
        assert!(!bench.told[bob.index()].contains('!'), "a classic peer has no such sentence");
        let console = bench.console();
        assert!(console.ends_with(
            "< The user ada left (1 user online)\n< The user 127.0.0.1:2 left (0 user online)\n"
        ));
        assert_eq!(bench.server.user_named(b"ada"), None);
        bench.server.handle_kicked(bench.now, ada);
    }

    #[test]
    fn who_takes_nothing_is_closed_when_put_out() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let id = bench.join(1, b"\n");
        bench.deaf = Some(id);
        bench.types(b"hello");
        bench.server.handle_kicked(bench.now, id);
        bench.drain();
        assert_eq!(bench.closed, [id]);
    }

    #[test]
    fn who_dawdles_is_closed_when_put_out_again() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let id = bench.join(1, b"\n");
        bench.server.handle_kicked(bench.now, id);
        assert_eq!(bench.server.poll_close(), None, "it gets its answer first");
        bench.server.handle_kicked(bench.now, id);
        bench.drain();
        assert_eq!(bench.closed, [id]);
    }

    #[test]
    fn users_are_those_who_are_here() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory);
        let ids = [1, 2, 3].map(|port| bench.join(port, b"\n"));
        bench.hear(ids[2], b"#nick Zo\xc3\xab\n");
        bench.server.handle_gone(bench.now, ids[1]);
        bench.drain();
        let users = bench.server.users().map(|(id, shown)| (id, shown.to_string()));
        let expected = [(ids[0], "127.0.0.1:1".into()), (ids[2], "Zoë".into())];
        assert_eq!(users.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn figures_count_what_happened() {
        let mut memory = TestMemory::new();
        let lent = memory.lend().size();
        let mut bench = Bench::new(&mut memory);
        let empty = Figures { memory_lent: lent, ..Figures::default() };
        assert_eq!(bench.server.figures(), empty);
        let (ada, _) = (bench.join(1, b"\n"), bench.join(2, b"hi"));
        bench.hear(ada, b"#what\n#upload 'a' 1\nx");
        let told: usize = bench.told.iter().map(String::len).sum();
        let figures = bench.server.figures();
        assert_eq!((figures.online, figures.came, figures.lines), (2, 2, 3));
        assert_eq!((figures.received, figures.sent), (1 + 2 + 21, told as u64));
        assert_eq!((figures.skipped, figures.refused, figures.stored), (0, 2, 0));
        assert!(figures.memory_used > 2 * size_of::<Client>());
        assert!(figures.memory_used < figures.memory_lent);
    }
}
