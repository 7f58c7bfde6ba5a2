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
        ("", 400),
        ("name=a", 400),
        ("name=%3Cscript%3E&password=%3Cb%3E", 403),
        (&*format!("name={long}&password=a"), 403),
        (&*format!("name=a&password={long}"), 403),
        (&*format!("name=a&password={}", "x".repeat(20_000)), 413),
    ] {
        let answer = browser.post("/login", form).await;
        assert_eq!(answer.status.as_u16(), status, "{}", form.get(..40).unwrap_or(form));
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

#[tokio::test]
async fn an_administrator_makes_an_account_for_the_developer_of_a_sender() {
    let mut admin = Browser::new("[[sender]]\nname = \"zorgsoft\"\nparties = [\"42420001\"]\nfolder = \"zorgsoft\"\n");
    admin.account("beheer", &[Role::Administrator]).await;
    admin.sign_in("beheer").await.goes_to();
    let form = |rest: &str| format!("name=dev&password=een+heel+lang+woord&{rest}");
    for (rest, told) in
        [("sender=anders", "wel: zorgsoft"), ("sender=zorgsoft&role=viewer", "Kies rollen of een afzender")]
    {
        let answer = admin.send("/accounts", &form(rest)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{rest}");
        assert!(answer.body.contains(told), "{rest}: {}", answer.body);
    }
    assert_eq!(admin.send("/accounts", &form("sender=zorgsoft")).await.goes_to(), "/accounts?done=added");
    let page = admin.get("/accounts").await.body;
    assert!(page.contains("sender zorgsoft") && page.contains("<option value=\"\" selected>geen: personeel"), "{page}");
    let staff = "name=nieuw&password=een+heel+lang+woord&role=viewer&sender=";
    assert_eq!(admin.send("/accounts", staff).await.goes_to(), "/accounts?done=added");

    let mut developer = admin.another();
    developer.sign_in_with("dev", "een heel lang woord").await.goes_to();
    let form = "old=een+heel+lang+woord&new=mijn+eigen+woorden&again=mijn+eigen+woorden";
    assert_eq!(developer.send("/account/password", form).await.goes_to(), "/account?done=password");
    assert_eq!(developer.get("/").await.goes_to(), "/try");
    assert!(developer.get("/try").await.body.contains("<strong>zorgsoft</strong>"));
    let change = "role=viewer&sender=&reason=nu+van+ons";
    assert_eq!(admin.send("/accounts/dev/roles", change).await.goes_to(), "/accounts/dev?done=roles");
    assert_eq!(developer.get("/").await.status, StatusCode::OK, "it counts at once");
}

#[tokio::test]
async fn an_administrator_keeps_accounts_and_cannot_lock_everybody_out() {
    let mut admin = administrator().await;
    let form = "name=J.Bakker&role=viewer&role=operator&password=een+heel+lang+woord";
    assert_eq!(admin.send("/accounts", form).await.goes_to(), "/accounts?done=added");
    assert_eq!(admin.send("/accounts", form).await.status, StatusCode::CONFLICT, "there is one already");
    for (form, told) in [
        ("name=a+b&role=viewer&password=een+heel+lang+woord", "Een naam heeft"),
        ("name=nieuw&password=een+heel+lang+woord", "ten minste één rol"),
        ("name=nieuw&role=root&password=een+heel+lang+woord", "Een rol is een van"),
        ("name=nieuw&role=viewer&password=kort", "ten minste 12 tekens"),
        ("name=nieuw&role=viewer", "ten minste 12 tekens"),
    ] {
        let answer = admin.send("/accounts", form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.body.contains(told) && !answer.body.contains("heel"), "{form}: {}", answer.body);
    }
    assert_eq!(admin.post("/accounts", form).await.status, StatusCode::FORBIDDEN, "a form of nowhere");

    let mut new = admin.another();
    assert_eq!(new.sign_in_with("j.bakker", "een heel lang woord").await.goes_to(), "/");
    assert_eq!(new.get("/held").await.goes_to(), "/account", "the password of somebody else is changed first");
    for (form, told) in [
        ("old=verkeerd&new=mijn+eigen+woorden&again=mijn+eigen+woorden", "huidige wachtwoord klopt niet"),
        ("old=een+heel+lang+woord&new=mijn+eigen+woorden&again=mijn+eigen", "niet gelijk"),
        ("old=een+heel+lang+woord&new=een+heel+lang+woord&again=een+heel+lang+woord", "het huidige wachtwoord"),
        ("old=een+heel+lang+woord&new=j.bakker&again=j.bakker", "ten minste 12 tekens"),
    ] {
        let answer = new.send("/account/password", form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.body.contains(told), "{form}: {}", answer.body);
    }
    let form = "old=een+heel+lang+woord&new=mijn+eigen+woorden&again=mijn+eigen+woorden";
    assert_eq!(new.send("/account/password", form).await.goes_to(), "/account?done=password");
    assert_eq!(new.get("/").await.status, StatusCode::OK);

    for (path, form, status) in [
        ("/accounts/beheer/roles", "role=viewer&reason=ik+wil+minder", 403),
        ("/accounts/beheer/disable", "reason=weg", 403),
        ("/accounts/beheer/password", "reason=weg&password=een+heel+lang+woord", 403),
        ("/accounts/j.bakker/roles", "role=viewer", 422),
        ("/accounts/j.bakker/roles", "role=viewer&reason=om+999900006", 422),
        ("/accounts/j.bakker/roles", "role=viewer&role=operator&reason=nogmaals", 409),
        ("/accounts/nobody/disable", "reason=weg", 404),
        ("/accounts/nobody/roles", "role=viewer&reason=weg", 404),
    ] {
        assert_eq!(admin.send(path, form).await.status.as_u16(), status, "{path} {form}");
    }
    let form = "role=viewer&reason=andere+functie";
    assert_eq!(admin.send("/accounts/j.bakker/roles", form).await.goes_to(), "/accounts/j.bakker?done=roles");
    assert!(!new.get("/account").await.body.contains("order-held"), "other roles count at once");
    assert_eq!(new.get("/accounts").await.status, StatusCode::FORBIDDEN);
    assert_eq!(new.send("/accounts", "name=x").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        admin.send("/accounts/j.bakker/disable", "reason=uit+dienst").await.goes_to(),
        "/accounts/j.bakker?done=disabled"
    );
    assert_eq!(new.get("/").await.goes_to(), "/login?why=over");
    assert_eq!(new.sign_in_with("j.bakker", "mijn eigen woorden").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        admin.send("/accounts/j.bakker/enable", "reason=terug").await.goes_to(),
        "/accounts/j.bakker?done=enabled"
    );
    assert_eq!(new.sign_in_with("j.bakker", "mijn eigen woorden").await.goes_to(), "/");

    let by = crate::ledger::By { name: "installer".to_owned(), account: None, reason: None };
    let last = admin.site.order(move |tx, now| tx.disable_account("beheer", &by, now)).await;
    assert_eq!(last.expect("it can be asked"), crate::ledger::Changed::LastAdministrator);
    let page = admin.get("/accounts").await.body;
    assert!(page.contains("j.bakker") && page.contains("viewer") && !page.contains("argon2"), "{page}");
    assert_eq!(admin.get("/accounts/nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.get("/accounts/%FF").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sessions_are_ended_by_whose_they_are() {
    let mut one = Browser::new("");
    one.account("j.devries", &[Role::Viewer]).await;
    one.account("a.smit", &[Role::Viewer]).await;
    let (mut two, mut other) = (one.another(), one.another());
    one.sign_in("j.devries").await.goes_to();
    two.sign_in("j.devries").await.goes_to();
    other.sign_in("a.smit").await.goes_to();
    let page = one.get("/account").await.body;
    assert!(page.contains("/account/sessions/2/end") && !page.contains("/account/sessions/3/end"), "{page}");
    assert_eq!(one.send("/account/sessions/3/end", "").await.status, StatusCode::NOT_FOUND, "that of somebody else");
    assert_eq!(one.send("/account/sessions/x/end", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(one.send("/account/sessions/2/end", "").await.goes_to(), "/account?done=session");
    assert_eq!(two.get("/").await.goes_to(), "/login?why=over");
    assert_eq!(other.get("/").await.status, StatusCode::OK);
    let before = one.cookies.clone();
    one.sign_in("j.devries").await.goes_to();
    assert_ne!(one.cookies, before, "each sign-in has a key of its own");
    one.cookies = before;
    one.later(SignedDuration::from_secs(1));
    assert_eq!(one.get("/").await.goes_to(), "/login?why=over", "and ends the one before it");
}

#[tokio::test]
async fn programs_are_known_by_tokens_and_by_nothing_else() {
    let mut admin = Browser::new("[console]\napi_requests = 5\n");
    admin.account("beheer", &[Role::Administrator]).await;
    admin.sign_in("beheer").await.goes_to();
    for (form, status) in [
        ("name=backoffice&days=90", 422),
        ("name=backoffice&scope=administer&days=90", 422),
        ("name=backoffice&scope=view&days=0", 422),
        ("name=backoffice&scope=view&days=veel", 422),
        ("name=Back+Office&scope=view&days=1", 422),
        ("name=backoffice&scope=view&days=90", 200),
        ("name=backoffice&scope=view&days=90", 409),
    ] {
        assert_eq!(admin.send("/tokens", form).await.status.as_u16(), status, "{form}");
    }
    let page = admin.send("/tokens", "name=kort&scope=view&scope=try&days=1").await.body;
    let (_, rest) = page.split_once("<code>slt_").expect("it is shown");
    let token = format!("slt_{}", rest.split('<').next().expect("its end"));
    assert!(!admin.get("/accounts").await.body.contains(&token), "it is shown once");

    let mut program = admin.another();
    let answer = program.get("/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"sluis\"");
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(admin.get("/v1/nothing").await.status, StatusCode::UNAUTHORIZED, "a session is for pages");
    program.headers = vec![("authorization", format!("Bearer {token}"))];
    assert_eq!(program.get("/v1/nothing").await.status, StatusCode::NOT_FOUND, "it is let in");
    assert_eq!(program.get("/").await.goes_to(), "/login", "a token is for the API");
    for _ in 0..4 {
        assert_eq!(program.get("/v1/nothing").await.status, StatusCode::NOT_FOUND);
    }
    let answer = program.get("/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));

    program.later(SignedDuration::from_hours(24));
    let answer = program.get("/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "its time is over");
    let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().expect("text");
    assert!(challenge.contains("invalid_token") && !answer.body.contains("slt_"), "{challenge} {}", answer.body);
    for wrong in [format!("Bearer {}x", &token[..token.len() - 1]), "Bearer".to_owned(), "Basic YTpi".to_owned()] {
        program.headers = vec![("authorization", wrong)];
        assert_eq!(program.get("/v1/nothing").await.status, StatusCode::UNAUTHORIZED);
    }
    let mut is_slowed_down = false;
    for _ in 0..40 {
        is_slowed_down |= program.get("/v1/nothing").await.status == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(is_slowed_down, "whoever guesses has to wait");
}

/// An administrator who is signed in.
async fn administrator() -> Browser {
    let mut admin = Browser::new("");
    admin.account("beheer", &[Role::Administrator]).await;
    admin.sign_in("beheer").await.goes_to();
    admin
}

/// A program of the same site that shows a token.
fn program(admin: &Browser, token: &str) -> Browser {
    let mut program = admin.another();
    program.headers = vec![("authorization", format!("Bearer {token}"))];
    program
}

/// Makes a token for looking, as a page shows it once.
async fn token(admin: &mut Browser, name: &str, days: u32) -> String {
    let page = admin.send("/tokens", &format!("name={name}&scope=view&days={days}")).await.body;
    let (_, rest) = page.split_once("<code>").expect("it is shown");
    rest.split('<').next().expect("its end").to_owned()
}

#[tokio::test]
async fn a_token_that_does_not_count_is_told_so_as_a_problem() {
    let mut admin = administrator().await;
    let (expired, revoked) = (token(&mut admin, "expired", 1).await, token(&mut admin, "revoked", 1).await);
    admin.send("/tokens/revoked/revoke", "reason=gelekt").await.goes_to();
    let mut program = program(&admin, &expired);
    assert_eq!(program.get("/v1/messages").await.status, StatusCode::OK);
    program.later(SignedDuration::from_hours(24));
    for (case, token) in [("expired", expired), ("revoked", revoked), ("unknown", format!("slt_{}", "0".repeat(64)))] {
        program.headers = vec![("authorization", format!("Bearer {token}"))];
        for path in ["/v1/messages", "/v1/messages/1", "/v1/nothing"] {
            let answer = program.get(path).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case} {path}");
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{case} {path}");
            assert_eq!(
                answer.headers[header::WWW_AUTHENTICATE],
                "Bearer realm=\"sluis\", error=\"invalid_token\"",
                "{case} {path}"
            );
            assert!(answer.body.contains("unauthorized") && !answer.body.contains("slt_"), "{case} {}", answer.body);
        }
    }
}

#[tokio::test]
async fn whoever_guesses_tokens_costs_the_ledger_nothing_and_keeps_no_program_out() {
    let mut admin = administrator().await;
    let token = token(&mut admin, "backoffice", 90).await;
    let mut program = program(&admin, &token);
    assert_eq!(program.get("/v1/messages").await.status, StatusCode::OK);

    let mut stranger = admin.another();
    stranger.headers = vec![("authorization", format!("Bearer slt_{}", "0".repeat(64)))];
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(stranger.get("/v1/messages").await.status.as_u16());
    }
    assert!(statuses.starts_with(&[401; 25]) && statuses.ends_with(&[429; 5]), "{statuses:?}");
    assert_eq!(program.get("/v1/messages").await.status, StatusCode::OK, "it shares the address of who guesses");
    let ledger = admin.site.ledger.clone();
    tokio::task::spawn_blocking(move || ledger.close()).await.expect("no panic").expect("it closes");
    let answer = stranger.get("/v1/messages").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "the ledger is not asked: {}", answer.body);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn a_token_that_was_revoked_counts_no_more() {
    let mut admin = administrator().await;
    let token = token(&mut admin, "backoffice", 90).await;
    let mut program = program(&admin, &token);
    assert_eq!(program.get("/v1/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.send("/tokens/backoffice/revoke", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.send("/tokens/nothing/revoke", "reason=weg").await.status, StatusCode::NOT_FOUND);
    admin.later(SignedDuration::from_mins(1));
    assert_eq!(admin.send("/tokens/backoffice/revoke", "reason=gelekt").await.goes_to(), "/accounts?done=revoked");
    assert_eq!(admin.send("/tokens/backoffice/revoke", "reason=gelekt").await.status, StatusCode::CONFLICT);
    assert_eq!(program.get("/v1/nothing").await.status, StatusCode::UNAUTHORIZED);
    let trail = admin.site.look(|tx, _| tx.trail()).await.expect("rows");
    let last = trail.last().expect("a row");
    assert!(last.0 == "token revoked" && last.1.contains("gelekt") && last.1.contains("beheer"), "{last:?}");
    assert!(trail.iter().all(|(_, content)| !content.contains("slt_") && !content.contains("argon2")), "{trail:?}");
}

#[tokio::test]
async fn a_ledger_that_is_away_is_told_and_lets_nobody_in() {
    let mut browser = Browser::new("");
    browser.account("j.devries", &[Role::Viewer]).await;
    browser.sign_in("j.devries").await.goes_to();
    let mut program = browser.another();
    program.headers = vec![("authorization", format!("Bearer slt_{}", "0".repeat(64)))];
    let ledger = browser.site.ledger.clone();
    tokio::task::spawn_blocking(move || ledger.close()).await.expect("no panic").expect("it closes");
    for path in ["/", "/login", "/accounts"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.body.contains("niet bereikbaar") && !answer.body.contains("closed"), "{}", answer.body);
    }
    assert_eq!(browser.another().sign_in("j.devries").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let answer = program.get("/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
}
