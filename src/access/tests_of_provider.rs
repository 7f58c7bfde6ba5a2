//! Signing in with a provider that stands on this machine for the test, and signs real tokens.

use super::Role;
use super::testing::{Answer, Browser};
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rcgen::{KeyPair, SigningKey as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

const ID: &str = "sluis";
const SECRET: &str = "the secret of the client";

/// A provider of OpenID Connect.
#[derive(Clone)]
struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<Inner>>,
}

struct Inner {
    key: KeyPair,
    /// Somebody else who signs in its name.
    forger: Option<KeyPair>,
    /// How tokens are signed, as they say themselves; what is published is ES256, or RS256 for a key of that kind.
    algorithm: &'static str,
    key_id: String,
    codes: BTreeMap<String, Sale>,
    used: BTreeSet<String>,
}

/// What a code can be exchanged for.
struct Sale {
    challenge: String,
    claims: Value,
}

impl Provider {
    async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let key = KeyPair::generate().expect("a key");
        let inner = Inner {
            key,
            forger: None,
            algorithm: "ES256",
            key_id: "one".to_owned(),
            codes: BTreeMap::new(),
            used: BTreeSet::new(),
        };
        let provider = Provider { address, state: Arc::new(Mutex::new(inner)) };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        provider
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn config(&self) -> String {
        format!(
            "[console]\npublic_url = \"http://127.0.0.1:8312\"\n[oidc]\nissuer = \"{}\"\nclient_id = \"{ID}\"\n\
             client_secret = \"{SECRET}\"\nname = \"Gemeentelogin\"\nroles_claim = \"realm_access.roles\"\n\
             roles = [\"cn=ops,dc=nl=operator\", \"ops=operator\", \"boss=administrator\"]\n",
            self.issuer()
        )
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().expect("nobody panicked")
    }

    /// Lets somebody pass who was sent here; gives the address they go back to.
    fn pass(&self, code: &str, address: &str, change: impl FnOnce(&mut Value)) -> String {
        let asked = query(address);
        assert_eq!((asked["client_id"].as_str(), asked["response_type"].as_str()), (ID, "code"));
        assert_eq!(asked["redirect_uri"], "http://127.0.0.1:8312/login/callback");
        assert_eq!(
            (asked["scope"].as_str(), asked["code_challenge_method"].as_str()),
            ("openid profile email", "S256")
        );
        let now = crate::clock::Clock::now(&crate::clock::SystemClock).as_second();
        let mut claims = json!({
            "iss": self.issuer(),
            "sub": "248289761001",
            "aud": ID,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "preferred_username": "p.jansen",
            "realm_access": { "roles": ["ops", "other"] },
        });
        change(&mut claims);
        let challenge = asked["code_challenge"].clone();
        self.inner().codes.insert(code.to_owned(), Sale { challenge, claims });
        format!("/login/callback?code={code}&state={}", asked["state"])
    }
}

async fn metadata(State(provider): State<Provider>) -> Json<Value> {
    let issuer = provider.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let inner = provider.inner();
    let public = inner.key.public_key_raw();
    let key = if inner.key.algorithm() == &rcgen::PKCS_RSA_SHA256 {
        // A sequence with a head of four bytes, of two numbers.
        let (modulus, exponent) = numbers(public, 4);
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": inner.key_id, "n": base64(modulus), "e": base64(exponent)
        })
    } else {
        let (x, y) = (base64(&public[1..33]), base64(&public[33..65]));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": inner.key_id, "x": x, "y": y })
    };
    Json(json!({ "keys": [key] }))
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Response {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if !headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Basic ")) {
        return refuse("invalid_client");
    }
    let mut inner = provider.inner();
    let code = asked["code"].clone();
    if !inner.used.insert(code.clone()) {
        return refuse("invalid_grant");
    }
    let Some(sale) = inner.codes.remove(&code) else { return refuse("invalid_grant") };
    if base64(&Sha256::digest(&asked["code_verifier"])) != sale.challenge {
        return refuse("invalid_grant");
    }
    let id_token = signed(&inner, &sale.claims);
    let body = json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": id_token });
    Json(body).into_response()
}

fn signed(inner: &Inner, claims: &Value) -> String {
    let head = json!({ "alg": inner.algorithm, "typ": "JWT", "kid": inner.key_id }).to_string();
    let text = format!("{}.{}", base64(head.as_bytes()), base64(claims.to_string().as_bytes()));
    let by_key = || inner.forger.as_ref().unwrap_or(&inner.key).sign(text.as_bytes()).expect("it signs");
    let signature = match inner.algorithm {
        "none" => Vec::new(),
        "HS256" => {
            let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
            mac.chain_update(&text).finalize().into_bytes().to_vec()
        }
        "RS256" => by_key(),
        _ => plain_signature(&by_key()),
    };
    format!("{text}.{}", base64(&signature))
}

