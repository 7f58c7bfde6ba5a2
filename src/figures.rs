//! What is computed when somebody scrapes: what the ledger and the registers know in numbers, and what lies on disks and in
//! folders, which is told also while the ledger is away.

use crate::clock::{Clock, age};
use crate::config::{Config, Transport};
use crate::contract::Contracts;
use crate::decision::Purpose;
use crate::delivery::breaker::{Breakers, State};
use crate::delivery::destination_names;
use crate::doctor::disk;
use crate::finding::Severity;
use crate::ledger::{
    Budget, Counts, InForce, KeyState, LastMessage, LastSurvey, Ledger, LedgerError, Location, RetentionRun, Tx,
};
use crate::members::{self, Membership};
use crate::message::{Cents, Date, Direction};
use crate::registers::Registers;
use crate::retention::keeper;
use crate::silence::Expectation;
use crate::telemetry::{Component, Figure, Figures, Metric, eurocents};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What the ledger is asked at once.
struct Known {
    counts: Counts,
    signals: BTreeMap<(String, Severity, String), u64>,
    surveys: Vec<(String, Option<LastSurvey>)>,
    bytes_on_server: Option<u64>,
    refused: BTreeMap<Purpose, u64>,
    breakers: Breakers,
    budgets: Vec<Budget>,
    keys: Vec<KeyState>,
    in_force: InForce,
    last: Vec<LastMessage>,
    /// Since when somebody could have been heard of.
    begin: Option<Timestamp>,
    retention: Option<RetentionRun>,
}

fn ask(tx: &Tx<'_>, regions: Vec<String>, now: Timestamp) -> Result<Known, LedgerError> {
    let surveys = regions.into_iter().map(|region| {
        let last = tx.last_survey(&region)?;
        Ok((region, last))
    });
    Ok(Known {
        surveys: surveys.collect::<Result<_, LedgerError>>()?,
        counts: tx.counts(now)?,
        signals: tx.count_signals()?,
        bytes_on_server: tx.bytes_on_server()?,
        refused: tx.count_refused()?,
        breakers: tx.breakers()?,
        budgets: tx.budgets()?,
        keys: tx.key_states()?,
        in_force: tx.in_force()?,
        last: tx.last_messages()?,
        begin: tx.first_message_at()?,
        retention: tx.last_whole_retention()?,
    })
}

/// What the configuration and the start of the gateway settle.
struct Fixed {
    location: Location,
    destinations: Vec<String>,
    silence: Vec<Expectation>,
    waiting_limit: Option<Duration>,
    /// Whether anything is ever let go of.
    lets_go: bool,
    started: Timestamp,
}

/// What the ledger and the registers know in numbers. `component` is told whether the ledger answers.
pub(crate) fn of_ledger(
    config: &Config,
    ledger: Ledger,
    registers: Arc<Registers>,
    membership: Option<Arc<Membership>>,
    clock: Arc<dyn Clock>,
    component: Component,
) -> Figures {
    let component = Arc::new(component);
    let fixed = Arc::new(Fixed {
        location: config.ledger.location.clone(),
        destinations: destination_names(config),
        silence: config.silence.clone(),
        waiting_limit: config.waiting_room.longest,
        lets_go: config.retention.is_set(),
        started: clock.now(),
    });
    Box::new(move || {
        let now = clock.now();
        let in_force = registers.in_force().now();
        let regions: Vec<String> = in_force.registers().iter().map(|register| register.region.id.clone()).collect();
        let known = ledger.run(move |tx| ask(tx, regions, now));
        let (component, fixed) = (Arc::clone(&component), Arc::clone(&fixed));
        let (registers, today) = (Arc::clone(&registers), clock.today());
        let members = match &membership {
            Some(membership) => members::figures(&membership.members()),
            None => members::figures_of_one(&in_force),
        };
        async move {
            let known = match known.await {
                Ok(known) => known,
                Err(error) => {
                    component.down(&error.to_string());
                    return None;
                }
            };
            component.up();
            let mut figures = of_known(&fixed, &known, now);
            figures.extend(of_silence(&fixed, &known, now));
            figures.extend(of_budgets(&in_force, &known.budgets, today));
            figures.extend(of_registers(&registers, today, now));
            if fixed.lets_go {
                figures.extend(of_retention(&known, today, now));
            }
            figures.extend(members);
            Some(figures)
        }
        .boxed()
    })
}

