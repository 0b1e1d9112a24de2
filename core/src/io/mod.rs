//! Links: any byte stream pumped into the room and out of it.
//!
//! A [`Link`] is what embedded-io calls a reader and writer that can say
//! whether it is ready. These functions never wait: what cannot be done now is
//! [`nb::Error::WouldBlock`].
//!
//! embedded-io has no error for "not now". A link that finds at a read or write
//! that it is not ready after all answers with an error of the kind
//! [`Interrupted`](embedded_io::ErrorKind::Interrupted), and is asked again
//! later.

#[cfg(feature = "smoltcp")]
pub mod smoltcp;

use embedded_io::{Error, ErrorKind, Read, ReadReady, Write, WriteReady};

use crate::id::ClientId;
use crate::server::Server;
use crate::store::Store;
use crate::time::Instant;

/// A byte stream to a client.
pub trait Link: Read + Write + ReadReady + WriteReady {
    /// Whether a write has such a price that two in one are worth while.
    const WRITES_BOTH: bool = false;

    /// Writes `first`, and `second` right behind it, as far as the link takes
    /// them now; tells how many bytes that were.
    ///
    /// Asked of a link that [can](Self::WRITES_BOTH). All others are given the
    /// second in a write of its own.
    fn write_both(&mut self, first: &[u8], second: &[u8]) -> Result<usize, Self::Error> {
        let _ = second;
        self.write(first)
    }
}

/// How a [`receive`] ended that neither failed nor ran dry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Received {
    /// There may be more: receive again, after the others had their turn.
    More,
    /// The client has to wait;
    /// [`poll_receive`](Server::poll_receive) says when it can go on.
    Waits,
    /// The peer has ended its sending; nothing more is to be read.
    Ended,
}

/// Reads once from a client's link into the room.
///
/// `WouldBlock`: there was nothing to read, and the room knows. An error: the
/// link has failed, the room knows, and the link is to be dropped.
pub fn receive<S: Store, L: Link>(
    server: &mut Server<'_, S>,
    now: Instant,
    id: ClientId,
    link: &mut L,
) -> nb::Result<Received, L::Error> {
    let space = server.space(id);
    if space.is_empty() {
        return Ok(Received::Waits);
    }
    let most = space.len();
    let read = match link.read_ready() {
        Ok(true) => not_now(link.read(space)).map(|count| count.min(most)),
        Ok(false) => Err(nb::Error::WouldBlock),
        Err(error) => Err(nb::Error::Other(error)),
    };
    match read {
        Ok(0) => {
            server.handle_ended(now, id);
            return Ok(Received::Ended);
        }
        Ok(count) => server.handle_received(now, id, count),
        Err(nb::Error::WouldBlock) => server.handle_pause(now, id),
        Err(nb::Error::Other(_)) => server.handle_gone(now, id),
    }
    read.map(|_| Received::More)
}

/// Writes once to a client's link what is pending for it; tells how many bytes
/// it took.
///
/// `WouldBlock`: the link takes nothing more now, and the room knows. An error:
/// the link has failed, the room knows, and the link is to be dropped.
pub fn transmit<S: Store, L: Link>(
    server: &mut Server<'_, S>,
    now: Instant,
    id: ClientId,
    link: &mut L,
) -> nb::Result<usize, L::Error> {
    let written = match link.write_ready() {
        Ok(true) => match pending::<_, L>(server, id) {
            ([], _) => return Ok(0),
            (bytes, []) => link.write(bytes),
            (first, second) => link.write_both(first, second),
        },
        Ok(false) => Ok(0),
        Err(error) => Err(error),
    };
    handle_written(server, now, id, written)
}

/// Tells the room what came of a write to a client's link, and answers as
/// [`transmit`] does: for who writes what is pending in a way of its own. Not to
/// be called where nothing was pending.
///
/// A link that took nothing takes nothing more now, and so does one whose write
/// was [`Interrupted`](ErrorKind::Interrupted).
pub fn handle_written<S: Store, E: Error>(
    server: &mut Server<'_, S>,
    now: Instant,
    id: ClientId,
    written: Result<usize, E>,
) -> nb::Result<usize, E> {
    let written = match not_now(written) {
        Ok(0) => Err(nb::Error::WouldBlock),
        written => written,
    };
    match written {
        Ok(count) => server.handle_sent(now, id, count),
        Err(nb::Error::WouldBlock) => server.handle_blocked(now, id),
        Err(nb::Error::Other(_)) => server.handle_gone(now, id),
    }
    written
}

fn pending<'a, S: Store, L: Link>(
    server: &'a mut Server<'_, S>,
    id: ClientId,
) -> (&'a [u8], &'a [u8]) {
    if L::WRITES_BOTH { server.pending_both(id) } else { (server.pending(id), &[]) }
}

/// An interrupted call is one to be made again.
fn not_now<E: Error>(result: Result<usize, E>) -> nb::Result<usize, E> {
    result.map_err(|error| match error.kind() {
        ErrorKind::Interrupted => nb::Error::WouldBlock,
        _ => nb::Error::Other(error),
    })
}
