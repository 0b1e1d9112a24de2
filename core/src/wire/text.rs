//! Making text safe.

/// How far [`make_safe`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Safe {
    /// Bytes of the raw text that were used up.
    pub taken: usize,
    /// Bytes of safe text that were written.
    pub written: usize,
}

/// Writes `raw`, made safe, into `out`: as many whole characters as fit.
pub fn make_safe(raw: &[u8], out: &mut [u8]) -> Safe {
    let _ = (raw, out);
    todo!()
}

/// Length of the character at the end of `raw` that may still become whole.
pub fn cut_character(raw: &[u8]) -> usize {
    let _ = raw;
    todo!()
}