fn of_known(fixed: &Fixed, known: &Known, now: Timestamp) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    let Counts { outbox, parked, held, waiting, questions, .. } = &known.counts;
    for (purpose, waiting) in outbox {
        let label = vec![purpose.as_str().to_owned()];
        figures.push((Metric::OutboxRows, label.clone(), approximate(waiting.count)));
        figures.push((Metric::OutboxOldestSeconds, label, seconds(waiting.oldest)));
    }
    for (purpose, count) in &known.refused {
        figures.push((Metric::OutboxRefusedRows, vec![purpose.as_str().to_owned()], approximate(*count)));
    }
    for destination in &fixed.destinations {
        let state = known.breakers.0.get(destination).map_or(State::Closed, |breaker| breaker.state);
        let state = match state {
            State::Closed => 0.0,
            State::HalfOpen => 1.0,
            State::Open => 2.0,
        };
        figures.push((Metric::BreakerState, vec![destination.clone()], state));
    }
    for (count, oldest, waiting) in [
        (Metric::ParkedMessages, Metric::ParkedOldestSeconds, parked),
        (Metric::HeldMessages, Metric::HeldOldestSeconds, held),
        (Metric::WaitingMessages, Metric::WaitingOldestSeconds, waiting),
    ] {
        figures.push((count, Vec::new(), approximate(waiting.count)));
        figures.push((oldest, Vec::new(), seconds(waiting.oldest)));
    }
    figures.push((Metric::WaitingLimitSeconds, Vec::new(), seconds(fixed.waiting_limit)));
    for (debt, open) in questions {
        for (due, count) in [("later", open.not_due), ("today", open.due_today), ("overdue", open.overdue)] {
            let labels = vec![debt.as_str().to_owned(), due.to_owned()];
            figures.push((Metric::OpenQuestions, labels, approximate(count)));
        }
        figures.push((Metric::OpenQuestionsOldestSeconds, vec![debt.as_str().to_owned()], seconds(open.oldest)));
    }
    for ((check, severity, region), count) in &known.signals {
        let labels = vec![check.clone(), severity.as_str().to_owned(), region.clone()];
        figures.push((Metric::OpenSignals, labels, approximate(*count)));
    }
    for (region, last) in &known.surveys {
        if let Some(last) = last {
            figures.push((Metric::SurveyAgeSeconds, vec![region.clone()], age(last.at, now).as_secs_f64()));
        }
    }
    let bytes = fixed.location.file().map(bytes_on_disk).or(known.bytes_on_server).unwrap_or_default();
    figures.push((Metric::LedgerBytes, Vec::new(), approximate(bytes)));
    for key in &known.keys {
        // One that was there before ages were kept has none.
        if key.id == known.in_force.of(key.sort) && key.since > Timestamp::UNIX_EPOCH {
            let label = vec![key.sort.as_str().to_owned()];
            figures.push((Metric::KeyAgeSeconds, label, age(key.since, now).as_secs_f64()));
        }
    }
    figures
}

/// When each kind came in last, and who has been silent for longer than is expected of him.
fn of_silence(fixed: &Fixed, known: &Known, now: Timestamp) -> Vec<Figure> {
    let mut kinds: BTreeMap<_, Timestamp> = BTreeMap::new();
    for last in &known.last {
        let at = kinds.entry(last.kind).or_insert(last.at);
        *at = last.at.max(*at);
    }
    let mut figures: Vec<Figure> = Vec::new();
    for (kind, at) in kinds {
        let party = match kind.number.direction() {
            Direction::ToProvider => "municipality",
            Direction::ToMunicipality => "provider",
        };
        let labels = vec![kind.law.as_str().to_owned(), kind.number.as_str().to_owned(), party.to_owned()];
        figures.push((Metric::LastMessage, labels, moment(at)));
    }
    for expectation in &fixed.silence {
        let heard = known.last.iter().filter(|last| expectation.concerns(last.kind, last.party.as_str()));
        // Nobody can be silent for longer than there is anybody to listen.
        let begin = known.begin.unwrap_or(fixed.started);
        let silence = expectation.silence(heard.map(|last| last.at).max().unwrap_or(begin), now);
        let label = vec![expectation.name.clone()];
        let silent = f64::from(u8::from(silence > expectation.limit));
        figures.push((Metric::Silent, label.clone(), silent));
        figures.push((Metric::SilenceSeconds, label.clone(), silence.as_secs_f64()));
        figures.push((Metric::SilenceLimitSeconds, label, expectation.limit.as_secs_f64()));
    }
    figures
}

