//! Runs the program as its users do.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What a run of the program gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The JSON objects of standard output, one a line.
    pub fn reports(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.out.lines().map(parse).collect()
    }

    /// The only report.
    pub fn report(&self) -> Value {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1, "one report: {self:#?}");
        reports.remove(0)
    }
}

/// A folder of a test, in which the program runs.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        Desk { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file on the desk and gives its name back.
    pub fn put<'n>(&self, name: &'n str, bytes: impl AsRef<[u8]>) -> &'n str {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder can be made");
        }
        std::fs::write(path, bytes).expect("a file can be written");
        name
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of the files in a folder.
    pub fn names(&self, folder: &str) -> BTreeSet<String> {
        let files = std::fs::read_dir(self.path(folder)).expect("the folder is there");
        files.map(|file| file.expect("it can be read").file_name().into_string().expect("names are plain")).collect()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_sluis"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Run { exit: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// A configuration file that names the sample register.
    pub fn config(&self, more: &str) -> &'static str {
        let region = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        self.put("sluis.toml", format!("[contract]\nregion = {:?}\n{more}", region.display().to_string()));
        "sluis.toml"
    }
}

pub fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings are a list");
    findings.iter().map(|finding| finding["rule"].as_str().expect("a rule has an id")).collect()
}

/// Fault codes of level 1.
pub fn faults(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings are a list");
    findings.iter().map(|finding| finding["facts"]["fault"].as_str().unwrap_or("")).collect()
}
