//! Accounts, attempts, sessions and tokens: what holds on either database.

use super::*;
use crate::access::{Capacity, Means, PasswordHash, Permission, Role};
use crate::sender::TokenHash;

fn by(name: &str, account: Option<&str>) -> By {
    By { name: name.to_owned(), account: account.map(str::to_owned), reason: Some("a reason".to_owned()) }
}

fn hash(of: &str) -> PasswordHash {
    PasswordHash::stored(format!("$argon2id$ not a hash of {of}"))
}

fn staff(role: Role) -> Capacity {
    Capacity::Staff(BTreeSet::from([role]))
}

fn add(sut: &Sut, name: &'static str, roles: &[Role]) -> Changed {
    let capacity = Capacity::Staff(roles.iter().copied().collect());
    sut.get(move |tx| tx.add_account(name, &hash(name), &capacity, false, &by("installer", None), at(0)))
}

#[test]
fn an_account_of_a_sender_has_no_role() {
    let sut = Sut::new();
    let bound = Capacity::Sender("zorgsoft".to_owned());
    let (own, again) = (bound.clone(), bound.clone());
    assert_eq!(add(&sut, "a", &[Role::Administrator]), Changed::Done);
    let added = sut.get(move |tx| tx.add_account("dev", &hash("dev"), &own, false, &by("a", None), at(0)));
    assert_eq!(added, Changed::Done);
    let begun = begins("dev", "t1", 100);
    assert_eq!(sut.get(move |tx| tx.sign_in(&begun, &hash("dev"), at(1))), SignedIn::Yes);
    let found = sut.get(|tx| tx.session(TokenHash::of("t1"))).expect("a session");
    assert_eq!(found.capacity, bound);
    let set = |name: &'static str, capacity: Capacity| {
        sut.get(move |tx| tx.set_capacity(name, &capacity, &by("a", None), at(2)))
    };
    assert_eq!(set("dev", again), Changed::Already);
    assert_eq!(set("a", bound), Changed::LastAdministrator, "it would keep accounts no more");
    assert_eq!(set("dev", staff(Role::Viewer)), Changed::Done);
    assert_eq!(sut.get(|tx| tx.session(TokenHash::of("t1"))).expect("a session").capacity, staff(Role::Viewer));
    let sender: Option<String> =
        sut.get(|tx| Ok(tx.local_account("dev")?.and_then(|account| account.capacity.sender().map(str::to_owned))));
    assert_eq!(sender, None);
}

fn begins(name: &str, token: &str, ends: i64) -> NewSession {
    NewSession {
        token: TokenHash::of(token),
        name: name.to_owned(),
        means: Means::Account,
        subject: None,
        roles: BTreeSet::new(),
        ends_at: at(ends),
    }
}

fn by_provider(name: &str, token: &str, issuer: &str, id: &str) -> NewSession {
    NewSession {
        means: Means::Provider,
        subject: Some(Subject { issuer: issuer.to_owned(), id: id.to_owned() }),
        roles: BTreeSet::from([Role::Operator]),
        ..begins(name, token, 100)
    }
}

