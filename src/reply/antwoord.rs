//! 319: the rejection of a request in the name of the municipality.
//!
//! A 319 holds one answer (standard, messages, section 4), so each product of a 315 that is rejected has a message of its
//! own, and a 317 has one as a whole.

use super::Stamp;
use crate::message::{
    Antwoord, BerichtIdentificatie, Body, Code, Header, Kind, Message, Number, ReferentieAanbieder, VerzoekAntwoord,
};

/// The 319 by which the municipality that `request` was sent to rejects one request in it, for a reason of list WJ759
/// other than 8, which names another municipality.
pub fn rejection(request: &Message, referentie: &ReferentieAanbieder, reden: Code, stamp: &Stamp) -> Message {
    let kind = Kind::new(request.kind.law, Number::N319);
    let header = Header {
        bericht_code: kind.bericht_code().into(),
        bericht_versie: request.header.bericht_versie,
        bericht_subversie: request.header.bericht_subversie,
        afzender: request.gemeente().clone(),
        ontvanger: request.aanbieder().clone(),
        identificatie: BerichtIdentificatie {
            identificatie: stamp.identificatie.clone(),
            dagtekening: stamp.dagtekening,
        },
        xsd_versie: stamp.xsd_versie.clone(),
        declaratie_identificatie: None,
        identificatie_retour: None,
        dagtekening_retour: None,
        xslt_versie: None,
        xsd_versie_retour: None,
        xsd_versie_declaratie: None,
        retour_codes: Vec::new(),
    };
    let antwoord = Antwoord {
        referentie_aanbieder: referentie.clone(),
        verzoek_antwoord: VerzoekAntwoord::Afgewezen,
        reden_afwijzing: Some(reden),
        woonplaatsbeginsel: None,
        retour_codes: Vec::new(),
    };
    Message { kind, release: request.release, header, body: Body::Antwoord(antwoord) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::answer::Reden;
    use crate::message::{Law, XsdVersie};
    use crate::rules::sample::{AANBIEDER, GEMEENTE, Sample, VERZOEK};
    use crate::schema::{self, Limits};
    use jiff::civil::date;

    #[test]
    fn a_rejection_fits_its_schema_and_breaks_no_rule_whatever_the_reason() {
        let stamp = Stamp {
            identificatie: "ABCDEFGHJKMN".into(),
            dagtekening: date(2026, 3, 10),
            xsd_versie: XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() },
        };
        for law in Law::ALL {
            for number in [Number::N315, Number::N317] {
                for reden in Reden::ALL {
                    let request = Sample::of(Kind::new(law, number));
                    let message = rejection(&request.message, &VERZOEK.into(), reden.code(), &stamp);
                    assert_eq!((message.gemeente().as_str(), message.aanbieder().as_str()), (GEMEENTE, AANBIEDER));
                    let bytes = message.write();
                    let document = schema::validate(&bytes, &Limits::default()).expect("it fits its schema");
                    let read = Message::read(document.kind, document.release, &document.tree).expect("it is read");
                    assert_eq!(read, message, "what is written is what is read");
                    let mut answer = Sample::of(Kind::new(law, Number::N319));
                    answer.message = message;
                    let evaluation = answer.evaluate(&crate::rules::all());
                    assert!(evaluation.broken.is_empty(), "{law} {number:?} {reden:?}: {:?}", evaluation.broken);
                }
            }
        }
    }
}
