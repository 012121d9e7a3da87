//! Which class a lease counts against (reference isc-dhcpd-config.md, section 8, "lease limit").

use std::sync::Arc;

use super::Engine;
use super::exchange::Membership;
use super::grant::Grant;
use super::words;
use crate::config::model::Config;
use crate::lease::{Account, Lease};

impl Engine {
    /// Finds a class with room for the lease, if any class has a limit. The error is a line that says that none has; the
    /// lease then counts against none.
    pub(super) fn bill(&mut self, grant: &Grant<'_, '_>) -> Result<Option<Account>, String> {
        if grant.candidate.is_static() {
            return Ok(None);
        }
        let config = grant.exchange.config();
        let classes = grant.exchange.classes.borrow();
        let limited = classes.iter().filter(|it| it.limit > 0);
        let accounts: Vec<(u32, Account)> = limited
            .filter_map(|it| Some((it.limit, account_of(it, config)?)))
            .collect();
        let lease = &grant.candidate.lease;
        let present = lease.rare.as_ref().and_then(|rare| rare.billing.as_ref());
        if let Some((_, kept)) = accounts.iter().find(|row| Some(&row.1) == present) {
            return Ok(Some(kept.clone()));
        }
        let has_room = |row: &&(u32, Account)| self.table.billed(&row.1) < row.0;
        match (accounts.iter().find(has_room), accounts.last()) {
            (Some((_, account)), _) => Ok(Some(account.clone())),
            (None, Some((_, last))) => {
                self.unbill(lease);
                Err(words::no_billing(&grant.prefix, &last.class))
            }
            (None, None) => Ok(None),
        }
    }

    fn unbill(&mut self, lease: &Lease) {
        let mut lease = lease.clone();
        if let Some(rare) = lease.rare.as_mut().filter(|rare| rare.billing.is_some()) {
            rare.billing = None;
            lease.drop_empty_rare();
            self.table.amend(lease);
        }
    }
}

fn account_of(membership: &Membership, config: &Config) -> Option<Account> {
    let index = usize::try_from(membership.class.0).ok()?;
    let class = config.classes.get(index)?;
    Some(Account {
        class: Arc::from(&*class.name),
        value: membership.value.clone(),
    })
}
