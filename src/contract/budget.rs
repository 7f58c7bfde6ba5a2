//! What a message books: reservation, release, realisation, credit (funding, section 3).
//!
//! Every posting goes to one account and names the agreements that it counts for, so an agreement's consumption is the
//! sum of the postings that name it: a limit over accounts. For each allocation and year the ledger keeps
//!
//! ```text
//! open = max(0, value - realised)
//! ```
//!
//! A 301 brings what is open to its new value. A granted line realises, and uses up what is open: of its own account
//! first, then of the same year, and for an allocation with one total for its whole duration also of other years. A
//! credit gives back as far as the allocation still entitles to it. A definitive stop leaves open what was delivered
//! until then; care that begins again has its value back. A temporary stop changes nothing.
//!
//! How much an allocation may reserve is bounded in time: [`YEARS`] before and after the year of the message. Without an
//! Einddatum it reserves until the end of the later of its first year and the year of the message, or until the last
//! agreement for it ends. A year that is closed ([`close`]) takes no reservations.

use super::facts::{ContractFacts, ContractRequest, Stand};
use super::money::account::Care;
use super::money::{self, Piece, Reserves, close, funding};
use super::register::Register;
use super::table::Validity;
use super::value::{Entitlement, Lack, Value, clamp, value};
use super::words::{BrokenPeriods, Flag};
use crate::decision::{Account, Posting, PostingSort, Slot};
use crate::message::{
    Body, Cents, Count, Date, Frequentie, Law, Message, Prestatie, Product, StatusAanlevering, ToegewezenProduct,
};
use crate::rules::Parties;
use crate::rules::facts::{Allocation, Facts};
use std::collections::{BTreeMap, BTreeSet};

/// Years before and after the year of a message that an allocation may reserve in.
pub const YEARS: i16 = 10;

/// `RedenBeeindiging` of a temporary stop, in both laws.
pub(crate) const TEMPORARY: &str = "20";

/// What a message does to accounts and agreements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movements {
    /// Postings, in the order of the message.
    pub postings: Vec<Posting>,
    /// Agreements touched, by id.
    pub touched: BTreeMap<String, Touched>,
    /// Allocations of which (part of) the value is unknown, per agreement.
    pub unknown: Vec<Unknown>,
    /// Allocations without an Einddatum: the last day that they reserve for.
    pub open_ended: BTreeMap<Count, Date>,
}

/// What a message does to one agreement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Consumption before the message.
    pub before: Cents,
    /// Consumption after it.
    pub after: Cents,
    /// Realised after it; `None` when the ledger did not say what was realised before.
    pub realised: Option<Cents>,
    /// Allocations of the message that changed it.
    pub toewijzingen: BTreeSet<Count>,
}

/// An allocation that an agreement cannot be reckoned with in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Agreement.
    pub agreement: String,
    /// Allocation.
    pub toewijzing: Count,
    /// What is missing.
    pub lack: Lack,
}

/// Which facts the contract layer needs for a message.
pub fn request(register: &Register, message: &Message) -> ContractRequest {
    let mut request = ContractRequest::default();
    let scope = Scope::of(register, message);
    match &message.body {
        Body::Toewijzing(client) => {
            request.person = Some(client.bsn.clone());
            for product in &client.producten {
                request.toewijzingen.insert(product.toewijzing_nummer);
                for piece in scope.pieces(&Entitlement::from(product)) {
                    request.agreements.extend(piece.slot.agreements);
                }
            }
        }
        Body::Start(client) => {
            request.toewijzingen.extend(client.producten.iter().filter_map(|product| product.toewijzing_nummer));
        }
        Body::Stop(client) => {
            request.toewijzingen.extend(client.producten.iter().filter_map(|product| product.toewijzing_nummer));
        }
        Body::Declaratie(declaratie) => {
            for line in declaratie.clienten.iter().flat_map(|client| &client.prestaties) {
                request.toewijzingen.insert(line.toewijzing_nummer);
                request.agreements.extend(scope.place(line).slot.agreements);
            }
        }
        _ => {}
    }
    request
}

