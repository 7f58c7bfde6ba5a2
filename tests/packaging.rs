//! What is installed: the files around the program agree with it and with one another, and the program does what service
//! managers, containers and administrators count on. `ops/debian/try-package` does all of it, under a systemd as well.

mod e2e;

use e2e::daemon::{Site, program};
use e2e::{PATIENCE, free_address, until};
use jiff::civil::date;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use sluis::config::{self, Config};
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::ledger::Location;
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(project(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The configuration of that text as if it were installed at `path`, with variables.
fn installed(path: &str, text: &str, variables: &[(&str, &str)]) -> Config {
    let env: BTreeMap<String, String> = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    config::parse(Path::new(path), text, &env).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[test]
fn the_packages_configuration_keeps_its_state_apart_and_listens_here_only() {
    let config = installed("/etc/sluis/sluis.toml", &text("ops/debian/sluis.toml"), &[]);
    assert_eq!(config.ledger.location, Location::from(Path::new("/var/lib/sluis/ledger.sqlite")));
    assert_eq!(config.ledger.key_file, Path::new("/var/lib/sluis/ledger.key"));
    assert_eq!(config.directory.root, Path::new("/var/spool/sluis"));
    assert_eq!(config.console.listen.expect("a console").to_string(), "127.0.0.1:8312");
    assert!(config.http.listen.ip().is_loopback());
    let unit = text("ops/systemd/sluis.service");
    for line in ["StateDirectory=sluis", "ReadWritePaths=-/var/spool/sluis", "User=sluis"] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn versions_are_told_once() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = text("ops/debian/changelog");
    assert!(changelog.starts_with(&format!("sluis ({version}-1) ")), "ops/debian/changelog is of another version");
    assert!(text("ops/container/Containerfile").contains(&format!("image.version=\"{version}\"")));
    assert!(text("ops/container/compose.yaml").contains(&format!("image: sluis:{version}\n")));
}

#[test]
fn scripts_of_the_package_are_sound_and_delete_no_ledger_by_themselves() {
    for script in ["postinst", "prerm", "postrm", "sluisctl"] {
        let checked = Command::new("sh").arg("-n").arg(project("ops/debian").join(script)).output().expect("a shell");
        assert!(checked.status.success(), "{script}: {}", said(&checked));
        let script = text(&format!("ops/debian/{script}"));
        assert!(script.contains("\nset -e"), "a fault must not be passed over:\n{script}");
    }
    let removes: Vec<String> = text("ops/debian/postrm")
        .lines()
        .map(str::trim)
        .filter(|line| line.contains("rm -r"))
        .map(str::to_owned)
        .collect();
    assert!(
        removes.iter().all(|line| line.starts_with("rm -rf /var/lib/sluis") || line.starts_with("echo")),
        "{removes:?}"
    );
    assert!(text("ops/debian/postrm").contains("if [ \"${SLUIS_PURGE_LEDGER:-}\" = yes ]; then\n        rm -rf"));
}

/// Whether a program is there.
fn has(name: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {name}")]).output().is_ok_and(|found| found.status.success())
}

#[test]
fn systemd_reads_the_unit_and_finds_it_well_confined() {
    if !has("systemd-analyze") {
        println!("systemd-analyze is not installed: the unit is not read by it");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("sluis.service");
    // It asks whether the program and its manual are there.
    let there = text("ops/systemd/sluis.service")
        .replace("/usr/bin/sluis", env!("CARGO_BIN_EXE_sluis"))
        .lines()
        .filter(|line| !line.starts_with("Documentation="))
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(&unit, there).expect("written");
    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output().expect("it runs");
    // Faults of other units of this machine are not ours.
    let own: Vec<String> = said(&verified).lines().filter(|line| line.contains("sluis")).map(str::to_owned).collect();
    assert!(own.is_empty(), "{own:?}");
    let confined = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=15"])
        .arg(&unit)
        .output()
        .expect("it runs");
    assert!(confined.status.success(), "its exposure is above 1.5:\n{}", said(&confined));
}

#[test]
fn the_container_file_follows_the_rules_that_matter() {
    let file = text("ops/container/Containerfile").replace("\\\n", " ");
    let lines: Vec<(&str, &str)> = file
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap_or_else(|| panic!("no instruction: {line}")))
        .collect();
    let of = |name: &str| lines.iter().filter(|(found, _)| *found == name).map(|(_, rest)| *rest).collect::<Vec<_>>();
    let known = "FROM WORKDIR COPY RUN LABEL ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD";
    for (name, rest) in &lines {
        assert!(known.split(' ').any(|known| known == *name), "{name} {rest}");
    }
    let images = of("FROM");
    assert!(images.len() > 1, "what builds is not what runs");
    for image in &images {
        let name = image.split(' ').next().expect("a name");
        let tag = name.rsplit_once(':').map(|(_, tag)| tag);
        assert!(tag.is_some_and(|tag| tag != "latest"), "{name} says no version");
        assert!(
            name.contains('/') && name.split('/').next().is_some_and(|host| host.contains('.')),
            "{name} names no host"
        );
    }
    let last = lines.iter().rposition(|(name, _)| *name == "FROM").expect("an image");
    let running = &lines[last..];
    assert!(running.iter().all(|(name, _)| *name != "RUN"), "the image that runs has no shell");
    let user = of("USER").pop().expect("a user");
    let number: u32 = user.split(':').next().and_then(|user| user.parse().ok()).expect("a number");
    assert_ne!(number, 0, "not as root");
    for (name, must_be_a_list) in [("ENTRYPOINT", true), ("CMD", true), ("VOLUME", true), ("HEALTHCHECK", false)] {
        let found = of(name);
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].starts_with('[') || !must_be_a_list, "{name} needs a shell: {}", found[0]);
    }
    assert!(of("HEALTHCHECK")[0].contains("CMD [\"/usr/bin/sluis\", \"ready\""));
    assert!(of("LABEL")[0].contains("org.opencontainers.image.licenses=\"EUPL-1.2\""));
    assert!(of("COPY").iter().all(|copy| !copy.starts_with("--from=build --chown=0")));
    assert!(of("ENV").iter().all(|variable| !variable.contains("PASSWORD") && !variable.contains("_URL")));
    // What is copied from the project is there.
    for copy in of("COPY").into_iter().filter(|copy| copy.starts_with("ops/")) {
        assert!(project(copy.split(' ').next().expect("a file")).exists(), "{copy}");
    }
    let config = installed("/etc/sluis/sluis.toml", &text("ops/container/sluis.toml"), &[]);
    let volumes = of("VOLUME")[0];
    for path in [&config.ledger.key_file, &config.directory.root] {
        assert!(path.ancestors().any(|folder| volumes.contains(&format!("{:?}", folder.display().to_string()))));
    }
    let toolchain = text("Cargo.toml");
    let toolchain = toolchain.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a version");
    assert!(images[0].contains(&format!("rust:{}-", toolchain.trim_matches('"'))), "{} and {toolchain}", images[0]);
}

/// A value of the plain part of YAML that the example is written in: maps by indentation, lists with dashes, texts.
#[derive(Debug, PartialEq)]
enum Yaml {
    Text(String),
    List(Vec<String>),
    Map(BTreeMap<String, Yaml>),
}

impl Yaml {
    fn at(&self, path: &str) -> &Yaml {
        path.split('.').fold(self, |value, key| match value {
            Yaml::Map(map) => map.get(key).unwrap_or_else(|| panic!("{path}: there is no {key}")),
            other => panic!("{path}: {other:?} has no {key}"),
        })
    }

    fn list(&self, path: &str) -> &[String] {
        match self.at(path) {
            Yaml::List(list) => list,
            other => panic!("{path} is no list: {other:?}"),
        }
    }

    fn map(&self, path: &str) -> &BTreeMap<String, Yaml> {
        match self.at(path) {
            Yaml::Map(map) => map,
            other => panic!("{path} is no map: {other:?}"),
        }
    }
}

/// Reads the lines from `at` on that are indented by `depth`.
fn yaml(lines: &[(usize, &str)], at: &mut usize, depth: usize) -> Yaml {
    let (mut map, mut list) = (BTreeMap::new(), Vec::new());
    while let Some((indent, line)) = lines.get(*at).filter(|(indent, _)| *indent >= depth) {
        assert_eq!(*indent, depth, "indented too far: {line}");
        *at += 1;
        let bare = |text: &str| text.trim().trim_matches('"').to_owned();
        if let Some(item) = line.strip_prefix("- ") {
            list.push(bare(item));
        } else {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("no key: {line}"));
            let inner = if value.trim().is_empty() { yaml(lines, at, depth + 2) } else { Yaml::Text(bare(value)) };
            assert!(map.insert(key.to_owned(), inner).is_none(), "{key} stands twice");
        }
    }
    assert!(map.is_empty() || list.is_empty(), "a list and keys beside each other at line {at}");
    if list.is_empty() { Yaml::Map(map) } else { Yaml::List(list) }
}

