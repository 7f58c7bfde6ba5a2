//! Requests for change (317) against the allocations of their client, each refusal with its 318.

use crate::deliver::Expect;
use crate::scenarios::{A, B, BOTH, WMO, anna, bram, given};
use crate::support::{HUISHOUDELIJK, Sample, YEAR, product, product_301, verzoek_317, with};
use jiff::civil::date;
use sluis::demo::compose::{Allocate, Person, omvang};
use sluis::message::{Cents, Count, Date, Eenheid, Frequentie, Law, Message};

const C: Count = 100_003;
const D: Count = 100_004;

const V: &str = "Client/Verzoek";
const O1: &str = "Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[1]";
const O2: &str = "Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[2]";
const W1: &str = "Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]";
const W2: &str = "Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]";
const N1: &str = "Client/Verzoek/NieuweProducten/NieuwProduct[1]";
const N2: &str = "Client/Verzoek/NieuweProducten/NieuwProduct[2]";

/// The usual allocation until the end of June.
fn short(sample: &Sample, nummer: Count) -> Allocate {
    Allocate { to: date(2026, 6, 30), ..sample.weekly(nummer) }
}

/// An allocation of the other product.
fn other(sample: &Sample, nummer: Count) -> Allocate {
    Allocate { product: sample.other(), ..sample.weekly(nummer) }
}

/// An allocation of a third product of the same segment.
fn third(sample: &Sample, nummer: Count) -> Allocate {
    let product = match sample.law {
        Law::Wmo => product("02", "02A01"),
        Law::Jeugdwet => product("45", "45A01"),
    };
    Allocate { product, ..sample.weekly(nummer) }
}

/// Gives an allocation of a 301 a budget instead of a volume; aspecific unless `generic`.
fn by_budget(message: &mut Message, index: usize, generic: bool) {
    let allocated = product_301(message, index);
    allocated.product.as_mut().expect("it has a product").code = None;
    if generic {
        allocated.product = None;
    }
    (allocated.omvang, allocated.budget) = (None, Some(Cents(100_000)));
}

/// Asks for another budget instead of a volume in a change of a 317, from a day on.
fn ask_budget(message: &mut Message, cents: i64, from: Date) {
    let wanted = &mut verzoek_317(message).te_wijzigen[0];
    (wanted.omvang, wanted.budget, wanted.gewenste_ingangsdatum) = (None, Some(Cents(cents)), from);
}

/// Deletes an allocation of a 301.
fn delete(message: &mut Message, index: usize) {
    let allocated = product_301(message, index);
    allocated.einddatum = Some(allocated.ingangsdatum);
    allocated.reden_wijziging = Some("13".into());
}

/// Rejected at level 3.
fn refused(findings: &str, reply: &str) -> Expect {
    Expect::rejected(3).finds(findings).reply(&format!("Header 0200; {reply}"))
}

