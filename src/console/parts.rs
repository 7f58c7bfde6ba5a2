//! What pages are made of: one small function for each part, so that all pages look and work alike.
//!
//! A part knows how something is shown and nothing of what it means. It escapes whatever it is given, says in text what
//! it says in colour, and carries the labels that a screen reader needs. Classes stand in `console.css`.

use super::context::Context;
use super::words::Language;
use crate::clock::dutch_moment;
use crate::decision::Verdict;
use crate::message::Cents;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

/// Longest reason that a form takes, in characters; [`order`] tells the browser, whoever reads the form checks it.
pub(super) const REASON_MOST: usize = 300;

/// What a colour says. Always beside a word that says the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Somebody may want to look.
    Warn,
    /// Something is wrong, or was refused.
    Bad,
    /// It waits, or it is good to know.
    Info,
}

impl Tone {
    /// The class in the stylesheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info => "info",
        }
    }
}

/// A state in a word.
pub(super) fn badge(tone: Tone, text: &str) -> Markup {
    html! { span.badge.(tone.class()) { (text) } }
}

/// What was decided on a message.
pub(super) fn verdict(language: Language, verdict: Verdict) -> Markup {
    badge(verdict_tone(verdict), verdict_word(language, verdict))
}

/// The word for what was decided on a message.
pub(super) fn verdict_word(language: Language, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => language.pick("geaccepteerd", "accepted"),
        Verdict::Rejected => language.pick("afgekeurd", "rejected"),
        Verdict::Partly => language.pick("deels toegekend", "partly granted"),
        Verdict::Held => language.pick("vastgehouden", "held"),
        Verdict::Parked => language.pick("geparkeerd", "parked"),
    }
}

/// The colour of what was decided on a message.
pub(super) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Accepted => Tone::Good,
        Verdict::Rejected => Tone::Bad,
        Verdict::Partly => Tone::Warn,
        Verdict::Held => Tone::Info,
        Verdict::Parked => Tone::Plain,
    }
}

/// A whole number with its thousands apart.
pub(super) fn number(language: Language, number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "−" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(language.pick(".", ","));
        }
        text.push(digit);
    }
    text
}

/// As [`number`], for what is counted.
pub(super) fn count(language: Language, count: u64) -> String {
    number(language, i64::try_from(count).unwrap_or(i64::MAX))
}

/// An amount as Dutch readers write it, in both languages: `€ 1.234,56`.
pub(super) fn euros(cents: Cents) -> String {
    let whole = i64::try_from(cents.0.unsigned_abs() / 100).unwrap_or(i64::MAX);
    let sign = if cents.0 < 0 { "−" } else { "" };
    format!("€\u{a0}{sign}{},{:02}", number(Language::Nl, whole), cents.0.unsigned_abs() % 100)
}

/// An amount, for the eye and for programs that read pages.
pub(super) fn money(cents: Cents) -> Markup {
    html! { data.money value=(cents.0) { (euros(cents)) } }
}

/// A share with one decimal, rounded half up; a dash when there is nothing to take a share of.
pub(super) fn percent(language: Language, part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 2000 + u128::from(whole)) / (u128::from(whole) * 2);
    let tenths = i64::try_from(tenths).unwrap_or(i64::MAX);
    format!("{}{}{}\u{a0}%", number(language, tenths / 10), language.pick(",", "."), tenths % 10)
}

/// The short name of a month.
pub(super) fn month(language: Language, date: Date) -> &'static str {
    const NL: [&str; 12] = ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"];
    const EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let at = usize::try_from(date.month() - 1).unwrap_or(0);
    match language {
        Language::Nl => NL[at],
        Language::En => EN[at],
    }
}

fn day_text(language: Language, date: Date) -> String {
    format!("{}\u{a0}{}\u{a0}{}", date.day(), month(language, date), date.year())
}

/// A day.
pub(super) fn day(language: Language, date: Date) -> Markup {
    html! { time datetime=(date) { (day_text(language, date)) } }
}

fn moment_text(language: Language, local: DateTime) -> String {
    format!("{} {:02}:{:02}", day_text(language, local.date()), local.hour(), local.minute())
}

/// A moment in Dutch time, to the minute; its seconds show when it is pointed at.
pub(super) fn moment(language: Language, moment: Timestamp) -> Markup {
    let local = dutch_moment(moment);
    let exact = format!("{}:{:02}", moment_text(language, local), local.second());
    html! { time datetime=(moment) title=(exact) { (moment_text(language, local)) } }
}