#[test]
fn the_example_of_services_fits_together() {
    let file = text("ops/container/compose.yaml");
    let lines: Vec<(usize, &str)> = file
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .collect();
    let compose = yaml(&lines, &mut 0, 0);
    let services = compose.map("services");
    for (name, service) in services {
        for secret in service.list_or_empty("secrets") {
            assert!(compose.map("secrets").contains_key(secret), "{name}: secret {secret}");
        }
        for volume in service.list("volumes") {
            let source = volume.split(':').next().expect("a source");
            let is_secret = source.starts_with("./secrets/");
            let is_file = source.starts_with("./") && project("ops/container").join(source).exists();
            assert!(is_file || is_secret || compose.map("volumes").contains_key(source), "{name}: {volume}");
        }
        for port in service.list_or_empty("ports") {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port} is open to everybody");
        }
    }
    assert_eq!(services["sluis"].at("build.dockerfile"), &Yaml::Text("ops/container/Containerfile".to_owned()));
    for other in services["sluis"].list("depends_on") {
        assert!(services.contains_key(other), "{other}");
    }
    // What the gateway is given is a configuration.
    let secrets = tempfile::tempdir().expect("a folder");
    let mut variables = BTreeMap::new();
    let database = "postgres://sluis:geheim@%2Fvar%2Frun%2Fpostgresql/sluis";
    for (name, value) in [("amqp_url", "amqp://sluis:geheim@broker:5672/%2f"), ("ledger_url", database)] {
        fs::write(secrets.path().join(name), value).expect("written");
    }
    for (variable, value) in services["sluis"].map("environment") {
        let Yaml::Text(value) = value else { panic!("{variable}: {value:?}") };
        let here = value.replace("/run/secrets", &secrets.path().display().to_string());
        variables.insert(variable.clone(), here);
    }
    let config =
        config::load(&project("ops/container/compose.toml"), &variables).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(config.amqp.is_some_and(|amqp| amqp.url.address() == "amqp://***@broker:5672/%2f"));
    assert!(matches!(config.ledger.location, Location::Server(_)));
}

