//! Bad input and faults: the outcome that is right, and a room that serves on.
//!
//! After each fault `assert_serves` holds: others chat at once, just the files
//! that should stand do, and nothing stands outside of the folder.

#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/crowd.rs"]
mod crowd;
#[cfg(target_os = "linux")]
#[path = "faults/dead.rs"]
mod dead;
#[path = "faults/flood.rs"]
mod flood;
#[path = "faults/framing.rs"]
mod framing;
#[path = "faults/hangups.rs"]
mod hangups;
#[path = "faults/names.rs"]
mod names;
#[path = "faults/sizes.rs"]
mod sizes;
#[path = "faults/slow.rs"]
mod slow;
#[path = "faults/stalls.rs"]
mod stalls;
#[path = "faults/system.rs"]
mod system;
#[path = "faults/text.rs"]
mod text;
#[path = "faults/web.rs"]
mod web;