/// How long something takes or is there, in its two largest units.
pub(super) fn span(language: Language, length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let hour = language.pick("u", "h");
    let parts = match (days, hours, minutes) {
        (0, 0, 0) => return format!("{seconds}\u{a0}s"),
        (0, 0, _) => return format!("{minutes}\u{a0}min"),
        (0, hours, minutes) => [(hours, hour), (minutes, "min")],
        (days, hours, _) => [(days, "d"), (if days < 10 { hours } else { 0 }, hour)],
    };
    let parts = parts.iter().filter(|(length, _)| *length > 0);
    parts.map(|(length, unit)| format!("{length}\u{a0}{unit}")).collect::<Vec<_>>().join(" ")
}

/// How long ago something was, with the moment when it is pointed at.
pub(super) fn age(language: Language, now: Timestamp, then: Timestamp) -> Markup {
    let ago = now.duration_since(then);
    html! { time datetime=(then) title=(moment_text(language, dutch_moment(then))) { (span(language, ago)) } }
}

/// How long something takes, for the eye and for programs that read pages.
pub(super) fn duration(language: Language, seconds: u64) -> Markup {
    let length = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    html! { time datetime=(format!("PT{}S", length.as_secs())) { (span(language, length)) } }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    label: &'a str,
    is_figure: bool,
}

/// A column of words.
pub(super) fn words(label: &str) -> Column<'_> {
    Column { label, is_figure: false }
}

/// A column of figures: to the right, digits below digits.
pub(super) fn figures(label: &str) -> Column<'_> {
    Column { label, is_figure: true }
}

/// A table with its caption; the first cell of each row is its heading. It scrolls within itself where it is too wide.
pub(super) fn table(caption: &str, columns: &[Column<'_>], rows: impl IntoIterator<Item = Vec<Markup>>) -> Markup {
    let class = |at: usize| columns.get(at).filter(|column| column.is_figure).map(|_| "figure");
    wide(
        caption,
        &html! {
            table {
                caption { (caption) }
                thead { tr { @for (at, column) in columns.iter().enumerate() {
                    th scope="col" class=[class(at)] { (column.label) }
                } } }
                tbody { @for row in rows {
                    tr { @for (at, cell) in row.iter().enumerate() {
                        @if at == 0 { th scope="row" class=[class(at)] { (cell) } } @else { td class=[class(at)] { (cell) } }
                    } }
                } }
            }
        },
    )
}

/// Something that may be wider than the screen: it scrolls within itself, by keyboard too.
pub(super) fn wide(label: &str, content: &Markup) -> Markup {
    html! { div.wide role="region" tabindex="0" aria-label=(label) { (content) } }
}

/// What is known of one thing: names with values.
pub(super) fn facts<'a>(facts: impl IntoIterator<Item = (&'a str, Markup)>) -> Markup {
    html! { dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

/// A figure that is read at a glance, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Card<'a> {
    /// What is counted.
    pub(super) label: &'a str,
    /// How much.
    pub(super) value: Markup,
    /// What goes with it, such as the age of the oldest; may be empty.
    pub(super) note: Markup,
    /// The page that shows it in full.
    pub(super) link: Option<&'a str>,
    /// Whether it is as it should be.
    pub(super) tone: Tone,
}

/// Figures beside one another.
pub(super) fn cards<'a>(cards: impl IntoIterator<Item = Card<'a>>) -> Markup {
    html! {
        ul.cards { @for card in cards {
            li.card.(card.tone.class()) {
                @if let Some(link) = card.link { a href=(link) { (card.label) } } @else { span.label { (card.label) } }
                strong { (card.value) }
                small { (card.note) }
            }
        } }
    }
}

/// There is nothing to show, and what that means.
pub(super) fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// Links to what is older and what is newer than this page; nothing when there is neither.
pub(super) fn pager(language: Language, newer: Option<&str>, older: Option<&str>) -> Markup {
    let words = [language.pick("Nieuwer", "Newer"), language.pick("Ouder", "Older")];
    ways(language, words, [newer, older])
}

/// As [`pager`], of what is not in the order of time.
pub(super) fn leaf_through(language: Language, previous: Option<&str>, next: Option<&str>) -> Markup {
    let words = [language.pick("Vorige", "Previous"), language.pick("Volgende", "Next")];
    ways(language, words, [previous, next])
}

