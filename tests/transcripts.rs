//! What the room says and hears, byte for byte, as docs/wire.md has it.

#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

#[path = "transcripts/classic.rs"]
mod classic;
#[path = "transcripts/files.rs"]
mod files;
#[path = "transcripts/lines.rs"]
mod lines;
#[path = "transcripts/program.rs"]
mod program;
