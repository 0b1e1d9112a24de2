//! Numbers for people and for `bench/run`.

use std::time::Duration;

/// The value below which `share` of `times` lie; sorts them.
pub fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let rank = (times.len() as f64 * share) as usize;
    times.get(rank.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Microseconds, with a digit after the point.
pub fn micros(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e6)
}
