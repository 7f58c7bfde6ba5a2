//! The roles, and what each may do.

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See messages, findings, allocations, deliveries and health, with personal data masked.
    View,
    /// See contracts, budgets, signals and figures of providers.
    ViewContracts,
    /// Look a person up by number, and see what is masked, with a reason.
    Unmask,
    /// Release or withdraw held allocations.
    OrderHeld,
    /// Send again or judge anew what is parked or was refused, and close breakers.
    Replay,
    /// Read the audit trail.
    Audit,
    /// Keep accounts and API tokens.
    Administer,
    /// Try messages out without anything being stored.
    Try,
}

impl Permission {
    /// All, in display order.
    pub const ALL: [Permission; 8] = [
        Permission::View,
        Permission::ViewContracts,
        Permission::Unmask,
        Permission::OrderHeld,
        Permission::Replay,
        Permission::Audit,
        Permission::Administer,
        Permission::Try,
    ];

    /// The word in the ledger, in scopes of tokens and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::View => "view",
            Permission::ViewContracts => "view-contracts",
            Permission::Unmask => "unmask",
            Permission::OrderHeld => "order-held",
            Permission::Replay => "replay",
            Permission::Audit => "audit",
            Permission::Administer => "administer",
            Permission::Try => "try",
        }
    }

    /// What it allows, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Permission::View => "see messages, findings, allocations, deliveries and health; personal data masked",
            Permission::ViewContracts => "see contracts, budgets, signals and figures of providers",
            Permission::Unmask => "look a person up by number, and see what is masked, with a reason",
            Permission::OrderHeld => "release or withdraw held allocations",
            Permission::Replay => "send again or judge anew what is parked or was refused, close breakers",
            Permission::Audit => "read the audit trail",
            Permission::Administer => "keep accounts and API tokens",
            Permission::Try => "try messages out without anything being stored",
        }
    }

    /// The permission of that word.
    pub fn parse(word: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.as_str() == word)
    }
}

/// What somebody is for the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Watches.
    Viewer,
    /// Keeps messages flowing.
    Operator,
    /// Keeps contracts and budgets, and decides on held allocations.
    ContractManager,
    /// Watches over personal data.
    PrivacyOfficer,
    /// Keeps the gateway, its accounts and tokens.
    Administrator,
}

impl Role {
    /// All, in display order.
    pub const ALL: [Role; 5] =
        [Role::Viewer, Role::Operator, Role::ContractManager, Role::PrivacyOfficer, Role::Administrator];

    /// The word in the ledger, on the command line and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::ContractManager => "contract-manager",
            Role::PrivacyOfficer => "privacy-officer",
            Role::Administrator => "administrator",
        }
    }

    /// The role of that word.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What it may do. Nobody who keeps accounts may see personal data by that alone, and whoever may see it cannot give
    /// that right to others.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::{Administer, Audit, OrderHeld, Replay, Try, Unmask, View, ViewContracts};
        match self {
            Role::Viewer => &[View, Try],
            Role::Operator => &[View, Try, Replay, OrderHeld],
            Role::ContractManager => &[View, Try, ViewContracts, OrderHeld],
            Role::PrivacyOfficer => &[View, Try, Unmask, Audit],
            Role::Administrator => &[View, Try, Replay, Audit, Administer],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
            assert!(
                Role::ALL.iter().any(|role| role.permissions().contains(&permission)),
                "{permission:?}: nobody may"
            );
        }
        assert_eq!(Role::parse("root"), None);
    }

    #[test]
    fn nobody_gets_at_personal_data_by_keeping_accounts() {
        for role in Role::ALL {
            let may = role.permissions();
            assert!(!(may.contains(&Permission::Administer) && may.contains(&Permission::Unmask)), "{role:?}");
        }
    }
}
