//! The time that the core is handed.

use std::time;

use snug_core::time::Instant;

/// A monotonic clock that starts at zero.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: time::Instant,
}

impl Clock {
    /// A clock that stands at [`Instant::ZERO`] now.
    pub fn start() -> Self {
        Self { start: time::Instant::now() }
    }

    /// The milliseconds since the start.
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::thread::sleep;

    use super::*;

    #[test]
    fn moves_on_by_the_time_that_passed() {
        let clock = Clock::start();
        let before = clock.now();
        sleep(Duration::from_millis(5));
        assert!(clock.now().since(before) >= Duration::from_millis(4));
    }
}
