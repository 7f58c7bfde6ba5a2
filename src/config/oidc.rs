//! `[oidc]`: an OpenID Connect provider that people sign in with.

use super::read::{Raw, Reader, Wrong, wrong};
use super::{Console, Secret, secret, web_address};
use crate::access::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Path that the provider sends people back to.
pub(crate) const CALLBACK: &str = "/login/callback";

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// Its address, exactly as it names itself in its tokens.
    pub issuer: String,
    /// Name of this gateway there.
    pub client_id: String,
    /// What proves that.
    pub client_secret: Secret,
    /// Name of the provider, for people.
    pub name: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The claim with groups or roles; dots lead into objects.
    pub roles_claim: String,
    /// What each of them is here.
    pub roles: BTreeMap<String, BTreeSet<Role>>,
    /// Authority that signs the provider's certificate, PEM; `None`: those of the system.
    pub ca_file: Option<PathBuf>,
    /// Where the provider sends people back to.
    pub redirect: String,
}

impl Oidc {
    /// The file that is named.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.ca_file.iter().map(|file| ("ca_file", file.as_path()))
    }
}

pub(super) fn read(reader: &mut Reader<'_>, base: &Path, console: &Console) -> Option<Oidc> {
    let section = reader.section("oidc");
    let named = reader.raw(&section, "issuer").is_some();
    let issuer = reader.optional(&section, "issuer", |raw| web_address(raw).map(|url| url.expose().to_owned()));
    let client_id = reader.optional(&section, "client_id", Raw::text);
    let client_secret = reader.optional(&section, "client_secret", secret);
    let name = reader.value(&section, "name", "OpenID Connect".to_owned(), |raw| {
        let name = raw.text()?;
        match name.chars().count() {
            1..=60 if !name.chars().any(char::is_control) => Ok(name),
            _ => wrong("the name does not fit on a button", "use 1 to 60 characters"),
        }
    });
    let default_scopes = ["openid", "profile", "email"].map(str::to_owned).to_vec();
    let scopes = reader.value(&section, "scopes", default_scopes, |raw| {
        let scopes = raw.texts()?;
        if scopes.iter().any(|scope| scope == "openid") {
            return Ok(scopes);
        }
        wrong("openid is not among them", "write a list that holds \"openid\"")
    });
    let roles_claim = reader.value(&section, "roles_claim", "roles".to_owned(), |raw| match raw.text()? {
        claim if claim.trim().is_empty() => wrong("the name of the claim is empty", "write the name of a claim"),
        claim => Ok(claim),
    });
    let roles = reader.value(&section, "roles", BTreeMap::new(), read_roles);
    let ca_file = reader.optional(&section, "ca_file", |raw| raw.path(base));
    reader.unknown_keys(&section);
    if !named {
        return None;
    }
    for (key, is_there) in [("client_id", client_id.is_some()), ("client_secret", client_secret.is_some())] {
        if !is_there && reader.raw(&section, key).is_none() {
            let at = reader.label(&section);
            reader.fault(&at, format!("{key} is missing"), "set it as the provider gave it, or remove issuer");
        }
    }
    if roles.is_empty() && reader.raw(&section, "roles").is_none() {
        let at = reader.label(&section);
        let todo = "say what their groups are here, such as roles = [\"sluis-admins=administrator\"]";
        reader.fault(&at, "nobody who signs in with the provider would have a role", todo);
    }
    if console.listen.is_some() && console.public_url.is_none() {
        let at = reader.place(&section, "issuer");
        let todo = "set public_url in [console]";
        reader.fault(&at, "the provider has to know where to send people back to", todo);
    }
    let redirect = format!("{}{CALLBACK}", console.public_url.as_deref().unwrap_or_default());
    let (issuer, client_id, client_secret) = (issuer?, client_id?, client_secret?);
    Some(Oidc { issuer, client_id, client_secret, name, scopes, roles_claim, roles, ca_file, redirect })
}

/// `VALUE=ROLE`: what stands before the last sign is a value of the claim. A value may have several roles.
fn read_roles(raw: &Raw) -> Result<BTreeMap<String, BTreeSet<Role>>, Wrong> {
    const FORM: &str = "write VALUE=ROLE, such as \"sluis-admins=administrator\"";
    let mut roles: BTreeMap<String, BTreeSet<Role>> = BTreeMap::new();
    for text in raw.texts()? {
        let Some((value, word)) = text.rsplit_once('=').filter(|(value, _)| !value.is_empty()) else {
            return wrong(format!("\"{text}\" says nothing of a role"), FORM);
        };
        let Some(role) = Role::parse(word.trim()) else {
            let known = Role::ALL.map(Role::as_str).join(", ");
            return wrong(format!("\"{word}\" is no role"), format!("{FORM}; the roles are {known}"));
        };
        roles.entry(value.trim().to_owned()).or_default().insert(role);
    }
    Ok(roles)
}
