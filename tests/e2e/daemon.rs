//! `sluis run` in a folder of its own, started and ended as often as a test wants.

use super::{PATIENCE, bsns, files, is_hidden, name, put, traffic::Item, until};
use serde_json::Value;
use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The sample register as every site uses it: without the norms by which a gateway does something of its own every day.
/// Messages here are of another year than the clock of the machine, and a gateway that is killed starts its day anew.
pub fn region() -> PathBuf {
    static REGION: LazyLock<PathBuf> = LazyLock::new(|| {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("e2e-region-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder can be made");
        for file in files(&sample) {
            let mut text = fs::read_to_string(&file).expect("the sample register can be read");
            if name(&file) == "region.toml" {
                text = without_daily_work(&text);
            }
            fs::write(folder.join(name(&file)), text).expect("a register can be written");
        }
        folder
    });
    REGION.clone()
}

/// A profile with those norms only that judging a message asks for.
fn without_daily_work(profile: &str) -> String {
    const KEPT: [&str; 3] = ["[norms.step_up_gap_days]", "[norms.step_up_family]", "[norms.broken_periods]"];
    let mut keeps = true;
    let mut text = String::new();
    for line in profile.lines() {
        if line.starts_with('[') {
            keeps = !line.starts_with("[norms.") || KEPT.contains(&line);
        }
        if keeps {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// A check of the contract layer that every site lets hold: allocations wait once a budget has run out.
pub const HOLDS: &str = "D2";

/// The program, without anything that the environment of the tests says about its configuration.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("SLUIS_") {
            command.env_remove(variable);
        }
    }
    command.env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command
}

/// A folder with everything that one gateway has: configuration, spool, ledger, logs.
pub struct Site {
    dir: TempDir,
    lives: Cell<usize>,
}

impl Site {
    /// A folder with a configuration for the directory transport, the sample register and what `more` adds.
    pub fn new(more: &str) -> Site {
        let head = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n[contract]\nregion = '{}'\n\
             [policy]\n{HOLDS} = \"hold\"\n",
            region().display()
        );
        Site::with_config(&format!("{head}{more}"))
    }

    /// A folder with that configuration.
    pub fn with_config(text: &str) -> Site {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(dir.path().join("sluis.toml"), text).expect("a configuration can be written");
        fs::create_dir_all(dir.path().join("spool/in")).expect("a spool can be made");
        Site { dir, lives: Cell::new(0) }
    }

    /// The folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where messages come in.
    pub fn incoming(&self) -> PathBuf {
        self.path("spool/in")
    }

    /// Puts messages into the spool.
    pub fn send(&self, items: &[Item]) {
        for item in items {
            put(&self.incoming(), &item.name, &item.bytes);
        }
    }

    /// Messages that still lie in the spool, by name.
    pub fn waiting(&self) -> Vec<String> {
        let mut waiting = files(&self.incoming());
        waiting.retain(|file| file.extension().is_some_and(|ending| ending == "xml") && !is_hidden(file));
        waiting.iter().map(|file| name(file)).collect()
    }

    /// Complete files that left, below `out/` and `error/`.
    pub fn left(&self) -> Vec<PathBuf> {
        let mut left = files(&self.path("spool/out"));
        left.extend(files(&self.path("spool/error")));
        left.retain(|file| !is_hidden(file));
        left
    }

    /// How many documents left for a party.
    pub fn left_to(&self, party: &str) -> usize {
        let is_one = |path: &&PathBuf| {
            path.to_string_lossy().contains(party) && path.extension().is_some_and(|ending| ending == "xml")
        };
        self.left().iter().filter(is_one).count()
    }

    /// Starts the daemon.
    pub fn start(&self) -> Daemon {
        self.start_with(&[])
    }

    /// Starts the daemon with something more in its environment.
    pub fn start_with(&self, environment: &[(&str, &str)]) -> Daemon {
        let life = self.lives.get() + 1;
        self.lives.set(life);
        let log = self.path(&format!("life-{life:03}.log"));
        let file = File::create(&log).expect("a log can be made");
        let child = program()
            .args(["run", "--config"])
            .arg(self.path("sluis.toml"))
            .envs(environment.iter().copied())
            .stdout(file.try_clone().expect("a handle can be cloned"))
            .stderr(file)
            .spawn()
            .expect("the program can be started");
        Daemon { child, log, started: Instant::now() }
    }

    /// Runs a command on the site as a person called `installer` does, with something on its standard input.
    pub fn sluis(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = program()
            .args(arguments)
            .arg("--config")
            .arg(self.path("sluis.toml"))
            .env_remove("SUDO_USER")
            .env("USER", "installer")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        // A command that fails early reads nothing.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("it ends")
    }

    /// Makes an account that keeps the password it is given, with roles by comma.
    pub fn add_account(&self, name: &str, roles: &str, password: &str) -> Output {
        let arguments = ["account", "add", name, "--role", roles, "--own", "--password-stdin"];
        self.sluis(&arguments, &format!("{password}\n"))
    }

    /// Makes a token with scopes by comma; gives the token itself.
    pub fn add_token(&self, name: &str, scopes: &str) -> String {
        let made = self.sluis(&["token", "add", name, "--scope", scopes], "");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).expect("a token is text").trim().to_owned()
    }

    /// What the daemon said in all its lives.
    pub fn log(&self) -> String {
        let logs = files(self.dir.path()).into_iter().filter(|file| file.extension().is_some_and(|e| e == "log"));
        logs.map(|log| fs::read_to_string(log).expect("a log can be read")).collect()
    }

    /// What must hold of the log of any daemon: it never panicked, and it names nobody.
    pub fn assert_log_is_clean(&self) {
        let log = self.log();
        assert!(!log.contains("panicked"), "the daemon panicked:\n{}", tail(&log));
        let named = bsns(&log);
        assert!(named.is_empty(), "the log holds {} numbers of persons", named.len());
        assert!(!log.contains("Fictief"), "the log holds names of persons");
        // A parked message is one that a person must look at, and no fault of the daemon.
        let is_error = |line: &&str| line.contains("\"level\":\"ERROR\"") && !line.contains("\"parked ");
        let errors: Vec<&str> = log.lines().filter(is_error).collect();
        assert!(errors.is_empty(), "the daemon logged errors:\n{}", errors.join("\n"));
    }

    /// Keeps the folder for a look at it, when a test fails.
    pub fn describe(&self) -> String {
        format!("log of {}:\n{}", self.dir.path().display(), tail(&self.log()))
    }
}