impl Yaml {
    fn list_or_empty(&self, key: &str) -> &[String] {
        match self {
            Yaml::Map(map) if map.contains_key(key) => self.list(key),
            _ => &[],
        }
    }
}

/// The message that the page on installing lets a new administrator send: an allocation of a fictional client.
#[test]
fn the_first_message_is_accepted() {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420001"),
        dagtekening: date(2026, 3, 10),
    };
    let allocate = Allocate {
        nummer: 1,
        product: Product { categorie: "02".into(), code: Some("02A01".into()) },
        from: date(2026, 3, 16),
        to: date(2026, 6, 28),
        omvang: omvang(1, Eenheid::Uur, Frequentie::PerWeek),
    };
    let message = composer.toewijzing("EERSTE1", &Person::nth(1), &allocate).write();
    let path = project("docs/examples/first-message.xml");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &message).expect("the message can be written");
    }
    assert!(fs::read(&path).is_ok_and(|found| found == message), "UPDATE=1 writes docs/examples/first-message.xml");
    let checked = program().args(["check", "--json"]).arg(&path).output().expect("the program runs");
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
}

fn ready(site: &Site, more: &[&str]) -> (Option<i32>, String) {
    let asked =
        program().arg("ready").args(more).arg("--config").arg(site.path("sluis.toml")).output().expect("it runs");
    (asked.status.code(), said(&asked))
}

#[test]
fn a_health_check_tells_a_gateway_that_works_from_one_that_does_not() {
    let broker = free_address();
    let site = Site::with_config(&format!("[http]\nlisten = \"{}\"\n", free_address()));
    let (code, text) = ready(&site, &[]);
    assert!(code == Some(1) && text.contains("nothing answers at 127.0.0.1:"), "{code:?}: {text}");
    let daemon = site.start();
    until("it is ready", || ready(&site, &[]).0 == Some(0), || site.log());
    assert_eq!(ready(&site, &["--alive"]), (Some(0), "alive\n".to_owned()));
    assert!(daemon.terminate().success());
    assert_eq!(ready(&site, &["--alive"]).0, Some(1));

    // Its broker is away: it lives, and does not work.
    let config = format!(
        "[http]\nlisten = \"{}\"\n[intake]\ntransports = [\"amqp\"]\n[amqp]\nurl = \"amqp://{broker}\"\n",
        free_address()
    );
    let site = Site::with_config(&config);
    let _daemon = site.start();
    until("it lives", || ready(&site, &["--alive"]).0 == Some(0), || site.log());
    until("it misses its broker", || ready(&site, &[]).1.contains("not ready: amqp"), || ready(&site, &[]).1);
    assert_eq!(ready(&site, &[]).0, Some(1));
    let port = Site::with_config("[http]\nlisten = \"127.0.0.1:0\"\n");
    assert_eq!(ready(&port, &[]).0, Some(2), "nobody knows where it listens");
}

