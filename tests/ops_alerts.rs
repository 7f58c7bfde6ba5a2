//! What stands in `ops/` for those who watch: alert rules, dashboards and the runbook hold together, use nothing that the
//! gateway does not tell, and a destination that is down alarms a real Prometheus until it is back.

mod e2e;

use e2e::daemon::{Site, tail};
use e2e::office::{Mood, Office};
use e2e::{free_address, traffic, until};
use serde_json::{Value, json};
use sluis::delivery::http::install_crypto_provider;
use sluis::telemetry::{Entry, Metric, Sort};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Metrics that neither a dashboard nor a rule uses, each with the reason.
const NOT_USED: [(Metric, &str); 0] = [];

const DASHBOARDS: [&str; 5] = ["overview", "flow", "providers", "budgets", "infrastructure"];

/// Pages of the console that dashboards lead to.
const PAGES: [&str; 9] =
    ["/", "/messages", "/held", "/parked", "/deliveries", "/signals", "/budgets", "/providers", "/health"];

fn ops(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ops").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(ops(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs a tool of Prometheus in `ops/prometheus`, with something on its standard input. It must find nothing wrong; gives
/// what it said.
fn sound(name: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(name)
        .args(arguments)
        .current_dir(ops("prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} is missing ({error}): `ops/test` installs it"));
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads what it gets");
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{name} {arguments:?}: {said}");
    said
}

// --- alert rules and the runbook ------------------------------------------------------------------------------------

/// A rule as it stands in `alerts.yml`.
#[derive(Debug)]
struct Rule {
    /// Name of the alert or of what is recorded.
    name: String,
    is_alert: bool,
    expr: String,
    /// Everything below its name.
    text: String,
}

/// The rules of the file. It is ours and written in one manner, which this reads; `promtool` counts them as well.
fn rules() -> Vec<Rule> {
    let text = read("prometheus/alerts.yml");
    let mut rules: Vec<Rule> = Vec::new();
    for line in text.lines() {
        let alert = line.strip_prefix("      - alert: ").map(|name| (name, true));
        let record = line.strip_prefix("      - record: ").map(|name| (name, false));
        if let Some((name, is_alert)) = alert.or(record) {
            rules.push(Rule { name: name.to_owned(), is_alert, expr: String::new(), text: String::new() });
        } else if let Some(rule) = rules.last_mut() {
            rule.text.push_str(line);
            rule.text.push('\n');
        }
    }
    for rule in &mut rules {
        let (_, after) = rule.text.split_once("        expr: ").unwrap_or_else(|| panic!("{} says nothing", rule.name));
        let folded = after.strip_prefix(">-\n");
        rule.expr = match folded {
            Some(folded) => {
                let lines = folded.lines().take_while(|line| line.starts_with("          "));
                lines.map(str::trim).collect::<Vec<_>>().join(" ")
            }
            None => after.lines().next().unwrap_or_default().to_owned(),
        };
    }
    rules
}

fn alerts() -> Vec<String> {
    rules().into_iter().filter(|rule| rule.is_alert).map(|rule| rule.name).collect()
}

/// Words of a text that begin like an alert.
fn named_alerts(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_alert = |word: &&str| word.strip_prefix("Sluis").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    words.filter(is_alert).map(str::to_owned).collect()
}

#[test]
fn every_alarm_begins_and_ends_in_a_test() {
    let checked = sound("promtool", &["check", "rules", "alerts.yml"], "");
    assert!(checked.contains(&format!("{} rules found", rules().len())), "{checked}");
    sound("promtool", &["test", "rules", "alerts.test.yml"], "");
    let tests = read("prometheus/alerts.test.yml");
    for alert in alerts() {
        let (_, test) =
            tests.split_once(&format!("  - name: {alert}\n")).unwrap_or_else(|| panic!("{alert} has no test"));
        let test = test.split("  - name: ").next().unwrap_or_default();
        let expr = format!("- expr: 'ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}}'");
        let looks: Vec<&str> = test.split(&expr).skip(1).collect();
        let fires: Vec<bool> = looks.iter().map(|look| look.contains("exp_samples")).collect();
        let (first, last) = (fires.first().copied(), fires.last().copied());
        assert_eq!((first, last), (Some(false), Some(false)), "{alert} is looked at before and after");
        assert!(fires.contains(&true), "{alert} is seen to fire");
    }
}

#[test]
fn every_alarm_has_its_section_and_every_section_its_alarm() {
    let runbook = read("runbook.md");
    let (_, alarms) = runbook.split_once("\n## Alarms\n").expect("the runbook has a chapter on alarms");
    let alarms = alarms.split("\n## ").next().expect("it begins");
    let mut sections: BTreeMap<&str, &str> = BTreeMap::new();
    for section in alarms.split("\n### ").skip(1) {
        let (name, text) = section.split_once('\n').expect("a section has a text");
        assert!(sections.insert(name, text).is_none(), "{name} is there twice");
    }
    let alerts = alerts();
    let wanted: BTreeSet<&str> = alerts.iter().map(String::as_str).collect();
    assert_eq!(sections.keys().copied().collect::<BTreeSet<&str>>(), wanted);
    for (name, text) in &sections {
        for part in ["- **Means:** ", "- **Hurts:** ", "- **Look at:** ", "- **Do:** ", "- **Over when:** "] {
            assert!(text.contains(part), "{name} does not say: {part}");
        }
    }
    for rule in rules().into_iter().filter(|rule| rule.is_alert) {
        let Rule { name, text, .. } = rule;
        let link = format!("runbook_url: ops/runbook.md#{}\n", name.to_lowercase());
        assert!(text.contains(&link), "{name} leads elsewhere");
        let severity = text.split_once("severity: ").and_then(|(_, rest)| rest.lines().next()).expect("it has one");
        assert!(["critical", "warning", "notice"].contains(&severity), "{name}: {severity}");
        assert!(text.contains("          summary: ") && text.contains("          description: "), "{name}");
        assert!(text.contains("        for: "), "{name} does not say for how long");
    }
    let known: BTreeSet<String> = alerts.into_iter().collect();
    for file in ["prometheus/alertmanager.example.yml", "runbook.md"] {
        for name in named_alerts(&read(file)) {
            assert!(known.contains(&name), "{file} names {name}, which does not exist");
        }
    }
}

#[test]
fn the_examples_are_valid() {
    sound("promtool", &["check", "config", "scrape.example.yml"], "");
    // Of the packages that bring the two programs, `ops/test` asks for the first only.
    let has_amtool = Command::new("amtool").arg("--version").output().is_ok();
    if has_amtool {
        sound("amtool", &["check-config", "alertmanager.example.yml"], "");
    }
    let text = read("prometheus/alertmanager.example.yml");
    let receivers: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("  - name: ")).collect();
    let used = text.lines().filter_map(|line| line.trim_start().strip_prefix("receiver: "));
    assert_eq!(used.collect::<BTreeSet<_>>(), receivers);
    let provisioning = read("grafana/provisioning.example.yml");
    assert!(provisioning.starts_with('#') && provisioning.contains("\nproviders:\n"), "{provisioning}");
}

