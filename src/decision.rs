//! What the gateway decides on a message: the verdict and its effects, as values. The core returns them, the ledger
//! commits them in one transaction, delivery sends what is to be sent.

use crate::contract::Model;
use crate::deadline::Debt;
use crate::finding::{Finding, Signal, Skipped};
use crate::message::{
    Bsn, Cents, Code, Count, Date, DeclaratieNummer, GeslotenPeriode, Kind, Law, Party, Product, ReferentieAanbieder,
    VerzoekAntwoord,
};
use crate::rules::facts::{Allocation, ClaimLine, Stop};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use utoipa::ToSchema;

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Processed as a whole.
    Accepted,
    /// Not processed; counts as not sent (OP286).
    Rejected,
    /// 323 only: some lines granted, some not.
    Partly,
    /// An outgoing 301 that waits for a person.
    Held,
    /// Set aside because we or the world failed, or because this version cannot judge the kind yet.
    Parked,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 5] =
        [Verdict::Accepted, Verdict::Rejected, Verdict::Partly, Verdict::Held, Verdict::Parked];

    /// The word used in the ledger, metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Rejected => "rejected",
            Verdict::Partly => "partly",
            Verdict::Held => "held",
            Verdict::Parked => "parked",
        }
    }

    /// Whether the message counts as sent: its identification is used and its content is known (OP286).
    pub fn counts_as_sent(self) -> bool {
        match self {
            Verdict::Accepted | Verdict::Partly | Verdict::Held => true,
            Verdict::Rejected | Verdict::Parked => false,
        }
    }

    /// Whether it is the last word on the message, and nobody has to look at it any more.
    pub fn is_decided(self) -> bool {
        match self {
            Verdict::Accepted | Verdict::Rejected | Verdict::Partly => true,
            Verdict::Held | Verdict::Parked => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who and what a message is, as far as its header could be read. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Kind.
    pub kind: Kind,
    /// Afzender as in the header (in a return message that of the answered message).
    pub afzender: Party,
    /// Identificatie as in the header.
    pub identificatie: String,
    /// Dagtekening as in the header.
    pub dagtekening: Date,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
}

/// Everything that one message leads to.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Kind, when it was recognised; also of a message that failed at level 1.
    pub kind: Option<Kind>,
    /// `None` when the message failed at level 1.
    pub identity: Option<Identity>,
    /// What a message that failed at level 1 says of its sender; not to be relied on.
    pub claimed_sender: Option<Party>,
    /// What happens to it.
    pub verdict: Verdict,
    /// Level at which judging ended, 1 to 4.
    pub level: u8,
    /// What is wrong, in document order.
    pub findings: Vec<Finding>,
    /// Rules that could not run.
    pub skipped: Vec<Skipped>,
    /// Flags for the municipality.
    pub signals: Vec<Signal>,
    /// What a check saw while its policy is to observe: told beside a forward, never sent by itself.
    pub observed: Vec<Signal>,
    /// What the ledger must remember.
    pub records: Vec<Record>,
    /// What must leave.
    pub outgoing: Vec<Outgoing>,
    /// Version of the contract register it was decided with.
    pub register_version: Option<String>,
}

impl Decision {
    /// What is decided on a message that we failed on: nothing, and it is kept.
    pub fn set_aside() -> Decision {
        Decision {
            kind: None,
            identity: None,
            claimed_sender: None,
            verdict: Verdict::Parked,
            level: 1,
            findings: Vec::new(),
            skipped: Vec::new(),
            signals: Vec::new(),
            observed: Vec::new(),
            records: Vec::new(),
            outgoing: Vec::new(),
            register_version: None,
        }
    }
}

