//! Replies that come in: which question they answer, and what stays open until when.

use crate::deliver::{Expect, Lock};
use crate::scenarios::{A, B, BOTH, anna, given};
use crate::support::{FEBRUARY, STRANGER, Sample, client_301, with};
use jiff::civil::date;
use sluis::demo::compose::Allocate;
use sluis::message::{Date, Message, Party};
use sluis::pipeline;
use sluis::schema::Limits;

const BEGIN: Date = date(2026, 1, 8);

/// What the gateway wrote, as a message to change.
fn read(bytes: &[u8]) -> Message {
    let prepared = pipeline::prepare(bytes.into(), &Limits::default());
    prepared.reading.expect("the gateway writes valid messages").message
}

/// An allocation from the sample day on: nobody owes a start on it.
fn from_today(sample: &Sample, nummer: u64) -> Allocate {
    Allocate { from: date(2026, 3, 10), ..sample.weekly(nummer) }
}

#[track_caller]
fn assert_open(lock: &Lock, expected: &[&str]) {
    assert_eq!(lock.open_questions(), expected);
}

scenarios! {
    // The provider answers an allocation: its 302 is passed on and closes the question. There is no second answer.
    allocation_answered on BOTH |lock, sample| {
        lock.tells_questions();
        let toewijzing = sample.toewijzing("T1", &anna(), &[from_today(sample, A)]);
        lock.deliver("an allocation", &toewijzing.write(), &Expect::accepted());
        assert_open(lock, &["return on T1 2026-03-13 by 42420001"]);
        lock.deliver("the provider's 302", &sample.composer.retour("R1", &toewijzing, &[]).write(), &Expect::relayed());
        assert_open(lock, &[]);
        lock.deliver("a second 302", &sample.composer.retour("R2", &toewijzing, &[]).write(), &Expect::second_answer());
        lock.deliver("a second 302 that refuses after all", &sample.composer.retour("R3", &toewijzing, &["8848"]).write(),
            &Expect::second_answer());
    };

    // A 302 with codes answers as well; nobody has to start on an allocation that its provider refused.
    allocation_refused_by_its_provider on BOTH |lock, sample| {
        lock.tells_questions();
        let toewijzing = sample.toewijzing("T1", &anna(), &[sample.weekly(A)]);
        lock.deliver("an allocation that began in January", &toewijzing.write(), &Expect::accepted());
        assert_open(lock, &["return on T1 2026-03-13 by 42420001", "start on T1 2026-03-17 by 42420001"]);
        lock.deliver("a 302 with codes", &sample.composer.retour("R1", &toewijzing, &["8848"]).write(), &Expect::relayed());
        assert_open(lock, &[]);
    };

    // Only the provider that an allocation went to can answer it.
    answer_of_another_provider on BOTH |lock, sample| {
        let toewijzing = sample.toewijzing("T1", &anna(), &[from_today(sample, A)]);
        lock.deliver("an allocation", &toewijzing.write(), &Expect::accepted());
        let wrong = with(sample.composer.retour("R1", &toewijzing, &[]), |message| {
            message.header.ontvanger = Party::from(STRANGER);
        });
        lock.deliver("a 302 of another provider", &wrong.write(), &Expect::rejected(3).finds("SL003 - Header"));
        assert_open(lock, &["return on T1 2026-03-13 by 42420001"]);
        let older = with(sample.composer.retour("R2", &toewijzing, &[]), |message| {
            message.header.identificatie.dagtekening = date(2026, 3, 9);
        });
        lock.deliver("a 302 to a namesake", &older.write(), &Expect::rejected(3).finds("SL001 - Header"));
        lock.deliver("the provider's 302", &sample.composer.retour("R3", &toewijzing, &[]).write(), &Expect::relayed());
        lock.deliver("now both are wrong with it", &wrong.write(),
            &Expect::rejected(3).finds("SL003 - Header; SL002 - Header"));
    };

    // What the gateway answered itself has its answer, accepted or not.
    answered_by_the_gateway on BOTH |lock, sample| {
        lock.tells_questions();
        let anna = anna();
        let wrong = with(sample.toewijzing("T0", &anna, &[from_today(sample, B)]), |message| {
            client_301(message).producten[0].einddatum = None;
        });
        lock.deliver("an allocation that the gateway rejects", &wrong.write(), &Expect::rejected(2)
            .finds("CD076 0001 Client/ToegewezenProducten/ToegewezenProduct[1]").reply("Header 0001"));
        lock.deliver("a 302 of the provider, who never saw it", &sample.composer.retour("R0", &wrong, &[]).write(),
            &Expect::second_answer());
        let toewijzing = sample.toewijzing("T1", &anna, &[sample.weekly(A)]);
        lock.deliver("an allocation that began in January", &toewijzing.write(), &Expect::accepted());
        lock.deliver("the provider's 302", &sample.composer.retour("R1", &toewijzing, &[]).write(), &Expect::relayed());
        let start = sample.start("S1", &anna, &[(&sample.weekly(A), BEGIN)]);
        lock.deliver("the start that was owed", &start.write(), &Expect::accepted());
        assert_open(lock, &[]);
        lock.deliver("a 306 of the back office as well", &sample.composer.retour("R2", &start, &[]).write(),
            &Expect::second_answer());
        let stop = sample.stop("E1", &anna, &[(&sample.weekly(A), BEGIN, sample.as_planned(), FEBRUARY.1)]);
        lock.deliver("a stop", &stop.write(), &Expect::accepted());
        let refuses = sample.composer.retour("R3", &stop, &["8848"]);
        lock.deliver("a 308 of the back office, which would have refused", &refuses.write(), &Expect::second_answer());
        assert_open(lock, &[]);
    };

    // A request owes an answer of its own beside its 316: in five working days, and in eight weeks once it is investigated.
    request_kept_open on BOTH |lock, sample| {
        lock.tells_questions();
        let anna = anna();
        let asked = sample.clone().signed(date(2026, 3, 9));
        let request = asked.aanvraag("V1", &anna, &[("R1", &sample.weekly(0))]);
        lock.today(date(2026, 3, 10));
        lock.deliver("a request, signed the day before", &request.write(), &Expect::accepted());
        assert_open(lock, &["request_answer on V1 2026-03-17 by 0197"]);
        lock.today(date(2026, 3, 18));
        let later = sample.clone().signed(date(2026, 3, 18));
        let investigated = later.antwoord("A1", "R1", None);
        lock.deliver("under investigation, a day late", &investigated.write(), &Expect::accepted());
        assert_open(lock, &["return on A1 2026-03-23 by 42420001", "final_answer on A1 2026-05-04 by 0197"]);
        lock.deliver("the provider's 320", &later.composer.retour("Q1", &investigated, &[]).write(), &Expect::relayed());
        assert_open(lock, &["final_answer on A1 2026-05-04 by 0197"]);
        lock.today(date(2026, 4, 2));
        let grant = with(sample.clone().signed(date(2026, 4, 2)).toewijzing("T1", &anna, &[
            Allocate { from: date(2026, 4, 2), ..sample.weekly(A) },
        ]), |message| client_301(message).producten[0].referentie_aanbieder = Some("R1".into()));
        lock.deliver("the allocation, before Easter", &grant.write(), &Expect::accepted());
        assert_open(lock, &["return on T1 2026-04-09 by 42420001"]);
    };

    // A 323 is answered by the gateway at once; the municipality's own 325 would be a second answer.
    declaration_answered_twice on BOTH |lock, sample| {
        lock.tells_questions();
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let claim = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![sample.claim("P1", A, FEBRUARY, 12)])]);
        let answer = lock.deliver("a declaration", &claim.write(), &Expect::granted());
        lock.deliver("the back office answers it as well", &answer, &Expect::second_answer());
        let changed = |change: fn(&mut Message)| with(read(&answer), change).write();
        lock.deliver("and names another version of the schema", &changed(|message| {
            message.header.xsd_versie_declaratie.as_mut().expect("a 325 has it").bericht = "1.0.1".into();
        }), &Expect::rejected(3).finds("SL002 - Header; TR371 - Header"));
        lock.deliver("an answer of another municipality", &changed(|message| {
            message.header.afzender = Party::from("0294");
        }), &Expect::rejected(3).finds("SL003 - Header; SL002 - Header"));
        lock.deliver("an answer to a declaration of another day", &changed(|message| {
            let named = message.header.declaratie_identificatie.as_mut().expect("a 325 has it");
            named.dagtekening = date(2026, 3, 9);
        }), &Expect::rejected(3).finds("TR337 - Header"));
        lock.deliver("an answer to nothing", &changed(|message| {
            let named = message.header.declaratie_identificatie.as_mut().expect("a 325 has it");
            named.identificatie = "D9".into();
        }), &Expect::rejected(3).finds("TR337 - Header"));
    };

    // An allocation that a person holds back asks nothing, and nobody can answer it.
    held_allocation_asks_nothing on BOTH |lock, sample| {
        lock.tells_questions();
        let stranger = Sample::with(sample.law, STRANGER);
        let toewijzing = stranger.toewijzing("T1", &anna(), &[stranger.weekly(A)]);
        lock.deliver("an allocation without a contract", &toewijzing.write(), &Expect::held().signals(&["A1"]));
        assert_open(lock, &[]);
        lock.deliver("a 302 to it", &stranger.composer.retour("R1", &toewijzing, &[]).write(),
            &Expect::rejected(3).finds("SL001 - Header"));
    };

    // The question is unknown: refused, unless the gateway is being introduced.
    unknown_question on BOTH |lock, sample| {
        lock.tells_questions();
        let anna = anna();
        let before = sample.toewijzing("T1", &anna, &[from_today(sample, A)]);
        let retour = sample.composer.retour("R1", &before, &[]).write();
        lock.deliver("a 302 to an allocation that was sent past the gateway", &retour,
            &Expect::rejected(3).finds("SL001 - Header"));
        let claim = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![sample.claim("P1", A, FEBRUARY, 12)])]);
        let answer = {
            let elsewhere = Sample::of(sample.law);
            let mut other = Lock::new(sample.law);
            given(&mut other, "T1", &elsewhere, &anna, &[elsewhere.weekly(A)]);
            other.deliver("a declaration elsewhere", &claim.write(), &Expect::granted())
        };
        lock.deliver("a 325 to a declaration that was sent past the gateway", &answer,
            &Expect::rejected(3).finds("TR337 - Header"));

        lock.relays_unknown();
        lock.deliver("the same 302 while the gateway is new", &retour, &Expect::relayed());
        lock.deliver("once more: nobody can tell", &retour, &Expect::relayed());
        lock.deliver("the 325, which the standard itself refuses", &answer, &Expect::rejected(3).finds("TR337 - Header"));
        let known = sample.toewijzing("T2", &anna, &[from_today(sample, B)]);
        lock.deliver("an allocation through the gateway", &known.write(), &Expect::accepted());
        lock.deliver("its 302", &sample.composer.retour("R2", &known, &[]).write(), &Expect::relayed());
        lock.deliver("a second 302 to it", &sample.composer.retour("R3", &known, &[]).write(), &Expect::second_answer());
    };
}