/// What the message books: a 301, 305 or 307 as a whole, a 323 by its `granted` lines (client, line).
pub fn movements(
    register: &Register,
    message: &Message,
    facts: &ContractFacts,
    ledger: &Facts,
    granted: &[(usize, usize)],
) -> Movements {
    let scope = Scope::of(register, message);
    let mut book = Book::new(scope, facts, ledger);
    match &message.body {
        Body::Toewijzing(client) => client.producten.iter().for_each(|product| book.allocate(product)),
        Body::Start(_) | Body::Stop(_) => book.deliver(&message.body),
        Body::Declaratie(declaratie) => {
            for (client, line) in granted {
                let line = declaratie.clienten.get(*client).and_then(|client| client.prestaties.get(*line));
                if let Some(line) = line {
                    book.realise(line);
                }
            }
        }
        _ => {}
    }
    book.movements
}

/// What a product of a 301 is worth over all the days that it may reserve in, as if nothing was booked of it; `None` where
/// the register does not tell of all its days.
pub fn product_worth(register: &Register, message: &Message, product: &ToegewezenProduct) -> Option<Cents> {
    if product.is_deleted() || product.is_taken_back() {
        return Some(Cents(0));
    }
    let worth = Scope::of(register, message).worth(&Entitlement::from(product), None);
    let is_known = worth.iter().all(|worth| worth.lacks.is_none());
    is_known.then(|| Cents(clamp(worth.iter().map(|worth| worth.cents).fold(0, i128::saturating_add))))
}

