//! What `cli` can be sent for.

use std::path::{Path, PathBuf};

use clap::Args;
use snug_core::wire::name::{FileName, FileNameError};

use crate::cli::home;

/// Things to be done in a room instead of staying in it.
///
/// They are done in the order in which they stand here, over one connection.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Errands (do it and leave, with status 0 if all is confirmed)")]
pub struct Errands {
    /// Say TEXT to the room.
    #[arg(long, value_name = "TEXT")]
    pub send: Vec<String>,

    /// Put files into the room; goes on where an earlier try was cut off.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub put: Vec<PathBuf>,

    /// Fetch files from the room; goes on where an earlier try was cut off.
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = file_name)]
    pub get: Vec<FileName>,

    /// The folder that files come into, by /get as well [default: the working
    /// directory].
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,

    /// List the files in the room; in a pipe as bytes, seconds of age and name, with
    /// --json as objects.
    #[arg(long)]
    pub files: bool,

    /// With --put and --get: do it even where other files stand under their names.
    #[arg(long)]
    pub replace: bool,

    /// On errands: tell of nothing but failures.
    #[arg(short, long)]
    pub quiet: bool,
}

impl Errands {
    /// Whether there is anything to do.
    pub fn any(&self) -> bool {
        self.files || !(self.send.is_empty() && self.put.is_empty() && self.get.is_empty())
    }

    /// Where files from the room come into. No shell has read what stands in the
    /// user's file.
    pub(in crate::cli) fn folder(&self) -> PathBuf {
        let to = self.to.as_deref().unwrap_or(Path::new("."));
        to.to_str().map_or_else(|| to.to_owned(), home::path)
    }
}

fn file_name(name: &str) -> Result<FileName, FileNameError> {
    FileName::parse(name.as_bytes())
}