/// The last lines of a text.
pub fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

/// A running daemon. It dies with the value.
pub struct Daemon {
    child: Child,
    log: PathBuf,
    /// When it was started.
    pub started: Instant,
}

impl Daemon {
    /// What it said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// Where it serves metrics and health; waits until it does.
    pub fn address(&mut self) -> SocketAddr {
        self.told("address")
    }

    /// Where its console is; waits until it is there.
    pub fn console(&mut self) -> SocketAddr {
        self.told("console.address")
    }

    /// Where it takes messages over HTTP; waits until it does.
    pub fn intake(&mut self) -> SocketAddr {
        self.told("intake.address")
    }

    /// An address that it tells in its log under that name; waits until it does.
    fn told(&mut self, name: &str) -> SocketAddr {
        let mut address = None;
        let log = self.log.clone();
        until(
            "the daemon is up",
            || {
                assert!(self.runs(), "the daemon ended:\n{}", tail(&self.log()));
                address = self.log().lines().find_map(|line| {
                    let line: Value = serde_json::from_str(line).ok()?;
                    line[name].as_str()?.parse().ok()
                });
                address.is_some()
            },
            || fs::read_to_string(&log).unwrap_or_default(),
        );
        address.expect("it was waited for")
    }

    /// Status and JSON of `/readyz`.
    pub fn ready(&mut self) -> (u16, Value) {
        let address = self.address();
        let (status, body) = super::get(address, "/readyz").expect("the daemon answers");
        (status, serde_json::from_str(&body).expect("readiness is JSON"))
    }

    /// The sum of a metric over all its labels, of lines that contain `label`.
    pub fn metric(&mut self, name: &str, label: &str) -> f64 {
        let address = self.address();
        let (status, body) = super::get(address, "/metrics").expect("the daemon answers");
        assert_eq!(status, 200);
        let lines = body.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// Kills it, as the kernel or a power cut does.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be awaited");
    }

    /// The most memory that it had so far, in bytes, as the kernel tells.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the kernel tells");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak is told");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, signal: &str) {
        signal_process(self.child.id(), signal);
    }

    /// Asks it to stop, and waits for that.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        wait(&mut self.child, PATIENCE).unwrap_or_else(|| panic!("it did not stop:\n{}", tail(&self.log())))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to one process. The standard library knows only the one that cannot be caught.
pub fn signal_process(id: u32, signal: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {id}")]).status().expect("there is a shell");
    assert!(sent.success(), "the process is there to be signalled");
}

/// Waits for a process to end by itself; `None` when it does not.
pub fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return Some(status);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
