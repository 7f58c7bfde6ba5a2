//! What a person should look at around a gateway, and what to do about it: the examinations behind `sluis doctor`.
//!
//! Each examination gathers facts and judges them; gathering and judging are apart, so that the judgement can be shown
//! with cases. They run side by side, each with a deadline: one that hangs says so and holds up no other. Nothing is
//! changed, no message is taken, and no text names a person or a secret.

mod backlog;
mod broker;
mod certificates;
mod clock;
mod database;
mod directories;
pub(crate) mod disk;
mod keys;
mod limits;
mod offices;
mod page;
mod registers;
mod remote;
mod retention;
mod senders;
mod server;
mod sort;

pub use backlog::{Owed, Patience, Questions, Queue, RegisterLine, age, examine};
pub use page::page;
pub use sort::{Severity, Sort};

use crate::clock::dutch_day;
use crate::config::Config;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The state of a gateway and its surroundings, and what is wrong with them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// When it was examined.
    pub at: String,
    /// The Dutch civil date of that moment, by which answers are late.
    pub today: String,
    /// Open questions by what is owed, all sorts.
    pub questions: Vec<Questions>,
    /// Messages that wait for one that they refer to.
    pub waiting: Queue,
    /// Outgoing allocations that wait for a person.
    pub held: Queue,
    /// Messages that are set aside.
    pub parked: Queue,
    /// What has not left yet, by purpose.
    pub outbox: BTreeMap<&'static str, Queue>,
    /// The contract registers that a gateway would start with now, by region.
    pub registers: Vec<RegisterLine>,
    /// What was examined, in the order of the registry.
    pub examined: Vec<Examined>,
    /// What was found, in the order of the registry; empty when all is well.
    pub findings: Vec<Ailment>,
}