/// What time alone makes of an allocation, as `close::settle` asks.
pub(super) fn settled(
    (register, law, parties, today): (&Register, Law, Parties<'_>, Date),
    facts: &ContractFacts,
    ledger: &Facts,
    allocation: &Allocation,
) -> Vec<Posting> {
    let mut book = Book::new(Scope { register, law, parties, day: today }, facts, ledger);
    let entitlement = Entitlement::from(allocation);
    let worth = if is_running_right(allocation) {
        let until = book.ended_on(allocation.nummer, allocation.product.as_ref());
        book.scope.worth(&entitlement, until)
    } else {
        Vec::new()
    };
    book.settle(allocation.nummer, &worth, &entitlement, None);
    book.movements.postings
}

/// What an allocation is worth over all the days that it may reserve in.
pub(super) fn whole_worth(
    (register, law, parties, today): (&Register, Law, Parties<'_>, Date),
    allocation: &Allocation,
) -> Cents {
    let worth = Scope { register, law, parties, day: today }.worth(&Entitlement::from(allocation), None);
    Cents(clamp(worth.iter().map(|worth| worth.cents).fold(0, i128::saturating_add)))
}

/// What an allocation is worth in each slot, in order of time.
pub(super) fn worth_by_slot(
    (register, law, parties, today): (&Register, Law, Parties<'_>, Date),
    allocation: &Allocation,
) -> Vec<(Slot, Cents)> {
    let worth = Scope { register, law, parties, day: today }.worth(&Entitlement::from(allocation), None);
    worth.into_iter().map(|worth| (worth.slot, Cents(clamp(worth.cents)))).collect()
}

/// Where the money of a message belongs.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    register: &'a Register,
    law: Law,
    parties: Parties<'a>,
    /// Day that the message was made: what reckoning calls now, so that judging again books the same.
    day: Date,
}

/// One piece of an allocation with its worth.
pub(super) struct Worth {
    pub(super) slot: Slot,
    pub(super) cents: i128,
    pub(super) lacks: Option<Lack>,
    /// First day that counts.
    pub(super) from: Date,
    /// Whether claims over these days are no longer waited for, so that nothing stays open.
    pub(super) closed: bool,
}

impl<'a> Scope<'a> {
    fn of(register: &'a Register, message: &'a Message) -> Scope<'a> {
        let parties = Parties { gemeente: message.gemeente(), aanbieder: message.aanbieder() };
        Scope { register, law: message.kind.law, parties, day: message.header.identificatie.dagtekening }
    }

    fn place(self, line: &Prestatie) -> Piece<'a> {
        let care =
            Care { law: self.law, parties: self.parties, categorie: Some(&line.categorie), code: Some(&line.code) };
        money::place(self.register, care, line.periode.begindatum)
    }

    /// The pieces of an allocation as far as it may reserve.
    fn pieces(self, entitlement: &Entitlement<'_>) -> Vec<Piece<'a>> {
        let care = Care::of(self.law, self.parties, entitlement.product);
        let first = jan_first(self.day.year().saturating_sub(YEARS));
        let last = dec_last(self.day.year().saturating_add(YEARS));
        let from = entitlement.ingangsdatum.max(first);
        money::pieces(self.register, care, from, self.horizon(entitlement).min(last))
    }

    /// The last day that an allocation reserves for.
    fn horizon(self, entitlement: &Entitlement<'_>) -> Date {
        if let Some(end) = entitlement.einddatum {
            return end;
        }
        let (begin, product) = (entitlement.ingangsdatum, entitlement.product);
        let segments = product.map_or_else(BTreeSet::new, |product| {
            self.register.segments(self.law, &product.categorie, product.code.as_ref(), begin)
        });
        let agreed = segments.into_iter().flat_map(|segment| self.register.agreements_for(segment, self.parties));
        let year = dec_last(begin.year().max(self.day.year()));
        agreed.map(|agreement| agreement.to).fold(year, Date::max)
    }

    /// What an allocation is worth, slot by slot in order of time, when nothing is delivered after `until`.
    pub(super) fn worth(self, entitlement: &Entitlement<'_>, until: Option<Date>) -> Vec<Worth> {
        let region = &self.register.region;
        let mut all: Vec<Worth> = Vec::new();
        for piece in self.pieces(entitlement) {
            let to = until.map_or(piece.to, |until| piece.to.min(until));
            let value = if to < piece.from {
                Value::default()
            } else {
                self.value_of(entitlement, &piece, to, until.is_some())
            };
            let cents = i128::from(value.cents.0);
            if let Some(worth) = all.iter_mut().find(|worth| worth.slot == piece.slot) {
                worth.cents = worth.cents.saturating_add(cents);
                worth.lacks = worth.lacks.or(value.lacks);
                continue;
            }
            let closed = piece.slot.account.as_ref().is_some_and(|account| {
                close::is_closed(region, account, self.day)
                    || until.is_some_and(|until| close::is_over(region, &account.segment, until, self.day))
            });
            all.push(Worth { slot: piece.slot, cents, lacks: value.lacks, from: piece.from, closed });
        }
        all
    }

    fn value_of(self, entitlement: &Entitlement<'_>, piece: &Piece<'_>, to: Date, is_cut: bool) -> Value {
        let days = |from, to| {
            let window = Validity { from, to: Some(to) };
            // A register with agreements always states how broken periods count.
            let broken = self.register.region.norms.broken_periods.unwrap_or(BrokenPeriods::Full);
            value(self.register, self.law, self.parties, entitlement, window, broken)
        };
        match funding(piece.model).reserves {
            Reserves::Nothing => Value::default(),
            Reserves::AtStart if is_total(entitlement) => {
                let begin = entitlement.ingangsdatum;
                if begin != piece.from {
                    return Value::default();
                }
                // Of a trajectory that stopped, what was earned by then stays.
                days(begin, if is_cut { to } else { entitlement.einddatum.unwrap_or(begin) })
            }
            Reserves::ByDay | Reserves::AtStart => days(piece.from, to),
            Reserves::Overflow => {
                let is_base = piece.product.is_some_and(|product| product.flags.contains(&Flag::BasePlace));
                let value = if is_base { Value::default() } else { days(piece.from, to) };
                // A place without a price of its own is a base place.
                match value.lacks {
                    Some(Lack::Tariff(_)) => Value { lacks: None, ..value },
                    Some(Lack::Ceiling) | None => value,
                }
            }
        }
    }
}

/// Whether an allocation has one amount for its whole duration, whenever it is used.
pub(super) fn is_total(entitlement: &Entitlement<'_>) -> bool {
    entitlement.budget.is_some()
        || entitlement.omvang.is_some_and(|omvang| match omvang.frequentie {
            Frequentie::Totaal => true,
            Frequentie::PerDag | Frequentie::PerWeek | Frequentie::PerMaand => false,
        })
}

pub(super) fn jan_first(year: i16) -> Date {
    Date::new(year, 1, 1).unwrap_or(Date::MIN)
}

pub(super) fn dec_last(year: i16) -> Date {
    Date::new(year, 12, 31).unwrap_or(Date::MAX)
}

type Stands = BTreeMap<Slot, Wide>;

/// A [`Stand`] that cannot overflow while it is reckoned with.
#[derive(Debug, Clone, Copy, Default)]
struct Wide {
    open: i128,
    realised: i128,
}

impl From<&Stand> for Wide {
    fn from(stand: &Stand) -> Wide {
        Wide { open: stand.open.0.into(), realised: stand.realised.0.into() }
    }
}

struct Book<'a> {
    scope: Scope<'a>,
    facts: &'a ContractFacts,
    ledger: &'a Facts,
    /// Starts and stops that the ledger knows, by allocation.
    deliveries: BTreeMap<Count, BTreeSet<Delivered>>,
    movements: Movements,
    state: BTreeMap<Count, Stands>,
}

