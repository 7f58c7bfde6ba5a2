//! XSD regular expressions as deterministic automata: one table look-up per byte, whatever the value looks like.
//!
//! Only the part of the language that the schemas use is translated; the rest is refused by name, because a wrong
//! translation would silently change what a schema accepts. Differences from other dialects that matter here:
//! a pattern always covers the whole value, `.` is any character but CR and LF, `\s` is space, tab, CR and LF only,
//! `.` inside a class is a full stop, `^` and `$` are ordinary characters.

use std::fmt::{self, Write as _};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// A compiled pattern facet. Cheap to share, never changes.
#[derive(Clone)]
pub struct Pattern {
    source: Box<str>,
    dfa: dense::DFA<Vec<u32>>,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.source)
    }
}

impl Pattern {
    /// Compiles an XSD pattern. The error names the construct that is not supported.
    pub fn compile(source: &str) -> Result<Pattern, String> {
        let translated = translate(source)?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::All)
                    .minimize(true)
                    .accelerate(false)
                    .dfa_size_limit(Some(1 << 20))
                    .determinize_size_limit(Some(1 << 22)),
            )
            .syntax(syntax::Config::new().nest_limit(20))
            .build(&translated)
            .map_err(|_| format!("pattern {source} cannot be compiled"))?;
        Ok(Pattern { source: source.into(), dfa })
    }

    /// The pattern as written in the schema.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole value belongs to the language of the pattern. Time is linear in the value.
    pub fn matches(&self, value: &str) -> bool {
        let Ok(mut state) = self.dfa.start_state(&start::Config::new().anchored(Anchored::Yes)) else {
            return false;
        };
        for &byte in value.as_bytes() {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_dead_state(state) {
                return false;
            }
        }
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}

/// Rewrites an XSD pattern in the syntax of regex-automata.
fn translate(source: &str) -> Result<String, String> {
    let mut chars = source.chars().peekable();
    let mut out = String::from("(?:");
    let mut groups = 0u32;
    while let Some(c) = chars.next() {
        match c {
            '.' => out.push_str(r"[^\n\r]"),
            '(' if chars.peek() == Some(&'?') => return Err("pattern construct (? is not supported".to_owned()),
            '(' => {
                groups += 1;
                out.push_str("(?:");
            }
            ')' => {
                groups = groups.checked_sub(1).ok_or("pattern has an unmatched )")?;
                out.push(')');
            }
            '|' => out.push('|'),
            '?' | '*' | '+' => {
                // A second quantifier would mean "lazy" or "possessive" elsewhere; in XSD it is an error.
                if matches!(chars.peek(), Some('?' | '*' | '+' | '{')) {
                    return Err("pattern has two quantifiers in a row".to_owned());
                }
                out.push(c);
            }
            '{' => {
                let count: String = chars.by_ref().take_while(|&c| c != '}').collect();
                if count.is_empty() || !count.chars().all(|c| c.is_ascii_digit() || c == ',') || count.starts_with(',')
                {
                    return Err(format!("pattern quantifier {{{count}}} is not supported"));
                }
                if matches!(chars.peek(), Some('?' | '*' | '+' | '{')) {
                    return Err("pattern has two quantifiers in a row".to_owned());
                }
                let _ = write!(out, "{{{count}}}");
            }
            '[' => class(&mut chars, &mut out)?,
            '\\' => escape(chars.next(), &mut out)?,
            ']' | '}' => return Err(format!("pattern has a stray {c}")),
            _ => literal(c, &mut out),
        }
    }
    if groups > 0 {
        return Err("pattern has an unmatched (".to_owned());
    }
    out.push(')');
    Ok(out)
}

fn literal(c: char, out: &mut String) {
    let _ = write!(out, r"\x{{{:X}}}", u32::from(c));
}

/// Escapes that mean the same inside and outside a class, apart from the negated ones.
fn escape(c: Option<char>, out: &mut String) -> Result<(), String> {
    match c {
        Some('s') => out.push_str(r"[ \t\n\r]"),
        Some('S') => out.push_str(r"[^ \t\n\r]"),
        Some(c) => literal(single_escape(c)?, out),
        None => return Err("pattern ends with \\".to_owned()),
    }
    Ok(())
}

