//! Numbers for people and for `bench/run`.

use std::time::Duration;

/// The value below which `percent` of `times` lie; sorts them.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get(times.len() * percent / 100).copied().unwrap_or_default()
}

/// Microseconds, with a digit after the point.
pub fn micros(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e6)
}
