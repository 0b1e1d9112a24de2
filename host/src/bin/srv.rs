//! `srv HOST PORT [options]`: a chat room into which anybody can drop a file.

use core::hash::{BuildHasher, Hasher};
use core::net::SocketAddr;
use std::collections::hash_map::RandomState;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use mio::net::TcpListener;
use snug_core::server::{Config, Server};
use snug_host::console::Console;
use snug_host::folder::{Folder, FolderStore};
use snug_host::journal::{Journal, LogFormat};
use snug_host::net;
use snug_host::operator::{Operator, invitation};
use snug_host::options::{self, ServerOptions};
use snug_host::room::{Limits, Room, RoomMemory, Waiting};
use snug_host::sandbox;
use snug_host::service::{self, Supervisor};

/// Descriptors that are not clients: the folder's, the listeners, and a few.
const OWN_DESCRIPTORS: u64 = 64;

fn main() -> ExitCode {
    let options: ServerOptions = options::parse("srv");
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("srv: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &ServerOptions) -> io::Result<()> {
    let clients = clients_within_limit(options);
    let listeners = listeners(options)?;
    let supervisor = supervisor();
    let waiting = Waiting::new()?;
    let addresses = addresses(options, &listeners)?;
    let store = store(options, &waiting)?;
    let operator = Operator::at_standard_input(store.keeper(), waiting.wake())?;
    let mut memory = RoomMemory::new(clients, options);
    let server = Server::new(memory.lend(), config(options), store)
        .map_err(|error| io::Error::other(format!("the options do not fit together: {error}")))?;
    if !net::only_loopback(&listeners)? {
        complain(
            "srv: there is no authentication: whoever reaches this address reads and writes here",
        );
    }
    let mut journal = journal(options, &waiting)?;
    if !options.quiet {
        let invitation = invitation(&addresses, operator.is_there());
        journal.open(net::port(&listeners)?, &addresses, &invitation);
    } else if options.port == Some(0) {
        // It is an answer: nobody else knows which port the system chose.
        journal.open(net::port(&listeners)?, &addresses, "");
    }
    let limits = Limits::new(options, clients);
    let silence = net::Silence::new(options.keep_alive, options.send_timeout);
    let keepers = (journal, operator);
    let room = Room::new(waiting, server, listeners, limits, keepers, silence)?;
    supervisor.ready();
    let ended = room.run();
    supervisor.stopping();
    ended
}

/// Who names an address means it, whatever was handed over besides.
fn listeners(options: &ServerOptions) -> io::Result<Vec<TcpListener>> {
    match (&options.host, options.port) {
        (Some(host), Some(port)) => net::listen(host, port),
        _ => service::listeners(),
    }
}

/// The folder, outside of which there is nothing from here on, and its threads.
fn store(options: &ServerOptions, waiting: &Waiting) -> io::Result<FolderStore> {
    let folder = Folder::open(&options.folder)?;
    if !options.no_sandbox
        && let Err(error) = sandbox::confine(&folder)
    {
        complain(&format!("srv: {error}; going on without"));
    }
    let (slots, block) = (options.max_transfers, options.block_size);
    FolderStore::start(folder, slots, block, options.max_folder, waiting.wake())
}

fn journal(options: &ServerOptions, waiting: &Waiting) -> io::Result<Journal> {
    let console = Console::stdout(waiting.wake())?;
    Ok(Journal::new(console, options.log_format, options.quiet))
}

/// How others reach the room, where somebody is told of it. To be asked before
/// the sandbox.
fn addresses(options: &ServerOptions, listeners: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    let is_told = options.log_format == LogFormat::Json || io::stdout().is_terminal();
    if is_told { net::reachable(listeners) } else { Ok(Vec::new()) }
}

/// Whom to tell how it goes. That nobody can be told stops no room: the variable
/// may be left from somebody else's service.
fn supervisor() -> Supervisor {
    Supervisor::find().unwrap_or_else(|error| {
        complain(&format!("srv: {error}"));
        Supervisor::default()
    })
}

/// As many clients as are asked for and as the system has descriptors for.
fn clients_within_limit(options: &ServerOptions) -> usize {
    let own = OWN_DESCRIPTORS + 3 * u64::from(options.max_transfers);
    let most = net::raise_descriptor_limit().saturating_sub(own).max(1);
    let asked = u64::from(options.max_clients);
    if asked > most {
        complain(&format!("srv: the system has descriptors for {most} clients, not {asked}"));
    }
    asked.min(most) as usize
}

fn config(options: &ServerOptions) -> Config {
    Config {
        line_limit: u16::try_from(options.line_limit).unwrap_or(u16::MAX),
        patience: options.patience,
        write_timeout: options.send_timeout,
        stall_timeout: options.stall,
        max_chat: options.max_chat,
        max_file: options.max_file,
        max_address: options.max_address,
        max_folder: options.max_folder,
        seed: RandomState::new().build_hasher().finish(),
    }
}

/// Says something to the operator. Nobody may be there to read it.
fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "{sentence}");
}
