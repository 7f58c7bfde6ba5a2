//! A real browser: headless Chromium, driven over the WebDriver protocol with nothing but a socket, and ended with the
//! value, also when a test fails. A console that runs on real traffic, with accounts to sign in with.
//!
//! A flow begins with [`World::start`], goes on with [`World::sign_in`] and [`Browser::visit`], and asks the page by
//! [`Browser::run`]. [`Browser::complaints`] is what any page must live up to.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use crate::e2e::daemon::{Daemon, Site, tail};
use crate::e2e::traffic::Item;
use crate::e2e::{PATIENCE, until};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The password of all accounts of these tests.
const PASSWORD: &str = "zeven bruggen over de berkel";

/// A gateway with a console.
pub struct World {
    /// Its folder.
    pub site: Site,
    /// The gateway.
    pub daemon: Daemon,
    /// Where the console is.
    pub address: SocketAddr,
}

impl World {
    /// A gateway with these policies and settings that has judged this traffic and has nothing left to do.
    pub fn start(policies: &str, more: &str, traffic: &[Item]) -> World {
        let site = Site::new(&format!("{policies}[console]\nlisten = \"127.0.0.1:0\"\n{more}"));
        site.send(traffic);
        let mut daemon = site.start();
        daemon.address();
        let address = daemon.console();
        until("all messages are judged", || site.waiting().is_empty(), || site.describe());
        until("all has left", || daemon.metric("sluis_outbox_rows", "") < 0.5, || site.describe());
        World { site, daemon, address }
    }

    /// The address of a page.
    pub fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Makes an account of these roles as an administrator does, and signs in with it.
    pub fn sign_in(&self, browser: &Browser, name: &str, roles: &[&str]) {
        let added = self.site.add_account(name, &roles.join(","), PASSWORD);
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        browser.visit(&self.page("/login"));
        browser.run(
            "document.querySelector('input[name=name]').value = arguments[0];
             document.querySelector('input[name=password]').value = arguments[1];
             document.querySelector('main form button').click();",
            &[json!(name), json!(PASSWORD)],
        );
        until(
            "somebody is signed in",
            || browser.run("return location.pathname;", &[]) == json!("/"),
            || browser.text("body"),
        );
    }
}

/// A browser with a profile of its own.
pub struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Starts it.
    pub fn start() -> Browser {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let mut driver = Command::new("/usr/bin/chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (Debian: chromium-driver)");
        let said = BufReader::new(driver.stdout.take().expect("it was asked for"));
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("it says on which port it listens")));
        let mut browser = Browser { driver, address, session: String::new(), profile };
        let folder = browser.profile.path().display().to_string();
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ];
        let mut flags: Vec<String> = flags.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={folder}"));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let session = browser.send("POST", "/session", &wanted);
        session["sessionId"].as_str().expect("a session begins").clone_into(&mut browser.session);
        browser.prefer("light");
        browser
    }

    /// Shows a page, and waits until it is loaded.
    pub fn visit(&self, address: &str) {
        self.command("url", &json!({ "url": address }));
    }

    /// Runs a function body in the page; gives what it returns.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// The text of the first element that fits, as it is shown.
    pub fn text(&self, selector: &str) -> String {
        let text = self.run("return document.querySelector(arguments[0])?.innerText ?? '';", &[json!(selector)]);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks on the first element that fits, where the mouse would, and waits for the page that it leads to.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.command(&format!("element/{element}/click"), &json!({}));
    }

    /// Types into the first element that fits, key by key; `\u{E007}` is Enter.
    pub fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command("element", &json!({ "using": "css selector", "value": selector }));
        let id = found["element-6066-11e4-a52e-4f735466cecf"].as_str();
        id.unwrap_or_else(|| panic!("there is no {selector}:\n{}", self.text("main"))).to_owned()
    }

    /// Presses the tabulator, as people do who use no mouse.
    pub fn tab(&self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            self.develop("Input.dispatchKeyEvent", &key);
        }
    }

    /// Shows pages as to somebody who prefers dark ones, or light ones; always without motion, which a click would miss.
    pub fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.develop("Emulation.setEmulatedMedia", &features);
    }

    /// Makes the window that wide.
    pub fn widen(&self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.develop("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What the browser complained of since this was asked last: what the page may not do, or what could not be loaded.
    pub fn console(&self) -> Vec<String> {
        let lines = self.command("se/log", &json!({ "type": "browser" }));
        let lines = lines.as_array().cloned().unwrap_or_default();
        lines.iter().filter_map(|line| line["message"].as_str().map(str::to_owned)).collect()
    }

    /// What is wrong with a page for people who see it otherwise: labels, headings, tables, width.
    pub fn complaints(&self) -> Vec<String> {
        let found = self.run(COMPLAINTS, &[]);
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().filter_map(|complaint| complaint.as_str().map(str::to_owned)).collect()
    }

    /// Whether the page is wider than the window.
    pub fn scrolls_sideways(&self) -> bool {
        let wider = "return document.documentElement.scrollWidth > document.documentElement.clientWidth;";
        self.run(wider, &[]) == json!(true)
    }

    /// Writes a picture of the whole page to `target/screenshots`.
    pub fn picture(&self, name: &str) {
        let folder = pictures();
        fs::create_dir_all(&folder).expect("a folder can be made");
        let taken = self.develop("Page.captureScreenshot", &json!({ "format": "png", "captureBeyondViewport": true }));
        let bytes = base64(taken["data"].as_str().expect("a picture"));
        fs::write(folder.join(format!("{name}.png")), bytes).expect("a picture can be written");
    }

    fn develop(&self, command: &str, parameters: &Value) -> Value {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.send("POST", &format!("/session/{}/{path}", self.session), body)
    }

    /// Asks the driver; gives the value that it answers with.
    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.address).expect("the driver listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("the driver takes a command");
        let mut answer = Vec::new();
        // The driver keeps the connection open: its answer ends where it says so.
        let mut part = vec![0; 65_536];
        loop {
            let read = stream.read(&mut part).expect("the driver answers");
            answer.extend_from_slice(&part[..read]);
            let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
                assert!(read > 0, "the driver hung up");
                continue;
            };
            let length = String::from_utf8_lossy(&answer[..head]).lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if read == 0 || length.is_some_and(|length| answer.len() >= head + 4 + length) {
                let answer: Value = serde_json::from_slice(&answer[head + 4..]).expect("the driver answers in JSON");
                let value = answer["value"].clone();
                assert!(value["error"].is_null(), "the browser did not do {path}: {value}");
                return value;
            }
        }
    }
}

