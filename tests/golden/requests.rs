//! Requests for care (315), requests for change (317), and what the municipality says to them: 319 and 301.

use crate::deliver::{Expect, Lock};
use crate::scenarios::{A, B, BOTH, again, anna, bram, given};
use crate::support::{STRANGER, Sample, antwoord_319, client_301, client_315, with};
use sluis::demo::compose::{Allocate, Person, omvang};
use sluis::message::{Count, Eenheid, Frequentie, Law, Message, Party, Woonplaatsbeginsel};

const JW: &[Law] = &[Law::Jeugdwet];

/// A 315 for one product of the client.
fn request(sample: &Sample, id: &str, referentie: &str) -> Message {
    sample.aanvraag(id, &anna(), &[(referentie, &sample.weekly(0))])
}

fn requested(lock: &mut Lock, sample: &Sample, referentie: &str) {
    let message = request(sample, &format!("V-{referentie}"), referentie);
    lock.deliver("given a request", &message.write(), &Expect::accepted());
}

/// A 301 whose allocations carry these references.
fn granting(sample: &Sample, id: &str, person: &Person, allocations: &[(Allocate, Option<&str>)]) -> Message {
    let plain: Vec<Allocate> = allocations.iter().map(|(allocation, _)| allocation.clone()).collect();
    with(sample.toewijzing(id, person, &plain), |message| {
        for (product, (_, referentie)) in client_301(message).producten.iter_mut().zip(allocations) {
            product.referentie_aanbieder = referentie.map(Into::into);
        }
    })
}

fn investigated(sample: &Sample, id: &str, referentie: &str) -> Vec<u8> {
    sample.antwoord(id, referentie, None).write()
}

/// Rejected on care grounds.
fn rejected(sample: &Sample, id: &str, referentie: &str) -> Vec<u8> {
    sample.antwoord(id, referentie, Some("7")).write()
}

/// A refused 319: `TR359 9359` by rule and code.
fn refused(findings: &str) -> Expect {
    let found: Vec<String> = findings.split(", ").map(|rule| format!("{rule} Antwoord")).collect();
    let codes: Vec<&str> = findings.split(", ").filter_map(|rule| rule.split(' ').nth(1)).collect();
    Expect::rejected(3).finds(&found.join("; ")).reply(&format!("Header 0200; Antwoord {}", codes.join(" ")))
}

fn other(sample: &Sample, nummer: Count) -> Allocate {
    Allocate { product: sample.other(), ..sample.weekly(nummer) }
}

const P1: &str = "Client/AangevraagdeProducten/AangevraagdProduct[1]";

