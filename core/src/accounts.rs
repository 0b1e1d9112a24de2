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
/// addresses store than there are accounts, the one that has the least and
/// nothing under way is forgotten; the folder's quota holds all the same.
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
        self.reserved += size;
        if let Some(account) = self.account(ip) {
            account.reserved += size;
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
