//! Handing a ledger over: its trail, messages, verdicts, deliveries and money as JSON Lines, with a manifest that fixes
//! every byte of them. The same ledger gives the same files.
//!
//! Persons are keyed hashes, and a number that could be a person's shows as stars. Bodies are left out unless asked for,
//! which takes a reason and a row of the trail.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::schema;
use super::super::tx::{Cells, Tx};
use super::verify::{Trail, Written, check_heads};
use super::{Head, SEALED, Verified, fixed, folder_of, put_in_place};
use crate::delivery::without_bsn;
use crate::message::Date;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
const AUDIT: &str = "audit.jsonl";
const MESSAGES: &str = "messages.jsonl";
const BODIES: &str = "bodies.jsonl";
/// Where bodies lie, each in a file of its own.
const BODY_FOLDER: &str = "bodies";
/// Bodies that are looked for at a time.
const PORTION: i64 = 500;
/// Longest line of an export that is read: findings of a large message are long.
const LONGEST_LINE: u64 = 64 << 20;
/// The form of an export that this program writes and reads.
const FORM: u32 = 1;

/// What to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// From this Dutch day on; otherwise from the beginning.
    pub since: Option<Date>,
    /// Up to and with this Dutch day; otherwise all.
    pub until: Option<Date>,
    /// Also the bodies of messages and of what left because of them.
    pub with_bodies: bool,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Rows by file.
    pub rows: BTreeMap<String, u64>,
    /// The last row of the exported part of the trail.
    pub head: Option<Head>,
    /// SHA-256 of the manifest, which fixes all files.
    pub digest: [u8; 32],
}

