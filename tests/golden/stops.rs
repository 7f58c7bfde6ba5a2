//! Stops of delivery (307), definitive and temporary, and what they do to the starts before and after them.

use crate::deliver::{Expect, Lock};
use crate::scenarios::{A, B, BOTH, again, anna, bram, given};
use crate::support::{Sample, starts_305, stops_307, with};
use jiff::civil::date;
use sluis::demo::compose::Allocate;
use sluis::message::{Date, Message, StatusAanlevering};

const BEGIN: Date = date(2026, 1, 8);
const END: Date = date(2026, 2, 28);
/// Paused until further notice, in both laws.
const TEMPORARY: &str = "20";
/// On the initiative of the municipality, in both laws.
const BY_GEMEENTE: &str = "36";

const FIRST: &str = "Client/StopProducten/StopProduct[1]";
const SECOND: &str = "Client/StopProducten/StopProduct[2]";

/// An allocation and a start on it.
fn started(lock: &mut Lock, sample: &Sample) {
    given(lock, "T1", sample, &anna(), &[sample.weekly(A)]);
    let start = sample.start("S1", &anna(), &[(&sample.weekly(A), BEGIN)]);
    lock.deliver("given a start", &start.write(), &Expect::accepted());
}

/// A 307 with one stop of that start.
fn stop(sample: &Sample, id: &str, reden: &str, end: Date) -> Message {
    sample.stop(id, &anna(), &[(&sample.weekly(A), BEGIN, reden, end)])
}

/// Turns a stop of a message into its deletion.
fn delete(mut message: Message, index: usize) -> Message {
    stops_307(&mut message)[index].status_aanlevering = StatusAanlevering::Verwijderd;
    message
}

/// A refused 307 with one stop: `TR415 9415, TR074 9074` by rule and code.
fn refused(findings: &str) -> Expect {
    let found: Vec<String> = findings.split(", ").map(|rule| format!("{rule} {FIRST}")).collect();
    let codes: Vec<&str> = findings.split(", ").filter_map(|rule| rule.split(' ').nth(1)).collect();
    Expect::rejected(3)
        .finds(&found.join("; "))
        .reply(&format!("Header 0200; Client 0200; StopProduct {}", codes.join(" ")))
}

