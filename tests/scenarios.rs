//! The scenarios of every room, against `srv`. The device has the same ones.

#[path = "support/peer.rs"]
mod peer;
#[path = "scenarios/person.rs"]
mod person;
#[macro_use]
#[path = "scenarios/mod.rs"]
mod scenarios;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use core::net::SocketAddr;

use person::Person;
use scenarios::{CLIENTS, Files, Place, TRANSFERS};
use served::Served;

impl Place for Served {
    const LARGE: usize = 16 << 20;

    fn start() -> Self {
        let (clients, uploads) = (CLIENTS.to_string(), TRANSFERS.to_string());
        let sizes = ["--max-clients", &clients, "--max-transfers", &uploads, "--log-size", "64K"];
        let block = ["--block-size", "4096"];
        let times = ["--keep-alive", "1s", "--send-timeout", "10s"];
        Self::start(&[&sizes[..], &block, &times].concat())
    }

    fn addr(&self) -> SocketAddr {
        self.at
    }

    fn shows(&mut self, part: &str) {
        while !self.console.line().contains(part) {}
    }

    fn cuts_off(&mut self, people: &[Person]) {
        people.iter().for_each(Person::loses_all);
    }

    fn end(self) -> Files {
        peer::wait_until("the drafts are gone", || self.site.drafts() == 0);
        let names = self.site.standing().into_keys();
        names.map(|name| (name.clone(), self.site.stored(&name))).collect()
    }
}

macro_rules! run_on_the_host {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            scenarios::$name::<Served>();
        })*
    };
}

each_scenario!(run_on_the_host);
