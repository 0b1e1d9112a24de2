//! A chat room and file drop over TCP that fits anywhere.
//!
//! This is the room itself, without sockets, clocks, threads or an allocator:
//! a state machine that a microcontroller runs for eight people and a host for
//! tens of thousands. It speaks to two kinds of peers at once, the *classic*
//! ones, for whom a burst of bytes is a message, and *line* peers, such as `nc`.
//!
//! **The one law: the core does no I/O, reads no clock and allocates nothing.
//! `handle_*` tells it what happened, `poll_*` says what to do next, a noun
//! asks.**
//!
//! ```text
//!    bytes in                                                   bytes out
//!       │                                                           ▲
//!  ┌────┴────┐  frames  ┌───────────────┐  lines  ┌─────┐  runs ┌───┴────┐
//!  │  wire   ├─────────►│    server     ├────────►│ log ├──────►│ server │
//!  │ decoder │          │ who may speak │         └─────┘       │ cursors│
//!  └────┬────┘          └───────┬───────┘                       │ answers│
//!       │ file bytes            │ notices                       └────────┘
//!  ┌────▼────┐  blocks  ┌───────▼───────┐
//!  │ upload  ├─────────►│     Store     │   the caller's folder, card, flash
//!  └─────────┘          └───────────────┘
//! ```
//!
//! - [`server`]: the room; [`client`]: the other end of its wire
//! - [`memory`]: what a room is lent to live in; sizes are chosen there
//! - [`store`]: the trait by which files go somewhere
//! - [`io`]: pumps for links with embedded-io's traits
//! - [`wire`]: bytes to meaning and back
//! - [`time`], [`id`]: what the caller hands in and gets back
//!
//! # Features
//!
//! None is on by default, and none needs an operating system or an allocator.
//!
//! - `smoltcp`: the module `io::smoltcp`, a room on sockets of that stack
//! - `defmt`: its `Format` for what a device may want to log
//!
//! # Example: running a room
//!
//! A room over any byte streams: here over one that says a word and hangs up.
//!
//! ```
//! use core::convert::Infallible;
//! use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
//! use snug_core::io::{receive, transmit, Received};
//! use snug_core::memory::StaticMemory;
//! use snug_core::server::{Config, Server};
//! use snug_core::store::NoStore;
//! use snug_core::time::Instant;
//!
//! /// A connection: what comes from it, and what went to it.
//! struct Link(&'static [u8], Vec<u8>);
//!
//! impl ErrorType for Link {
//!     type Error = Infallible;
//! }
//! impl Read for Link {
//!     fn read(&mut self, space: &mut [u8]) -> Result<usize, Infallible> {
//!         self.0.read(space)
//!     }
//! }
//! impl ReadReady for Link {
//!     fn read_ready(&mut self) -> Result<bool, Infallible> {
//!         Ok(true)
//!     }
//! }
//! impl Write for Link {
//!     fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
//!         self.1.extend_from_slice(bytes);
//!         Ok(bytes.len())
//!     }
//!     fn flush(&mut self) -> Result<(), Infallible> {
//!         Ok(())
//!     }
//! }
//! impl WriteReady for Link {
//!     fn write_ready(&mut self) -> Result<bool, Infallible> {
//!         Ok(true)
//!     }
//! }
//! impl snug_core::io::Link for Link {}
//!
//! // Two clients, 1 KiB of log, input for lines of 256 bytes, no uploads.
//! let mut memory = StaticMemory::<2, 16, 260, 0, 0>::new();
//! let config = Config { line_limit: 256, ..Config::default() };
//! let mut server = Server::new(memory.lend(), config, NoStore)?;
//!
//! let mut now = Instant::ZERO;
//! let mut link = Link(b"hello\n", Vec::new());
//! let id = server.handle_connected(now, "192.0.2.7:50426".parse()?).unwrap();
//! let mut open = true;
//! while open {
//!     // A device would wait here, for its network or for `poll_timeout`.
//!     if server.poll_timeout().is_some_and(|due| due <= now) {
//!         server.handle_timeout(now);
//!     }
//!     let ended = receive(&mut server, now, id, &mut link) == Ok(Received::Ended);
//!     while let Some(id) = server.poll_transmit(now) {
//!         let _ = transmit(&mut server, now, id, &mut link);
//!     }
//!     open = !(ended || server.poll_close() == Some(id));
//!     now = Instant::from_millis(now.as_millis() + 1);
//! }
//! let told = String::from_utf8(link.1)?;
//! assert_eq!(
//!     told,
//!     "> Connected to the chat server (1 user online)\n\
//!      > This is Snug; #help lists what it knows\n"
//! );
//! # let console = "> New user 192.0.2.7:50426 entered (1 user online)\n\
//! #      [192.0.2.7:50426] hello\n\
//! #      < The user 192.0.2.7:50426 left (0 user online)\n";
//! # let mut shown = Vec::new();
//! # while let lines @ [_, ..] = server.console(64) {
//! #     let len = lines.len();
//! #     shown.extend_from_slice(lines);
//! #     server.handle_shown(len);
//! # }
//! # assert_eq!(String::from_utf8(shown)?, console);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod accounts;
pub mod client;
#[cfg(test)]
mod dice;
mod hash;
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
mod transfer;
pub mod wire;
