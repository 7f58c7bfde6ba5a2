//! Draws charts as SVG that stands in a page: plotters draws, axes and labels are ours, so that every figure is an integer.
//!
//! Lines differ by dash and width and dots by filling, so that a print in grey tells as much.

use super::chart::{BurnUp, Chart, Days, Drawing, Funnel, Z_95, Z_998};
use super::html::escape;
use super::lang::Lang;
use crate::message::{Cents, Date};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Circle, Color, DashedLineSeries, DrawingArea, DrawingAreaErrorKind,
    IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, Rectangle, SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

const WIDTH: u32 = 900;
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const BLUE: RGBColor = RGBColor(0x1F, 0x4E, 0x79);
const RUST: RGBColor = RGBColor(0xA3, 0x4A, 0x00);
const GREY: RGBColor = RGBColor(0x77, 0x77, 0x77);
const PALE: RGBColor = RGBColor(0xB9, 0xCC, 0xDE);
const MESH: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
const TEXT: i32 = 16;

type Area<'t> = DrawingArea<SVGBackend<'t>, Shift>;
type Plane<'a, 't> = ChartContext<'a, SVGBackend<'t>, Cartesian2d<Axis, Axis>>;
type Fault = DrawingAreaErrorKind<std::io::Error>;

/// The chart as an `svg` element with its title and description. Empty when it cannot be drawn: the page tells the
/// description all the same.
pub(super) fn draw(chart: &Chart, lang: Lang) -> String {
    let mut text = String::new();
    let height = match &chart.drawing {
        Drawing::BurnUp(_) | Drawing::Funnel(_) => 320,
        Drawing::Days(days) => 70 + 34 * u32::try_from(days.bars.len()).unwrap_or(100).min(100),
    };
    let drawn = {
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        let drawn = match &chart.drawing {
            Drawing::BurnUp(burn) => burn_up(&area, burn, lang),
            Drawing::Funnel(shares) => funnel(&area, shares, lang),
            Drawing::Days(days) => waits(&area, days, lang),
        };
        drawn.and_then(|()| area.present())
    };
    // The element gets a head of our own: it needs no namespace within a page, and says what it shows.
    let body = text.split_once('>').map_or("", |(_, body)| body);
    if drawn.is_err() || body.is_empty() {
        return String::new();
    }
    let (id, title, description) = (&chart.id, escape(&chart.title), escape(&chart.description));
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n\
         <title id=\"{id}-t\">{title}</title>\n<desc id=\"{id}-d\">{description}</desc>{body}"
    )
}

/// An axis of integers with the labels that stand on it.
#[derive(Debug, Clone)]
struct Axis {
    from: i64,
    to: i64,
    ticks: Vec<(i64, String)>,
}

impl Axis {
    /// From zero to a round number at or above `most`, labelled by `label`.
    fn upward(most: i64, label: impl Fn(i64) -> String) -> Axis {
        let step = step(most);
        let to = most.max(1).div_euclid(step).saturating_add(i64::from(most.max(1) % step != 0)).saturating_mul(step);
        let count = to / step;
        let ticks = (0..=count).map(|tick| (tick * step, label(tick * step))).collect();
        Axis { from: 0, to, ticks }
    }
}

/// A round step with which four to ten steps reach `most`: 1, 2 or 5 times a power of ten.
fn step(most: i64) -> i64 {
    let mut power: i64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if most / step < 6 || step == i64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let (from, to) = (i128::from(self.from), i128::from(self.to.max(self.from.saturating_add(1))));
        let span = i128::from(limit.1) - i128::from(limit.0);
        let at = i128::from(limit.0) + (i128::from(*value) - from) * span / (to - from);
        i32::try_from(at).unwrap_or(limit.1)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<i64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<i64> {
        self.from..self.to
    }
}

impl ValueFormatter<i64> for Axis {
    fn format_ext(&self, value: &i64) -> String {
        self.ticks.iter().find(|(at, _)| at == value).map_or_else(String::new, |(_, label)| label.clone())
    }
}

fn style(horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", TEXT).into_font()).color(&INK).pos(Pos::new(horizontal, vertical))
}

