//! Who may send what: identities that transports vouch for, and the parties in whose name each may send.
//!
//! What a message says of its sender is a claim. A transport knows who really brought it, as far as somebody vouches for
//! that: the broker for a login, an authority for a certificate. Here the one is held against the other. Pure: who is who
//! comes from the configuration, and what becomes of a message that is refused is decided by the gateway
//! (`docs/decisions/0010-who-may-send.md`).

use crate::message::{Kind, Party};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Who brought a message, as far as its transport vouches for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Login that published it, as the broker validates it (`user_id`).
    AmqpUser(String),
    /// Client certificate that the connection was made with.
    Certificate(Certificate),
    /// API token, by the name of the sender whose it is. The token itself is forgotten as soon as it is recognised.
    Token(String),
    /// Folder of its own inside the `in/` of the directory transport.
    Folder(String),
}

impl Identity {
    /// The sort of identity, in the ledger and in logs.
    pub fn sort(&self) -> &'static str {
        match self {
            Identity::AmqpUser(_) => "amqp_user",
            Identity::Certificate(_) => "certificate",
            Identity::Token(_) => "token",
            Identity::Folder(_) => "folder",
        }
    }

    /// Sort and name, for the ledger and for people who may look into it. Logs get the sort alone.
    pub fn shown(&self) -> String {
        let sort = self.sort();
        match self {
            Identity::AmqpUser(name) | Identity::Token(name) | Identity::Folder(name) => format!("{sort} {name}"),
            Identity::Certificate(certificate) => match certificate.names.first() {
                Some(name) => format!("{sort} {name} ({})", certificate.fingerprint),
                None => format!("{sort} {}", certificate.fingerprint),
            },
        }
    }
}

/// A client certificate, as far as it tells who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of the subject, then its alternative names.
    pub names: Vec<String>,
    /// SHA-256 of the certificate, 64 hexadecimal digits.
    pub fingerprint: String,
}

/// SHA-256 of an API token. Tokens themselves are kept by who sends, and nowhere here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token).into())
    }

    /// Takes the same time whatever the two have in common.
    fn is(&self, other: &TokenHash) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |difference, (a, b)| difference | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A token shorter than this could be guessed; none is believed, whatever its hash.
pub const SHORTEST_TOKEN: usize = 32;

/// The parties in whose name somebody may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parties {
    /// These: providers by AGB code (eight digits), municipalities by CBS code (four).
    These(BTreeSet<String>),
    /// All of them: a hub that passes on messages of others, and vouches for them.
    All,
}

/// Somebody who sends: by what it is known, and for whom it may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Name in logs and on pages; no person.
    pub name: String,
    /// Logins on the broker.
    pub amqp_users: Vec<String>,
    /// Names (common or alternative) or fingerprints of client certificates.
    pub certificates: Vec<String>,
    /// Hashes of API tokens; two of them while one replaces the other.
    pub tokens: Vec<TokenHash>,
    /// Folders inside `in/`.
    pub folders: Vec<String>,
    /// For whom it may send.
    pub parties: Parties,
}

impl Sender {
    /// Whether it may send in the name of a party.
    pub fn may_send_for(&self, party: &str) -> bool {
        match &self.parties {
            Parties::These(parties) => parties.contains(party),
            Parties::All => true,
        }
    }

    /// Whether no message can be from it: it is there for the accounts of its developers.
    pub fn is_for_accounts(&self) -> bool {
        self.amqp_users.is_empty() && self.certificates.is_empty() && self.tokens.is_empty() && self.folders.is_empty()
    }

    /// The party that it is, when it is one and no more.
    pub fn only_party(&self) -> Option<Party> {
        match &self.parties {
            Parties::These(parties) if parties.len() == 1 => parties.first().map(|party| Party::from(party.as_str())),
            Parties::These(_) | Parties::All => None,
        }
    }

    /// Whom to tell of a message whose own word about its sender is `claimed`: that party when it may send for it,
    /// otherwise the only one that it is.
    pub fn party_to_tell(&self, claimed: Option<&str>) -> Option<Party> {
        claimed.filter(|claimed| self.may_send_for(claimed)).map(Party::from).or_else(|| self.only_party())
    }

    fn is(&self, identity: &Identity) -> bool {
        match identity {
            Identity::AmqpUser(user) => self.amqp_users.contains(user),
            Identity::Token(name) => self.name == *name,
            Identity::Folder(folder) => self.folders.contains(folder),
            Identity::Certificate(certificate) => self.has_name_of(certificate),
        }
    }

