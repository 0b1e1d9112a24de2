//! How much the room may be asked and told: bounded by what happened.

/// Counts what the host does for the room at one time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    /// Things that happened since the last time.
    events: u64,
    /// Reads and writes that moved something.
    useful: u64,
    /// Reads and writes that moved nothing, polls, timeouts.
    idle: u64,
    timeouts: u64,
    pub(crate) worst: u64,
}

/// Calls without effect that an event may cost.
const MOST_IDLE: u64 = 6;
/// Timeouts in a row without time having passed.
const MOST_TIMEOUTS: u64 = 200;

impl Work {
    /// Something happened that may give the room work.
    pub(crate) fn event(&mut self) {
        self.events += 1;
    }

    pub(crate) fn begin(&mut self) {
        (self.useful, self.idle, self.timeouts) = (0, 0, 0);
    }

    pub(crate) fn moved(&mut self, bytes: usize) {
        *(if bytes > 0 { &mut self.useful } else { &mut self.idle }) += 1;
        self.check();
    }

    pub(crate) fn poll(&mut self) {
        self.idle += 1;
        self.check();
    }

    /// Time was told, by which the store had something to do, or not.
    pub(crate) fn timeout(&mut self, served: bool) {
        if served {
            return self.moved(1);
        }
        self.idle += 1;
        self.timeouts += 1;
        assert!(self.timeouts < MOST_TIMEOUTS, "the room has always something to do: a busy loop");
        self.check();
    }

    fn check(&self) {
        let bound = 24 + MOST_IDLE * (self.events + self.useful);
        assert!(self.idle <= bound, "too much work for what happened: {self:?}");
    }

    /// All is done for now; how many calls it took.
    pub(crate) fn end(&mut self) -> u64 {
        self.worst = self.worst.max(self.idle / (1 + self.events + self.useful));
        self.events = 0;
        self.useful + self.idle
    }
}
