//! What is left when all have gone: nothing, and every place, slot and byte of
//! the quotas can be used again.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::deeds::Asked;
use super::disk::Mood;
use super::life::Life;
use super::peer::Tongue;
use super::wire::Weather;

/// Bytes that are left at most where they are used up.
const MOST_SPACE: u64 = 100_000;

impl Life<'_> {
    pub(super) fn send_all_home(&mut self) {
        for at in 0..self.house.crowd.peers.len() {
            if self.house.random.one_in(2) && self.house.peer(at).is_active() {
                self.house.end(at);
            } else {
                self.house.reset(at);
            }
        }
        self.run_until(self.house.agenda.now + 120_000);
        for at in 0..self.house.crowd.peers.len() {
            self.house.reset(at);
        }
        self.run_until(self.house.agenda.now + 120_000);
    }

    /// After all have left, the table, the queues and the quotas are empty.
    pub(super) fn look_for_leftovers(&mut self) {
        self.assert_empty();
        self.fill_all_places();
        self.assert_empty();
        self.house.crowd.disk.borrow_mut().mood = Mood::FINE;
        self.fill_all_slots();
        self.assert_empty();
        self.use_up_space();
        self.send_all_home();
        self.assert_empty();
    }

    fn assert_empty(&mut self) {
        let now = self.house.agenda.instant();
        let house = &mut self.house;
        for (at, peer) in house.crowd.peers.iter().enumerate() {
            assert!(!house.host.knows(at), "{} is still here", peer.addr);
            let told = peer.truth.left == peer.truth.entered.is_some();
            assert!(told, "{} is still told of", peer.addr);
        }
        let server = house.host.server();
        assert_eq!(server.online(), 0, "everybody has left");
        assert_eq!(server.figures().transfers, 0, "a transfer outlives its client");
        assert_eq!(server.poll_transmit(now), None);
        assert_eq!(server.poll_receive(now), None);
        assert_eq!(server.poll_close(), None);
        assert_eq!(server.poll_timeout(), None, "nobody is here to be waited for");
        assert!(house.crowd.disk.borrow().is_idle(), "nobody stores anything");
    }

    fn newcomer(&mut self, ip: Ipv4Addr) -> Option<usize> {
        let port = 5_000 + self.house.crowd.peers.len() as u16;
        let addr = SocketAddr::new(IpAddr::V4(ip), port);
        let at = self.welcome(addr, Tongue::Lines, [Weather::FINE; 2], 1 << 20)?;
        self.house.peer(at).truth.asked.push(Asked::Switch);
        self.house.peer(at).put(*b"\n");
        self.wait();
        self.house.peer(at).truth.entered.map(|_| at)
    }

    /// Lets something be done that nothing hinders. On a stack somebody's
    /// address may have to be asked for first, once a second.
    fn wait(&mut self) {
        let wait = if self.house.host.is_direct() { 100 } else { 10_000 };
        self.run_until(self.house.agenda.now + wait);
    }

    fn fill_all_places(&mut self) {
        let capacity = self.house.host.server().capacity();
        for _ in 0..capacity {
            assert!(self.newcomer(Ipv4Addr::new(10, 1, 0, 1)).is_some(), "all places are free");
        }
        assert!(self.newcomer(Ipv4Addr::new(10, 1, 0, 2)).is_none(), "all places are taken");
        self.send_all_home();
    }

    /// As many begin a file as there are slots, and the store hears of all.
    fn fill_all_slots(&mut self) {
        let slots = self.house.crowd.slots.min(self.house.host.server().capacity());
        let used = self.house.crowd.disk.borrow().used();
        if used + 10 * slots as u64 > self.house.crowd.config.max_folder {
            return;
        }
        for n in 0..slots {
            let at = self.newcomer(Ipv4Addr::new(10, 2, 0, n as u8)).expect("there is a place");
            let id = self.house.begin_file(at, "half", vec![b'h'; 10]);
            self.house.peer(at).truth.asked.push(Asked::Upload(id));
            self.house.peer(at).put(*b"#upload 'half' 10\nhhhhh");
        }
        self.run_until(self.house.agenda.now + 1_000);
        let begun = self.house.crowd.disk.borrow().begun();
        let under_way = self.house.host.server().figures().transfers;
        assert_eq!((begun, under_way), (slots, slots), "all slots are free");
        self.send_all_home();
    }

    /// Files of all the space that is left are taken, and then none.
    fn use_up_space(&mut self) {
        let (config, used) = (&self.house.crowd.config, self.house.crowd.disk.borrow().used());
        let left = config.max_folder.saturating_sub(used).min(config.max_address);
        let most = config.max_file;
        if self.house.crowd.slots == 0 || left > MOST_SPACE {
            return;
        }
        let at = self.newcomer(Ipv4Addr::new(10, 3, 0, 1)).expect("there is a place");
        for from in (0..left).step_by(most as usize) {
            let size = most.min(left - from);
            assert!(self.store(at, size), "there is room for {size} bytes");
        }
        assert!(!self.store(at, 1), "there is no more room");
    }

    /// Whether a file is stored, under a name that none has from an earlier life:
    /// its bytes would be free again.
    fn store(&mut self, at: usize, size: u64) -> bool {
        let name = format!("last{}", self.house.agenda.now);
        let bytes = vec![b'.'; size as usize];
        let id = self.house.begin_file(at, &name, bytes.clone());
        self.house.peer(at).truth.asked.push(Asked::Upload(id));
        self.house.peer(at).put(format!("#upload '{name}' {size}\n"));
        self.house.peer(at).put(bytes);
        self.wait();
        self.house.crowd.deeds.uploads[id].stored.is_some()
    }
}
