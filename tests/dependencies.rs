//! The policy of `deny.toml`, enforced with every run of the tests: banned crates, sources and licences.
//!
//! Bans and sources are checked on `Cargo.lock`, so for every platform at once. Licences come from `cargo metadata` for
//! the platform at hand, without network: what was compiled is on this machine. Advisories need a database that is
//! fetched, and stay with `cargo deny`.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use toml_edit::{DocumentMut, Item};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_lock_file_keeps_the_policy() {
    let policy = Policy::read(&read("deny.toml"));
    let packages = locked_packages(&read("Cargo.lock"));
    assert!(packages.len() > 100, "the lock file should name all dependencies, found {}", packages.len());

    let breaches: Vec<String> = packages.iter().flat_map(|package| policy.breaches(package)).collect();

    assert!(breaches.is_empty(), "Cargo.lock breaks deny.toml:\n{}", breaches.join("\n"));
}

/// Without a root store, the AMQP client compiles and sends an `amqps://` address in plain text.
#[test]
fn the_amqp_client_is_built_with_tls() {
    let manifest: DocumentMut = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let features = manifest["dependencies"]["lapin"]["features"].as_array().expect("lapin names its features");
    let features: Vec<&str> = features.iter().filter_map(toml_edit::Value::as_str).collect();
    for needed in ["rustls--ring", "rustls-native-certs"] {
        assert!(features.contains(&needed), "lapin needs the feature {needed}: {features:?}");
    }
    let tls = read("src/transport/amqp/tls.rs");
    assert!(tls.contains("new_with_native_certs"), "the code names the root store, so that it fails to build without");
}

#[test]
fn every_licence_is_allowed() {
    let policy = Policy::read(&read("deny.toml"));
    let licences = licences_of_dependencies();
    assert!(licences.len() > 100, "cargo metadata should name all dependencies, found {}", licences.len());

    let breaches: Vec<String> = licences
        .iter()
        .filter(|(_, licence)| !policy.allows(licence))
        .map(|(package, licence)| format!("{package}: {licence:?}"))
        .collect();

    assert!(breaches.is_empty(), "licences outside the list in deny.toml:\n{}", breaches.join("\n"));
}

#[test]
fn every_allowed_licence_is_in_use() {
    let policy = Policy::read(&read("deny.toml"));
    let licences = licences_of_dependencies();

    for allowed in &policy.licences {
        let used = licences.values().any(|licence| tokens(licence).contains(&allowed.as_str()));
        assert!(used, "deny.toml allows {allowed}, which no dependency has: remove it from the list");
    }
}

