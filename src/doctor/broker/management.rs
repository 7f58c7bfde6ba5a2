//! What only the management plugin of the broker tells: alarms, the cluster, policies, permissions.

use super::{ALARM, DIVIDED, FORBIDDEN, MANAGEMENT, POLICY, Report};
use crate::config::Amqp;
use lapin::uri::AMQPUri;
use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::Value;
use std::time::Duration;

const ANSWER: Duration = Duration::from_secs(4);
/// Longest answer that is read.
const LONGEST: usize = 8 << 20;

/// Asks the management plugin; what it cannot tell, or to this user not, is said.
pub(super) async fn look(amqp: &Amqp, report: &mut Report) {
    let Some(management) = Management::of(amqp) else {
        report.findings.push(MANAGEMENT.found("its address cannot be read"));
        return;
    };
    let Ok(uri) = amqp.url.expose().parse::<AMQPUri>() else { return };
    let nodes = management.get(&["nodes"]).await;
    match nodes {
        Ok(nodes) => judge_nodes(&nodes, report),
        Err(why) => {
            report.findings.push(MANAGEMENT.found(why));
            return;
        }
    }
    for name in &amqp.queues {
        if let Ok(queue) = management.get(&["queues", &uri.vhost, name]).await {
            judge_queue(name, &queue, report);
        }
    }
    let user = uri.authority.userinfo.username.as_str();
    if let Ok(permissions) = management.get(&["users", user, "permissions"]).await {
        judge_permissions(&permissions, &uri.vhost, amqp, report);
    } else {
        let why = "permissions of the login: the user of management_url may not see them (tag `administrator`)";
        report.not_examined = Some(why.to_owned());
    }
}

struct Management {
    client: Client,
    base: Url,
}

impl Management {
    fn of(amqp: &Amqp) -> Option<Management> {
        let base = Url::parse(amqp.management_url.as_ref()?.expose()).ok()?;
        let mut builder = Client::builder().redirect(redirect::Policy::none()).no_proxy().timeout(ANSWER);
        if let Some(file) = &amqp.tls.ca_file {
            let pem = std::fs::read(file).ok()?;
            builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).ok()?);
        }
        Some(Management { client: builder.build().ok()?, base })
    }

    /// Reads what stands at a path below `/api`. Errors name neither address nor login.
    async fn get(&self, path: &[&str]) -> Result<Value, String> {
        let mut url = self.base.clone();
        let (user, password) = (url.username().to_owned(), url.password().map(str::to_owned));
        let bare = url.set_username("").and_then(|()| url.set_password(None));
        bare.map_err(|()| "its address cannot be read".to_owned())?;
        url.path_segments_mut()
            .map_err(|()| "its address cannot be read".to_owned())?
            .pop_if_empty()
            .push("api")
            .extend(path);
        let decode = |text: &str| percent_decoded(text);
        let request = self.client.get(url).basic_auth(decode(&user), password.as_deref().map(decode));
        let mut answer = request.send().await.map_err(|_| "it cannot be reached".to_owned())?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err("it refuses the login".to_owned()),
            other => return Err(format!("it answers {}", other.as_u16())),
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| "the connection broke off".to_owned())? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err("its answer is too long".to_owned());
            }
        }
        serde_json::from_slice(&body).map_err(|_| "what answers there is not the management plugin".to_owned())
    }
}