#[test]
fn the_service_manager_is_told_of_start_life_and_stop() {
    let site = Site::with_config("[http]\nlisten = \"127.0.0.1:0\"\n");
    let path = site.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a wait can be set");
    let heard = || {
        let mut bytes = [0; 512];
        let length = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{error}:\n{}", site.log()));
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let path = path.to_str().expect("text");
    let daemon = site.start_with(&[("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "100000")]);
    let up = heard();
    assert!(up.starts_with("READY=1\nSTATUS=up, metrics and health on 127.0.0.1:"), "{up}");
    assert_eq!([heard(), heard()], ["WATCHDOG=1\n", "WATCHDOG=1\n"]);
    daemon.signal("TERM");
    let mut last = heard();
    while last == "WATCHDOG=1\n" {
        last = heard();
    }
    assert!(last.starts_with("STOPPING=1\n"), "{last}");
    assert!(daemon.terminate().success());
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "region");
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority"))
    }

    /// Puts a certificate for localhost and its key in place as whoever renews them should: by renaming, the key first.
    fn renew(&self, site: &Site) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("good names");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2099, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        put(site, "console.key", &key.serialize_pem());
        put(site, "console.pem", &certificate.pem());
    }

    /// Whether what listens on this port shows a certificate of this authority.
    fn vouches_for(&self, port: u16) -> bool {
        sluis::delivery::http::install_crypto_provider();
        let roots = reqwest::Certificate::from_pem_bundle(self.0.pem().as_bytes()).expect("PEM");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only(roots).build();
            client.expect("a client").get(format!("https://localhost:{port}/")).send().await.is_ok()
        })
    }
}

fn put(site: &Site, name: &str, text: &str) {
    e2e::put(&site.path(""), name, text.as_bytes());
}

#[test]
fn renewed_certificates_of_the_console_count_and_sighup_names_those_that_do_not_fit() {
    let (old, new) = (Authority::new(), Authority::new());
    let site = Site::with_config(
        "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n[console]\nlisten = \"127.0.0.1:0\"\n\
         server_cert_file = \"console.pem\"\nserver_key_file = \"console.key\"\n",
    );
    old.renew(&site);
    let mut daemon = site.start();
    let port = daemon.console().port();
    until("the first certificate serves", || old.vouches_for(port), || site.log());
    assert!(!new.vouches_for(port));
    new.renew(&site);
    until("the renewed certificate serves", || new.vouches_for(port), || site.log());

    put(&site, "console.key", &KeyPair::generate().expect("a key").serialize_pem());
    daemon.signal("HUP");
    until("the fault is told", || site.log().contains("certificates.other_key"), || site.log());
    assert!(new.vouches_for(port), "the one before stays in use");
    assert!(daemon.terminate().success());
}

#[test]
fn checking_a_configuration_opens_what_it_names_and_tells_all_at_once() {
    let authority = Authority::new();
    let site = Site::with_config(
        "[http]\nlisten = \"nowhere\"\n[contract]\nregion = \"no-region\"\n[amqp]\nurl = \"amqps://broker.example\"\n\
         ca_file = \"none.pem\"\n[console]\nlisten = \"127.0.0.1:0\"\nserver_cert_file = \"console.pem\"\n\
         server_key_file = \"console.key\"\n",
    );
    authority.renew(&site);
    put(&site, "console.key", &KeyPair::generate().expect("a key").serialize_pem());
    fs::write(site.path("ledger.key"), "no key").expect("written");
    let check = || {
        let command = program().args(["config", "check", "--config"]).arg(site.path("sluis.toml")).output();
        let output = command.expect("it runs");
        (output.status.code(), said(&output))
    };
    let (code, text) = check();
    assert_eq!(code, Some(2), "{text}");
    for part in ["http.listen", "amqp.ca_file", "no-region", "[console] server_key_file", "ledger.key"] {
        assert!(text.contains(part), "{part} is not told:\n{text}");
    }
    assert_eq!(text.matches("none.pem").count(), 1, "once is enough:\n{text}");
    assert!(text.contains("10 fault(s)"), "the region lacks six files:\n{text}");

    fs::write(site.path("sluis.toml"), "").expect("written");
    fs::remove_file(site.path("ledger.key")).expect("removed");
    assert_eq!(check().0, Some(0), "{}", check().1);
    // By the variable that the packages set.
    let by_variable = program().args(["config", "check"]).env("SLUIS_CONFIG", site.path("sluis.toml")).output();
    let by_variable = by_variable.expect("it runs");
    assert!(by_variable.status.success() && said(&by_variable).contains("sluis.toml: no faults"), "{by_variable:?}");
}
