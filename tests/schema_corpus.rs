//! Verdicts on a corpus of real and mutated iJw documents, compared with the manifest that came with it.
//!
//! The corpus is reference material beside the project; without it these tests say so and pass.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use sluis::message::Kind;
use sluis::pipeline;
use sluis::schema::{Limits, recognise, validate};
use tempfile::TempDir;

fn shared(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let full = std::env::var_os("SLUIS_SHARED").map_or(beside, PathBuf::from).join(path);
    if !full.exists() {
        println!("skipped: {path} is not there");
        return None;
    }
    Some(full)
}

/// Code and path of the first fault of a document; `None` for a valid one.
fn first_fault(source: &[u8]) -> Option<(&'static str, String)> {
    let faults = validate(source, &Limits::default()).err()?;
    faults.faults.first().map(|fault| (fault.code, fault.path.clone()))
}

/// The published examples are what they are: two of them break their own schema (standard, differences 5).
#[test]
fn the_published_examples_pass_but_for_two() {
    let Some(folder) = shared("standard/examples/ijw") else { return };
    let mut passed = 0;
    for kind in Kind::all() {
        let Ok(source) = std::fs::read(folder.join(format!("{kind}.xml"))) else { continue };
        assert_eq!(recognise(&source), Some(kind));
        let expected = match kind.to_string().as_str() {
            // 31 June.
            "JW315" => {
                Some(("type.date", "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/ToewijzingEinddatum"))
            }
            // A RetourCode that stands outside RetourCodes.
            "JW318" => Some(("elem.unexpected", "/Bericht/Client/Verzoek/RetourCode")),
            _ => None,
        };
        let found = first_fault(&source);
        assert_eq!(found.as_ref().map(|(code, path)| (*code, path.as_str())), expected, "{kind}");
        passed += usize::from(found.is_none());
    }
    assert_eq!(passed, 12);
}

/// A document of the corpus.
struct Entry {
    file: String,
    mutation: String,
    valid: bool,
    source: Vec<u8>,
}

/// The documents with the verdict that libxml2 gave; `None` when they are not there.
fn corpus() -> Option<Vec<Entry>> {
    let archive = shared("standard/schema-corpus/ijw.tar.xz")?;
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
    let unpacked = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder.path()).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        println!("skipped: tar cannot unpack the corpus here");
        return None;
    }
    let manifest = std::fs::read_to_string(folder.path().join("manifest.tsv")).expect("the corpus has a manifest");
    let entry = |line: &str| {
        let [file, mutation, verdict] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a line of the manifest has three columns: {line}");
        };
        assert!(matches!(verdict, "valid" | "invalid"), "{line}");
        Entry {
            file: file.to_owned(),
            mutation: mutation.to_owned(),
            valid: verdict == "valid",
            source: std::fs::read(folder.path().join(file)).expect("the manifest names existing files"),
        }
    };
    let all: Vec<Entry> = manifest.lines().skip(1).map(entry).collect();
    assert!(all.len() > 5000, "the corpus has over five thousand documents");
    Some(all)
}

/// Compares the verdict of `passes` on every document that `counts` lets through with that of libxml2.
fn agrees(entries: &[Entry], counts: impl Fn(&Entry) -> bool, passes: impl Fn(&Entry) -> Result<(), String>) -> usize {
    let (mut judged, mut wrong) = (0, Vec::new());
    for entry in entries.iter().filter(|entry| counts(entry)) {
        judged += 1;
        let outcome = passes(entry);
        if outcome.is_ok() != entry.valid {
            wrong.push(format!("{} {}: valid is {}, here {outcome:?}", entry.file, entry.mutation, entry.valid));
        }
    }
    println!("{} of {judged} documents agree with the manifest", judged - wrong.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    judged
}

#[test]
fn the_schema_agrees_with_the_manifest() {
    let Some(entries) = corpus() else { return };
    let judged = agrees(
        &entries,
        |_| true,
        |entry| {
            let outcome = validate(&entry.source, &Limits::default());
            outcome.map(|_| ()).map_err(|faults| faults.faults[0].en.clone())
        },
    );
    assert_eq!(judged, entries.len());
}

/// Level 1 as the gateway walks it, the typed message included.
#[test]
fn level_1_agrees_with_the_manifest() {
    let Some(entries) = corpus() else { return };
    let judged = agrees(
        &entries,
        |_| true,
        |entry| {
            let prepared = pipeline::prepare(Arc::from(&*entry.source), &Limits::default());
            prepared.reading.map(|_| ()).map_err(|unreadable| unreadable.faults.faults[0].en.clone())
        },
    );
    assert_eq!(judged, entries.len());
}
