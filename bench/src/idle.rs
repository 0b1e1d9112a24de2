//! A crowd that says nothing: what it costs, in memory and in time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::crowd::Crowd;
use crate::process::{Stretch, resident};

/// Nothing came for so long: all is said that was to be said.
const QUIET: Duration = Duration::from_millis(500);

/// Who sits there.
#[derive(Args, Clone, Debug)]
pub struct Idle {
    /// Address of the server.
    pub server: SocketAddr,
    /// Its process.
    #[arg(long)]
    pub pid: u32,
    /// How many.
    #[arg(long, default_value_t = 1000)]
    pub clients: usize,
    /// Lines a second of a pair that talks in private (`#msg`), if any.
    #[arg(long, default_value_t = 0)]
    pub talk: u32,
    /// How long they sit there.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
}

impl Idle {
    /// Runs it and prints the figures.
    pub fn run(&self) -> io::Result<()> {
        let mut crowd = Crowd::new(self.server)?;
        // A server that lets somebody in has started.
        crowd.gather(1, b"\n")?;
        crowd.settle(QUIET)?;
        let before = resident(self.pid)?;
        let others = self.clients.max(2) - 1;
        crowd.gather(others, b"\n")?;
        crowd.settle(QUIET)?;
        if self.talk > 0 {
            crowd.send(0, b"#nick ada\n")?;
            crowd.send(1, b"#nick bob\n")?;
            crowd.settle(QUIET)?;
        }
        let after = resident(self.pid)?;
        let stretch = Stretch::begin(Some(self.pid))?;
        let mut said = 0_u32;
        while stretch.elapsed().as_secs_f64() < self.seconds {
            let due = stretch.elapsed().as_secs_f64() * f64::from(self.talk);
            if f64::from(said) < due {
                crowd.send(
                    (said % 2) as usize,
                    [&b"#msg bob hi\n"[..], b"#msg ada hi\n"][(said % 2) as usize],
                )?;
                said += 1;
            }
            crowd.turn(Duration::from_millis(1), |_, _| Ok(()))?;
        }
        let server = stretch.server_share()?;
        println!(
            "bytes_per_client={} resident_mib={:.1} grown_kib={} said={said} server_cpu={server:.4}",
            after.saturating_sub(before) / others as u64,
            after as f64 / 1_048_576.0,
            resident(self.pid)?.saturating_sub(after) / 1024,
        );
        Ok(())
    }
}
