//! A name that parses is safe, and parses again to itself.

use snug_core::wire::name::{FileName, MAX_FILE_NAME};
use snug_core::wire::nick::{MAX_NICK, Nick};
use snug_core::wire::text::is_safe;

/// The bytes are taken for a name of both kinds.
pub(crate) fn check(data: &[u8]) {
    if let Ok(name) = FileName::parse(data) {
        file_name_is_harmless(name.as_str());
        assert_eq!(name.as_str().as_bytes(), data, "a name is taken as it is");
        assert_eq!(FileName::parse(name.as_str().as_bytes()), Ok(name));
    }
    if let Ok(nick) = Nick::parse(data) {
        assert!((1..=MAX_NICK).contains(&nick.as_str().chars().count()));
        assert!(is_safe(nick.as_str()) && !nick.as_str().contains(['[', ']', '>', '\'', ' ', ':']));
        same_in_other_cases(&nick);
    }
}

fn file_name_is_harmless(name: &str) {
    assert!(!name.is_empty() && name.len() <= MAX_FILE_NAME);
    assert!(!name.contains(['/', '\\', '\0', '\n', '\t']) && is_safe(name));
    assert!(name != "." && name != ".." && !name.trim().is_empty());
    assert!(!name.to_ascii_lowercase().starts_with(".snug-"));
    let path = std::path::Path::new("folder").join(name);
    assert_eq!(path.parent(), Some(std::path::Path::new("folder")), "{name:?} leaves the folder");
}

fn same_in_other_cases(nick: &Nick) {
    let one_to_one = |c: char| c.to_uppercase().count() == 1 && c.to_lowercase().count() == 1;
    if !nick.as_str().chars().all(one_to_one) {
        return;
    }
    for other in [nick.as_str().to_lowercase(), nick.as_str().to_uppercase()] {
        // In another case it may be one of the server's.
        let Ok(other) = Nick::parse(other.as_bytes()) else { continue };
        assert!(nick.same(&other), "{nick} and {other}");
        assert_eq!(nick.fold_hash(7), other.fold_hash(7), "{nick} and {other}");
    }
}