impl<'a> Book<'a> {
    fn new(scope: Scope<'a>, facts: &'a ContractFacts, ledger: &'a Facts) -> Book<'a> {
        let mut deliveries: BTreeMap<Count, BTreeSet<Delivered>> = BTreeMap::new();
        for delivery in &ledger.deliveries {
            if let Some(nummer) = delivery.toewijzing_nummer {
                deliveries.entry(nummer).or_default().insert(Delivered {
                    product: delivery.product.clone(),
                    begin: delivery.begindatum,
                    stop: delivery.stop.as_ref().map(|stop| (stop.reden.as_str().to_owned(), stop.einddatum)),
                });
            }
        }
        Book { scope, facts, ledger, deliveries, movements: Movements::default(), state: BTreeMap::new() }
    }

    /// The last day of care on an allocation that has ended for good. One product of an allocation for several may end
    /// while others go on.
    fn ended_on(&self, nummer: Count, product: Option<&Product>) -> Option<Date> {
        ended_on(self.deliveries.get(&nummer)?).filter(|_| is_specific(product))
    }

    fn stands(&mut self, nummer: Count) -> &mut Stands {
        let facts = self.facts;
        self.state.entry(nummer).or_insert_with(|| {
            let known = facts.stands.get(&nummer).into_iter().flatten();
            known.map(|(slot, stand)| (slot.clone(), Wide::from(stand))).collect()
        })
    }

    /// Brings what is open of an allocation to what its new version leaves to deliver.
    fn allocate(&mut self, product: &ToegewezenProduct) {
        let nummer = product.toewijzing_nummer;
        let entitlement = Entitlement::from(product);
        let worth = if product.is_deleted() || product.is_taken_back() {
            Vec::new()
        } else {
            // A stop holds until the municipality sets another last day, or care begins again.
            let before = self.ledger.allocations.get(&nummer);
            let same_end = before.is_some_and(|before| before.einddatum == product.einddatum);
            let until = same_end.then(|| self.ended_on(nummer, entitlement.product)).flatten();
            if product.einddatum.is_none() {
                self.movements.open_ended.insert(nummer, self.scope.horizon(&entitlement));
            }
            self.scope.worth(&entitlement, until)
        };
        for Worth { slot, lacks, .. } in &worth {
            for (agreement, lack) in slot.agreements.iter().zip(std::iter::repeat(*lacks)) {
                if let Some(lack) = lack {
                    let unknown = Unknown { agreement: agreement.clone(), toewijzing: nummer, lack };
                    if !self.movements.unknown.contains(&unknown) {
                        self.movements.unknown.push(unknown);
                    }
                }
            }
        }
        self.settle(nummer, &worth, &entitlement, Some(PostingSort::Reservation));
    }

    /// What stays open after stops and starts: what was delivered until the last stop, or everything while care runs.
    fn deliver(&mut self, body: &Body) {
        for (nummer, changes) in changed_deliveries(body) {
            let ledger = self.ledger;
            let Some(allocation) = ledger.allocations.get(&nummer).filter(|each| is_running_right(each)) else {
                continue;
            };
            let before = self.ended_on(nummer, allocation.product.as_ref());
            let deliveries = self.deliveries.entry(nummer).or_default();
            for (status, delivered) in changes {
                if status == StatusAanlevering::Verwijderd {
                    deliveries.remove(&delivered);
                } else {
                    deliveries.insert(delivered);
                }
            }
            let after = self.ended_on(nummer, allocation.product.as_ref());
            if before == after {
                continue;
            }
            let entitlement = Entitlement::from(allocation);
            let worth = self.scope.worth(&entitlement, after);
            self.settle(nummer, &worth, &entitlement, Some(PostingSort::Release));
        }
    }

    /// Brings what is open in every slot to what it should be. `sort` names the postings; without one they are
    /// reservations where they add and releases where they take.
    fn settle(&mut self, nummer: Count, worth: &[Worth], entitlement: &Entitlement<'_>, sort: Option<PostingSort>) {
        let stands = self.stands(nummer).clone();
        let targets = targets(worth, &stands, is_total(entitlement));
        for Target { slot, cents, .. } in targets {
            let change = cents.saturating_sub(stands.get(slot).map_or(0, |stand| stand.open));
            self.stands(nummer).entry(slot.clone()).or_default().open = cents;
            let first = worth.iter().find(|worth| worth.slot == *slot).map(|worth| worth.from);
            let by_sign = if change > 0 { PostingSort::Reservation } else { PostingSort::Release };
            let on = first.unwrap_or(entitlement.ingangsdatum);
            self.post(slot, sort.unwrap_or(by_sign), change, nummer, None, on);
        }
    }

    /// Books a granted line.
    fn realise(&mut self, line: &Prestatie) {
        let nummer = line.toewijzing_nummer;
        let amount = i128::from(line.bedrag.signed().0);
        let ledger = self.ledger;
        let allocation = ledger.allocations.get(&nummer).filter(|allocation| is_running_right(allocation));
        let slot = self.scope.place(line).slot;
        let stand = self.stands(nummer).entry(slot.clone()).or_default();
        stand.realised = stand.realised.saturating_add(amount);
        let (reference, on) = (Some(line.referentie.nummer.as_str()), line.periode.begindatum);
        let changes = if amount >= 0 {
            let total = allocation.is_some_and(|allocation| is_total(&Entitlement::from(allocation)));
            self.used_up(nummer, &slot, amount, total)
        } else {
            allocation.map_or_else(Vec::new, |allocation| self.given_back(allocation, &slot, -amount))
        };
        for (slot, change) in changes {
            let stand = self.stands(nummer).entry(slot.clone()).or_default();
            stand.open = stand.open.saturating_add(change);
            self.post(&slot, PostingSort::Release, change, nummer, reference, on);
        }
        let sort =
            if line.referentie.vorig.is_some() || amount < 0 { PostingSort::Credit } else { PostingSort::Realisation };
        self.post(&slot, sort, amount, nummer, reference, on);
    }

    /// What a debit takes from what is open: its own account first, then the rest of the year, then, of a total, other
    /// years; and what was reserved per agreement before there were accounts.
    fn used_up(&mut self, nummer: Count, own: &Slot, amount: i128, total: bool) -> Vec<(Slot, i128)> {
        let year = year_of(own);
        let stands = self.stands(nummer);
        let rank = |slot: &Slot| -> Option<u8> {
            slot.account.as_ref()?;
            let same_account = slot.account == own.account;
            match (slot == own, same_account, year_of(slot) == year) {
                (true, _, _) => Some(0),
                (false, true, _) => Some(1),
                (false, false, true) => Some(2),
                (false, false, false) => total.then_some(3),
            }
        };
        let mut open: Vec<(u8, &Slot, i128)> = stands
            .iter()
            .filter(|(_, stand)| stand.open > 0)
            .filter_map(|(slot, stand)| Some((rank(slot)?, slot, stand.open)))
            .collect();
        open.sort_by_key(|(rank, slot, _)| (*rank, year_of(slot)));
        let mut left = amount;
        let mut changes = Vec::new();
        for (_, slot, open) in open {
            let used = open.min(left);
            if used > 0 {
                changes.push((slot.clone(), -used));
                left -= used;
            }
        }
        for agreement in &own.agreements {
            let before = Slot { account: None, agreements: BTreeSet::from([agreement.clone()]) };
            let used = stands.get(&before).map_or(0, |stand| stand.open.max(0).min(left));
            if used > 0 {
                changes.push((before, -used));
            }
        }
        changes
    }

    /// What a credit gives back: as much as the allocation still entitles to, in the year of the line, or in all years
    /// of a total.
    fn given_back(&mut self, allocation: &Allocation, own: &Slot, amount: i128) -> Vec<(Slot, i128)> {
        let nummer = allocation.nummer;
        let entitlement = Entitlement::from(allocation);
        let until = self.ended_on(nummer, entitlement.product);
        let worth = self.scope.worth(&entitlement, until);
        let total = is_total(&entitlement);
        let year = year_of(own);
        let counts = |slot: &Slot| slot.account.is_some() && (total || year_of(slot) == year);
        let value = worth.iter().filter(|worth| counts(&worth.slot)).map(|worth| worth.cents);
        let value = value.fold(0, i128::saturating_add);
        let stands = self.stands(nummer);
        let taken = stands.iter().filter(|(slot, _)| counts(slot)).map(|(_, stand)| stand.open + stand.realised.max(0));
        let room = value.saturating_sub(taken.fold(0, i128::saturating_add)).max(0);
        // On the account of the line when it reserves; a trajectory reserves where it began.
        let may_reserve = |worth: &&Worth| !worth.closed && counts(&worth.slot);
        let reserving = |worth: &&Worth| may_reserve(worth) && worth.cents > 0;
        let place = worth
            .iter()
            .filter(reserving)
            .find(|worth| worth.slot == *own)
            .or_else(|| worth.iter().find(reserving))
            .or_else(|| worth.iter().find(may_reserve))
            .map(|worth| &worth.slot);
        place.filter(|_| room > 0).map(|slot| (slot.clone(), room.min(amount))).into_iter().collect()
    }

    fn post(
        &mut self,
        slot: &Slot,
        sort: PostingSort,
        amount: i128,
        nummer: Count,
        referentie: Option<&str>,
        on: Date,
    ) {
        if amount == 0 {
            return;
        }
        let cents = clamp(amount);
        let facts = self.facts;
        for agreement in &slot.agreements {
            let touched = self.movements.touched.entry(agreement.clone()).or_insert_with(|| {
                let consumption = facts.consumption.get(agreement).copied();
                let realised =
                    facts.realised_total.get(agreement).copied().or(consumption.is_none().then_some(Cents(0)));
                let consumption = consumption.unwrap_or_default();
                Touched { before: consumption, after: consumption, realised, toewijzingen: BTreeSet::new() }
            });
            touched.after = Cents(touched.after.0.saturating_add(cents));
            if sort.is_realised() {
                touched.realised = touched.realised.map(|realised| Cents(realised.0.saturating_add(cents)));
            }
            touched.toewijzingen.insert(nummer);
        }
        let region = &self.scope.register.region;
        let late = slot
            .account
            .as_ref()
            .is_some_and(|account| sort.is_realised() && close::is_closed(region, account, self.scope.day));
        self.movements.postings.push(Posting {
            slot: slot.clone(),
            sort,
            cents: Cents(cents),
            toewijzing_nummer: Some(nummer),
            referentie: referentie.map(str::to_owned),
            on: within_year(slot.account.as_ref(), on),
            late,
        });
    }
}

/// A day within the year of the account.
fn within_year(account: Option<&Account>, on: Date) -> Date {
    account.map_or(on, |account| on.clamp(jan_first(account.year), dec_last(account.year)))
}

fn year_of(slot: &Slot) -> Option<i16> {
    slot.account.as_ref().map(|account| account.year)
}

/// What an allocation without a code leaves open does not end with one product.
fn is_specific(product: Option<&Product>) -> bool {
    product.is_some_and(|product| product.code.is_some())
}

fn is_running_right(allocation: &Allocation) -> bool {
    !allocation.is_deleted() && !allocation.is_taken_back()
}

/// What is to be open in a slot.
struct Target<'s> {
    slot: &'s Slot,
    cents: i128,
    /// What is realised above the worth of the slot.
    excess: i128,
    closed: bool,
}