/// Tokens hold the two numbers of a signature side by side, certificates as a sequence.
fn plain_signature(der: &[u8]) -> Vec<u8> {
    let (first, second) = numbers(der, 2);
    let padded = |digits: &[u8]| [vec![0; 32 - digits.len()], digits.to_vec()].concat();
    [padded(first), padded(second)].concat()
}

/// Two numbers that stand in DER after a head of that length, without the zeros before them.
fn numbers(der: &[u8], head: usize) -> (&[u8], &[u8]) {
    let number = |at: usize| {
        let (length, begin) = match der[at + 1] {
            0x81 => (usize::from(der[at + 2]), at + 3),
            0x82 => (usize::from(der[at + 2]) << 8 | usize::from(der[at + 3]), at + 4),
            length => (usize::from(length), at + 2),
        };
        let digits = &der[begin..begin + length];
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        (&digits[zeros..], begin + length)
    };
    let (first, next) = number(head);
    (first, number(next).0)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

fn query(address: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(address).expect("an address");
    url.query_pairs().into_owned().collect()
}

/// Goes to the provider and back again with claims that were changed.
async fn go(browser: &mut Browser, provider: &Provider, code: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let away = browser.get("/login/provider?next=/held").await;
    let back = provider.pass(code, away.goes_to(), change);
    browser.get(&back).await
}

#[tokio::test]
async fn somebody_for_whom_the_provider_vouches_gets_in_with_their_roles() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider.config());
    assert!(browser.get("/login").await.body.contains("Gemeentelogin"));
    assert_eq!(go(&mut browser, &provider, "c1", |_| ()).await.goes_to(), "/held");
    let page = browser.get("/account").await.body;
    assert!(page.contains("oidc:p.jansen") && page.contains("order-held") && !page.contains("administer"), "{page}");
    assert!(browser.cookies.keys().eq(["sluis_session"]), "nothing is kept of the way there");
    let answer = browser.send("/account/password", "old=a&new=b&again=b").await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "the provider keeps the password");

    // The keys of the provider change.
    {
        let mut inner = provider.inner();
        inner.key = KeyPair::generate().expect("a key");
        inner.key_id = "two".to_owned();
    }
    let mut other = browser.another();
    let answer =
        go(&mut other, &provider, "c2", |claims| claims["realm_access"]["roles"] = json!("cn=ops,dc=nl")).await;
    assert_eq!(answer.goes_to(), "/held", "a text alone is a role as well");
    let trail = browser.site.look(|tx, _| tx.trail()).await.expect("rows");
    let (event, content) = &trail[0];
    assert!(event == "signed in" && content.contains("248289761001") && content.contains("oidc:p.jansen"), "{trail:?}");
}

#[tokio::test]
async fn what_does_not_add_up_lets_nobody_in() {
    type Case = (&'static str, fn(&mut Value), &'static str);
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider.config());
    let cases: [Case; 8] = [
        ("nonce", |claims| claims["nonce"] = json!("another"), "kan niet worden gebruikt"),
        ("no-nonce", |claims| claims["nonce"] = Value::Null, "kan niet worden gebruikt"),
        ("audience", |claims| claims["aud"] = json!("another"), "kan niet worden gebruikt"),
        ("audiences", |claims| claims["aud"] = json!([ID, "another"]), "kan niet worden gebruikt"),
        ("expired", |claims| claims["exp"] = json!(1_700_000_000), "kan niet worden gebruikt"),
        ("issuer", |claims| claims["iss"] = json!("https://evil.example"), "kan niet worden gebruikt"),
        ("role", |claims| claims["realm_access"]["roles"] = json!(["visitor"]), "hier geen rol"),
        ("no-roles", |claims| claims["realm_access"] = Value::Null, "hier geen rol"),
    ];
    for (code, change, told) in cases {
        let answer = go(&mut browser, &provider, code, change).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{code}");
        assert!(answer.body.contains(told) && !answer.body.contains("248289761001"), "{code}: {}", answer.body);
        assert!(browser.cookies.is_empty(), "{code}: {:?}", browser.cookies);
    }
    let trail = browser.site.look(|tx, _| tx.trail()).await.expect("rows");
    assert_eq!(trail, [], "nobody signed in");
}

