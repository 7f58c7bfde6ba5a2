//! `[[sender]]` and `[intake] senders`: who may send in whose name.

use super::read::{Raw, Reader, Section, Wrong, wrong};
use super::{Transport, required};
use crate::sender::{Parties, Sender, Senders, TokenHash};
use std::collections::{BTreeMap, BTreeSet};

/// Longest name of a login or of a certificate.
const LONGEST_NAME: usize = 255;

/// Reads all senders, and on which transports nobody else may send.
pub(super) fn read(reader: &mut Reader<'_>, transports: &BTreeSet<Transport>) -> Senders {
    let sections = reader.repeated("sender");
    let mut list: Vec<Sender> = Vec::new();
    let mut taken: BTreeMap<(&'static str, String), String> = BTreeMap::new();
    for section in &sections {
        let sender = read_sender(reader, section, &mut taken);
        let Some(sender) = sender else { continue };
        if list.iter().any(|other| other.name == sender.name) {
            let at = reader.place(section, "name");
            reader.fault(&at, format!("there is a sender {} already", sender.name), "give each a name of its own");
            continue;
        }
        list.push(sender);
    }
    let any_sends = sections.iter().any(|section| !is_for_accounts(reader, section));
    let bound = read_bound(reader, transports, any_sends);
    Senders::new(list, bound.into_iter().map(Transport::as_str))
}

fn read_bound(reader: &mut Reader<'_>, transports: &BTreeSet<Transport>, any_sender: bool) -> BTreeSet<Transport> {
    let section = reader.section("intake");
    let bound = reader.value(&section, "senders", any_sender, |raw| match raw.text()?.as_str() {
        "bound" => Ok(true),
        "open" => Ok(false),
        other => wrong(format!("\"{other}\" is not a choice"), "use \"bound\" or \"open\""),
    });
    let open = reader.value(&section, "open", BTreeSet::new(), |raw| {
        raw.texts()?.iter().map(|name| super::transport(name, &Transport::ALL)).collect()
    });
    if !bound {
        return BTreeSet::new();
    }
    let nobody = !any_sender && transports.iter().any(|transport| !open.contains(transport));
    if nobody {
        let at = reader.place(&section, "senders");
        reader.fault(
            &at,
            "senders are bound and there is none, so that every message would be refused",
            "add a [[sender]] for each, or write \"open\"",
        );
    }
    // Also the transports that are not in use: a folder that is opened later is not open by accident.
    Transport::ALL.into_iter().filter(|transport| !open.contains(transport)).collect()
}

/// A sender; what is wrong with it is noted, and `None` when it cannot be told by a name.
fn read_sender<'t>(
    reader: &mut Reader<'t>,
    section: &Section<'t>,
    taken: &mut BTreeMap<(&'static str, String), String>,
) -> Option<Sender> {
    let name = required(reader, section, "name", "a name for its sender, as logs shall tell it", plain_name);
    let parties = required(reader, section, "parties", "the codes for which it may send", read_parties);
    let amqp_users = identities(reader, section, "amqp_user", amqp_user);
    let certificates = identities(reader, section, "certificate", certificate);
    let folders = identities(reader, section, "folder", folder);
    let hashes = identities(reader, section, "token_sha256", token_hash);
    // Read for the sake of its fault: nobody who puts a token here shall think that it works.
    if reader.raw(section, "token").is_some() {
        let at = reader.place(section, "token");
        reader.fault(
            &at,
            "a token stands here in plain text, for everybody who reads this file",
            "keep only its hash, as token_sha256; `sluis config token` makes a new token with its hash",
        );
    }
    let accounts_only = reader.value(section, "accounts_only", false, Raw::boolean);
    reader.unknown_keys(section);
    let own = name.clone().unwrap_or_default();
    let all =
        [("amqp_user", &amqp_users), ("certificate", &certificates), ("folder", &folders), ("token_sha256", &hashes)];
    let known_by = all.iter().find(|(key, _)| reader.raw(section, key).is_some()).map(|(key, _)| *key);
    match (known_by, accounts_only) {
        (None, false) => {
            let at = reader.label(section);
            reader.fault(
                &at,
                "nothing tells when a message is from it",
                "add amqp_user, certificate, token_sha256 or folder; or accounts_only = true, when its messages come by a \
                 hub and only developers of it sign in here",
            );
        }
        (Some(key), true) => {
            let at = reader.place(section, key);
            reader.fault(
                &at,
                "a sender for accounts only has nothing by which messages are from it",
                "leave this out, or take accounts_only away",
            );
        }
        (None, true) if parties == Some(Parties::All) => {
            let at = reader.place(section, "parties");
            reader.fault(
                &at,
                "\"*\" would let its developers try messages in the name of everybody",
                "name the codes of its parties",
            );
        }
        _ => {}
    }
    for (key, values) in all {
        for value in values {
            let Some(other) = taken.insert((key, value.clone()), own.clone()) else { continue };
            let at = reader.place(section, key);
            let whose = if other == own { "twice".to_owned() } else { format!("as that of {other} already") };
            let shown = if key == "token_sha256" { "this hash".to_owned() } else { format!("\"{value}\"") };
            reader.fault(&at, format!("{shown} stands here {whose}"), "an identity belongs to one sender, once");
        }
    }
    let tokens = hashes.iter().filter_map(|hash| decode(hash)).collect();
    Some(Sender { name: name?, amqp_users, certificates, tokens, folders, parties: parties? })
}

/// Whether no message is from it: it is there for accounts alone, and binds nobody else.
fn is_for_accounts<'t>(reader: &mut Reader<'t>, section: &Section<'t>) -> bool {
    reader.raw(section, "accounts_only").is_some_and(|raw| raw.boolean().unwrap_or(false))
}