/// A plane with its axes, below a line for the legend.
fn plane<'a, 't>(area: &'a Area<'t>, x: Axis, y: Axis, axes: [&str; 2]) -> Result<Plane<'a, 't>, Fault> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(34)
        .margin_right(24)
        .margin_bottom(4)
        .margin_left(4)
        .x_label_area_size(if axes[0].is_empty() { 28 } else { 46 })
        .y_label_area_size(if axes[1].is_empty() { 92 } else { 76 })
        .build_cartesian_2d(x, y)?;
    let label = style(HPos::Center, VPos::Center);
    chart
        .configure_mesh()
        .bold_line_style(MESH)
        .light_line_style(MESH.mix(0.0))
        .max_light_lines(0)
        .axis_style(GREY)
        .label_style(label.clone())
        .axis_desc_style(label)
        .x_desc(axes[0])
        .y_desc(axes[1])
        .draw()?;
    Ok(chart)
}

/// How a line or dot of the legend looks.
#[derive(Clone, Copy)]
enum Mark {
    Line(RGBColor, u32),
    Dotted(RGBColor, u32),
    Dashed(RGBColor, u32, i32),
    Bar(RGBColor),
}

fn legend(area: &Area<'_>, entries: &[(&str, Mark)]) -> Result<(), Fault> {
    let mut x = 100;
    for (name, mark) in entries {
        let ends = vec![(x, 16), (x + 30, 16)];
        match mark {
            Mark::Line(color, width) => area.draw(&PathElement::new(ends, color.stroke_width(*width)))?,
            Mark::Dotted(color, width) => {
                area.draw(&PathElement::new(ends, color.stroke_width(*width)))?;
                area.draw(&Circle::new((x + 15, 16), 4, color.filled()))?;
            }
            Mark::Dashed(color, width, dash) => {
                for start in (0..30).step_by(usize::try_from(dash * 2).unwrap_or(8)) {
                    let ends = vec![(x + start, 16), ((x + start + dash).min(x + 30), 16)];
                    area.draw(&PathElement::new(ends, color.stroke_width(*width)))?;
                }
            }
            Mark::Bar(color) => area.draw(&Rectangle::new([(x, 10), (x + 30, 22)], color.filled()))?,
        }
        area.draw_text(name, &style(HPos::Left, VPos::Center), (x + 36, 16))?;
        x += 66 + i32::try_from(name.chars().count()).unwrap_or(0) * 8;
    }
    Ok(())
}

fn line(plane: &mut Plane<'_, '_>, points: Vec<(i64, i64)>, style: ShapeStyle) -> Result<(), Fault> {
    plane.draw_series(LineSeries::new(points, style)).map(drop)
}

fn dashes(plane: &mut Plane<'_, '_>, points: Vec<(i64, i64)>, dash: i32, style: ShapeStyle) -> Result<(), Fault> {
    plane.draw_series(DashedLineSeries::new(points, dash, dash, style)).map(drop)
}

fn burn_up(area: &Area<'_>, burn: &BurnUp, lang: Lang) -> Result<(), Fault> {
    // A day stands at its end, so that the whole amount stands at the end of the last.
    let day = |day: Date| burn.from.duration_until(day).as_hours() / 24 + 1;
    let term = day(burn.to);
    let forecast = burn.forecast.map_or(Cents(0), |(_, total)| total);
    let highest =
        burn.realised.iter().map(|(_, cents)| *cents).chain([burn.limit, forecast]).max().map_or(1, |all| all.0);
    // Nothing far above the amount is of use in a picture: the text says how much it is.
    let top = highest.min(burn.limit.0.saturating_mul(2)).max(burn.limit.0.saturating_add(burn.limit.0 / 10));
    let x = Axis { from: 0, to: term, ticks: months(burn.from, burn.to, lang) };
    let y = Axis::upward(top, |cents| format!("€ {}", lang.number(i128::from(cents / 100))));
    let ceiling = y.to;
    let mut plane = plane(area, x, y, ["", ""])?;
    let within = |cents: Cents| cents.0.clamp(0, ceiling);
    line(&mut plane, vec![(0, burn.limit.0), (term, burn.limit.0)], RUST.stroke_width(3))?;
    line(&mut plane, vec![(0, 0), (term, burn.limit.0)], GREY.stroke_width(1))?;
    if let Some(((base, realised), total)) = burn.forecast {
        let points = vec![(day(base), within(realised)), (term, within(total))];
        dashes(&mut plane, points, 8, BLUE.stroke_width(2))?;
    }
    if let Some(today) = burn.today {
        dashes(&mut plane, vec![(day(today), 0), (day(today), ceiling)], 3, GREY.stroke_width(1))?;
    }
    let points = burn.realised.iter().map(|(end, cents)| (day(*end), within(*cents)));
    let points: Vec<(i64, i64)> = std::iter::once((0, 0)).chain(points).collect();
    let dots = points.iter().skip(1).map(|point| Circle::new(*point, 4, BLUE.filled()));
    plane.draw_series(dots)?;
    line(&mut plane, points, BLUE.stroke_width(3))?;
    let [realised, straight, expected, limit] = &burn.names;
    let mut entries = vec![(realised.as_str(), Mark::Dotted(BLUE, 3)), (straight, Mark::Line(GREY, 1))];
    if burn.forecast.is_some() {
        entries.push((expected, Mark::Dashed(BLUE, 2, 6)));
    }
    entries.push((limit, Mark::Line(RUST, 3)));
    legend(area, &entries)
}

