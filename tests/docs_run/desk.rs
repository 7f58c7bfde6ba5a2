//! A desk at which a page is read and its commands are typed: a folder, programs, and what stands in for what only an
//! installed machine has.
#![allow(unreachable_pub, reason = "its items are those of the test that it belongs to")]

use crate::e2e::{PATIENCE, daemon::program};
use crate::{ENDS, LEFT_OUT, pages};
use pages::{Block, readings, root};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Paths of an installed machine, and where they are at a desk.
const PLACES: [(&str, &str); 9] = [
    ("/etc/sluis/sluis.toml", "\"$SITE\"/sluis.toml"),
    ("/etc/sluis", "\"$SITE\"/installed/etc"),
    ("/etc/systemd/system/", "\"$SITE\"/installed/"),
    ("/usr/bin/sluis", "\"$SITE\"/installed/sluis"),
    ("/backup/", "\"$SITE\"/installed/"),
    ("https://gateway.example:8311", "\"$INTAKE\""),
    ("/var/lib/sluis", "\"$SITE\""),
    ("--since 2026-11-01", "--since \"$YESTERDAY\""),
    // What is run there does not end by itself: it ends as soon as it is up.
    ("target/release/sluis run", "until_up target/release/sluis run"),
];

/// Programs that are not what they are elsewhere: tests need not be root, and change nothing on the machine.
const STAND_INS: [(&str, &str); 9] = [
    ("cargo", "[ \"$1 $2 $3\" = 'run --release --' ] && shift 3 && exec sluis \"$@\""),
    ("sudo", "[ \"$1 $2\" = '-u sluis' ] && shift 2 && exec \"$@\""),
    ("runuser", "[ \"$1 $2 $3\" = '-u sluis --' ] && shift 3 && exec \"$@\""),
    // What `sluisctl` calls.
    ("setpriv", "while [ \"${1#--}\" != \"$1\" ]; do shift; done; exec \"$@\""),
    ("id", "echo 0"),
    // Nobody here is in the group sluis.
    (
        "install",
        "for word; do shift; [ \"$word\" = -g ] || [ \"$word\" = sluis ] || set -- \"$@\" \"$word\"; done; exec /usr/bin/install \"$@\"",
    ),
    ("rabbitmqctl", "exec \"$SLUIS_TEST_AMQP_CTL\" \"$@\""),
    ("rabbitmqadmin", "exec /usr/bin/rabbitmqadmin --host 127.0.0.1 --port \"$MANAGEMENT_PORT\" --vhost care \"$@\""),
    (
        "until_up",
        "\"$@\" >up.log 2>&1 & until grep -q 'is up' up.log; do kill -0 $! || { cat up.log; exit 1; }; sleep 0.05; done; \
         kill $!; wait $!",
    ),
];

/// The password that is typed wherever one is asked for.
const PASSWORD: &str = "drie bruggen over de IJssel";

/// Who reads, and where.
pub struct Desk {
    /// The folder in which commands are typed.
    pub at: PathBuf,
    /// What the commands find in their environment.
    pub variables: Vec<(String, String)>,
    tools: tempfile::TempDir,
}

/// What a command printed, and how it ended.
pub struct Said {
    pub code: i32,
    pub text: String,
}