#[tokio::test]
async fn a_token_counts_by_the_keys_that_the_provider_publishes_and_by_nothing_else() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider.config());
    let rsa = || {
        let pem = include_str!("testing_rsa.pem");
        KeyPair::from_pkcs8_pem_and_sign_algo(pem, &rcgen::PKCS_RSA_SHA256).expect("a key")
    };
    {
        let mut inner = provider.inner();
        (inner.key, inner.algorithm, inner.key_id) = (rsa(), "RS256", "two".to_owned());
    }
    assert_eq!(go(&mut browser, &provider, "rs256", |_| ()).await.goes_to(), "/held");

    let elliptic = || KeyPair::generate().expect("a key");
    let cases: [(&str, KeyPair, &'static str); 4] = [
        ("unsigned", rsa(), "none"),
        ("by-the-secret-of-the-client", rsa(), "HS256"),
        ("another-key-of-the-same-name", elliptic(), "ES256"),
        ("another-sort-of-key-as-rsa", elliptic(), "RS256"),
    ];
    for (code, key, algorithm) in cases {
        {
            let mut inner = provider.inner();
            (inner.forger, inner.algorithm) = (Some(key), algorithm);
        }
        let mut forger = browser.another();
        let answer = go(&mut forger, &provider, code, |_| ()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{code}");
        assert!(answer.body.contains("kan niet worden gebruikt"), "{code}: {}", answer.body);
        assert!(forger.cookies.is_empty(), "{code}");
    }
}

#[tokio::test]
async fn two_people_of_one_name_are_two() {
    let provider = Provider::start().await;
    let mut one = Browser::new(&provider.config());
    let mut other = one.another();
    go(&mut one, &provider, "c1", |_| ()).await.goes_to();
    go(&mut other, &provider, "c2", |claims| claims["sub"] = json!("another")).await.goes_to();
    for (browser, theirs) in [(&mut one, 2), (&mut other, 1)] {
        let page = browser.get("/account").await.body;
        assert!(page.contains("oidc:p.jansen") && page.contains("deze sessie"), "{page}");
        let end = format!("/account/sessions/{theirs}/end");
        assert!(!page.contains(&end), "{page}");
        assert_eq!(browser.send(&end, "").await.status, StatusCode::NOT_FOUND);
    }
    let mut elsewhere = one.another();
    go(&mut elsewhere, &provider, "c3", |claims| claims["preferred_username"] = json!("p.devries")).await.goes_to();
    let page = one.get("/account").await.body;
    assert!(page.contains("/account/sessions/3/end"), "they are who they are, whatever they are called: {page}");
}

#[tokio::test]
async fn a_way_back_that_was_not_begun_here_leads_nowhere() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider.config());
    let away = browser.get("/login/provider").await;
    let back = provider.pass("c1", away.goes_to(), |_| ());
    let ticket = browser.cookies.clone();
    for wrong in [
        "/login/callback",
        "/login/callback?code=c1",
        "/login/callback?code=c1&state=made-up",
        "/login/callback?code=c1&state=%00",
        "/login/callback?state=a&state=b&code=c",
    ] {
        browser.cookies.clone_from(&ticket);
        let answer = browser.get(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.body.contains("niet begonnen"), "{wrong}");
    }
    assert_eq!(browser.another().get(&back).await.status, StatusCode::BAD_REQUEST, "another browser");
    let mut changed = browser.another();
    changed.cookies = ticket.iter().map(|(name, value)| (name.clone(), value.replace("7b22", "7b20"))).collect();
    assert_eq!(changed.get(&back).await.status, StatusCode::BAD_REQUEST, "what it kept was changed");
    let denied = back.replace("code=c1", "error=access_denied");
    browser.cookies.clone_from(&ticket);
    assert!(browser.get(&denied).await.body.contains("heeft u niet aangemeld"));

    browser.cookies.clone_from(&ticket);
    assert_eq!(browser.get(&back).await.goes_to(), "/");
    let mut again = browser.another();
    again.cookies.clone_from(&ticket);
    assert_eq!(again.get(&back).await.status, StatusCode::FORBIDDEN, "the code was used before");
    let mut late = browser.another();
    let back = provider.pass("c2", late.get("/login/provider").await.goes_to(), |_| ());
    late.later(super::oidc::LONGEST_VISIT);
    assert_eq!(late.get(&back).await.status, StatusCode::BAD_REQUEST, "too long ago");
}

#[tokio::test]
async fn a_provider_that_is_away_keeps_nobody_from_a_local_account() {
    let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let provider = Provider::start().await;
    let away = provider.config().replace(&provider.issuer(), &format!("http://{}", gone.local_addr().expect("one")));
    drop(gone);
    let mut browser = Browser::new(&away);
    browser.account("j.devries", &[Role::Viewer]).await;
    let answer = browser.get("/login/provider").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.body.contains("nu niet bereikbaar") && !answer.body.contains("127.0.0.1"), "{}", answer.body);
    assert_eq!(browser.sign_in("j.devries").await.goes_to(), "/");
    let mut without = Browser::new("");
    assert_eq!(without.get("/login/provider").await.status, StatusCode::NOT_FOUND);
    assert!(!without.get("/login").await.body.contains("/login/provider"));
}