/// User and password as they were before they stood in an address.
fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.first_chunk::<2>().filter(|_| *first == b'%').and_then(|pair| hex::decode(pair).ok());
        if let Some(byte) = pair {
            decoded.extend(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            decoded.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn judge_nodes(nodes: &Value, report: &mut Report) {
    let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
    let is = |node: &Value, key: &str| node[key].as_bool().unwrap_or(false);
    for node in nodes {
        let name = node["name"].as_str().unwrap_or("a node");
        for (key, what) in [("disk_free_alarm", "disk"), ("mem_alarm", "memory")] {
            if is(node, key) {
                report.findings.push(ALARM.found(format!("{name} is short of {what}")));
            }
        }
        if node["running"] == Value::Bool(false) {
            report.findings.push(DIVIDED.found(format!("{name} does not run")));
        }
        if let Some(apart) = node["partitions"].as_array().filter(|apart| !apart.is_empty()) {
            report.findings.push(DIVIDED.found(format!("{name} is cut off from {} other(s)", apart.len())));
        }
    }
    report.facts.push(format!("{} node(s)", nodes.len()));
}

/// A policy may not undo what keeps parking from losing messages.
fn judge_queue(name: &str, queue: &Value, report: &mut Report) {
    if let Some(unacknowledged) = queue["messages_unacknowledged"].as_u64() {
        report.facts.push(format!("{name}: {unacknowledged} in work"));
    }
    let Some(policy) = queue["effective_policy_definition"].as_object() else { return };
    for (key, needed) in [("overflow", "reject-publish"), ("dead-letter-strategy", "at-least-once")] {
        // Arguments of the queue win over a policy, except where the queue was made without them.
        let argued = queue["arguments"][format!("x-{key}")].is_string();
        if let Some(set) = policy.get(key).and_then(Value::as_str)
            && set != needed
            && !argued
        {
            report.findings.push(POLICY.found(format!("queue {name}: a policy sets {key} = {set}")));
        }
    }
}

/// Names that the login must be able to reach, by right.
fn judge_permissions(permissions: &Value, vhost: &str, amqp: &Amqp, report: &mut Report) {
    let of_vhost = permissions.as_array().and_then(|all| all.iter().find(|one| one["vhost"] == vhost));
    let Some(rights) = of_vhost else {
        report.findings.push(FORBIDDEN.found(format!("it has no permissions in virtual host {vhost}")));
        return;
    };
    let mut needs = vec![("write", &amqp.exchange_out), ("write", &amqp.exchange_signals)];
    needs.extend(amqp.queues.iter().map(|queue| ("read", queue)));
    if amqp.declare {
        let names = [&amqp.parked_queue, &amqp.exchange_out, &amqp.exchange_signals];
        needs.extend(names.into_iter().chain(&amqp.queues).map(|name| ("configure", name)));
    }
    let lacking: Vec<String> = needs
        .into_iter()
        .filter(|(right, name)| !allows(rights[*right].as_str().unwrap_or_default(), name))
        .map(|(right, name)| format!("{right} on {name}"))
        .collect();
    if !lacking.is_empty() {
        report.findings.push(FORBIDDEN.found_in(format!("it lacks permissions in virtual host {vhost}"), lacking));
    }
}

/// Whether a pattern of the broker allows a name. An empty pattern allows nothing; one that cannot be read here is
/// taken to allow it.
fn allows(pattern: &str, name: &str) -> bool {
    if pattern.is_empty() {
        return false;
    }
    match regex_automata::dfa::dense::DFA::new(pattern) {
        Ok(dfa) => {
            use regex_automata::dfa::Automaton as _;
            dfa.try_search_fwd(&regex_automata::Input::new(name)).map_or(true, |found| found.is_some())
        }
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Secret, TlsFiles};
    use serde_json::json;

    fn sorts(report: &Report) -> Vec<&'static str> {
        report.findings.iter().map(|finding| finding.sort).collect()
    }

    #[test]
    fn nodes_tell_alarms_and_partitions() {
        let node = |change: Value| {
            let mut node = json!({"name": "a@b", "running": true, "disk_free_alarm": false, "mem_alarm": false,
                "partitions": []});
            for (key, value) in change.as_object().expect("an object") {
                node[key] = value.clone();
            }
            let mut report = Report::default();
            judge_nodes(&json!([node]), &mut report);
            sorts(&report)
        };
        assert!(node(json!({})).is_empty());
        assert_eq!(node(json!({"disk_free_alarm": true, "mem_alarm": true})), ["broker.alarm"; 2]);
        assert_eq!(node(json!({"running": false})), ["broker.divided"]);
        assert_eq!(node(json!({"partitions": ["c@d"]})), ["broker.divided"]);
        let mut report = Report::default();
        judge_nodes(&json!({"error": "x"}), &mut report);
        assert!(sorts(&report).is_empty(), "an answer of another form tells nothing");
    }

    #[test]
    fn a_policy_may_not_undo_safe_parking() {
        let look = |policy: Value, arguments: Value| {
            let mut report = Report::default();
            let queue = json!({"effective_policy_definition": policy, "arguments": arguments});
            judge_queue("sluis.in", &queue, &mut report);
            sorts(&report)
        };
        assert!(look(json!({}), json!({})).is_empty());
        assert!(look(json!({"overflow": "reject-publish"}), json!({})).is_empty());
        assert_eq!(look(json!({"overflow": "drop-head"}), json!({})), ["broker.policy"]);
        assert!(look(json!({"overflow": "drop-head"}), json!({"x-overflow": "reject-publish"})).is_empty());
        assert_eq!(look(json!({"dead-letter-strategy": "at-most-once"}), json!({})), ["broker.policy"]);
        assert!(look(Value::Null, json!({})).is_empty());
    }

    #[test]
    fn permissions_are_held_against_names() {
        let amqp = Amqp {
            url: Secret::new("amqp://u:p@localhost"),
            queues: vec!["sluis.in".to_owned()],
            parked_queue: "sluis.parked".to_owned(),
            exchange_out: "sluis.out".to_owned(),
            exchange_signals: "sluis.signals".to_owned(),
            prefetch: 1,
            prefetch_bytes: 1,
            declare: false,
            management_url: None,
            single_active_consumer: None,
            max_takes: 1,
            confirm_window: 1,
            confirm_deadline: Duration::from_secs(1),
            tls: TlsFiles::default(),
        };
        let lacks = |amqp: &Amqp, rights: Value| {
            let mut report = Report::default();
            judge_permissions(&rights, "/", amqp, &mut report);
            report.findings.first().map(|finding| finding.cases.clone())
        };
        let rights = |configure: &str, write: &str, read: &str| json!([{"vhost": "/", "configure": configure, "write": write, "read": read}]);
        assert_eq!(lacks(&amqp, rights("", "^sluis\\.(out|signals)$", "^sluis\\.in$")), None);
        assert_eq!(lacks(&amqp, rights("", ".*", "")), Some(vec!["read on sluis.in".to_owned()]));
        assert_eq!(lacks(&amqp, rights("", "^sluis\\.out$", ".*")), Some(vec!["write on sluis.signals".to_owned()]));
        assert_eq!(lacks(&amqp, json!([{"vhost": "other"}])), Some(Vec::new()), "no permissions at all");
        let amqp = Amqp { declare: true, ..amqp };
        assert_eq!(lacks(&amqp, rights("^sluis\\..*", ".*", ".*")), None);
        assert_eq!(lacks(&amqp, rights("^$", ".*", ".*")).map(|cases| cases.len()), Some(4));
    }

    #[test]
    fn logins_are_taken_out_of_addresses() {
        assert_eq!(percent_decoded("p%40ss%2Fw"), "p@ss/w");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
    }
}
