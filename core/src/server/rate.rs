//! How much a client may say in a second, where there is a limit.
//!
//! A client has an allowance of a second's worth; what it says is taken from
//! it, and time gives it back. Who has used it up waits, as a heavy writer does
//! whose readers lag: nothing is lost, its link fills up, and the others never
//! notice. What it sends besides (files, questions) waits behind its texts.
//! Only who is gone is not waited for: it would keep a place for as long as it
//! likes, and its address could have more of them than it may.

use core::time::Duration;

use super::Server;
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;

/// How long a client waits before it is looked at again: one length for all,
/// so that the queue is in the order of the timers.
const WAIT: Duration = Duration::from_millis(100);

/// What a client may still say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// In thousandths of a byte, so that no millisecond is too short to count.
    /// Below zero after a line that was larger than what was left.
    left: i64,
    /// Until when time has given back.
    since: Instant,
}

impl Allowance {
    /// More than any rate gives: cut down to a second's worth when first used.
    pub(super) const WHOLE: Self = Self { left: i64::MAX, since: Instant::ZERO };

    /// Whether anything is left at a rate in bytes a second.
    fn lasts(&mut self, now: Instant, rate: u32) -> bool {
        let full = i64::from(rate) * 1000;
        let passed = now.since(self.since).as_millis();
        let given = i64::try_from(passed).unwrap_or(i64::MAX).saturating_mul(i64::from(rate));
        self.left = self.left.saturating_add(given).min(full);
        self.since = now;
        self.left > 0
    }

    /// A line of `len` bytes was said.
    pub(super) fn spend(&mut self, len: usize) {
        let cost = i64::try_from(len).unwrap_or(i64::MAX).saturating_mul(1000);
        self.left = self.left.saturating_sub(cost);
    }
}

