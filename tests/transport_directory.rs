//! The directory transport: nothing leaves `in/` before it is in the ledger, and nothing stops the others.

mod common;

use common::{FakeIntake, Handle, fake_intake, soon, until};
use sluis::config::Directory;
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::directory::DirectoryIntake;
use sluis::transport::spool::Spool;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const MAX_BYTES: u64 = 1000;

struct Setup {
    dir: TempDir,
    intake: &'static FakeIntake,
    telemetry: Telemetry,
    trigger: Trigger,
    running: JoinHandle<()>,
}

impl Setup {
    fn start(files: &[(&str, &[u8])]) -> Setup {
        let intake = fake_intake();
        Setup::start_with(intake, tempfile::tempdir().expect("a temporary folder"), files)
    }

    fn start_with(intake: Handle, dir: TempDir, files: &[(&str, &[u8])]) -> Setup {
        let spool = Spool::open(dir.path()).expect("a usable folder");
        for (name, bytes) in files {
            fs::write(spool.incoming().join(name), bytes).expect("written");
        }
        let telemetry = Telemetry::default();
        let settings = Directory { root: dir.path().to_owned(), poll: Duration::from_millis(20), files_per_round: 50 };
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let transport = DirectoryIntake::new(&spool, &settings, MAX_BYTES, Arc::new(intake), &telemetry);
        let running = tokio::spawn(transport.run(stop));
        Setup { dir, intake: intake.0, telemetry, trigger, running }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("in").join(name)
    }

    fn waiting(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir.path().join("in"))
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    async fn stop(self) -> TempDir {
        self.trigger.stop();
        soon("the transport stops", self.running).await.expect("no panic");
        self.dir
    }
}

