//! Writes the configuration in effect, as the file that would lead to it; secrets as stars.

use super::silence::{show_after, show_hours};
use super::units::{show_duration, show_size};
use super::{Config, HttpIntake, LogFormat, Oidc, TlsFiles, Transport};
use crate::ledger::Location;
use crate::sender::{Parties, Sender};
use std::collections::BTreeSet;
use std::fmt::{Display, Write};

pub(super) fn show(config: &Config) -> String {
    let mut page = Page(String::new());
    page.section("[gateway]");
    page.text("name", &config.gateway.name);
    page.text("heartbeat", show_duration(config.gateway.heartbeat));
    page.text("lapse", show_duration(config.gateway.lapse));
    page.section("[intake]");
    page.list("transports", config.intake.iter().map(|transport| transport.as_str().to_owned()));
    show_senders_on(&mut page, config);
    page.section("[directory]");
    page.text("root", config.directory.root.display());
    page.text("poll", show_duration(config.directory.poll));
    page.bare("files_per_round", config.directory.files_per_round);
    if let Some(amqp) = &config.amqp {
        page.section("[amqp]");
        page.text("url", amqp.url.address());
        page.list("queue", amqp.queues.iter().cloned());
        page.text("parked_queue", &amqp.parked_queue);
        page.text("exchange_out", &amqp.exchange_out);
        page.text("exchange_signals", &amqp.exchange_signals);
        page.bare("prefetch", amqp.prefetch);
        page.text("prefetch_bytes", show_size(amqp.prefetch_bytes));
        page.bare("declare", amqp.declare);
        if let Some(url) = &amqp.management_url {
            page.text("management_url", url.address());
        }
        match amqp.single_active_consumer {
            None => page.text("single_active_consumer", "auto"),
            Some(single) => page.bare("single_active_consumer", single),
        }
        page.bare("max_takes", amqp.max_takes);
        page.bare("confirm_window", amqp.confirm_window);
        page.text("confirm_deadline", show_duration(amqp.confirm_deadline));
        page.tls(&amqp.tls);
    }
    page.section("[ledger]");
    match (&config.ledger.location, &config.ledger.url) {
        (Location::Server(server), Some(url)) => {
            page.text("url", url.address());
            page.text("schema", server.schema());
            page.tls(&config.ledger.tls);
        }
        (location, _) => page.text("path", location),
    }
    page.text("key_file", config.ledger.key_file.display());
    page.section("[http]");
    page.text("listen", config.http.listen);
    if let Some(listen) = config.console.listen {
        page.section("[console]");
        page.text("listen", listen);
        for (key, file) in config.console.files() {
            page.text(key, file.display());
        }
        if let Some(url) = &config.console.public_url {
            page.text("public_url", url);
        }
        page.text("session_idle", show_duration(config.console.session_idle));
        page.text("session_longest", show_duration(config.console.session_longest));
        page.bare("api_requests", config.console.api_requests);
    }
    if let Some(oidc) = &config.oidc {
        show_oidc(&mut page, oidc);
    }
    show_http_intake(&mut page, &config.http_intake);
    page.section("[limits]");
    page.text("max_bytes", show_size(config.limits.max_bytes));
    page.bare("max_depth", config.limits.max_depth);
    page.bare("max_attributes", config.limits.max_attributes);
    page.bare("max_value_chars", config.limits.max_value_chars);
    page.bare("max_faults", config.limits.max_faults);
    page.section("[replies]");
    page.text("unknown", config.unknown_question.as_str());
    page.section("[contract]");
    if !config.regions.is_empty() {
        page.list("region", config.regions.iter().map(|folder| folder.display().to_string()));
    }
    if let Some(store) = &config.register_store {
        page.text("store", store.display());
    }
    page.text("poll", show_duration(config.register_poll));
    page.section("[delivery]");
    page.text("default", config.delivery.default.as_str());
    page.text("first_retry", show_duration(config.delivery.first_retry));
    page.text("max_retry", show_duration(config.delivery.max_retry));
    page.bare("window", config.delivery.window);
    page.text("slow_retry", show_duration(config.delivery.slow_retry));
    page.bare("breaker_after", config.delivery.breaker_after);
    page.bare("set_aside_after", config.delivery.set_aside_after);
    page.text("order", config.delivery.order.as_str());
    page.section("[log]");
    page.text("level", &config.log.level);
    page.text(
        "format",
        match config.log.format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        },
    );
    page.section("[waiting_room]");
    if let Some(longest) = config.waiting_room.longest {
        page.text("longest", show_duration(longest));
    }
    page.bare("max_messages", config.waiting_room.max_messages);
    page.section("[holds]");
    page.bare("remind_after", config.holds.remind_after);
    page.0.push_str(&super::retention::show(&config.retention));
    page.section("[shutdown]");
    page.text("deadline", show_duration(config.shutdown.deadline));
    page.policy(config);
    for sender in config.senders.list() {
        show_sender(&mut page, sender);
    }
    for expectation in &config.silence {
        page.section("[[silence]]");
        page.text("name", &expectation.name);
        page.list("parties", expectation.parties.iter().cloned());
        if !expectation.kinds.is_empty() {
            page.list("kinds", expectation.kinds.iter().map(ToString::to_string));
        }
        page.text("after", show_after(expectation));
        page.text("hours", show_hours(expectation.hours));
    }
    for office in config.back_offices.values() {
        page.section("[[back_office]]");
        page.text("gemeente", &office.gemeente);
        page.text("url", office.url.address());
        page.text("timeout", show_duration(office.timeout));
        page.bare("in_flight", office.in_flight);
        if let Some(order) = office.order {
            page.text("order", order.as_str());
        }
        page.tls(&office.tls);
    }
    page.0
}