impl Desk {
    /// A desk in a folder.
    pub fn new(at: &Path) -> Desk {
        let tools = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            let path = tools.path().join(name);
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
        };
        for (name, text) in STAND_INS {
            put(name, &format!("#!/bin/bash\n{text}\n"));
        }
        // The package's own, which finds everything at its place on an installed machine.
        let installed = fs::read_to_string(root().join("ops/debian/sluisctl")).expect("it is there");
        let here = installed.replace("/etc/sluis", &at.display().to_string()).replace("/usr/bin/sluis", "sluis");
        put("sluisctl", &here);
        symlink(env!("CARGO_BIN_EXE_sluis"), tools.path().join("sluis")).expect("linked");
        fs::create_dir_all(at.join("target/release")).expect("made");
        let built = at.join("target/release/sluis");
        if !built.exists() {
            symlink(env!("CARGO_BIN_EXE_sluis"), built).expect("linked");
        }
        fs::create_dir_all(at.join("installed/etc")).expect("made");
        let yesterday = jiff::Zoned::now().date().yesterday().expect("there was one").to_string();
        let mut desk = Desk { at: at.to_owned(), variables: Vec::new(), tools };
        desk.set("SITE", &at.display().to_string());
        desk.set("YESTERDAY", &yesterday);
        desk
    }

    /// Gives its commands a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn shell(&self, of: Command, script: &str) -> Command {
        let mut command = of;
        let path = format!("{}:{}", self.tools.path().display(), std::env::var("PATH").unwrap_or_default());
        command
            .args(["-c", script])
            .current_dir(&self.at)
            .env("PATH", path)
            .env("USER", "lezer")
            .env_remove("SUDO_USER")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(ctl) = std::env::var_os("SLUIS_TEST_AMQP_CTL") {
            command.env("SLUIS_TEST_AMQP_CTL", ctl);
        }
        command
    }

    /// Types commands into one shell, which stops at the first that ends otherwise than it should.
    pub fn type_in(&self, commands: &[String]) -> Result<String, String> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let mut script = String::from(
            "typed() { eval \"$1\"; code=$?; case \" $2 \" in *\" $code \"*) ;; *) echo \"it ends with $code: $1\"; exit 1 ;; esac; }\n",
        );
        for command in commands {
            let ends = ends(command).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let here = PLACES.iter().fold(command.clone(), |text, (there, here)| text.replace(there, here));
            script.push_str(&format!("typed {} {}\n", quoted(&here), quoted(&ends)));
        }
        let said = if commands.iter().any(|command| command.contains("account add")) {
            self.answer(&script)
        } else {
            // Whoever makes a login of the broker without a password is asked for one.
            self.wait(bare("bash"), &script, "geheim\n")
        };
        if said.code == 0 { Ok(said.text) } else { Err(said.text) }
    }

    fn wait(&self, shell: Command, script: &str, input: &str) -> Said {
        let mut child = self
            .shell(shell, &format!("exec 2>&1\n{script}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        // Most read nothing.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        Said { code: output.status.code().unwrap_or(-1), text: String::from_utf8_lossy(&output.stdout).into_owned() }
    }

    /// At a terminal, where a password is typed whenever one is asked for.
    fn answer(&self, script: &str) -> Said {
        let file = self.tools.path().join("script.sh");
        fs::write(&file, script).expect("written");
        let mut child = self
            .shell(bare("bash"), &format!("exec script -qefc 'bash {}' /dev/null", file.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let (mut keys, mut screen) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (mut text, mut since, end) = (String::new(), 0, Instant::now() + PATIENCE);
        let mut bytes = [0; 1];
        while screen.read(&mut bytes).is_ok_and(|read| read > 0) && Instant::now() < end {
            text.push(char::from(bytes[0]));
            let asks =
                text.ends_with(": ") && ["password of", "once more"].iter().any(|word| text[since..].contains(word));
            if asks {
                since = text.len();
                keys.write_all(format!("{PASSWORD}\n").as_bytes()).expect("it reads");
            }
        }
        let code = child.wait().expect("it ends").code().unwrap_or(-1);
        Said { code, text }
    }
}

/// A program without what the tests' own environment says of Sluis.
fn bare(name: &str) -> Command {
    let mut command = Command::new(name);
    for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SLUIS_")) {
        command.env_remove(variable);
    }
    command
}

/// The codes with which a command may end.
fn ends(command: &str) -> &'static [i32] {
    // However the program is called.
    let bare = ["target/release/", "runuser -u sluis -- "].iter().find_map(|call| command.strip_prefix(call));
    let known = |start: &str| bare.unwrap_or(command).starts_with(start);
    ENDS.iter().find(|(start, ..)| known(start)).map_or(&[0], |(_, codes, _)| *codes)
}

/// Whether a command is one that cannot be typed here.
pub fn is_left_out(command: &str) -> bool {
    LEFT_OUT.iter().any(|(start, ..)| command.starts_with(start))
}

/// The commands of a block; of one that shows what is optional, each way in which it can be meant.
pub fn commands(block: &Block) -> Vec<String> {
    let mut commands = Vec::new();
    let mut open = String::new();
    for line in block.text.lines() {
        open.push_str(line);
        if open.ends_with('\\') {
            open.push('\n');
            continue;
        }
        let command = std::mem::take(&mut open);
        let words = command.split(" #").next().unwrap_or_default().trim();
        let is_synopsis = words.contains("sluis ") && words.contains(" [") || words.contains(" (");
        if is_synopsis {
            commands.extend(readings(&words.replace("\\\n", " ")));
        } else if !words.is_empty() {
            commands.push(words.to_owned());
        }
    }
    commands
}

/// Runs the program itself at a site; what it prints.
pub fn ask(config: &Path, arguments: &[&str]) -> String {
    let output = program().args(arguments).arg("--config").arg(config).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
