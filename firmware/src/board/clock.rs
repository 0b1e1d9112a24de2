//! Time, in steps of 10 ms, from the processor's own timer.
//!
//! # Trade-offs
//!
//! The room's shortest wait is 60 ms, so 10 ms are fine enough, and a tick that
//! is counted in an interrupt needs no arithmetic with a running counter.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use snug_core::time::Instant;

use super::{mac, uart};

/// Milliseconds between two ticks.
const TICK: u32 = 10;

/// Ticks since the start; wraps after 497 days.
static TICKS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

/// A clock that starts at zero and does not wrap.
#[derive(Debug)]
pub struct Clock {
    seen: u32,
    ticks: u64,
}

impl Clock {
    /// Starts the timer. `frequency` is the processor's, in Hz.
    pub(super) fn start(mut timer: SYST, frequency: u32) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(frequency / 1000 * TICK - 1);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
        Self { seen: TICKS.load(Ordering::Relaxed), ticks: 0 }
    }

    /// The time. To be asked at least once a year.
    pub fn now(&mut self) -> Instant {
        let ticks = TICKS.load(Ordering::Relaxed);
        self.ticks += u64::from(ticks.wrapping_sub(self.seen));
        self.seen = ticks;
        Instant::from_millis(self.ticks * u64::from(TICK))
    }

    /// A number that is hard to foresee: how long the start took, in cycles.
    ///
    /// That is little noise. A product has a random number generator, or reads
    /// the lowest bits of an analogue pin that nothing is connected to.
    pub fn noise(&mut self) -> u64 {
        let cycles = SYST::get_current();
        self.now().as_millis() << 32 | u64::from(cycles)
    }

    /// Cycles of the processor since the start; wraps.
    pub fn cycles() -> u32 {
        let period = SYST::get_reload() + 1;
        loop {
            let ticks = TICKS.load(Ordering::Relaxed);
            let left = SYST::get_current();
            // It counts down; at 0 the tick comes that belongs to it.
            if ticks == TICKS.load(Ordering::Relaxed) && left != 0 {
                return ticks.wrapping_mul(period).wrapping_add(period - left);
            }
        }
    }

    /// Sleeps until `due`, a frame, or room in the serial port.
    pub fn sleep(&mut self, due: Option<Instant>) {
        while due.is_none_or(|due| self.now() < due) && !mac::has_frame() && !uart::has_room_again()
        {
            super::sleep();
        }
    }
}
