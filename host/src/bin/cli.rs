//! The seat in the room: what is typed goes to it, what it says is shown.

use std::process::ExitCode;

use snug_host::cli::{ClientOptions, run};
use snug_host::options::parse;

fn main() -> ExitCode {
    run(&parse::<ClientOptions>("cli"))
}