impl Browser {
    /// Ends the session, and with it the browser, which is no child of ours; waits until the driver says so.
    fn end(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (session, address) = (&self.session, self.address);
        write!(stream, "DELETE /session/{session} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n")?;
        stream.read_exact(&mut [0; 12])
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Also when a test fails, so nothing here may panic.
        let _ = self.end();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where pictures of pages go.
pub fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder").join("screenshots")
}

/// What a page must live up to, asked of the page itself.
const COMPLAINTS: &str = "
    const wrong = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const named = (e) => e.getAttribute('aria-label') || e.getAttribute('aria-labelledby');
    for (const e of all('input:not([type=hidden]), select, textarea'))
        if (!(e.labels && e.labels.length) && !named(e)) wrong.push('a field without a label: ' + e.name);
    for (const e of all('img')) if (!e.hasAttribute('alt')) wrong.push('an image without a text: ' + e.src);
    for (const e of all('svg'))
        if (!named(e) && e.getAttribute('aria-hidden') !== 'true') wrong.push('a drawing without a name: ' + e.outerHTML.slice(0, 80));
    for (const e of all('a[href], button'))
        if (!e.innerText.trim() && !named(e) && !e.closest('details:not([open])')) wrong.push('a link or button without words: ' + e.outerHTML.slice(0, 80));
    for (const e of all('th')) if (!e.hasAttribute('scope')) wrong.push('a heading of a table without scope: ' + e.innerText);
    for (const e of all('table')) if (!e.caption && !named(e)) wrong.push('a table without a caption');
    if (all('h1').length !== 1) wrong.push(all('h1').length + ' first headings');
    let level = 0;
    for (const e of all('main h1, main h2, main h3, main h4')) {
        if (+e.tagName[1] > level + 1) wrong.push('a heading is skipped before: ' + e.innerText);
        level = +e.tagName[1];
    }
    const ids = all('[id]').map((e) => e.id);
    for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push('an id stands twice: ' + id);
    for (const e of all('[aria-labelledby]'))
        for (const id of e.getAttribute('aria-labelledby').split(' '))
            if (!document.getElementById(id)) wrong.push('named by nothing: ' + id);
    for (const e of all('[tabindex]')) if (e.tabIndex > 0) wrong.push('it is reached out of turn: ' + e.outerHTML.slice(0, 80));
    for (const e of all('[style]')) wrong.push('a style that the browser refuses: ' + e.outerHTML.slice(0, 80));
    if (!document.documentElement.lang) wrong.push('no language');
    if (!document.querySelector('main')) wrong.push('no main part');
    if (getComputedStyle(document.body).fontFamily.startsWith('\"Times')) wrong.push('the stylesheet is not there');
    return wrong;
";

/// Bytes that the driver sends as text.
fn base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(u32::from(letter - b'A')),
        b'a'..=b'z' => Some(u32::from(letter - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(letter - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for part in text.bytes().filter_map(value) {
        held = held << 6 | part;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xFF).expect("eight bits"));
        }
    }
    bytes
}

/// The end of what a gateway said, for a test that fails.
pub fn said(world: &World) -> String {
    tail(&world.site.log())
}
