//! What the tests of the command line and the golden messages share: sample messages, and an XML reader of their own.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use jiff::civil::date;
use sluis::demo::compose::{Allocate, Claim, Composer, Person, omvang};
use sluis::message::{
    AanvraagClient, Antwoord, Body, Cents, Count, Date, DebetCredit, Declaratie, DeclaratieClient, Eenheid, Frequentie,
    Law, Message, NieuwProduct, OngewijzigdProduct, Party, Prestatie, Product, StartProduct, StopProduct,
    ToegewezenProduct, ToewijzingClient, TotaalBedragMetDC, Verzoek,
};
use std::path::{Path, PathBuf};

/// The day on which the sample messages are signed and judged.
pub const DAY: Date = date(2026, 3, 10);
/// Aalten.
pub const GEMEENTE: &str = "0197";
/// Contracted for support under both laws.
pub const AANBIEDER: &str = "42420001";
/// Contracted for household help.
pub const HUISHOUDELIJK: &str = "42420002";
/// Without a contract.
pub const STRANGER: &str = "42420010";

pub const JANUARY: (Date, Date) = (date(2026, 1, 1), date(2026, 1, 31));
pub const FEBRUARY: (Date, Date) = (date(2026, 2, 1), date(2026, 2, 28));
pub const YEAR: (Date, Date) = (date(2026, 1, 1), date(2026, 12, 31));

/// The region whose register the golden messages are judged with.
pub fn region() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek")
}

/// The published reference beside the project, when it is there; a worktree lies one folder deeper.
pub fn shared(path: &str) -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared", "../../shared"].map(|beside| project.join(beside).join(path));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: no shared reference with {path}");
    }
    found
}

/// Sample messages of one law between Aalten and a provider.
#[derive(Debug, Clone)]
pub struct Sample {
    pub law: Law,
    pub composer: Composer,
}

impl Sample {
    pub fn of(law: Law) -> Sample {
        Sample::with(law, AANBIEDER)
    }

    pub fn with(law: Law, aanbieder: &str) -> Sample {
        let (gemeente, aanbieder) = (Party::from(GEMEENTE), Party::from(aanbieder));
        Sample { law, composer: Composer { law, gemeente, aanbieder, dagtekening: DAY } }
    }

    pub fn signed(mut self, on: Date) -> Sample {
        self.composer.dagtekening = on;
        self
    }

    pub fn in_gemeente(mut self, gemeente: &str) -> Sample {
        self.composer.gemeente = Party::from(gemeente);
        self
    }

    /// The product that most allocations are for, in hours.
    pub fn product(&self) -> Product {
        match self.law {
            Law::Wmo => product("02", "02A02"),
            Law::Jeugdwet => product("45", "45A02"),
        }
    }

    /// Its tariff of one hour in 2026.
    pub fn tarief(&self) -> i64 {
        match self.law {
            Law::Wmo => 6003,
            Law::Jeugdwet => 6624,
        }
    }

    /// Another product of the same category and segment.
    pub fn other(&self) -> Product {
        match self.law {
            Law::Wmo => product("02", "02A03"),
            Law::Jeugdwet => product("45", "45A04"),
        }
    }

    /// A product of another category.
    pub fn elsewhere(&self) -> Product {
        match self.law {
            Law::Wmo => product("07", "07A01"),
            Law::Jeugdwet => product("44", "44A01"),
        }
    }

    /// Three hours a week over the whole of 2026.
    pub fn weekly(&self, nummer: Count) -> Allocate {
        Allocate {
            nummer,
            product: self.product(),
            from: YEAR.0,
            to: YEAR.1,
            omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
        }
    }

    /// A 301 with any number of allocations for one client.
    pub fn toewijzing(&self, id: &str, person: &Person, allocations: &[Allocate]) -> Message {
        let (first, rest) = allocations.split_first().expect("a 301 has an allocation");
        let mut message = self.composer.toewijzing(id, person, first);
        for allocation in rest {
            let mut other = self.composer.toewijzing(id, person, allocation);
            let product = client_301(&mut other).producten.remove(0);
            client_301(&mut message).producten.push(product);
        }
        message
    }