impl<S: Store> Server<'_, S> {
    /// Whether a client may say something at its rate. Where it may not, it
    /// waits.
    pub(super) fn keeps_its_rate(&mut self, now: Instant, place: u32) -> bool {
        let rate = self.config.max_chat;
        let Some(client) = self.table.tenant_mut(place) else { return false };
        if rate == 0 || client.allowance.lasts(now, rate) {
            return true;
        }
        client.timers.paced = now + WAIT;
        self.table.push(Queue::Paced, place);
        false
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::id::ClientId;
    use crate::memory::StaticMemory;
    use crate::server::Config;
    use crate::store::NoStore;

    type TestMemory = StaticMemory<3, 256, 512, 0, 0>;

    /// A room that shows what was said, and at what time it is now.
    struct Bench<'m> {
        server: Server<'m, NoStore>,
        now: Instant,
        said: String,
    }

    impl<'m> Bench<'m> {
        fn new(memory: &'m mut TestMemory, max_chat: u32) -> Self {
            let config = Config { line_limit: 256, max_chat, ..Config::default() };
            let server = Server::new(memory.lend(), config, NoStore).unwrap();
            Self { server, now: Instant::ZERO, said: String::new() }
        }

        /// A line peer whom the room took in.
        fn join(&mut self, port: u16) -> ClientId {
            let addr = core::net::SocketAddr::from(([127, 0, 0, 1], port));
            let id = self.server.handle_connected(self.now, addr).unwrap();
            assert_eq!(self.offer(id, b"\n"), 1);
            id
        }

        /// Hands over what the room takes of `bytes`; how much that was.
        fn offer(&mut self, id: ClientId, bytes: &[u8]) -> usize {
            let space = self.server.space(id);
            let taken = bytes.len().min(space.len());
            space[..taken].copy_from_slice(&bytes[..taken]);
            if taken > 0 {
                self.server.handle_received(self.now, id, taken);
            }
            self.drain();
            taken
        }

        fn drain(&mut self) {
            while self.server.poll_receive(self.now).is_some() {}
            while let Some(id) = self.server.poll_transmit(self.now) {
                let len = self.server.pending(id).len();
                self.server.handle_sent(self.now, id, len);
            }
            while self.server.poll_close().is_some() {}
            loop {
                let lines = self.server.console(64);
                let len = lines.len();
                self.said.push_str(str::from_utf8(lines).unwrap());
                self.server.handle_shown(len);
                if len == 0 {
                    return;
                }
            }
        }

        /// Lets time pass, and the room wake whenever it wants to.
        fn wait(&mut self, time: Duration) {
            let end = self.now + time;
            while let Some(due) = self.server.poll_timeout().filter(|&due| due <= end) {
                self.now = self.now.max(due);
                self.server.handle_timeout(self.now);
                self.drain();
            }
            self.now = end;
        }

        /// The numbers of the texts that were said.
        fn numbers(&self) -> Vec<usize> {
            let texts = self.said.lines().filter(|line| line.starts_with('['));
            texts.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
        }
    }

    /// A line that is 100 bytes long for the others.
    fn line(number: usize) -> String {
        let prefix = "[127.0.0.1:10001] ".len();
        std::format!("{:>width$}\n", std::format!(" {number:03}"), width = 99 - prefix)
            .replacen(' ', "x", 1)
    }

    fn lines(count: usize) -> String {
        (0..count).map(line).collect()
    }

    #[test]
    fn what_is_said_too_fast_comes_later_and_in_order() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory, 1000);
        let id = bench.join(10_001);
        let all = lines(100);
        let mut rest = all.as_bytes();
        for second in 0..9 {
            for _ in 0..100 {
                rest = &rest[bench.offer(id, rest)..];
                bench.wait(Duration::from_millis(10));
            }
            // A second's worth at once, a second's worth in each, and a line.
            let most = 10 * (second + 2) + 1;
            assert!((most - 2..=most).contains(&bench.numbers().len()), "{second}");
        }
        while !rest.is_empty() {
            rest = &rest[bench.offer(id, rest)..];
            bench.wait(Duration::from_millis(10));
        }
        bench.wait(Duration::from_secs(10));
        assert_eq!(bench.numbers(), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_else_waits() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory, 100);
        let (loud, calm) = (bench.join(10_001), bench.join(10_002));
        bench.offer(loud, lines(3).as_bytes());
        bench.offer(calm, line(7).as_bytes());
        assert_eq!(bench.numbers(), [0, 7]);
        bench.wait(Duration::from_secs(5));
        assert_eq!(bench.numbers(), [0, 7, 1, 2]);
    }

    #[test]
    fn a_client_that_ended_its_sending_is_still_heard_to_the_end() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory, 100);
        let id = bench.join(10_001);
        bench.offer(id, lines(3).as_bytes());
        bench.server.handle_ended(bench.now, id);
        bench.wait(Duration::from_secs(5));
        assert_eq!(bench.numbers(), [0, 1, 2]);
        assert!(bench.said.ends_with("left (0 user online)\n"));
    }

    #[test]
    fn a_client_that_is_gone_keeps_no_place() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory, 100);
        let id = bench.join(10_001);
        bench.offer(id, lines(3).as_bytes());
        bench.server.handle_gone(bench.now, id);
        bench.drain();
        assert_eq!(bench.numbers(), [0]);
        assert!(bench.said.ends_with("left (0 user online)\n"));
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory, 0);
        let id = bench.join(10_001);
        for number in 0..100 {
            assert_eq!(bench.offer(id, line(number).as_bytes()), line(number).len());
        }
        assert_eq!(bench.numbers().len(), 100);
    }

    #[test]
    fn the_slowest_rate_still_lets_something_pass() {
        let mut memory = TestMemory::new();
        let mut bench = Bench::new(&mut memory, 1);
        let id = bench.join(10_001);
        bench.offer(id, line(0).as_bytes());
        bench.offer(id, line(1).as_bytes());
        bench.wait(Duration::from_secs(98));
        assert_eq!(bench.numbers(), [0]);
        bench.wait(Duration::from_secs(4));
        assert_eq!(bench.numbers(), [0, 1]);
    }
}
