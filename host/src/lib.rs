//! Snug on an operating system: sockets, the folder, the console, the terminal.

pub mod cli;
