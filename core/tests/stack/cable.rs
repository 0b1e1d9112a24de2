//! An Ethernet cable between two stacks, which may lose frames.

use core::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use smoltcp::phy::{self, DeviceCapabilities};
use smoltcp::time::Instant;

type Frames = Rc<RefCell<VecDeque<Vec<u8>>>>;

/// One end of the cable.
pub(crate) struct End {
    comes: Frames,
    goes: Frames,
    /// Every so manieth frame that is sent gets lost; 0 for none.
    pub(crate) loses: usize,
    sent: usize,
}

/// A cable by its ends.
pub(crate) fn cable() -> (End, End) {
    let (there, back) = (Frames::default(), Frames::default());
    let end = |comes: &Frames, goes: &Frames| End {
        comes: Rc::clone(comes),
        goes: Rc::clone(goes),
        loses: 0,
        sent: 0,
    };
    (end(&there, &back), end(&back, &there))
}

impl End {
    /// Whether a frame waits at this end.
    pub(crate) fn has_frame(&self) -> bool {
        !self.comes.borrow().is_empty()
    }
}

impl phy::Device for End {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing;

    fn receive(&mut self, now: Instant) -> Option<(Incoming, Outgoing)> {
        let frame = self.comes.borrow_mut().pop_front()?;
        Some((Incoming(frame), self.transmit(now)?))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing> {
        self.sent += 1;
        let lost = self.loses > 0 && self.sent.is_multiple_of(self.loses);
        Some(Outgoing { goes: Rc::clone(&self.goes), lost })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

pub(crate) struct Incoming(Vec<u8>);

impl phy::RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

pub(crate) struct Outgoing {
    goes: Frames,
    lost: bool,
}

impl phy::TxToken for Outgoing {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = vec![0; len];
        let result = write(&mut frame);
        if !self.lost {
            self.goes.borrow_mut().push_back(frame);
        }
        result
    }
}
