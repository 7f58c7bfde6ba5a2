//! Signing in to the console of the daemon, over TLS and in plain text, with accounts and tokens from the command line;
//! and nothing of a password or a token in anything that it writes.

mod e2e;

use e2e::daemon::Site;
use rcgen::{CertificateParams, KeyPair};
use reqwest::header::{AUTHORIZATION, COOKIE, LOCATION, ORIGIN, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use reqwest::{Client, Response, redirect};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const PASSWORD: &str = "vier losse woorden hier";
const SETTINGS: &str =
    "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n[console]\nlisten = \"127.0.0.1:0\"\n";

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn refused(output: &Output, exit: i32, told: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(exit) && error.contains(told), "{exit} {told}: {output:?}");
    assert!(!error.contains("woorden"), "{error}");
}

fn add(site: &Site, name: &str, role: &str) -> Output {
    site.add_account(name, role, PASSWORD)
}

fn client() -> reqwest::ClientBuilder {
    sluis::delivery::http::install_crypto_provider();
    Client::builder().redirect(redirect::Policy::none()).no_proxy().timeout(Duration::from_mins(1))
}

async fn sign_in(client: &Client, base: &str, name: &str, password: &str) -> Response {
    let form = format!("name={name}&password={}", password.replace(' ', "+"));
    let request = client.post(format!("{base}/login")).header("content-type", "application/x-www-form-urlencoded");
    request.body(form).send().await.expect("an answer")
}

/// The cookie of an answer, as it is sent back.
fn cookie(answer: &Response) -> String {
    let set = answer.headers()[SET_COOKIE].to_str().expect("text");
    set.split(';').next().expect("a cookie").to_owned()
}

