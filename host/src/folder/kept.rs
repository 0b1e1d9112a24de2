//! What is kept of files that were not finished, by their digest.

use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::SystemTime;

use snug_core::wire::digest::Digest;

/// How long an unfinished file waits for its peer.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// The most unfinished files that wait: few enough to look through, more than
/// a room has people who are cut off at once.
const MOST_KEPT: usize = 256;

/// Which unfinished files wait, and which are under way.
#[derive(Debug, Default)]
pub(super) struct Kept {
    tries: Mutex<Tries>,
    given_back: Condvar,
}

#[derive(Debug, Default)]
struct Tries {
    waiting: Vec<Try>,
    under_way: Vec<Digest>,
}

/// An unfinished file that waits.
#[derive(Clone, Copy, Debug)]
struct Try {
    digest: Digest,
    length: u64,
    since: SystemTime,
}

impl Kept {
    /// The file with a digest is under way from now on. Where it is still in
    /// the hands of another thread, which ends or removes it, waits for that.
    pub(super) fn take(&self, digest: Digest) {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let is_under_way = |tries: &mut Tries| tries.under_way.contains(&digest);
        let tries = self.given_back.wait_while(tries, is_under_way);
        let mut tries = tries.unwrap_or_else(PoisonError::into_inner);
        tries.waiting.retain(|one| one.digest != digest);
        tries.under_way.push(digest);
    }

    /// Bytes of the file with a digest, if it waits.
    pub(super) fn length(&self, digest: Digest) -> u64 {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = tries.waiting.iter().find(|one| one.digest == digest);
        waiting.map_or(0, |one| one.length)
    }

    /// The file with a digest is not under way any more; what is there of it
    /// waits from now on, if it is told how long it is and since when.
    pub(super) fn give_back(&self, digest: Digest, waits: Option<(u64, SystemTime)>) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.under_way.retain(|&one| one != digest);
        tries.waiting.extend(waits.map(|(length, since)| Try { digest, length, since }));
        drop(tries);
        self.given_back.notify_all();
    }

    /// The one that waits the longest is to be removed and
    /// [given back](Self::give_back), if it does so for too long, or if all
    /// together take more than `room`, or are too many.
    pub(super) fn take_above(&self, room: u64, now: SystemTime) -> Option<Digest> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let all = &tries.waiting;
        let (at, oldest) = all.iter().enumerate().min_by_key(|(_, one)| one.since)?;
        let expired = now.duration_since(oldest.since).is_ok_and(|age| age > KEPT_FOR);
        let length = all.iter().fold(0, |sum: u64, one| sum.saturating_add(one.length));
        let too_much = length > room || all.len() > MOST_KEPT;
        if !expired && !too_much {
            return None;
        }
        let Try { digest, .. } = tries.waiting.swap_remove(at);
        tries.under_way.push(digest);
        Some(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u8) -> Digest {
        Digest::new([n; 32])
    }

    fn at(hour: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(hour)
    }

    #[test]
    fn the_oldest_goes_first_and_only_when_it_must() {
        let kept = Kept::default();
        for (n, hour) in [(1, 3), (2, 1), (3, 2)] {
            kept.give_back(digest(n), Some((100, at(hour))));
        }
        assert_eq!(kept.take_above(300, at(10)), None);
        assert_eq!(kept.take_above(299, at(10)), Some(digest(2)));
        assert_eq!(kept.take_above(200, at(26)), None);
        assert_eq!(kept.take_above(200, at(27)), Some(digest(3)));
        kept.take(digest(1));
        assert_eq!(kept.take_above(0, at(99)), None, "what is under way is needed");
        kept.give_back(digest(1), None);
        assert_eq!(kept.take_above(0, at(99)), None);
    }

    #[test]
    fn there_are_never_too_many() {
        let kept = Kept::default();
        for n in 0..=u8::MAX {
            kept.give_back(digest(n), Some((0, at(0))));
        }
        assert_eq!(kept.take_above(0, at(0)), None);
        kept.give_back(Digest::new([0xab; 32]), Some((0, at(0))));
        assert!(kept.take_above(0, at(0)).is_some());
    }
}