scenarios! {
    // Flow: start, then stop. Nothing follows a definitive stop but a new start.
    start_then_stop on BOTH |lock, sample| {
        started(lock, sample);
        let ended = stop(sample, "E1", sample.as_planned(), END);
        lock.deliver("the delivery ended as planned", &ended.write(), &Expect::accepted());
        lock.deliver("the same stop under another identification", &again(ended, "E2").write(),
            &refused("TR074 9074, TR415 9415"));
        lock.deliver("another definitive stop", &stop(sample, "E3", BY_GEMEENTE, date(2026, 3, 1)).write(),
            &refused("TR415 9415"));
        lock.deliver("a temporary stop after it", &stop(sample, "E4", TEMPORARY, date(2026, 3, 1)).write(),
            &refused("TR415 9415"));
        lock.deliver("an earlier end", &stop(sample, "E5", sample.as_planned(), date(2026, 2, 27)).write(),
            &refused("TR415 9415, TR414 9414"));
        let restart = sample.start("S2", &anna(), &[(&sample.weekly(A), date(2026, 3, 2))]);
        lock.deliver("a restart", &restart.write(), &Expect::accepted());
        let second = sample.stop("E6", &anna(), &[(&sample.weekly(A), date(2026, 3, 2), sample.as_planned(), date(2026, 3, 2))]);
        lock.deliver("a stop of the restart, on its first day", &second.write(), &Expect::accepted());
    };

    // Flow: temporary stop, then a start with another Begindatum, which can be stopped temporarily again.
    temporary_stop_then_restart on BOTH |lock, sample| {
        started(lock, sample);
        lock.deliver("paused", &stop(sample, "E1", TEMPORARY, date(2026, 1, 31)).write(), &Expect::accepted());
        lock.deliver("paused a second time", &stop(sample, "E2", TEMPORARY, date(2026, 2, 15)).write(),
            &refused("TR413 9413"));
        lock.deliver("paused a second time, earlier", &stop(sample, "E3", TEMPORARY, date(2026, 1, 30)).write(),
            &refused("TR413 9413, TR414 9414"));
        lock.deliver("the start that was paused, again", &sample.start("S2", &anna(), &[(&sample.weekly(A), BEGIN)]).write(),
            &Expect::rejected(3).finds("TR074 9074 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9074"));
        let restart = sample.start("S3", &anna(), &[(&sample.weekly(A), date(2026, 2, 9))]);
        lock.deliver("resumed: a start with another first day", &restart.write(), &Expect::accepted());
        let pause = sample.stop("E4", &anna(), &[(&sample.weekly(A), date(2026, 2, 9), TEMPORARY, END)]);
        lock.deliver("the new start paused", &pause.write(), &Expect::accepted());
    };

    // Flow: temporary stop, then a definitive one of the same start, not before it.
    temporary_stop_then_definitive on BOTH |lock, sample| {
        let bram = bram();
        started(lock, sample);
        lock.deliver("paused", &stop(sample, "E1", TEMPORARY, date(2026, 2, 15)).write(), &Expect::accepted());
        lock.deliver("ended a day before the pause", &stop(sample, "E2", BY_GEMEENTE, date(2026, 2, 14)).write(),
            &refused("TR414 9414"));
        lock.deliver("ended on the day of the pause", &stop(sample, "E3", BY_GEMEENTE, date(2026, 2, 15)).write(),
            &Expect::accepted());
        // Both in one message, for another client.
        given(lock, "T2", sample, &bram, &[sample.weekly(B)]);
        let start = sample.start("S2", &bram, &[(&sample.weekly(B), BEGIN)]);
        lock.deliver("given a start", &start.write(), &Expect::accepted());
        let weekly = sample.weekly(B);
        let both = sample.stop("E4", &bram, &[(&weekly, BEGIN, BY_GEMEENTE, END), (&weekly, BEGIN, TEMPORARY, END)]);
        lock.deliver("ended and paused on one day in one message", &both.write(), &Expect::accepted());
    };

    // Flow: correct a stop. A deleted stop counts as never sent.
    stop_deleted on BOTH |lock, sample| {
        started(lock, sample);
        let ended = stop(sample, "E1", sample.as_planned(), END);
        lock.deliver("nothing to delete", &delete(ended.clone(), 0).write(), &refused("TR063 9063"));
        lock.deliver("a stop, under the identification that was refused", &ended.write(), &Expect::accepted());
        lock.deliver("deleted by another reason", &delete(stop(sample, "E2", TEMPORARY, END), 0).write(),
            &refused("TR063 9063"));
        lock.deliver("deleted by another end", &delete(stop(sample, "E3", sample.as_planned(), BEGIN), 0).write(),
            &refused("TR063 9063"));
        lock.deliver("deleted", &delete(again(ended.clone(), "E4"), 0).write(), &Expect::accepted());
        lock.deliver("deleted a second time", &delete(again(ended.clone(), "E5"), 0).write(), &refused("TR063 9063"));
        lock.deliver("a start while the first one runs again", &sample.start("S2", &anna(), &[(&sample.weekly(A), date(2026, 3, 2))]).write(),
            &Expect::rejected(3).finds("TR326 9326 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9326"));
        lock.deliver("an earlier stop for another reason", &stop(sample, "E6", BY_GEMEENTE, date(2026, 2, 1)).write(),
            &Expect::accepted());
    };

    // Reason and last day are part of the key, so a wrong one is mended within one message, whatever its order.
    stop_replaced_in_one_message on BOTH |lock, sample| {
        let (anna, weekly) = (anna(), sample.weekly(A));
        started(lock, sample);
        lock.deliver("a stop for a wrong reason", &stop(sample, "E1", BY_GEMEENTE, END).write(), &Expect::accepted());
        let reason = sample.stop("E2", &anna, &[(&weekly, BEGIN, sample.as_planned(), END), (&weekly, BEGIN, BY_GEMEENTE, END)]);
        lock.deliver("the right reason beside the wrong one", &reason.write(), &Expect::rejected(3)
            .finds(&format!("TR415 9415 {FIRST}; TR074 9074 {SECOND}; TR415 9415 {SECOND}"))
            .reply("Header 0200; Client 0200; StopProduct 9415; StopProduct 9074 9415"));
        lock.deliver("the right reason, and the wrong one deleted", &delete(reason, 1).write(), &Expect::accepted());
        let end = sample.stop("E3", &anna, &[
            (&weekly, BEGIN, sample.as_planned(), END), (&weekly, BEGIN, sample.as_planned(), date(2026, 2, 15)),
        ]);
        lock.deliver("an earlier end, and the wrong one deleted", &delete(end, 0).write(), &Expect::accepted());
        let pause = sample.stop("E4", &anna, &[
            (&weekly, BEGIN, sample.as_planned(), date(2026, 2, 15)), (&weekly, BEGIN, TEMPORARY, date(2026, 2, 1)),
        ]);
        lock.deliver("it was a pause after all", &delete(pause, 0).write(), &Expect::accepted());
        let later = sample.stop("E5", &anna, &[
            (&weekly, BEGIN, TEMPORARY, date(2026, 2, 1)), (&weekly, BEGIN, TEMPORARY, date(2026, 2, 2)),
        ]);
        lock.deliver("the pause began a day later", &delete(later, 0).write(), &Expect::accepted());
    };

    // TR071: a start goes only after its stop. A stop needs a start that stands.
    start_kept_by_its_stop on BOTH |lock, sample| {
        let anna = anna();
        started(lock, sample);
        let pause = stop(sample, "E1", TEMPORARY, END);
        lock.deliver("paused", &pause.write(), &Expect::accepted());
        let deletion = |id: &str| with(sample.start(id, &anna, &[(&sample.weekly(A), BEGIN)]), |message| {
            starts_305(message)[0].status_aanlevering = StatusAanlevering::Verwijderd;
        });
        lock.deliver("its start deleted", &deletion("S2").write(), &Expect::rejected(3)
            .finds("TR071 9071 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9071"));
        lock.deliver("the pause deleted", &delete(again(pause.clone(), "E2"), 0).write(), &Expect::accepted());
        lock.deliver("its start deleted after that", &deletion("S3").write(), &Expect::accepted());
        lock.deliver("a pause of the deleted start", &again(pause, "E3").write(), &refused("TR382 9069"));
        let later = date(2026, 1, 12);
        lock.deliver("the start, on another day", &sample.start("S4", &anna, &[(&sample.weekly(A), later)]).write(), &Expect::accepted());
        lock.deliver("a stop that names the first day of the deleted one", &stop(sample, "E4", sample.as_planned(), END).write(),
            &refused("TR382 9069"));
        let ended = sample.stop("E5", &anna, &[(&sample.weekly(A), later, sample.as_planned(), END)]);
        lock.deliver("a stop that names the right day", &ended.write(), &Expect::accepted());
    };

    // Replies 2.2, last row, for the 308; each stop of a message carries its own codes.
    stop_class_faults on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        lock.deliver("no allocation and no start", &stop(sample, "E1", sample.as_planned(), END).write(),
            &refused("TR382 9069, TR019 9019"));
        given(lock, "T1", sample, &anna, &[sample.weekly(A), Allocate { product: sample.other(), ..sample.weekly(B) }]);
        let (first, second) = (sample.weekly(A), Allocate { product: sample.other(), ..sample.weekly(B) });
        lock.deliver("an allocation, but no start", &stop(sample, "E1", sample.as_planned(), END).write(),
            &refused("TR382 9069"));
        let starts = sample.start("S1", &anna, &[(&first, BEGIN), (&second, BEGIN)]);
        lock.deliver("given two starts", &starts.write(), &Expect::accepted());
        let reden = sample.as_planned();
        let three = delete(sample.stop("E2", &anna, &[
            (&first, BEGIN, reden, END), (&second, date(2026, 1, 9), reden, END), (&second, BEGIN, reden, END),
        ]), 2);
        lock.deliver("a good one, one of another day, nothing to delete", &three.write(), &Expect::rejected(3)
            .finds(&format!("TR382 9069 {SECOND}; TR063 9063 Client/StopProducten/StopProduct[3]"))
            .reply("Header 0200; Client 0200; StopProduct 0200; StopProduct 9069; StopProduct 9063"));
        let of_other = sample.stop("E3", &bram, &[(&first, BEGIN, reden, END)]);
        lock.deliver("a stop of another client", &of_other.write(), &refused("TR382 9069, TR019 9019"));
        let retour = lock.deliver("both stopped for good", &sample.stop("E2", &anna, &[
            (&first, BEGIN, reden, END), (&second, BEGIN, reden, END),
        ]).write(), &Expect::accepted());
        lock.deliver("a 308 of the municipality's own, after that of the gateway", &retour, &Expect::second_answer());
    };

    // IV096: under task-based execution there is no allocation; the key works on product and first day.
    task_based_stop on BOTH |lock, sample| {
        let anna = anna();
        let (first, second) = (sample.weekly(A), Allocate { product: sample.other(), ..sample.weekly(B) });
        let start = with(sample.start("S1", &anna, &[(&first, BEGIN), (&second, BEGIN)]), |message| {
            for start in starts_305(message) {
                (start.toewijzing_nummer, start.toewijzing_ingangsdatum) = (None, None);
            }
        });
        lock.deliver("two products begin without an allocation", &start.write(), &Expect::accepted());
        let task_based = |id: &str, stops: &[(&Allocate, Date, &str, Date)]| {
            with(sample.stop(id, &anna, stops), |message| {
                for stop in stops_307(message) {
                    (stop.toewijzing_nummer, stop.toewijzing_ingangsdatum) = (None, None);
                }
            })
        };
        let pause = task_based("E1", &[(&first, BEGIN, TEMPORARY, date(2026, 2, 1))]);
        lock.deliver("the first is paused", &pause.write(), &Expect::accepted());
        let both = task_based("E2", &[(&first, BEGIN, TEMPORARY, END), (&second, BEGIN, TEMPORARY, END)]);
        lock.deliver("both are paused, one for the second time", &both.write(), &Expect::rejected(3)
            .finds(&format!("TR413 9413 {FIRST}"))
            .reply("Header 0200; Client 0200; StopProduct 9413; StopProduct 0200"));
        let ended = task_based("E2", &[(&first, BEGIN, BY_GEMEENTE, END), (&second, BEGIN, TEMPORARY, END)]);
        lock.deliver("one ends, the other is paused", &ended.write(), &Expect::accepted());
    };
}
