//! `sluis refused`: messages that were refused for who brought them. The only place that shows who it was.

use super::{Exit, complain, read};
use crate::clock::{Clock, SystemClock, age};
use crate::config::Config;
use crate::delivery::without_bsn;
use crate::doctor;
use crate::ledger::Refused;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Most refusals that are listed.
const LONGEST_LIST: u32 = 1_000;
const INFALLIBLE: &str = "writing to a string cannot fail";

/// Prints what was refused, the latest first; 0 also when nothing was.
pub(super) fn list(config: &Config, json: bool) -> Exit {
    match read(config, |tx| tx.refusals(Timestamp::MIN, LONGEST_LIST)) {
        Ok(refused) => {
            let now = SystemClock.now();
            if json {
                println!("{}", Value::from(refused.iter().map(as_json).collect::<Vec<_>>()));
            } else {
                print!("{}", list_as_text(&refused, now));
            }
            Exit::Accepted
        }
        Err(error) => complain(&format!("the ledger cannot be read: {error:#}")),
    }
}

/// Prints one refusal with all that is known of it; 2 when there is none with this number. The message itself stays
/// sealed: it is a document of persons, and only its size and digest are told.
pub(super) fn show(config: &Config, refusal_id: i64, json: bool) -> Exit {
    let found = read(config, move |tx| Ok((tx.refusal(refusal_id)?, tx.refused_bytes(refusal_id)?)));
    match found {
        Ok((Some(refused), Some(bytes))) => {
            if json {
                let mut value = as_json(&refused);
                value["bytes"] = json!(bytes.len());
                println!("{value}");
            } else {
                print!("{}", as_text(&refused, bytes.len()));
            }
            Exit::Accepted
        }
        Ok(_) => complain(&format!("there is no refusal {refusal_id}; `sluis refused list` has them all")),
        Err(error) => complain(&format!("the ledger cannot be read: {error:#}")),
    }
}

fn as_json(refused: &Refused) -> Value {
    let refusal = &refused.refusal;
    json!({
        "id": refused.refusal_id,
        "transport": refused.transport,
        "transport_id": without_bsn(&refused.transport_id),
        "digest": hex::encode(refused.digest),
        "refused_at": refused.refused_at.to_string(),
        "repeats": refused.repeats,
        "repeated_at": refused.repeated_at.map(|at| at.to_string()),
        "reason": refusal.reason.as_str(),
        "identity": refusal.identity,
        "sender": refusal.sender,
        "kind": refusal.kind.map(|kind| kind.to_string()),
        "claimed": refusal.claimed,
        "identification": refusal.identificatie.as_deref().map(without_bsn),
    })
}

fn list_as_text(refused: &[Refused], now: Timestamp) -> String {
    if refused.is_empty() {
        return "Nothing was refused.\n".to_owned();
    }
    let mut out = String::new();
    for one in refused {
        let (id, line, since) = (one.refusal_id, in_one_line(one), doctor::age(age(one.refused_at, now)));
        writeln!(out, "{id}  {line}, {since} ago").expect(INFALLIBLE);
    }
    writeln!(out, "\n{} refused. sluis refused show ID tells more of one", refused.len()).expect(INFALLIBLE);
    out
}

fn in_one_line(refused: &Refused) -> String {
    let refusal = &refused.refusal;
    let kind = refusal.kind.map_or_else(|| "unread".to_owned(), |kind| kind.to_string());
    let identification = refusal.identificatie.as_deref().map(without_bsn).unwrap_or_default();
    let claimed = refusal.claimed.as_deref().unwrap_or("nobody");
    let who = refusal.sender.as_deref().or(refusal.identity.as_deref()).unwrap_or("somebody unknown");
    let name = format!("{kind} {identification}");
    format!("{} in the name of {claimed}, by {} from {who}", name.trim_end(), refused.transport)
}

fn as_text(refused: &Refused, bytes: usize) -> String {
    let refusal = &refused.refusal;
    let mut out = String::new();
    let mut line = |what: &str, value: &str| writeln!(out, "{what:<16} {value}").expect(INFALLIBLE);
    line("refusal", &refused.refusal_id.to_string());
    line("refused at", &refused.refused_at.to_string());
    if let Some(at) = refused.repeated_at {
        line("came again", &format!("{} times, last at {at}", refused.repeats));
    }
    line("because", refusal.reason.en());
    line("transport", &refused.transport);
    line("transport id", &without_bsn(&refused.transport_id));
    line("brought by", refusal.identity.as_deref().unwrap_or("nobody vouches for anybody"));
    line("that is", refusal.sender.as_deref().unwrap_or("no [[sender]] of the configuration"));
    line("in the name of", refusal.claimed.as_deref().unwrap_or("nobody"));
    line("kind", &refusal.kind.map_or_else(|| "not recognised".to_owned(), |kind| kind.to_string()));
    line("identification", &refusal.identificatie.as_deref().map(without_bsn).unwrap_or_default());
    line("message", &format!("{bytes} bytes, SHA-256 {}, sealed in the ledger", hex::encode(refused.digest)));
    out
}
