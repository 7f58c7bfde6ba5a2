//! A start that cannot succeed ends at once with exit code 2 and says what is wrong and what to do about it, on a line
//! that a person can read.

mod e2e;

use e2e::daemon::{Site, program, region, wait};
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const PORT: &str = "[http]\nlisten = \"127.0.0.1:0\"\n";

/// Starts the daemon, which must give up within ten seconds; gives its stderr.
fn refused(site: &Site) -> String {
    let stderr = site.path("stderr");
    let mut child = program()
        .args(["run", "--config"])
        .arg(site.path("sluis.toml"))
        .stdout(Stdio::null())
        .stderr(File::create(&stderr).expect("a file can be made"))
        .spawn()
        .expect("the program can be started");
    let status = wait(&mut child, Duration::from_secs(10));
    if status.is_none() {
        child.kill().expect("a child can be killed");
    }
    let text = fs::read_to_string(&stderr).expect("stderr can be read");
    let status = status.unwrap_or_else(|| panic!("it must give up by itself within 10 s:\n{text}"));
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(!text.contains("panicked") && !text.contains("backtrace"), "{text}");
    text
}

/// Lines for people: what the program says, without its log.
fn messages(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.starts_with("sluis: ")).collect()
}

/// Refused with one message that contains all words.
fn refused_with(site: &Site, words: &[&str]) {
    let stderr = refused(site);
    let messages = messages(&stderr);
    assert_eq!(messages.len(), 1, "one message:\n{stderr}");
    for word in words {
        assert!(messages[0].contains(word), "`{word}` is missing in: {}", messages[0]);
    }
    assert!(messages[0].len() < 600, "short enough to be read: {}", messages[0]);
}

#[test]
fn faults_of_the_configuration_are_told_all_at_once_with_their_lines() {
    let site = Site::with_config(
        "[http]\nlisten = \"localhost\"\n\n[directory]\npol = \"1s\"\n\n[limits]\nmax_bytes = \"25 bananas\"\n",
    );
    let stderr = refused(&site);
    let file = site.path("sluis.toml");
    let messages = messages(&stderr);
    assert_eq!(messages.len(), 4, "three faults and their number:\n{stderr}");
    let faults = [
        (2, "http.listen", "not an address", "127.0.0.1:8310"),
        (5, "directory.pol", "", "poll"),
        (8, "limits.max_bytes", "25 bananas", "MB"),
    ];
    for (line, key, what, todo) in faults {
        let place = format!("{}:{line}: {key}: ", file.display());
        let message = messages.iter().find(|message| message.contains(&place));
        let message = message.unwrap_or_else(|| panic!("no fault at {place}\n{stderr}"));
        assert!(message.contains(what), "{message}");
        let (_, advice) = message.split_once("; ").expect("what is wrong; what to do");
        assert!(advice.contains(todo), "{message}");
    }
    assert!(messages[3].contains("3 fault"), "{stderr}");
    assert!(!site.path("ledger.sqlite").exists() && !site.path("ledger.key").exists(), "nothing was started");
}

#[test]
fn a_configuration_that_is_not_there_or_no_text_is_named() {
    let site = Site::with_config("");
    fs::remove_file(site.path("sluis.toml")).expect("it was written");
    let stderr = refused(&site);
    assert!(stderr.contains("sluis.toml") && stderr.contains("--config"), "{stderr}");
    fs::write(site.path("sluis.toml"), b"\xff\xfe[http]").expect("written");
    assert!(refused(&site).contains("sluis.toml"));
    fs::write(site.path("sluis.toml"), "[http\nlisten = 1").expect("written");
    assert!(refused(&site).contains("sluis.toml:1"));
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let site = Site::with_config(&format!("[http]\nlisten = \"{address}\"\n"));
    refused_with(&site, &["failed to listen", &address, "[http]"]);
    assert!(!site.path("ledger.sqlite").exists(), "nothing was started");
}

/// Rights do not stop a superuser; these obstacles stop everybody.
#[test]
fn folders_that_cannot_be_used() {
    let site = Site::with_config(&format!("{PORT}[directory]\nroot = \"blocked/spool\"\n"));
    fs::write(site.path("blocked"), "a file where a folder must be").expect("written");
    refused_with(&site, &["blocked/spool/in", "[directory]", "right"]);

    let site = Site::with_config(PORT);
    fs::remove_dir(site.path("spool/in")).expect("it is empty");
    fs::write(site.path("spool/in"), "a file where a folder must be").expect("written");
    refused_with(&site, &["spool/in", "[directory]"]);

    // No write reaches a folder of the kernel's, whoever tries.
    let site = Site::with_config(PORT);
    symlink("/proc/self/fdinfo", site.path("spool/out")).expect("linked");
    refused_with(&site, &["spool/out", "[directory]"]);

    let site = Site::with_config(&format!("{PORT}[ledger]\npath = \"blocked/ledger.sqlite\"\n"));
    fs::write(site.path("blocked"), "a file where a folder must be").expect("written");
    refused_with(&site, &["blocked", "check its path"]);
}

