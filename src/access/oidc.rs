//! Signing in with an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.
//!
//! What the provider publishes of itself is fetched when somebody first signs in, kept for a day, and fetched anew when a
//! token is signed with a key that is not known yet. A provider that is away keeps nobody from a local account.
//!
//! Between going to the provider and coming back everything stands in a signed cookie of ten minutes, so that any gateway
//! on the ledger can finish what another began. Nothing that the provider says is logged: it speaks of persons.

use super::Role;
use crate::config;
use crate::delivery::http::install_crypto_provider;
use crate::ledger::Subject;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenClaims,
    IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long somebody may take at the provider.
pub const LONGEST_VISIT: SignedDuration = SignedDuration::from_mins(10);
/// Longest wait for an answer of the provider.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it is believed what the provider published of itself.
const BELIEVED: Duration = Duration::from_hours(24);
/// Shortest time between two looks because of an unknown key: whoever shows made-up tokens does not make us ask.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Most bytes of an answer.
const LARGEST_ANSWER: usize = 1_000_000;
/// Longest name of a person, in characters.
const LONGEST_NAME: usize = 100;

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Claims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Known = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Claims beside those of the standard.
#[derive(Clone, Serialize, Deserialize)]
struct Claims(BTreeMap<String, Value>);

impl AdditionalClaims for Claims {}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A provider.
pub struct Provider {
    settings: config::Oidc,
    published: Mutex<Option<Published>>,
}

/// What the provider says of itself, with its keys.
#[derive(Clone)]
struct Published {
    metadata: CoreProviderMetadata,
    fetched_at: Instant,
    /// When it was last fetched because of an unknown key.
    looked_again_at: Option<Instant>,
}

/// What must be known when somebody comes back from the provider.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    next: Option<String>,
    until: i64,
}

/// Somebody on the way to the provider.
pub struct Departure {
    /// Where to.
    pub url: String,
    /// What their browser keeps until they are back.
    pub ticket: String,
}

/// Somebody for whom the provider vouches.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Who they are for the provider.
    pub subject: Subject,
    /// Their name here.
    pub name: String,
    /// Their roles.
    pub roles: BTreeSet<Role>,
    /// Where they were going.
    pub next: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The provider cannot be reached, or says nothing that makes sense.
    #[error("the provider cannot be reached or its answer makes no sense")]
    Away,
    /// The provider did not let them in, or they went back.
    #[error("the provider let nobody in")]
    Denied,
    /// What came back does not belong to a sign-in that this browser began a short while ago.
    #[error("what came back belongs to no sign-in that was begun")]
    NotBegun,
    /// The provider does not take the code: it was used before, or is too old.
    #[error("the provider does not take the code")]
    Code,
    /// The token does not count: not for us, of another sign-in, too old, or not signed by the provider.
    #[error("the token does not count: {0}")]
    Token(&'static str),
    /// The provider vouches for them, and they have no role here.
    #[error("the provider vouches for somebody without a role here")]
    NoRole,
}

/// A request that came to nothing; why stands in no text, for addresses may hold what is secret.
#[derive(Debug, thiserror::Error)]
#[error("the provider does not answer")]
struct NoAnswer;

impl Provider {
    /// A provider that is not asked yet.
    pub fn new(settings: config::Oidc) -> Provider {
        Provider { settings, published: Mutex::new(None) }
    }

    /// Its name, for people.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Sends somebody to the provider.
    ///
    /// # Errors
    /// [`Failure::Away`].
    pub async fn begin(&self, next: Option<&str>, now: Timestamp) -> Result<Departure, Failure> {
        let published = self.published().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(published.metadata)?;
        let mut request =
            client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
        for scope in self.settings.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let until = now.saturating_add(LONGEST_VISIT).unwrap_or(Timestamp::MAX).as_second();
        let begun = Begun {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next: next.map(str::to_owned),
            until,
        };
        Ok(Departure { url: url.to_string(), ticket: self.seal(&begun) })
    }

    /// Somebody is back, with what the provider says and what their browser kept.
    ///
    /// # Errors
    /// Why they are not let in.
    pub async fn finish(&self, ticket: &str, state: &str, code: &str, now: Timestamp) -> Result<Person, Failure> {
        let begun = self.unseal(ticket).filter(|begun| now.as_second() < begun.until).ok_or(Failure::NotBegun)?;
        if !same(&begun.state, state) {
            return Err(Failure::NotBegun);
        }
        let published = self.published().await?;
        let tokens = self.exchange(&published, code, begun.verifier.clone()).await?;
        let nonce = Nonce::new(begun.nonce.clone());
        let checked = self.check(&published, &tokens, &nonce);
        let claims = match checked {
            // The provider may have new keys.
            Err(Failure::Token(UNKNOWN_KEY)) => self.check(&self.look_again().await?, &tokens, &nonce)?,
            other => other?,
        };
        self.person(&claims, begun.next)
    }