// --- what expressions use -------------------------------------------------------------------------------------------

/// What an expression uses.
#[derive(Debug, Default)]
struct Uses {
    /// Metrics with the labels that are matched.
    metrics: Vec<(String, Vec<String>)>,
    /// Labels that are grouped by.
    groups: Vec<String>,
}

/// Reads an expression as far as names go; whether it is one, `promtool` says.
fn uses(expr: &str) -> Uses {
    const WORDS: [&str; 4] = ["and", "or", "unless", "bool"];
    const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
    let mut uses = Uses::default();
    let mut rest = expr;
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let end = rest[1..].find(first).unwrap_or_else(|| panic!("a text without an end: {expr}"));
            rest = &rest[end + 2..];
        } else if first == '[' {
            rest = &rest[rest.find(']').unwrap_or_else(|| panic!("a range without an end: {expr}"))..];
        } else if first.is_ascii_digit() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let next = after.trim_start();
            rest = after;
            if WORDS.contains(&name) {
                continue;
            }
            if GROUPING.contains(&name) {
                let (list, after) = next.split_once(')').unwrap_or_else(|| panic!("no list of labels: {expr}"));
                let labels = list.trim_start_matches('(').split(',').map(str::trim).filter(|label| !label.is_empty());
                uses.groups.extend(labels.map(str::to_owned));
                rest = after;
            } else if let Some(matchers) = next.strip_prefix('{') {
                let (matchers, after) = matchers.split_once('}').unwrap_or_else(|| panic!("no matchers: {expr}"));
                let labels =
                    matchers.split(',').map(|matcher| matcher.trim().split(['=', '!']).next().unwrap_or_default());
                uses.metrics.push((name.to_owned(), labels.map(str::to_owned).collect()));
                rest = after;
            } else if !["(", "by ", "without "].iter().any(|call| next.starts_with(call)) {
                uses.metrics.push((name.to_owned(), Vec::new()));
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    uses
}