    /// Names of hosts know no upper case, and fingerprints neither.
    fn has_name_of(&self, certificate: &Certificate) -> bool {
        let is = |known: &String| {
            certificate.fingerprint.eq_ignore_ascii_case(known)
                || certificate.names.iter().any(|name| name.eq_ignore_ascii_case(known))
        };
        self.certificates.iter().any(is)
    }
}

/// Why a message is refused for who brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nobody vouches for who brought it.
    NoIdentity,
    /// Whoever brought it is no sender of the configuration.
    UnknownIdentity,
    /// It names a sender for whom the one who brought it may not send.
    OtherParty,
}

impl Reason {
    /// All, in the order of the checks.
    pub const ALL: [Reason; 3] = [Reason::NoIdentity, Reason::UnknownIdentity, Reason::OtherParty];

    /// The word in the ledger, in logs and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NoIdentity => "no_identity",
            Reason::UnknownIdentity => "unknown_identity",
            Reason::OtherParty => "other_party",
        }
    }

    /// A sentence for the one who brought the message.
    pub fn en(self) -> &'static str {
        match self {
            Reason::NoIdentity => {
                "nobody vouches for who sent this message; on RabbitMQ, publish with the property user_id"
            }
            Reason::UnknownIdentity => "whoever sent this message is no sender of this gateway; ask its administrator",
            Reason::OtherParty => {
                "this sender may not send in the name of the party that the message names as its sender"
            }
        }
    }
}

/// Why a message is refused, and what it says of itself. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What the transport vouches for, with its sort; `None` when it is nothing.
    pub identity: Option<String>,
    /// Name of the sender in the configuration that this is.
    pub sender: Option<String>,
    /// Kind, when it was recognised.
    pub kind: Option<Kind>,
    /// The party that the message names as its sender.
    pub claimed: Option<String>,
    /// Its Identificatie, as far as the header tells.
    pub identificatie: Option<String>,
}

/// What is known of who brought a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// A sender of the configuration: it may send for its parties only.
    Known(&'a Sender),
    /// Unknown, by a transport on which senders are not bound: what the message says counts.
    Open,
    /// Unknown, and nothing is taken from it.
    Unknown(Reason),
}

/// All senders, and the transports on which only they may send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senders {
    list: Vec<Sender>,
    bound: BTreeSet<&'static str>,
}

impl Senders {
    /// Senders, and transports by name on which whoever is none of them is refused.
    pub fn new(list: Vec<Sender>, bound: impl IntoIterator<Item = &'static str>) -> Senders {
        Senders { list, bound: bound.into_iter().collect() }
    }

