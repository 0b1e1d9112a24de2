//! Who keeps the room: speaks to all at its console, and puts people out.

use super::house::House;
use super::words;

impl House<'_> {
    /// The operator does something.
    pub(crate) fn operate(&mut self, at: usize) {
        if self.random.one_in(20) {
            self.put_out(at);
        } else {
            self.speak_to_all();
        }
        self.work.event();
        self.overhear();
    }

    /// Says a text, or more of the last one, if the room takes it now.
    fn speak_to_all(&mut self) {
        if self.typed.is_empty() {
            let token = format!("s{}", self.room.lines.len());
            let most = 2 * self.room.limit;
            self.typed = if self.random.one_in(4) {
                words::wild(&token, &mut self.random)
            } else {
                words::text(&token, &mut self.random, most).into_bytes()
            };
        }
        let now = self.agenda.instant();
        let taken = self.host.server().handle_typed(now, &self.typed);
        if taken > 0 {
            let said = self.typed.drain(..taken).collect::<Vec<_>>();
            self.room.typed.push_back(words::safe(&said));
        }
    }

    fn put_out(&mut self, at: usize) {
        let now = self.agenda.instant();
        let addr = self.peer(at).addr.to_string();
        if let Some(id) = self.host.server().user_named(addr.as_bytes()) {
            self.peer(at).truth.put_out = true;
            self.host.server().handle_kicked(now, id);
        }
    }
}