#[test]
fn expressions_are_read_as_far_as_names_go() {
    let found =
        uses("topk(5, sum by (a, le) (rate(x_bucket{b=~\"1|2\", c!='z'}[5m]))) / on () group_left (d) y > 2e9 and z");
    let names: Vec<&str> = found.metrics.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x_bucket", "y", "z"]);
    assert_eq!(found.metrics[0].1, ["b", "c"]);
    assert_eq!(found.groups, ["a", "le", "d"]);
}

/// Every series that can be asked for, with its labels and the metric that it belongs to.
fn series() -> BTreeMap<String, (Vec<String>, Option<Metric>)> {
    let mut known = BTreeMap::new();
    for metric in Metric::ALL {
        let Entry { name, sort, labels, .. } = metric.entry();
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        if sort == Sort::Histogram {
            let with_bound = labels.iter().cloned().chain(["le".to_owned()]).collect();
            known.insert(format!("{name}_bucket"), (with_bound, Some(metric)));
            known.insert(format!("{name}_sum"), (labels.clone(), Some(metric)));
            known.insert(format!("{name}_count"), (labels, Some(metric)));
        } else {
            known.insert(name.to_owned(), (labels, Some(metric)));
        }
    }
    // What Prometheus adds by itself.
    known.insert("up".to_owned(), (Vec::new(), None));
    let of_alerts = ["alertname", "alertstate", "severity"].map(str::to_owned).to_vec();
    known.insert("ALERTS".to_owned(), (of_alerts, None));
    for rule in rules().into_iter().filter(|rule| !rule.is_alert) {
        known.insert(rule.name, (uses(&rule.expr).groups, None));
    }
    known
}

/// An expression of a dashboard as Prometheus gets it.
fn filled(expr: &str) -> String {
    let expr = expr.replace("$__rate_interval", "5m").replace("$__range", "1h");
    ["$instance", "$region", "$segment", "$provider"].iter().fold(expr, |expr, name| expr.replace(name, ".*"))
}

/// A dashboard's panels with something to show.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().expect("a dashboard has panels");
    panels.iter().filter(|panel| panel["type"] != "row").collect()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