/// Why there is no export, or why one cannot be looked at. Nothing is left behind of one that failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something has that name already.
    #[error("{} is there already and is left alone; name another folder", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written or read.
    #[error("failed to use {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no export, or one of a program that writes another form.
    #[error("{} is no export that this program can read: {what}", path.display())]
    Foreign {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// How a column stands in a file.
#[derive(Clone, Copy)]
enum Form {
    Number,
    Flag,
    Text,
    /// A text that others chose.
    Foreign,
    Hex,
    Uuid,
    Json,
}
use Form::{Flag, Foreign, Hex, Json, Number, Text, Uuid};

/// By what a table is cut to the days that are asked for; `{}` in its query stands for the condition.
#[derive(Clone, Copy)]
enum Cut {
    /// It is a state: always all of it.
    None,
    /// A moment.
    Moment(&'static str),
    /// A Dutch day.
    Day(&'static str),
    /// The moment at which the message came that brought the row.
    Message(&'static str),
}

/// A file of an export.
struct Table {
    file: &'static str,
    cut: Cut,
    from: &'static str,
    order: &'static str,
    columns: &'static [(&'static str, &'static str, Form)],
}

/// Everything but the trail and the bodies: name in the file, expression, form.
const TABLES: [Table; 14] = [
    Table {
        file: MESSAGES,
        cut: Cut::Moment("received_at"),
        from: "messages",
        order: "id",
        columns: &[
            ("id", "id", Number),
            ("transport", "transport", Text),
            ("transport_id", "transport_id", Foreign),
            ("digest", "digest", Hex),
            ("received_at", "received_at", Number),
            ("law", "law", Text),
            ("number", "number", Text),
            ("afzender", "afzender", Foreign),
            ("identificatie", "identificatie", Foreign),
            ("dagtekening", "dagtekening", Text),
            ("gemeente", "gemeente", Text),
            ("aanbieder", "aanbieder", Text),
            ("counts_as_sent", "counts_as_sent", Flag),
        ],
    },
    Table {
        file: "verdicts.jsonl",
        cut: Cut::Moment("received_at"),
        from: "messages",
        order: "id",
        columns: &[
            ("message", "id", Number),
            ("verdict", "verdict", Text),
            ("level", "level", Number),
            ("register_version", "register_version", Text),
            ("findings", "findings", Json),
            ("skipped", "skipped", Json),
        ],
    },
    Table {
        file: "outbox.jsonl",
        cut: Cut::Moment("created_at"),
        from: "outbox",
        order: "sequence",
        columns: &[
            ("sequence", "sequence", Number),
            ("id", "id", Uuid),
            ("message", "message_id", Number),
            ("correlation", "correlation", Foreign),
            ("purpose", "purpose", Text),
            ("lane", "lane", Text),
            ("receiver", "receiver", Foreign),
            ("subject", "subject", Foreign),
            ("law", "law", Text),
            ("region", "region", Text),
            ("created_at", "created_at", Number),
            ("attempts", "attempts", Number),
            ("sent_at", "sent_at", Number),
        ],
    },
    Table {
        file: "attempts.jsonl",
        cut: Cut::Moment("at"),
        from: "attempts",
        order: "sequence, attempt",
        columns: &[
            ("outbox", "sequence", Number),
            ("attempt", "attempt", Number),
            ("at", "at", Number),
            ("outcome", "outcome", Text),
            ("retry_at", "retry_at", Number),
            ("reason", "reason", Foreign),
        ],
    },
    Table {
        file: "postings.jsonl",
        cut: Cut::Day("on_date"),
        from: "postings",
        order: "id",
        columns: &[
            ("id", "id", Number),
            ("message", "message_id", Number),
            ("law", "law", Text),
            ("gemeente", "gemeente", Text),
            ("account", "account_id", Number),
            ("agreements", "agreements", Json),
            ("sort", "sort", Text),
            ("cents", "cents", Number),
            ("toewijzing_nummer", "toewijzing_nummer", Number),
            ("referentie", "referentie", Foreign),
            ("on_date", "on_date", Text),
            ("late", "late", Flag),
        ],
    },
    Table {
        file: "accounts.jsonl",
        cut: Cut::None,
        from: "accounts",
        order: "id",
        columns: &[
            ("id", "id", Number),
            ("law", "law", Text),
            ("gemeente", "gemeente", Text),
            ("segment", "segment", Text),
            ("subsegment", "subsegment", Text),
            ("aanbieder", "aanbieder", Text),
            ("model", "model", Text),
            ("year", "year", Number),
            ("reserved", "reserved", Number),
            ("released", "released", Number),
            ("realised", "realised", Number),
        ],
    },
    Table {
        file: "balances.jsonl",
        cut: Cut::None,
        from: "balances",
        order: "agreement",
        columns: &[
            ("agreement", "agreement", Text),
            ("consumption", "consumption", Number),
            ("realised", "realised", Number),
        ],
    },
    Table {
        file: "allocation_balances.jsonl",
        cut: Cut::None,
        from: "allocation_balances",
        order: "law, gemeente, toewijzing_nummer, account_id, agreements",
        columns: &[
            ("law", "law", Text),
            ("gemeente", "gemeente", Text),
            ("toewijzing_nummer", "toewijzing_nummer", Number),
            ("account", "account_id", Number),
            ("agreements", "agreements", Json),
            ("reserved", "reserved", Number),
            ("realised", "realised", Number),
        ],
    },
    Table {
        file: "declarations.jsonl",
        cut: Cut::Message("message_id"),
        from: "declaraties",
        order: "law, aanbieder, nummer",
        columns: &[
            ("law", "law", Text),
            ("aanbieder", "aanbieder", Text),
            ("nummer", "nummer", Foreign),
            ("message", "message_id", Number),
            ("gemeente", "gemeente", Text),
            ("begindatum", "begindatum", Text),
            ("einddatum", "einddatum", Text),
            ("ingediend", "ingediend", Number),
            ("toegekend", "toegekend", Number),
        ],
    },
    Table {
        file: "lines.jsonl",
        cut: Cut::Message("message_id"),
        from: "lines",
        order: "law, aanbieder, referentie",
        columns: &[
            ("law", "law", Text),
            ("aanbieder", "aanbieder", Text),
            ("referentie", "referentie", Foreign),
            ("vorig", "vorig", Foreign),
            ("message", "message_id", Number),
            ("gemeente", "gemeente", Text),
            ("declaratie", "declaratie", Foreign),
            ("person", "person", Hex),
            ("toewijzing_nummer", "toewijzing_nummer", Number),
            ("categorie", "categorie", Text),
            ("code", "code", Text),
            ("begindatum", "begindatum", Text),
            ("einddatum", "einddatum", Text),
            ("volume", "volume", Number),
            ("eenheid", "eenheid", Text),
            ("tarief", "tarief", Number),
            ("bedrag", "bedrag", Number),
            ("granted", "granted", Flag),
        ],
    },
    Table {
        file: "allocations.jsonl",
        cut: Cut::Message("message_id"),
        from: "allocations",
        order: "law, gemeente, nummer, toewijzingsdatum, tijd_sorted, message_id, position",
        columns: &[
            ("law", "law", Text),
            ("gemeente", "gemeente", Text),
            ("nummer", "nummer", Number),
            ("toewijzingsdatum", "toewijzingsdatum", Text),
            ("toewijzingstijd", "toewijzingstijd", Text),
            ("message", "message_id", Number),
            ("aanbieder", "aanbieder", Text),
            ("person", "person", Hex),
            ("categorie", "categorie", Text),
            ("code", "code", Text),
            ("ingangsdatum", "ingangsdatum", Text),
            ("einddatum", "einddatum", Text),
            ("reden_wijziging", "reden_wijziging", Text),
            ("volume", "volume", Number),
            ("eenheid", "eenheid", Text),
            ("frequentie", "frequentie", Text),
            ("budget", "budget", Number),
            ("referentie", "referentie", Foreign),
        ],
    },
    Table {
        file: "care.jsonl",
        cut: Cut::Message("message_id"),
        from: "deliveries",
        order: "message_id, position",
        columns: &[
            ("message", "message_id", Number),
            ("law", "law", Text),
            ("gemeente", "gemeente", Text),
            ("aanbieder", "aanbieder", Text),
            ("person", "person", Hex),
            ("toewijzing_nummer", "toewijzing_nummer", Number),
            ("categorie", "categorie", Text),
            ("code", "code", Text),
            ("begindatum", "begindatum", Text),
            ("stop_reden", "stop_reden", Text),
            ("stop_einddatum", "stop_einddatum", Text),
            ("deleted_by", "deleted_by", Number),
        ],
    },
    Table {
        file: "requests.jsonl",
        cut: Cut::Message("message_id"),
        from: "requests",
        order: "law, aanbieder, referentie",
        columns: &[
            ("law", "law", Text),
            ("aanbieder", "aanbieder", Text),
            ("referentie", "referentie", Foreign),
            ("gemeente", "gemeente", Text),
            ("person", "person", Hex),
            ("message", "message_id", Number),
            ("honoured_by", "honoured_by", Number),
        ],
    },
    Table {
        file: "questions.jsonl",
        cut: Cut::Message("message_id"),
        from: "questions",
        order: "message_id, debt, about",
        columns: &[
            ("message", "message_id", Number),
            ("debt", "debt", Text),
            ("about", "about", Foreign),
            ("owed_by", "owed_by", Text),
            ("asked_on", "asked_on", Text),
            ("due_on", "due_on", Text),
            ("answered_on", "answered_on", Text),
            ("answered_by", "answered_by", Number),
        ],
    },
];

/// What fixes an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    form: u32,
    program: String,
    schema: i64,
    /// For readers.
    moments: String,
    since: Option<String>,
    until: Option<String>,
    with_bodies: bool,
    trail: Option<Part>,
    register_versions: BTreeSet<String>,
    files: BTreeMap<String, Sum>,
}

/// The part of the trail that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    first: i64,
    last: i64,
    /// Hash of the row before the first; zeros when there is none.
    before: String,
    /// Hash of the last.
    head: String,
}

/// What fixes a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    rows: u64,
    bytes: u64,
    sha256: String,
}

/// The days that are asked for, as conditions take them.
struct Span {
    moments: [i64; 2],
    days: [String; 2],
}

impl Span {
    fn of(scope: &Scope) -> Span {
        let begin = |day: Date| crate::clock::start_of_dutch_day(day).unwrap_or(Timestamp::MIN).as_microsecond();
        let after = scope.until.map(|day| day.tomorrow().map_or(i64::MAX, begin));
        let last = scope.until.unwrap_or(Date::MAX).to_string();
        Span {
            moments: [scope.since.map_or(i64::MIN, begin), after.unwrap_or(i64::MAX)],
            days: [scope.since.map_or_else(String::new, |day| day.to_string()), last],
        }
    }
}

/// Writes an export of the ledger as it stands in this transaction to a new folder `out`.
///
/// # Errors
/// [`ExportError`]; nothing is left behind then.
pub fn export(tx: &Tx<'_>, scope: &Scope, out: &Path) -> Result<Exported, ExportError> {
    if out.symlink_metadata().is_ok() {
        return Err(ExportError::Exists(out.to_owned()));
    }
    let io = |source| ExportError::Io { path: out.to_owned(), source };
    let draft = tempfile::Builder::new()
        .prefix(".sluis-export-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(folder_of(out))
        .map_err(io)?;
    let mut writer = Writer { folder: draft.path(), sums: BTreeMap::new() };
    let span = Span::of(scope);
    let trail = audit(tx, &span, &mut writer)?;
    for table in &TABLES {
        dump(tx, table, &span, &mut writer)?;
    }
    if scope.with_bodies {
        bodies(tx, &span, &mut writer)?;
    }
    let manifest = Manifest {
        form: FORM,
        program: format!("sluis {}", env!("CARGO_PKG_VERSION")),
        schema: schema::known(),
        moments: "microseconds since 1970-01-01 UTC".to_owned(),
        since: scope.since.map(|day| day.to_string()),
        until: scope.until.map(|day| day.to_string()),
        with_bodies: scope.with_bodies,
        register_versions: register_versions(tx, &span)?,
        files: writer.sums,
        trail: trail.clone(),
    };
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest is made of texts and numbers") + "\n";
    write_file(&draft.path().join(MANIFEST), text.as_bytes())?;
    let rows = manifest.files.iter().map(|(file, sum)| (file.clone(), sum.rows)).collect();
    put_in_place(draft.path(), out).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists(out.to_owned()),
        _ => io(source),
    })?;
    let head = trail.and_then(|part| format!("{}:{}", part.last, part.head).parse().ok());
    Ok(Exported { rows, head, digest: Sha256::digest(text).into() })
}

