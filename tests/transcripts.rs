//! What the room says and hears, byte for byte, as docs/wire.md has it.

#[path = "support/ground.rs"]
mod ground;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;

#[path = "transcripts/classic.rs"]
mod classic;
#[path = "transcripts/files.rs"]
mod files;
#[path = "transcripts/lines.rs"]
mod lines;
#[path = "transcripts/program.rs"]
mod program;
