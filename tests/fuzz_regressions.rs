//! What the fuzz targets check, without a fuzzer: over the inputs that found something once, over the seeds, and over
//! a bounded number of mutations of both. `ops/fuzz/run` looks further.

#![allow(dead_code, unreachable_pub, reason = "the fuzz crate includes the same files")]

#[path = "fuzz/oracle.rs"]
mod oracle;

use oracle::{TARGETS, beside, run};
use sluis::message::Kind;
use sluis::schema;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// Mutated inputs per target: a few seconds of a debug build.
const MUTATED: u64 = 1000;
/// Longest input that is mutated.
const LONGEST: usize = 20_000;

/// The files of a folder in the order of their names; none when there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(beside(folder)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn bytes(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Inputs that a target starts from: its own regressions and the seeds of its sort.
fn starts(target: &str) -> Vec<PathBuf> {
    let seeds = match target {
        "structured" => Vec::new(),
        "register" => files("seeds/register"),
        "config" => [files("seeds/config"), vec![beside("../../config/sluis.toml")]].concat(),
        _ => files("seeds/messages"),
    };
    [files(target), seeds].concat()
}

#[test]
fn what_found_something_once_finds_nothing_now() {
    for (target, _) in TARGETS {
        for file in starts(target) {
            let data = bytes(&file);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(target, &data))) {
                eprintln!("{target} fails on {}", file.display());
                resume_unwind(panic);
            }
        }
    }
}

#[test]
fn every_folder_belongs_to_a_target() {
    let known: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).chain(["seeds"]).collect();
    for entry in std::fs::read_dir(beside("")).expect("the folder of this test") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(!path.is_dir() || known.contains(name), "no target is called {name}");
        assert!(!path.is_dir() || files(name).iter().all(|file| name == "seeds" || file.is_file()), "{name} is flat");
    }
    let targets: BTreeSet<String> = std::fs::read_dir(beside("../../ops/fuzz/fuzz_targets"))
        .expect("the programs of the targets")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(targets, TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect(), "each target has its program");
}

#[test]
fn every_kind_that_has_a_schema_has_a_seed() {
    let seeds: BTreeSet<Kind> = oracle::structured::kinds_with_a_seed().into_iter().collect();
    let kinds: BTreeSet<Kind> = Kind::all().filter(|kind| schema::schema(*kind).is_some()).collect();
    assert_eq!(seeds, kinds);
}

/// A small generator of numbers (splitmix64): the same inputs on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("a remainder fits")
    }
}

/// Changes some bytes: one replaced, some dropped, a piece moved in from elsewhere, a word put in.
fn mutate(data: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    const WORDS: [&str; 14] =
        ["<", ">", "/>", "&#57;", "<!-- -->", "<![CDATA[", "]]>", "\n", "999900006", "2026-02-30", "\"", ";", "=", "["];
    for _ in 0..=dice.below(4) {
        let at = dice.below(data.len() + 1);
        let end = data.len().min(at + dice.below(24));
        match dice.below(5) {
            0 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte = dice.next().to_le_bytes()[0]),
            1 => drop(data.drain(at..end)),
            2 => {
                let from = dice.below(other.len());
                let piece = other[from..].iter().take(dice.below(60));
                data.splice(at..at, piece.copied().collect::<Vec<u8>>());
            }
            3 => drop(data.splice(at..end, WORDS[dice.below(WORDS.len())].bytes())),
            _ => {
                let piece = data[at..end].to_vec();
                data.splice(at..at, piece);
            }
        }
    }
}

/// Runs mutations of a target's inputs. One that fails is kept as a file, ready to become a regression.
fn mutations(target: &str) {
    let starts: Vec<Vec<u8>> = starts(target).iter().map(|file| bytes(file)).collect();
    for number in 0..MUTATED {
        let mut dice = Dice(number);
        let mut data = if target == "structured" {
            (0..dice.below(120)).map(|_| dice.next().to_le_bytes()[0]).collect()
        } else {
            starts[dice.below(starts.len())].clone()
        };
        data.truncate(LONGEST);
        mutate(&mut data, &starts[dice.below(starts.len())], &mut dice);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(target, &data))) {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{number}"));
            std::fs::write(&kept, &data).expect("the folder of test files can be written");
            eprintln!("input kept as {}; copy it to tests/fuzz/{target}/", kept.display());
            resume_unwind(panic);
        }
    }
}

macro_rules! mutated {
    ($($target:ident)*) => {
        mod mutated {
            $(#[test] fn $target() { super::mutations(stringify!($target)); })*
        }

        #[test]
        fn every_target_is_mutated() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$(stringify!($target)),*]);
        }
    };
}

mutated! { validate roundtrip judge structured register config headers }
