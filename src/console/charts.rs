//! Charts as SVG in the page: bars on one another and lines, each with a title, a description and its figures as a table.
//!
//! Colours are classes of the stylesheet, so that charts follow the scheme of the page.

use super::parts::{self, Tone};
use super::words::Language;
use maud::{Markup, html};

/// Room of a drawing, in its own units; it is as wide as its place.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 220;
const LEFT: i64 = 92;
const RIGHT: i64 = 12;
const TOP: i64 = 10;
const BOTTOM: i64 = 24;

/// What all charts have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heading<'a> {
    /// Identifier in the page.
    pub(super) id: &'a str,
    /// What it shows.
    pub(super) title: &'a str,
    /// What can be seen in it, in a sentence.
    pub(super) description: &'a str,
    /// What stands along its horizontal axis, as the heading of a column.
    pub(super) axis: &'a str,
}

/// Bars, each of several parts on one another.
#[derive(Debug, Clone)]
pub(super) struct Bars<'a> {
    /// What it shows.
    pub(super) heading: Heading<'a>,
    /// The parts, from below.
    pub(super) series: Vec<(Tone, &'a str)>,
    /// Each bar: its name and the sizes of its parts.
    pub(super) columns: Vec<(String, Vec<u64>)>,
}

/// Draws bars.
pub(super) fn bars(language: Language, chart: &Bars<'_>) -> Markup {
    let most = chart.columns.iter().map(|(_, parts)| parts.iter().sum::<u64>()).max().unwrap_or(0);
    let scale = Scale::upward(i64::try_from(most).unwrap_or(i64::MAX));
    let slots = i64::try_from(chart.columns.len()).unwrap_or(1).max(1);
    let slot = |at: usize| LEFT + (WIDTH - LEFT - RIGHT) * i64::try_from(at).unwrap_or(0) / slots;
    let gap = if slots > 40 { 1 } else { 3 };
    // Names that would touch are left out; all of them stand in the table.
    let every = usize::try_from(slots / 25 + 1).unwrap_or(1);
    let drawing = html! {
        @for (at, (name, parts)) in chart.columns.iter().enumerate() {
            @let (from, to) = (slot(at) + gap, slot(at + 1));
            @for (below, size, tone) in stacked(parts, &chart.series) {
                rect.(tone.class()) x=(from) width=((to - from).max(1)) y=(scale.y(below + size))
                    height=((scale.y(below) - scale.y(below + size)).max(i64::from(size > 0))) {
                    title { (name) ": " (parts::number(language, size)) }
                }
            }
            @if at % every == 0 {
                text.tick x=(i64::midpoint(from, to)) y=(HEIGHT - 8) text-anchor="middle" { (name) }
            }
        }
    };
    let legend = html! {
        @for (tone, name) in &chart.series { li { span.swatch.(tone.class()) {} (name) } }
    };
    let mut columns = vec![parts::words(chart.heading.axis)];
    columns.extend(chart.series.iter().map(|(_, name)| parts::figures(name)));
    let rows = chart.columns.iter().map(|(name, sizes)| {
        let sizes = sizes.iter().map(|size| html! { (parts::count(language, *size)) });
        std::iter::once(html! { (name) }).chain(sizes).collect()
    });
    let table = parts::table(chart.heading.title, &columns, rows);
    figure(language, chart.heading, &scale, &|at| parts::number(language, at), &drawing, &legend, &table)
}

/// The parts of a bar: from where, how much, and its colour.
fn stacked(parts: &[u64], series: &[(Tone, &str)]) -> Vec<(i64, i64, Tone)> {
    let mut below = 0_i64;
    let sized = parts.iter().zip(series).map(|(size, (tone, _))| {
        let size = i64::try_from(*size).unwrap_or(i64::MAX);
        let part = (below, size, *tone);
        below = below.saturating_add(size);
        part
    });
    sized.filter(|(_, size, _)| *size > 0).collect()
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// What is known.
    Solid,
    /// What is known of something beside it.
    Dotted,
    /// What is expected.
    Dashed,
    /// What it is held against.
    Thin,
    /// What must not be passed.
    Limit,
}

impl Stroke {
    fn class(self) -> &'static str {
        match self {
            Stroke::Solid => "solid",
            Stroke::Dotted => "dotted",
            Stroke::Dashed => "dashed",
            Stroke::Thin => "thin",
            Stroke::Limit => "limit",
        }
    }
}