fn dashboard(name: &str) -> Value {
    serde_json::from_str(&read(&format!("grafana/{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn dashboards_and_rules_use_what_the_gateway_tells_and_all_of_it() {
    let known = series();
    let mut used: BTreeSet<Metric> = BTreeSet::new();
    let mut look = |place: &str, expr: &str, legend: &str| {
        let Uses { metrics, groups } = uses(expr);
        assert!(!metrics.is_empty(), "{place}: {expr} uses nothing");
        let mut at_hand: BTreeSet<&str> = ["job", "instance"].into();
        for (name, matched) in &metrics {
            let (labels, metric) = known.get(name).unwrap_or_else(|| panic!("{place}: there is no metric {name}"));
            for label in matched {
                let is_known = labels.contains(label) || ["job", "instance"].contains(&label.as_str());
                assert!(is_known, "{place}: {name} has no label {label}");
            }
            at_hand.extend(labels.iter().map(String::as_str));
            used.extend(metric);
        }
        for label in &groups {
            assert!(at_hand.contains(label.as_str()), "{place}: nothing in {expr} has a label {label}");
        }
        for label in legend.split("{{").skip(1).filter_map(|part| part.split("}}").next()) {
            assert!(at_hand.contains(label), "{place}: nothing in {expr} has a label {label}");
            let kept = groups.is_empty() || groups.iter().any(|group| group == label);
            assert!(kept, "{place}: {label} is lost in {expr}");
        }
    };
    for rule in rules() {
        look(&rule.name, &rule.expr, "");
    }
    let mut expressions = Vec::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        for panel in panels(&dashboard) {
            let place = format!("{name}, {}", text(panel, "title"));
            for target in panel["targets"].as_array().expect("a panel asks something") {
                let expr = filled(text(target, "expr"));
                look(&place, &expr, text(target, "legendFormat"));
                expressions.push(expr);
            }
        }
        for variable in dashboard["templating"]["list"].as_array().expect("it has variables") {
            let Some(asked) = variable["definition"].as_str() else { continue };
            let inner = asked.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
            let (metric, label) = inner.and_then(|inner| inner.rsplit_once(", ")).expect("values of a label");
            look(&format!("{name}, variables"), metric, &format!("{{{{{label}}}}}"));
        }
    }
    for metric in Metric::ALL {
        let excused = NOT_USED.iter().any(|(not_used, _)| *not_used == metric);
        assert_ne!(used.contains(&metric), excused, "{}: use it on a dashboard, or say why not", metric.name());
    }
    // A rule file may be JSON too, which is easily made.
    let rules: Vec<Value> = (0..)
        .zip(&expressions)
        .map(|(number, expr): (usize, _)| json!({ "record": format!("panel:{number}"), "expr": expr }))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("panels.yml");
    fs::write(&file, json!({ "groups": [{ "name": "panels", "rules": rules }] }).to_string()).expect("written");
    let said = sound("promtool", &["check", "rules", file.to_str().expect("a path")], "");
    assert!(said.contains(&format!("{} rules found", expressions.len())), "{said}");
}

#[test]
fn dashboards_explain_themselves_and_lead_on() {
    let sections: BTreeSet<String> =
        alerts().iter().map(|alert| alert.to_lowercase()).chain(["alarms".to_owned()]).collect();
    let mut uids = BTreeSet::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        assert!(uids.insert(text(&dashboard, "uid").to_owned()), "{name} has the id of another");
        assert!(!text(&dashboard, "description").is_empty());
        let variables = dashboard["templating"]["list"].as_array().expect("variables");
        let names: Vec<&str> = variables.iter().map(|variable| text(variable, "name")).collect();
        for wanted in ["datasource", "console", "docs"] {
            assert!(names.contains(&wanted), "{name} has no variable {wanted}");
        }
        let mut places: Vec<(u64, u64, u64, u64)> = Vec::new();
        for panel in dashboard["panels"].as_array().expect("panels") {
            let place = &panel["gridPos"];
            let at = |key: &str| place[key].as_u64().unwrap_or_else(|| panic!("{name}: a panel without a place"));
            let (x, y, w, h) = (at("x"), at("y"), at("w"), at("h"));
            assert!(x + w <= 24, "{name}: a panel is wider than the page");
            let overlaps = |other: &&(u64, u64, u64, u64)| {
                x < other.0 + other.2 && other.0 < x + w && y < other.1 + other.3 && other.1 < y + h
            };
            assert!(!places.iter().any(|other| overlaps(&other)), "{name}: {} lies over another", panel["title"]);
            places.push((x, y, w, h));
        }
        for panel in panels(&dashboard) {
            let title = text(panel, "title");
            assert!(text(panel, "description").ends_with('.'), "{name}, {title}: it does not say what it tells");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}, {title}");
            assert!(!text(&panel["fieldConfig"]["defaults"], "unit").is_empty(), "{name}, {title}: no unit");
            for link in panel["links"].as_array().expect("links, if only none") {
                let url = text(link, "url");
                let runbook = url.strip_prefix("${docs}/ops/runbook.md#").map(|section| sections.contains(section));
                let page =
                    url.strip_prefix("${console}").map(|page| PAGES.contains(&page.split('?').next().unwrap_or(page)));
                assert_eq!(runbook.or(page), Some(true), "{name}, {title}: {url} leads nowhere");
            }
        }
    }
}

// --- a real Prometheus ----------------------------------------------------------------------------------------------

/// A Prometheus with the rules, quickened, that scrapes a gateway every two seconds. It ends with the value.
struct Prometheus {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

/// The rules with waits of seconds instead of minutes.
fn quick_rules() -> String {
    let quick = |line: &str| {
        let trimmed = line.trim_start();
        if trimmed.starts_with("for: ") || trimmed.starts_with("keep_firing_for: ") || trimmed.starts_with("interval: ")
        {
            let (key, _) = line.split_once(": ").expect("a key");
            format!("{key}: 1s\n")
        } else {
            format!("{line}\n")
        }
    };
    read("prometheus/alerts.yml").lines().map(quick).collect()
}

impl Prometheus {
    fn watch(gateway: SocketAddr) -> Prometheus {
        install_crypto_provider();
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
        write("alerts.yml", &quick_rules());
        write(
            "prometheus.yml",
            &format!(
                "global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}\nrule_files: [alerts.yml]\n\
                 scrape_configs:\n  - job_name: sluis\n    static_configs:\n      - targets: ['{gateway}']\n"
            ),
        );
        // It cannot tell which port it took, so one is looked for.
        let address = free_address();
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let child = Command::new("prometheus")
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus is missing ({error}): `ops/test` installs it"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Prometheus { child, address, folder, runtime }
    }

    /// Asks its API; `None` while it is not ready.
    fn ask(&self, path: &str) -> Option<Value> {
        let url = format!("http://{}/api/v1/{path}", self.address);
        self.runtime.block_on(async {
            let answer = reqwest::get(url).await.ok()?.text().await.ok()?;
            let answer: Value = serde_json::from_str(&answer).ok()?;
            (answer["status"] == "success").then(|| answer["data"].clone())
        })
    }