scenarios! {
    // Flow: granted at once.
    request_granted on BOTH |lock, sample| {
        let anna = anna();
        let retour = lock.deliver("a request", &request(sample, "V1", "R1").write(), &Expect::accepted());
        lock.deliver("a 316 of the municipality's own, after that of the gateway", &retour, &Expect::second_answer());
        let grant = granting(sample, "T1", &anna, &[(sample.weekly(A), Some("R1"))]);
        lock.deliver("the allocation, with its reference", &grant.write(), &Expect::accepted());
        lock.deliver("a rejection after it", &rejected(sample, "A1", "R1"), &refused("TR359 9359"));
        lock.deliver("an investigation after it", &investigated(sample, "A1", "R1"), &refused("TR359 9359"));
        lock.deliver("the allocation sent once more, reference and all", &again(grant, "T2").write(), &Expect::accepted());
        lock.deliver("the next request", &request(sample, "V2", "R2").write(), &Expect::accepted());
    };

    // Flow: granted after an investigation. At most one investigation.
    request_investigated_and_granted on BOTH |lock, sample| {
        requested(lock, sample, "R1");
        let owed = lock.deliver("under investigation", &investigated(sample, "A1", "R1"), &Expect::accepted());
        lock.deliver("the provider's own 320", &owed, &Expect::relayed());
        let retour = lock.deliver("under investigation once more", &investigated(sample, "A2", "R1"), &refused("TR360 9360"));
        lock.deliver("a 320 of the provider's own, after that of the gateway", &retour, &Expect::second_answer());
        let grant = granting(sample, "T1", &anna(), &[(sample.weekly(A), Some("R1"))]);
        lock.deliver("the allocation", &grant.write(), &Expect::accepted());
        lock.deliver("an answer after it", &rejected(sample, "A2", "R1"), &refused("TR359 9359"));
    };

    // Flow: rejected at once. Nothing more is said about it, and its reference is used up.
    request_rejected on BOTH |lock, sample| {
        requested(lock, sample, "R1");
        lock.deliver("rejected on care grounds", &rejected(sample, "A1", "R1"), &Expect::accepted());
        lock.deliver("rejected once more", &rejected(sample, "A2", "R1"), &refused("TR365 9365"));
        lock.deliver("under investigation after all", &investigated(sample, "A3", "R1"), &refused("TR360 9360, TR365 9365"));
        lock.deliver("requested anew under the same reference", &request(sample, "V2", "R1").write(), &Expect::rejected(3)
            .finds(&format!("TR347 9347 {P1}")).reply("Header 0200; Client 0200; AangevraagdProduct 9347"));
        lock.deliver("requested anew under a new one", &request(sample, "V2", "R2").write(), &Expect::accepted());
    };

    // Flow: rejected after an investigation.
    request_investigated_and_rejected on BOTH |lock, sample| {
        requested(lock, sample, "R1");
        lock.deliver("under investigation", &investigated(sample, "A1", "R1"), &Expect::accepted());
        lock.deliver("rejected", &rejected(sample, "A2", "R1"), &Expect::accepted());
        lock.deliver("rejected once more", &rejected(sample, "A3", "R1"), &refused("TR365 9365"));
        lock.deliver("the next request", &request(sample, "V2", "R2").write(), &Expect::accepted());
    };

    // TR355: an answer needs a request of this provider to this municipality that was accepted.
    answer_to_nothing on BOTH |lock, sample| {
        lock.deliver("nobody asked", &rejected(sample, "A1", "R1"), &refused("TR355 9355"));
        requested(lock, sample, "R1");
        let second = request(sample, "V2", "R2");
        lock.deliver("a second request meanwhile", &second.write(), &Expect::rejected(3)
            .finds("TR374 9374 Client").reply("Header 0200; Client 9374; AangevraagdProduct 0200"));
        lock.deliver("an answer to the one that was refused", &investigated(sample, "A1", "R2"), &refused("TR355 9355"));
        let elsewhere = sample.clone().in_gemeente("0294");
        lock.deliver("an answer of another municipality", &investigated(&elsewhere, "A1", "R1"), &refused("TR355 9355"));
        let stranger = Sample::with(sample.law, STRANGER);
        lock.deliver("an answer to another provider", &investigated(&stranger, "A1", "R1"), &refused("TR355 9355"));
        lock.deliver("an answer to the one that was accepted", &investigated(sample, "A1", "R1"), &Expect::accepted());
    };

    // Flow: to the wrong municipality (iJw). The rejection names the one that is responsible.
    residence_principle on JW |lock, sample| {
        requested(lock, sample, "R1");
        lock.deliver("under investigation", &investigated(sample, "A1", "R1"), &Expect::accepted());
        let elsewhere = |id: &str| with(sample.antwoord(id, "R1", Some("8")), |message| {
            antwoord_319(message).woonplaatsbeginsel =
                Some(Woonplaatsbeginsel { gemeente: Party::from("0294"), retour_codes: Vec::new() });
        });
        lock.deliver("Winterswijk is responsible", &elsewhere("A2").write(), &Expect::accepted());
        lock.deliver("told once more", &elsewhere("A3").write(), &Expect::rejected(3)
            .finds("TR365 9365 Antwoord").reply("Header 0200; Antwoord 9365; Woonplaatsbeginsel 0200"));
        let there = sample.clone().in_gemeente("0294");
        let known = |referentie: &str| with(request(&there, "V2", referentie), |message| {
            client_315(message).gezagsdrager_bekend = Some("1".into());
        });
        lock.deliver("requested there, under the reference that was used here", &known("R1").write(),
            &Expect::rejected(3).finds(&format!("TR347 9347 {P1}"))
            .reply("Header 0200; Client 0200; AangevraagdProduct 9347"));
        lock.deliver("requested there", &known("R2").write(), &Expect::accepted());
    };

    // Replies 2.3: of two products the first under a used reference. Each reference is answered on its own.
    request_for_two_products on BOTH |lock, sample| {
        let anna = anna();
        requested(lock, sample, "R1");
        lock.deliver("given a rejection", &rejected(sample, "A1", "R1"), &Expect::accepted());
        let two = |id: &str, first: &str| {
            sample.aanvraag(id, &anna, &[(first, &sample.weekly(0)), ("R3", &other(sample, 0))])
        };
        lock.deliver("two products, one under a used reference", &two("V2", "R1").write(), &Expect::rejected(3)
            .finds(&format!("TR347 9347 {P1}"))
            .reply("Header 0200; Client 0200; AangevraagdProduct 9347; AangevraagdProduct 0200"));
        lock.deliver("two products, each under its own", &two("V2", "R2").write(), &Expect::accepted());
        lock.deliver("one is rejected", &rejected(sample, "A2", "R3"), &Expect::accepted());
        lock.deliver("the other is not settled yet", &request(sample, "V3", "R4").write(), &Expect::rejected(3)
            .finds("TR374 9374 Client").reply("Header 0200; Client 9374; AangevraagdProduct 0200"));
        let grant = granting(sample, "T1", &anna, &[(sample.weekly(A), Some("R2")), (other(sample, B), None)]);
        lock.deliver("the other is granted, another allocation travels along", &grant.write(), &Expect::accepted());
        lock.deliver("both are settled", &request(sample, "V3", "R4").write(), &Expect::accepted());
    };

    // TR374: one request at a time, of either kind, for one client at one municipality.
    one_request_at_a_time on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        lock.deliver("a request for another product", &sample.aanvraag("V1", &anna, &[("R1", &other(sample, 0))]).write(), &Expect::accepted());
        let refused = || Expect::rejected(3).finds("TR374 9374 Client")
            .reply("Header 0200; Client 9374; AangevraagdProduct 0200; AangevraagdProduct 0200");
        let two = sample.aanvraag("V2", &anna, &[("R2", &sample.weekly(0)), ("R3", &other(sample, 0))]);
        lock.deliver("a second one while it is pending", &two.write(), &refused());
        let change = sample.wijziging("W1", &anna, "R2", (&[], &[Allocate { omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek), ..sample.weekly(A) }], &[]));
        lock.deliver("a change while it is pending", &change.write(), &Expect::rejected(3)
            .finds("TR374 9374 Client/Verzoek")
            .reply("Header 0200; Client 0200; Verzoek 9374; TeWijzigenProduct 0200"));
        lock.deliver("under investigation", &investigated(sample, "A1", "R1"), &Expect::accepted());
        lock.deliver("which settles nothing", &two.write(), &refused());
        lock.deliver("a request for another client", &sample.aanvraag("V3", &bram, &[("R9", &sample.weekly(0))]).write(), &Expect::accepted());
        let elsewhere = sample.clone().in_gemeente("0294");
        lock.deliver("a request to another municipality", &request(&elsewhere, "V4", "R8").write(), &Expect::accepted());
        lock.deliver("rejected", &rejected(sample, "A2", "R1"), &Expect::accepted());
        lock.deliver("the change, now that it is settled", &change.write(), &Expect::accepted());
        lock.deliver("a request while the change is pending", &request(sample, "V5", "R5").write(), &Expect::rejected(3)
            .finds("TR374 9374 Client").reply("Header 0200; Client 9374; AangevraagdProduct 0200"));
        lock.deliver("both faults at once", &request(sample, "V5", "R1").write(), &Expect::rejected(3)
            .finds(&format!("TR374 9374 Client; TR347 9347 {P1}"))
            .reply("Header 0200; Client 9374; AangevraagdProduct 9347"));
    };

    // Flow: a request for change, granted as a whole: every allocation carries its one reference (IV093).
    change_granted on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A), other(sample, B)]);
        let shorter = Allocate { to: jiff::civil::date(2026, 11, 30), ..sample.weekly(A) };
        let retour = lock.deliver("an earlier end for one of two allocations",
            &sample.wijziging("W1", &anna, "R1", (&[B], std::slice::from_ref(&shorter), &[])).write(), &Expect::accepted());
        lock.deliver("a 318 of the municipality's own, after that of the gateway", &retour, &Expect::second_answer());
        let grant = with(granting(sample, "T2", &anna, &[(shorter, Some("R1")), (other(sample, B), Some("R1"))]), |message| {
            client_301(message).producten[0].reden_wijziging = Some("12".into());
        });
        lock.deliver("granted, with the reference on both", &grant.write(), &Expect::accepted());
        lock.deliver("an answer after it", &investigated(sample, "A1", "R1"), &refused("TR359 9359"));
        lock.deliver("the next change under the same reference",
            &sample.wijziging("W2", &anna, "R1", (&[B], &[sample.weekly(A)], &[])).write(), &Expect::rejected(3)
            .finds("TR347 9347 Client/Verzoek")
            .reply("Header 0200; Client 0200; Verzoek 9347; OngewijzigdProduct 0200; TeWijzigenProduct 0200"));
        lock.deliver("the next change", &sample.wijziging("W2", &anna, "R2", (&[B], &[sample.weekly(A)], &[])).write(), &Expect::accepted());
    };

    // Flow: a request for change, investigated and rejected as a whole.
    change_rejected on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let shorter = Allocate { to: jiff::civil::date(2026, 11, 30), ..sample.weekly(A) };
        let change = |id: &str, referentie: &str| sample.wijziging(id, &anna, referentie, (&[], std::slice::from_ref(&shorter), &[])).write();
        lock.deliver("a request for change", &change("W1", "R1"), &Expect::accepted());
        lock.deliver("under investigation", &investigated(sample, "A1", "R1"), &Expect::accepted());
        lock.deliver("the same request meanwhile", &change("W2", "R2"), &Expect::rejected(3)
            .finds("TR374 9374 Client/Verzoek")
            .reply("Header 0200; Client 0200; Verzoek 9374; TeWijzigenProduct 0200"));
        let mut retour = lock.deliver("rejected, no change but a new request", &sample.antwoord("A2", "R1", Some("1")).write(), &Expect::accepted());
        lock.deliver("the provider's own 320", &retour, &Expect::relayed());
        retour = lock.deliver("rejected once more", &rejected(sample, "A3", "R1"), &refused("TR365 9365"));
        lock.deliver("a 320 of the provider's own, after that of the gateway", &retour, &Expect::second_answer());
        lock.deliver("the reference of the change for a request", &request(sample, "V1", "R1").write(), &Expect::rejected(3)
            .finds(&format!("TR347 9347 {P1}")).reply("Header 0200; Client 0200; AangevraagdProduct 9347"));
        lock.deliver("a new request instead", &request(sample, "V1", "R2").write(), &Expect::accepted());
    };

    // TR379: a reference on an allocation is that of a request for this client to this municipality.
    allocation_of_no_request on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        let refused = |codes: &str| Expect::rejected(3)
            .reply(&format!("Header 0200; Client 0200; Contact 0200; {codes}"));
        let allocation = |id: &str, person: &Person, referentie: &str| {
            granting(sample, id, person, &[(sample.weekly(A), Some(referentie)), (other(sample, B), None)])
        };
        lock.deliver("nobody asked", &allocation("T1", &anna, "R1").write(),
            &refused("ToegewezenProduct 9379; ToegewezenProduct 0200")
            .finds("TR379 9379 Client/ToegewezenProducten/ToegewezenProduct[1]"));
        requested(lock, sample, "R1");
        lock.deliver("the request of another client", &allocation("T1", &bram, "R1").write(),
            &refused("ToegewezenProduct 9379; ToegewezenProduct 0200")
            .finds("TR379 9379 Client/ToegewezenProducten/ToegewezenProduct[1]"));
        let elsewhere = sample.clone().in_gemeente("0294");
        let there = granting(&elsewhere, "T1", &anna, &[(sample.weekly(A), Some("R1"))]);
        lock.deliver("a request to another municipality", &there.write(), &refused("ToegewezenProduct 9379")
            .finds("TR379 9379 Client/ToegewezenProducten/ToegewezenProduct[1]"));
        lock.deliver("which settled nothing", &request(sample, "V2", "R2").write(), &Expect::rejected(3)
            .finds("TR374 9374 Client").reply("Header 0200; Client 9374; AangevraagdProduct 0200"));
        lock.deliver("the request of this client", &allocation("T1", &anna, "R1").write(), &Expect::accepted());
    };

    // A held 301 was not sent yet: the municipality can still reject what it would grant.
    grant_held_then_rejected on BOTH |lock, sample| {
        let stranger = Sample::with(sample.law, STRANGER);
        let told = || Expect::accepted().signals(&["A1"]);
        lock.deliver("a request without a contract", &request(&stranger, "V1", "R1").write(), &told());
        let grant = granting(&stranger, "T1", &anna(), &[(sample.weekly(A), Some("R1"))]);
        lock.deliver("an allocation without a contract", &grant.write(), &Expect::held().signals(&["A1"]));
        lock.deliver("a request meanwhile", &request(&stranger, "V2", "R2").write(), &Expect::rejected(3)
            .finds("TR374 9374 Client").reply("Header 0200; Client 9374; AangevraagdProduct 0200"));
        lock.deliver("rejected for want of a contract", &stranger.antwoord("A1", "R1", Some("3")).write(), &Expect::accepted());
        lock.deliver("another request", &request(&stranger, "V2", "R2").write(), &told());
    };
}
