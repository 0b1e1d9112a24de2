//! Load for a room; prints its figures as `NAME=VALUE` on one line.

use std::io;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use clap::Parser;
use snug_bench::beside::Beside;
use snug_bench::download::Download;
use snug_bench::fanout::Fanout;
use snug_bench::idle::Idle;
use snug_bench::joins::Joins;
use snug_bench::process::listening_port;
use snug_bench::upload::Upload;

/// Load for a room.
#[derive(Parser)]
#[command(name = "load")]
enum Load {
    /// Messages from few to many.
    Fanout(Fanout),
    /// A storm of newcomers.
    Joins(Joins),
    /// A crowd that says nothing.
    Idle(Idle),
    /// Files into the room.
    Upload(Upload),
    /// Files from the room.
    Download(Download),
    /// Lines while something else goes on.
    Beside(Beside),
    /// Waits until a process listens, and prints its port.
    Port {
        /// The process.
        pid: u32,
    },
}

fn main() -> ExitCode {
    let result = match Load::parse() {
        Load::Fanout(load) => load.run(),
        Load::Joins(load) => load.run(),
        Load::Idle(load) => load.run(),
        Load::Upload(load) => load.run(),
        Load::Download(load) => load.run(),
        Load::Beside(load) => load.run(),
        Load::Port { pid } => print_port(pid),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_port(pid: u32) -> io::Result<()> {
    for _ in 0..500 {
        if let Some(port) = listening_port(pid)? {
            println!("{port}");
            return Ok(());
        }
        sleep(Duration::from_millis(10));
    }
    Err(io::Error::other("the process does not listen"))
}