impl Tx<'_> {
    /// Notes that bodies were taken out of the ledger, by whom and why.
    pub fn audit_bodies_exported(
        &mut self,
        by: &str,
        reason: &str,
        scope: &Scope,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let content = json!({
            "by": by,
            "reason": reason,
            "since": scope.since.map(|day| day.to_string()),
            "until": scope.until.map(|day| day.to_string()),
        });
        self.append_audit(at, "bodies exported", None, &content.to_string())
    }
}

/// The trail from the first to the last row of the days that are asked for, without a gap, whatever the clock did.
fn audit(tx: &Tx<'_>, span: &Span, writer: &mut Writer<'_>) -> Result<Option<Part>, ExportError> {
    let part: Option<(Option<i64>, Option<i64>)> =
        tx.first("SELECT min(id), max(id) FROM audit WHERE at >= ?1 AND at < ?2", span.moments, |cells| {
            Ok((cells.get()?, cells.get()?))
        })?;
    let mut file = writer.open(AUDIT)?;
    let Some((first, last)) = part.and_then(|(first, last)| first.zip(last)) else {
        file.finish(writer)?;
        return Ok(None);
    };
    let before = tx.first("SELECT hash FROM audit WHERE id = ?1", [first - 1], |cells| cells.get::<Vec<u8>>())?;
    let mut head = Vec::new();
    tx.each(
        "SELECT id, at, event, message_id, content, hash FROM audit WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        [first, last],
        |cells| {
            let row = Written::read(cells)?;
            let line = json!({
                "id": row.id, "at": row.at, "event": row.event, "message": row.message_id, "content": row.content,
                "hash": hex::encode(&row.hash),
            });
            head = row.hash;
            file.line(&line)
        },
    )?;
    file.finish(writer)?;
    let before = hex::encode(before.unwrap_or_else(|| vec![0; 32]));
    Ok(Some(Part { first, last, before, head: hex::encode(head) }))
}

