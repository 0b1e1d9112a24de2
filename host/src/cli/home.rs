//! Paths as fingers know them from the shell.

use std::env;
use std::path::PathBuf;

/// The path that is meant: `~` in front is the user's home.
pub(super) fn path(typed: &str) -> PathBuf {
    match (typed.strip_prefix('~'), env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => typed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_where_the_shell_has_it_so() {
        let home = env::home_dir().unwrap();
        assert_eq!(path("~"), home);
        assert_eq!(path("~/a b/c"), home.join("a b/c"));
        for other in ["a", "/~", "./~/a", "~backup", "", "a~/b"] {
            assert_eq!(path(other), PathBuf::from(other));
        }
    }
}