/// A line of a chart.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// What it is called.
    pub(super) name: &'a str,
    /// How it is drawn.
    pub(super) stroke: Stroke,
    /// Its points, by place along the axis.
    pub(super) points: Vec<(i64, i64)>,
}

/// Lines over one axis, such as the days of a year.
pub(super) struct Lines<'a> {
    /// What it shows.
    pub(super) heading: Heading<'a>,
    /// First and last place along the axis.
    pub(super) ends: (i64, i64),
    /// Places along the axis that have a name.
    pub(super) ticks: Vec<(i64, String)>,
    /// The lines.
    pub(super) courses: Vec<Line<'a>>,
    /// How a value is written.
    pub(super) value: &'a dyn Fn(i64) -> String,
    /// How a place along the axis is written in the table.
    pub(super) place: &'a dyn Fn(i64) -> String,
}

/// Draws lines.
pub(super) fn lines(language: Language, chart: &Lines<'_>) -> Markup {
    let values = chart.courses.iter().flat_map(|line| line.points.iter().map(|(_, value)| *value));
    let scale = Scale::upward(values.max().unwrap_or(0));
    let (from, to) = chart.ends;
    let x = |at: i64| {
        let (at, span) = (i128::from(at) - i128::from(from), (i128::from(to) - i128::from(from)).max(1));
        LEFT + i64::try_from(i128::from(WIDTH - LEFT - RIGHT) * at / span).unwrap_or(0).clamp(0, WIDTH - LEFT - RIGHT)
    };
    let path = |points: &[(i64, i64)]| {
        points.iter().map(|(at, value)| format!("{},{}", x(*at), scale.y(*value))).collect::<Vec<_>>().join(" ")
    };
    let drawing = html! {
        @for (at, name) in &chart.ticks {
            line.mesh x1=(x(*at)) x2=(x(*at)) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
            text.tick x=(x(*at)) y=(HEIGHT - 8) text-anchor="middle" { (name) }
        }
        @for line in &chart.courses {
            polyline.line.(line.stroke.class()) points=(path(&line.points)) { title { (line.name) } }
        }
    };
    let legend = html! {
        @for (stroke, names) in by_stroke(&chart.courses) { li { span.stroke.(stroke.class()) {} (names.join(", ")) } }
    };
    let mut places: Vec<i64> = chart.courses.iter().flat_map(|line| line.points.iter().map(|(at, _)| *at)).collect();
    places.sort_unstable();
    places.dedup();
    let mut columns = vec![parts::words(chart.heading.axis)];
    columns.extend(chart.courses.iter().map(|line| parts::figures(line.name)));
    let rows = places.into_iter().map(|place| {
        let values = chart.courses.iter().map(|line| {
            let value = line.points.iter().find(|(at, _)| *at == place).map(|(_, value)| (chart.value)(*value));
            html! { (value.unwrap_or_default()) }
        });
        std::iter::once(html! { ((chart.place)(place)) }).chain(values).collect()
    });
    let table = parts::table(chart.heading.title, &columns, rows);
    figure(language, chart.heading, &scale, chart.value, &drawing, &legend, &table)
}

/// Lines that look alike have one place in the legend.
fn by_stroke<'a>(lines: &[Line<'a>]) -> Vec<(Stroke, Vec<&'a str>)> {
    let mut all: Vec<(Stroke, Vec<&str>)> = Vec::new();
    for line in lines {
        match all.last_mut().filter(|(stroke, _)| *stroke == line.stroke) {
            Some((_, names)) => names.push(line.name),
            None => all.push((line.stroke, vec![line.name])),
        }
    }
    all
}

fn figure(
    language: Language,
    heading: Heading<'_>,
    scale: &Scale,
    value: &dyn Fn(i64) -> String,
    drawing: &Markup,
    legend: &Markup,
    table: &Markup,
) -> Markup {
    let Heading { id, title, description, .. } = heading;
    html! {
        figure.chart {
            div.wide {
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby=(format!("{id}-t {id}-d")) {
                    title id=(format!("{id}-t")) { (title) }
                    desc id=(format!("{id}-d")) { (description) }
                    @for at in scale.ticks() {
                        line.mesh x1=(LEFT) x2=(WIDTH - RIGHT) y1=(scale.y(at)) y2=(scale.y(at)) {}
                        text.tick x=(LEFT - 6) y=(scale.y(at) + 4) text-anchor="end" { (value(at)) }
                    }
                    (drawing)
                }
            }
            ul.legend { (legend) }
            figcaption { (description) }
            details { summary { (language.pick("Als tabel", "As a table")) } (table) }
        }
    }
}