#[test]
fn whoever_breaks_off_at_the_prompt_keeps_the_echo_of_the_terminal() {
    let site = Site::with_config(SETTINGS);
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal can be made");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it may be opened");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let terminal = File::options().read(true).write(true).open(OsStr::from_bytes(name.to_bytes()));
    let terminal = terminal.expect("it opens");
    let echoes = || tcgetattr(&terminal).expect("it is there").local_modes.contains(LocalModes::ECHO);
    assert!(echoes());
    for sent in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut asking = Command::new(env!("CARGO_BIN_EXE_sluis"));
        asking.args(["account", "add", "beheer", "--role", "administrator", "--config"]).arg(site.path("sluis.toml"));
        let stdin = terminal.try_clone().expect("it can be shared");
        asking.env("USER", "installer").env_remove("SUDO_USER");
        let mut asking = asking.stdin(stdin).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut said = asking.stderr.take().expect("it was asked for");
        let mut prompt = Vec::new();
        let mut byte = [0];
        while !prompt.ends_with(b": ") {
            said.read_exact(&mut byte).expect("it asks");
            prompt.push(byte[0]);
        }
        assert!(prompt.starts_with(b"new password of beheer"), "{}", String::from_utf8_lossy(&prompt));
        assert!(!echoes(), "what is typed is not shown");
        kill_process(Pid::from_child(&asking), sent).expect("it runs");
        assert_eq!(asking.wait().expect("it ends").code(), Some(2), "{sent:?}");
        assert!(echoes(), "after {sent:?} the terminal shows what is typed");
        let mut rest = String::new();
        said.read_to_string(&mut rest).expect("text");
        assert!(rest.contains("nothing was changed"), "{rest}");
    }
    assert!(!site.path("ledger.sqlite").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_tokens_of_the_command_line_open_the_console_in_plain_text() {
    let site = Site::with_config(SETTINGS);
    // The first account comes before the gateway.
    let none = site.sluis(&["account", "add", "beheer", "--role", "administrator"], "");
    refused(&none, 2, "--password-stdin");
    refused(&add(&site, "Beheer der Beheren", "administrator"), 2, "A name has");
    refused(&add(&site, "beheer", "root"), 2, "A role is one of");
    let unknown = site.sluis(&["account", "add", "dev", "--sender", "zorgsoft", "--password-stdin"], "woorden\n");
    refused(&unknown, 2, "no [[sender]] in the configuration to bind an account to");
    let both = ["account", "add", "dev", "--sender", "zorgsoft", "--role", "viewer", "--password-stdin"];
    refused(&site.sluis(&both, "woorden\n"), 2, "cannot be used with");
    let short = site.sluis(&["account", "add", "beheer", "--role", "viewer", "--password-stdin"], "woorden\n");
    refused(&short, 2, "12 characters at least");
    let two =
        site.sluis(&["account", "add", "beheer", "--role", "viewer", "--password-stdin"], "woorden een\nwoorden\n");
    refused(&two, 2, "more than one line");
    assert!(!site.path("ledger.sqlite").exists(), "nothing was made for what does not fit");
    assert_eq!(done(&add(&site, "beheer", "administrator")), "beheer may sign in as administrator\n");
    refused(&add(&site, "beheer", "viewer"), 1, "already");
    let last = site.sluis(&["account", "disable", "beheer", "--reason", "weg"], "");
    refused(&last, 1, "the last account");

    let mut daemon = site.start();
    let base = format!("http://{}", daemon.console());
    // Others are made beside it.
    done(&add(&site, "j.devries", "viewer"));
    let listed: Value = serde_json::from_str(&done(&site.sluis(&["account", "list", "--json"], ""))).expect("JSON");
    assert_eq!(listed[1]["name"], "j.devries");
    assert_eq!(listed[1]["created_by"], "installer");
    let client = client().build().expect("a client");
    let answer = client.get(format!("{base}/held")).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()[LOCATION].to_str().expect("text")),
        (303, "/login?next=%2Fheld")
    );
    assert_eq!(sign_in(&client, &base, "j.devries", "niet het wachtwoord").await.status(), 403);
    let answer = sign_in(&client, &base, "j.devries", PASSWORD).await;
    assert_eq!(answer.status(), 303);
    let session = cookie(&answer);
    assert!(session.starts_with("sluis_session=") && !answer.headers().contains_key(STRICT_TRANSPORT_SECURITY));
    let look = |path: &str, session: &str| client.get(format!("{base}{path}")).header(COOKIE, session).send();
    assert_eq!(look("/", &session).await.expect("an answer").status(), 200);
    assert_eq!(look("/accounts", &session).await.expect("an answer").status(), 403, "the role is too low");

    // A gateway that starts anew knows its sessions, and an account that is disabled loses them.
    daemon.kill();
    let mut daemon = site.start();
    let base = format!("http://{}", daemon.console());
    let look = |path: &str, session: &str| client.get(format!("{base}{path}")).header(COOKIE, session).send();
    assert_eq!(look("/", &session).await.expect("an answer").status(), 200);
    done(&site.sluis(&["account", "roles", "j.devries", "--role", "administrator", "--reason", "vervangt"], ""));
    assert_eq!(look("/accounts", &session).await.expect("an answer").status(), 200, "other roles count at once");
    done(&site.sluis(&["account", "disable", "j.devries", "--reason", "uit dienst"], ""));
    let answer = look("/", &session).await.expect("an answer");
    assert_eq!(answer.headers()[LOCATION], "/login?why=over");

    let token = done(&site.sluis(&["token", "add", "backoffice", "--scope", "view,try", "--expires", "30d"], ""));
    let token = token.trim();
    assert!(token.starts_with("slt_") && token.len() == 68, "a token and nothing else");
    refused(&site.sluis(&["token", "add", "backoffice", "--scope", "view"], ""), 1, "there is or was");
    refused(&site.sluis(&["token", "add", "x", "--scope", "unmask"], ""), 2, "these scopes");
    refused(&site.sluis(&["token", "add", "x", "--scope", "view", "--expires", "10y"], ""), 2, "90d");
    let ask = |token: &str| {
        client.get(format!("{base}/v1/nothing-of-the-kind")).header(AUTHORIZATION, format!("Bearer {token}")).send()
    };
    assert_eq!(ask(token).await.expect("an answer").status(), 404, "let in");
    done(&site.sluis(&["token", "revoke", "backoffice", "--reason", "gelekt"], ""));
    assert_eq!(ask(token).await.expect("an answer").status(), 401);
    let listed = done(&site.sluis(&["token", "list"], ""));
    assert!(listed.contains("backoffice  view, try; revoked"), "{listed}");

    // Five guesses, and the name is locked for everybody; the command opens it again.
    for status in [403, 403, 403, 403, 429, 429] {
        assert_eq!(sign_in(&client, &base, "beheer", "niet het wachtwoord").await.status(), status);
    }
    done(&site.sluis(&["account", "enable", "beheer", "--reason", "zelf gebeld"], ""));
    assert_eq!(sign_in(&client, &base, "beheer", PASSWORD).await.status(), 303);
    assert!(daemon.metric("sluis_sign_ins_total", "outcome=\"locked\"") >= 2.0);
    assert!(daemon.terminate().success());

    let ledger = fs::read(site.path("ledger.sqlite")).expect("a ledger");
    let log = site.log();
    for secret in [PASSWORD, token, &token[4..], session.split('=').nth(1).expect("a value"), "niet het wachtwoord"] {
        assert!(!log.contains(secret), "a secret stands in the log");
        let found = ledger.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "a secret stands in the ledger");
    }
    assert!(!log.contains("argon2"), "a hash stands in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_cookies_are_for_tls_alone_and_other_sites_are_kept_out() {
    let site = Site::with_config(&format!(
        "{SETTINGS}server_cert_file = \"console.pem\"\nserver_key_file = \"console.key\"\n"
    ));
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    fs::write(site.path("console.pem"), &certificate).expect("it can be written");
    fs::write(site.path("console.key"), key.serialize_pem()).expect("it can be written");
    done(&add(&site, "beheer", "administrator"));
    let mut daemon = site.start();
    let base = format!("https://{}", daemon.console());
    let roots = reqwest::Certificate::from_pem_bundle(certificate.as_bytes()).expect("PEM");
    let client = client().tls_certs_only(roots).build().expect("a client");
    let answer = sign_in(&client, &base, "beheer", PASSWORD).await;
    assert_eq!(answer.status(), 303);
    assert!(answer.headers().contains_key(STRICT_TRANSPORT_SECURITY));
    let set = answer.headers()[SET_COOKIE].to_str().expect("text").to_owned();
    assert!(set.starts_with("__Host-sluis_session=") && set.contains("Secure") && set.contains("HttpOnly"));
    let session = cookie(&answer);
    let post = |origin: String| {
        let request = client.post(format!("{base}/logout")).header(COOKIE, &session).header(ORIGIN, origin);
        request.header("content-type", "application/x-www-form-urlencoded").body("form_token=guess").send()
    };
    assert_eq!(post("https://evil.example".to_owned()).await.expect("an answer").status(), 403);
    assert_eq!(post(base.clone()).await.expect("an answer").status(), 403, "the form is of nowhere");
    let page = client.get(format!("{base}/account")).header(COOKIE, &session).send().await.expect("an answer");
    let page = page.text().await.expect("a page");
    let (_, rest) = page.split_once("name=\"form_token\" value=\"").expect("a form");
    let form = format!("form_token={}", rest.split('"').next().expect("a value"));
    let answer = client
        .post(format!("{base}/logout"))
        .header(COOKIE, &session)
        .header(ORIGIN, &base)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()[LOCATION].to_str().expect("text")), (303, "/login?why=out"));
    let answer = client.get(format!("{base}/")).header(COOKIE, &session).send().await.expect("an answer");
    assert_eq!(answer.headers()[LOCATION], "/login?why=over");
    assert!(daemon.terminate().success());
}
