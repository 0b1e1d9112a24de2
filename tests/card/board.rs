//! A board with a card in memory, in place of the firmware's.

use core::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const SECTOR: usize = 512;

/// What the card holds, and for how many more writes it has power.
#[derive(Debug, Default)]
pub(crate) struct Medium {
    pub(crate) sectors: HashMap<u32, [u8; SECTOR]>,
    pub(crate) writes_left: Option<u32>,
    pub(crate) writes: u32,
}

impl Medium {
    pub(crate) fn read(&self, number: u32) -> [u8; SECTOR] {
        self.sectors.get(&number).copied().unwrap_or([0; SECTOR])
    }

    fn write(&mut self, number: u32, sector: &[u8; SECTOR]) {
        match self.writes_left.as_mut() {
            Some(0) => return,
            Some(left) => *left -= 1,
            None => {}
        }
        self.writes += 1;
        self.sectors.insert(number, *sector);
    }
}

/// The bus with a card on it that answers as the specification says.
#[derive(Debug)]
pub(crate) struct Spi {
    medium: Rc<RefCell<Medium>>,
    /// The bytes of a command, or of a sector that is written.
    came: Vec<u8>,
    /// What the card says next, the first last.
    says: Vec<u8>,
    writes_to: Option<u32>,
}

impl Spi {
    pub(crate) fn new(medium: &Rc<RefCell<Medium>>) -> Self {
        Self { medium: Rc::clone(medium), came: Vec::new(), says: Vec::new(), writes_to: None }
    }

    pub(crate) fn select(&mut self, _: bool) {
        self.came.clear();
        self.says.clear();
    }

    pub(crate) fn speed_up(&mut self) {
        self.came.clear();
    }

    pub(crate) fn exchange(&mut self, byte: u8) -> u8 {
        let says = self.says.pop().unwrap_or(0xFF);
        if byte != 0xFF || !self.came.is_empty() {
            self.came.push(byte);
        }
        match self.writes_to {
            Some(number) if self.came.len() == 1 + SECTOR + 2 => self.take_sector(number),
            None if self.came.len() == 6 => self.take_command(),
            _ => {}
        }
        says
    }

    pub(crate) fn receive(&mut self, into: &mut [u8]) {
        into.fill_with(|| self.exchange(0xFF));
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.exchange(byte);
        }
    }

    fn take_sector(&mut self, number: u32) {
        let sector: [u8; SECTOR] = self.came[1..=SECTOR].try_into().unwrap();
        self.medium.borrow_mut().write(number, &sector);
        self.came.clear();
        self.writes_to = None;
        self.says = vec![0xE5];
    }

    fn take_command(&mut self) {
        let argument = u32::from_be_bytes(self.came[1..5].try_into().unwrap());
        let mut says = match self.came[0] & 0x3F {
            0 | 55 => vec![1],
            8 => vec![1, 0, 0, 1, 0xAA],
            58 => vec![0, 0xC0, 0, 0, 0],
            17 => {
                let sector = self.medium.borrow().read(argument);
                [&[0, 0xFF, 0xFE], &sector[..], &[0, 0]].concat()
            }
            24 => {
                self.writes_to = Some(argument);
                vec![0]
            }
            _ => vec![0],
        };
        says.reverse();
        self.says = says;
        self.came.clear();
    }
}
