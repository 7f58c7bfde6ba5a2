//! `sluis household`: a municipality hands in who live together, while the ledger is in use.

mod ledgers;

use ledgers::Place;
use sluis::ledger::{Keys, Ledger, Settings};
use sluis::message::Party;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const TABLE: &str = "municipality;household;bsn\n0197;H1;999900006\n0197;H1;999900018\n0222;H1;999900006\n";

/// A folder with a configuration, and the ledger of a gateway that runs.
struct Site {
    place: Place,
    ledger: Ledger,
}

impl Site {
    fn new() -> Site {
        let place = Place::new();
        let folder = place.folder();
        let keys = Keys::create(&folder.join("ledger.key")).expect("keys can be made");
        let region = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        std::fs::write(
            folder.join("sluis.toml"),
            format!("[contract]\nregion = {:?}\n{}", region.display().to_string(), place.settings()),
        )
        .expect("written");
        let ledger =
            Ledger::open(Settings { location: place.location(), keys, max_group: 8 }).expect("the ledger opens");
        Site { place, ledger }
    }

    /// Runs the program; its exit code and all that it printed, in which no person stands.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_sluis"))
            .args(arguments)
            .current_dir(self.place.folder())
            .output()
            .expect("the program runs");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains("9999"), "{text}");
        (output.status.code().expect("it was not killed"), text)
    }

    fn import(&self, table: &str) -> (i32, String) {
        std::fs::write(self.place.folder().join("households.csv"), table).expect("written");
        self.run(&["household", "import", "households.csv"])
    }

    /// Municipality and household of each member that the gateway knows.
    fn known(&self) -> Vec<(String, String)> {
        let gemeenten = BTreeSet::from([Party::from("0197"), Party::from("0222")]);
        let history = self.ledger.run_blocking(move |tx| tx.history(&gemeenten)).expect("the ledger can be read");
        history.households.into_iter().map(|((gemeente, _), household)| (gemeente.to_string(), household)).collect()
    }
}

#[test]
fn a_table_replaces_the_households_of_its_municipalities() {
    let site = Site::new();
    assert_eq!(site.import(TABLE), (0, "0197, 0222: 3 members in 2 households (0 members before)\n".to_owned()));
    assert_eq!(site.known().len(), 3);
    let (exit, text) = site.import("municipality;household;bsn\n0197;H2;999900006\n");
    assert_eq!((exit, text.as_str()), (0, "0197: 1 members in 1 households (2 members before)\n"));
    let pair = |gemeente: &str, household: &str| (gemeente.to_owned(), household.to_owned());
    assert_eq!(site.known(), [pair("0197", "H2"), pair("0222", "H1")]);
    let (exit, text) = site.run(&["household", "forget", "0222"]);
    assert_eq!((exit, text.as_str()), (0, "0222: no households any more (1 members before)\n"));
    assert_eq!(site.known(), [pair("0197", "H2")]);
}

#[test]
fn a_faulty_table_changes_nothing() {
    let site = Site::new();
    assert_eq!(site.import(TABLE).0, 0);
    let (exit, text) = site.import("municipality;household;bsn\n0197;H2;999900007\n0363;H2;999900018\n");
    assert_eq!(exit, 1, "{text}");
    for part in ["households:2 [bsn]", "eleven test", "households:3 [municipality]", "0363", "2 fault(s)"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(site.known().len(), 3);
}

#[test]
fn what_cannot_be_done_says_so() {
    let site = Site::new();
    for (arguments, part) in [
        (["household", "import", "none.csv"], "none.csv cannot be read"),
        (["household", "forget", "197"], "four digits"),
    ] {
        let (exit, text) = site.run(&arguments);
        assert!(exit == 2 && text.contains(part), "{exit} {text}");
    }
}
