//! Parts of files that go from the folder to a link without a copy.

use snug_core::id::ClientId;
use snug_core::server::Server;
use snug_core::store::Loan;
use snug_core::time::Instant;

use super::TcpLink;
use super::link::LinkError;
use crate::folder::FolderStore;

/// Moves to a client's link what the folder lends it, as far as the link takes
/// it now; told and answered as a [`transmit`](snug_core::io::transmit) is.
pub(super) fn transmit_lent(
    server: &mut Server<'_, FolderStore>,
    now: Instant,
    id: ClientId,
    link: &mut TcpLink,
) -> nb::Result<usize, LinkError> {
    let moved = move_lent(server, id, link);
    match moved {
        Ok(count) => server.handle_sent(now, id, count),
        Err(nb::Error::WouldBlock) => server.handle_blocked(now, id),
        Err(nb::Error::Other(_)) => server.handle_gone(now, id),
    }
    moved
}

/// The line of a part, and its bytes right behind it.
fn move_lent(
    server: &mut Server<'_, FolderStore>,
    id: ClientId,
    link: &mut TcpLink,
) -> nb::Result<usize, LinkError> {
    let Some(Loan { slot, line, len }) = server.pending_loan(id) else { return Ok(0) };
    let line_len = line.len();
    let sent = if line.is_empty() { 0 } else { link.begin(line)? };
    if sent < line_len {
        return Ok(sent);
    }
    match link.take(len, |socket| server.store_mut().hand_over(slot, len, socket)) {
        Ok(count) => Ok(sent + count),
        Err(nb::Error::WouldBlock) if sent > 0 => Ok(sent),
        Err(error) => Err(error),
    }
}