/// The agreements that run today. What is expected of them is told by the survey.
fn of_budgets(contracts: &Contracts, budgets: &[Budget], today: Date) -> Vec<Figure> {
    let balances: BTreeMap<&str, &Budget> = budgets.iter().map(|budget| (budget.agreement.as_str(), budget)).collect();
    let mut figures: Vec<Figure> = Vec::new();
    for register in contracts.registers() {
        for agreement in register.agreements().filter(|agreement| agreement.validity().holds_on(today)) {
            let labels = vec![register.region.id.clone(), agreement.segment.clone(), agreement.id.clone()];
            let (realised, consumption) = balances
                .get(agreement.id.as_str())
                .map_or((Cents(0), Cents(0)), |balance| (balance.realised, balance.consumption));
            let reserved = Cents(consumption.0.saturating_sub(realised.0));
            figures.push((Metric::BudgetAgreed, labels.clone(), eurocents(agreement.amount)));
            figures.push((Metric::BudgetReserved, labels.clone(), eurocents(reserved)));
            figures.push((Metric::BudgetRealised, labels, eurocents(realised)));
        }
    }
    figures
}

fn of_registers(registers: &Registers, today: Date, now: Timestamp) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for register in registers.in_force().now().registers() {
        let region = register.region.id.clone();
        if let Some(days) = register.days_left(today) {
            figures.push((Metric::RegisterSecondsLeft, vec![region.clone()], f64::from(days) * 86_400.0));
        }
        figures.push((Metric::RegisterInfo, vec![region, register.version.clone()], 1.0));
    }
    for state in registers.states() {
        let region = vec![state.region.clone()];
        if state.version.is_some() {
            figures.push((Metric::RegisterAgeSeconds, region.clone(), state.age(now).as_secs_f64()));
        }
        let faults = state.refused.map_or(0, |refused| refused.count);
        figures.push((Metric::RegisterFaults, region, approximate(u64::try_from(faults).unwrap_or(u64::MAX))));
    }
    figures
}

fn of_retention(known: &Known, today: Date, now: Timestamp) -> [Figure; 2] {
    let (age, overdue) = keeper::standing_of(known.retention.as_ref(), known.begin, now, today);
    [
        (Metric::RetentionAgeSeconds, Vec::new(), age.as_secs_f64()),
        (Metric::RetentionOverdueSeconds, Vec::new(), overdue.as_secs_f64()),
    ]
}

/// What lies on disks and in folders: room, messages that wait to be taken in, certificates.
pub(crate) fn of_surroundings(config: &Config, clock: Arc<dyn Clock>) -> Figures {
    let places = Places { disks: disk::folders(config), queues: queues(config), certificates: certificates(config) };
    one_at_a_time(move || look(&places, clock.now()))
}

/// At most one look is under way, and who comes meanwhile waits for it: a network disk that hangs keeps the thread that
/// looks at it, whoever gave up waiting, and must not get another one at each scrape.
fn one_at_a_time(look: impl Fn() -> Vec<Figure> + Send + 'static) -> Figures {
    let look = Arc::new(Mutex::new(look));
    Box::new(move || {
        let look = Arc::clone(&look).lock_owned();
        async move {
            let look = look.await;
            let looked = tokio::task::spawn_blocking(move || {
                let figures = look();
                drop(look);
                figures
            });
            looked.await.ok()
        }
        .boxed()
    })
}

