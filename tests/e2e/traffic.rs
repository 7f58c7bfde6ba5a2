//! Traffic in chains: per client a 301, a 305 on it and a 323 on that, good and bad in all ways that decide
//! differently. Verdicts depend on earlier messages and on budgets that run full, so a message that is lost, judged
//! twice or judged out of turn changes the verdicts of others.
//!
//! The messages are of 2025, so that they lie in the past of every clock and inside the sample register.

use jiff::civil::date;
use sluis::demo::compose::{Allocate, Claim, Composer, Person, omvang};
use sluis::message::{Body, Cents, Count, Date, Eenheid, Frequentie, Law, Message, Party, Product};

const DAGTEKENING: Date = date(2025, 3, 10);
const JANUARY: (Date, Date) = (date(2025, 1, 1), date(2025, 1, 31));
const FEBRUARY: (Date, Date) = (date(2025, 2, 1), date(2025, 2, 28));

/// One message to send.
#[derive(Debug, Clone)]
pub struct Item {
    /// Id of the delivery and, with directories, file name; in the order in which they must be judged.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Who sends what to whom.
pub struct Lane {
    /// Writes the messages.
    pub composer: Composer,
    /// What is allocated.
    pub product: Product,
    /// What it costs, in cents.
    pub tarief: i64,
}

impl Lane {
    /// Two laws, two municipalities: Aalten, whose budgets signal, and Doetinchem, whose budget holds. Clients of one
    /// lane come one after another, because a daemon that was just started pays for each schema that it meets.
    pub fn of(client: u32) -> Lane {
        let (law, gemeente, aanbieder, categorie, code, tarief) = match client / 34 % 3 {
            0 => (Law::Wmo, "0197", "42420001", "02", "02A02", 5800),
            1 => (Law::Jeugdwet, "0197", "42420005", "45", "45A02", 6400),
            _ => (Law::Wmo, "0222", "42420001", "02", "02A03", 5797),
        };
        let (gemeente, aanbieder) = (Party::from(gemeente), Party::from(aanbieder));
        let product = Product { categorie: categorie.into(), code: Some(code.into()) };
        Lane { composer: Composer { law, gemeente, aanbieder, dagtekening: DAGTEKENING }, product, tarief }
    }
}

/// Three messages for each of that many clients.
pub fn chains(clients: u32) -> Vec<Item> {
    (0..clients).flat_map(chain).collect()
}

/// A 301 on its own for a client whom no chain has.
pub fn fresh() -> Item {
    let [mut first, _, _] = chain(7_000);
    "9999-fresh.xml".clone_into(&mut first.name);
    first
}

fn chain(client: u32) -> [Item; 3] {
    let lane = Lane::of(client);
    let person = Person::nth(client);
    let nummer = 100_000 + Count::from(client);
    let allocate = Allocate {
        nummer,
        product: lane.product.clone(),
        from: date(2025, 1, 1),
        to: date(2025, 12, 28),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    };
    let composer = &lane.composer;
    let item = |step: &str, bytes: Vec<u8>| Item { name: format!("{client:04}-{step}.xml"), bytes };

    let mut toewijzing = composer.toewijzing(&format!("T{client:05}"), &person, &allocate);
    // CD076: a weekly volume has an end date.
    if client % 10 == 3 {
        leave_out_end(&mut toewijzing);
    }
    let mut toewijzing = toewijzing.write();
    if client % 25 == 24 {
        toewijzing = format!("Hierbij de toewijzing van client {client}, zie de bijlage.").into_bytes();
    }

    // TR019: an allocation that nobody gave.
    let on =
        if client % 10 == 6 { Allocate { nummer: nummer + 500_000, ..allocate.clone() } } else { allocate.clone() };
    let mut start = composer.start(&format!("S{client:05}"), &person, &on, date(2025, 1, 6)).write();
    if client % 10 == 5 {
        start =
            String::from_utf8(start).expect("messages are UTF-8").replace("Geslacht>0<", "Geslacht>X<").into_bytes();
    }

    let mut lines = vec![claim(client, 1, &lane, nummer, FEBRUARY, 12)];
    match client % 10 {
        // TR381: a tariff that was not agreed.
        7 => lines[0].tarief = Cents(lane.tarief + 100),
        // TR321: more than was allocated.
        8 => lines.push(claim(client, 2, &lane, nummer, JANUARY, 40)),
        _ => {}
    }
    // TR056: the identification of the declaration of another client, of the same lane as a rule.
    let identificatie = if client % 10 == 9 { client - 3 } else { client };
    let declaratie = composer
        .declaratie(&format!("D{identificatie:05}"), &format!("DN{client:05}"), FEBRUARY, &[(&person, lines)])
        .write();
    [item("1-toewijzing", toewijzing), item("2-start", start), item("3-declaratie", declaratie)]
}

/// A line of the declaration of a client, at the agreed tariff.
pub fn claim(client: u32, line: u32, lane: &Lane, nummer: Count, periode: (Date, Date), uren: Count) -> Claim {
    Claim {
        nummer: format!("R{client:05}-{line}"),
        toewijzing: nummer,
        product: lane.product.clone(),
        periode,
        volume: uren,
        eenheid: Eenheid::Uur,
        tarief: Cents(lane.tarief),
    }
}

fn leave_out_end(message: &mut Message) {
    let Body::Toewijzing(client) = &mut message.body else { return };
    for product in &mut client.producten {
        product.einddatum = None;
    }
}