/// The first days of the months of a term; of every third in a long one, of every twelfth in a very long one.
fn months(from: Date, to: Date, lang: Lang) -> Vec<(i64, String)> {
    const NL: [&str; 12] = ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"];
    const EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = from.duration_until(to).as_hours() / 24 + 1;
    let every = match days {
        ..400 => 1,
        400..1_500 => 3,
        _ => 12,
    };
    let mut ticks = Vec::new();
    let mut month = from.first_of_month();
    while month <= to {
        let index = usize::try_from(month.month() - 1).unwrap_or(0);
        if month >= from && (month.month() - 1) % every == 0 {
            let name = match lang {
                Lang::Nl => NL[index],
                Lang::En => EN[index],
            };
            let label = if every == 1 { name.to_owned() } else { format!("{name} {}", month.year()) };
            ticks.push((from.duration_until(month).as_hours() / 24, label));
        }
        match month.last_of_month().tomorrow() {
            Ok(next) => month = next,
            Err(_) => break,
        }
    }
    ticks
}

fn funnel(area: &Area<'_>, shares: &Funnel, lang: Lang) -> Result<(), Fault> {
    let most = shares.points.iter().map(|(cases, ..)| *cases).max().unwrap_or(1);
    let most = i64::try_from(most).unwrap_or(i64::MAX / 2);
    let x = Axis::upward(most.saturating_add(most / 10), |cases| lang.number(i128::from(cases)));
    let highest = shares.points.iter().map(|(_, share, _)| *share).max().unwrap_or(0);
    let highest = highest.max(shares.limits(10, Z_95).1);
    let highest = highest.saturating_add(highest / 20).min(100_000);
    let mut y = Axis::upward(highest, |share| format!("{} %", share / 1_000));
    y.to = y.to.min(100_000);
    y.ticks.retain(|(at, _)| *at <= y.to);
    let (right, ceiling) = (x.to, y.to);
    let [cases, share] = &shares.axes;
    let mut plane = plane(area, x, y, [cases, share])?;
    // Enough points that the curve looks like one, the more where it bends.
    let at: Vec<i64> = (1..=60).map(|each| (right * each * each / 3_600).max(1)).collect();
    let curve = |z: u128, upper: bool| -> Vec<(i64, i64)> {
        let mut points: Vec<(i64, i64)> = at
            .iter()
            .map(|cases| {
                let (low, high) = shares.limits(u64::try_from(*cases).unwrap_or(1), z);
                (*cases, if upper { high } else { low })
            })
            .filter(|(_, share)| *share <= ceiling)
            .collect();
        points.dedup();
        points
    };
    for upper in [false, true] {
        dashes(&mut plane, curve(Z_95, upper), 7, GREY.stroke_width(1))?;
        line(&mut plane, curve(Z_998, upper), RUST.stroke_width(2))?;
    }
    line(&mut plane, vec![(0, shares.centre()), (right, shares.centre())], INK.stroke_width(1))?;
    for (cases, share, name) in &shares.points {
        let point = (i64::try_from(*cases).unwrap_or(right), *share);
        let style = if name.is_some() { BLUE.filled() } else { BLUE.stroke_width(2) };
        plane.draw_series([Circle::new(point, 5, style)])?;
        if let Some(name) = name {
            let (x, y) = plane.backend_coord(&point);
            let (pos, shift) = if x > 760 { (HPos::Right, -9) } else { (HPos::Left, 9) };
            area.draw_text(name, &style_at(pos), (x + shift, y))?;
        }
    }
    let [all, near, far] = &shares.names;
    legend(area, &[(all, Mark::Line(INK, 1)), (near, Mark::Dashed(GREY, 1, 6)), (far, Mark::Line(RUST, 2))])
}

fn style_at(horizontal: HPos) -> TextStyle<'static> {
    style(horizontal, VPos::Center)
}

