//! Verdicts on a corpus of real and mutated iJw documents, compared with the manifest that came with it.
//!
//! The corpus is reference material beside the project; without it these tests say so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sluis::schema::{Limits, validate};

fn shared(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let full = std::env::var_os("SLUIS_SHARED").map_or(beside, PathBuf::from).join(path);
    if !full.exists() {
        println!("skipped: {path} is not there");
        return None;
    }
    Some(full)
}

/// Documents on which the gateway differs from the manifest on purpose: file and why.
const DIFFERENCES: &[(&str, &str)] = &[];

#[test]
fn the_official_examples_pass() {
    let Some(folder) = shared("standard/examples/ijw") else { return };
    for number in ["301", "302", "305", "306", "323", "325"] {
        let source = std::fs::read(folder.join(format!("JW{number}.xml"))).expect("the example can be read");
        let document = validate(&source, &Limits::default()).unwrap_or_else(|faults| panic!("JW{number}: {faults:#?}"));
        assert_eq!(document.kind.to_string(), format!("JW{number}"));
    }
    for number in ["307", "308", "315", "316", "317", "318", "319", "320"] {
        let source = std::fs::read(folder.join(format!("JW{number}.xml"))).expect("the example can be read");
        let faults = validate(&source, &Limits::default()).expect_err("this version does not judge the kind");
        let codes: Vec<&str> = faults.faults.iter().map(|fault| fault.code).collect();
        assert_eq!((codes.as_slice(), faults.readable), (["kind.not_yet"].as_slice(), true), "JW{number}");
        assert_eq!(faults.kind.map(|kind| kind.to_string()), Some(format!("JW{number}")));
    }
}

#[test]
fn verdicts_agree_with_the_manifest() {
    let Some(archive) = shared("standard/schema-corpus/ijw.tar.xz") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unpacked = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder.path()).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        println!("skipped: tar cannot unpack the corpus here");
        return;
    }
    let manifest = std::fs::read_to_string(folder.path().join("manifest.tsv")).expect("the corpus has a manifest");
    let allowed: BTreeMap<&str, &str> = DIFFERENCES.iter().copied().collect();
    let (mut agreed, mut judged) = (0, 0);
    let mut wrong = Vec::new();
    for line in manifest.lines().skip(1) {
        let [file, mutation, verdict] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a line of the manifest has three columns: {line}");
        };
        let source = std::fs::read(folder.path().join(file)).expect("the manifest names existing files");
        let outcome = validate(&source, &Limits::default());
        judged += 1;
        let not_judged_kind = file.starts_with("JW307") || file.starts_with("JW315");
        let expected = verdict == "valid" && !not_judged_kind;
        if not_judged_kind && verdict == "valid" {
            let faults = outcome.as_ref().expect_err("this version does not judge the kind");
            assert_eq!(faults.faults[0].code, "kind.not_yet", "{file}");
        }
        if outcome.is_ok() == expected {
            agreed += 1;
        } else if !allowed.contains_key(file) {
            let why = outcome.err().map(|faults| faults.faults.first().map(|fault| fault.nl.clone()));
            wrong.push(format!("{file} {mutation} {verdict}: {why:?}"));
        }
    }
    println!("{agreed} of {judged} documents agree with the manifest");
    assert!(judged > 5000, "the corpus has over five thousand documents");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
