//! SHA-256 as it stands on the wire.

use core::fmt;

/// Bytes of a SHA-256 digest (FIPS 180-4).
const BYTES: usize = 32;

/// The SHA-256 digest of a file: 64 hexadecimal digits on the wire.
///
/// # Example: reading what a peer sent
///
/// ```
/// use snug_core::wire::digest::Digest;
///
/// let hex = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
/// let nothing = Digest::parse(hex.as_bytes()).unwrap();
/// assert_eq!(nothing.to_string(), hex.to_lowercase());
/// assert_eq!(Digest::parse(b"e3b0"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Digest([u8; BYTES]);

impl Digest {
    /// The digest that these bytes are.
    pub const fn new(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// The digest that is written here, in whatever case.
    pub fn parse(hex: &[u8]) -> Option<Self> {
        let mut bytes = [0; BYTES];
        if hex.len() != 2 * BYTES {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let digest = Digest::new(core::array::from_fn(|at| (at * 37) as u8));
        let hex = digest.to_string();
        assert_eq!(hex.len(), 64);
        assert_eq!(Digest::parse(hex.as_bytes()), Some(digest));
        assert_eq!(Digest::parse(hex.to_uppercase().as_bytes()), Some(digest));
    }

    #[test]
    fn what_is_no_digest_is_none() {
        let hex = Digest::new([0xa5; BYTES]).to_string();
        for wrong in ["", "a5", &hex[1..], &(hex.clone() + "a"), &hex.replace('5', "g")] {
            assert_eq!(Digest::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Digest::parse(&[0xff; 64]), None);
    }
}