    /// Who brought a message by a transport. A known sender keeps to its parties on every transport.
    pub fn standing(&self, transport: &str, identity: Option<&Identity>) -> Standing<'_> {
        let known = identity.and_then(|identity| self.of(identity));
        match (known, identity) {
            (Some(sender), _) => Standing::Known(sender),
            (None, _) if !self.bound.contains(transport) => Standing::Open,
            (None, None) => Standing::Unknown(Reason::NoIdentity),
            (None, Some(_)) => Standing::Unknown(Reason::UnknownIdentity),
        }
    }

    /// The sender with this identity. A certificate that carries the names of several senders is that of none: only its
    /// fingerprint could tell which is meant.
    pub fn of(&self, identity: &Identity) -> Option<&Sender> {
        if let Identity::Certificate(certificate) = identity {
            let is = |sender: &&Sender| {
                sender.certificates.iter().any(|known| certificate.fingerprint.eq_ignore_ascii_case(known))
            };
            if let Some(sender) = self.list.iter().find(is) {
                return Some(sender);
            }
        }
        let mut found = self.list.iter().filter(|sender| sender.is(identity));
        match (found.next(), found.next()) {
            (Some(sender), None) => Some(sender),
            (None | Some(_), _) => None,
        }
    }

    /// The sender whose API token this is. Looks at all of them, whichever it is.
    pub fn of_token(&self, token: &str) -> Option<&Sender> {
        let hash = TokenHash::of(token);
        let mut found = None;
        for sender in &self.list {
            for known in &sender.tokens {
                if known.is(&hash) {
                    found = Some(sender);
                }
            }
        }
        found.filter(|_| token.len() >= SHORTEST_TOKEN)
    }

    /// The sender of a name.
    pub fn named(&self, name: &str) -> Option<&Sender> {
        self.list.iter().find(|sender| sender.name == name)
    }

    /// All of them, in the order of the configuration.
    pub fn list(&self) -> &[Sender] {
        &self.list
    }

    /// Whether only known senders may use a transport.
    pub fn are_bound_on(&self, transport: &str) -> bool {
        self.bound.contains(transport)
    }

    /// Folders inside `in/` that belong to a sender each.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.list.iter().flat_map(|sender| sender.folders.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn sender(name: &str, parties: &[&str]) -> Sender {
        let parties = match parties {
            ["*"] => Parties::All,
            these => Parties::These(these.iter().map(|party| (*party).to_owned()).collect()),
        };
        Sender {
            name: name.to_owned(),
            amqp_users: vec![format!("{name}-login")],
            certificates: vec![format!("{name}.example")],
            tokens: Vec::new(),
            folders: vec![name.to_owned()],
            parties,
        }
    }

    fn certificate(names: &[&str], fingerprint: &str) -> Identity {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Identity::Certificate(Certificate { names, fingerprint: fingerprint.to_owned() })
    }

    fn name_of<'a>(senders: &'a Senders, identity: &Identity) -> Option<&'a str> {
        senders.of(identity).map(|sender| sender.name.as_str())
    }

    #[test]
    fn senders_are_known_by_what_a_transport_vouches_for() {
        let mut list = vec![sender("a", &["42420001"]), sender("b", &["0197"])];
        list[1].certificates.push("AB".repeat(32));
        let senders = Senders::new(list, ["amqp"]);
        for (identity, expected) in [
            (Identity::AmqpUser("a-login".to_owned()), Some("a")),
            (Identity::AmqpUser("A-login".to_owned()), None),
            (Identity::AmqpUser("a".to_owned()), None),
            (Identity::Folder("b".to_owned()), Some("b")),
            (Identity::Token("b".to_owned()), Some("b")),
            (certificate(&["A.EXAMPLE"], "00"), Some("a")),
            (certificate(&["x", "b.example"], "00"), Some("b")),
            (certificate(&["a.example", "b.example"], "00"), None),
            (certificate(&["a.example", "b.example"], &"ab".repeat(32)), Some("b")),
            (certificate(&[], "00"), None),
        ] {
            assert_eq!(name_of(&senders, &identity), expected, "{identity:?}");
        }
    }

    #[test]
    fn who_is_unknown_stands_by_the_transport() {
        let senders = Senders::new(vec![sender("a", &["42420001"])], ["amqp"]);
        let (known, other) = (Identity::AmqpUser("a-login".to_owned()), Identity::AmqpUser("x".to_owned()));
        assert!(matches!(senders.standing("amqp", Some(&known)), Standing::Known(sender) if sender.name == "a"));
        assert_eq!(senders.standing("amqp", Some(&other)), Standing::Unknown(Reason::UnknownIdentity));
        assert_eq!(senders.standing("amqp", None), Standing::Unknown(Reason::NoIdentity));
        assert_eq!(senders.standing("directory", None), Standing::Open);
        let folder = Identity::Folder("a".to_owned());
        assert!(matches!(senders.standing("directory", Some(&folder)), Standing::Known(_)), "bound all the same");
        assert_eq!(Senders::default().standing("amqp", None), Standing::Open);
    }

    #[test]
    fn a_token_is_believed_when_it_is_long_enough_to_be_one() {
        let mut known = sender("a", &["42420001"]);
        known.tokens = vec![TokenHash::of("short"), TokenHash::of(TOKEN), TokenHash::of(&TOKEN[1..])];
        let senders = Senders::new(vec![sender("b", &["0197"]), known], ["http"]);
        assert_eq!(senders.of_token(TOKEN).map(|sender| sender.name.as_str()), Some("a"));
        for wrong in ["", "short", &TOKEN[1..], "0123456789abcdef0123456789abcdeF", &format!("{TOKEN}0")] {
            assert_eq!(senders.of_token(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{:?}", TokenHash::of(TOKEN)), "***");
    }

    #[test]
    fn parties_and_whom_to_tell() {
        let (one, two, hub) = (sender("a", &["42420001"]), sender("b", &["0197", "0222"]), sender("h", &["*"]));
        assert!(one.may_send_for("42420001") && !one.may_send_for("42420002") && hub.may_send_for("42420002"));
        let told = |sender: &Sender, claimed: Option<&str>| sender.party_to_tell(claimed).map(|party| party.0);
        assert_eq!(told(&one, Some("42420009")).as_deref(), Some("42420001"));
        assert_eq!(told(&one, None).as_deref(), Some("42420001"));
        assert_eq!(told(&two, Some("0222")).as_deref(), Some("0222"));
        assert_eq!(told(&two, Some("0999")), None);
        assert_eq!(told(&hub, Some("0999")).as_deref(), Some("0999"));
        assert_eq!(told(&hub, None), None);
    }
}
