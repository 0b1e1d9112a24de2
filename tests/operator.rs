//! Who keeps the room: types at its console, reads its journal, asks it how it
//! does, and installs it.

#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;
#[path = "support/terminal.rs"]
mod terminal;

#[path = "operator/commands.rs"]
mod commands;
#[path = "operator/jobs.rs"]
mod jobs;
#[path = "operator/journal.rs"]
mod journal;
#[path = "operator/papers.rs"]
mod papers;
#[path = "operator/texts.rs"]
mod texts;
