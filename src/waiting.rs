//! What a message may still be waiting for: order and time of receipt have no meaning in the standard (OP080), so a
//! message can arrive before the one that it refers to.
//!
//! Pure: tells from a case and its evaluation what, if it came, would change the verdict; and from what a message
//! leaves behind what it brings to others. The waiting room itself is the shell's (`gateway`, `ledger`).

use crate::decision::Record;
use crate::message::{Body, Bsn, Count, Kind, Law, Message, Number, ReferentieAanbieder, ReferentieNummer};
use crate::rules::facts::{Facts, PersonKey};
use crate::rules::{Broken, Evaluation, Need};
use std::collections::{BTreeMap, BTreeSet};

/// Something that may still be under way. Everything is within one law, one municipality and one provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Awaited {
    /// An allocation with this number.
    Allocation(Count),
    /// Any allocation for this person.
    Client(PersonKey),
    /// A start or stop of this person.
    Delivery(PersonKey),
    /// A declared line with this number.
    Line(ReferentieNummer),
    /// A request with this reference.
    Request(ReferentieAanbieder),
    /// The message of this number with this identification, to which a reply came.
    Question(Number, String),
}

impl Awaited {
    /// The form in the ledger.
    pub fn key(&self) -> String {
        match self {
            Awaited::Allocation(nummer) => format!("allocation {nummer}"),
            Awaited::Client(person) => format!("client {}", person.0),
            Awaited::Delivery(person) => format!("delivery {}", person.0),
            Awaited::Line(nummer) => format!("line {nummer}"),
            Awaited::Request(referentie) => format!("request {referentie}"),
            Awaited::Question(number, identificatie) => format!("question {} {identificatie}", number.as_str()),
        }
    }
}

/// A pair of parties within one law, as the ledger orders messages by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Legal domain.
    pub law: Law,
    /// Municipality.
    pub gemeente: String,
    /// Provider.
    pub aanbieder: String,
}

impl Pair {
    /// The pair of a message.
    pub fn of(message: &Message) -> Pair {
        Pair {
            law: message.kind.law,
            gemeente: message.gemeente().as_str().to_owned(),
            aanbieder: message.aanbieder().as_str().to_owned(),
        }
    }
}

/// What the message waits for: empty when nothing that may come would change what becomes of it.
///
/// A message that is rejected as a whole waits only when every finding may still be cured; a declaration when some
/// class of it (a line, a client) has only such findings.
pub fn awaited(message: &Message, facts: &Facts, evaluation: &Evaluation) -> BTreeSet<Awaited> {
    let mut by_class: BTreeMap<&str, Vec<Option<Awaited>>> = BTreeMap::new();
    for broken in &evaluation.broken {
        by_class.entry(&broken.violation.place.class_path).or_default().push(cure(message, facts, broken));
    }
    // A reply to an unknown message that would be relayed unseen: if its question comes, the two are compared.
    if evaluation.broken.is_empty() && evaluation.skipped.iter().any(|(_, need)| *need == Need::Question) {
        return question(message).into_iter().collect();
    }
    let curable = |cures: &Vec<Option<Awaited>>| cures.iter().all(Option::is_some);
    let is_partly = matches!(message.body, Body::Declaratie(_));
    if !is_partly && !by_class.values().all(curable) {
        return BTreeSet::new();
    }
    by_class.into_values().filter(curable).flatten().flatten().collect()
}

/// What would take this finding away, if it came.
fn cure(message: &Message, facts: &Facts, broken: &Broken) -> Option<Awaited> {
    let person = || message.persons().first().map(|bsn| facts.person(bsn));
    let fact = |name: &str| broken.violation.facts.get(name);
    match broken.rule.id {
        // The allocation is unknown; one that is there and does not fit will not change by waiting.
        "TR019" | "TR338" | "TR350" | "TR351" => {
            let nummer = fact("toewijzing_nummer")?.as_u64()?;
            (!facts.allocations.contains_key(&nummer)).then_some(Awaited::Allocation(nummer))
        }
        "TR304" => client(message, facts, &broken.violation.place.class_path),
        // What is deleted, or what is stopped.
        "TR063" | "TR382" => person().map(Awaited::Delivery),
        "TR323" => {
            let vorig = ReferentieNummer::from(fact("vorig_referentie_nummer")?.as_str()?);
            (!facts.lines.contains_key(&vorig)).then_some(Awaited::Line(vorig))
        }
        "TR355" | "TR379" => {
            let mut unknown = referenties(message).filter(|referentie| !facts.verzoeken.contains_key(referentie));
            unknown.next().map(|referentie| Awaited::Request(referentie.clone()))
        }
        "SL001" | "TR337" => question(message),
        _ => None,
    }
}

