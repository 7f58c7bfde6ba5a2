//! Questions: what somebody owes because of a message, until when, and what closes it. Pure: from a message that was
//! accepted and the facts it was judged on to the records that the ledger keeps.
//!
//! A message that was rejected asks nothing: it counts as not sent (OP286), and the gateway has answered it. A held
//! allocation asks nothing until it is released, because its records are made then.

use crate::deadline::Debt;
use crate::decision::{About, Asked, Record, Settled, Settles};
use crate::message::{
    Antwoord, Body, Date, Message, Party, ReferentieAanbieder, RetourCode, StartClient, StatusAanlevering,
    ToewijzingClient, VerzoekAntwoord,
};
use crate::rules::facts::{Facts, Question};
use std::collections::BTreeSet;

/// What an accepted (or partly granted) message asks and closes.
///
/// `today` is the day on which it is passed on, and so received by whom it is for; `question` what it answers, when it
/// is a reply; `answered` tells that the gateway replies to it itself.
pub fn records(
    message: &Message,
    facts: &Facts,
    question: Option<&Question>,
    answered: bool,
    today: Date,
) -> Vec<Record> {
    let asker = Asker { message, today };
    match &message.body {
        Body::Toewijzing(client) => {
            let mut records = vec![asker.asks(Debt::Return, answered)];
            records.extend(honoured(client).map(|what| asker.closes(what)));
            records.extend(asker.starts(client, facts));
            records
        }
        Body::Start(client) => {
            let mut records = vec![asker.asks(Debt::Return, answered)];
            records.extend(started(client).map(|what| asker.closes(what)));
            records
        }
        Body::Stop(_) => vec![asker.asks(Debt::Return, answered)],
        Body::Aanvraag(client) => {
            let requests = client.producten.iter().map(|product| asker.requests(&product.referentie_aanbieder));
            [asker.asks(Debt::Return, answered)].into_iter().chain(requests).collect()
        }
        Body::Wijziging(client) => {
            vec![asker.asks(Debt::Return, answered), asker.requests(&client.verzoek.referentie_aanbieder)]
        }
        Body::Antwoord(antwoord) => {
            let mut records = vec![asker.asks(Debt::Return, answered)];
            records.push(asker.closes(Settles::Request(antwoord.referentie_aanbieder.clone())));
            records.extend(asker.investigates(antwoord, facts));
            records
        }
        Body::Declaratie(_) => vec![asker.asks(Debt::DeclarationAnswer, answered)],
        Body::Retour(_) | Body::DeclaratieAntwoord(_) => question.map_or_else(Vec::new, |question| {
            let mut records = vec![asker.closes(Settles::Message(question.id))];
            // An allocation that its provider refused is nothing to start on.
            if refuses(message) {
                records.push(asker.closes(Settles::StartsOf(question.id)));
            }
            records
        }),
    }
}

/// A message that asks or answers, and the day on which it does.
struct Asker<'a> {
    message: &'a Message,
    today: Date,
}

impl Asker<'_> {
    /// The reply that is owed to the message as a whole, by the party it goes to.
    fn asks(&self, debt: Debt, answered: bool) -> Record {
        self.record(debt, About::Message, self.message.receiver(), self.today, answered)
    }

    /// The answer that the municipality owes to a request.
    fn requests(&self, referentie: &ReferentieAanbieder) -> Record {
        let about = About::Request(referentie.clone());
        self.record(Debt::RequestAnswer, about, self.message.gemeente(), self.today, false)
    }

    /// "Under investigation" answers in time, and promises a last word within weeks of the request's own date.
    fn investigates(&self, antwoord: &Antwoord, facts: &Facts) -> Option<Record> {
        if antwoord.verzoek_antwoord != VerzoekAntwoord::InOnderzoek {
            return None;
        }
        let request = facts.verzoeken.get(&antwoord.referentie_aanbieder)?;
        let about = About::Request(antwoord.referentie_aanbieder.clone());
        let from = request.message.dagtekening;
        Some(self.record(Debt::FinalAnswer, about, self.message.gemeente(), from, false))
    }

    /// Starts that the provider owes on allocations that began before they were sent, and those that it owes no more.
    fn starts(&self, client: &ToewijzingClient, facts: &Facts) -> Vec<Record> {
        let mut records = Vec::new();
        for product in &client.producten {
            let nummer = product.toewijzing_nummer;
            if product.is_deleted() {
                records.push(self.closes(Settles::Start(nummer)));
            } else if product.ingangsdatum < self.today && !facts.allocations.contains_key(&nummer) {
                // A 301 repeats all allocations that still count (OP087): only the first sending asks for a start.
                let about = About::Allocation(nummer);
                records.push(self.record(Debt::Start, about, self.message.aanbieder(), self.today, false));
            }
        }
        records
    }

    fn closes(&self, what: Settles) -> Record {
        Record::Settled(Settled { what, on: self.today })
    }

    fn record(&self, debt: Debt, about: About, owed_by: &Party, from: Date, answered: bool) -> Record {
        Record::Asked(Asked {
            debt,
            about,
            owed_by: owed_by.clone(),
            asked_on: self.today,
            due_on: debt.term(self.message.kind.number).due(from),
            answered,
        })
    }
}

