//! Options that a user gives every time.
//!
//! The file `snug/cli` in the user's configuration folder holds arguments, one
//! a line; blank lines and those that begin with `;` do not count. They come
//! before those of the command line, which has the last word; and before them
//! comes `--classic`, where the environment has `SNUG_CLASSIC`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::{env, fs};

use clap::Command;
use clap::builder::{FalseyValueParser, TypedValueParser as _};
use etcetera::base_strategy::{BaseStrategy, Xdg};

/// The arguments of this process, those of the user's file included.
pub fn arguments() -> Vec<OsString> {
    let mut given = env::args_os();
    let program = given.next();
    let classic = env::var_os("SNUG_CLASSIC").filter(|value| is_yes(value)).map(|_| "--classic");
    let file = file().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let always = classic.into_iter().chain(options(&file)).map(OsString::from);
    program.into_iter().chain(always).chain(given).collect()
}

/// Whether a variable that is set is set to something that means yes.
fn is_yes(value: &OsStr) -> bool {
    FalseyValueParser::new().parse_ref(&Command::default(), None, value).is_ok_and(|is_yes| is_yes)
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

    #[test]
    fn a_variable_can_say_no() {
        for (value, means) in [("1", true), ("yes", true), ("", false), ("0", false), ("no", false)]
        {
            assert_eq!(is_yes(OsStr::new(value)), means, "{value}");
        }
    }
}