/// The client on a place when nothing is known of that person here.
fn client(message: &Message, facts: &Facts, class_path: &str) -> Option<Awaited> {
    let index = class_path.rsplit_once('[').and_then(|(_, ordinal)| ordinal.trim_end_matches(']').parse().ok());
    let bsn: &Bsn = match (&message.body, index) {
        (Body::Declaratie(declaratie), Some(ordinal)) => &declaratie.clienten.get(usize::checked_sub(ordinal, 1)?)?.bsn,
        (Body::Wijziging(client), _) => &client.bsn,
        _ => return None,
    };
    (!facts.known_clients.contains(bsn)).then(|| Awaited::Client(facts.person(bsn)))
}

fn referenties(message: &Message) -> impl Iterator<Item = &ReferentieAanbieder> {
    let (producten, antwoord) = match &message.body {
        Body::Toewijzing(client) => (client.producten.as_slice(), None),
        Body::Antwoord(antwoord) => (&[][..], Some(&antwoord.referentie_aanbieder)),
        _ => (&[][..], None),
    };
    producten.iter().filter_map(|product| product.referentie_aanbieder.as_ref()).chain(antwoord)
}

/// The message that a reply answers.
fn question(message: &Message) -> Option<Awaited> {
    let number = message.kind.number.answers()?;
    let answered = message.header.declaratie_identificatie.as_ref().unwrap_or(&message.header.identificatie);
    Some(Awaited::Question(number, answered.identificatie.0.clone()))
}

