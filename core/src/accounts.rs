//! What each address has stored: quotas are counted by address.

use core::net::IpAddr;

/// What one address has stored; lent to the room.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    ip: Option<IpAddr>,
    stored: u64,
    reserved: u64,
}

impl Account {
    /// Nobody's account yet; to fill the memory that is lent.
    pub const EMPTY: Self = Self { ip: None, stored: 0, reserved: 0 };

    fn total(&self) -> u64 {
        self.stored.saturating_add(self.reserved)
    }
}

/// The accounts of those addresses that store most.
///
/// Each call looks at all accounts; it is made once an upload. Where more
/// addresses store than there are accounts, the one that has stored the least
/// and has nothing under way is forgotten. Where there is none, since uploads
/// outnumber the accounts, an upload counts for its address only when it is
/// stored. The folder's quota holds all the same.
#[derive(Debug)]
pub(crate) struct Accounts<'m> {
    accounts: &'m mut [Account],
    reserved: u64,
}

impl<'m> Accounts<'m> {
    /// Nobody has stored anything.
    pub(crate) fn new(accounts: &'m mut [Account]) -> Self {
        Self { accounts, reserved: 0 }
    }

    /// How many addresses can be told apart.
    pub(crate) fn capacity(&self) -> usize {
        self.accounts.len()
    }

    /// Bytes that an address has stored or reserved.
    pub(crate) fn total(&self, ip: IpAddr) -> u64 {
        self.accounts.iter().find(|account| account.ip == Some(ip)).map_or(0, Account::total)
    }

    /// Bytes that are reserved by all together.
    pub(crate) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Reserves bytes for an upload.
    pub(crate) fn reserve(&mut self, ip: IpAddr, size: u64) {
        self.reserved = self.reserved.saturating_add(size);
        if let Some(account) = self.account(ip) {
            account.reserved = account.reserved.saturating_add(size);
        }
    }

    /// Ends an upload for which `reserved` bytes were reserved and that stored
    /// `stored`.
    pub(crate) fn release(&mut self, ip: IpAddr, reserved: u64, stored: u64) {
        self.reserved = self.reserved.saturating_sub(reserved);
        if let Some(account) = self.account(ip) {
            account.reserved = account.reserved.saturating_sub(reserved);
            account.stored = account.stored.saturating_add(stored);
        }
    }

    fn account(&mut self, ip: IpAddr) -> Option<&mut Account> {
        let own = self.accounts.iter().position(|account| account.ip == Some(ip));
        let at = own.or_else(|| {
            let idle = self.accounts.iter().enumerate().filter(|(_, a)| a.reserved == 0);
            idle.min_by_key(|(_, account)| (account.ip.is_some(), account.stored)).map(|(at, _)| at)
        })?;
        let account = &mut self.accounts[at];
        if account.ip != Some(ip) {
            *account = Account { ip: Some(ip), ..Account::EMPTY };
        }
        Some(account)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::HashMap;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::dice::Dice;

    fn ip(n: usize) -> IpAddr {
        [10, 0, 0, n as u8].into()
    }

    /// With an account for every address, all is counted.
    #[test]
    fn agrees_with_a_map() {
        const ADDRESSES: usize = 9;
        let mut dice = Dice::new(5);
        let mut memory = vec![Account::EMPTY; ADDRESSES];
        let mut accounts = Accounts::new(&mut memory);
        let mut stored: HashMap<IpAddr, u64> = HashMap::new();
        let mut under_way: Vec<(IpAddr, u64)> = vec![];
        for _ in 0..5_000 {
            if under_way.len() < 5 && dice.once_in(2) {
                let upload = (ip(dice.below(ADDRESSES)), dice.below(1_000) as u64);
                accounts.reserve(upload.0, upload.1);
                under_way.push(upload);
            } else if !under_way.is_empty() {
                let (ip, size) = under_way.swap_remove(dice.below(under_way.len()));
                let kept = dice.below(size as usize + 1) as u64;
                accounts.release(ip, size, kept);
                *stored.entry(ip).or_default() += kept;
            }
            let reserved = |of: &IpAddr| -> u64 {
                under_way.iter().filter(|(ip, _)| ip == of).map(|(_, size)| size).sum()
            };
            for ip in (0..ADDRESSES).map(ip) {
                let sum = stored.get(&ip).copied().unwrap_or(0) + reserved(&ip);
                assert_eq!(accounts.total(ip), sum);
            }
            assert_eq!(accounts.reserved(), under_way.iter().map(|(_, size)| size).sum());
        }
    }

    /// With too few accounts, whoever has something under way is counted as
    /// long as there are as many accounts as uploads.
    #[test]
    fn whatever_is_under_way_counts() {
        let mut dice = Dice::new(6);
        let mut memory = vec![Account::EMPTY; 4];
        let mut accounts = Accounts::new(&mut memory);
        let mut under_way: Vec<(IpAddr, u64)> = vec![];
        for _ in 0..5_000 {
            if under_way.len() < 4 && dice.once_in(2) {
                let upload = (ip(dice.below(30)), dice.below(1_000) as u64 + 1);
                accounts.reserve(upload.0, upload.1);
                under_way.push(upload);
            } else if !under_way.is_empty() {
                let (ip, size) = under_way.swap_remove(dice.below(under_way.len()));
                accounts.release(ip, size, size);
                assert!(accounts.total(ip) >= size, "what was stored last is remembered");
            }
            for (of, _) in &under_way {
                let reserved = under_way.iter().filter(|(ip, _)| ip == of).map(|(_, size)| size);
                assert!(accounts.total(*of) >= reserved.sum());
            }
        }
    }

    #[test]
    fn the_least_is_forgotten() {
        let mut memory = vec![Account::EMPTY; 3];
        let mut accounts = Accounts::new(&mut memory);
        for (n, size) in [(1, 50), (2, 10), (3, 30), (4, 20)] {
            accounts.reserve(ip(n), size);
            accounts.release(ip(n), size, size);
        }
        assert_eq!([1, 2, 3, 4].map(|n| accounts.total(ip(n))), [50, 0, 30, 20]);
    }

    #[test]
    fn without_accounts_the_folder_is_counted_all_the_same() {
        let mut accounts = Accounts::new(&mut []);
        accounts.reserve(ip(1), 10);
        assert_eq!((accounts.total(ip(1)), accounts.reserved()), (0, 10));
        accounts.reserve(ip(2), u64::MAX);
        assert_eq!(accounts.reserved(), u64::MAX);
        accounts.release(ip(1), 10, 10);
        accounts.release(ip(2), u64::MAX, 0);
        assert_eq!(accounts.reserved(), 0);
    }
}
