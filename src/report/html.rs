//! Writes a report as one page that needs nothing else: style within, charts within, no scripts, well-formed as XML.

use super::lang::Lang;
use super::svg;
use super::table::{Cell, Column, Medium, Part, Rank, Row, Section, Table};
use super::{Head, Report};
use std::fmt::Write as _;

/// Written for a screen and for A4 in landscape, in colours that differ in grey.
const STYLE: &str = include_str!("report.css");

/// The page.
pub(super) fn page(report: &Report) -> String {
    let mut out = String::new();
    let lang = report.lang;
    let title = escape(&report.head.title);
    push(
        &mut out,
        format_args!("<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\"/>\n", lang.code()),
    );
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    push(&mut out, format_args!("<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"));
    head(&mut out, &report.head, lang);
    contents(&mut out, report, lang);
    out.push_str("<main>\n");
    report.sections.iter().for_each(|each| section(&mut out, each, lang));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn head(out: &mut String, head: &Head, lang: Lang) {
    push(out, format_args!("<header>\n<h1>{}</h1>\n<dl>\n", escape(&head.title)));
    for (name, value) in &head.facts {
        push(out, format_args!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value)));
    }
    out.push_str("</dl>\n");
    let label = lang.say("Kleine groepen", "Small groups");
    push(out, format_args!("<p class=\"legend\"><strong>{label}.</strong> {}</p>\n</header>\n", escape(&head.legend)));
}

fn contents(out: &mut String, report: &Report, lang: Lang) {
    push(out, format_args!("<nav aria-label=\"{}\">\n<ol>\n", lang.say("Inhoud", "Contents")));
    for each in &report.sections {
        push(out, format_args!("<li><a href=\"#{}\">{}</a></li>\n", each.id, escape(&each.heading)));
    }
    out.push_str("</ol>\n</nav>\n");
}

fn section(out: &mut String, section: &Section, lang: Lang) {
    let (id, heading) = (section.id, escape(&section.heading));
    push(out, format_args!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n"));
    for part in &section.parts {
        match part {
            Part::Note(text) => push(out, format_args!("<p>{}</p>\n", escape(text))),
            Part::Table(all) => table(out, all, lang),
            Part::Chart(chart) => {
                let caption = format!("<strong>{}.</strong> {}", escape(&chart.title), escape(&chart.description));
                let drawing = svg::draw(chart, lang);
                push(out, format_args!("<figure>\n{drawing}<figcaption>{caption}</figcaption>\n</figure>\n"));
            }
        }
    }
    out.push_str("</section>\n");
}

fn table(out: &mut String, table: &Table, lang: Lang) {
    let shown: Vec<(usize, &Column)> =
        table.columns.iter().enumerate().filter(|(_, column)| column.medium != Medium::File).collect();
    // A table of the file only: the page has a chart of it.
    if shown.is_empty() {
        return;
    }
    push(
        out,
        format_args!("<div class=\"wide\">\n<table>\n<caption>{}</caption>\n<thead>\n<tr>", escape(&table.caption)),
    );
    for (_, column) in &shown {
        push(out, format_args!("<th scope=\"col\"{}>{}</th>", class(column), escape(&column.label)));
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for (at, row) in table.rows.iter().enumerate() {
        if let Some(group) = &row.opens {
            // A group has a body of its own, which its heading is for.
            out.push_str(if at == 0 { "" } else { "</tbody>\n<tbody>\n" });
            let width = shown.len();
            push(
                out,
                format_args!(
                    "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{width}\">{}</th></tr>\n",
                    escape(group)
                ),
            );
        }
        table_row(out, &shown, row, lang);
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn table_row(out: &mut String, shown: &[(usize, &Column)], row: &Row, lang: Lang) {
    out.push_str(match row.rank {
        Rank::Plain => "<tr>",
        Rank::Head => "<tr class=\"head\">",
        Rank::Total => "<tr class=\"total\">",
    });
    for (place, (at, column)) in shown.iter().enumerate() {
        let text = row.cells.get(*at).map_or_else(String::new, |cell| escape(&written(cell, lang)));
        if place == 0 {
            push(out, format_args!("<th scope=\"row\">{text}</th>"));
        } else {
            push(out, format_args!("<td{}>{text}</td>", class(column)));
        }
    }
    out.push_str("</tr>\n");
}

fn class(column: &Column) -> &'static str {
    if column.is_figure { " class=\"n\"" } else { "" }
}

/// A cell as people read it.
fn written(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => lang.number(i128::from(*number)),
        Cell::Cents(cents) => lang.euros(*cents),
        Cell::PerMille(tenths) | Cell::Tenths(tenths) => lang.tenths(*tenths),
        Cell::Date(date) => date.to_string(),
        Cell::Small => "<5".to_owned(),
        Cell::Withheld => "*".to_owned(),
        Cell::Absent => "–".to_owned(),
    }
}

/// The text with the signs of the markup written out. What XML cannot hold becomes a question mark.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() && letter != '\n' && letter != '\t' => out.push('?'),
            letter => out.push(letter),
        }
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_the_markup_are_written_out() {
        assert_eq!(escape("a < b & \"c\" > d\u{0}é"), "a &lt; b &amp; &quot;c&quot; &gt; d?é");
    }
}
