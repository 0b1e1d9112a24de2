//! Peers that are not in step, ordered by how far behind they are.
//!
//! A binary heap of places by cursor that also knows where each place stands,
//! so that any of them moves or leaves in O(log n). Peers that keep up are not
//! in it.

const OUT: u32 = u32::MAX;

/// A place of the heap, and of the client with the same index; lent to the
/// room, one for each client.
#[derive(Clone, Copy, Debug)]
pub struct Rank {
    /// The line that the client of this heap place comes to next.
    line: u64,
    /// The client of this heap place.
    client: u32,
    /// Where the client with this index stands in the heap.
    stands: u32,
}

impl Rank {
    /// Nobody yet; to fill the memory that is lent.
    pub const NONE: Self = Self { line: 0, client: 0, stands: OUT };
}

/// The heap: the furthest behind comes first.
#[derive(Debug)]
pub(crate) struct Laggards<'m> {
    ranks: &'m mut [Rank],
    len: usize,
}

impl<'m> Laggards<'m> {
    /// Nobody is behind.
    pub(crate) fn new(ranks: &'m mut [Rank]) -> Self {
        Self { ranks, len: 0 }
    }

    /// How many peers are in the heap.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The peer at a place of the heap, `0` the furthest behind, with the line
    /// that it comes to next. Beyond the first the order is a heap's.
    pub(crate) fn at(&self, rank: usize) -> Option<(u32, u64)> {
        self.ranks[..self.len].get(rank).map(|rank| (rank.client, rank.line))
    }

    /// The furthest behind, leaving one peer out of account.
    pub(crate) fn first_but(&self, client: u32) -> Option<(u32, u64)> {
        let first = self.at(0)?;
        if first.0 != client {
            return Some(first);
        }
        [self.at(1), self.at(2)].into_iter().flatten().min_by_key(|&(_, line)| line)
    }

    /// Puts a peer where it belongs, from wherever it stood.
    pub(crate) fn set(&mut self, client: u32, line: u64) {
        let mut at = self.ranks[client as usize].stands as usize;
        if at == OUT as usize {
            at = self.len;
            self.len += 1;
        }
        self.put(at, client, line);
        self.settle(at);
    }

    /// Takes a peer out, if it is in.
    pub(crate) fn remove(&mut self, client: u32) {
        if self.len == 0 {
            return;
        }
        let at = self.ranks[client as usize].stands;
        if at == OUT {
            return;
        }
        self.ranks[client as usize].stands = OUT;
        self.len -= 1;
        let at = at as usize;
        if at < self.len {
            let last = self.ranks[self.len];
            self.put(at, last.client, last.line);
            self.settle(at);
        }
    }

    fn put(&mut self, at: usize, client: u32, line: u64) {
        self.ranks[at].client = client;
        self.ranks[at].line = line;
        self.ranks[client as usize].stands = at as u32;
    }

    fn settle(&mut self, at: usize) {
        let at = self.rise(at);
        self.sink(at);
    }

    fn rise(&mut self, mut at: usize) -> usize {
        while at > 0 && self.ranks[at].line < self.ranks[(at - 1) / 2].line {
            self.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
        at
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let below = (2 * at + 1..self.len.min(2 * at + 3)).min_by_key(|&i| self.ranks[i].line);
            match below {
                Some(below) if self.ranks[below].line < self.ranks[at].line => {
                    self.swap(at, below);
                    at = below;
                }
                _ => return,
            }
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        let (one, other) = (self.ranks[a], self.ranks[b]);
        self.put(a, other.client, other.line);
        self.put(b, one.client, one.line);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::collections::BTreeMap;
    use std::vec;

    #[test]
    fn agrees_with_a_sorted_map() {
        let mut ranks = vec![Rank::NONE; 40];
        let mut heap = Laggards::new(&mut ranks);
        let mut model = BTreeMap::new();
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (client, line) = ((seed >> 33) as u32 % 40, (seed >> 40) % 100);
            if seed >> 62 == 0 {
                heap.remove(client);
                model.remove(&client);
            } else {
                heap.set(client, line);
                model.insert(client, line);
            }
            assert_eq!(heap.len(), model.len());
            assert_eq!(heap.at(0).map(|f| f.1), model.values().min().copied());
            let others = model.iter().filter(|(c, _)| **c != client).map(|(_, l)| *l).min();
            assert_eq!(heap.first_but(client).map(|f| f.1), others);
        }
    }
}
