//! A small region on disk, and the program that keeps it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use sluis::contract::Register;
use sluis::contract::register::{FILES, Files};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The small region that has no fault.
pub fn small() -> Files {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/register/small.txt");
    let text = fs::read_to_string(path).expect("the small region");
    let mut files = Files::new();
    for part in text.split("=== ").skip(1) {
        let (name, content) = part.split_once('\n').expect("a name on a line of its own");
        files.insert(name.to_owned(), content.as_bytes().to_vec());
    }
    assert_eq!(files.len(), FILES.len());
    files
}

/// The small region with texts replaced: file, text, its replacement.
pub fn changed(changes: &[(&str, &str, &str)]) -> Files {
    let mut files = small();
    for (file, from, to) in changes {
        let text = String::from_utf8(files[*file].clone()).expect("the region is UTF-8");
        assert!(text.contains(from), "{file} does not contain {from}");
        files.insert((*file).to_owned(), text.replacen(from, to, 1).into_bytes());
    }
    files
}

/// The version that these files have.
pub fn version(files: &Files) -> String {
    Register::parse(files).expect("no faults").version
}

/// Writes the files of a region into a folder.
pub fn write(folder: &Path, files: &Files) {
    fs::create_dir_all(folder).expect("a folder can be made");
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("a file can be written");
    }
}

/// `sluis` with nothing of the environment of the tests, as somebody who is logged in.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("SLUIS_") {
            command.env_remove(variable);
        }
    }
    command.env_remove("SUDO_USER").env("USER", "beheer");
    command
}

/// What a run of the program came to.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `sluis` in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let output = program().args(arguments).current_dir(folder).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let ran = Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    ran
}