    /// A 305 with any number of starts of one client.
    pub fn start(&self, id: &str, person: &Person, starts: &[(&Allocate, Date)]) -> Message {
        let (first, rest) = starts.split_first().expect("a 305 has a start");
        let mut message = self.composer.start(id, person, first.0, first.1);
        for (allocation, begin) in rest {
            let mut other = self.composer.start(id, person, allocation, *begin);
            let start = starts_305(&mut other).remove(0);
            starts_305(&mut message).push(start);
        }
        message
    }

    /// A 307 with any number of stops of one client: of what, begun on which day, for which reason and on which last day.
    pub fn stop(&self, id: &str, person: &Person, stops: &[(&Allocate, Date, &str, Date)]) -> Message {
        let compose = |(allocation, begin, reden, end): &(&Allocate, Date, &str, Date)| {
            self.composer.stop(id, person, allocation, *begin, (*reden, *end))
        };
        let mut messages = stops.iter().map(compose);
        let mut message = messages.next().expect("a 307 has a stop");
        for mut other in messages {
            stops_307(&mut message).append(stops_307(&mut other));
        }
        message
    }

    /// `RedenBeeindiging` of a delivery that ended as planned; the two laws have codes of their own.
    pub fn as_planned(&self) -> &'static str {
        match self.law {
            Law::Wmo => "19",
            Law::Jeugdwet => "31",
        }
    }

    /// A 315 with any number of products of one client, each under its reference.
    pub fn aanvraag(&self, id: &str, person: &Person, wanted: &[(&str, &Allocate)]) -> Message {
        let compose =
            |(referentie, allocation): &(&str, &Allocate)| self.composer.aanvraag(id, person, referentie, allocation);
        let mut messages = wanted.iter().map(compose);
        let mut message = messages.next().expect("a 315 has a product");
        for mut other in messages {
            client_315(&mut message).producten.append(&mut client_315(&mut other).producten);
        }
        message
    }

    /// A 317 that leaves allocations as they are, asks for changes over the whole duration and for new products. The
    /// numbers of new ones are not used.
    pub fn wijziging(
        &self,
        id: &str,
        person: &Person,
        referentie: &str,
        (ongewijzigd, te_wijzigen, nieuw): (&[Count], &[Allocate], &[Allocate]),
    ) -> Message {
        let mut message = self.composer.wijziging(id, person, referentie, &self.weekly(0));
        let change = |wanted: &Allocate| {
            let mut message = self.composer.wijziging(id, person, referentie, wanted);
            verzoek_317(&mut message).te_wijzigen.remove(0)
        };
        let verzoek = verzoek_317(&mut message);
        verzoek.ongewijzigd = ongewijzigd
            .iter()
            .map(|&toewijzing_nummer| OngewijzigdProduct { toewijzing_nummer, retour_codes: Vec::new() })
            .collect();
        verzoek.te_wijzigen = te_wijzigen.iter().map(change).collect();
        verzoek.nieuw = nieuw.iter().map(nieuw_product).collect();
        message
    }

    /// A 319 that rejects for a reason, or without one says that the request is under investigation.
    pub fn antwoord(&self, id: &str, referentie: &str, reden: Option<&str>) -> Message {
        self.composer.antwoord(id, referentie, reden)
    }

    /// A 323 over a month.
    pub fn declaratie(
        &self,
        id: &str,
        nummer: &str,
        month: (Date, Date),
        clients: &[(&Person, Vec<Claim>)],
    ) -> Message {
        self.composer.declaratie(id, nummer, month, clients)
    }

    /// Hours on the usual allocation at the usual tariff.
    pub fn claim(&self, nummer: &str, toewijzing: Count, periode: (Date, Date), hours: Count) -> Claim {
        Claim {
            nummer: nummer.to_owned(),
            toewijzing,
            product: self.product(),
            periode,
            volume: hours,
            eenheid: Eenheid::Uur,
            tarief: Cents(self.tarief()),
        }
    }
}

fn nieuw_product(wanted: &Allocate) -> NieuwProduct {
    NieuwProduct {
        product: Some(wanted.product.clone()),
        gewenste_ingangsdatum: wanted.from,
        einddatum: Some(wanted.to),
        omvang: Some(wanted.omvang.clone()),
        budget: None,
        retour_codes: Vec::new(),
    }
}

pub fn product(categorie: &str, code: &str) -> Product {
    Product { categorie: categorie.into(), code: Some(code.into()) }
}

