//! Names of files and of people: parsed once, valid ever after.

/// The name of a file: what `parse` lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(heapless::String<255>);

/// Why bytes are no name for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNameError {
    /// No name at all.
    Empty,
}

impl FileName {
    /// The name that these bytes are, if they are one.
    pub fn parse(raw: &[u8]) -> Result<Self, FileNameError> {
        let _ = raw;
        todo!()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The prefix of the server's own temporary names, which no file may have.
pub const TEMPORARY_PREFIX: &str = ".snug-";
