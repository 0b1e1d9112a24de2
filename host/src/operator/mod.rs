//! Who keeps the room, at its console: what is typed there, and what it does.
//!
//! - `order`: what a typed line asks for
//! - `keyboard`: standard input, read by a thread of its own
//! - `answer`: what the operator is told
//!
//! The room's thread does what concerns the room, the reading thread what
//! concerns the folder: so a slow disk keeps nobody waiting but the operator.

mod answer;
mod keyboard;
mod order;

use core::fmt::Write;
use core::net::{IpAddr, SocketAddr};
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};

use snug_core::id::ClientId;
use snug_core::server::Server;
use snug_core::store::Store;
use snug_core::time::Instant;

pub use answer::{Answer, Report};
pub use order::COMMANDS;

use crate::Wake;
use crate::folder::Keeper;
use crate::journal::Journal;
use order::Deed;

/// Deeds that may lie ahead of what the room has done; then the reader waits.
const AHEAD: usize = 16;

/// The operator, as the room's thread sees it.
#[derive(Debug, Default)]
pub struct Operator {
    deeds: Option<Receiver<Deed>>,
    /// What could not be said yet.
    unsaid: Vec<u8>,
    /// A signal asked how the room does.
    curious: bool,
}

/// What came of looking after the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attended {
    /// The room has something to do now.
    pub busy: bool,
    /// The room is to end.
    pub quit: bool,
}

impl Operator {
    /// Whoever sits at standard input; nobody where that is closed, or leads to
    /// `/dev/null`, as it does for a service.
    ///
    /// `wake` is called when there is something to [attend](Self::attend) to.
    /// What is read may end, as a file does; that ends nothing else.
    pub fn at_standard_input(keeper: Keeper, wake: Wake) -> io::Result<Self> {
        if !keyboard::is_there() {
            return Ok(Self::default());
        }
        let (sender, deeds) = sync_channel(AHEAD);
        keyboard::start(keeper, sender, wake)?;
        Ok(Self { deeds: Some(deeds), ..Self::default() })
    }

    /// Whether somebody may be there who can type.
    pub fn is_there(&self) -> bool {
        self.deeds.is_some()
    }

    /// A signal may have asked for the figures.
    pub fn ask_figures(&mut self, asked: bool) {
        self.curious |= asked;
    }

    /// Keeps the journal up to date, and does what was typed; later, if the
    /// journal is behind. Bounded by the log, and by a few deeds, of which one
    /// may look at all clients.
    pub fn attend<S: Store>(
        &mut self,
        now: Instant,
        server: &mut Server<'_, S>,
        journal: &mut Journal,
        turned_away: u64,
    ) -> Attended {
        let mut attended = Attended::default();
        for _ in 0..AHEAD {
            let said = self.finish_saying(now, server, &mut attended);
            // What was said stands before the answer to what was asked then.
            journal.follow(server);
            if !said || journal.is_behind() {
                return attended;
            }
            let Some(deed) = self.next() else { return attended };
            attended.busy = true;
            match deed {
                Deed::Say(text) => self.unsaid = text,
                Deed::Who => tell_who(server, journal),
                Deed::Kick(name) => journal.tell(&kick(now, server, &name)),
                Deed::Stats => {
                    journal.tell(&Answer::from(Report::of(now, server, turned_away)));
                }
                Deed::Tell(answers) => answers.iter().for_each(|answer| journal.tell(answer)),
                Deed::Quit => attended.quit = true,
            }
        }
        attended
    }

    fn next(&mut self) -> Option<Deed> {
        if core::mem::take(&mut self.curious) {
            return Some(Deed::Stats);
        }
        self.deeds.as_ref()?.try_recv().ok()
    }

    /// Says what is left to be said; whether that is nothing.
    fn finish_saying<S: Store>(
        &mut self,
        now: Instant,
        server: &mut Server<'_, S>,
        attended: &mut Attended,
    ) -> bool {
        while !self.unsaid.is_empty() {
            let taken = server.handle_typed(now, &self.unsaid);
            if taken == 0 {
                return false;
            }
            attended.busy = true;
            self.unsaid.drain(..taken);
        }
        true
    }
}

/// How others join, and what can be done here: lines for a person, who can
/// copy them. Empty where no address is known.
pub fn invitation(addresses: &[SocketAddr], can_type: bool) -> String {
    if addresses.is_empty() {
        return String::new();
    }
    let mut text = String::from("> Others join by one of these lines:\n");
    for address in addresses {
        let (host, port) = (address.ip(), address.port());
        let _ = writeln!(text, "    nc {host} {port}\n    cli {host} {port}");
    }
    if can_type {
        text.push_str("> What you type goes to all; /help lists what else you can do\n");
    }
    text
}

fn tell_who<S: Store>(server: &Server<'_, S>, journal: &mut Journal) {
    for (_, user) in server.users() {
        journal.tell(&Answer::User { who: user.to_string(), address: user.addr.to_string() });
    }
    journal.tell(&Answer::Users { online: server.online() });
}

/// Puts out who has the name, or all from an address.
fn kick<S: Store>(now: Instant, server: &mut Server<'_, S>, name: &str) -> Answer {
    let found: Vec<ClientId> = match name.parse::<IpAddr>() {
        Ok(ip) => {
            let from = server.users().filter(|(_, user)| user.addr.ip() == ip.to_canonical());
            from.map(|(id, _)| id).collect()
        }
        Err(_) => server.user_named(name.as_bytes()).into_iter().collect(),
    };
    for &id in &found {
        server.handle_kicked(now, id);
    }
    match found.len() {
        0 => Answer::refused("nobody here has that name; /who lists who is here"),
        1 => Answer::told("1 user is put out"),
        count => Answer::told(format!("{count} users are put out")),
    }
}
