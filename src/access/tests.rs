//! Signing in as a browser and a program see it.

use super::Role;
use super::testing::{Browser, PASSWORD};
use axum::http::{StatusCode, header};
use jiff::SignedDuration;

#[tokio::test]
async fn somebody_signs_in_looks_and_signs_out() {
    let mut browser = Browser::new("");
    browser.account("j.devries", &[Role::Viewer]).await;
    assert_eq!(browser.get("/").await.goes_to(), "/login");
    assert_eq!(browser.get("/held?law=wmo").await.goes_to(), "/login?next=%2Fheld%3Flaw%3Dwmo");
    let page = browser.get("/login?next=/held").await;
    assert!(page.status == StatusCode::OK && page.body.contains("value=\"/held\""), "{}", page.body);

    let answer = browser.sign_in(" J.deVries ").await;
    assert_eq!(answer.goes_to(), "/");
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.starts_with("sluis_session=") && cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure") && !cookie.contains("Max-Age"), "{cookie}");
    let page = browser.get("/").await;
    assert!(page.status == StatusCode::OK && page.body.contains("j.devries"), "{}", page.body);
    assert_eq!(browser.get("/login?next=/held").await.goes_to(), "/held", "whoever is known is not asked again");
    assert_eq!(browser.get("/accounts").await.status, StatusCode::FORBIDDEN, "the role is too low");

    let key = browser.cookies.clone();
    assert_eq!(browser.send("/logout", "").await.goes_to(), "/login?why=out");
    assert_eq!(browser.get("/").await.goes_to(), "/login");
    browser.cookies = key;
    assert_eq!(browser.get("/").await.goes_to(), "/login?why=over", "the session is over, whoever kept its key");
    assert!(browser.cookies.is_empty(), "its cookie is taken away");
}

#[tokio::test]
async fn a_session_ends_by_rest_and_after_its_longest_time() {
    let mut browser = Browser::new("[console]\nsession_idle = \"10m\"\nsession_longest = \"1h\"\n");
    browser.account("j.devries", &[Role::Viewer]).await;
    browser.sign_in("j.devries").await.goes_to();
    for _ in 0..6 {
        browser.later(SignedDuration::from_mins(9));
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
    }
    browser.later(SignedDuration::from_mins(6));
    assert_eq!(browser.get("/held").await.goes_to(), "/login?next=%2Fheld&why=over");
    assert!(browser.get("/login?why=over").await.body.contains("Uw sessie is verlopen"));
    browser.sign_in("j.devries").await.goes_to();
    browser.later(SignedDuration::from_mins(10));
    assert_eq!(browser.get("/").await.goes_to(), "/login?why=over");
}

#[tokio::test]
async fn a_name_is_locked_the_same_way_whether_there_is_such_an_account_or_not() {
    let browser = Browser::new("");
    browser.account("j.devries", &[Role::Viewer]).await;
    let mut bodies = Vec::new();
    for name in ["j.devries", "nobody"] {
        let mut browser = browser.another();
        let mut told = Vec::new();
        for _ in 0..6 {
            let answer = browser.sign_in_with(name, "not the password").await;
            told.push((answer.status, answer.headers.get(header::RETRY_AFTER).cloned(), answer.body));
        }
        let statuses: Vec<u16> = told.iter().map(|(status, _, _)| status.as_u16()).collect();
        assert_eq!(statuses, [403, 403, 403, 403, 429, 429], "{name}");
        bodies.push(told);
    }
    assert_eq!(bodies[0], bodies[1]);
    let mut browser = browser.another();
    assert_eq!(
        browser.sign_in("j.devries").await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "also with the right password"
    );
    browser.later(SignedDuration::from_secs(61));
    assert_eq!(browser.sign_in("j.devries").await.goes_to(), "/", "the wait is over");
    assert_eq!(browser.another().sign_in_with("j.devries", "not it either").await.status, StatusCode::FORBIDDEN);
    let trail = browser.site.look(|tx, _| tx.trail()).await.expect("rows");
    let told: Vec<&str> = trail.iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(
        told,
        ["account added", "sign-in failed", "account locked", "sign-in failed", "signed in", "sign-in failed"],
        "one row per story, not one per guess: {trail:?}"
    );
    assert!(trail.iter().all(|(_, content)| !content.contains("nobody\"") || !content.contains(PASSWORD)));
}

#[tokio::test]
async fn what_cannot_be_a_sign_in_is_refused_and_nothing_of_it_comes_back() {
    let mut browser = Browser::new("");
    let long = "x".repeat(5_000);
    for (form, status) in [
        ("", 415),
        ("name=a", 400),
        ("name=%3Cscript%3E&password=%3Cb%3E", 403),
        (&*format!("name={long}&password=a"), 403),
        (&*format!("name=a&password={long}"), 403),
        (&*format!("name=a&password={}", "x".repeat(20_000)), 413),
    ] {
        let answer = browser.post("/login", form).await;
        let shown = answer.status.as_u16();
        assert!(
            shown == status || (form.is_empty() && shown == 400) || (status == 413 && shown == 400),
            "{shown} {status}"
        );
        assert!(!answer.body.contains("script>") && !answer.body.contains("xxxxx"), "{}", answer.body);
    }
}

#[tokio::test]
async fn no_other_site_signs_anybody_in_or_out() {
    let mut browser = Browser::new("[console]\npublic_url = \"https://sluis.example\"\n");
    browser.account("j.devries", &[Role::Viewer]).await;
    for (headers, goes) in [
        (vec![("sec-fetch-site", "cross-site")], false),
        (vec![("sec-fetch-site", "same-site")], false),
        (vec![("origin", "https://evil.example"), ("host", "sluis.example")], false),
        (vec![("origin", "null"), ("host", "sluis.example")], false),
        (vec![("origin", "https://sluis.example"), ("host", "127.0.0.1:8312")], true),
        (vec![("sec-fetch-site", "same-origin"), ("origin", "https://sluis.example")], true),
        (vec![], true),
    ] {
        let mut browser = browser.another();
        browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let answer = browser.sign_in("j.devries").await;
        assert_eq!(answer.status == StatusCode::SEE_OTHER, goes, "{headers:?}");
        assert!(goes || answer.status == StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(answer.headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000; includeSubDomains");
        if goes {
            let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
            assert!(cookie.starts_with("__Host-sluis_session=") && cookie.contains("; Secure"), "{cookie}");
        }
    }
    browser.sign_in("j.devries").await.goes_to();
    assert_eq!(browser.post("/logout", "form_token=wrong").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "still signed in");
}