    /// Alarms that fire, by name.
    fn firing(&self) -> BTreeMap<String, Value> {
        let alerts = self.ask("alerts").and_then(|data| data["alerts"].as_array().cloned()).unwrap_or_default();
        let firing = alerts.into_iter().filter(|alert| alert["state"] == "firing");
        firing.map(|alert| (text(&alert["labels"], "alertname").to_owned(), alert)).collect()
    }

    /// The value of an expression that gives one number.
    fn value(&self, expr: &str) -> Option<f64> {
        let data = self.ask(&format!("query?query={}", expr.replace(' ', "%20")))?;
        data["result"][0]["value"][1].as_str()?.parse().ok()
    }

    fn describe(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        format!("firing: {:?}\nlog of Prometheus:\n{}", self.firing().keys(), tail(&log))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every line of a scrape is of a metric of the registry, with its labels.
fn assert_scrape_is_as_told(scrape: &str) {
    let known = series();
    for line in scrape.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).expect("a line has a name");
        let (labels, _) = known.get(&line[..end]).unwrap_or_else(|| panic!("nobody knows {line}"));
        for label in uses(line.rsplit_once(' ').expect("a value").0).metrics.iter().flat_map(|(_, labels)| labels) {
            assert!(labels.contains(label), "nobody knows the label {label} of {line}");
        }
    }
}

#[test]
fn a_destination_that_is_down_alarms_until_it_is_back() {
    let office = Office::open(Mood::Fails);
    let site = Site::new(&format!(
        "[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"20ms\"\nmax_retry = \"100ms\"\n\
         [[silence]]\nname = \"noord\"\nparties = [\"42420001\"]\nafter = \"1 working hour\"\nhours = \"00:00-24:00\"\n\
         [[back_office]]\ngemeente = \"0197\"\nurl = \"http://{}/berichten\"\n",
        office.address
    ));
    let mut daemon = site.start();
    let address = daemon.address();
    let prometheus = Prometheus::watch(address);
    site.send(&traffic::chains(3));
    until(
        "the alarm fires",
        || prometheus.firing().contains_key("SluisDestinationDown"),
        || format!("{}\n{}", prometheus.describe(), site.describe()),
    );
    let firing = prometheus.firing();
    let alarm = &firing["SluisDestinationDown"];
    assert_eq!(alarm["labels"]["destination"], "http 0197");
    assert_eq!(alarm["annotations"]["summary"], "http 0197 takes nothing");
    assert_eq!(alarm["annotations"]["runbook_url"], "ops/runbook.md#sluisdestinationdown");

    office.set(Mood::Works);
    until(
        "the alarm ends",
        || !prometheus.firing().contains_key("SluisDestinationDown"),
        || format!("{}\n{}", prometheus.describe(), site.describe()),
    );
    until("everything arrived", || daemon.metric("sluis_outbox_rows", "").abs() < 0.5, || site.describe());
    let forwards = "sum(sluis_end_to_end_seconds_count{purpose=\"forward\"})";
    until(
        "what arrived is counted",
        || prometheus.value(forwards).is_some_and(|count| count >= 1.0),
        || prometheus.describe(),
    );
    // All rules were evaluated, not only parsed.
    let groups = prometheus.ask("rules").expect("it tells its rules");
    let evaluated: Vec<&Value> = groups["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"))
        .collect();
    assert_eq!(evaluated.len(), rules().len());
    for rule in evaluated {
        assert_eq!(rule["health"], "ok", "{rule}");
    }

    let (_, scrape) = e2e::get(address, "/metrics").expect("the daemon answers");
    sound("promtool", &["check", "metrics"], &scrape);
    assert_scrape_is_as_told(&scrape);
    assert!(e2e::bsns(&scrape).is_empty(), "metrics name nobody");
    for line in [
        "sluis_silent{expectation=\"noord\"} 0",
        "sluis_silence_limit_seconds{expectation=\"noord\"} 3600",
        "sluis_component_losses_total{component=\"directory\"} 0",
        "sluis_deliveries_total{destination=\"http 0197\",outcome=\"sent\",purpose=\"forward\"} ",
        "sluis_last_message_timestamp_seconds{law=\"wmo\",number=\"305\",party=\"provider\"} ",
        "sluis_provider_messages_total{provider=\"42420001\",verdict=\"accepted\"} ",
        "sluis_intake_queue_messages{queue=\"in\"} 0",
        "sluis_key_age_seconds{sort=\"body\"} ",
        "process_cpu_seconds_total ",
    ] {
        assert!(scrape.lines().any(|found| found.starts_with(line)), "{line} is not in\n{scrape}");
    }
    assert!(daemon.terminate().success());
}