/// What is to be open in every slot, in order: its worth less what is realised. What is realised above the worth of one
/// uses up others of the same year, and of a total other years too; what a closed year leaves of a total moves on.
fn targets<'s>(worth: &'s [Worth], stands: &'s Stands, total: bool) -> Vec<Target<'s>> {
    let by_slot: BTreeMap<&Slot, &Worth> = worth.iter().map(|worth| (&worth.slot, worth)).collect();
    let slots: BTreeSet<&Slot> = by_slot.keys().copied().chain(stands.keys()).collect();
    let mut targets: Vec<Target<'s>> = slots
        .into_iter()
        .map(|slot| {
            let (cents, closed) = by_slot.get(slot).map_or((0, false), |worth| (worth.cents, worth.closed));
            let realised = stands.get(slot).map_or(0, |stand| stand.realised.max(0));
            // What was realised per agreement before there were accounts stands on an account too.
            let excess = if slot.account.is_some() { realised.saturating_sub(cents).max(0) } else { 0 };
            Target { slot, cents: cents.saturating_sub(realised).max(0), excess, closed }
        })
        .collect();
    targets.sort_by_key(|target| year_of(target.slot));
    let mut pools: BTreeMap<Option<i16>, i128> = BTreeMap::new();
    for target in &targets {
        let pool = pools.entry(year_of(target.slot)).or_default();
        *pool = pool.saturating_add(target.excess);
    }
    for target in targets.iter_mut().filter(|target| target.slot.account.is_some()) {
        let pool = pools.entry(year_of(target.slot)).or_default();
        let used = target.cents.min(*pool);
        target.cents -= used;
        *pool -= used;
    }
    let mut left = if total { pools.into_values().fold(0, i128::saturating_add) } else { 0 };
    let mut moves_on: i128 = 0;
    for target in &mut targets {
        let used = target.cents.min(left);
        target.cents -= used;
        left -= used;
        if target.closed {
            moves_on = moves_on.saturating_add(if total { target.cents } else { 0 });
            target.cents = 0;
        }
    }
    let next = |target: &&mut Target<'_>| !target.closed && by_slot.contains_key(target.slot);
    if let Some(target) = targets.iter_mut().find(next) {
        target.cents = target.cents.saturating_add(moves_on);
    }
    targets
}

