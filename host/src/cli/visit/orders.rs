//! What the user wants, done on a visit.

use snug_core::client::{FarEnd, OfferError, SayError};

use super::Visit;
use crate::cli::error::SessionError;
use crate::cli::front::Scene;
use crate::cli::home;
use crate::cli::offer::Offer;
use crate::cli::order::{Order, USAGES};

impl Visit<'_> {
    /// Does what is wanted, or gives it back if it has to wait.
    pub(super) fn carry_out(&mut self, order: Order) -> Result<Option<Order>, SessionError> {
        let is_done = match &order {
            Order::Upload(typed) => self.upload(typed)?,
            Order::Help => self.help()?,
            Order::Quit => {
                self.desk.quit();
                true
            }
            Order::Move(request) => {
                self.transfers.add(request.clone());
                true
            }
            Order::Stop if self.transfers.stop() => true,
            Order::Stop => self.refuse("no file is on its way")?,
            // How it goes out depends on what the server is.
            _ if self.connection.client.far_end() == FarEnd::Unknown => false,
            Order::Say(line) => self.say(line)?,
            Order::Text(text) => self.say(&self.escaped(text))?,
            Order::Command(line) => self.command(line)?,
            Order::Reply(text) => match self.desk.me.confidant() {
                Some(who) => self.command(&format!("#msg {who} {text}"))?,
                None => self.refuse("nobody has told you anything alone yet")?,
            },
        };
        Ok((!is_done).then_some(order))
    }

    /// A text as the server takes it for one.
    fn escaped(&self, text: &str) -> String {
        let begins_command =
            text.starts_with('#') && self.connection.client.far_end() == FarEnd::Snug;
        format!("{}{text}", if begins_command { "#" } else { "" })
    }

    fn command(&mut self, line: &str) -> Result<bool, SessionError> {
        if self.connection.client.far_end() == FarEnd::Classic {
            return self.refuse("this server is a classic one: it knows texts and uploads alone");
        }
        self.say(line)
    }

    /// Says what an earlier connection did not take; false if that has to wait.
    pub(super) fn say_again(&mut self) -> Result<bool, SessionError> {
        while let Some(line) = self.desk.said.again() {
            if self.connection.client.far_end() == FarEnd::Classic && line.starts_with('#') {
                // It would tell all what was for one alone.
                self.desk.tell_doubtful(&[line])?;
                continue;
            }
            let behind = self.connection.queued();
            if self.connection.client.say(self.desk.now(), &line) == Err(SayError::NotYet) {
                self.desk.said.put_off(line);
                return Ok(false);
            }
            self.desk.said.add(self.desk.now(), &line, behind);
        }
        Ok(true)
    }

    /// Says a line; false if it has to wait.
    fn say(&mut self, line: &str) -> Result<bool, SessionError> {
        let behind = self.connection.queued();
        match self.connection.client.say(self.desk.now(), line) {
            Ok(()) => {
                self.desk.said.add(self.desk.now(), line, behind);
                self.asked_out |=
                    self.connection.client.far_end() == FarEnd::Snug && line.trim() == "#quit";
                self.desk.me.said(line);
                self.desk.show(&Scene::Said(line))?;
                Ok(true)
            }
            Err(SayError::NotYet) => Ok(false),
            Err(SayError::Upload) => self.refuse("write #upload 'NAME'"),
            Err(_) => self.refuse("that cannot be said"),
        }
    }

    fn refuse(&mut self, why: &str) -> Result<bool, SessionError> {
        self.desk.show(&Scene::Refused(why))?;
        Ok(true)
    }

    fn help(&mut self) -> Result<bool, SessionError> {
        for usage in USAGES {
            self.desk.show(&Scene::Told(&format!("{} - {}", usage.form, usage.help)))?;
        }
        self.desk.show(&Scene::Told("//TEXT - says a text that begins with /"))?;
        Ok(true)
    }

    /// Offers a file; false if it has to wait.
    fn upload(&mut self, typed: &str) -> Result<bool, SessionError> {
        let offer = match Offer::open(typed, &home::path(typed)) {
            Ok(offer) => offer,
            Err(why) => return self.refuse(&format!("'{typed}': {why}")),
        };
        match self.connection.client.offer(self.desk.now(), offer.name(), offer.size()) {
            Ok(()) => {
                self.offer = Some(offer);
                Ok(true)
            }
            Err(OfferError::SpaceInName) => {
                self.refuse("this server takes no name with a space; rename the file")
            }
            Err(_) => Ok(false),
        }
    }
}
