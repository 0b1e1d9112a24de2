//! A chat room and file drop over TCP as a state machine.
#![no_std]

mod accounts;
#[cfg(test)]
mod dice;
pub mod id;
pub mod io;
mod laggards;
mod log;
pub mod memory;
mod names;
pub mod server;
pub mod store;
mod table;
pub mod time;
mod upload;
pub mod wire;