impl Diagnosis {
    /// Nothing is known yet.
    fn at(now: Timestamp) -> Diagnosis {
        Diagnosis {
            at: now.to_string(),
            today: dutch_day(now).to_string(),
            questions: Vec::new(),
            waiting: Queue::default(),
            held: Queue::default(),
            parked: Queue::default(),
            outbox: BTreeMap::new(),
            registers: Vec::new(),
            examined: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The gravest finding; `None` when there is none.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// What became of one examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// Id of the examination.
    pub id: &'static str,
    /// What it looks at, in a few words.
    pub title: &'static str,
    /// The same in Dutch, for the console.
    #[serde(skip)]
    pub titel: &'static str,
    /// Facts worth knowing when nothing is wrong.
    pub facts: Vec<String>,
    /// Why it was not done, or not wholly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_examined: Option<String>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// Which part it is about, such as `integrity`, `overdue` or `broker`.
    pub check: &'static str,
    /// Its sort, see `docs/doctor.md`.
    pub sort: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: &'static str,
    /// The cases, one text each; not all of them when there are very many.
    pub cases: Vec<String>,
    /// The certificate or key that it is about.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// For `overdue`, the same cases in their parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<Owed>,
}

/// What is examined.
struct Subject {
    config: Config,
    now: Timestamp,
    /// When the examination began, by the clock that cannot be set.
    begun: Instant,
    /// Whether other machines may be asked.
    online: bool,
}

impl Subject {
    /// The moment by the clock of this machine.
    fn moment(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        self.now.saturating_add(passed).unwrap_or(self.now)
    }
}

/// What one examination gave.
#[derive(Debug, Default)]
struct Report {
    findings: Vec<Ailment>,
    facts: Vec<String>,
    not_examined: Option<String>,
    /// What the ledger and the registers tell, for the parts of the diagnosis that are not findings.
    told: Option<Told>,
}

#[derive(Debug)]
enum Told {
    Ledger(Box<Diagnosis>),
    Registers(Vec<RegisterLine>),
}

impl Report {
    /// The configuration has nothing for this examination.
    fn nothing_to_examine(why: &str) -> Report {
        Report { not_examined: Some(why.to_owned()), ..Report::default() }
    }
}

/// One examination.
pub struct Examination {
    /// Its id, for `--only` and in JSON.
    pub id: &'static str,
    /// What it looks at, in a few words.
    pub title: &'static str,
    /// The same in Dutch, for the console.
    pub titel: &'static str,
    /// What it looks at, in a sentence for the documentation.
    pub looks_at: &'static str,
    /// What it can find.
    pub sorts: &'static [&'static Sort],
    /// Longest time that it gets.
    deadline: Duration,
    run: fn(Arc<Subject>) -> BoxFuture<'static, Report>,
}

/// Longest time for what asks other machines.
const NETWORK: Duration = Duration::from_secs(15);
/// Longest time for what reads a disk; a large database takes its time.
const DISK: Duration = Duration::from_mins(10);

/// Every examination, in the order in which it is told.
pub static EXAMINATIONS: &[Examination] = &[
    Examination {
        id: "backlog",
        title: "ledger: what it holds",
        titel: "grootboek: wat erin staat",
        looks_at: "whether the ledger adds up (audit chain, balances, declarations), and what is overdue, held, parked, \
                   waiting or not leaving",
        sorts: &backlog::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(database::backlog(subject)),
    },
    Examination {
        id: "database",
        title: "ledger: its database",
        titel: "grootboek: de database",
        looks_at: "the database itself: whether it opens, its version, rights, settings, damage and size",
        sorts: &database::ALL,
        deadline: DISK,
        run: |subject| Box::pin(database::examine(subject)),
    },
    Examination {
        id: "keys",
        title: "key file",
        titel: "sleutelbestand",
        looks_at: "the file with the keys of the ledger: whether it is there, who may read it, and where it lies",
        sorts: &keys::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(keys::examine(subject)),
    },
    Examination {
        id: "retention",
        title: "retention",
        titel: "bewaartermijnen",
        looks_at: "whether the ledger lets go of what is kept long enough, and what it keeps though its time is over",
        sorts: &retention::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(retention::examine(subject)),
    },
    Examination {
        id: "register",
        title: "contract registers",
        titel: "contractregisters",
        looks_at: "the contract registers as a gateway would start with them now: faults, days left, and municipalities \
                   that exchange messages and have no register",
        sorts: &registers::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(registers::examine(subject)),
    },
    Examination {
        id: "broker",
        title: "broker",
        titel: "broker",
        looks_at: "the way to the broker, step by step (name, connection, TLS, greeting, login), its version, and the \
                   queues and exchanges; with `[amqp] management_url` also alarms, depth and consumers of the queues",
        sorts: &broker::SORTS,
        deadline: NETWORK,
        run: |subject| Box::pin(broker::examine(subject)),
    },
    Examination {
        id: "back_office",
        title: "back offices",
        titel: "backoffices",
        looks_at: "the way to each back office: name, connection, TLS with our certificate, and how long its own counts",
        sorts: &offices::SORTS,
        deadline: NETWORK,
        run: |subject| Box::pin(offices::examine(subject)),
    },
    Examination {
        id: "certificates",
        title: "certificates",
        titel: "certificaten",
        looks_at: "every certificate and key that the configuration names: days left, whether key and certificate belong \
                   together, who may read the key, and weak keys and signatures",
        sorts: &certificates::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(certificates::examine(subject)),
    },
    Examination {
        id: "clock",
        title: "clock",
        titel: "klok",
        looks_at: "the clock of this machine against those of the back offices and against the newest row of the ledger",
        sorts: &clock::SORTS,
        deadline: NETWORK,
        run: |subject| Box::pin(clock::examine(subject)),
    },
    Examination {
        id: "disk",
        title: "disks",
        titel: "schijven",
        looks_at: "room and free inodes where ledger, spool and register store lie, and for how long the ledger can grow",
        sorts: &disk::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(disk::examine(subject)),
    },
    Examination {
        id: "senders",
        title: "senders",
        titel: "afzenders",
        looks_at: "whether it is known on each transport who may send for whom",
        sorts: &senders::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(std::future::ready(senders::examine(&subject))),
    },
    Examination {
        id: "directories",
        title: "directory transport",
        titel: "mappen van berichten",
        looks_at: "the folders of the directory transport: there, writable, on one file system, and nothing left lying",
        sorts: &directories::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(directories::examine(subject)),
    },
    Examination {
        id: "limits",
        title: "limits",
        titel: "grenzen",
        looks_at: "whether what may be in work at once fits in the memory of this machine",
        sorts: &limits::SORTS,
        deadline: DISK,
        run: |subject| Box::pin(limits::examine(subject)),
    },
];

/// What to examine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Only these examinations, by id, or by what they check; all when empty.
    pub only: BTreeSet<String>,
    /// Whether other machines may be asked.
    pub online: bool,
}

impl Asked {
    /// What can be named in [`Asked::only`].
    pub fn names() -> BTreeSet<&'static str> {
        EXAMINATIONS
            .iter()
            .flat_map(|examination| {
                std::iter::once(examination.id).chain(examination.sorts.iter().map(|sort| sort.check))
            })
            .collect()
    }

    fn wants(&self, examination: &Examination) -> bool {
        self.only.is_empty()
            || self.only.contains(examination.id)
            || examination.sorts.iter().any(|sort| self.only.contains(sort.check))
    }

    /// Whether a finding was asked for: by its examination, or by what it is about.
    fn wants_finding(&self, examination: &Examination, finding: &Ailment) -> bool {
        self.only.is_empty() || self.only.contains(examination.id) || self.only.contains(finding.check)
    }
}