fn single_escape(c: char) -> Result<char, String> {
    match c {
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        '\\' | '|' | '.' | '-' | '^' | '?' | '*' | '+' | '{' | '}' | '(' | ')' | '[' | ']' => Ok(c),
        _ => Err(format!("pattern escape \\{c} is not supported")),
    }
}

/// A class `[…]` of characters, ranges and `\s`; class subtraction is refused.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Result<(), String> {
    const OPEN: &str = "pattern has an unclosed [";
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut empty = true;
    loop {
        let c = match chars.next().ok_or(OPEN)? {
            ']' if empty => return Err("pattern has an empty class".to_owned()),
            ']' => break,
            '[' => return Err("pattern construct [ inside a class is not supported".to_owned()),
            '\\' if chars.next_if_eq(&'s').is_some() => {
                out.push_str(r" \t\n\r");
                empty = false;
                continue;
            }
            '\\' => single_escape(chars.next().ok_or(OPEN)?)?,
            c => c,
        };
        empty = false;
        literal(c, out);
        // A hyphen makes a range, unless it is the last character of the class.
        let mut ahead = chars.clone();
        if ahead.next() == Some('-') && ahead.peek() != Some(&']') {
            chars.next();
            let end = match chars.next().ok_or(OPEN)? {
                '\\' => single_escape(chars.next().ok_or(OPEN)?)?,
                '[' => return Err("pattern class subtraction is not supported".to_owned()),
                end => end,
            };
            if end < c {
                return Err("pattern has a range that runs backwards".to_owned());
            }
            out.push('-');
            literal(end, out);
        }
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let compiled = Pattern::compile(pattern).expect("the pattern is in the supported part");
        for value in yes {
            assert!(compiled.matches(value), "{pattern} should match {value:?}");
        }
        for value in no {
            assert!(!compiled.matches(value), "{pattern} should not match {value:?}");
        }
    }

    #[test]
    fn patterns_of_the_standard() {
        check("[0-9]{8}", &["12345678"], &["1234567", "123456789", "1234567a", " 12345678", "\u{661}2345678", ""]);
        check("[0-9]*", &["", "0"], &["a", "+31"]);
        check(".*[^\\s].*", &["a", " a ", "\u{A0}", "\t\u{2003}"], &["", " ", "a\nb", "\r", "a\r"]);
        check("([.\\s]*\\S+[.\\s]*)+", &["a", ".", "\n a\r\nb . ", "\u{A0}"], &["", " \t\r\n"]);
        check("([a-zA-ZÀ-ỳ])+", &["A", "éÉ", "ỳ", "×", "Ж"], &["A.", "", "ỹ", "\u{BF}", "A B"]);
        check("([a-zA-Z0-9])+", &["aZ09"], &["a-b", "é", ""]);
        check("[^:Z]*", &["2026-01-01", ""], &["2026-01-01Z", "2026-01-01+01:00"]);
        check("[^Z+-]+", &["12:00:00"], &["12:00:00Z", "12:00:00-01:00", "12:00:00+01:00", ""]);
        check(
            "(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)",
            &["1.0.0", "0.10.20"],
            &["01.0.0", "1.0", "1.0.0.0", "1x0x0"],
        );
        check("414", &["414"], &["4141", "41", " 414"]);
    }

    #[test]
    fn the_whole_value_counts_in_every_alternative() {
        check("a|ab", &["a", "ab"], &["b", "abb"]);
        check("^a$", &["^a$"], &["a"]);
        check("[a\\-z]", &["a", "-", "z"], &["b"]);
        check("a{2,3}b?", &["aa", "aaab"], &["a", "aaaa"]);
    }

    #[test]
    fn constructs_outside_the_subset_are_refused() {
        for pattern in [
            "\\d",
            "\\p{L}",
            "\\i",
            "[a-z-[aeiou]]",
            "a??",
            "a*+",
            "(?:a)",
            "(a",
            "a)",
            "[]",
            "[a",
            "a{,3}",
            "a{x}",
            "a]",
            "\\",
            "[z-a]",
        ] {
            assert!(Pattern::compile(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_nested_quantifier_takes_linear_time() {
        let pattern = Pattern::compile("([.\\s]*\\S+[.\\s]*)+").expect("the pattern is in the supported part");
        let started = std::time::Instant::now();
        assert!(!pattern.matches(&" ".repeat(1_000_000)));
        assert!(started.elapsed().as_secs() < 5);
    }
}