struct Places {
    disks: Vec<(&'static str, PathBuf)>,
    /// Folders that messages come in by, with what each is called.
    queues: Vec<(String, PathBuf)>,
    /// Section, key and file.
    certificates: Vec<(String, &'static str, PathBuf)>,
}

fn look(places: &Places, now: Timestamp) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for (place, folder) in &places.disks {
        if let Ok(room) = disk::room(folder) {
            figures.push((Metric::DiskFreeBytes, vec![(*place).to_owned()], approximate(room.free)));
            figures.push((Metric::DiskSizeBytes, vec![(*place).to_owned()], approximate(room.all)));
        }
    }
    for (queue, folder) in &places.queues {
        // A folder that cannot be listed is told by its component.
        let Ok((count, oldest)) = waiting(folder) else { continue };
        let oldest = oldest.map(|oldest| age(oldest, now));
        figures.push((Metric::IntakeQueueMessages, vec![queue.clone()], approximate(count)));
        figures.push((Metric::IntakeQueueOldestSeconds, vec![queue.clone()], seconds(oldest)));
    }
    for (section, key, file) in &places.certificates {
        let ends = ends_at(file).unwrap_or(Timestamp::UNIX_EPOCH);
        figures.push((Metric::CertificateExpiry, vec![section.clone(), (*key).to_owned()], moment(ends)));
    }
    figures
}

fn queues(config: &Config) -> Vec<(String, PathBuf)> {
    if !config.intake.contains(&Transport::Directory) {
        return Vec::new();
    }
    let root = config.directory.root.join("in");
    let of_sender = |folder: &str| (format!("in/{folder}"), root.join(folder));
    let own = config.senders.folders().map(of_sender);
    std::iter::once(("in".to_owned(), root.clone())).chain(own).collect()
}

/// How many messages lie in a folder, and when the oldest was put there.
fn waiting(folder: &Path) -> std::io::Result<(u64, Option<Timestamp>)> {
    let (mut count, mut oldest) = (0, None);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if !bytes.ends_with(b".xml") || bytes.starts_with(b".") {
            continue;
        }
        count += 1;
        // It may have been taken since.
        let changed = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let changed = changed.and_then(|changed| Timestamp::try_from(changed).ok());
        oldest = [oldest, changed].into_iter().flatten().min();
    }
    Ok((count, oldest))
}

/// The certificates of connections and of listeners in use.
fn certificates(config: &Config) -> Vec<(String, &'static str, PathBuf)> {
    let is_told = |section: &str| match section {
        "http_intake" => config.intake.contains(&Transport::Http),
        // People sign in with a provider on the console alone.
        "console" | "oidc" => config.console.listen.is_some(),
        _ => true,
    };
    let named = config.named_files().into_iter();
    let named = named.filter(|(section, key, _)| !key.ends_with("_key_file") && is_told(section));
    named.map(|(section, key, file)| (section, key, file.to_owned())).collect()
}

/// When the first certificate of a file ends; `None` when the file cannot be used.
fn ends_at(file: &Path) -> Option<Timestamp> {
    let pem = fs::read(file).ok()?;
    let ends = CertificateDer::pem_slice_iter(&pem).map(|der| {
        let der = der.ok()?;
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
    });
    ends.collect::<Option<Vec<Timestamp>>>()?.into_iter().min()
}

/// Database and write-ahead log together; nothing for a file that is not there yet.
fn bytes_on_disk(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path, Path::new(&log)].into_iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
}

/// A count for a gauge. Prometheus keeps floats; nobody counts beyond 2^53.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and counts stay below 2^53")]
fn approximate(count: u64) -> f64 {
    count as f64
}

fn seconds(age: Option<Duration>) -> f64 {
    age.map_or(0.0, |age| age.as_secs_f64())
}

