//! Parts of files that go from the folder to a link without a copy.

use embedded_io::{Error, ErrorKind};
use snug_core::id::ClientId;
use snug_core::io::handle_written;
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
    let Some(Loan { slot, line, len }) = server.pending_loan(id) else { return Ok(0) };
    let line_len = line.len();
    let begun = if line.is_empty() { Ok(0) } else { link.begin(line) };
    let moved = match begun {
        Ok(sent) if sent == line_len => {
            let moved = link.take(len, |socket| server.store_mut().hand_over(slot, len, socket));
            behind(sent, moved)
        }
        begun => begun,
    };
    handle_written(server, now, id, moved)
}

/// What comes of a write of which `sent` bytes were out before its second part.
fn behind(sent: usize, moved: Result<usize, LinkError>) -> Result<usize, LinkError> {
    match moved {
        Err(error) if sent > 0 && error.kind() == ErrorKind::Interrupted => Ok(sent),
        moved => moved.map(|count| sent + count),
    }
}
