//! The seat in the room: what is typed goes to it, what it says is shown.

use std::process::ExitCode;

use snug_host::cli::{ClientOptions, run};

fn main() -> ExitCode {
    run(&ClientOptions::of_process())
}