fn waits(area: &Area<'_>, days: &Days, lang: Lang) -> Result<(), Fault> {
    const LEFT: i32 = 300;
    const RIGHT: i32 = 860;
    let norms = days.bars.iter().filter_map(|(.., norm)| *norm).map(|norm| i64::try_from(norm * 10).unwrap_or(0));
    let most =
        days.bars.iter().flat_map(|(_, median, ninetieth, _)| [*median, *ninetieth]).chain(norms).max().unwrap_or(10);
    let axis = Axis::upward(most.max(10), |tenths| lang.number(i128::from(tenths / 10)));
    let x = |tenths: i64| axis.map(&tenths, (LEFT, RIGHT));
    let bottom = 34 + 34 * i32::try_from(days.bars.len()).unwrap_or(100).min(100);
    for (at, label) in &axis.ticks {
        area.draw(&PathElement::new(vec![(x(*at), 34), (x(*at), bottom)], MESH.stroke_width(1)))?;
        area.draw_text(label, &style(HPos::Center, VPos::Top), (x(*at), bottom + 2))?;
    }
    area.draw_text(&days.axis, &style(HPos::Center, VPos::Top), (LEFT.midpoint(RIGHT), bottom + 18))?;
    for (at, (name, median, ninetieth, norm)) in days.bars.iter().take(100).enumerate() {
        let top = 34 + 34 * i32::try_from(at).unwrap_or(0) + 5;
        area.draw_text(&shortened(name), &style(HPos::Right, VPos::Center), (LEFT - 8, top + 12))?;
        area.draw(&Rectangle::new([(LEFT, top), (x(*ninetieth), top + 24)], PALE.filled()))?;
        area.draw(&Rectangle::new([(LEFT, top), (x(*ninetieth), top + 24)], BLUE.stroke_width(1)))?;
        area.draw(&Rectangle::new([(LEFT, top + 7), (x(*median), top + 17)], BLUE.filled()))?;
        if let Some(norm) = norm {
            let norm = x(i64::try_from(norm * 10).unwrap_or(i64::MAX));
            area.draw(&PathElement::new(vec![(norm, top - 3), (norm, top + 27)], RUST.stroke_width(3)))?;
        }
    }
    area.draw(&PathElement::new(vec![(LEFT, 34), (LEFT, bottom)], GREY.stroke_width(1)))?;
    let [median, ninetieth, norm] = &days.names;
    let mut entries = vec![(median.as_str(), Mark::Bar(BLUE)), (ninetieth, Mark::Bar(PALE))];
    if days.bars.iter().any(|(.., norm)| norm.is_some()) {
        entries.push((norm, Mark::Line(RUST, 3)));
    }
    legend(area, &entries)
}

/// A name that fits beside its bar.
fn shortened(name: &str) -> String {
    const MOST: usize = 38;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let start: String = name.chars().take(MOST - 1).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let ends = |most| {
            let axis = Axis::upward(most, |at| at.to_string());
            (axis.to, axis.ticks.len())
        };
        assert_eq!(ends(0), (1, 2));
        assert_eq!(ends(5), (5, 6));
        assert_eq!(ends(6), (6, 4));
        assert_eq!(ends(1_100), (1_200, 7));
        assert_eq!(ends(6_600_000), (8_000_000, 5));
        assert!(ends(i64::MAX).0 > 0, "whatever the amount");
    }

    #[test]
    fn a_point_lies_between_the_ends_of_its_axis() {
        let axis = Axis::upward(100, |at| at.to_string());
        assert_eq!((axis.map(&0, (10, 210)), axis.map(&50, (10, 210)), axis.map(&100, (10, 210))), (10, 110, 210));
        assert_eq!(axis.map(&25, (200, 0)), 150, "upside down");
    }

    #[test]
    fn a_chart_says_what_it_shows_and_names_no_place_elsewhere() {
        let chart = Chart {
            id: "proef".to_owned(),
            title: "Zorg & <hulp>".to_owned(),
            description: "Twee staven".to_owned(),
            drawing: Drawing::Days(Days {
                bars: vec![("Wonen & logeren".to_owned(), 70, 125, Some(42)), ("Leeg".to_owned(), 0, 0, None)],
                axis: "dagen".to_owned(),
                names: ["mediaan".to_owned(), "P90".to_owned(), "norm".to_owned()],
            }),
        };
        let svg = draw(&chart, Lang::Nl);
        assert!(svg.contains("<title id=\"proef-t\">Zorg &amp; &lt;hulp&gt;</title>"), "{svg}");
        assert!(svg.contains("Wonen &amp; logeren") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("http") && !svg.contains("xmlns"), "{svg}");
    }
}