fn show_senders_on(page: &mut Page, config: &Config) {
    let is_open = |transport: &Transport| !config.senders.are_bound_on(transport.as_str());
    let open: Vec<Transport> = Transport::ALL.into_iter().filter(is_open).collect();
    page.text("senders", if open.len() == Transport::ALL.len() { "open" } else { "bound" });
    if !open.is_empty() && open.len() < Transport::ALL.len() {
        page.list("open", open.iter().map(|transport| transport.as_str().to_owned()));
    }
}

fn show_http_intake(page: &mut Page, intake: &HttpIntake) {
    page.section("[http_intake]");
    page.text("listen", intake.listen);
    page.bare("plain", intake.plain);
    for (key, file) in intake.files() {
        page.text(key, file.display());
    }
    page.text("head_timeout", show_duration(intake.head_timeout));
    page.text("body_timeout", show_duration(intake.body_timeout));
    page.bare("requests_at_once", intake.requests_at_once);
    page.text("bytes_at_once", show_size(intake.bytes_at_once));
}

fn show_oidc(page: &mut Page, oidc: &Oidc) {
    page.section("[oidc]");
    page.text("issuer", &oidc.issuer);
    page.text("client_id", &oidc.client_id);
    page.text("client_secret", &oidc.client_secret);
    page.text("name", &oidc.name);
    page.list("scopes", oidc.scopes.iter().cloned());
    page.text("roles_claim", &oidc.roles_claim);
    let roles = oidc.roles.iter().flat_map(|(value, roles)| roles.iter().map(move |role| (value, role)));
    page.list("roles", roles.map(|(value, role)| format!("{value}={}", role.as_str())));
    for (key, file) in oidc.files() {
        page.text(key, file.display());
    }
}

/// Hashes of tokens are shown: what they are hashes of was drawn at random, and cannot be found by trying.
fn show_sender(page: &mut Page, sender: &Sender) {
    page.section("[[sender]]");
    page.text("name", &sender.name);
    match &sender.parties {
        Parties::These(parties) => page.list("parties", parties.iter().cloned()),
        Parties::All => page.list("parties", std::iter::once("*".to_owned())),
    }
    if sender.is_for_accounts() {
        page.bare("accounts_only", true);
    }
    let tokens: Vec<String> = sender.tokens.iter().map(|token| hex::encode(token.0)).collect();
    for (key, values) in [
        ("amqp_user", &sender.amqp_users),
        ("certificate", &sender.certificates),
        ("folder", &sender.folders),
        ("token_sha256", &tokens),
    ] {
        if !values.is_empty() {
            page.list(key, values.iter().cloned());
        }
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.0.write_fmt(line).expect("writing to a String does not fail");
        self.0.push('\n');
    }

    fn section(&mut self, heading: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.line(format_args!("{gap}{heading}"));
    }

    fn text(&mut self, key: &str, value: impl Display) {
        let value = toml_edit::Value::from(value.to_string());
        self.line(format_args!("{key} = {value}"));
    }

    fn bare(&mut self, key: &str, value: impl Display) {
        self.line(format_args!("{key} = {value}"));
    }

    fn list(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let array: toml_edit::Array = values.collect();
        self.line(format_args!("{key} = {array}"));
    }

    fn tls(&mut self, tls: &TlsFiles) {
        for (key, file) in tls.files() {
            self.text(key, file.display());
        }
    }

    fn policy(&mut self, config: &Config) {
        let gemeenten: BTreeSet<Option<&String>> =
            config.policy.keys().map(|(_, gemeente)| gemeente.as_ref()).collect();
        for gemeente in gemeenten {
            match gemeente {
                Some(code) => self.section(&format!("[policy.\"{code}\"]")),
                None => self.section("[policy]"),
            }
            for ((check, of), word) in &config.policy {
                if of.as_ref() == gemeente {
                    self.text(check, word);
                }
            }
        }
    }
}