/// Something the ledger must remember about an accepted message.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A version of an allocation. `person` inside `allocation` is filled in by the ledger from `bsn`.
    Allocation {
        /// Whom it is for.
        bsn: Bsn,
        /// The version.
        allocation: Allocation,
        /// Request that it honours.
        referentie: Option<ReferentieAanbieder>,
    },
    /// A start of delivery.
    Start {
        /// Client.
        bsn: Bsn,
        /// Key.
        key: StartKey,
    },
    /// A stop of delivery.
    Stop {
        /// Client.
        bsn: Bsn,
        /// Key of the start that it stops.
        key: StartKey,
        /// Reason and last day, the rest of its own key.
        stop: Stop,
    },
    /// A stop deleted by StatusAanlevering 3.
    StopDeleted {
        /// Client.
        bsn: Bsn,
        /// Key of the start that it stopped.
        key: StartKey,
        /// Reason and last day of the stop to delete.
        stop: Stop,
    },
    /// A request: one product of a 315, or a 317 as a whole.
    Request {
        /// Client.
        bsn: Bsn,
        /// `ReferentieAanbieder`.
        referentie: ReferentieAanbieder,
        /// Who referred the client; only a 315 tells.
        verwijzer: Option<Verwezen>,
    },
    /// An answer (319) to a request.
    Answer {
        /// `ReferentieAanbieder` of the request.
        referentie: ReferentieAanbieder,
        /// What it said.
        antwoord: VerzoekAntwoord,
    },
    /// A request honoured by an allocation.
    Honoured {
        /// `ReferentieAanbieder` of the request.
        referentie: ReferentieAanbieder,
    },
    /// A start deleted by StatusAanlevering 3.
    StartDeleted {
        /// Client.
        bsn: Bsn,
        /// Key of the start to delete.
        key: StartKey,
    },
    /// A processed declaration.
    Declaratie {
        /// DeclaratieNummer.
        nummer: DeclaratieNummer,
        /// DeclaratiePeriode.
        periode: GeslotenPeriode,
        /// Signed total submitted.
        ingediend: Cents,
        /// Signed total granted.
        toegekend: Cents,
    },
    /// A line of a processed declaration, granted or not. `person` inside `line` is filled in by the ledger.
    Prestatie {
        /// Client.
        bsn: Bsn,
        /// The line.
        line: ClaimLine,
    },
    /// A posting to an account.
    Posting(Posting),
    /// Somebody owes something because of the message.
    Asked(Asked),
    /// The message gives what somebody owed.
    Settled(Settled),
    /// The message waits for a person. The only record of a held message, and of no other.
    Hold {
        /// Allocations in it: what comes for one of them later waits too.
        toewijzingen: Vec<Count>,
        /// What the contract layer holds it for.
        reasons: Vec<Signal>,
        /// The earlier held message that it must not overtake, by its number in the ledger.
        behind: Option<i64>,
    },
}

/// Who referred a client, as far as checks need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verwezen {
    /// Type (COD327).
    pub soort: Code,
    /// AGB code, when it is a care professional.
    pub agb: Option<Party>,
}

/// What somebody owes because of a message, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub debt: Debt,
    /// What it is about.
    pub about: About,
    /// Who owes it.
    pub owed_by: Party,
    /// Day on which the message was passed on, from which terms count: the Dutch civil date of judging.
    pub asked_on: Date,
    /// Last day on which it is in time.
    pub due_on: Date,
    /// Whether the gateway gives it itself, in the same transaction.
    pub answered: bool,
}

/// What a debt is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The message as a whole.
    Message,
    /// One request in it.
    Request(ReferentieAanbieder),
    /// One allocation in it.
    Allocation(Count),
}

/// What a message closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which open debts.
    pub what: Settles,
    /// Day on which that happens: the Dutch civil date of judging.
    pub on: Date,
}

/// Which open debts a message closes, each within its law, municipality and provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settles {
    /// The reply that is owed to a message, by its number in the ledger.
    Message(i64),
    /// Whatever answer is owed to a request.
    Request(ReferentieAanbieder),
    /// The start on an allocation.
    Start(Count),
    /// All starts on the allocations of a message, by its number in the ledger: nobody has to start them any more.
    StartsOf(i64),
}

/// Logical key of a StartProduct, without the client (messages, section 4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StartKey {
    /// Allocation; `None` under task-based execution.
    pub toewijzing_nummer: Option<Count>,
    /// Product.
    pub product: Option<Product>,
    /// First day of delivery.
    pub begindatum: Date,
}

impl PartialOrd for Product {
    fn partial_cmp(&self, other: &Product) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Product {
    fn cmp(&self, other: &Product) -> std::cmp::Ordering {
        (&self.categorie, &self.code).cmp(&(&other.categorie, &other.code))
    }
}

/// Where an amount belongs (funding, section 3): every euro that is granted, committed or paid by instalment is booked
/// to exactly one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Law.
    pub law: Law,
    /// Municipality; the id of the region for what its municipalities pay together.
    pub gemeente: Party,
    /// Segment of the region; [`Account::UNMAPPED`] for care that the register cannot place.
    pub segment: String,
    /// Part of the segment, where the profile tells one.
    pub subsegment: Option<String>,
    /// Provider.
    pub aanbieder: Party,
    /// How the care is paid: the model in force, not one that is intended.
    pub model: Model,
    /// Calendar year of delivery.
    pub year: i16,
}

