//! Fixed places for clients, and the queues they stand in.
//!
//! Join, leave and look-up take constant time, and so does everything that a
//! queue does: a place carries its own links for each [`Queue`], so a client
//! stands in any queue at most once and leaves it from the middle. A queue is a
//! ring, the last linked to the first: whoever is first goes to the end by the
//! ring's turning.

use core::mem;

use crate::id::ClientId;

/// What a client may be waiting for. Each queue is first in, first out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// Has something to send that is not in step: answers, a link that takes
    /// again, more than one run.
    Urgent,
    /// A join, an upload or a leave is to be told to the room.
    Marked,
    /// Waits for its link to have been quiet.
    Quiet,
    /// Its link takes nothing.
    Stuck,
    /// In a file or its header, or gets a file; must move on.
    Moving,
    /// Has said more than its share while the log is pressed.
    Held,
    /// Has said more than its rate allows.
    Paced,
    /// Waits for a free slot for a transfer.
    Slot,
    /// Its transfer can go on, by a block at a time.
    Working,
    /// Its input can go on.
    Resumed,
    /// Its link is to be closed.
    Closing,
    /// Keeps up with the room; in the order of the cursors, and as far as that leaves
    /// it open of the places. The last one, so that its link lies beside the tenant.
    InStep,
}

const QUEUES: usize = Queue::InStep as usize + 1;
/// No place: there are not so many.
const NIL: u32 = 1 << 31;

#[derive(Clone, Copy, Debug)]
struct Link {
    prev: u32,
    next: u32,
}

/// A place of the table; lent to the room.
#[derive(Debug)]
#[repr(C)]
pub struct Place<T> {
    links: [Link; QUEUES],
    generation: u32,
    /// The queues that it stands in: a bit for each.
    stands: u32,
    tenant: Option<T>,
}

impl<T> Place<T> {
    /// Nobody here yet; to fill the memory that is lent.
    pub const VACANT: Self = Self {
        links: [Link { prev: NIL, next: NIL }; QUEUES],
        generation: 0,
        stands: 0,
        tenant: None,
    };
}

/// The clients of a room by place.
#[derive(Debug)]
pub(crate) struct Table<'m, T> {
    places: &'m mut [Place<T>],
    /// Who is first in each queue.
    firsts: [u32; QUEUES],
    /// First of the places that were let before and are free, linked by
    /// `next` of their first link.
    free: u32,
    /// Places from here on were never let.
    fresh: u32,
}

impl<'m, T> Table<'m, T> {
    /// An empty table.
    pub(crate) fn new(places: &'m mut [Place<T>]) -> Self {
        Self { places, firsts: [NIL; QUEUES], free: NIL, fresh: 0 }
    }

    /// How many clients there can be.
    pub(crate) fn capacity(&self) -> usize {
        self.places.len()
    }

    /// Lets a place, if not all are taken.
    pub(crate) fn insert(&mut self, tenant: T) -> Option<ClientId> {
        let at = if self.free != NIL {
            let at = self.free;
            self.free = self.places[at as usize].links[0].next;
            at
        } else if (self.fresh as usize) < self.capacity() {
            self.fresh += 1;
            self.fresh - 1
        } else {
            return None;
        };
        let place = &mut self.places[at as usize];
        place.tenant = Some(tenant);
        Some(ClientId::new(at, place.generation))
    }

    /// Ends a tenancy: out of all queues, and its id misses from now on.
    pub(crate) fn remove(&mut self, at: u32) -> Option<T> {
        let tenant = self.places[at as usize].tenant.take()?;
        for queue in 0..QUEUES {
            self.unlink(queue, at);
        }
        let place = &mut self.places[at as usize];
        place.generation = place.generation.wrapping_add(1);
        place.links[0].next = self.free;
        self.free = at;
        Some(tenant)
    }

    /// The place of a client that is still here.
    pub(crate) fn find(&self, id: ClientId) -> Option<u32> {
        let place = self.places.get(id.index())?;
        (place.tenant.is_some() && place.generation == id.generation()).then_some(id.place())
    }

    /// The id of the tenant of a place.
    pub(crate) fn id(&self, at: u32) -> ClientId {
        ClientId::new(at, self.places[at as usize].generation)
    }

    /// The tenant of a place, if it has one.
    pub(crate) fn tenant(&self, at: u32) -> Option<&T> {
        self.places.get(at as usize)?.tenant.as_ref()
    }

    /// The tenant of a place, if it has one.
    pub(crate) fn tenant_mut(&mut self, at: u32) -> Option<&mut T> {
        self.places.get_mut(at as usize)?.tenant.as_mut()
    }

