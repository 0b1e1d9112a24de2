//! What the tests of the room share: links, a store and a world in memory.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod ground;
pub(crate) mod memory_link;
pub(crate) mod memory_store;
pub(crate) mod model;
pub(crate) mod random;
pub(crate) mod world;
