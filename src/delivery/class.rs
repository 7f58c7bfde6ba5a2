//! What a failed delivery means: one table from what came back to a class. `docs/delivery.md` shows the same table, and
//! what follows from each class; a test keeps the two equal.
//!
//! Nothing here sends or waits: the relay decides what follows from a class, the breaker of the destination when the next
//! attempt may be made.

use std::io;
use std::ops::RangeInclusive;

/// What a failure means for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It does not work now and may work later.
    Temporary,
    /// Nobody knows whether it arrived. It is sent again under the same id.
    Unknown,
    /// This delivery will never be taken as it is; others may be.
    Data,
    /// Address, method or agreement are not as configured: no delivery will be taken until a person changes something.
    Contract,
    /// One side does not trust the other.
    Security,
}

impl Class {
    /// All classes, in display order.
    pub const ALL: [Class; 5] = [Class::Temporary, Class::Unknown, Class::Data, Class::Contract, Class::Security];

    /// The word in the ledger, in metrics and in log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Temporary => "temporary",
            Class::Unknown => "unknown",
            Class::Data => "data",
            Class::Contract => "contract",
            Class::Security => "security",
        }
    }

    /// The inverse of [`Class::as_str`].
    pub fn parse(text: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Whether time alone heals nothing: a person has to act.
    pub fn needs_a_person(self) -> bool {
        match self {
            Class::Contract | Class::Security => true,
            Class::Temporary | Class::Unknown | Class::Data => false,
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// HTTP statuses with their class and what they say; the first row that holds a status counts. RFC 9110, RFC 4918, RFC
/// 6585 and RFC 8470; 494 to 499 are those of nginx, 520 to 526 those of a well-known proxy.
static STATUSES: &[(RangeInclusive<u16>, Class, &str)] = &[
    (300..=399, Class::Contract, "it redirects, which is not followed: a message goes where the configuration says"),
    (400..=400, Class::Data, "it does not understand the request"),
    (401..=401, Class::Security, "it does not know us"),
    (402..=402, Class::Contract, "it wants to be paid"),
    (403..=403, Class::Security, "it does not let us in"),
    (404..=404, Class::Contract, "nothing takes deliveries at that address"),
    (405..=406, Class::Contract, "it takes no POST of this form at that address"),
    (407..=407, Class::Security, "a proxy in between does not know us"),
    (408..=408, Class::Unknown, "it gave up waiting for the request"),
    (409..=409, Class::Data, "it has something else under our key, or says so"),
    (410..=410, Class::Contract, "the address is no longer in use"),
    (411..=412, Class::Contract, "it wants a request of another form"),
    (413..=413, Class::Data, "the delivery is too large for it"),
    (414..=414, Class::Contract, "the address is too long for it"),
    (415..=415, Class::Data, "it does not take this sort of content"),
    (416..=417, Class::Contract, "it wants a request of another form"),
    (421..=421, Class::Contract, "the request reached the wrong server"),
    (422..=422, Class::Data, "it understands the delivery and refuses it"),
    (423..=425, Class::Temporary, "it is busy with something else"),
    (426..=426, Class::Contract, "it wants another protocol"),
    (428..=428, Class::Contract, "it wants a request of another form"),
    (429..=429, Class::Temporary, "too many requests for it"),
    (431..=431, Class::Contract, "the headers are too large for it"),
    (451..=451, Class::Contract, "the law forbids it to take the delivery"),
    (494..=494, Class::Contract, "the headers are too large for it"),
    (495..=496, Class::Security, "it does not accept our certificate, or misses it"),
    (497..=497, Class::Contract, "the address must begin with https"),
    (499..=499, Class::Unknown, "it saw the connection break off"),
    (400..=499, Class::Data, "it refuses the delivery"),
    (500..=500, Class::Temporary, "it failed"),
    (501..=501, Class::Contract, "it cannot do what is asked"),
    (502..=502, Class::Unknown, "a proxy got no good answer from what stands behind it"),
    (503..=503, Class::Temporary, "it is not available"),
    (504..=504, Class::Unknown, "a proxy got no answer in time from what stands behind it"),
    (505..=506, Class::Contract, "it speaks another protocol"),
    (507..=507, Class::Temporary, "it has no room"),
    (508..=508, Class::Contract, "its addresses go round in a circle"),
    (510..=510, Class::Contract, "it wants a request of another form"),
    (511..=511, Class::Security, "a network in between wants a login"),
    (520..=520, Class::Unknown, "a proxy got no good answer from what stands behind it"),
    (524..=524, Class::Unknown, "a proxy got no answer in time from what stands behind it"),
    (525..=526, Class::Security, "a proxy does not trust what stands behind it"),
    (500..=599, Class::Temporary, "it failed"),
    (0..=u16::MAX, Class::Contract, "this is no answer of HTTP"),
];

/// Class of an HTTP status that is no success, and what it says.
pub fn of_status(status: u16) -> (Class, &'static str) {
    let row = STATUSES.iter().find(|(statuses, _, _)| statuses.contains(&status));
    row.map(|(_, class, what)| (*class, *what)).expect("the last row holds every number")
}

/// What can go wrong without an answer to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing could be sent: the name is unknown, the port closed, or the connection took too long.
    NoConnection,
    /// The connection was made, and trust was not: a certificate or a TLS version does not fit.
    Tls,
    /// The request went out and no answer came in time.
    NoAnswer,
    /// The request went out and the connection broke off, or what came back was no answer.
    Cut,
    /// The broker returned the message: no queue is bound for its routing key.
    Unroutable,
    /// The broker did not take responsibility for the message: a queue is full and rejects what is published.
    Nack,
    /// The broker takes nothing: it is short of memory or disk.
    Blocked,
    /// The message went out and no confirm came.
    NoConfirm,
    /// The broker closed the channel because something that is configured is not there or not as it should be.
    BrokerContract,
    /// The broker does not let this login do that.
    BrokerSecurity,
    /// The message is larger than the broker takes.
    BrokerSize,
    /// No room on the disk, or another fault of it.
    Disk,
    /// The files may not be written.
    Rights,
    /// Something else stands where a folder should be.
    Folder,
    /// A file of that name with other content is there.
    InTheWay,
    /// The receiver is not a party.
    Receiver,
    /// The program broke off.
    Ours,
}

/// Each fault with where it can happen, its class and how it is told.
static FAULTS: &[(Fault, &str, Class, &str)] = &[
    (Fault::NoConnection, "http, amqp", Class::Temporary, "no connection"),
    (Fault::Tls, "http", Class::Security, "no trust"),
    (Fault::NoAnswer, "http", Class::Unknown, "no answer in time"),
    (Fault::Cut, "http", Class::Unknown, "the connection broke off"),
    (Fault::Unroutable, "amqp", Class::Contract, "no queue is bound for the receiver"),
    (Fault::Nack, "amqp", Class::Temporary, "a queue is full"),
    (Fault::Blocked, "amqp", Class::Temporary, "the broker is short of memory or disk"),
    (Fault::NoConfirm, "amqp", Class::Unknown, "no confirm came"),
    (Fault::BrokerContract, "amqp", Class::Contract, "an exchange is missing or other than configured"),
    (Fault::BrokerSecurity, "amqp", Class::Security, "the login may not publish there"),
    (Fault::BrokerSize, "amqp", Class::Data, "the message is larger than the broker takes"),
    (Fault::Disk, "directory", Class::Temporary, "the disk is full or fails"),
    (Fault::Rights, "directory", Class::Security, "the files may not be written"),
    (Fault::Folder, "directory", Class::Contract, "something else stands where a folder should be"),
    (Fault::InTheWay, "directory", Class::Data, "another file of that name is there"),
    (Fault::Receiver, "directory", Class::Data, "the receiver is not a party code"),
    (Fault::Ours, "all", Class::Unknown, "the delivery broke off"),
];

impl Fault {
    /// Its class.
    pub fn class(self) -> Class {
        self.row().2
    }

    /// How it is told.
    pub fn as_str(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static (Fault, &'static str, Class, &'static str) {
        FAULTS.iter().find(|(fault, ..)| *fault == self).expect("every fault has a row, a test sees to that")
    }
}

/// What a fault of the file system means.
pub fn of_io(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Fault::Rights,
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => Fault::Folder,
        _ => Fault::Disk,
    }
}

/// Both tables as they stand in `docs/delivery.md`.
pub fn markdown() -> String {
    let mut page = "| status | class | what it says to us |\n|---|---|---|\n".to_owned();
    for (statuses, class, what) in STATUSES.iter().filter(|(statuses, ..)| *statuses.start() > 0) {
        let (first, last) = (statuses.start(), statuses.end());
        let name = match (first, last) {
            (400 | 500, 499 | 599) => format!("any other {}xx", first / 100),
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first} to {last}"),
        };
        page.extend(["| ", &name, " | ", class.as_str(), " | ", what, " |\n"]);
    }
    page.push_str("\n| transport | fault | class |\n|---|---|---|\n");
    for (_, transport, class, what) in FAULTS {
        page.extend(["| ", transport, " | ", what, " | ", class.as_str(), " |\n"]);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn check(class: Class, statuses: &[u16]) {
        for status in statuses {
            assert_eq!(of_status(*status).0, class, "{status}");
        }
    }

    #[test]
    fn every_status_has_the_class_that_the_page_names() {
        check(Class::Temporary, &[423, 424, 425, 429, 500, 503, 507, 509, 521, 522, 523, 530, 599]);
        check(Class::Unknown, &[408, 499, 502, 504, 520, 524]);
        check(Class::Data, &[400, 409, 413, 415, 418, 419, 420, 422, 427, 430, 432, 450, 452, 498]);
        check(Class::Contract, &[300, 301, 302, 303, 304, 307, 308, 399]);
        check(Class::Contract, &[402, 404, 405, 406, 410, 411, 412, 414, 416, 417, 421, 426, 428, 431, 451, 497]);
        check(Class::Contract, &[501, 505, 506, 508, 510, 0, 100, 199, 600, 999, u16::MAX]);
        check(Class::Security, &[401, 403, 407, 495, 496, 511, 525, 526]);
    }

    #[test]
    fn every_fault_has_one_row() {
        let faults = [
            Fault::NoConnection,
            Fault::Tls,
            Fault::NoAnswer,
            Fault::Cut,
            Fault::Unroutable,
            Fault::Nack,
            Fault::Blocked,
            Fault::NoConfirm,
            Fault::BrokerContract,
            Fault::BrokerSecurity,
            Fault::BrokerSize,
            Fault::Disk,
            Fault::Rights,
            Fault::Folder,
            Fault::InTheWay,
            Fault::Receiver,
            Fault::Ours,
        ];
        assert_eq!(faults.len(), FAULTS.len());
        for (fault, (row, ..)) in faults.iter().zip(FAULTS) {
            assert_eq!(fault, row);
        }
    }

    #[test]
    fn faults_of_disks_are_told_apart() {
        let io = |kind: io::ErrorKind| of_io(&io::Error::from(kind)).class();
        assert_eq!(io(io::ErrorKind::StorageFull), Class::Temporary);
        assert_eq!(io(io::ErrorKind::QuotaExceeded), Class::Temporary);
        assert_eq!(io(io::ErrorKind::PermissionDenied), Class::Security);
        assert_eq!(io(io::ErrorKind::ReadOnlyFilesystem), Class::Security);
        assert_eq!(io(io::ErrorKind::NotADirectory), Class::Contract);
    }

    #[test]
    fn words_are_their_own_inverses() {
        for class in Class::ALL {
            assert_eq!(Class::parse(class.as_str()), Some(class));
        }
        assert_eq!(Class::parse("other"), None);
    }

    /// `UPDATE=1` rewrites the page.
    #[test]
    fn the_page_shows_these_tables() {
        const START: &str = "<!-- classes: made from src/delivery/class.rs -->\n";
        const END: &str = "<!-- end of classes -->\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/delivery.md");
        let page = std::fs::read_to_string(&path).expect("the page can be read");
        let (before, rest) = page.split_once(START).expect("the page has a place for the tables");
        let (_, after) = rest.split_once(END).expect("the place ends");
        let expected = format!("{before}{START}{}{END}{after}", markdown());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &expected).expect("the page can be written");
        } else {
            assert!(page == expected, "docs/delivery.md differs from the tables: run with UPDATE=1");
        }
    }
}
