//! Registers that are imported, kept, compared and returned to, through the program as contract managers use it.

mod register;

use register::{Ran, changed, program, run, small, version, write};
use serde_json::Value;
use sluis::contract::load;
use sluis::contract::register::Files;
use sluis::contract::register::store::{Occasion, Store, StoreError};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;

/// A folder with a configuration that names a store, and registers to import.
struct Office(TempDir);

impl Office {
    fn new() -> Office {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(dir.path().join("sluis.toml"), "[contract]\nstore = \"store\"\n").expect("written");
        Office(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, folder: &str, files: &Files) -> &Office {
        write(&self.path(folder), files);
        self
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(self.0.path(), arguments)
    }

    /// Runs a command that must end with that code, and gives what it printed.
    #[track_caller]
    fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let Ran { code: found, out, err } = self.run(arguments);
        assert_eq!(found, code, "{arguments:?}\n{out}{err}");
        out + &err
    }

    fn store(&self) -> Store {
        Store::at(&self.path("store"))
    }

    fn in_force(&self) -> String {
        let entry =
            self.store().in_force("voorbeeld").expect("the journal can be read").expect("something is in force");
        let register = self.store().load("voorbeeld", &entry.version).expect("what is in force is whole");
        assert_eq!(register.version, entry.version);
        entry.version
    }

    fn journal(&self) -> Vec<u8> {
        fs::read(self.path("store/voorbeeld/journal.jsonl")).expect("there is a journal")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("store/voorbeeld")).expect("there is a store");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("readable").file_name().into_string().expect("plain")).collect();
        names.sort_unstable();
        names
    }
}

/// The small region from 2027 on, with dearer care and another provider.
fn next() -> Files {
    changed(&[
        ("tariffs.csv", "*;*;1100", "*;*;1150"),
        ("providers.csv", "42420002;Twee", "42420003;Drie (fictief);;2025-01-01;\n42420002;Twee"),
    ])
}

fn occasion() -> Occasion {
    Occasion { at: "2026-03-10T09:00:00Z".parse().expect("a moment"), by: "toets".to_owned(), reason: None }
}

