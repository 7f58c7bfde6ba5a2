//! The API tried out by its own description: schemathesis makes requests that fit it and requests that do not, and holds
//! every answer against it.

mod e2e;

use e2e::daemon::Site;
use e2e::{traffic, until};
use std::fs;
use std::process::Command;

/// How long it tries, in seconds. What it tries is the same each time until then.
const SECONDS: &str = "45";
const SEED: &str = "20260310";

/// The program, which `ops/test` installs.
fn schemathesis() -> Option<String> {
    let program = std::env::var("SLUIS_TEST_SCHEMATHESIS").ok();
    if program.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "SLUIS_TEST_SCHEMATHESIS is not set: run ops/test");
        println!("not tried out by its description: SLUIS_TEST_SCHEMATHESIS is not set (see ops/test)");
    }
    program
}

/// What a description cannot say. A period has an order, and a law and a kind go together: these refuse with 400 what fits
/// the description of each parameter. Whatever is brought as a message is judged, also what is none; only nothing is
/// refused. A reason must name no person by number.
const SETTINGS: &str = r#"
[[operations]]
include-operation-id = "check"
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]
checks.negative_data_rejection.enabled = false
[[operations]]
include-operation-id-regex = "releaseHeld|withdrawHeld|replayParked"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 422]
[[operations]]
include-operation-id = "listMessages"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400]
[[operations]]
include-operation-id = "listSignals"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400]
"#;

#[test]
fn every_answer_is_one_that_the_description_knows() {
    let Some(schemathesis) = schemathesis() else { return };
    let site = Site::new("[console]\nlisten = \"127.0.0.1:0\"\napi_requests = 600000\n");
    site.send(&traffic::chains(30));
    let mut daemon = site.start();
    daemon.address();
    until("all messages are judged", || site.waiting().is_empty(), || site.describe());
    let token = site.add_token("fuzzer", "view,view-contracts,order-held,replay,try");

    let settings = site.path("schemathesis.toml");
    fs::write(&settings, SETTINGS).expect("settings can be written");
    let base = format!("http://{}/v1", daemon.console());
    let output = Command::new(schemathesis)
        .arg("--config-file")
        .arg(&settings)
        .args(["--no-color", "run", &format!("{base}/openapi.json"), "--url", &base])
        .args(["--header", &format!("Authorization: Bearer {token}"), "--seed", SEED, "--max-time", SECONDS])
        .args(["--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "30"])
        .args(["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "20"])
        .current_dir(site.path(""))
        .output()
        .expect("schemathesis can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "schemathesis found faults (above): {}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("/check") || said.contains("passed"), "it tried something");
    site.assert_log_is_clean();
}
