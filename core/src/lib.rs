//! A chat room and file drop over TCP as a state machine.
#![no_std]

pub mod client;
pub mod id;
pub mod store;
pub mod time;
pub mod wire;