/// Requests that an allocation answers. From a 317 every allocation carries the one reference (IV093).
fn honoured(client: &ToewijzingClient) -> impl Iterator<Item = Settles> {
    let references: BTreeSet<_> =
        client.producten.iter().filter_map(|product| product.referentie_aanbieder.clone()).collect();
    references.into_iter().map(Settles::Request)
}

/// Allocations whose start was reported.
fn started(client: &StartClient) -> impl Iterator<Item = Settles> {
    let numbers: BTreeSet<_> = client
        .producten
        .iter()
        .filter(|product| product.status_aanlevering == StatusAanlevering::Eerste)
        .filter_map(|product| product.toewijzing_nummer)
        .collect();
    numbers.into_iter().map(Settles::Start)
}

/// Whether a return message rejects what it answers. With nothing wrong it has no codes and no classes; some senders
/// write 0200 in the header of such a one, and some leave the header bare above classes with codes (replies, 2.2 and 5).
fn refuses(message: &Message) -> bool {
    let Body::Retour(body) = &message.body else {
        return false;
    };
    body.is_some()
        || message.header.retour_codes.iter().any(|code: &RetourCode| code.as_str() != RetourCode::NO_REMARKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, Law, Number};
    use crate::rules::sample::{AANBIEDER, GEMEENTE, Sample, TOEWIJZING, VERZOEK};
    use jiff::civil::date;

    fn of(sample: &Sample) -> Vec<Record> {
        let question = sample.facts.question.as_ref();
        records(&sample.message, &sample.facts, question, false, sample.today)
    }

    fn sample(number: Number) -> Sample {
        Sample::of(Kind::new(Law::Wmo, number))
    }

    fn asked(debt: Debt, about: About, owed_by: &str, due_on: Date) -> Record {
        Record::Asked(Asked {
            debt,
            about,
            owed_by: Party::from(owed_by),
            asked_on: date(2026, 3, 10),
            due_on,
            answered: false,
        })
    }

    fn retour(owed_by: &str) -> Record {
        asked(Debt::Return, About::Message, owed_by, date(2026, 3, 13))
    }

    fn settled(what: Settles) -> Record {
        Record::Settled(Settled { what, on: date(2026, 3, 10) })
    }

    fn request(referentie: &str) -> Record {
        asked(Debt::RequestAnswer, About::Request(referentie.into()), GEMEENTE, date(2026, 3, 17))
    }

    #[test]
    fn every_forward_message_asks_for_its_reply() {
        assert_eq!(of(&sample(Number::N305)), [retour(GEMEENTE), settled(Settles::Start(TOEWIJZING))]);
        assert_eq!(of(&sample(Number::N307)), [retour(GEMEENTE)]);
        assert_eq!(of(&sample(Number::N319)), [retour(AANBIEDER), settled(Settles::Request(VERZOEK.into()))]);
        let answer = asked(Debt::DeclarationAnswer, About::Message, GEMEENTE, date(2026, 3, 24));
        assert_eq!(of(&sample(Number::N323)), [answer]);
    }

    #[test]
    fn what_the_gateway_answers_is_answered_at_once() {
        let sample = sample(Number::N323);
        let records = records(&sample.message, &sample.facts, None, true, sample.today);
        assert!(matches!(records.as_slice(), [Record::Asked(asked)] if asked.answered));
    }

    #[test]
    fn a_request_for_allocation_asks_for_each_product_and_one_for_change_once() {
        let mut aanvraag = sample(Number::N315);
        let mut second = aanvraag.aangevraagd_product().clone();
        second.referentie_aanbieder = "V-2".into();
        aanvraag.aanvraag().producten.push(second);
        assert_eq!(of(&aanvraag), [retour(GEMEENTE), request(VERZOEK), request("V-2")]);
        let mut wijziging = sample(Number::N317);
        wijziging.add_nieuw_product(|_| {});
        assert_eq!(of(&wijziging), [retour(GEMEENTE), request(VERZOEK)]);
    }

    #[test]
    fn an_investigation_ends_eight_weeks_after_the_request_was_signed() {
        let mut antwoord = sample(Number::N319);
        antwoord.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
        antwoord.antwoord().reden_afwijzing = None;
        // The request of the samples is of 5 January.
        let last_word = asked(Debt::FinalAnswer, About::Request(VERZOEK.into()), GEMEENTE, date(2026, 3, 2));
        assert_eq!(of(&antwoord), [retour(AANBIEDER), settled(Settles::Request(VERZOEK.into())), last_word]);
    }

    #[test]
    fn an_allocation_answers_the_requests_it_names_once_each() {
        let mut toewijzing = sample(Number::N301);
        toewijzing.product().ingangsdatum = date(2026, 3, 10);
        toewijzing.product().referentie_aanbieder = Some(VERZOEK.into());
        let mut second = toewijzing.product().clone();
        second.toewijzing_nummer += 1;
        toewijzing.toewijzing().producten.push(second);
        assert_eq!(of(&toewijzing), [retour(AANBIEDER), settled(Settles::Request(VERZOEK.into()))]);
    }

    #[test]
    fn only_a_new_allocation_that_began_before_today_asks_for_a_start() {
        let start = asked(Debt::Start, About::Allocation(TOEWIJZING), AANBIEDER, date(2026, 3, 17));
        let changed = |change: fn(&mut Sample)| {
            let mut toewijzing = sample(Number::N301);
            change(&mut toewijzing);
            of(&toewijzing)
        };
        assert_eq!(changed(|s| s.product().ingangsdatum = date(2026, 3, 9)), [retour(AANBIEDER), start]);
        assert_eq!(changed(|s| s.product().ingangsdatum = date(2026, 3, 10)), [retour(AANBIEDER)], "from today");
        assert_eq!(changed(|s| s.product().ingangsdatum = date(2026, 3, 11)), [retour(AANBIEDER)], "from tomorrow");
        let resent = |sample: &mut Sample| {
            let known = self::sample(Number::N305).allocation().clone();
            sample.facts.allocations.insert(TOEWIJZING, known);
        };
        assert_eq!(changed(resent), [retour(AANBIEDER)], "sent before");
        let deleted =
            |sample: &mut Sample| sample.product().reden_wijziging = Some(crate::message::body::VERWIJDERD.into());
        assert_eq!(changed(deleted), [retour(AANBIEDER), settled(Settles::Start(TOEWIJZING))]);
    }

    #[test]
    fn only_new_starts_with_an_allocation_close_one() {
        let mut start = sample(Number::N305);
        start.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        assert_eq!(of(&start), [retour(GEMEENTE)]);
        let mut start = sample(Number::N305);
        start.start_product().toewijzing_nummer = None;
        assert_eq!(of(&start), [retour(GEMEENTE)]);
    }

    #[test]
    fn a_reply_closes_its_question_and_a_refusal_the_starts_as_well() {
        for number in [Number::N302, Number::N306, Number::N320, Number::N325] {
            assert_eq!(of(&sample(number)), [settled(Settles::Message(1))], "{}", number.as_str());
        }
        for (codes, refuses) in [(&["8848"][..], true), (&["0200"], false), (&["0200", "9056"], true), (&[], false)] {
            let mut reply = sample(Number::N302);
            reply.message.header.retour_codes = codes.iter().map(|&code| RetourCode::from(code)).collect();
            let mut expected = vec![settled(Settles::Message(1))];
            expected.extend(refuses.then(|| settled(Settles::StartsOf(1))));
            assert_eq!(of(&reply), expected, "{codes:?}");
        }
        let mut unknown = sample(Number::N302);
        unknown.facts.question = None;
        assert_eq!(of(&unknown), []);
    }
}