fn dump(tx: &Tx<'_>, table: &Table, span: &Span, writer: &mut Writer<'_>) -> Result<(), ExportError> {
    let Table { file, cut, from, order, columns } = table;
    let expressions: Vec<&str> = columns.iter().map(|(_, expression, _)| *expression).collect();
    let condition = match cut {
        Cut::None => String::new(),
        Cut::Moment(column) => format!(" WHERE {column} >= ?1 AND {column} < ?2"),
        Cut::Day(column) => format!(" WHERE {column} >= ?1 AND {column} <= ?2"),
        Cut::Message(column) => {
            format!(" WHERE {column} IN (SELECT id FROM messages WHERE received_at >= ?1 AND received_at < ?2)")
        }
    };
    let sql = fixed(format!("SELECT {} FROM {from}{condition} ORDER BY {order}", expressions.join(", ")));
    let mut file = writer.open(file)?;
    let mut write = |cells: &mut Cells<'_, '_>| -> Result<(), ExportError> {
        let mut line = Map::new();
        for (name, _, form) in *columns {
            line.insert((*name).to_owned(), value(cells, *form)?);
        }
        file.line(&Value::Object(line))
    };
    match cut {
        Cut::None => tx.each(sql, [], &mut write)?,
        Cut::Moment(_) | Cut::Message(_) => tx.each(sql, span.moments, &mut write)?,
        Cut::Day(_) => tx.each(sql, params![span.days[0], span.days[1]], &mut write)?,
    }
    file.finish(writer)
}