scenarios! {
    // IV092: a request tells the whole situation that is wanted.
    change_asked_for on BOTH |lock, sample| {
        given(lock, "T1", sample, &anna(), &[short(sample, A), other(sample, B)]);
        let longer = sample.wijziging("W1", &anna(), "V1", (&[B], &[sample.weekly(A)], &[]));
        lock.deliver("until the end of the year, the other allocation unchanged", &longer.write(), &Expect::accepted());

        given(lock, "T2", sample, &bram(), &[sample.weekly(C)]);
        let more = Allocate { from: date(2026, 4, 1), omvang: omvang(5, Eenheid::Uur, Frequentie::PerWeek), ..sample.weekly(C) };
        let more = sample.wijziging("W2", &bram(), "V2", (&[], &[more], &[]));
        lock.deliver("five hours a week instead of three, from 1 April on", &more.write(), &Expect::accepted());

        let carla = Person::nth(3);
        given(lock, "T3", sample, &carla, &[sample.weekly(D)]);
        let beside = Allocate { from: date(2026, 3, 11), ..other(sample, 0) };
        let beside = sample.wijziging("W3", &carla, "V3", (&[D], &[], &[beside]));
        lock.deliver("a new product beside, from the day after signing", &beside.write(), &Expect::accepted());
    };

    change_of_everything_at_once on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[short(sample, A), other(sample, B)]);
        let ends = Allocate { to: date(2026, 3, 31), ..short(sample, A) };
        let follows = Allocate { from: date(2026, 4, 1), ..sample.weekly(0) };
        let all = sample.wijziging("W1", &anna, "V1", (&[B], &[ends], &[follows]));
        lock.deliver("one stays, one ends, the same product anew from the day after", &all.write(), &Expect::accepted());
    };

    // A change that is honoured is what the next request is judged by.
    change_honoured on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[short(sample, A)]);
        let longer = sample.wijziging("W1", &anna, "V1", (&[], &[sample.weekly(A)], &[]));
        lock.deliver("until the end of the year", &longer.write(), &Expect::accepted());
        let later = sample.clone().signed(date(2026, 3, 12));
        let honoured = with(later.toewijzing("T2", &anna, &[sample.weekly(A)]), |message| {
            let allocated = product_301(message, 0);
            allocated.reden_wijziging = Some("12".into());
            allocated.referentie_aanbieder = Some("V1".into());
        });
        lock.deliver("the allocation that honours it", &honoured.write(), &Expect::accepted());
        let autumn = Allocate { from: date(2026, 9, 1), ..sample.weekly(0) };
        let twice = later.wijziging("W2", &anna, "V2", (&[A], &[], &[autumn]));
        lock.deliver("a new product where the longer allocation now runs", &twice.write(), &refused(
            &format!("TR361 9361 {N1}"),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; NieuwProduct 9361",
        ));
        let beside = Allocate { from: date(2026, 9, 1), ..other(sample, 0) };
        let beside = later.wijziging("W3", &anna, "V3", (&[A], &[], &[beside]));
        lock.deliver("another product beside it", &beside.write(), &Expect::accepted());
    };

    // Replies 1.2: nothing is judged against the ledger that fails within itself; mended, it is.
    change_that_fails_within_itself_first on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A), other(sample, B)]);
        let faulty = with(sample.wijziging("W1", &anna, "V1", (&[], &[short(sample, 9)], &[sample.weekly(0)])), |message| {
            verzoek_317(message).te_wijzigen[0].einddatum = None;
            verzoek_317(message).nieuw[0].gewenste_ingangsdatum = date(2026, 3, 10);
        });
        lock.deliver("an unknown allocation per week without an end, a new product from today on", &faulty.write(),
            &Expect::rejected(2).finds(&format!("CD076 0001 {W1}; TR380 0001 {N1}")).reply("Header 0001"));
        let mended = with(faulty, |message| {
            verzoek_317(message).te_wijzigen[0].einddatum = Some(date(2026, 6, 30));
            verzoek_317(message).nieuw[0].gewenste_ingangsdatum = date(2026, 3, 11);
        });
        lock.deliver("the same, mended within itself", &mended.write(), &refused(
            &format!("TR349 9349 {V}; TR351 9351 {W1}"),
            "Client 0200; Verzoek 9349; TeWijzigenProduct 9351; NieuwProduct 0200",
        ));
    };

    // TR349: the code stands on the request, once.
    change_that_leaves_out_allocations on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[short(sample, A), other(sample, B), third(sample, C)]);
        given(lock, "T2", sample, &bram(), &[sample.weekly(D)]);
        let one = sample.wijziging("W1", &anna, "V1", (&[C], &[sample.weekly(A)], &[]));
        lock.deliver("one of three", &one.write(), &refused(
            &format!("TR349 9349 {V}"),
            "Client 0200; Verzoek 9349; OngewijzigdProduct 0200; TeWijzigenProduct 0200",
        ));
        let two = sample.wijziging("W2", &anna, "V2", (&[], &[sample.weekly(A)], &[]));
        lock.deliver("two of three", &two.write(), &refused(
            &format!("TR349 9349 {V}"), "Client 0200; Verzoek 9349; TeWijzigenProduct 0200",
        ));
        let wrong = sample.wijziging("W3", &anna, "V3", (&[C, D], &[sample.weekly(A)], &[]));
        lock.deliver("another client's allocation instead of the own one", &wrong.write(), &refused(
            &format!("TR349 9349 {V}; TR350 9350 {O2}"),
            "Client 0200; Verzoek 9349; OngewijzigdProduct 0200; OngewijzigdProduct 9350; TeWijzigenProduct 0200",
        ));
        let all = sample.wijziging("W4", &anna, "V4", (&[B, C], &[sample.weekly(A)], &[]));
        lock.deliver("all three", &all.write(), &Expect::accepted());
    };

    // TR350 and TR351: unknown, somebody else's, another provider's and ended allocations. The other rules on the same
    // product are silent: it has no Omvang, no fitting date and overlaps with a new one.
    change_of_what_is_not_actual on BOTH |lock, sample| {
        let anna = anna();
        let ended = Allocate { to: date(2026, 3, 9), ..third(sample, B) };
        given(lock, "T1", sample, &anna, &[sample.weekly(A), ended.clone()]);
        given(lock, "T2", sample, &bram(), &[sample.weekly(C)]);
        let elsewhere = Sample::with(sample.law, match sample.law { Law::Wmo => HUISHOUDELIJK, Law::Jeugdwet => "42420005" });
        given(lock, "T3", &elsewhere, &anna, &[elsewhere.weekly(D)]);
        let four = sample.wijziging("W1", &anna, "V1", (&[9, C, D, B], &[sample.weekly(A)], &[]));
        let numbered = |ordinal: u8| format!("TR350 9350 Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[{ordinal}]");
        lock.deliver("unchanged: unknown, another client's, another provider's, ended yesterday", &four.write(), &refused(
            &[1, 2, 3, 4].map(numbered).join("; "),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 9350; OngewijzigdProduct 9350; OngewijzigdProduct 9350; \
             OngewijzigdProduct 9350; TeWijzigenProduct 0200",
        ));
        let again = Allocate { from: date(2026, 3, 11), ..ended.clone() };
        let wanted = Allocate { from: date(2026, 2, 1), to: YEAR.1, ..ended };
        let two = with(sample.wijziging("W2", &anna, "V2", (&[A], &[Allocate { nummer: 9, ..wanted.clone() }, wanted], &[
            Allocate { to: YEAR.1, ..again },
        ])), |message| verzoek_317(message).te_wijzigen.iter_mut().for_each(|wanted| wanted.omvang = None));
        lock.deliver("changed: unknown, ended yesterday", &two.write(), &refused(
            &format!("TR351 9351 {W1}; TR351 9351 {W2}"),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; TeWijzigenProduct 9351; TeWijzigenProduct 9351; NieuwProduct 0200",
        ));
        let last_day = sample.clone().signed(date(2026, 3, 9)).wijziging("W3", &anna, "V3", (&[A, B], &[], &[
            Allocate { from: date(2026, 3, 11), ..other(sample, 0) },
        ]));
        lock.deliver("unchanged on the last day of the allocation", &last_day.write(), &Expect::accepted());
    };

    // A deleted allocation counts as never sent (OP033x1), also one that was still to begin.
    change_after_a_deletion on BOTH |lock, sample| {
        let anna = anna();
        let later = Allocate { from: date(2026, 6, 1), ..other(sample, B) };
        given(lock, "T1", sample, &anna, &[short(sample, A), later.clone()]);
        let deletion = with(sample.toewijzing("T2", &anna, &[short(sample, A), later.clone()]), |message| delete(message, 1));
        lock.deliver("the second allocation deleted", &deletion.write(), &Expect::accepted());
        let unchanged = sample.wijziging("W1", &anna, "V1", (&[B], &[sample.weekly(A)], &[]));
        lock.deliver("the deleted one listed as unchanged", &unchanged.write(), &refused(
            &format!("TR350 9350 {O1}"), "Client 0200; Verzoek 0200; OngewijzigdProduct 9350; TeWijzigenProduct 0200",
        ));
        let changed = sample.wijziging("W2", &anna, "V2", (&[A], std::slice::from_ref(&later), &[]));
        lock.deliver("the deleted one to be changed", &changed.write(), &refused(
            &format!("TR351 9351 {W1}"), "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; TeWijzigenProduct 9351",
        ));
        let anew = sample.wijziging("W3", &anna, "V3", (&[], &[sample.weekly(A)], &[later]));
        lock.deliver("its product asked for anew, and the deleted one left out", &anew.write(), &Expect::accepted());
    };

    // TR304: nobody knows the client; a deleted allocation still tells whom it was for.
    change_for_a_client_without_allocation on BOTH |lock, sample| {
        let anna = anna();
        let unknown = sample.wijziging("W1", &anna, "V1", (&[], &[sample.weekly(A)], &[]));
        lock.deliver("a client without any allocation", &unknown.write(), &refused(
            &format!("TR304 8187 Client; TR351 9351 {W1}"), "Client 8187; Verzoek 0200; TeWijzigenProduct 9351",
        ));
        given(lock, "T1", sample, &bram(), &[sample.weekly(A)]);
        let other = sample.wijziging("W2", &anna, "V2", (&[A], &[], &[Allocate { from: date(2026, 4, 1), ..other(sample, 0) }]));
        lock.deliver("with an allocation of another client", &other.write(), &refused(
            &format!("TR304 8187 Client; TR350 9350 {O1}"), "Client 8187; Verzoek 0200; OngewijzigdProduct 9350; NieuwProduct 0200",
        ));
        given(lock, "T2", sample, &anna, &[sample.weekly(B)]);
        let deletion = with(sample.toewijzing("T3", &anna, &[sample.weekly(B)]), |message| delete(message, 0));
        lock.deliver("given an allocation that is deleted", &deletion.write(), &Expect::accepted());
        let deleted = sample.wijziging("W3", &anna, "V3", (&[], &[sample.weekly(B)], &[]));
        lock.deliver("known by a deleted allocation alone", &deleted.write(), &refused(
            &format!("TR351 9351 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9351",
        ));
    };

    // TR357 and TR373: from when on a change may be asked for.
    change_from_when on BOTH |lock, sample| {
        let anna = anna();
        let future = Allocate { from: date(2026, 6, 1), ..third(sample, B) };
        given(lock, "T1", sample, &anna, &[sample.weekly(A), future.clone()]);
        let ask = |id: &str, changes: &[Allocate]| {
            let left: Vec<Count> = [A, B].into_iter().filter(|nummer| changes.iter().all(|change| change.nummer != *nummer)).collect();
            sample.wijziging(id, &anna, id, (&left, changes, &[]))
        };
        let past = Allocate { from: date(2026, 2, 1), ..sample.weekly(A) };
        lock.deliver("from a day of the past", &ask("W1", &[past]).write(), &refused(
            &format!("TR357 9357 {W1}"), "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; TeWijzigenProduct 9357",
        ));
        let today = |allocation: Allocate| Allocate { from: date(2026, 3, 10), ..allocation };
        lock.deliver("from the day of signing, one that runs and one still to begin", &ask("W2", &[today(sample.weekly(A)), today(future)]).write(), &refused(
            &format!("TR357 9357 {W1}; TR357 9357 {W2}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9357; TeWijzigenProduct 9357",
        ));
        let tomorrow = Allocate { from: date(2026, 3, 11), omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek), ..sample.weekly(A) };
        lock.deliver("from the day after signing", &ask("W3", &[tomorrow]).write(), &Expect::accepted());
    };

    // TR373 beside TR357: a budget or a total changes from the first day on.
    change_of_a_budget_or_a_total on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        let message = with(sample.toewijzing("T1", &anna, &[sample.weekly(A)]), |message| by_budget(message, 0, false));
        lock.deliver("given an allocation of 1,000 euros", &message.write(), &Expect::accepted());
        let ask = |id: &str, cents: i64, from: Date| {
            with(sample.wijziging(id, &anna, id, (&[], &[sample.weekly(A)], &[])), |message| ask_budget(message, cents, from))
        };
        lock.deliver("1,200 euros from 1 April on", &ask("W1", 120_000, date(2026, 4, 1)).write(), &refused(
            &format!("TR373 9373 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9373",
        ));
        lock.deliver("1,200 euros from 1 February on", &ask("W2", 120_000, date(2026, 2, 1)).write(), &refused(
            &format!("TR357 9357 {W1}; TR373 9373 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9357 9373",
        ));
        lock.deliver("1,200 euros over the whole year", &ask("W3", 120_000, date(2026, 1, 1)).write(), &Expect::accepted());
        let total = Allocate { omvang: omvang(20, Eenheid::Uur, Frequentie::Totaal), ..sample.weekly(B) };
        given(lock, "T2", sample, &bram, std::slice::from_ref(&total));
        let more = Allocate { from: date(2026, 4, 1), omvang: omvang(30, Eenheid::Uur, Frequentie::Totaal), ..total.clone() };
        let more = sample.wijziging("W4", &bram, "W4", (&[], &[more], &[]));
        lock.deliver("30 hours in all instead of 20, from 1 April on", &more.write(), &refused(
            &format!("TR373 9373 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9373",
        ));
        let shorter = Allocate { from: date(2026, 4, 1), to: date(2026, 6, 30), ..total };
        let shorter = sample.wijziging("W5", &bram, "W5", (&[], &[shorter], &[]));
        lock.deliver("the same 20 hours, but until the end of June", &shorter.write(), &Expect::accepted());
    };

    // TR411, TR412 and TR375: what the allocation is for decides whether a volume is asked.
    change_with_or_without_volume on BOTH |lock, sample| {
        let (anna, bram, carla) = (anna(), bram(), Person::nth(3));
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        for (id, person, nummer, generic) in [("T2", &bram, B, false), ("T3", &carla, C, true)] {
            let message = with(sample.toewijzing(id, person, &[sample.weekly(nummer)]), |message| by_budget(message, 0, generic));
            lock.deliver("given an allocation of 1,000 euros", &message.write(), &Expect::accepted());
        }
        let none = with(sample.wijziging("W1", &anna, "W1", (&[], &[short(sample, A)], &[])), |message| {
            verzoek_317(message).te_wijzigen[0].omvang = None;
        });
        lock.deliver("a product code, and no volume", &none.write(), &refused(
            &format!("TR411 9411 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9411",
        ));
        let volume = sample.wijziging("W2", &bram, "W2", (&[], &[short(sample, B)], &[]));
        lock.deliver("a category alone, and a volume", &volume.write(), &refused(
            &format!("TR412 9412 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9412",
        ));
        let volume = sample.wijziging("W3", &carla, "W3", (&[], &[short(sample, C)], &[]));
        lock.deliver("no product at all, and a volume", &volume.write(), &refused(
            &format!("TR375 9375 {W1}; TR412 9412 {W1}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 9375 9412",
        ));
        let end = with(sample.wijziging("W4", &carla, "W4", (&[], &[short(sample, C)], &[])), |message| {
            ask_budget(message, 100_000, date(2026, 1, 1));
        });
        lock.deliver("no product at all, and the same budget until the end of June", &end.write(), &Expect::accepted());
    };

    // TR361: over the whole situation asked for.
    change_that_overlaps on BOTH |lock, sample| {
        let anna = anna();
        let autumn = Allocate { from: date(2026, 9, 1), to: date(2026, 11, 30), ..sample.weekly(B) };
        given(lock, "T1", sample, &anna, &[short(sample, A), autumn.clone()]);
        let longer = sample.wijziging("W1", &anna, "W1", (&[B], &[Allocate { to: date(2026, 9, 1), ..short(sample, A) }], &[]));
        lock.deliver("lengthened until the day on which the next begins", &longer.write(), &refused(
            &format!("TR361 9361 {W1}"), "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; TeWijzigenProduct 9361",
        ));
        let both = sample.wijziging("W2", &anna, "W2", (&[], &[
            Allocate { to: date(2026, 9, 30), ..short(sample, A) }, Allocate { to: date(2026, 10, 31), ..autumn.clone() },
        ], &[]));
        lock.deliver("two changes that meet", &both.write(), &refused(
            &format!("TR361 9361 {W2}"), "Client 0200; Verzoek 0200; TeWijzigenProduct 0200; TeWijzigenProduct 9361",
        ));
        let nieuw = |from: Date, to: Date| Allocate { from, to, ..sample.weekly(0) };
        let gap = sample.wijziging("W3", &anna, "W3", (&[A, B], &[], &[
            nieuw(date(2026, 7, 1), date(2026, 8, 31)), nieuw(date(2026, 12, 1), YEAR.1),
        ]));
        let across = sample.wijziging("W4", &anna, "W4", (&[A, B], &[], &[
            nieuw(date(2026, 6, 30), date(2026, 8, 31)), nieuw(date(2026, 11, 30), YEAR.1),
        ]));
        lock.deliver("new products that begin on the last day of what stays", &across.write(), &refused(
            &format!("TR361 9361 {N1}; TR361 9361 {N2}"),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; OngewijzigdProduct 0200; NieuwProduct 9361; NieuwProduct 9361",
        ));
        let aspecific = with(gap.clone(), |message| {
            message.header.identificatie.identificatie = "W5".into();
            verzoek_317(message).referentie_aanbieder = "W5".into();
            let nieuw = &mut verzoek_317(message).nieuw;
            nieuw.truncate(1);
            nieuw[0].product.as_mut().expect("it has one").code = None;
            (nieuw[0].omvang, nieuw[0].budget) = (None, Some(Cents(50_000)));
            nieuw[0].einddatum = Some(date(2026, 9, 1));
        });
        lock.deliver("a category alone over a product of that category", &aspecific.write(), &refused(
            &format!("TR361 9361 {N1}"),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; OngewijzigdProduct 0200; NieuwProduct 9361",
        ));
        let twice = sample.wijziging("W6", &anna, "W6", (&[A, B], &[short(sample, A)], &[]));
        lock.deliver("an allocation both unchanged and to be changed", &twice.write(), &refused(
            &format!("TR361 9361 {W1}"),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; OngewijzigdProduct 0200; TeWijzigenProduct 9361",
        ));
        lock.deliver("new products exactly between", &gap.write(), &Expect::accepted());
    };

    // iWmo lets aids and adaptations (categories 11 to 14) overlap, beside a generic product too; no register knows them.
    change_of_aids on WMO |lock, sample| {
        let sample = sample.clone().in_gemeente("0363");
        let (anna, bram) = (anna(), bram());
        lock.without_register();
        let aid = |nummer| Allocate { product: product("11", "11A01"), ..sample.weekly(nummer) };
        given(lock, "T1", &sample, &anna, &[aid(A), aid(B)]);
        let generic = |message: &mut Message| {
            let nieuw = verzoek_317(message).nieuw.last_mut().expect("it asks for a new product");
            (nieuw.product, nieuw.omvang, nieuw.budget) = (None, None, Some(Cents(100_000)));
        };
        let third = Allocate { from: date(2026, 4, 1), ..aid(0) };
        let all = with(sample.wijziging("W1", &anna, "W1", (&[A], &[Allocate { to: date(2026, 9, 30), ..aid(B) }], &[third.clone(), third])), generic);
        lock.deliver("three aids of one code and a generic product beside each other", &all.write(), &Expect::accepted());
        let support = Allocate { product: product("10", "10A01"), ..sample.weekly(C) };
        given(lock, "T2", &sample, &bram, &[aid(D), support.clone()]);
        let beside = with(sample.wijziging("W2", &bram, "W2", (&[C, D], &[], &[Allocate { from: date(2026, 4, 1), ..support }])), generic);
        lock.deliver("a generic product beside an aid and another category", &beside.write(), &refused(
            &format!("TR361 9361 {N1}"),
            "Client 0200; Verzoek 0200; OngewijzigdProduct 0200; OngewijzigdProduct 0200; NieuwProduct 9361",
        ));
    };
}