pub fn client_301(message: &mut Message) -> &mut ToewijzingClient {
    match &mut message.body {
        Body::Toewijzing(client) => client,
        _ => panic!("not a 301"),
    }
}

pub fn product_301(message: &mut Message, index: usize) -> &mut ToegewezenProduct {
    &mut client_301(message).producten[index]
}

pub fn starts_305(message: &mut Message) -> &mut Vec<StartProduct> {
    match &mut message.body {
        Body::Start(client) => &mut client.producten,
        _ => panic!("not a 305"),
    }
}

pub fn stops_307(message: &mut Message) -> &mut Vec<StopProduct> {
    match &mut message.body {
        Body::Stop(client) => &mut client.producten,
        _ => panic!("not a 307"),
    }
}

pub fn client_315(message: &mut Message) -> &mut AanvraagClient {
    match &mut message.body {
        Body::Aanvraag(client) => client,
        _ => panic!("not a 315"),
    }
}

pub fn verzoek_317(message: &mut Message) -> &mut Verzoek {
    match &mut message.body {
        Body::Wijziging(client) => &mut client.verzoek,
        _ => panic!("not a 317"),
    }
}

pub fn antwoord_319(message: &mut Message) -> &mut Antwoord {
    match &mut message.body {
        Body::Antwoord(antwoord) => antwoord,
        _ => panic!("not a 319"),
    }
}

pub fn declaratie_323(message: &mut Message) -> &mut Declaratie {
    match &mut message.body {
        Body::Declaratie(declaratie) => declaratie,
        _ => panic!("not a 323"),
    }
}

pub fn line_323(message: &mut Message, client: usize, line: usize) -> &mut Prestatie {
    &mut client_323(message, client).prestaties[line]
}

pub fn client_323(message: &mut Message, client: usize) -> &mut DeclaratieClient {
    &mut declaratie_323(message).clienten[client]
}

/// Makes the total the signed sum of the lines again.
pub fn retotal(message: &mut Message) {
    let declaratie = declaratie_323(message);
    let sum = declaratie.clienten.iter().flat_map(|client| &client.prestaties).map(|line| line.bedrag.signed().0).sum();
    declaratie.totaal = TotaalBedragMetDC::from_signed(Cents(sum));
}

/// Makes a line the credit of an earlier one.
pub fn credit(line: &mut Prestatie, vorig: &str) {
    line.referentie.vorig = Some(vorig.into());
    line.bedrag.debet_credit = DebetCredit::Credit;
}

/// Changes a message and gives it back.
pub fn with(mut message: Message, change: impl FnOnce(&mut Message)) -> Message {
    change(&mut message);
    message
}

/// An element of a document, read without the program's own reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Xml {
    pub name: String,
    pub namespace: String,
    pub text: String,
    pub children: Vec<Xml>,
}

impl Xml {
    pub fn parse(bytes: &[u8]) -> Xml {
        use quick_xml::events::Event;
        use quick_xml::name::ResolveResult;
        use quick_xml::reader::NsReader;
        let text = std::str::from_utf8(bytes).expect("a reply is UTF-8").trim_start_matches('\u{feff}');
        let mut reader = NsReader::from_str(text);
        let mut open: Vec<Xml> = vec![Xml::default()];
        loop {
            let (namespace, event) = reader.read_resolved_event().expect("a reply is well-formed");
            match event {
                Event::Start(start) => {
                    let ResolveResult::Bound(namespace) = namespace else { panic!("an element without namespace") };
                    let namespace = namespace.as_ref().to_owned();
                    let name = start.local_name().as_ref().to_owned();
                    open.push(Xml { name, namespace, ..Xml::default() });
                }
                Event::End(_) => {
                    let mut done = open.pop().expect("the reader checks the nesting");
                    if !done.children.is_empty() {
                        done.text.clear();
                    }
                    open.last_mut().expect("the document stays").children.push(done);
                }
                Event::Text(text) => open.last_mut().expect("the document stays").text.push_str(&text),
                Event::CData(text) => open.last_mut().expect("the document stays").text.push_str(&text),
                Event::GeneralRef(name) => {
                    let named = match &*name {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => name.resolve_char_ref().expect("a character").expect("a character"),
                    };
                    open.last_mut().expect("the document stays").text.push(named);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        open.remove(0).children.remove(0)
    }

    pub fn child(&self, name: &str) -> Option<&Xml> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn at(&self, path: &str) -> &str {
        let mut node = self;
        for name in path.split('/') {
            node = node.child(name).unwrap_or_else(|| panic!("no {name} on {path}"));
        }
        &node.text
    }

    pub fn has(&self, path: &str) -> bool {
        path.split('/').try_fold(self, |node, name| node.child(name)).is_some()
    }

    /// Every element with this name, in document order.
    pub fn all<'x>(&'x self, name: &str) -> Vec<&'x Xml> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.all(name));
        }
        found
    }