    async fn exchange(&self, published: &Published, code: &str, verifier: String) -> Result<Tokens, Failure> {
        let client = self.client(published.metadata.clone())?;
        // Made anew for each sign-in: a renewed authority counts at once.
        let asking = self.http_client().await?;
        let http = |request| ask(asking.clone(), request);
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|_| Failure::Away)?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&http).await;
        answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => Failure::Code,
            RequestTokenError::Request(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Failure::Away,
        })
    }

    fn check(
        &self,
        published: &Published,
        tokens: &Tokens,
        nonce: &Nonce,
    ) -> Result<IdTokenClaims<Claims, CoreGenderClaim>, Failure> {
        let client = self.client(published.metadata.clone())?;
        let token = tokens.id_token().ok_or(Failure::Token("there is none"))?;
        let verifier = client.id_token_verifier();
        token.claims(&verifier, nonce).cloned().map_err(|error| Failure::Token(in_words(&error)))
    }

    fn person(&self, claims: &IdTokenClaims<Claims, CoreGenderClaim>, next: Option<String>) -> Result<Person, Failure> {
        let roles = self.roles(&claims.additional_claims().0);
        if roles.is_empty() {
            return Err(Failure::NoRole);
        }
        let subject = claims.subject().as_str().to_owned();
        let names = [
            claims.preferred_username().map(|name| name.as_str()),
            claims.email().map(|email| email.as_str()),
            Some(subject.as_str()),
        ];
        let name = names.into_iter().flatten().find(|name| is_fit(name)).ok_or(Failure::Token("it names nobody"))?;
        if !is_fit(&subject) {
            return Err(Failure::Token("it names nobody"));
        }
        // Nobody can take the name of a local account, which has no colon.
        let name = format!("oidc:{name}");
        Ok(Person { name, subject: Subject { issuer: claims.issuer().as_str().to_owned(), id: subject }, roles, next })
    }

    fn roles(&self, claims: &BTreeMap<String, Value>) -> BTreeSet<Role> {
        let values = claim(claims, &self.settings.roles_claim).map(texts).unwrap_or_default();
        values.iter().filter_map(|value| self.settings.roles.get(*value)).flatten().copied().collect()
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Result<Known, Failure> {
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = ClientSecret::new(self.settings.client_secret.expose().to_owned());
        let redirect = RedirectUrl::new(self.settings.redirect.clone()).map_err(|_| Failure::Away)?;
        let client: Client<Claims, _, _, _, _, _, _, Tokens, _, _, _, _, _, _, _, _, _> =
            Client::from_provider_metadata(metadata, id, Some(secret));
        Ok(client.set_redirect_uri(redirect))
    }

    /// What the provider says of itself.
    async fn published(&self) -> Result<Published, Failure> {
        let mut published = self.published.lock().await;
        if let Some(known) = published.as_ref().filter(|known| known.fetched_at.elapsed() < BELIEVED) {
            return Ok(known.clone());
        }
        let fetched = self.fetch(None).await?;
        Ok(published.insert(fetched).clone())
    }

    /// The same with the keys of now, unless that was asked a moment ago.
    async fn look_again(&self) -> Result<Published, Failure> {
        let mut published = self.published.lock().await;
        let lately = |known: &&Published| known.looked_again_at.is_some_and(|at| at.elapsed() < LOOK_AGAIN);
        if let Some(known) = published.as_ref().filter(lately) {
            return Ok(known.clone());
        }
        let fetched = self.fetch(Some(Instant::now())).await?;
        Ok(published.insert(fetched).clone())
    }

    async fn fetch(&self, looked_again_at: Option<Instant>) -> Result<Published, Failure> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|_| Failure::Away)?;
        let client = self.http_client().await?;
        let http = |request| ask(client.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.map_err(|_| Failure::Away)?;
        Ok(Published { metadata, fetched_at: Instant::now(), looked_again_at })
    }

    async fn http_client(&self) -> Result<reqwest::Client, Failure> {
        install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE);
        if let Some(file) = &self.settings.ca_file {
            let pem = tokio::fs::read(file).await.map_err(|_| Failure::Away)?;
            let authority = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| Failure::Away)?;
            builder = builder.tls_certs_only(authority);
        }
        builder.build().map_err(|_| Failure::Away)
    }

    fn seal(&self, begun: &Begun) -> String {
        let text = serde_json::to_vec(begun).expect("texts and numbers have a JSON form");
        format!("{}.{}", hex::encode(&text), hex::encode(self.mac(&text).finalize().into_bytes()))
    }

    fn unseal(&self, ticket: &str) -> Option<Begun> {
        let (text, mac) = ticket.split_once('.')?;
        let (text, mac) = (hex::decode(text).ok()?, hex::decode(mac).ok()?);
        self.mac(&text).verify_slice(&mac).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        let secret = self.settings.client_secret.expose().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(b"a sign-in that was begun:");
        mac.update(text);
        mac
    }
}

const UNKNOWN_KEY: &str = "it is signed with a key that the provider does not publish";

fn in_words(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "it is for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "it is of somebody else",
        ClaimsVerificationError::InvalidNonce(_) => "it is of another sign-in",
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => UNKNOWN_KEY,
        ClaimsVerificationError::SignatureVerification(_) => "its signature is wrong",
        _ => "it is not as it should be",
    }
}

/// Takes the same time wherever the two differ.
fn same(one: &str, other: &str) -> bool {
    crate::sender::TokenHash::of(one) == crate::sender::TokenHash::of(other)
}

/// A name that may stand in the audit trail.
fn is_fit(name: &str) -> bool {
    name.chars().count() <= LONGEST_NAME && crate::hold::check_words("name", name).is_ok()
}

/// A claim by its name, or by a way of names into objects.
fn claim<'a>(claims: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut names = name.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// One request to the provider: nowhere else than where it goes, and no more of the answer than makes sense.
async fn ask(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let request = reqwest::Request::try_from(request).map_err(|_| NoAnswer)?;
    let mut answer = client.execute(request).await.map_err(|_| NoAnswer)?;
    let mut response = axum::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NoAnswer)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(NoAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    response.body(body).map_err(|_| NoAnswer)
}

/// A provider of a site, when one is set.
pub(super) fn provider(config: &config::Config) -> Option<Arc<Provider>> {
    config.oidc.clone().map(|settings| Arc::new(Provider::new(settings)))
}