    /// The first let place from `at` on; looks at vacant ones in between.
    pub(crate) fn next_from(&self, at: u32) -> Option<u32> {
        (at..self.fresh).find(|&at| self.places[at as usize].tenant.is_some())
    }

    /// Who is first in a queue.
    pub(crate) fn first(&self, queue: Queue) -> Option<u32> {
        let first = self.firsts[queue as usize];
        (first != NIL).then_some(first)
    }

    /// Takes the first out of a queue.
    pub(crate) fn pop(&mut self, queue: Queue) -> Option<u32> {
        let first = self.first(queue)?;
        self.unlink(queue as usize, first);
        Some(first)
    }

    /// Whether a client stands in a queue.
    pub(crate) fn is_in(&self, queue: Queue, at: u32) -> bool {
        self.stands_in(queue as usize, at)
    }

    /// Whether a client stands in one of some queues: as cheap as in one.
    pub(crate) fn is_in_any<const N: usize>(&self, queues: [Queue; N], at: u32) -> bool {
        let bits = queues.into_iter().fold(0, |bits, queue| bits | bit_of(queue as usize));
        self.places.get(at as usize).is_some_and(|place| place.stands & bits != 0)
    }

    fn stands_in(&self, queue: usize, at: u32) -> bool {
        self.places.get(at as usize).is_some_and(|place| place.stands & bit_of(queue) != 0)
    }

    /// Puts a client at the end of a queue, from wherever it stood in it. A
    /// vacant place stands in none: its links are the free list's.
    pub(crate) fn push(&mut self, queue: Queue, at: u32) {
        let queue = queue as usize;
        self.unlink(queue, at);
        let mut last = at;
        if self.firsts[queue] == NIL {
            self.firsts[queue] = at;
            self.places[at as usize].links[queue].next = at;
        } else {
            last = self.places[self.firsts[queue] as usize].links[queue].prev;
        }
        self.link_behind(queue, at, last);
    }

    /// Puts a client right behind another that stands in a queue, from wherever
    /// it stood in it.
    pub(crate) fn push_behind(&mut self, queue: Queue, at: u32, other: u32) {
        debug_assert!(self.is_in(queue, other) && other != at, "there is a place behind it");
        self.unlink(queue as usize, at);
        self.link_behind(queue as usize, at, other);
    }

    fn link_behind(&mut self, queue: usize, at: u32, prev: u32) {
        debug_assert!(self.tenant(at).is_some(), "a vacant place waits for nothing");
        let next = mem::replace(&mut self.places[prev as usize].links[queue].next, at);
        self.places[next as usize].links[queue].prev = at;
        let place = &mut self.places[at as usize];
        place.links[queue] = Link { prev, next };
        place.stands |= bit_of(queue);
    }

    /// Puts a client at the end of a queue if it is first in it; whether it was.
    pub(crate) fn rotate(&mut self, queue: Queue, at: u32) -> bool {
        let queue = queue as usize;
        let is_first = self.firsts[queue] == at;
        if is_first {
            self.firsts[queue] = self.places[at as usize].links[queue].next;
        }
        is_first
    }

    /// Takes a client out of a queue, if it stands in it.
    pub(crate) fn leave(&mut self, queue: Queue, at: u32) {
        self.unlink(queue as usize, at);
    }

    /// Most of the time there is nothing to do, and that is found out where it
    /// is asked.
    fn unlink(&mut self, queue: usize, at: u32) {
        if self.stands_in(queue, at) {
            self.cut_out(queue, at);
        }
    }

    #[inline(never)]
    fn cut_out(&mut self, queue: usize, at: u32) {
        let place = &mut self.places[at as usize];
        place.stands &= !bit_of(queue);
        let Link { prev, next } = place.links[queue];
        self.places[prev as usize].links[queue].next = next;
        self.places[next as usize].links[queue].prev = prev;
        if self.firsts[queue] == at {
            self.firsts[queue] = if next == at { NIL } else { next };
        }
    }
}

