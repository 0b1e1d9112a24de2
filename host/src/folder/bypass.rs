//! What goes past the room: straight from a socket to a file, and back.

use std::io;
use std::os::fd::AsFd;

#[cfg(doc)]
use snug_core::store::Store;
use snug_core::store::TransferSlot;

use super::FolderStore;
use super::job::Step;
use super::pipe::FEW;

impl FolderStore {
    /// Moves the next `most` bytes that are [lent](Store::lend) to a socket, as
    /// far as it takes them now; tells how many.
    pub fn hand_over(
        &mut self,
        slot: TransferSlot,
        most: usize,
        socket: impl AsFd,
    ) -> io::Result<usize> {
        let pipe = self.slots[slot.index()].pipe();
        pipe.ok_or(io::ErrorKind::InvalidInput)?.drain(most, socket)
    }

    /// How many of the next `most` bytes of an upload the slot can get now straight
    /// from a socket that has `unread` ones: 0 while others are under way or it is
    /// not its turn, none where they are to be [written](Store::write). So few that
    /// they are sooner written wait for no turn, and others have that.
    pub fn space_in_pipe(&mut self, slot: TransferSlot, most: u64, unread: u64) -> Option<usize> {
        let piped = self.slots[slot.index()].is_piped(most);
        if !piped || (unread < FEW && !self.turns(slot).is_busy(slot)) {
            self.leave(slot);
            return None;
        }
        let space = self.turns(slot).ask(slot)?;
        Some(usize::try_from(most).map_or(space, |most| most.min(space)))
    }

    /// Appends to an upload what a socket has now, up to the `most` bytes for
    /// which there is [space](Self::space_in_pipe), without a copy in between;
    /// tells how many. None where there was nothing, or an error: the next read
    /// finds out, and others have their turn.
    pub fn take_over(
        &mut self,
        slot: TransferSlot,
        most: usize,
        socket: impl AsFd,
    ) -> Option<usize> {
        match self.turns(slot).take_in(slot, most, socket) {
            Ok(Some(pipe)) => {
                let count = pipe.held();
                if self.send(slot, Step::Pour(pipe)).is_err() {
                    // A thread that died took it along; what is written tells.
                    self.slots[slot.index()].piped = false;
                    self.turns(slot).lose(slot);
                }
                return Some(count);
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                self.slots[slot.index()].piped = false;
            }
            _ => {}
        }
        self.leave(slot);
        None
    }

    /// Leaves a slot's turn to others, and its place among those who wait.
    pub(super) fn leave(&mut self, slot: TransferSlot) {
        if self.turns(slot).leave(slot) {
            (self.wake)();
        }
    }
}