fn value(cells: &mut Cells<'_, '_>, form: Form) -> Result<Value, LedgerError> {
    Ok(match form {
        Number => cells.get::<Option<i64>>()?.into(),
        Flag => cells.get::<Option<bool>>()?.into(),
        Text => cells.get::<Option<String>>()?.into(),
        Foreign => cells.get::<Option<String>>()?.map(|text| without_bsn(&text)).into(),
        Hex => cells.get::<Option<Vec<u8>>>()?.map(hex::encode).into(),
        Uuid => cells.get::<Option<[u8; 16]>>()?.map(|bytes| uuid::Uuid::from_bytes(bytes).to_string()).into(),
        Json => {
            let text: String = cells.get()?;
            starred(serde_json::from_str(&text).map_err(|_| LedgerError::Damaged("a column is no JSON"))?)
        }
    })
}

/// Findings repeat what stood in a message.
fn starred(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_bsn(&text)),
        Value::Array(values) => values.into_iter().map(starred).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, starred(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn register_versions(tx: &Tx<'_>, span: &Span) -> Result<BTreeSet<String>, LedgerError> {
    let versions: Vec<String> = tx.all(
        "SELECT DISTINCT register_version FROM messages
         WHERE register_version IS NOT NULL AND received_at >= ?1 AND received_at < ?2",
        span.moments,
        |cells| cells.get(),
    )?;
    Ok(versions.into_iter().collect())
}

/// Every body in a file of its own, with a line that says what it is.
fn bodies(tx: &Tx<'_>, span: &Span, writer: &mut Writer<'_>) -> Result<(), ExportError> {
    let folder = writer.folder.join(BODY_FOLDER);
    fs::create_dir(&folder).map_err(|source| ExportError::Io { path: folder.clone(), source })?;
    let mut file = writer.open(BODIES)?;
    let asked = [("messages", "id", "received_at"), ("outbox", "sequence", "created_at")];
    for (table, key, moment) in asked {
        let Some(place) = SEALED.iter().find(|place| place.table == table) else { continue };
        let sql = fixed(format!(
            "SELECT {key} FROM {table} WHERE {key} > ?1 AND {moment} >= ?2 AND {moment} < ?3 ORDER BY {key} LIMIT ?4"
        ));
        let mut last = 0;
        loop {
            let [from, to] = span.moments;
            let numbers: Vec<i64> = tx.all(sql, params![last, from, to, PORTION], |cells| cells.get())?;
            let Some(end) = numbers.last() else { break };
            last = *end;
            for number in numbers {
                for (column, plain) in place.open_all(tx, number)? {
                    let name = format!("{BODY_FOLDER}/{table}-{number}-{column}");
                    write_file(&writer.folder.join(&name), &plain)?;
                    let digest = hex::encode(Sha256::digest(&plain));
                    let line = json!({
                        "file": name, "of": table, "number": number, "what": column, "bytes": plain.len(), "sha256": digest,
                    });
                    file.line(&line)?;
                }
            }
        }
    }
    file.finish(writer)
}

/// The folder that is written to, and what fixes its files so far.
struct Writer<'a> {
    folder: &'a Path,
    sums: BTreeMap<String, Sum>,
}