#[test]
fn the_last_administrator_stays_and_nobody_promotes_themselves() {
    let sut = Sut::new();
    assert_eq!(add(&sut, "a", &[Role::Administrator]), Changed::Done);
    assert_eq!(add(&sut, "a", &[Role::Viewer]), Changed::Already);
    let roles = |name: &'static str, role, who: By| sut.get(move |tx| tx.set_capacity(name, &staff(role), &who, at(1)));
    assert_eq!(roles("a", Role::Viewer, by("installer", None)), Changed::LastAdministrator);
    assert_eq!(sut.get(|tx| tx.disable_account("a", &by("x", None), at(1))), Changed::LastAdministrator);
    assert_eq!(add(&sut, "b", &[Role::Administrator, Role::Viewer]), Changed::Done);
    assert_eq!(roles("a", Role::Viewer, by("a", Some("a"))), Changed::Own);
    assert_eq!(sut.get(|tx| tx.disable_account("b", &by("b", Some("b")), at(2))), Changed::Own);
    assert_eq!(sut.get(|tx| tx.disable_account("b", &by("a", Some("a")), at(2))), Changed::Done);
    assert_eq!(sut.get(|tx| tx.disable_account("b", &by("a", Some("a")), at(2))), Changed::Already);
    assert_eq!(
        roles("a", Role::Viewer, by("b", Some("b"))),
        Changed::LastAdministrator,
        "one that is disabled is none"
    );
    assert_eq!(sut.get(|tx| tx.enable_account("b", &by("a", Some("a")), at(3))), Changed::Done);
    assert_eq!(roles("a", Role::Viewer, by("b", Some("b"))), Changed::Done);
    assert_eq!(roles("nobody", Role::Viewer, by("b", Some("b"))), Changed::Missing);
    let accounts = sut.get(|tx| tx.local_accounts());
    let shown: Vec<_> = accounts.iter().map(|account| format!("{}: {}", account.name, account.capacity)).collect();
    assert_eq!(shown, ["a: viewer", "b: viewer, administrator"]);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    let refused = sut.run(|tx| tx.note_action(at(4), "a", "looked", "message 1", Some("of 999900006")));
    assert!(matches!(refused, Err(LedgerError::Unfit(_))), "{refused:?}");
}

#[test]
fn waits_double_and_are_forgotten() {
    let sut = Sut::new();
    add(&sut, "a", &[Role::Viewer]);
    let fail = |seconds| {
        let attempt = sut.get(move |tx| tx.attempt("a", at(seconds)));
        assert_eq!(attempt, Attempt::Open(Some(hash("a"))));
        sut.get(move |tx| tx.attempt_failed("a", at(seconds))).locked_until
    };
    for seconds in 0..4 {
        assert_eq!(fail(seconds), None);
    }
    let mut now = 4;
    for wait in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        assert_eq!(fail(now), Some(at(now + wait)));
        let early = now + wait - 1;
        assert_eq!(sut.get(move |tx| tx.attempt("a", at(early))), Attempt::Locked(at(now + wait)));
        now += wait;
    }
    let account = sut.get(|tx| tx.local_account("a")).expect("an account");
    assert_eq!(account.locked_until, Some(at(now)));
    let day_later = now + 24 * 3_600 + 1;
    assert_eq!(fail(day_later), None, "it is forgotten after a day");
    assert_eq!(sut.get(move |tx| tx.attempt("a", at(day_later))), Attempt::Open(Some(hash("a"))));
    let session = begins("a", "t", day_later + 9);
    assert_eq!(sut.get(move |tx| tx.sign_in(&session, &hash("a"), at(day_later))), SignedIn::Yes);
    assert_eq!(fail(day_later + 1), None, "who gets in begins anew");
    // Many at once, before the first of them has failed.
    sut.get(move |tx| tx.enable_account("a", &by("x", None), at(day_later + 2)));
    let open = (0..9).filter(|_| sut.get(move |tx| tx.attempt("b", at(day_later))) == Attempt::Open(None)).count();
    assert_eq!(open, 5);
}

#[test]
fn a_session_is_that_of_an_account_as_it_is_now() {
    let sut = Sut::new();
    add(&sut, "a", &[Role::Viewer]);
    let wrong = begins("a", "t0", 100);
    assert_eq!(
        sut.get(move |tx| tx.sign_in(&wrong, &hash("b"), at(0))),
        SignedIn::No,
        "the password is another by now"
    );
    for (token, ends) in [("t1", 100), ("t2", 100), ("t3", 10)] {
        let session = begins("a", token, ends);
        assert_eq!(sut.get(move |tx| tx.sign_in(&session, &hash("a"), at(1))), SignedIn::Yes);
    }
    let provider = by_provider("a", "t4", "https://one", "a");
    sut.get(move |tx| tx.sign_in_by_provider(&provider, at(1)));
    let find = |token: &'static str| sut.get(move |tx| tx.session(TokenHash::of(token)));
    let first = find("t1").expect("a session");
    assert_eq!((first.capacity, first.ended_at, first.must_change), (staff(Role::Viewer), None, false));
    assert_eq!(find("t4").expect("a session").capacity, staff(Role::Operator), "as the provider told");
    assert_eq!(find("t5"), None);
    let open = sut.get(|tx| tx.sessions_of(&Holder::of_account("a"), at(10)));
    assert_eq!(open.iter().map(|session| session.id).collect::<Vec<_>>(), [2, 1], "that of the provider is another's");
    sut.get(|tx| tx.see_session(1, at(9)));
    assert_eq!(find("t1").expect("a session").seen_at, at(9));
    assert_eq!(sut.get(|tx| tx.end_session(2, &Holder::of_account("b"), at(9))), Changed::Already, "not one's own");
    let changed = sut.get(|tx| tx.set_password("a", &hash("c"), true, Some(1), &by("x", None), at(11)));
    assert_eq!(changed, Changed::Done);
    assert!(
        find("t2").expect("a session").ended_at == Some(at(11)) && find("t4").expect("a session").ended_at.is_none()
    );
    assert!(find("t1").is_some_and(|session| session.ended_at.is_none() && session.must_change));
}