#[test]
fn expressions_of_licences() {
    let policy = Policy { licences: vec!["MIT".into(), "Apache-2.0".into(), "ISC".into()], ..Policy::default() };
    let rows = [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("", false),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-3.0-only AND MIT", false),
        ("Apache-2.0/MIT", true),
        ("GPL-2.0 / MIT", true),
        ("(MIT OR GPL-3.0-only) AND ISC", true),
        ("ISC AND (GPL-3.0-only OR MPL-2.0)", false),
        // AND binds tighter than OR.
        ("MIT OR ISC AND GPL-3.0-only", true),
        ("GPL-3.0-only AND ISC OR MIT", true),
        // An exception only adds permissions, but it is another licence until somebody has read it.
        ("Apache-2.0 WITH LLVM-exception", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("MIT OR", false),
        ("(MIT", false),
        ("MIT ISC", false),
    ];
    for (licence, allowed) in rows {
        assert_eq!(policy.allows(licence), allowed, "{licence:?}");
    }
}

#[test]
fn breaches_of_bans_and_sources() {
    let policy = Policy::read(&read("deny.toml"));
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let rows = [
        ("serde", Some(registry), 0),
        ("openssl-probe", Some(registry), 0),
        ("sluis", None, 0),
        ("openssl-sys", Some(registry), 1),
        ("native-tls", Some(registry), 1),
        ("aws-lc-rs", Some(registry), 1),
        ("aws-lc-sys", Some(registry), 1),
        ("libxml", Some(registry), 1),
        ("serde", Some("git+https://example.org/serde#0123456"), 1),
        ("serde", Some("registry+https://example.org/index"), 1),
        // A path is a source of its own too: only the program itself may have one.
        ("serde", None, 1),
        ("libxml", Some("git+https://example.org/libxml#0123456"), 2),
    ];
    for (name, source, count) in rows {
        let package = Locked { name: name.into(), version: "1.0.0".into(), source: source.map(str::to_owned) };
        let breaches = policy.breaches(&package);
        assert_eq!(breaches.len(), count, "{name} from {source:?}: {breaches:?}");
    }
}

/// What `deny.toml` says, as far as it is enforced here.
#[derive(Default)]
struct Policy {
    /// Name of the crate and the reason.
    bans: BTreeMap<String, String>,
    licences: Vec<String>,
    /// Addresses of the registries that crates may come from.
    registries: Vec<String>,
}

/// One package of `Cargo.lock`.
struct Locked {
    name: String,
    version: String,
    /// Absent for packages from a path.
    source: Option<String>,
}

impl Policy {
    fn read(text: &str) -> Self {
        let file: DocumentMut = text.parse().expect("deny.toml is TOML");
        let bans: BTreeMap<String, String> = file["bans"]["deny"]
            .as_array()
            .expect("bans.deny is an array")
            .iter()
            .map(|ban| ban.as_inline_table().expect("a ban is an inline table"))
            .map(|ban| {
                let field = |key| ban.get(key).and_then(toml_edit::Value::as_str).map(str::to_owned);
                (field("crate").expect("a ban names its crate"), field("reason").expect("a ban names its reason"))
            })
            .collect();
        for field in ["unknown-registry", "unknown-git"] {
            assert_eq!(file["sources"][field].as_str(), Some("deny"), "sources.{field} in deny.toml");
        }
        Self {
            bans,
            licences: strings(&file["licenses"]["allow"]),
            registries: strings(&file["sources"]["allow-registry"]),
        }
    }

    fn breaches(&self, package: &Locked) -> Vec<String> {
        let title = format!("{} {}", package.name, package.version);
        let banned = self.bans.get(&package.name).map(|reason| format!("{title} is banned: {reason}"));
        let foreign = match package.source.as_deref() {
            None => (package.name != env!("CARGO_PKG_NAME")).then(|| format!("{title} comes from a path")),
            Some(source) => {
                let known = source
                    .strip_prefix("registry+")
                    .is_some_and(|address| self.registries.iter().any(|registry| registry == address));
                (!known).then(|| format!("{title} comes from {source}"))
            }
        };
        banned.into_iter().chain(foreign).collect()
    }

    /// Whether an SPDX expression can be met with the allowed licences alone. What cannot be read is not allowed.
    fn allows(&self, expression: &str) -> bool {
        let tokens = tokens(expression);
        let mut rest = tokens.as_slice();
        let allowed = self.any_of(&mut rest);
        rest.is_empty() && allowed == Some(true)
    }

    fn any_of(&self, rest: &mut &[&str]) -> Option<bool> {
        let mut allowed = self.all_of(rest)?;
        while take(rest, &["OR", "/"]) {
            allowed |= self.all_of(rest)?;
        }
        Some(allowed)
    }

    fn all_of(&self, rest: &mut &[&str]) -> Option<bool> {
        let mut allowed = self.one(rest)?;
        while take(rest, &["AND"]) {
            allowed &= self.one(rest)?;
        }
        Some(allowed)
    }

    fn one(&self, rest: &mut &[&str]) -> Option<bool> {
        if take(rest, &["("]) {
            let allowed = self.any_of(rest)?;
            return take(rest, &[")"]).then_some(allowed);
        }
        let (&name, tail) = rest.split_first()?;
        *rest = tail;
        if take(rest, &["WITH"]) {
            let (&exception, tail) = rest.split_first()?;
            *rest = tail;
            return Some(self.licences.contains(&format!("{name} WITH {exception}")));
        }
        Some(self.licences.iter().any(|licence| licence == name))
    }
}

fn take(rest: &mut &[&str], wanted: &[&str]) -> bool {
    let Some((_, tail)) = rest.split_first().filter(|(first, _)| wanted.contains(first)) else { return false };
    *rest = tail;
    true
}

/// The words of an expression, with parentheses and the old `/` for OR as words of their own.
fn tokens(expression: &str) -> Vec<&str> {
    let is_sign = |c: char| matches!(c, '(' | ')' | '/');
    expression
        .split_whitespace()
        .flat_map(|word| word.split_inclusive(is_sign))
        .flat_map(|part| {
            let (word, sign) = part.split_at(part.len() - usize::from(part.ends_with(is_sign)));
            [word, sign]
        })
        .filter(|token| !token.is_empty())
        .collect()
}

fn strings(item: &Item) -> Vec<String> {
    let values = item.as_array().expect("a list in deny.toml");
    values.iter().map(|value| value.as_str().expect("a list of strings").to_owned()).collect()
}

fn locked_packages(lock: &str) -> Vec<Locked> {
    let file: DocumentMut = lock.parse().expect("Cargo.lock is TOML");
    let packages = file["package"].as_array_of_tables().expect("Cargo.lock lists packages");
    packages
        .iter()
        .map(|package| {
            let field = |key| package.get(key).and_then(Item::as_str).map(str::to_owned);
            Locked {
                name: field("name").expect("a package has a name"),
                version: field("version").expect("a package has a version"),
                source: field("source"),
            }
        })
        .collect()
}

/// Name and version of each dependency, with its licence expression; empty when it states none.
fn licences_of_dependencies() -> BTreeMap<String, String> {
    let metadata = cargo(&["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", &host()]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    packages
        .iter()
        .filter(|package| !package["source"].is_null())
        .map(|package| (format!("{} {}", text(package, "name"), text(package, "version")), text(package, "license")))
        .collect()
}

fn host() -> String {
    let version = cargo(&["--version", "--verbose"]);
    version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo tells its host").to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(ROOT).output().expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?} failed: {errors}");
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

fn read(name: &str) -> String {
    let path = format!("{ROOT}/{name}");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("failed to read {path}: {error}"))
}