fn ways(language: Language, [back, on]: [&str; 2], [before, behind]: [Option<&str>; 2]) -> Markup {
    html! {
        @if before.is_some() || behind.is_some() {
            nav.pager aria-label=(language.pick("Bladeren", "Pages")) {
                @if let Some(before) = before { a rel="prev" href=(before) { "← " (back) } }
                @if let Some(behind) = behind { a rel="next" href=(behind) { (on) " →" } }
            }
        }
    }
}

/// What is filled in somewhere.
#[derive(Debug, Clone)]
pub(super) enum Entry<'a> {
    /// A line of text, of at most so many characters.
    Text(usize),
    /// The name that somebody signs in with, of at most so many characters.
    Username(usize),
    /// The password of whoever fills it in.
    Password,
    /// A password that is to count from now on.
    NewPassword,
    /// A day, as `2026-03-10`.
    Day,
    /// One of some values, each with the words for it. An empty value stands for no choice.
    Choice(&'a [(&'a str, &'a str)]),
}

/// A field of a form.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    /// Its name in the query or the form; the same name twice on a page needs two [`Field::id`]s.
    pub(super) name: &'a str,
    /// Identifier in the page.
    pub(super) id: &'a str,
    /// What it is called.
    pub(super) label: &'a str,
    /// What is in it.
    pub(super) value: &'a str,
    /// What can be filled in.
    pub(super) entry: Entry<'a>,
    /// Whether it must be filled in.
    pub(super) required: bool,
    /// What helps to fill it in.
    pub(super) hint: Option<&'a str>,
    /// What is wrong with what was filled in.
    pub(super) fault: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// A field that may stay empty.
    pub(super) fn new(name: &'a str, label: &'a str, value: &'a str, entry: Entry<'a>) -> Field<'a> {
        Field { name, id: name, label, value, entry, required: false, hint: None, fault: None }
    }

    /// A field that must be filled in.
    pub(super) fn required(self) -> Field<'a> {
        Field { required: true, ..self }
    }

    /// The field with what helps to fill it in.
    pub(super) fn hint(self, hint: &'a str) -> Field<'a> {
        Field { hint: Some(hint), ..self }
    }

    /// The field with what is wrong with what was filled in, if anything.
    pub(super) fn fault(self, fault: Option<&'a str>) -> Field<'a> {
        Field { fault, ..self }
    }

    /// The field under another identifier.
    pub(super) fn id(self, id: &'a str) -> Field<'a> {
        Field { id, ..self }
    }
}

/// A field with its label, its hint, and what is wrong with it under it.
pub(super) fn field(field: &Field<'_>) -> Markup {
    let Field { name, id, label, value, entry, required, hint, fault } = field;
    let (hint_id, fault_id) = (format!("{id}-hint"), format!("{id}-fault"));
    let described = [hint.map(|_| hint_id.as_str()), fault.map(|_| fault_id.as_str())];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let described = (!described.is_empty()).then_some(described);
    let invalid = fault.map(|_| "true");
    let complete = match entry {
        Entry::Username(_) => Some("username"),
        Entry::Password => Some("current-password"),
        Entry::NewPassword => Some("new-password"),
        Entry::Text(_) | Entry::Day | Entry::Choice(_) => None,
    };
    let input = |kind: &str, most: Option<usize>| {
        html! {
            input id=(id) type=(kind) autocomplete=[complete] name=(name) value=[(!value.is_empty()).then_some(value)] required[*required]
                maxlength=[most] aria-describedby=[&described] aria-invalid=[invalid];
        }
    };
    html! {
        div.field {
            label for=(id) { (label) }
            @match entry {
                Entry::Text(most) | Entry::Username(most) => (input("text", Some(*most))),
                Entry::Password | Entry::NewPassword => (input("password", None)),
                Entry::Day => (input("date", None)),
                Entry::Choice(choices) => {
                    select id=(id) name=(name) required[*required] aria-describedby=[&described] aria-invalid=[invalid] {
                        @for (choice, words) in *choices { option value=(choice) selected[choice == value] { (words) } }
                    }
                }
            }
            @if let Some(hint) = hint { small.hint id=(hint_id) { (hint) } }
            @if let Some(fault) = fault { small.fault id=(fault_id) { (fault) } }
        }
    }
}

/// The reason of an order. It comes as `reason`.
pub(super) fn reason<'a>(context: &Context, reason: &'a str) -> Field<'a> {
    let label = context.language.pick("Reden (komt in het logboek)", "Reason (goes into the audit trail)");
    let hint = context.language.pick("Geen namen of nummers van personen.", "No names or numbers of persons.");
    Field::new("reason", label, reason, Entry::Text(REASON_MOST)).required().hint(hint)
}