/// Examines what `config` describes, all of it side by side.
pub async fn examine_all(config: &Config, now: Timestamp, asked: &Asked) -> Diagnosis {
    crate::delivery::http::install_crypto_provider();
    let subject = Arc::new(Subject { config: config.clone(), now, begun: Instant::now(), online: asked.online });
    let mut running = JoinSet::new();
    for (place, examination) in EXAMINATIONS.iter().enumerate().filter(|(_, examination)| asked.wants(examination)) {
        let report = (examination.run)(Arc::clone(&subject));
        // A task of its own: an examination that breaks off takes no other along.
        let report = tokio::spawn(tokio::time::timeout(examination.deadline, report));
        running.spawn(async move { (place, report.await) });
    }
    let mut reports = BTreeMap::new();
    while let Some(done) = running.join_next().await {
        let Ok((place, report)) = done else { continue };
        let report = match report {
            Ok(Ok(report)) => report,
            Ok(Err(_)) => Report::nothing_to_examine("it took too long and was given up"),
            Err(_) => Report::nothing_to_examine("the examination itself broke off; please report it"),
        };
        reports.insert(place, report);
    }
    let mut diagnosis = Diagnosis::at(now);
    for (place, report) in reports {
        diagnosis.add(&EXAMINATIONS[place], report, asked);
    }
    diagnosis
}

impl Diagnosis {
    fn add(&mut self, examination: &Examination, report: Report, asked: &Asked) {
        let Report { findings, facts, not_examined, told } = report;
        let Examination { id, title, titel, .. } = *examination;
        self.examined.push(Examined { id, title, titel, facts, not_examined });
        self.findings.extend(findings.into_iter().filter(|finding| asked.wants_finding(examination, finding)));
        match told {
            Some(Told::Ledger(ledger)) => {
                let Diagnosis { questions, waiting, held, parked, outbox, .. } = *ledger;
                (self.questions, self.outbox) = (questions, outbox);
                (self.waiting, self.held, self.parked) = (waiting, held, parked);
            }
            Some(Told::Registers(registers)) => self.registers = registers,
            None => {}
        }
    }
}

/// What is wrong with the files and folders that a configuration names, as far as it can be told without asking anybody:
/// certificates and keys, the rights on folders, the key file of the ledger. What a first start makes may be absent.
pub fn named_files(config: &Config, now: Timestamp) -> Vec<Ailment> {
    let mut report = Report::default();
    certificates::look_at_all(config, now, &mut report);
    report.findings.extend(directories::rights(config));
    report.findings.extend(keys::usable(config));
    report.findings
}

/// Does what blocks on a thread where that is allowed.
async fn blocking(gather: impl FnOnce() -> Report + Send + 'static) -> Report {
    let gathered = tokio::task::spawn_blocking(gather).await;
    gathered.unwrap_or_else(|_| Report::nothing_to_examine("the examination itself broke off; please report it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_has_one_name_and_belongs_to_one_examination() {
        let mut names = BTreeSet::new();
        for examination in EXAMINATIONS {
            assert!(!examination.sorts.is_empty(), "{} finds nothing", examination.id);
            assert!(!examination.titel.is_empty(), "{} has no name in Dutch", examination.id);
            for sort in examination.sorts {
                assert!(names.insert(sort.id), "{} stands twice", sort.id);
                assert!(sort.id.starts_with(&format!("{}.", sort.check)), "{} is about {}", sort.id, sort.check);
                assert!(!sort.means.is_empty() && !sort.advice.is_empty(), "{} explains itself", sort.id);
            }
        }
    }

    #[test]
    fn findings_are_asked_for_by_examination_or_by_what_they_are_about() {
        let backlog = &EXAMINATIONS[0];
        let asked = |name: &str| Asked { only: BTreeSet::from([name.to_owned()]), online: false };
        let of = |check: &str| {
            let sort = backlog.sorts.iter().find(|sort| sort.check == check).expect("it is a sort of the backlog");
            sort.found("x")
        };
        assert!(asked("parked").wants(backlog) && asked("parked").wants_finding(backlog, &of("parked")));
        assert!(!asked("parked").wants_finding(backlog, &of("held")));
        assert!(asked("backlog").wants_finding(backlog, &of("held")));
        assert!(!asked("broker").wants(backlog));
        let names = Asked::names();
        assert!(["backlog", "parked", "broker", "disk"].iter().all(|name| names.contains(name)), "{names:?}");
    }

    #[tokio::test]
    async fn one_that_breaks_or_hangs_is_told_and_takes_no_other_along() {
        let report = blocking(|| panic!("on purpose")).await;
        assert_eq!(report.not_examined.as_deref(), Some("the examination itself broke off; please report it"));
    }
}
