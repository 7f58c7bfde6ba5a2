//! A browser for tests: it keeps cookies, and the site keeps its door from one request to the next.

use crate::access::{Capacity, PasswordHash, Role};
use crate::clock::FixedClock;
use crate::contract::Contracts;
use crate::ledger::By;
use crate::transport::http::Peer;
use crate::web::{self, Site, testing};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use jiff::SignedDuration;
use jiff::civil::date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The password of every account of the tests.
pub(crate) const PASSWORD: &str = "correct paard batterij";

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn goes_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[header::LOCATION].to_str().expect("text")
    }
}

/// Somebody who uses a site.
pub(crate) struct Browser {
    pub(crate) site: Arc<Site>,
    pub(crate) clock: Arc<FixedClock>,
    routes: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Where it is.
    pub(crate) address: std::net::SocketAddr,
}

impl Browser {
    /// A browser of a site with this configuration.
    pub(crate) fn new(config: &str) -> Browser {
        let made = testing::site_of(config, Contracts::default());
        let made = Arc::into_inner(made).expect("nobody else has it");
        let clock = Arc::new(FixedClock::on(date(2026, 3, 10)));
        let site = Arc::new(Site { clock: Arc::clone(&clock) as _, ..made });
        let routes = web::routes(Arc::clone(&site));
        let address = std::net::SocketAddr::from(([192, 0, 2, 1], 40_000));
        Browser { site, clock, routes, cookies: BTreeMap::new(), headers: Vec::new(), address }
    }

    /// Another browser of the same site.
    pub(crate) fn another(&self) -> Browser {
        let (site, clock, routes) = (Arc::clone(&self.site), Arc::clone(&self.clock), self.routes.clone());
        Browser { site, clock, routes, cookies: BTreeMap::new(), headers: Vec::new(), address: self.address }
    }

    /// An account of these roles that need not change its password.
    pub(crate) async fn account(&self, name: &'static str, roles: &[Role]) {
        let capacity = Capacity::Staff(roles.iter().copied().collect());
        self.account_for(name, capacity).await;
    }

    /// The same, for anything that an account may be for.
    pub(crate) async fn account_for(&self, name: &'static str, capacity: Capacity) {
        let hash = PasswordHash::of(PASSWORD).expect("it is hashed");
        let by = By { name: "installer".to_owned(), account: None, reason: None };
        let added = self.site.order(move |tx, now| tx.add_account(name, &hash, &capacity, false, &by, now)).await;
        assert_eq!(added.expect("it is stored"), crate::ledger::Changed::Done);
    }

    pub(crate) fn later(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.ask(Method::POST, path, form).await
    }

    /// Posts a form with the token of the session, as its pages have it.
    pub(crate) async fn send(&mut self, path: &str, form: &str) -> Answer {
        let token = self.form_token().await;
        self.post(path, &format!("form_token={token}&{form}")).await
    }

    pub(crate) async fn form_token(&mut self) -> String {
        let page = self.get("/account").await.body;
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").expect("a form");
        rest.split('"').next().expect("a value").to_owned()
    }

    /// Signs in with the password of the tests.
    pub(crate) async fn sign_in(&mut self, name: &str) -> Answer {
        self.sign_in_with(name, PASSWORD).await
    }

    pub(crate) async fn sign_in_with(&mut self, name: &str, password: &str) -> Answer {
        let form = serde_urlencoded::to_string([("name", name), ("password", password)]).expect("a form");
        self.post("/login", &form).await
    }

    pub(crate) async fn ask(&mut self, method: Method, path: &str, form: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !form.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let mut request = request.body(Body::from(form.to_owned())).expect("a request");
        request.extensions_mut().insert(ConnectInfo(Peer::at(self.address)));
        let (status, headers, body) = testing::answered(self.routes.clone(), request).await;
        for set in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie::Cookie::parse(set.to_str().expect("text")).expect("a cookie");
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        Answer { status, headers, body }
    }
}
