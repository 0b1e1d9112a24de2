//! Fixed places for clients, and the queues they stand in.
//!
//! Join, leave and look-up take constant time, and so does everything that a
//! queue does: a place carries its own links for each [`Queue`], so a client
//! stands in any queue at most once and leaves it from the middle.

use crate::id::ClientId;

/// What a client may be waiting for. Each queue is first in, first out unless
/// something is pushed to its front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// Keeps up with the room; in the order of the cursors.
    InStep,
    /// Has something to send that is not in step: answers, a link that takes
    /// again, more than one run.
    Urgent,
    /// A join, an upload or a leave is to be told to the room.
    Marked,
    /// Waits for its link to have been quiet.
    Quiet,
    /// Its link takes nothing.
    Stuck,
    /// In a file or its header; must move on.
    Moving,
    /// Has said more than its share while the log is pressed.
    Held,
    /// Has said more than its rate allows.
    Paced,
    /// Waits for a free upload slot.
    Upload,
    /// Its input can go on.
    Resumed,
    /// Its link is to be closed.
    Closing,
}

const QUEUES: usize = 11;
const NIL: u32 = u32::MAX;
/// In `prev`: stands in no such queue.
const OUT: u32 = u32::MAX - 1;

#[derive(Clone, Copy, Debug)]
struct Link {
    prev: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

/// A place of the table; lent to the room.
#[derive(Debug)]
pub struct Place<T> {
    generation: u32,
    links: [Link; QUEUES],
    tenant: Option<T>,
}

impl<T> Place<T> {
    /// Nobody here yet; to fill the memory that is lent.
    pub const VACANT: Self =
        Self { generation: 0, links: [Link { prev: OUT, next: NIL }; QUEUES], tenant: None };
}

/// The clients of a room by place.
#[derive(Debug)]
pub(crate) struct Table<'m, T> {
    places: &'m mut [Place<T>],
    queues: [Ends; QUEUES],
    /// First of the places that were let before and are free, linked by
    /// `next` of their first link.
    free: u32,
    /// Places from here on were never let.
    fresh: u32,
}

impl<'m, T> Table<'m, T> {
    /// An empty table.
    pub(crate) fn new(places: &'m mut [Place<T>]) -> Self {
        let queues = [Ends { first: NIL, last: NIL }; QUEUES];
        Self { places, queues, free: NIL, fresh: 0 }
    }

    /// How many clients there can be.
    pub(crate) fn capacity(&self) -> usize {
        self.places.len()
    }

    /// Lets a place, or gives the tenant back when all are taken.
    pub(crate) fn insert(&mut self, tenant: T) -> Result<ClientId, T> {
        let at = if self.free != NIL {
            let at = self.free;
            self.free = self.places[at as usize].links[0].next;
            at
        } else if (self.fresh as usize) < self.capacity() {
            self.fresh += 1;
            self.fresh - 1
        } else {
            return Err(tenant);
        };
        let place = &mut self.places[at as usize];
        place.links = Place::<T>::VACANT.links;
        place.tenant = Some(tenant);
        Ok(ClientId::new(at, place.generation))
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
        let first = self.queues[queue as usize].first;
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
        self.places[at as usize].links[queue as usize].prev != OUT
    }

    /// Puts a client at the end of a queue, from wherever it stood in it.
    pub(crate) fn push(&mut self, queue: Queue, at: u32) {
        let queue = queue as usize;
        self.unlink(queue, at);
        let last = self.queues[queue].last;
        self.places[at as usize].links[queue] = Link { prev: last, next: NIL };
        self.queues[queue].last = at;
        match last {
            NIL => self.queues[queue].first = at,
            last => self.places[last as usize].links[queue].next = at,
        }
    }

    /// Takes a client out of a queue, if it stands in it.
    pub(crate) fn leave(&mut self, queue: Queue, at: u32) {
        self.unlink(queue as usize, at);
    }

    fn unlink(&mut self, queue: usize, at: u32) {
        let link = self.places[at as usize].links[queue];
        if link.prev == OUT {
            return;
        }
        self.places[at as usize].links[queue].prev = OUT;
        match link.prev {
            NIL => self.queues[queue].first = link.next,
            prev => self.places[prev as usize].links[queue].next = link.next,
        }
        match link.next {
            NIL => self.queues[queue].last = link.prev,
            next => self.places[next as usize].links[queue].prev = link.prev,
        }
    }
}
