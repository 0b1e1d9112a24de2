//! The finished files, one after the other, without a list of them in memory.

use std::time::SystemTime;

use rustix::fs::{Dir, DirEntry};
use snug_core::store::Listed;
use snug_core::wire::name::FileName;

use super::directory::{Directory, file_size, modified};

/// Where in the folder the last one who asked for its files was.
#[derive(Debug, Default)]
pub(super) struct Listing {
    names: Option<Dir>,
    at: u64,
}

impl Listing {
    /// The file behind a place, 0 for the first one; see
    /// [`Store::list`](snug_core::store::Store::list). Passes over what is no
    /// file and what no file can be called, such as the unfinished ones.
    pub(super) fn next(&mut self, directory: &Directory, from: u64) -> Option<Listed> {
        if self.names.is_none() || from == 0 {
            self.names = Some(directory.disk.names().ok()?);
            self.at = 0;
        }
        let names = self.names.as_mut()?;
        if self.at != from {
            go_to(names, from)?;
        }
        while let Some(Ok(entry)) = names.next() {
            self.at = place_behind(&entry, self.at);
            if let Some(listed) = look_at(directory, &entry, self.at) {
                return Some(listed);
            }
        }
        // Opened anew where the next one begins, so that it sees what is new.
        self.names = None;
        None
    }
}

fn look_at(directory: &Directory, entry: &DirEntry, next: u64) -> Option<Listed> {
    let name = FileName::parse(entry.file_name().to_bytes()).ok()?;
    let stat = directory.disk.look(name.as_str()).ok()?;
    let age = SystemTime::now().duration_since(modified(&stat)).unwrap_or_default();
    Some(Listed { name, size: file_size(&stat)?, age: Some(age), next })
}

/// The system's own mark for a place in a folder, which stays good while names
/// come and go.
#[cfg(target_os = "linux")]
fn place_behind(entry: &DirEntry, _: u64) -> u64 {
    entry.offset().cast_unsigned().max(1)
}

#[cfg(target_os = "linux")]
fn go_to(names: &mut Dir, place: u64) -> Option<()> {
    names.seek(place.cast_signed()).ok()
}

/// Elsewhere names are counted.
#[cfg(not(target_os = "linux"))]
fn place_behind(_: &DirEntry, at: u64) -> u64 {
    at + 1
}

#[cfg(not(target_os = "linux"))]
fn go_to(names: &mut Dir, place: u64) -> Option<()> {
    names.rewind();
    for _ in 0..place {
        names.next()?.ok()?;
    }
    Some(())
}
