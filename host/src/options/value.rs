//! Sizes and durations as people write them.
//!
//! ```
//! use core::time::Duration;
//! use snug_host::options::value::{duration, size};
//!
//! assert_eq!(size("16M"), Ok(16 << 20));
//! assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
//! ```

use core::error::Error;
use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

/// Why a word is no size or duration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueError {
    /// Not a number with a unit.
    NoSize,
    /// Not a number with a unit of time.
    NoDuration,
    /// Beyond what the option takes: the smallest and the largest that it does.
    OutOfRange(String, String),
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSize => f.write_str("not a size such as 4096, 64K, 16M or 1G"),
            Self::NoDuration => f.write_str("not a duration such as 500ms, 30s, 5m or 1h"),
            Self::OutOfRange(least, most) => write!(f, "not from {least} to {most}"),
        }
    }
}

impl Error for ValueError {}

/// A number of bytes: `4096`, `64K`, `16M`, `1G`, `2T`, in powers of 1024.
///
/// Small letters do as well, and so do `KB` and `KiB`.
pub fn size(word: &str) -> Result<u64, ValueError> {
    let (number, unit) = split(word);
    let unit = unit.to_ascii_lowercase();
    let scale: u64 = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" if unit.is_empty() || unit == "b" => 1,
        "k" => KIB,
        "m" => MIB,
        "g" => GIB,
        "t" => TIB,
        _ => return Err(ValueError::NoSize),
    };
    let number: u64 = number.parse().map_err(|_| ValueError::NoSize)?;
    number.checked_mul(scale).ok_or(ValueError::NoSize)
}

/// A time: `500ms`, `30s`, `5m`, `1h`; a bare number is seconds.
pub fn duration(word: &str) -> Result<Duration, ValueError> {
    let (number, unit) = split(word);
    let millis: u64 = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err(ValueError::NoDuration),
    };
    let number: u64 = number.parse().map_err(|_| ValueError::NoDuration)?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or(ValueError::NoDuration)
}

/// A parser of [sizes](size) within `range`, in any integer type.
pub fn size_in<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, ValueError> + Clone + Send + Sync + 'static {
    move |word| {
        let value = size(word)?;
        let fitting = if range.contains(&value) { T::try_from(value).ok() } else { None };
        fitting.ok_or_else(|| {
            ValueError::OutOfRange(show_size(*range.start()), show_size(*range.end()))
        })
    }
}

/// A parser of [durations](duration) within `range`.
pub fn duration_in(
    range: RangeInclusive<Duration>,
) -> impl Fn(&str) -> Result<Duration, ValueError> + Clone + Send + Sync + 'static {
    move |word| {
        let value = duration(word)?;
        if range.contains(&value) {
            return Ok(value);
        }
        Err(ValueError::OutOfRange(show_duration(*range.start()), show_duration(*range.end())))
    }
}

/// 1024 bytes.
pub const KIB: u64 = 1 << 10;
/// 1024 KiB.
pub const MIB: u64 = 1 << 20;
/// 1024 MiB.
pub const GIB: u64 = 1 << 30;
/// 1024 GiB.
pub const TIB: u64 = 1 << 40;

/// The digits at the start of `word`, and what follows them.
fn split(word: &str) -> (&str, &str) {
    word.split_at(word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len()))
}

/// The size in the largest unit that leaves nothing over.
fn show_size(bytes: u64) -> String {
    let units = [(TIB, "T"), (GIB, "G"), (MIB, "M"), (KIB, "K")];
    let whole = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    whole.map_or_else(|| bytes.to_string(), |(unit, letter)| format!("{}{letter}", bytes / unit))
}

fn show_duration(time: Duration) -> String {
    match time.as_millis() {
        ms if ms % 3_600_000 == 0 => format!("{}h", ms / 3_600_000),
        ms if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes() {
        for (word, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("12b", 12),
            ("64K", 65_536),
            ("64k", 65_536),
            ("64KB", 65_536),
            ("64KiB", 65_536),
            ("1G", GIB),
            ("16777215T", 16_777_215 * TIB),
        ] {
            assert_eq!(size(word), Ok(bytes), "{word}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        for word in ["", "K", "-1", "1.5M", "1 K", "1KK", "1i", "1bb", "16777216T", "0x10"] {
            assert_eq!(size(word), Err(ValueError::NoSize), "{word}");
        }
    }

    #[test]
    fn reads_durations() {
        for (word, millis) in [("500ms", 500), ("1s", 1000), ("2", 2000), ("3m", 180_000)] {
            assert_eq!(duration(word), Ok(Duration::from_millis(millis)), "{word}");
        }
        for word in ["", "s", "1d", "1.5s", "-1s", "99999999999999999999", "9999999999999999h"] {
            assert_eq!(duration(word), Err(ValueError::NoDuration), "{word}");
        }
    }

    #[test]
    fn tells_the_range_in_readable_units() {
        let parse = size_in::<usize>(64 * KIB..=GIB);
        assert_eq!(parse("64K"), Ok(65_536));
        assert_eq!(parse("63K").unwrap_err().to_string(), "not from 64K to 1G");
        let parse = size_in::<u8>(1..=300);
        assert_eq!(parse("300").unwrap_err().to_string(), "not from 1 to 300");
        let parse = duration_in(Duration::from_millis(10)..=Duration::from_hours(1));
        assert_eq!(parse("2h").unwrap_err().to_string(), "not from 10ms to 1h");
    }
}
