//! The terminal that the user sits at.

use std::io::{self, IsTerminal};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

/// A terminal as it was found.
///
/// Dropped, it is so again.
#[derive(Debug)]
pub(super) struct Tty {
    found: Termios,
}

impl Tty {
    /// The terminal, if keyboard and screen are one.
    pub(super) fn find() -> Option<Self> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return None;
        }
        Some(Self { found: tcgetattr(io::stdin()).ok()? })
    }

    /// Has it give keys instead of lines and not show them itself, so that a
    /// message can be put above a line half typed. Signals such as Ctrl-C stay
    /// as they are. A shell that had stopped us undoes it.
    pub(super) fn give_keys(&self) -> io::Result<()> {
        let mut modes = self.found.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    /// Characters in a row of it; 80 where it does not say.
    pub(super) fn columns() -> usize {
        let columns = tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
        if columns == 0 { 80 } else { columns }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.found);
    }
}
