//! Options that a user gives every time.
//!
//! The file `snug/cli` in the user's configuration folder holds arguments, one
//! a line; blank lines and those that begin with `;` do not count. They come
//! before those of the command line, which has the last word.

use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, fs};

use etcetera::base_strategy::{BaseStrategy, Xdg};

/// The arguments of this process, those of the user's file included.
pub fn arguments() -> Vec<OsString> {
    let mut given = env::args_os();
    let program = given.next();
    let file = file().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    program.into_iter().chain(options(&file).map(OsString::from)).chain(given).collect()
}

/// Where the file would be.
fn file() -> Option<PathBuf> {
    Some(Xdg::new().ok()?.config_dir().join("snug").join("cli"))
}

fn options(file: &str) -> impl Iterator<Item = &str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_argument() {
        let file = "; me\n--nick=ada\n\n  --no-reconnect\r\n";
        assert!(options(file).eq(["--nick=ada", "--no-reconnect"]));
    }
}