#[test]
fn an_import_is_in_force_and_the_version_before_it_is_kept() {
    let office = Office::new();
    office.put("a", &small()).put("b", &next());
    let (first, second) = (version(&small()), version(&next()));

    assert!(office.ends(0, &["contract", "list"]).contains("no register was imported"));
    let told = office.ends(0, &["contract", "import", "a", "--reason", "eerste jaar"]);
    assert!(told.contains(&format!("register {first} is in force, put there by beheer")), "{told}");
    assert_eq!(office.in_force(), first);

    let journal = office.journal();
    let told = office.ends(0, &["contract", "import", "a", "--reason", "nog eens"]);
    assert!(told.contains("in force already; nothing changed"), "{told}");
    assert_eq!(office.journal(), journal, "the same contents leave no trace");

    let told = office.ends(0, &["contract", "import", "b", "--by", "M. Tester"]);
    assert!(told.contains("1 raised") && told.contains("--back-to"), "{told}");
    assert!(told.contains("new providers without a reason (--reason): 42420003"), "{told}");
    assert_eq!(office.in_force(), second);
    assert_eq!(load(&office.path("store/voorbeeld").join(&first)).expect("kept").version, first);

    let told = office.ends(0, &["contract", "import", "--back-to", &first[..6], "--reason", "te duur"]);
    assert!(told.contains(&first) && !told.contains("without a reason"), "{told}");
    assert_eq!(office.in_force(), first);

    let list = office.ends(0, &["contract", "list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "voorbeeld"), "{list}");
    assert!(
        lines[1].starts_with(&format!("* {first}")) && lines[1].ends_with("by beheer, back to it: te duur"),
        "{list}"
    );
    assert!(lines[2].starts_with(&format!("  {second}")) && lines[2].ends_with("by M. Tester"), "{list}");
    assert!(lines[3].ends_with("by beheer: eerste jaar"), "{list}");
    let list: Value = serde_json::from_str(&office.ends(0, &["contract", "list", "--json"])).expect("JSON");
    assert_eq!(list["regions"][0]["in_force"], first.as_str());
    assert_eq!(list["regions"][0]["imports"].as_array().map(Vec::len), Some(3));
    let mut names = [".lock".to_owned(), "journal.jsonl".to_owned(), first, second];
    names.sort_unstable();
    assert_eq!(office.names(), names);
}

#[test]
fn a_faulty_register_is_told_and_changes_nothing() {
    let office = Office::new();
    office.put("a", &small());
    office.put("b", &changed(&[("tariffs.csv", "1100", "11,00"), ("contracts.csv", "C1;42420001", "C1;42420009")]));
    office.ends(0, &["contract", "import", "a"]);
    let before = (office.journal(), office.names());
    let told = office.ends(1, &["contract", "import", "b"]);
    for words in ["tariffs.csv:3 [cents]", "contracts.csv:2 [agb]", "2 fault(s)", "what was in force still is"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!((office.journal(), office.names()), before);
    let json: Value = serde_json::from_str(&office.ends(1, &["contract", "check", "b", "--json"])).expect("JSON");
    assert_eq!(json["faults"][0]["file"], "contracts.csv");
    assert_eq!((&json["faults"][1]["row"], &json["faults"][1]["column"]), (&3.into(), &"cents".into()));
    assert!(office.ends(1, &["contract", "import", "nergens"]).contains("the file is missing"));
}

#[test]
fn what_cannot_be_done_is_told_with_what_to_do() {
    let office = Office::new();
    office.put("a", &small()).put("b", &next());
    for (arguments, words) in [
        (&["contract", "import", "--back-to", "abc"][..], "there is no version abc"),
        (&["contract", "import"][..], "required"),
        (&["contract", "import", "a", "--back-to", "b"][..], "cannot be used"),
        (&["contract", "import", "a", "--config", "elders.toml"][..], "cannot be read"),
        (&["contract", "diff", "a", "current"][..], "no register of voorbeeld is in force"),
        (&["contract", "diff", "current", "current"][..], "cannot be compared with itself"),
        (&["contract", "diff", "a", "./c"][..], "no such folder"),
        (&["run"][..], "no register is in it; put one there with `sluis contract import FOLDER`"),
    ] {
        let told = office.ends(2, arguments);
        assert!(told.contains(words), "{arguments:?} should say {words}: {told}");
    }
    fs::write(office.path("bare.toml"), "").expect("written");
    let told = office.ends(2, &["contract", "import", "a", "--config", "bare.toml"]);
    assert!(told.contains("set store in [contract]") && told.contains("--store"), "{told}");
    office.ends(0, &["contract", "import", "a", "--into", "elders"]);
    assert!(office.path("elders/voorbeeld/journal.jsonl").is_file());
    let (one, other) = (version(&small()), version(&next()));
    office.ends(0, &["contract", "import", "b", "--into", "elders"]);
    let alike: String = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    assert_eq!(Store::at(&office.path("elders")).find(&one[..=alike.len()]).expect("one of them").1, one);
    assert!(matches!(Store::at(&office.path("elders")).find(""), Err(StoreError::Unknown { .. })));
}

/// Makes a moment of an import last.
type Leave<'l> = &'l dyn Fn(&Office);

/// What the parts of an interrupted import look like at each moment: nothing of them is in force, and the next import
/// goes through.
#[test]
fn what_an_interrupted_import_leaves_behind_does_not_count() {
    let (first, second) = (version(&small()), version(&next()));
    let half = |office: &Office| {
        let part = office.path("store/voorbeeld/.new");
        fs::create_dir(&part).expect("made");
        fs::write(part.join("region.toml"), b"form = ").expect("written");
    };
    let moved = |office: &Office| write(&office.path("store/voorbeeld").join(version(&next())), &next());
    let torn = |office: &Office| {
        moved(office);
        fs::write(office.path("store/voorbeeld/.journal.new"), b"{\"at\":\"20").expect("written");
    };
    let moments: [(&str, Leave<'_>); 3] = [("half written", &half), ("in its place", &moved), ("torn", &torn)];
    for (name, leave) in moments {
        let office = Office::new();
        office.put("a", &small()).put("b", &next());
        office.ends(0, &["contract", "import", "a"]);
        leave(&office);
        assert_eq!(office.in_force(), first, "{name}");
        office.ends(0, &["contract", "import", "b"]);
        assert_eq!(office.in_force(), second, "{name}");
        assert!(!office.path("store/voorbeeld/.new").exists(), "{name}");
    }
}

#[test]
fn killed_at_any_moment_an_import_is_done_or_not() {
    let office = Office::new();
    office.put("a", &small()).put("b", &next());
    office.ends(0, &["contract", "import", "a"]);
    let (first, second) = (version(&small()), version(&next()));
    let mut done = [0, 0];
    for turn in 0..60_u64 {
        let (wanted, folder) = if office.in_force() == first { (&second, "b") } else { (&first, "a") };
        let other = if folder == "b" { &first } else { &second };
        // So that there is something to write each time.
        let _ = fs::remove_dir_all(office.path("store/voorbeeld").join(wanted));
        let mut child = program()
            .args(["contract", "import", folder])
            .current_dir(office.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        std::thread::sleep(Duration::from_micros(turn * 997 % 30_000));
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be awaited");
        let now = office.in_force();
        assert!(now == *wanted || now == *other, "one of the two is in force, and whole");
        done[usize::from(now == *wanted)] += 1;
    }
    println!("60 imports killed: {} not done, {} done", done[0], done[1]);
    for folder in ["a", "b"] {
        office.ends(0, &["contract", "import", folder]);
    }
    assert_eq!(office.in_force(), second);
}

#[test]
fn files_that_nobody_imported_are_not_judged_by() {
    let office = Office::new();
    office.put("a", &small()).put("b", &next());
    office.ends(0, &["contract", "import", "a"]);
    office.ends(0, &["contract", "import", "b"]);
    let (first, second) = (version(&small()), version(&next()));
    let edited = office.path("store/voorbeeld").join(&second).join("tariffs.csv");
    let text = fs::read_to_string(&edited).expect("it was stored");
    fs::write(&edited, text.replace("1150", "9950")).expect("written");
    assert!(matches!(office.store().load("voorbeeld", &second), Err(StoreError::Changed(_))));
    assert!(office.ends(2, &["run"]).contains("not those that were imported"), "a start is refused");
    assert!(office.ends(2, &["contract", "import", "b"]).contains("not those that were imported"));
    assert!(office.ends(2, &["config", "check"]).contains("--back-to"));
    office.ends(0, &["contract", "import", "--back-to", &first]);
    assert_eq!(office.in_force(), first);
    fs::remove_dir_all(office.path("store/voorbeeld").join(&second)).expect("moved away");
    office.ends(0, &["contract", "import", "b"]);
    assert_eq!(office.in_force(), second);
}

#[test]
fn a_journal_that_cannot_be_understood_stops_everything_but_loses_nothing() {
    let office = Office::new();
    office.put("a", &small()).put("b", &next());
    office.ends(0, &["contract", "import", "a"]);
    let good = String::from_utf8(office.journal()).expect("UTF-8");
    let path = office.path("store/voorbeeld/journal.jsonl");
    for bad in [
        "no json\n".to_owned(),
        good.replace(&version(&small()), "../../a"),
        good.replace("\"at\":\"20", "\"at\":\"x"),
        good.replace("{\"at\"", "{\"day\":1,\"at\""),
    ] {
        let text = format!("{good}{bad}");
        fs::write(&path, &text).expect("written");
        for arguments in [&["contract", "import", "b"][..], &["contract", "list"], &["config", "check"]] {
            let told = office.ends(2, arguments);
            assert!(told.contains("journal.jsonl:2: ") && told.contains("backup"), "{bad}: {told}");
        }
        assert_eq!(fs::read_to_string(&path).expect("still there"), text);
    }
}

#[test]
fn two_imports_do_not_meet() {
    let office = Office::new();
    office.put("a", &small());
    office.ends(0, &["contract", "import", "a"]);
    let lock = fs::File::options().write(true).open(office.path("store/voorbeeld/.lock")).expect("it is there");
    lock.try_lock().expect("nobody holds it");
    assert!(matches!(office.store().import(&next(), &occasion()), Err(StoreError::Busy(_))));
    assert!(matches!(office.store().back_to(&version(&small()), &occasion()), Err(StoreError::Busy(_))));
    assert_eq!(office.in_force(), version(&small()), "reading waits for nobody");
    lock.unlock().expect("released");
    assert!(office.store().import(&next(), &occasion()).expect("free").is_change());
}

/// Changes of the small region, and lines of what is told.
#[test]
fn a_difference_says_what_changes_for_whom_and_when() {
    type Case = (&'static [(&'static str, &'static str, &'static str)], &'static [&'static str]);
    let cases: &[Case] = &[
        (
            &[(
                "tariffs.csv",
                "*;*;1100;2026-01-01;",
                "*;*;1100;2026-01-01;2026-12-31\nwmo;02A01;04;*;*;1155;2027-01-01;",
            )],
            &[
                "tariffs.csv: 1 raised",
                "  all providers in all municipalities",
                "    tariff of wmo 02A01, unit 04: raised from 11,00 to 11,55 (+50 per mille) from 2027-01-01",
            ],
        ),
        (
            &[("tariffs.csv", "42420001;0197;4000", "42420001;0197;3999")],
            &[
                "  42420001 in 0197",
                "    tariff of wmo 02A01, unit 04: lowered from 40,00 to 39,99 (+0 per mille) from 2025-07-01 to 2025-12-31",
            ],
        ),
        (
            &[("contracts.csv", "active;2025-01-01;\n", "active;2025-01-01;2026-06-30\n")],
            &[
                "contracts.csv: 1 shortened",
                "  42420001 in all municipalities",
                "    contract C1 for steun: shortened: no longer from 2026-07-01 to 2026-12-31 (active)",
            ],
        ),
        (
            &[("region.toml", "extensions_taken = 0", "extensions_taken = 1")],
            &[
                "region.toml: 1 extended",
                "    period eerste: end 2026-12-31 -> 2028-12-31",
                "    contract C1 for steun: extended: also from 2027-01-01 to 2028-12-31 (active)",
            ],
        ),
        (
            &[("contracts.csv", "C2;", "C3;42420001;huis;0197;active;2026-01-01;\nC2;")],
            &["  42420001 in 0197", "    contract C3 for huis: added from 2026-01-01 (active)"],
        ),
        (
            &[("products.csv", "Zwaar;steun;2", "Zwaar;steun;3")],
            &["  the region", "    product wmo 02A02: moved: level 2 -> 3 from 2025-01-01"],
        ),
        (
            &[(
                "agreements.csv",
                "A2;steun;*;0197;pxq;2026-01-01;2026-12-31;100000",
                "A2;steun;*;0197;pxq;2026-01-01;2026-12-31;90000",
            )],
            &[
                "agreements.csv: 1 lowered",
                "  all providers in 0197",
                "    agreement A2 for steun: lowered from 1000,00 to 900,00 (-100 per mille)",
            ],
        ),
        (
            &[("providers.csv", "2026-06-30", "")],
            &["  42420002", "    registration: extended: also from 2026-07-01 (Twee (fictief))"],
        ),
        (&[("region.toml", "value = 90", "value = 60")], &["    profile: other values of the profile"]),
        (
            &[("products.csv", "wmo;02;02A02;Zwaar", "wmo;02;02A02; Zwaar")],
            &["nothing changes; the files are written differently"],
        ),
    ];
    let office = Office::new();
    office.put("old", &small());
    for (changes, lines) in cases {
        office.put("new", &changed(changes));
        let equal = lines[0].starts_with("nothing changes");
        let told = office.ends(i32::from(!equal), &["contract", "diff", "old", "new"]);
        for line in *lines {
            assert!(told.lines().any(|found| found == *line), "`{line}` is missing for {changes:?} in\n{told}");
        }
        let json: Value =
            serde_json::from_str(&office.run(&["contract", "diff", "old", "new", "--json"]).out).expect("JSON");
        assert_eq!(json["equal"], equal);
    }
    assert!(office.ends(0, &["contract", "diff", "old", "old"]).ends_with("the same\n"));
}

#[test]
fn a_difference_takes_folders_versions_and_what_is_in_force() {
    let office = Office::new();
    office.put("a", &small()).put("b", &next());
    for folder in ["a", "b"] {
        office.ends(0, &["contract", "import", folder]);
    }
    let first = version(&small());
    assert!(office.ends(0, &["contract", "diff", "current", "b"]).contains("the same"));
    assert!(office.ends(1, &["contract", "diff", &first[..8], "current"]).contains("1 raised"));
    assert!(office.ends(1, &["contract", "diff", "b", &first]).contains("1 lowered"));
    let json: Value =
        serde_json::from_str(&office.ends(1, &["contract", "diff", &first, "b", "--json"])).expect("JSON");
    let change = json["changes"].as_array().expect("a list").iter().find(|change| change["file"] == "tariffs.csv");
    let change = change.expect("a tariff changed");
    assert_eq!(
        (&change["before"], &change["after"], &change["per_mille"]),
        (&"1100".into(), &"1150".into(), &45.into())
    );
    assert_eq!((&change["agb"], &change["from"], &change["to"]), (&Value::Null, &"2026-01-01".into(), &Value::Null));
    office.put("c", &changed(&[("tariffs.csv", "1100", "11,00")]));
    assert!(office.ends(2, &["contract", "diff", "a", "c"]).contains("only registers without faults"));
}

#[test]
fn a_long_difference_is_counted_and_its_first_lines_are_written_out() {
    let many = |cents: usize| {
        let (mut products, mut tariffs) = (String::new(), String::new());
        for at in 0..30 {
            let _ = writeln!(products, "wmo;02;P{at:04};Veel;steun;1;04;;;;;2025-01-01;");
            let _ = writeln!(tariffs, "wmo;P{at:04};04;42420001;0197;{};2025-01-01;", 1000 + at * cents);
        }
        let (first, tariff) = ("wmo;02;02A01;", "wmo;02A01;04;*;*;1000;");
        changed(&[
            ("products.csv", first, &format!("{products}{first}")),
            ("tariffs.csv", tariff, &format!("{tariffs}{tariff}")),
        ])
    };
    let office = Office::new();
    office.put("a", &many(1)).put("b", &many(2));
    let told = office.ends(1, &["contract", "diff", "a", "b"]);
    assert!(told.contains("    29 raised by +1 to +28 per mille, the first on 2025-01-01\n"), "{told}");
    assert!(told.contains("    and 19 more; --json names all\n"), "{told}");
    assert_eq!(told.lines().filter(|line| line.contains("tariff of")).count(), 10);
}

/// The page for contract managers: its files make a register, and its commands print what stands below them. Moments
/// differ from run to run. `UPDATE=1` writes what the commands print.
#[test]
fn the_page_says_what_the_program_does() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/contract-register.md");
    let text = fs::read_to_string(&page).expect("the page is there");
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    fs::create_dir(dir.path().join("register")).expect("made");
    fs::create_dir(dir.path().join("bin")).expect("made");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sluis"), dir.path().join("bin/sluis")).expect("linked");

    let (mut written, mut commands) = (String::new(), 0);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(written, "{line}");
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if info == "console" {
            for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                let _ = write!(written, "$ {command}\n{}", typed(dir.path(), command));
                commands += 1;
            }
        } else {
            let (_, name) = info.split_once(' ').expect("a language and the name of a file");
            let folder = if name == "sluis.toml" { dir.path().to_owned() } else { dir.path().join("register") };
            fs::write(folder.join(name), block.join("\n") + "\n").expect("written");
            let _ = writeln!(written, "{}", block.join("\n"));
        }
        written.push_str("```\n");
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&page, &written).expect("written");
    } else {
        assert_eq!(
            without_moments(&text),
            without_moments(&written),
            "docs/contract-register.md; UPDATE=1 rewrites it"
        );
    }
    assert!(commands > 15, "the page has examples: {commands}");
    assert_eq!(load(&dir.path().join("register")).expect("no faults").version, version(&small()));
}

/// What somebody sees who types a command in that folder.
fn typed(folder: &Path, command: &str) -> String {
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env("PATH", path)
        .env("USER", "beheer")
        .env_remove("SUDO_USER")
        .output()
        .expect("there is a shell");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// With the digits of every moment in it replaced.
fn without_moments(text: &str) -> String {
    let parts: Vec<&str> = text.split("  by ").collect();
    let hidden = |part: &str| match part.len().checked_sub(19).and_then(|at| part.split_at_checked(at)) {
        Some((before, moment)) if moment.as_bytes()[10] == b'T' && moment.ends_with(|c: char| c.is_ascii_digit()) => {
            format!("{before}<moment>")
        }
        _ => part.to_owned(),
    };
    parts.into_iter().map(hidden).collect::<Vec<_>>().join("  by ")
}