fn rename_into(folder: &Path, name: &str, bytes: &[u8]) {
    let draft = folder.join(format!("{name}.part"));
    fs::write(&draft, bytes).expect("written");
    fs::rename(draft, folder.join(name)).expect("renamed");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_committed_in_the_order_of_their_names_and_removed() {
    let names: Vec<String> = (0..120).map(|number| format!("m{number:03}.xml")).collect();
    let bodies: Vec<Vec<u8>> = (0..120_u8).map(|number| vec![number; 10]).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(bodies.iter().map(Vec::as_slice)).collect();
    let setup = Setup::start(&files);
    until("all files are taken", || setup.intake.ids().len() == 120 && setup.waiting().is_empty()).await;
    assert_eq!(setup.intake.ids(), names);
    let bytes: Vec<Vec<u8>> = setup.intake.committed().into_iter().map(|incoming| incoming.bytes).collect();
    assert_eq!(bytes, bodies);
    assert!(setup.telemetry.is_ready());
    setup.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_stays_until_its_message_is_in_the_ledger() {
    let intake = fake_intake();
    intake.0.holds.store(true, Ordering::SeqCst);
    let setup = Setup::start_with(intake, tempfile::tempdir().expect("a folder"), &[("a.xml", b"a"), ("b.xml", b"b")]);
    until("both are handed over", || intake.0.calls.load(Ordering::SeqCst) == 2).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(setup.waiting(), ["a.xml", "b.xml"]);

    // A crash at this point: the work is dropped, the files are still there, and a new start takes them again.
    setup.running.abort();
    assert_eq!(setup.waiting(), ["a.xml", "b.xml"]);
    let setup = Setup::start_with(fake_intake(), setup.dir, &[]);
    until("they are taken", || setup.waiting().is_empty()).await;
    assert_eq!(setup.intake.ids(), ["a.xml", "b.xml"]);
    intake.0.release();
    setup.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_what_was_handed_over() {
    let intake = fake_intake();
    intake.0.holds.store(true, Ordering::SeqCst);
    let setup = Setup::start_with(intake, tempfile::tempdir().expect("a folder"), &[("a.xml", b"a")]);
    until("it is handed over", || intake.0.calls.load(Ordering::SeqCst) == 1).await;
    setup.trigger.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!setup.running.is_finished());
    intake.0.release();
    let dir = setup.stop().await;
    assert_eq!(fs::read_dir(dir.path().join("in")).expect("listed").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn incomplete_and_other_files_are_left_alone() {
    let setup = Setup::start(&[
        (".hidden.xml", b"x"),
        ("a.xml.tmp", b"x"),
        ("b.xml.part", b"x"),
        ("c.txt", b"x"),
        ("d.xml", b"d"),
    ]);
    rename_into(&setup.dir.path().join("in"), "e.xml", b"e");
    until("complete files are taken", || setup.intake.ids() == ["d.xml", "e.xml"]).await;
    until("they are removed", || setup.waiting() == [".hidden.xml", "a.xml.tmp", "b.xml.part", "c.txt"]).await;
    setup.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let spool = Spool::open(dir.path()).expect("usable");
    // A folder, and a link that leads elsewhere, both with the name of a message; and one that breaks the program.
    fs::create_dir(spool.incoming().join("a.xml")).expect("made");
    std::os::unix::fs::symlink("/etc/passwd", spool.incoming().join("b.xml")).expect("linked");
    let setup = Setup::start_with(fake_intake(), dir, &[("break.xml", b"break"), ("c.xml", b"c"), ("d.xml", b"d")]);
    until("the others are taken", || setup.intake.ids() == ["c.xml", "d.xml"]).await;
    until("the others are removed", || setup.waiting() == ["a.xml", "b.xml", "break.xml"]).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let metrics = setup.telemetry.scrape().await;
    // Once per file, though many rounds have gone by.
    for line in [
        "sluis_intake_failures_total{reason=\"unreadable\",transport=\"directory\"} 2",
        "sluis_intake_failures_total{reason=\"broke\",transport=\"directory\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    setup.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_is_too_large_one_byte_too_many_is_read() {
    let setup = Setup::start(&[("large.xml", &[b'x'; 5000]), ("fits.xml", &[b'x'; 1000])]);
    until("both are taken", || setup.intake.ids().len() == 2).await;
    let sizes: Vec<usize> = setup.intake.committed().iter().map(|incoming| incoming.bytes.len()).collect();
    assert_eq!(sizes, [1000, 1001]);
    setup.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ledger_refuses_files_stay_and_then_go_on_in_order() {
    let intake = fake_intake();
    intake.0.refuses.store(true, Ordering::SeqCst);
    let setup = Setup::start_with(intake, tempfile::tempdir().expect("a folder"), &[("a.xml", b"a"), ("b.xml", b"b")]);
    until("it was tried twice", || intake.0.calls.load(Ordering::SeqCst) >= 3).await;
    assert_eq!(setup.waiting(), ["a.xml", "b.xml"]);
    assert!(!setup.telemetry.is_ready());
    intake.0.refuses.store(false, Ordering::SeqCst);
    until("both are taken", || setup.waiting().is_empty()).await;
    assert_eq!(intake.0.ids(), ["a.xml", "b.xml"]);
    until("it is ready again", || setup.telemetry.is_ready()).await;
    setup.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_replaced_while_its_message_was_recorded_is_another_message() {
    let intake = fake_intake();
    intake.0.holds.store(true, Ordering::SeqCst);
    let setup = Setup::start_with(intake, tempfile::tempdir().expect("a folder"), &[("a.xml", b"first")]);
    until("it is handed over", || intake.0.calls.load(Ordering::SeqCst) == 1).await;
    rename_into(&setup.dir.path().join("in"), "a.xml", b"second");
    intake.0.release();
    until("both are recorded", || intake.0.ids().len() == 2).await;
    let bodies: Vec<Vec<u8>> = intake.0.committed().into_iter().map(|incoming| incoming.bytes).collect();
    assert_eq!(bodies, [b"first".to_vec(), b"second".to_vec()]);
    until("the folder is empty", || !setup.file("a.xml").exists()).await;
    setup.stop().await;
}

#[test]
fn a_folder_that_cannot_be_used_stops_the_start_with_advice() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("spool");
    fs::write(&file, b"a file where a folder should be").expect("written");
    let error = Spool::open(&file).expect_err("not usable").to_string();
    assert!(error.contains("spool/in") && error.contains("[directory]"), "{error}");
}
