//! What an account is for: somebody of the operator, or somebody who builds software for a sender.

use super::account::{Unfit, check_roles, unfit};
use super::{Permission, Role};
use crate::sender::Senders;
use std::collections::BTreeSet;
use std::fmt;

/// What somebody with a session is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capacity {
    /// Somebody of the operator, in these roles.
    Staff(BTreeSet<Role>),
    /// Somebody who works for a `[[sender]]` of this name: tries out messages in the name of its parties, and sees nothing
    /// else of the gateway.
    Sender(String),
}

impl Capacity {
    /// What it allows.
    pub fn permissions(&self) -> BTreeSet<Permission> {
        match self {
            Capacity::Staff(roles) => roles.iter().flat_map(|role| role.permissions().iter().copied()).collect(),
            Capacity::Sender(_) => BTreeSet::from([Permission::Try]),
        }
    }

    /// The sender that it is bound to.
    pub fn sender(&self) -> Option<&str> {
        match self {
            Capacity::Staff(_) => None,
            Capacity::Sender(name) => Some(name),
        }
    }

    /// Whether it has a role.
    pub fn is(&self, role: Role) -> bool {
        matches!(self, Capacity::Staff(roles) if roles.contains(&role))
    }

    /// What somebody chose for an account: roles, or a sender of the configuration.
    ///
    /// # Errors
    /// Neither or both were chosen, or a role or a sender that there is not.
    pub fn chosen<'a>(
        roles: impl IntoIterator<Item = &'a str>,
        sender: Option<&str>,
        senders: &Senders,
    ) -> Result<Capacity, Unfit> {
        let Some(name) = sender else { return check_roles(roles).map(Capacity::Staff) };
        if roles.into_iter().next().is_some() {
            return unfit(
                "Kies rollen of een afzender: wie voor een afzender werkt, heeft hier geen rol.",
                "Choose roles or a sender: whoever works for a sender has no role here.",
            );
        }
        if senders.named(name).is_none() {
            let known = senders.list().iter().map(|sender| sender.name.as_str()).collect::<Vec<_>>().join(", ");
            if known.is_empty() {
                return unfit(
                    "Er is geen [[sender]] in de configuratie om een account aan te binden.",
                    "There is no [[sender]] in the configuration to bind an account to.",
                );
            }
            return unfit(
                format!("Er is geen [[sender]] met deze naam in de configuratie; wel: {known}."),
                format!("There is no [[sender]] of this name in the configuration; there are: {known}."),
            );
        }
        Ok(Capacity::Sender(name.to_owned()))
    }
}

/// As the audit trail and lists tell it.
impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Capacity::Staff(roles) => {
                f.write_str(&roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "))
            }
            Capacity::Sender(name) => write!(f, "sender {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::{Parties, Sender};

    fn senders() -> Senders {
        let one = Sender {
            name: "zorgsoft".to_owned(),
            amqp_users: Vec::new(),
            certificates: Vec::new(),
            tokens: Vec::new(),
            folders: vec!["zorgsoft".to_owned()],
            parties: Parties::These(BTreeSet::from(["42420001".to_owned()])),
        };
        Senders::new(vec![one], [])
    }

    #[test]
    fn an_account_has_roles_or_a_sender() {
        let chosen = |roles: &[&'static str], sender| Capacity::chosen(roles.iter().copied(), sender, &senders());
        assert_eq!(chosen(&["viewer"], None), Ok(Capacity::Staff(BTreeSet::from([Role::Viewer]))));
        assert_eq!(chosen(&[], Some("zorgsoft")), Ok(Capacity::Sender("zorgsoft".to_owned())));
        for (roles, sender) in
            [(&["viewer"][..], Some("zorgsoft")), (&[], Some("anders")), (&[], None), (&["root"], None)]
        {
            assert!(chosen(roles, sender).is_err(), "{roles:?} {sender:?}");
        }
        assert!(chosen(&[], Some("anders")).expect_err("none of that name").en.contains("zorgsoft"));
    }

    #[test]
    fn whoever_works_for_a_sender_tries_and_does_nothing_else() {
        let bound = Capacity::Sender("zorgsoft".to_owned());
        assert_eq!(bound.permissions(), BTreeSet::from([Permission::Try]));
        assert_eq!((bound.to_string().as_str(), bound.is(Role::Viewer)), ("sender zorgsoft", false));
        let staff = Capacity::Staff(BTreeSet::from([Role::Viewer, Role::Administrator]));
        assert!(staff.is(Role::Administrator) && staff.sender().is_none());
        assert_eq!(staff.to_string(), "viewer, administrator");
    }
}