    /// The return codes of a reply, class by class in document order: `Client 0200`.
    pub fn judgement(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.collect_judgement(&mut lines);
        lines
    }

    fn collect_judgement(&self, lines: &mut Vec<String>) {
        let at = lines.len();
        for child in &self.children {
            if child.name == "RetourCodes" {
                let codes: Vec<&str> = child.children.iter().map(|code| code.text.as_str()).collect();
                lines.insert(at, format!("{} {}", self.name, codes.join(" ")));
            } else {
                child.collect_judgement(lines);
            }
        }
    }

    /// An amount with its sign: debit positive.
    pub fn signed(&self, path: &str) -> i64 {
        let mut node = self;
        for name in path.split('/') {
            node = node.child(name).unwrap_or_else(|| panic!("no {name} on {path}"));
        }
        let amount = node.child("Bedrag").or_else(|| node.child("TotaalBedrag")).expect("an amount");
        let amount: i64 = amount.text.trim().parse().expect("an integer");
        assert!(amount >= 0, "an amount has no sign of its own");
        match node.at("DebetCredit") {
            "D" => amount,
            "C" => {
                assert_ne!(amount, 0, "zero is a debit (CS325)");
                -amount
            }
            other => panic!("{other} is no sign"),
        }
    }
}

/// What holds for every reply to a declaration, recomputed from the two documents (TR342, replies 3.3).
pub fn check_totals(sent: &Xml, answer: &Xml) {
    let Some(body) = answer.child("DeclaratieAntwoord") else { return };
    let sent = sent.child("Declaratie").expect("a 323 has a declaration");
    let submitted = sent.signed("TotaalIngediendBedrag");
    assert_eq!(body.signed("TotaalIngediendBedrag"), submitted, "the submitted total is that of the 323");
    let granted = body.signed("TotaalToegekendBedrag");
    let listed = body.all("Prestatie");
    let codes = body.child("RetourCodes").expect("the answer is judged").children[0].text.clone();
    match codes.as_str() {
        "8001" => {
            assert!(listed.is_empty(), "a declaration granted in full lists nothing");
            assert_eq!(granted, submitted);
        }
        "0200" => {
            assert!(!listed.is_empty(), "a declaration granted in part lists what was not");
            let rejected: i64 = listed.iter().map(|line| line.signed("IngediendBedrag")).sum();
            assert_eq!(granted, submitted - rejected, "granted is submitted without the listed lines (TR342)");
        }
        _ => {
            assert!(listed.is_empty(), "a refused declaration lists nothing");
            assert_eq!((granted, body.at("TotaalToegekendBedrag/DebetCredit")), (0, "D"));
        }
    }
    for line in listed {
        let strip = |line: &Xml| {
            let mut fields: Vec<(String, String)> = Vec::new();
            flatten(line, "", &mut fields);
            fields.retain(|(path, _)| !path.contains("RetourCode"));
            for (path, value) in &mut fields {
                // Numbers may be written otherwise: `01` and `1` are the same to any reader.
                if ["ToewijzingNummer", "GeleverdVolume", "ProductTarief", "/Bedrag"]
                    .iter()
                    .any(|end| path.ends_with(end))
                {
                    *value = value.trim().parse::<i64>().expect("a number").to_string();
                }
            }
            fields
        };
        let copied = sent.all("Prestatie").into_iter().any(|original| strip(original) == strip(line));
        assert!(copied, "every listed line was submitted, and is copied unchanged (TR366)");
    }
}

fn flatten(node: &Xml, path: &str, fields: &mut Vec<(String, String)>) {
    for child in &node.children {
        let path = format!("{path}/{}", child.name);
        if child.children.is_empty() {
            fields.push((path, child.text.clone()));
        } else {
            flatten(child, &path, fields);
        }
    }
}