/// A file of lines that is being written.
struct Lines {
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    sum: Sum,
}

impl Writer<'_> {
    fn open(&self, name: &str) -> Result<Lines, ExportError> {
        let path = self.folder.join(name);
        let file = File::create_new(&path).map_err(|source| ExportError::Io { path: path.clone(), source })?;
        Ok(Lines { name: name.to_owned(), path, file: BufWriter::new(file), hash: Sha256::new(), sum: Sum::default() })
    }
}

impl Lines {
    fn line(&mut self, value: &Value) -> Result<(), ExportError> {
        let text = format!("{value}\n");
        self.hash.update(&text);
        self.sum.rows += 1;
        self.sum.bytes += text.len() as u64;
        self.file.write_all(text.as_bytes()).map_err(|source| ExportError::Io { path: self.path.clone(), source })
    }

    fn finish(self, writer: &mut Writer<'_>) -> Result<(), ExportError> {
        let Lines { name, path, file, hash, mut sum } = self;
        let synced = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        synced.map_err(|source| ExportError::Io { path, source })?;
        sum.sha256 = hex::encode(hash.finalize());
        writer.sums.insert(name, sum);
        Ok(())
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let written = || -> io::Result<()> {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    written().map_err(|source| ExportError::Io { path: path.to_owned(), source })
}

/// Looks at an export without its ledger: every file against the manifest, the trail against itself and against `heads`,
/// the messages against the trail.
///
/// # Errors
/// [`ExportError`] when it cannot be read at all.
pub fn verify_export(folder: &Path, heads: &[Head]) -> Result<Verified, ExportError> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|source| ExportError::Io { path: path.clone(), source })?;
    let foreign = |what: String| ExportError::Foreign { path: path.clone(), what };
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
    if manifest.form != FORM {
        return Err(foreign(format!("it has form {}, this program reads form {FORM}", manifest.form)));
    }
    let mut verified = Verified::default();
    for missing in [AUDIT, MESSAGES].into_iter().filter(|name| !manifest.files.contains_key(*name)) {
        verified.add("manifest", missing, "the manifest does not name it");
    }
    let mut decided = BTreeMap::new();
    for (name, sum) in &manifest.files {
        // Files lie in the folder itself: a manifest that names others was not written here.
        if name.contains('/') || name.starts_with('.') {
            verified.add("manifest", name.as_str(), "the manifest names a file outside the export");
            continue;
        }
        check_file(folder, name, sum, &mut verified, |line, verified| match name.as_str() {
            AUDIT => note_decision(line, &mut decided),
            MESSAGES => verified.messages += 1,
            BODIES => check_body(folder, line, verified),
            _ => {}
        })?;
    }
    check_trail(folder, &manifest, heads, &mut verified)?;
    if manifest.files.contains_key(MESSAGES) {
        check_messages(folder, &decided, &mut verified)?;
    }
    check_strangers(folder, &manifest, &mut verified)?;
    Ok(verified)
}