#[test]
fn people_of_a_provider_are_told_apart_by_what_the_provider_never_gives_twice() {
    let sut = Sut::new();
    for (token, name, issuer, id) in [
        ("t1", "p", "https://one", "1"),
        ("t2", "p", "https://one", "2"),
        ("t3", "p", "https://two", "1"),
        ("t4", "married", "https://one", "1"),
    ] {
        let session = by_provider(name, token, issuer, id);
        sut.get(move |tx| tx.sign_in_by_provider(&session, at(1)));
    }
    let holder = |token: &'static str| {
        let session = sut.get(move |tx| tx.session(TokenHash::of(token)));
        session.expect("a session").holder
    };
    let open = |holder: Holder| {
        let sessions = sut.get(move |tx| tx.sessions_of(&holder, at(2)));
        sessions.iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(open(holder("t1")), [4, 1], "whatever they are called");
    assert_eq!((open(holder("t2")), open(holder("t3"))), (vec![2], vec![3]));
    assert!(open(Holder::of_account("p")).is_empty(), "nor is it the account of that name");
    let end = |id, holder: Holder| sut.get(move |tx| tx.end_session(id, &holder, at(3)));
    assert_eq!(end(1, holder("t2")), Changed::Already, "not one's own");
    assert_eq!((end(1, holder("t4")), open(holder("t1"))), (Changed::Done, vec![4]));
}

#[test]
fn tokens_count_until_they_expire_or_are_revoked() {
    let sut = Sut::new();
    let scopes = BTreeSet::from([Permission::View, Permission::Try]);
    let given = scopes.clone();
    let add = move |name: &'static str, text: &'static str| {
        let scopes = given.clone();
        sut_add(name, text, scopes)
    };
    assert_eq!(sut.get(add("a", "one")), Changed::Done);
    assert_eq!(sut.get(add("a", "two")), Changed::Already, "a name is used once");
    let find = |text: &'static str| sut.get(move |tx| tx.token(TokenHash::of(text)));
    let token = find("one").expect("a token");
    assert_eq!((token.scopes.clone(), token.used_at), (scopes, None));
    assert!(token.counts(at(99)) && !token.counts(at(100)) && token.should_be_used(at(1)));
    assert_eq!(find("two"), None);
    sut.get(move |tx| tx.use_token(token.id, at(5)));
    let token = find("one").expect("a token");
    assert!(!token.should_be_used(at(3_604)) && token.should_be_used(at(3_605)));
    assert_eq!(sut.get(|tx| tx.revoke_token("a", &by("x", None), at(6))), Changed::Done);
    assert_eq!(sut.get(|tx| tx.revoke_token("a", &by("x", None), at(7))), Changed::Already);
    assert_eq!(sut.get(|tx| tx.revoke_token("b", &by("x", None), at(7))), Changed::Missing);
    assert!(!find("one").expect("a token").counts(at(8)));
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

fn sut_add(
    name: &'static str,
    text: &'static str,
    scopes: BTreeSet<Permission>,
) -> impl FnOnce(&mut Tx<'_>) -> Result<Changed, LedgerError> + Send {
    move |tx| tx.add_token(name, TokenHash::of(text), &scopes, at(100), &by("x", None), at(0))
}