/// What an accepted message brings to those that wait. `person` gives the key of a person.
pub fn brought(
    kind: Kind,
    identificatie: &str,
    records: &[Record],
    person: impl Fn(&Bsn) -> PersonKey,
) -> BTreeSet<Awaited> {
    let mut brought = BTreeSet::from([Awaited::Question(kind.number, identificatie.to_owned())]);
    for record in records {
        match record {
            Record::Allocation { bsn, allocation, .. } => {
                brought.insert(Awaited::Allocation(allocation.nummer));
                brought.insert(Awaited::Client(person(bsn)));
            }
            Record::Start { bsn, .. } | Record::Stop { bsn, .. } => {
                brought.insert(Awaited::Delivery(person(bsn)));
            }
            Record::Request { referentie, .. } => {
                brought.insert(Awaited::Request(referentie.clone()));
            }
            Record::Prestatie { line, .. } if line.granted && line.vorig.is_none() => {
                brought.insert(Awaited::Line(line.nummer.clone()));
            }
            _ => {}
        }
    }
    brought
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{BSN, Sample, TOEWIJZING, VERZOEK, person};
    use crate::rules::{self};

    fn sample(number: Number, change: impl FnOnce(&mut Sample)) -> Sample {
        let mut sample = Sample::of(Kind::new(Law::Wmo, number));
        change(&mut sample);
        sample
    }

    fn awaits(sample: &Sample) -> Vec<String> {
        let evaluation = sample.evaluate(&rules::all());
        awaited(&sample.message, &sample.facts, &evaluation).iter().map(Awaited::key).collect()
    }

    #[test]
    fn a_good_message_waits_for_nothing() {
        for number in Number::ALL {
            assert_eq!(awaits(&sample(number, |_| {})), Vec::<String>::new(), "{}", number.as_str());
        }
    }

    #[test]
    fn a_start_waits_for_its_allocation() {
        let unknown = sample(Number::N305, |s| s.facts.allocations.clear());
        assert_eq!(awaits(&unknown), [format!("allocation {TOEWIJZING}")]);
        let somebody_elses = sample(Number::N305, |s| s.allocation().person = person("other"));
        assert_eq!(awaits(&somebody_elses), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_otherwise_as_well_does_not_wait() {
        let used_before = sample(Number::N305, |s| {
            s.facts.allocations.clear();
            let begin = s.start_product().begindatum;
            s.earlier_start(begin);
        });
        assert_eq!(awaits(&used_before), Vec::<String>::new());
        let wrong_within = sample(Number::N305, |s| {
            s.facts.allocations.clear();
            s.start_product().status_aanlevering = StatusAanlevering::Gewijzigd;
        });
        assert_eq!(awaits(&wrong_within), Vec::<String>::new());
    }

    #[test]
    fn a_deletion_waits_for_what_it_deletes() {
        let deletion = sample(Number::N305, |s| s.start_product().status_aanlevering = StatusAanlevering::Verwijderd);
        assert_eq!(awaits(&deletion), [format!("delivery {}", person(BSN).0)]);
    }

    #[test]
    fn a_declaration_waits_when_a_line_of_it_may_be_saved() {
        let unknown = sample(Number::N323, |s| s.facts.allocations.clear());
        assert_eq!(awaits(&unknown), [format!("allocation {TOEWIJZING}")]);
        let stranger = sample(Number::N323, |s| s.facts.known_clients.clear());
        assert_eq!(awaits(&stranger), [format!("client {}", person(BSN).0)]);
        let credit = sample(Number::N323, |s| s.make_credit("P0"));
        assert_eq!(awaits(&credit), ["line P0"]);
        let one_line = sample(Number::N323, |s| {
            s.add_line("P2", |line| line.toewijzing_nummer = 77);
            s.line().tarief = Some(crate::message::Cents(1));
            s.line().bedrag.bedrag = crate::message::Cents(12);
            s.fix_total();
        });
        assert_eq!(awaits(&one_line), ["allocation 77"]);
    }

    #[test]
    fn a_reply_waits_for_its_question_and_a_second_one_for_nothing() {
        let unknown = |number| awaits(&sample(number, |s| s.facts.question = None));
        assert_eq!(unknown(Number::N302), ["question 301 B1"]);
        assert_eq!(unknown(Number::N325), ["question 323 D1"]);
        let answered = sample(Number::N302, |s| {
            s.question().state = crate::rules::facts::QuestionState::Answered(crate::rules::sample::given_reply(true));
        });
        assert_eq!(awaits(&answered), Vec::<String>::new());
    }

    #[test]
    fn a_message_brings_what_others_wait_for() {
        let keys = |sample: &Sample| -> Vec<String> {
            let evaluation = sample.evaluate(&rules::all());
            let verdict = crate::decision::Verdict::Accepted;
            let records = crate::effects::records(&sample.message, &evaluation, verdict, Vec::new());
            let brought = brought(sample.message.kind, "B1", &records, |bsn| person(bsn.expose()));
            brought.iter().map(Awaited::key).collect()
        };
        let client = format!("client {}", person(BSN).0);
        let delivery = format!("delivery {}", person(BSN).0);
        let allocation = format!("allocation {TOEWIJZING}");
        assert_eq!(keys(&sample(Number::N301, |_| {})), [allocation, client, "question 301 B1".to_owned()]);
        assert_eq!(keys(&sample(Number::N305, |_| {})), [delivery.clone(), "question 305 B1".to_owned()]);
        assert_eq!(keys(&sample(Number::N307, |_| {})), [delivery, "question 307 B1".to_owned()]);
        let request = format!("request {VERZOEK}");
        assert_eq!(keys(&sample(Number::N315, |_| {})), [request.clone(), "question 315 B1".to_owned()]);
        assert_eq!(keys(&sample(Number::N317, |_| {})), [request, "question 317 B1".to_owned()]);
        assert_eq!(keys(&sample(Number::N323, |_| {})), ["line P1".to_owned(), "question 323 B1".to_owned()]);
    }
}
