//! What Tab completes: commands, names of people, names of files.
//!
//! What all candidates share is put into the line. Where that is nothing new
//! they are listed above it, as a message is. rustyline's own lists take no
//! messages while they wait for the next key, and do not expect a prompt of two
//! rows.

use std::fs;

use super::stage::Stage;
use crate::cli::home;
use crate::cli::order::{Takes, USAGES};

/// Where what is to be completed begins in what is typed, and what becomes of it.
pub(super) fn complete(typed: &str, stage: &Stage) -> (usize, Settled) {
    let (start, candidates) = match what(typed) {
        What::Command => (0, commands(typed)),
        What::File(start) => (start, files(&typed[start..])),
        What::Stored(start) => (start, stage.files(&typed[start..])),
        What::Nick(start) => (start, nicks(stage, &typed[start..], start == 0)),
    };
    (start, settle(&typed[start..], candidates))
}

/// What a line asks to be completed where it ends.
#[derive(Debug, PartialEq, Eq)]
enum What {
    /// The line is a command's beginning.
    Command,
    /// A file here; its name begins there.
    File(usize),
    /// A file in the room; its name begins there.
    Stored(usize),
    /// Somebody; the name begins there.
    Nick(usize),
}

fn what(typed: &str) -> What {
    let word = typed.rfind(' ').map_or(0, |space| space + 1);
    let command = typed.split(' ').next().unwrap_or_default();
    // A name of a file may hold spaces, and stand in quotes.
    let name = || typed[command.len()..].trim_start().trim_start_matches('\'');
    if word == 0 && typed.starts_with('/') && !typed.starts_with("//") {
        return What::Command;
    }
    match takes(command) {
        Some(Takes::File) => What::File(typed.len() - name().len()),
        Some(Takes::Stored) => What::Stored(typed.len() - name().len()),
        _ => What::Nick(word),
    }
}

/// What follows a command: of `cli`, with its `!`, or of the wire.
fn takes(command: &str) -> Option<Takes> {
    let word = match command {
        "#upload" | "#put" => "/put",
        "#get" => "/get",
        other => other.strip_suffix('!').unwrap_or(other),
    };
    USAGES.iter().find(|usage| usage.word() == word).map(|usage| usage.takes)
}

/// Whether a line, as far as it is typed, is about to name a file of the room.
pub(super) fn names_stored(typed: &str) -> bool {
    matches!(what(typed), What::Stored(_))
}

fn commands(start: &str) -> Vec<String> {
    let begins = USAGES.iter().filter(|usage| usage.word().starts_with(start));
    let space = |takes| if takes == Takes::Nothing { "" } else { " " };
    begins.map(|usage| format!("{}{}", usage.word(), space(usage.takes))).collect()
}

/// Whoever is spoken to at the line's beginning is addressed.
fn nicks(stage: &Stage, start: &str, at_beginning: bool) -> Vec<String> {
    let end = if at_beginning { ": " } else { " " };
    stage.nicks(start).into_iter().map(|nick| nick + end).collect()
}

/// The paths that begin like this; those of folders end with `/`.
fn files(start: &str) -> Vec<String> {
    let (folder, name) = start.split_at(start.rfind('/').map_or(0, |slash| slash + 1));
    let place = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = fs::read_dir(home::path(place)) else { return Vec::new() };
    let found = entries.flatten().filter_map(|entry| {
        let found = entry.file_name().into_string().ok()?;
        let hidden = found.starts_with('.') && !name.starts_with('.');
        let slash = if entry.path().is_dir() { "/" } else { "" };
        (found.starts_with(name) && !hidden).then(|| format!("{folder}{found}{slash}"))
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found
}

/// What becomes of the candidates.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// This takes the place of what was typed.
    One(String),
    /// There is nothing to choose between these.
    Several(Vec<String>),
}

fn settle(typed: &str, candidates: Vec<String>) -> Settled {
    let common = common_start(&candidates);
    if candidates.len() == 1 || common.chars().count() > typed.chars().count() {
        Settled::One(common)
    } else {
        Settled::Several(candidates)
    }
}

/// As much as all begin with.
fn common_start(candidates: &[String]) -> String {
    let Some((first, others)) = candidates.split_first() else { return String::new() };
    let mut common = first.as_str();
    for other in others {
        let same = common.chars().zip(other.chars()).take_while(|(one, two)| one == two);
        common = &common[..same.map(|(one, _)| one.len_utf8()).sum()];
    }
    common.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_what_is_meant() {
        assert_eq!(what("/up"), What::Command);
        assert_eq!(what("/upload my pic"), What::File(8));
        assert_eq!(what("#upload 'pic"), What::File(9));
        assert_eq!(what("/put! pic"), What::File(6));
        assert_eq!(what("/get my pic"), What::Stored(5));
        assert_eq!(what("#get 'pic"), What::Stored(6));
        assert!(names_stored("/get ") && !names_stored("/get") && !names_stored("get "));
        assert_eq!(what("/msg bo"), What::Nick(5));
        assert_eq!(what("bo"), What::Nick(0));
        assert_eq!(what("hi bo"), What::Nick(3));
        assert_eq!(what("//etc"), What::Nick(0));
    }

    #[test]
    fn a_command_that_takes_something_gets_its_space() {
        assert_eq!(commands("/m"), ["/me ", "/msg "]);
        assert_eq!(commands("/wh"), ["/who"]);
        assert!(commands("/x").is_empty());
    }

    #[test]
    fn who_is_spoken_to_is_addressed() {
        let stage = Stage::default();
        stage.add_nick("Ada");
        assert_eq!(nicks(&stage, "a", true), ["Ada: "]);
        assert_eq!(nicks(&stage, "a", false), ["Ada "]);
    }

    #[test]
    fn files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a b.txt", "a.png", ".a", "b"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("all")).unwrap();
        let path = |name: &str| format!("{}/{name}", folder.path().display());
        assert_eq!(files(&path("a")), ["a b.txt", "a.png", "all/"].map(path));
        assert_eq!(files(&path(".")), [path(".a")]);
        assert!(files("/no/such/folder/x").is_empty());
    }

    #[test]
    fn what_all_share_is_taken() {
        let strings = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        assert_eq!(settle("a", strings(&["abc", "abd"])), Settled::One("ab".to_owned()));
        let several = strings(&["abc", "abd"]);
        assert_eq!(settle("ab", several.clone()), Settled::Several(several));
        assert_eq!(settle("A", strings(&["ada: "])), Settled::One("ada: ".to_owned()));
        assert_eq!(settle("x", Vec::new()), Settled::Several(Vec::new()));
    }
}