/// One text or a list of them, each of a form; all that are wrong are noted.
fn identities<'t>(
    reader: &mut Reader<'t>,
    section: &Section<'t>,
    key: &'static str,
    form: fn(&str) -> Result<String, Wrong>,
) -> Vec<String> {
    let Some(raw) = reader.raw(section, key) else { return Vec::new() };
    let Some(texts) = reader.parsed(&raw, Raw::one_or_more) else { return Vec::new() };
    texts.iter().filter_map(|text| reader.parsed(&raw, |_| form(text))).collect()
}

pub(super) fn plain_name(raw: &Raw) -> Result<String, Wrong> {
    let name = raw.text()?;
    if is_plain(&name) {
        return Ok(name);
    }
    wrong("the name does not fit", "use 1 to 60 letters, digits, dots, dashes and underscores, no dot at the start")
}

fn is_plain(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn read_parties(raw: &Raw) -> Result<Parties, Wrong> {
    let codes = raw.texts()?;
    if codes == ["*"] {
        return Ok(Parties::All);
    }
    read_these(&codes).map(Parties::These)
}

/// Codes of parties, one or a list.
pub(super) fn read_codes(raw: &Raw) -> Result<BTreeSet<String>, Wrong> {
    read_these(&raw.one_or_more()?)
}

fn read_these(codes: &[String]) -> Result<BTreeSet<String>, Wrong> {
    let is_code = |code: &str| matches!(code.len(), 4 | 8) && code.bytes().all(|byte| byte.is_ascii_digit());
    let wrong_ones: Vec<String> =
        codes.iter().filter(|code| !is_code(code)).map(|code| format!("\"{code}\"")).collect();
    if codes.is_empty() {
        return wrong("no party is named", "name the codes for which it may send, such as [\"42420001\"]");
    }
    if codes.iter().any(|code| code == "*") {
        return wrong("\"*\" is no code of a party", "name codes; where a sender may be a hub, write [\"*\"] alone");
    }
    if !wrong_ones.is_empty() {
        return wrong(
            format!("no code of a party: {}", wrong_ones.join(", ")),
            "write the eight digits of an AGB code or the four of a municipality",
        );
    }
    let count = codes.len();
    let these: BTreeSet<String> = codes.iter().cloned().collect();
    if these.len() < count {
        return wrong("a code stands in it twice", "name each code once");
    }
    Ok(these)
}

fn amqp_user(text: &str) -> Result<String, Wrong> {
    match text.len() {
        1..=LONGEST_NAME => Ok(text.to_owned()),
        _ => wrong("the login is empty or too long", "write the name of a login on the broker, 1 to 255 characters"),
    }
}

/// A fingerprint as tools print it, with colons, becomes 64 digits; anything else is a name.
fn certificate(text: &str) -> Result<String, Wrong> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digits.to_ascii_lowercase());
    }
    match text.len() {
        0 => wrong("the name is empty", "write a name of the certificate (CN or alternative), or its fingerprint"),
        1..=LONGEST_NAME if !text.contains('=') => Ok(text.to_owned()),
        _ => wrong(
            format!("\"{text}\" is no name in a certificate"),
            "write the bare common name, an alternative name, or the SHA-256 fingerprint, without CN=",
        ),
    }
}

fn folder(text: &str) -> Result<String, Wrong> {
    if is_plain(text) && !text.ends_with(".xml") {
        return Ok(text.to_owned());
    }
    wrong(
        format!("\"{text}\" is no name for a folder inside in/"),
        "use 1 to 60 letters, digits, dots, dashes and underscores; no dot at the start, no .xml at the end",
    )
}

fn token_hash(text: &str) -> Result<String, Wrong> {
    if decode(text).is_some() {
        return Ok(text.to_ascii_lowercase());
    }
    // Never repeats the text: it may be the token itself.
    wrong(
        "it is not a SHA-256, which has 64 hexadecimal digits",
        "write the hash of the token and not the token; `sluis config token` makes both",
    )
}

fn decode(text: &str) -> Option<TokenHash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(TokenHash(hash))
}
