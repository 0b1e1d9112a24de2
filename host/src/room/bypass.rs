//! Bytes of files that go from a link to the folder without a copy.

use snug_core::id::ClientId;
use snug_core::io::Received;
use snug_core::server::Server;
use snug_core::store::Bypass;
use snug_core::time::Instant;

use super::TcpLink;
use crate::folder::FolderStore;

/// Moves what a client's link has of a file to the folder, past the room; answers
/// as a [`receive`](snug_core::io::receive) does. None where that is to be done:
/// of so few bytes, too, that a block may as well collect them, and where the
/// link has ended or failed.
pub(super) fn receive_past(
    server: &mut Server<'_, FolderStore>,
    now: Instant,
    id: ClientId,
    link: &TcpLink,
) -> Option<Received> {
    let Bypass { slot, most } = server.bypass(id)?;
    let space = server.store_mut().space_in_pipe(slot, most, link.unread())?;
    if space == 0 {
        server.handle_crowded(id);
        return Some(Received::Waits);
    }
    let count = server.store_mut().take_over(slot, space, link.socket())?;
    server.handle_bypassed(now, id, count);
    Some(Received::More)
}
