//! The seat in the room: what is typed goes to it, what it says is shown.

use std::process::ExitCode;

use snug_host::cli::{ClientOptions, arguments, run};
use snug_host::options::parse_from;

fn main() -> ExitCode {
    run(&parse_from::<ClientOptions>("cli", arguments()))
}