/// A start, or the stop of one, as far as money goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Delivered {
    product: Option<Product>,
    begin: Date,
    /// Reason and last day.
    stop: Option<(String, Date)>,
}

/// What a 305 or 307 says, by allocation; deletions first (IV008).
fn changed_deliveries(body: &Body) -> BTreeMap<Count, Vec<(StatusAanlevering, Delivered)>> {
    let mut changes: BTreeMap<Count, Vec<(StatusAanlevering, Delivered)>> = BTreeMap::new();
    match body {
        Body::Start(client) => {
            for start in &client.producten {
                let Some(nummer) = start.toewijzing_nummer else { continue };
                let each = Delivered { product: start.product.clone(), begin: start.begindatum, stop: None };
                changes.entry(nummer).or_default().push((start.status_aanlevering, each));
            }
        }
        Body::Stop(client) => {
            for stop in &client.producten {
                let Some(nummer) = stop.toewijzing_nummer else { continue };
                let reason = (stop.reden_beeindiging.as_str().to_owned(), stop.einddatum);
                let each = Delivered { product: stop.product.clone(), begin: stop.begindatum, stop: Some(reason) };
                changes.entry(nummer).or_default().push((stop.status_aanlevering, each));
            }
        }
        _ => {}
    }
    for list in changes.values_mut() {
        list.sort_by_key(|(status, _)| *status != StatusAanlevering::Verwijderd);
    }
    changes
}

/// The last day of care that has ended for good; `None` while any of it runs, or when nothing ended.
fn ended_on(deliveries: &BTreeSet<Delivered>) -> Option<Date> {
    let ends: Vec<(Date, Date)> = deliveries
        .iter()
        .filter_map(|each| Some((each.begin, each.stop.as_ref().filter(|(reason, _)| reason != TEMPORARY)?.1)))
        .collect();
    let last = ends.iter().map(|(_, end)| *end).max()?;
    let ended: BTreeSet<Date> = ends.iter().map(|(begin, _)| *begin).collect();
    let runs = deliveries.iter().any(|each| each.stop.is_none() && !ended.contains(&each.begin));
    (!runs).then_some(last)
}
