//! A file whose bytes follow its header: the classic upload, and `#upload`.

use core::fmt::Write as _;

use super::ANNOUNCEMENT;
use super::outgoing::{Burst, Outcome, Outgoing, Speech, Upload};
use crate::time::Instant;
use crate::wire::name::FileName;

/// Why a file cannot be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OfferError {
    /// Another file is going out.
    Busy,
    /// The server is not known yet: try again after the next timeout.
    NotYet,
    /// A classic server cannot read a header whose name holds a space.
    SpaceInName,
}

impl Outgoing<'_> {
    pub(super) fn is_uploading(&self) -> bool {
        !matches!(self.upload, Upload::None)
    }

    pub(super) fn take_uploaded(&mut self) -> bool {
        let uploaded = self.outcome == Outcome::Uploaded;
        if uploaded {
            self.outcome = Outcome::Open;
        }
        uploaded
    }

    /// Takes Snug's word on the upload; whether that has made it true.
    pub(super) fn settle(&mut self, stored: bool) -> bool {
        let settling = matches!(self.upload, Upload::Settling);
        if settling {
            self.upload = Upload::None;
        }
        if !stored && self.is_uploading() {
            self.outcome = Outcome::Refused;
        }
        settling && stored
    }

    pub(super) fn offer(
        &mut self,
        now: Instant,
        name: &FileName,
        size: u64,
    ) -> Result<(), OfferError> {
        if self.is_uploading() {
            return Err(OfferError::Busy);
        }
        let lines = match self.speech {
            Speech::Lines => true,
            Speech::Bursts if now >= self.sure => false,
            _ => return Err(OfferError::NotYet),
        };
        if !lines && name.as_str().contains(char::is_whitespace) {
            return Err(OfferError::SpaceInName);
        }
        self.upload = if lines || self.announced {
            Upload::Header(name.clone(), size)
        } else {
            Upload::Announce(name.clone(), size)
        };
        self.tick(now);
        Ok(())
    }

    pub(super) fn body_space(&mut self) -> &mut [u8] {
        let most = match self.upload {
            Upload::Body(left) if self.takes_body() => left,
            _ => 0,
        };
        self.output.space(most)
    }

    pub(super) fn body(&mut self, len: usize) {
        if let Upload::Body(left) = &mut self.upload {
            *left -= len as u64;
            self.output.fill(len);
            self.burst = Burst::Body;
        }
    }

    /// Takes the upload a step further, if nothing keeps it.
    pub(super) fn advance(&mut self) {
        if !self.output.is_empty() {
            return;
        }
        let apart = self.is_apart(self.now, self.next());
        match core::mem::replace(&mut self.upload, Upload::None) {
            Upload::Announce(name, size) if apart => {
                self.put_text(ANNOUNCEMENT);
                self.upload = Upload::Header(name, size);
            }
            Upload::Header(name, size) if apart => self.put_header(&name, size),
            Upload::Body(0) => self.finish(),
            waiting => self.upload = waiting,
        }
    }

    fn finish(&mut self) {
        match self.speech {
            Speech::Lines if self.outcome == Outcome::Refused => {}
            Speech::Lines => self.upload = Upload::Settling,
            _ => self.outcome = Outcome::Uploaded,
        }
        if self.speech == Speech::LinesSoon {
            self.speak_lines();
        }
    }

    fn put_header(&mut self, name: &FileName, size: u64) {
        let written = write!(self.output, "#upload '{}' {size}", name.as_str());
        written.expect("an empty output has room for 255 + 32 bytes");
        self.burst = Burst::Header;
        self.outcome = Outcome::Open;
        self.announced = false;
        self.upload = Upload::Body(size);
        self.end_text();
    }

    /// Whether the header is gone for long enough.
    fn takes_body(&self) -> bool {
        self.burst == Burst::Body
            || self.speech == Speech::Lines
            || (self.output.is_empty() && self.is_apart(self.now, Burst::Body))
    }
}