const fn bit_of(queue: usize) -> u32 {
    1 << queue
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::VecDeque;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::dice::Dice;

    const ALL: [Queue; QUEUES] = [
        Queue::Urgent,
        Queue::Marked,
        Queue::Quiet,
        Queue::Stuck,
        Queue::Moving,
        Queue::Held,
        Queue::Paced,
        Queue::Slot,
        Queue::Working,
        Queue::Resumed,
        Queue::Closing,
        Queue::InStep,
    ];

    fn agree(table: &Table<'_, u32>, tenants: &[Option<u32>], queues: &[VecDeque<u32>]) {
        for (queue, model) in ALL.into_iter().zip(queues) {
            assert_eq!(table.first(queue), model.front().copied());
            for at in 0..tenants.len() as u32 {
                assert_eq!(table.is_in(queue, at), model.contains(&at));
            }
        }
        for at in 0..tenants.len() as u32 {
            let some = [Queue::Quiet, Queue::Closing];
            let any = some.into_iter().any(|queue| queues[queue as usize].contains(&at));
            assert_eq!(table.is_in_any(some, at), any);
        }
        for (at, tenant) in tenants.iter().enumerate() {
            assert_eq!(table.tenant(at as u32), tenant.as_ref());
            let next = (at..tenants.len()).find(|&at| tenants[at].is_some());
            assert_eq!(table.next_from(at as u32), next.map(|at| at as u32));
        }
    }

    #[test]
    fn agrees_with_std() {
        const PLACES: usize = 12;
        let mut dice = Dice::new(3);
        let mut places: Vec<_> = (0..PLACES).map(|_| Place::VACANT).collect();
        let mut table = Table::new(&mut places);
        let mut tenants = [None; PLACES];
        let mut queues = vec![VecDeque::new(); QUEUES];
        let mut ids: Vec<ClientId> = vec![];
        for number in 0..10_000 {
            let queue = dice.pick(&ALL);
            let at = dice.below(PLACES);
            match dice.below(9) {
                0 => match table.insert(number) {
                    Some(id) => {
                        assert!(!ids.contains(&id), "an id is given once");
                        assert_eq!(tenants[id.index()].replace(number), None);
                        assert_eq!(table.id(id.place()), id);
                        ids.push(id);
                    }
                    None => assert!(tenants.iter().all(Option::is_some)),
                },
                1 => {
                    assert_eq!(table.remove(at as u32), tenants[at].take());
                    for queue in &mut queues {
                        queue.retain(|&other| other as usize != at);
                    }
                }
                2 => assert_eq!(table.pop(queue), queues[queue as usize].pop_front()),
                3 => {
                    table.leave(queue, at as u32);
                    queues[queue as usize].retain(|&other| other as usize != at);
                }
                4 => {
                    if let (Some(one), Some(other)) =
                        (table.tenant_mut(at as u32), &mut tenants[at])
                    {
                        (*one, *other) = (number, number);
                    }
                }
                5 => {
                    let model = &mut queues[queue as usize];
                    let is_first = model.front() == Some(&(at as u32));
                    assert_eq!(table.rotate(queue, at as u32), is_first);
                    model.rotate_left(usize::from(is_first));
                }
                6 => {
                    let model = &mut queues[queue as usize];
                    let other = dice.below(PLACES) as u32;
                    if tenants[at].is_some() && other != at as u32 && model.contains(&other) {
                        table.push_behind(queue, at as u32, other);
                        model.retain(|&place| place != at as u32);
                        let before = model.iter().position(|&place| place == other).unwrap();
                        model.insert(before + 1, at as u32);
                    }
                }
                _ if tenants[at].is_some() => {
                    table.push(queue, at as u32);
                    queues[queue as usize].retain(|&other| other as usize != at);
                    queues[queue as usize].push_back(at as u32);
                }
                _ => {}
            }
            agree(&table, &tenants, &queues);
            let found = ids.iter().filter(|&&id| table.find(id).is_some()).count();
            assert_eq!(found, tenants.iter().flatten().count(), "old ids miss");
            if ids.len() > 100 {
                ids.retain(|&id| table.find(id).is_some());
            }
        }
    }

    #[test]
    fn places_are_let_again() {
        let mut places = [const { Place::VACANT }; 2];
        let mut table = Table::new(&mut places);
        let one = table.insert('a').unwrap();
        let other = table.insert('b').unwrap();
        assert_eq!(table.insert('c'), None);
        table.push(Queue::Urgent, one.place());
        assert_eq!(table.remove(one.place()), Some('a'));
        assert_eq!(table.remove(one.place()), None);
        let next = table.insert('c').unwrap();
        assert_eq!(next.place(), one.place());
        assert_ne!(next, one);
        assert_eq!((table.find(one), table.find(next)), (None, Some(next.place())));
        assert_eq!(table.find(other), Some(other.place()));
        assert!(!table.is_in(Queue::Urgent, next.place()));
        assert_eq!(table.find(ClientId::new(2, 0)), None);
        assert_eq!((table.tenant(2), table.next_from(2)), (None, None));
    }

    #[test]
    fn a_generation_may_begin_anew() {
        let mut places = [Place { generation: u32::MAX, ..Place::VACANT }];
        let mut table = Table::new(&mut places);
        let last = table.insert(()).unwrap();
        assert_eq!(last.generation(), u32::MAX);
        table.remove(0);
        assert_eq!(table.insert(()).map(ClientId::generation), Some(0));
        assert_eq!(table.find(last), None);
    }
}
