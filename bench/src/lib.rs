//! Load for a room, and what it takes to believe its figures.
//!
//! - [`crowd`]: many connections on one thread
//! - [`wires`]: what those who are compared want to hear
//! - [`transcript`]: what was delivered, verified byte for byte
//! - [`fanout`], [`joins`], [`idle`], [`upload`], [`download`], [`beside`]: the
//!   loads
//! - [`process`], [`figures`]: what the processes used; numbers for people

pub mod beside;
pub mod crowd;
pub mod download;
pub mod fanout;
pub mod figures;
pub mod idle;
pub mod joins;
pub mod process;
pub mod transcript;
pub mod upload;
pub mod wires;