#[test]
fn a_ledger_that_is_none() {
    let start = |bytes: &[u8]| {
        let site = Site::with_config(PORT);
        sluis::ledger::Keys::create(&site.path("ledger.key")).expect("a key can be made");
        fs::write(site.path("ledger.sqlite"), bytes).expect("written");
        site
    };
    let text = "A letter that somebody saved under the wrong name. ".repeat(200);
    let site = start(text.as_bytes());
    refused_with(&site, &["ledger.sqlite", "no SQLite database"]);
    assert_eq!(fs::read(site.path("ledger.sqlite")).expect("still there"), text.as_bytes(), "it is left as it was");

    let site = Site::with_config(PORT);
    sluis::ledger::Keys::create(&site.path("ledger.key")).expect("a key can be made");
    let other = rusqlite::Connection::open(site.path("ledger.sqlite")).expect("a database can be made");
    other.execute_batch("CREATE TABLE boekhouding (id INTEGER)").expect("a table can be made");
    drop(other);
    refused_with(&site, &["ledger.sqlite", "another program"]);

    let site = Site::with_config(PORT);
    sluis::ledger::Keys::create(&site.path("ledger.key")).expect("a key can be made");
    fs::create_dir(site.path("ledger.sqlite")).expect("a folder can be made");
    refused_with(&site, &["ledger.sqlite", "name a file"]);
}

#[test]
fn a_key_that_is_missing_wrong_or_open() {
    let site = Site::new("");
    let mut daemon = site.start();
    daemon.address();
    assert!(daemon.terminate().success());
    let key = fs::read(site.path("ledger.key")).expect("the first start made a key");

    fs::remove_file(site.path("ledger.key")).expect("it is there");
    refused_with(&site, &["ledger.key", "no key file", "restore"]);
    assert!(!site.path("ledger.key").exists(), "a ledger never gets a second key");

    sluis::ledger::Keys::create(&site.path("ledger.key")).expect("a key can be made");
    refused_with(&site, &["ledger.sqlite", "key"]);

    fs::write(site.path("ledger.key"), &key).expect("written");
    fs::set_permissions(site.path("ledger.key"), fs::Permissions::from_mode(0o644)).expect("its owner may");
    refused_with(&site, &["ledger.key", "chmod 600"]);

    fs::set_permissions(site.path("ledger.key"), fs::Permissions::from_mode(0o600)).expect("its owner may");
    fs::write(site.path("ledger.key"), "person = 1234\n").expect("written");
    let stderr = refused(&site);
    assert!(stderr.contains("ledger.key") && !stderr.contains("1234"), "{stderr}");

    fs::write(site.path("ledger.key"), &key).expect("written");
    let mut daemon = site.start();
    daemon.address();
    assert!(daemon.terminate().success(), "with its own key it opens");
}

#[test]
fn a_register_that_is_missing_or_faulty() {
    let site = Site::with_config(&format!("{PORT}[contract]\nregion = \"regions/atlantis\"\n"));
    let stderr = refused(&site);
    assert!(stderr.contains("regions/atlantis"), "{stderr}");

    let site = Site::with_config(&format!("{PORT}[contract]\nregion = \"region\"\n"));
    copy_folder(&region(), &site.path("region"));
    let tariffs = site.path("region/tariffs.csv");
    let text = fs::read_to_string(&tariffs).expect("the copy can be read");
    let row = text.lines().position(|line| line.starts_with("wmo;02A03;")).expect("the sample has that product") + 1;
    let faulty = text.replacen("wmo;02A03;04;*;*;5797", "wmo;02A03;04;*;*;57,97", 1);
    assert_ne!(faulty, text);
    fs::write(&tariffs, faulty).expect("written");
    let stderr = refused(&site);
    let fault = stderr.lines().find(|line| line.contains("tariffs.csv")).unwrap_or_else(|| panic!("{stderr}"));
    assert!(fault.contains(&row.to_string()) && fault.contains("cents"), "file, row and column: {fault}");
    assert!(!site.path("ledger.sqlite").exists(), "nothing was started");
}

#[test]
fn certificates_that_cannot_be_used() {
    let office = "[[back_office]]\ngemeente = \"0197\"\nurl = \"https://localhost:1/\"\n";
    let site = Site::with_config(&format!("{PORT}{office}ca_file = \"ca.pem\"\n"));
    let stderr = refused(&site);
    assert!(stderr.contains("ca.pem") && stderr.contains("cannot be read"), "{stderr}");
    fs::write(site.path("ca.pem"), "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n").expect("written");
    refused_with(&site, &["0197", "certificate"]);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the sample is there") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied");
    }
}