/// Boxes of which any may be ticked, all under one name; `id` tells several such lists on one page apart.
pub(super) fn boxes<'a>(
    legend: &str,
    name: &str,
    id: &str,
    boxes: impl IntoIterator<Item = (&'a str, bool)>,
) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            @for (value, is_ticked) in boxes {
                @let id = format!("{id}-{value}");
                div.choice {
                    input type="checkbox" id=(id) name=(name) value=(value) checked[is_ticked];
                    " " label for=(id) { (value) }
                }
            }
        }
    }
}

/// A form that asks for a part of what a page shows: fields beside one another, a button, and a link to all of it.
pub(super) fn filter<'a>(
    language: Language,
    action: &str,
    fields: impl IntoIterator<Item = Field<'a>>,
    any_set: bool,
) -> Markup {
    html! {
        form.filter method="get" action=(action) role="search" {
            @for each in fields { (field(&each)) }
            div.buttons {
                button type="submit" { (language.pick("Toon", "Show")) }
                @if any_set { a href=(action) { (language.pick("Wis filter", "Clear filter")) } }
            }
        }
    }
}

/// Something to know before the rest of the page.
pub(super) fn notice(tone: Tone, content: &Markup) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! { div.notice.(tone.class()) role=(role) { (content) } }
}

/// What happened, after an order was carried out and the browser was sent on with `?done=WORD`. Words that a page does not
/// know show nothing: a link from elsewhere cannot make a page say something.
pub(super) fn done(language: Language, word: Option<&str>, known: &[(&str, &str, &str)]) -> Markup {
    let found = known.iter().find(|(known, ..)| Some(*known) == word);
    html! { @if let Some((_, nl, en)) = found { (notice(Tone::Good, &html! { (language.pick(nl, en)) })) } }
}

/// Whose password a form is about, so that what keeps passwords for people keeps it under that name. Nobody sees it.
pub(super) fn whose_password(context: &Context, name: &str) -> Markup {
    html! {
        input type="text" name="username" autocomplete="username" value=(name) hidden
            aria-label=(context.pick("Naam", "Name"));
    }
}

/// An order: what it does, more fields if it has any, its reason, and the button that carries it out. `id` tells several
/// on one page apart. The reason comes as `reason`.
pub(super) struct Order<'a> {
    /// Identifier in the page.
    pub(super) id: &'a str,
    /// Where it is posted to.
    pub(super) action: &'a str,
    /// What happens, and what cannot be undone.
    pub(super) what: Markup,
    /// Fields beside the reason; may be empty.
    pub(super) fields: Markup,
    /// What was filled in as the reason.
    pub(super) reason: &'a str,
    /// What is wrong with the reason.
    pub(super) fault: Option<&'a str>,
    /// The words on the button.
    pub(super) button: &'a str,
    /// Whether it takes something away.
    pub(super) is_grave: bool,
}

/// The form of an order.
pub(super) fn order(context: &Context, order: &Order<'_>) -> Markup {
    let id = format!("{}-reason", order.id);
    let content = html! {
        div.what { (order.what) }
        (order.fields)
        (field(&reason(context, order.reason).id(&id).fault(order.fault)))
        div.buttons { button type="submit" class=[order.is_grave.then_some("grave")] { (order.button) } }
    };
    html! { div.order id=(order.id) { (context.form(order.action, &content)) } }
}

/// Where a page stands: links to what is above it, and its own name.
pub(super) fn breadcrumb(language: Language, above: &[(&str, &str)], here: &str) -> Markup {
    html! {
        nav.breadcrumb aria-label=(language.pick("Kruimelpad", "Breadcrumb")) {
            ol {
                @for (link, name) in above { li { a href=(link) { (name) } } }
                li aria-current="page" { (here) }
            }
        }
    }
}

/// Several views of one thing; the one that is shown has `true`.
pub(super) fn tabs<L: AsRef<str>, N: AsRef<str>>(label: &str, tabs: impl IntoIterator<Item = (L, N, bool)>) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for (link, name, is_shown) in tabs {
                a href=(link.as_ref()) aria-current=[is_shown.then_some("page")] { (name.as_ref()) }
            }
        }
    }
}