fn check_file(
    folder: &Path,
    name: &str,
    sum: &Sum,
    verified: &mut Verified,
    mut look: impl FnMut(&Value, &mut Verified),
) -> Result<(), ExportError> {
    let mut found = Sum::default();
    let mut hash = Sha256::new();
    let read = read_lines(&folder.join(name), |line| {
        hash.update(line);
        found.rows += 1;
        found.bytes += line.len() as u64;
        match serde_json::from_slice(line) {
            Ok(line) => look(&line, verified),
            Err(_) => verified.add("file", format!("{name} line {}", found.rows), "it is no JSON"),
        }
    });
    match read {
        Ok(()) => {}
        Err(ExportError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            verified.add("file", name, "it is gone");
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    found.sha256 = hex::encode(hash.finalize());
    if found != *sum {
        verified.add("file", name, format!("it was changed: {} rows, {} by the manifest", found.rows, sum.rows));
    }
    Ok(())
}

/// The digest and the verdict that the trail last gave a message.
fn note_decision(line: &Value, decided: &mut BTreeMap<i64, String>) {
    let content = line["content"].as_str().and_then(|content| serde_json::from_str::<Value>(content).ok());
    if let (Some(message), Some(content)) = (line["message"].as_i64(), content)
        && matches!(line["event"].as_str(), Some("decided" | "decided again"))
        && let Some(digest) = content["digest"].as_str()
    {
        decided.insert(message, digest.to_owned());
    }
}

fn check_body(folder: &Path, line: &Value, verified: &mut Verified) {
    let name = line["file"].as_str().unwrap_or_default();
    let is_ours = name.strip_prefix("bodies/").is_some_and(|name| !name.contains('/') && !name.starts_with('.'));
    if !is_ours {
        return verified.add("file", BODIES, "a line names a file outside the export");
    }
    match fs::read(folder.join(name)) {
        Ok(bytes) if Some(hex::encode(Sha256::digest(&bytes)).as_str()) == line["sha256"].as_str() => {}
        Ok(_) => verified.add("file", name, "it was changed"),
        Err(error) => verified.add("file", name, format!("it cannot be read: {error}")),
    }
}

fn check_trail(folder: &Path, manifest: &Manifest, heads: &[Head], verified: &mut Verified) -> Result<(), ExportError> {
    let Some(part) = &manifest.trail else {
        Trail::default().end(heads, verified);
        return Ok(());
    };
    let mut before = [0; 32];
    if hex::decode_to_slice(&part.before, &mut before).is_err() {
        verified.add("manifest", MANIFEST, "the hash before the trail is none");
    }
    let mut trail = Trail::after(part.first - 1, before);
    if folder.join(AUDIT).exists() {
        read_lines(&folder.join(AUDIT), |line| match written(line) {
            Some(row) => {
                trail.follow(&row, verified);
                check_heads(heads, &row, verified);
            }
            None => verified.add("chain", AUDIT, "a line is no row of a trail"),
        })?;
    }
    for head in heads.iter().filter(|head| head.row < part.first) {
        verified.add("head", format!("audit row {}", head.row), "the export begins after it");
    }
    trail.end(heads, verified);
    let named = format!("{}:{}", part.last, part.head);
    if verified.head.map(|head| head.to_string()) != Some(named) {
        verified.add("chain", AUDIT, "it ends elsewhere than the manifest says");
    }
    Ok(())
}

fn written(line: &[u8]) -> Option<Written> {
    let line: Value = serde_json::from_slice(line).ok()?;
    Some(Written {
        id: line["id"].as_i64()?,
        at: line["at"].as_i64()?,
        event: line["event"].as_str()?.to_owned(),
        message_id: line["message"].as_i64(),
        content: line["content"].as_str()?.to_owned(),
        hash: hex::decode(line["hash"].as_str()?).ok()?,
    })
}

/// A message has the digest that the trail decided on. One whose decision lies outside the exported days is left alone.
fn check_messages(folder: &Path, decided: &BTreeMap<i64, String>, verified: &mut Verified) -> Result<(), ExportError> {
    let path = folder.join(MESSAGES);
    if !path.exists() {
        return Ok(());
    }
    read_lines(&path, |line| {
        let Ok(line) = serde_json::from_slice::<Value>(line) else { return };
        let id = line["id"].as_i64().unwrap_or_default();
        if decided.get(&id).is_some_and(|digest| Some(digest.as_str()) != line["digest"].as_str()) {
            verified.add("message", format!("message {id}"), "its digest differs from the decision in the trail");
        }
    })
}

/// Whatever lies in the folder and the manifest does not know.
fn check_strangers(folder: &Path, manifest: &Manifest, verified: &mut Verified) -> Result<(), ExportError> {
    let io = |source| ExportError::Io { path: folder.to_owned(), source };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        names.insert(entry.map_err(io)?.file_name().to_string_lossy().into_owned());
    }
    let known = |name: &String| {
        name == MANIFEST || manifest.files.contains_key(name) || (manifest.with_bodies && name == BODY_FOLDER)
    };
    for name in names.iter().filter(|name| !known(name)) {
        verified.add("manifest", name.as_str(), "the manifest does not name it");
    }
    Ok(())
}

/// Hands each line with its end to `look`.
fn read_lines(path: &Path, mut look: impl FnMut(&[u8])) -> Result<(), ExportError> {
    let io = |source| ExportError::Io { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(io)?;
        if read == 0 {
            return Ok(());
        }
        look(&line);
    }
}
