//! The operator's view: what all others get, a line each.

use super::Server;
use crate::log::Reader;
use crate::store::Store;

impl<S: Store> Server<'_, S> {
    /// Lines for the console, newlines included, at most about `most` bytes;
    /// empty when there are none. The console holds nobody up: lines that it
    /// does not take before the log is full are gone.
    pub fn console(&mut self, most: usize) -> &[u8] {
        let mut cursor = self.console;
        if self.log.is_overrun(cursor) {
            self.tally.unshown += self.log.oldest().next - cursor.next;
            cursor = self.log.oldest();
        }
        self.log.settle(&mut cursor, Reader::OBSERVER);
        self.console = cursor;
        self.log.run(cursor, Reader::OBSERVER, u64::MAX, most).bytes
    }

    /// The console took `count` bytes of its lines.
    pub fn handle_shown(&mut self, count: usize) {
        self.log.advance(&mut self.console, Reader::OBSERVER, count);
    }
}