impl Account {
    /// Segment of care that the register cannot place in one.
    pub const UNMAPPED: &str = "unmapped";

    /// Whether the register could not place the care.
    pub fn is_unmapped(&self) -> bool {
        self.segment == Account::UNMAPPED
    }
}

impl fmt::Display for Account {
    /// Its parts with slashes between, as reports and findings name it: `wmo/0197/wmo-logeren//42420001/pxq/2026`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Account { law, gemeente, segment, subsegment, aanbieder, model, year } = self;
        let subsegment = subsegment.as_deref().unwrap_or_default();
        write!(f, "{law}/{gemeente}/{segment}/{subsegment}/{aanbieder}/{model}/{year}")
    }
}

/// An account, and the agreements (limits over accounts) that what is booked counts for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The account; `None` for a posting to one agreement of before there were accounts.
    pub account: Option<Account>,
    /// Ids of the agreements.
    pub agreements: BTreeSet<String>,
}

/// Sort of posting (funding, section 3). Append-only; a correction is a new posting with the opposite sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PostingSort {
    /// Committed by an allocation, or by the instalments of a year; negative when that shrinks.
    Reservation,
    /// Commitment that is no longer needed: used up by a granted line or a due instalment, left over after a stop or a
    /// year; negative. Positive where it comes back.
    Release,
    /// Granted debit line.
    Realisation,
    /// Granted credit line; negative.
    Credit,
    /// Instalment that fell due; negative when one is taken back.
    Instalment,
}

impl PostingSort {
    /// All sorts.
    pub const ALL: [PostingSort; 5] = [
        PostingSort::Reservation,
        PostingSort::Release,
        PostingSort::Realisation,
        PostingSort::Credit,
        PostingSort::Instalment,
    ];

    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            PostingSort::Reservation => "reservation",
            PostingSort::Release => "release",
            PostingSort::Realisation => "realisation",
            PostingSort::Credit => "credit",
            PostingSort::Instalment => "instalment",
        }
    }

    /// The inverse of [`PostingSort::as_str`].
    pub fn parse(text: &str) -> Option<PostingSort> {
        PostingSort::ALL.into_iter().find(|sort| sort.as_str() == text)
    }

    /// Whether it is money owed, rather than money kept apart for it.
    pub fn is_realised(self) -> bool {
        match self {
            PostingSort::Realisation | PostingSort::Credit | PostingSort::Instalment => true,
            PostingSort::Reservation | PostingSort::Release => false,
        }
    }
}

/// One posting to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Account and agreements.
    pub slot: Slot,
    /// Sort.
    pub sort: PostingSort,
    /// Signed amount. Consumption of an account or agreement is the sum over all its postings.
    pub cents: Cents,
    /// Allocation; `None` for an instalment.
    pub toewijzing_nummer: Option<Count>,
    /// ReferentieNummer of the line, for postings from a 323; name of the instalment for those.
    pub referentie: Option<String>,
    /// Day the posting belongs to: first day of the ProductPeriode, Ingangsdatum or due date, within the account's year.
    pub on: Date,
    /// Whether the year of the account was closed already when this was booked.
    pub late: bool,
}

/// Why something leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The standard's own answer, to whoever sent the message.
    Reply,
    /// The message itself, to whom it is addressed.
    Forward,
    /// Report on a message that failed at level 1, or on a reply that was refused, to whoever sent it.
    Error,
    /// A signal for the municipality, as a CloudEvent.
    Signal,
}

impl Purpose {
    /// The word in the ledger, metrics and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Reply => "reply",
            Purpose::Forward => "forward",
            Purpose::Error => "error",
            Purpose::Signal => "signal",
        }
    }

    /// The inverse of [`Purpose::as_str`].
    pub fn parse(text: &str) -> Option<Purpose> {
        [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// Something that must leave: final bytes, fixed before the first attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Why.
    pub purpose: Purpose,
    /// Receiving party; `None` when a message was too broken to tell its sender (error reports only).
    pub to: Option<Party>,
    /// What it is called: a kind (`WMO325`), or for signals and error reports the check id or `error`.
    pub subject: String,
    /// Law, for routing keys; `None` when the kind could not be recognised.
    pub law: Option<Law>,
    /// Region, for signals.
    pub region: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
    /// For forwards: the verdict with all findings and signals, as JSON.
    pub verdict_json: Option<Vec<u8>>,
}