/// A share as a bar of a hundred parts; what is over it stands at its end. Its words stand beside it.
pub(super) fn meter(tone: Tone, label: &str, part: u64, whole: u64) -> Markup {
    let hundredths = if whole == 0 { 0 } else { (u128::from(part) * 100 / u128::from(whole)).min(100) };
    html! {
        svg.meter.(tone.class()) viewBox="0 0 100 8" role="img" aria-label=(label) preserveAspectRatio="none" {
            rect.room width="100" height="8" {}
            rect.used width=(hundredths) height="8" {}
        }
    }
}

/// An axis from zero to a round number.
#[derive(Debug, Clone, Copy)]
struct Scale {
    step: i64,
    to: i64,
}

impl Scale {
    /// Reaches `most` in at most five steps of 1, 2 or 5 times a power of ten.
    fn upward(most: i64) -> Scale {
        let most = most.max(1);
        let mut power = 1_i64;
        loop {
            for factor in [1, 2, 5] {
                let step = power.saturating_mul(factor);
                if (most - 1) / step < 5 || step == i64::MAX {
                    return Scale { step, to: ((most - 1) / step).saturating_add(1).saturating_mul(step) };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    fn ticks(&self) -> impl Iterator<Item = i64> + use<> {
        let (step, to) = (self.step, self.to);
        (0..=to / step).map(move |tick| tick * step)
    }

    fn y(&self, value: i64) -> i64 {
        let room = i128::from(HEIGHT - TOP - BOTTOM);
        let up = room * i128::from(value.clamp(0, self.to)) / i128::from(self.to);
        HEIGHT - BOTTOM - i64::try_from(up).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: Heading<'_> = Heading { id: "proef", title: "A & b", description: "Twee staven", axis: "Uur" };

    #[test]
    fn axes_end_at_round_numbers() {
        let ends = |most| {
            let scale = Scale::upward(most);
            (scale.to, scale.ticks().count())
        };
        assert_eq!((ends(0), ends(1), ends(5), ends(6)), ((1, 2), (1, 2), (5, 6), (6, 4)));
        assert_eq!((ends(11), ends(101), ends(2_500)), ((15, 4), (150, 4), (2_500, 6)));
        assert!(ends(i64::MAX).0 > 0, "whatever the number");
    }

    #[test]
    fn bars_say_what_they_show_and_repeat_it_as_a_table() {
        let series = vec![(Tone::Good, "goed"), (Tone::Bad, "fout")];
        let bars_of = vec![("10".to_owned(), vec![4, 1]), ("11".to_owned(), vec![0, 0])];
        let shown = bars(Language::Nl, &Bars { heading: HEADING, series, columns: bars_of }).into_string();
        assert!(shown.contains("<title id=\"proef-t\">A &amp; b</title><desc id=\"proef-d\">Twee staven</desc>"));
        assert_eq!(shown.matches("<rect").count(), 2, "nothing is drawn for nothing: {shown}");
        assert!(shown.contains("<th scope=\"row\">10</th><td class=\"figure\">4</td><td class=\"figure\">1</td>"));
        assert!(!shown.contains("style="), "the browser would refuse it");
    }

    #[test]
    fn lines_lie_within_their_ends_whatever_the_figures() {
        let line = Line { name: "lijn", stroke: Stroke::Solid, points: vec![(-5, 0), (0, 3), (10, i64::MAX)] };
        let chart = Lines {
            heading: HEADING,
            ends: (0, 10),
            ticks: vec![(0, "jan".to_owned())],
            courses: vec![line],
            value: &|value| value.to_string(),
            place: &|at| at.to_string(),
        };
        let shown = lines(Language::En, &chart).into_string();
        let points = shown.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a line");
        for point in points.split(' ') {
            let (x, y) = point.split_once(',').expect("two numbers");
            let (x, y): (i64, i64) = (x.parse().expect("a number"), y.parse().expect("a number"));
            assert!((LEFT..=WIDTH - RIGHT).contains(&x) && (TOP..=HEIGHT - BOTTOM).contains(&y), "{point}");
        }
        assert!(shown.contains("As a table"), "{shown}");
    }

    #[test]
    fn a_meter_is_never_more_than_full() {
        let width = |part, whole| {
            let shown = meter(Tone::Warn, "gebruik", part, whole).into_string();
            shown.split("class=\"used\" width=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
        };
        assert_eq!((width(1, 2).as_deref(), width(9, 3).as_deref(), width(1, 0).as_deref()), {
            (Some("50"), Some("100"), Some("0"))
        });
    }
}