/// Seconds since 1970.
fn moment(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;
    use crate::config::parse;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn a_disk_that_hangs_holds_one_thread_and_no_more() {
        let (entered, entries) = std::sync::mpsc::sync_channel(64);
        let gate = Arc::new(std::sync::Mutex::new(()));
        let behind = Arc::clone(&gate);
        let figures = one_at_a_time(move || {
            entered.send(()).expect("the test waits");
            drop(behind.lock());
            vec![(Metric::DiskFreeBytes, vec!["ledger".to_owned()], 1.0)]
        });
        let hangs = gate.lock().expect("nobody panicked");
        // Who scrapes gives up after a while, and comes again.
        assert!(figures().now_or_never().is_none());
        entries.recv().expect("the first looks");
        for _ in 0..20 {
            assert!(figures().now_or_never().is_none());
        }
        drop(hangs);
        assert_eq!(figures().await.map(|figures| figures.len()), Some(1), "the disk is back");
        assert_eq!(entries.try_iter().count(), 1, "nobody looked while the first one hung");
        let (one, two) = tokio::join!(figures(), figures());
        assert!(one.is_some() && two.is_some(), "who comes second waits for the first");
    }

    #[test]
    fn every_certificate_that_can_be_named_is_told() {
        let tls = "ca_file = \"a\"\nclient_cert_file = \"b\"\nclient_key_file = \"c\"\n";
        let server = "server_cert_file = \"a\"\nserver_key_file = \"b\"\n";
        let text = format!(
            "[gateway]\nname = \"a\"\n[intake]\ntransports = [\"http\"]\n\
             [amqp]\nurl = \"amqps://a:b@broker.example:5671/%2f\"\n{tls}\
             [ledger]\nurl = \"postgres://a:b@db.example/sluis\"\n{tls}\
             [http_intake]\nlisten = \"127.0.0.1:0\"\n{server}client_ca_file = \"c\"\n\
             [console]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://sluis.example\"\n{server}\
             [oidc]\nissuer = \"https://login.example\"\nclient_id = \"a\"\nclient_secret = \"b\"\nca_file = \"a\"\n\
             roles = [\"staff=viewer\"]\n\
             [[back_office]]\ngemeente = \"0197\"\nurl = \"https://office.example/in\"\n{tls}"
        );
        let config = parse(Path::new("/etc/sluis/sluis.toml"), &text, &BTreeMap::new());
        let config = config.unwrap_or_else(|faults| panic!("{faults:?}"));
        let told: BTreeSet<(String, &str)> = certificates(&config)
            .into_iter()
            .map(|(section, key, _)| (section.split(' ').next().unwrap_or_default().to_owned(), key))
            .collect();
        let sections = crate::config::keys::sections();
        let named: BTreeSet<(String, &str)> = sections
            .iter()
            .flat_map(|section| section.keys.iter().map(|key| (section.name.clone(), key.name.as_str())))
            .filter(|(_, key)| key.ends_with("ca_file") || key.ends_with("cert_file"))
            .collect();
        assert_eq!(told, named);
    }

    #[tokio::test]
    async fn certificates_and_folders_are_looked_at() {
        let dir = tempfile::tempdir().expect("a folder");
        let pem = |year| {
            let mut params = CertificateParams::new(vec!["sluis.example".to_owned()]).expect("a name");
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 1, 1));
            params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").pem()
        };
        let file = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
        file("two.pem", &format!("{}{}", pem(2040), pem(2030)));
        file("own.pem", &pem(2035));
        file("own.key", "nobody reads it here");
        let text = "[console]\nlisten = \"127.0.0.1:0\"\nserver_cert_file = \"own.pem\"\nserver_key_file = \"own.key\"\n\
            [[sender]]\nname = \"a\"\nparties = [\"42420001\"]\nfolder = \"a\"\n\
            [[back_office]]\ngemeente = \"0197\"\nurl = \"https://office.example/in\"\nca_file = \"two.pem\"\n\
            client_cert_file = \"away.pem\"\nclient_key_file = \"own.key\"\n";
        let config = parse(&dir.path().join("sluis.toml"), text, &BTreeMap::new());
        let config = config.unwrap_or_else(|faults| panic!("{faults:?}"));
        fs::create_dir_all(dir.path().join("spool/in/a")).expect("a folder");
        for name in ["1.xml", ".2.xml", "3.txt", "a/4.xml", "a/5.xml"] {
            file(&format!("spool/in/{name}"), "");
        }
        let clock = Arc::new(FixedClock::on("2030-06-01".parse().expect("a day")));
        let figures = of_surroundings(&config, clock)().await.expect("nothing fails");
        let value = |metric: Metric, labels: &[&str]| {
            figures.iter().find(|figure| figure.0 == metric && figure.1 == labels).map(|figure| figure.2)
        };
        let year = |year: i16| {
            let day = jiff::civil::date(year, 1, 1).to_zoned(jiff::tz::TimeZone::UTC).expect("a day");
            Some(moment(day.timestamp()))
        };
        assert_eq!(value(Metric::CertificateExpiry, &["back_office 0197", "ca_file"]), year(2030), "the first to end");
        assert_eq!(value(Metric::CertificateExpiry, &["back_office 0197", "client_cert_file"]), Some(0.0), "unusable");
        assert_eq!(value(Metric::CertificateExpiry, &["console", "server_cert_file"]), year(2035));
        assert_eq!(value(Metric::IntakeQueueMessages, &["in"]), Some(1.0));
        assert_eq!(value(Metric::IntakeQueueMessages, &["in/a"]), Some(2.0));
        assert!(value(Metric::IntakeQueueOldestSeconds, &["in/a"]).is_some_and(|age| age >= 0.0));
        assert!(value(Metric::DiskFreeBytes, &["ledger"]).is_some_and(|bytes| bytes > 0.0));
        assert!(value(Metric::DiskSizeBytes, &["spool"]).is_some_and(|bytes| bytes > 0.0));
    }
}
