//! The `#` lines that Snug sends: what a program reads instead of a sentence.

use core::time::Duration;

use super::digest::Digest;
use super::name::FileName;

/// What a line that begins with `#` reports of files.
///
/// A `name` is the text of a [`FileName`]. Other words (`#user`) are for people
/// who read them, and are none of these.
///
/// # Example: reading a line
///
/// ```
/// use core::time::Duration;
/// use snug_core::wire::report::Report;
///
/// let line = Report::parse("#stored 'my notes.txt' 3082 61");
/// let age = Some(Duration::from_secs(61));
/// assert_eq!(line, Some(Report::Stored { name: "my notes.txt", size: 3082, age }));
/// assert_eq!(Report::parse("#stored '../x' 3082 61"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Report<'a> {
    /// `#have 'NAME' OFFSET`: the answer to `#put`, the bytes from there on.
    Have {
        /// The file's name.
        name: &'a str,
        /// Bytes that the server has already.
        offset: u64,
    },
    /// `#file 'NAME' SIZE`: the answer to `#get`.
    File {
        /// The file's name.
        name: &'a str,
        /// Bytes of the whole file.
        size: u64,
    },
    /// `#part N`: N bytes of the file follow the line's end.
    Part(u64),
    /// `#sum SHA256`: the file has ended, and this is the hash of all of it.
    Sum(Digest),
    /// `#stored 'NAME' SIZE SECONDS`: one of the files that there are.
    Stored {
        /// The file's name.
        name: &'a str,
        /// Its length in bytes.
        size: u64,
        /// For how long it has stood there, where there is a clock.
        age: Option<Duration>,
    },
}

impl<'a> Report<'a> {
    /// What a line reports, without its end; `None` if it is something else.
    pub fn parse(line: &'a str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "#have" => {
                let (name, [offset]) = about(rest)?;
                Some(Self::Have { name, offset: number(offset)? })
            }
            "#file" => {
                let (name, [size]) = about(rest)?;
                Some(Self::File { name, size: number(size)? })
            }
            "#part" => number(rest).map(Self::Part),
            "#sum" => Digest::parse(rest.as_bytes()).map(Self::Sum),
            "#stored" => {
                let (name, [size, age]) = about(rest)?;
                let age = match age {
                    "-" => None,
                    seconds => Some(Duration::from_secs(number(seconds)?)),
                };
                Some(Self::Stored { name, size: number(size)?, age })
            }
            _ => None,
        }
    }
}

/// The name, and the words after it. It may hold quotes, which they cannot: it
/// ends at the last one.
fn about<const WORDS: usize>(rest: &str) -> Option<(&str, [&str; WORDS])> {
    let (name, after) = rest.strip_prefix('\'')?.rsplit_once('\'')?;
    FileName::parse(name.as_bytes()).ok()?;
    let mut words = after.strip_prefix(' ')?.split(' ');
    let mut about = [""; WORDS];
    for word in &mut about {
        *word = words.next()?;
    }
    words.next().is_none().then_some((name, about))
}

/// Digits alone: Rust would take a sign as well.
fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::ToString;

    use super::*;
    use crate::wire::notice::Reply;

    const DIGITS: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn each_line_reports_what_it_says() {
        let name = "a b";
        let sum = Digest::parse(DIGITS.as_bytes()).unwrap();
        let age = Some(Duration::from_secs(61));
        for (line, report) in [
            ("#have 'a b' 7", Report::Have { name, offset: 7 }),
            ("#have 'a b' 18446744073709551615", Report::Have { name, offset: u64::MAX }),
            ("#file 'a b' 0", Report::File { name, size: 0 }),
            ("#file 'it's' 1", Report::File { name: "it's", size: 1 }),
            ("#file 'a' 5' 6", Report::File { name: "a' 5", size: 6 }),
            ("#file ''' 1", Report::File { name: "'", size: 1 }),
            ("#part 65536", Report::Part(65_536)),
            (&format!("#sum {DIGITS}"), Report::Sum(sum)),
            ("#stored 'a b' 3082 61", Report::Stored { name, size: 3082, age }),
            ("#stored 'a b' 3082 -", Report::Stored { name, size: 3082, age: None }),
        ] {
            assert_eq!(Report::parse(line), Some(report), "{line}");
        }
    }

    #[test]
    fn what_the_room_says_is_read_as_it_was_meant() {
        let digest = Digest::parse(DIGITS.as_bytes()).unwrap();
        let age = Some(Duration::from_secs(61));
        for name in ["a", "a b", "it's", "' 5", "a' 5 6", "-", "#part 5", "é"] {
            let file = &FileName::parse(name.as_bytes()).unwrap();
            for (said, read) in [
                (Reply::Have(file, 7), Report::Have { name, offset: 7 }),
                (Reply::File(file, u64::MAX), Report::File { name, size: u64::MAX }),
                (Reply::Part(65_536), Report::Part(65_536)),
                (Reply::Sum(digest), Report::Sum(digest)),
                (Reply::Listed(file, 0, age), Report::Stored { name, size: 0, age }),
                (Reply::Listed(file, 0, None), Report::Stored { name, size: 0, age: None }),
            ] {
                let line = said.to_string();
                assert_eq!(Report::parse(line.strip_suffix('\n').unwrap()), Some(read), "{line}");
            }
        }
    }

    #[test]
    fn nothing_else_reports_anything() {
        for line in [
            "",
            "#",
            "#have",
            "#have 'a'",
            "#have 'a' ",
            "#have 'a'  7",
            "#have 'a'7",
            "#have 'a' 7 8",
            "#have a 7",
            "#have 'a 7",
            "#have '' 7",
            "#have '../a' 7",
            "#have '.snug-a' 7",
            "#have 'a' +7",
            "#have 'a' 18446744073709551616",
            "#file 'a' 5k",
            "#part",
            "#part ",
            "#part -1",
            "#part 1 ",
            "#sum",
            "#sum 00",
            "#stored 'a' 1",
            "#stored 'a' 1 +",
            "#stored 'a' 1 --",
            "#user ada 127.0.0.1:5",
            " #part 1",
        ] {
            assert_eq!(Report::parse(line), None, "{line}");
        }
        assert_eq!(Report::parse(&format!("#sum {DIGITS} ")), None);
    }
}