/// A part of a page under a heading.
pub(super) fn section(id: &str, heading: &str, content: &Markup) -> Markup {
    let heading_id = format!("{id}-heading");
    html! { section id=(id) aria-labelledby=(heading_id) { h2 id=(heading_id) { (heading) } (content) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Nl};

    #[test]
    fn figures_are_written_as_readers_of_a_language_write_them() {
        assert_eq!((number(Nl, 1_234_567), number(En, 1_234_567)), ("1.234.567".to_owned(), "1,234,567".to_owned()));
        assert_eq!((number(Nl, -42), number(Nl, 999), number(Nl, i64::MIN)), {
            ("−42".to_owned(), "999".to_owned(), "−9.223.372.036.854.775.808".to_owned())
        });
        assert_eq!(euros(Cents(123_456)), "€\u{a0}1.234,56");
        assert_eq!(euros(Cents(-5)), "€\u{a0}−0,05");
        assert_eq!(money(Cents(100)).into_string(), "<data class=\"money\" value=\"100\">€\u{a0}1,00</data>");
        assert_eq!((percent(Nl, 1, 3), percent(En, 2, 3)), ("33,3\u{a0}%".to_owned(), "66.7\u{a0}%".to_owned()));
        assert_eq!((percent(Nl, 0, 0), percent(En, u64::MAX, u64::MAX)), ("–".to_owned(), "100.0\u{a0}%".to_owned()));
    }

    #[test]
    fn moments_are_shown_by_dutch_clocks() {
        let summer: Timestamp = "2026-07-31T22:30:05Z".parse().expect("a moment");
        let shown = moment(Nl, summer).into_string();
        assert_eq!(
            shown,
            "<time datetime=\"2026-07-31T22:30:05Z\" title=\"1\u{a0}aug\u{a0}2026 00:30:05\">1\u{a0}aug\u{a0}2026 00:30</time>"
        );
        assert!(day(En, jiff::civil::date(2026, 3, 1)).into_string().contains("1\u{a0}Mar\u{a0}2026"));
    }

    #[test]
    fn lengths_of_time_have_two_units_at_most() {
        for (seconds, nl) in [
            (-5, "0\u{a0}s"),
            (59, "59\u{a0}s"),
            (60, "1\u{a0}min"),
            (3_600, "1\u{a0}u"),
            (3_660, "1\u{a0}u 1\u{a0}min"),
            (90_000, "1\u{a0}d 1\u{a0}u"),
            (40 * 86_400 + 7_200, "40\u{a0}d"),
        ] {
            assert_eq!(span(Nl, SignedDuration::from_secs(seconds)), nl, "{seconds}");
        }
        assert_eq!(span(En, SignedDuration::from_secs(7_200)), "2\u{a0}h");
    }

    #[test]
    fn what_is_filled_in_is_escaped_and_tied_to_its_label_and_its_fault() {
        let bad = Field::new("from", "Vanaf", "\"><script>", Entry::Day).fault(Some("Dit is geen datum."));
        let shown = field(&bad).into_string();
        assert!(!shown.contains("<script>") && shown.contains("&lt;script&gt;"), "{shown}");
        assert!(shown.contains("<label for=\"from\">Vanaf</label>"), "{shown}");
        assert!(shown.contains("aria-describedby=\"from-fault\" aria-invalid=\"true\""), "{shown}");
        assert!(shown.contains("id=\"from-fault\">Dit is geen datum."), "{shown}");
    }

    #[test]
    fn only_known_words_say_that_something_was_done() {
        let known = [("released", "Vrijgegeven.", "Released.")];
        assert!(done(En, Some("released"), &known).into_string().contains("Released."));
        assert_eq!(done(En, Some("<b>hello"), &known).into_string(), "");
        assert_eq!(done(En, None, &known).into_string(), "");
    }

    #[test]
    fn a_table_has_headings_for_rows_and_columns() {
        let rows = vec![vec![html! { "WMO301" }, html! { (7) }]];
        let shown = table("Berichten", &[words("Soort"), figures("Aantal")], rows).into_string();
        assert!(shown.contains("<caption>Berichten</caption>"), "{shown}");
        assert!(shown.contains("<th scope=\"col\" class=\"figure\">Aantal</th>"), "{shown}");
        assert!(shown.contains("<th scope=\"row\">WMO301</th><td class=\"figure\">7</td>"), "{shown}");
    }
}
