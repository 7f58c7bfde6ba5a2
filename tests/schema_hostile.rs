//! Input made to hurt: every document is answered in bounded time and memory.
#![expect(clippy::format_collect, reason = "the shortest way to write out a hundred thousand attributes")]

use std::time::{Duration, Instant};

use sluis::message::tree::LineIndex;
use sluis::schema::{Limits, validate};

/// Wall time for one document in a debug build on a busy machine. Anything quadratic takes minutes.
const PATIENCE: Duration = Duration::from_secs(20);

const OPEN: &str = r#"<m:Bericht xmlns:m="http://www.istandaarden.nl/ijw/3_2/jw323/schema" xmlns:b="http://www.istandaarden.nl/ijw/3_2/basisschema/schema">"#;

const HEADER: &str = "<m:Header><m:BerichtCode>490</m:BerichtCode><m:BerichtVersie>3</m:BerichtVersie><m:BerichtSubversie>2</m:BerichtSubversie><m:Afzender>42420001</m:Afzender><m:Ontvanger>0363</m:Ontvanger><m:BerichtIdentificatie><b:Identificatie>D1</b:Identificatie><b:Dagtekening>2026-04-15</b:Dagtekening></m:BerichtIdentificatie><m:XsdVersie><b:BasisschemaXsdVersie>1.0.0</b:BasisschemaXsdVersie><b:BerichtXsdVersie>1.0.0</b:BerichtXsdVersie></m:XsdVersie></m:Header>";

/// Judges a document within the time and answers its last code, `ok` for a valid one.
#[track_caller]
fn judged(name: &str, source: &str) -> (&'static str, usize) {
    let started = Instant::now();
    let outcome = validate(source.as_bytes(), &Limits::default());
    let took = started.elapsed();
    println!("{name}: {} bytes in {took:?}", source.len());
    assert!(took < PATIENCE, "{name} took {took:?}");
    match outcome {
        Ok(_) => ("ok", 0),
        Err(faults) => {
            assert!(faults.faults.len() <= Limits::default().max_faults + 2, "{name}");
            let longest = faults.faults.iter().map(|fault| fault.nl.len() + fault.path.len()).max().unwrap_or(0);
            assert!(longest < 2000, "{name}: a fault of {longest} bytes");
            (faults.faults.last().map_or("none", |fault| fault.code), faults.total)
        }
    }
}

#[test]
fn nesting_attributes_and_namespaces_are_bounded() {
    assert_eq!(judged("depth", &format!("{OPEN}{}", "<a>".repeat(1_000_000))).0, "limit.depth");
    let attributes: String = (0..100_000).map(|number| format!(" a{number}='1'")).collect();
    assert_eq!(judged("attributes", &format!("{OPEN}<a{attributes}/></m:Bericht>")).0, "limit.attributes");
    let declarations: String = (0..100_000).map(|number| format!(" xmlns:n{number}='urn:{number}'")).collect();
    assert_eq!(judged("namespaces", &format!("{OPEN}<a{declarations}/></m:Bericht>")).0, "limit.attributes");
    let nested: String = (0..90).map(|level| format!("<a xmlns:x{level}='u' xmlns:y{level}='u'>")).collect();
    assert_eq!(judged("nested namespaces", &format!("{OPEN}{nested}")).0, "limit.attributes");
    let scope: String = (0..60).map(|number| format!(" xmlns:n{number}='urn:{number}'")).collect();
    let flood = format!("<m:Bericht{scope}{}{}</m:Bericht>", &OPEN["<m:Bericht".len()..], "<q:a/>".repeat(1_000_000));
    assert_eq!(judged("unbound prefixes", &flood), ("limit.faults", 1_000_002));
}

#[test]
fn floods_of_faults_are_counted() {
    let flood = |piece: &str, times: usize| format!("{OPEN}{}</m:Bericht>", piece.repeat(times));
    assert_eq!(judged("unexpected", &flood("<x/>", 2_000_000)), ("limit.faults", 2_000_002));
    assert_eq!(judged("repeated", &flood("<m:Header/>", 500_000)).0, "limit.faults");
    assert_eq!(judged("misplaced", &flood("<m:Declaratie/><m:Header/>", 200_000)).0, "limit.faults");
    assert_eq!(judged("long names", &flood(&format!("<{}/>", "x".repeat(10_000)), 1000)).0, "limit.faults");
}

#[test]
fn large_values_are_bounded() {
    let value = |value: &str| format!("{OPEN}{}<m:Declaratie/></m:Bericht>", HEADER.replace("D1", value));
    assert_eq!(judged("one value", &value(&"x".repeat(10_000_000))).0, "elem.empty");
    assert_eq!(judged("references", &value(&"&#65;".repeat(2_000_000))).0, "elem.empty");
    assert_eq!(judged("CDATA", &value(&"<![CDATA[é]]>".repeat(700_000))).0, "elem.empty");
    assert_eq!(judged("comments", &value(&"<!---->".repeat(1_000_000))).0, "elem.empty");
    assert_eq!(judged("brackets", &value(&"]]".repeat(5_000_000))).0, "elem.empty");
    let digits =
        |value: &str| format!("{OPEN}{}<m:Declaratie/></m:Bericht>", HEADER.replace(">3<", &format!(">{value}<")));
    assert_eq!(judged("digits", &digits(&"1".repeat(60_000))).0, "elem.empty");
    assert_eq!(judged("spaces", &digits(&" 1".repeat(30_000))).0, "elem.empty");
    let path = validate(value(&"x".repeat(100_000)).as_bytes(), &Limits::default()).expect_err("the value is too long");
    assert_eq!(path.faults[0].code, "limit.value");
}

#[test]
fn broken_markup_ends_at_once() {
    assert_eq!(judged("brackets", &format!("{OPEN}{}", "<".repeat(10_000_000))).0, "xml.malformed");
    assert_eq!(judged("ampersands", &format!("{OPEN}{}", "&".repeat(10_000_000))).0, "xml.malformed");
    assert_eq!(judged("comment", &format!("{OPEN}<!--{}", "-x".repeat(5_000_000))).0, "xml.malformed");
    assert_eq!(judged("CDATA", &format!("{OPEN}<![CDATA[{}", "]]".repeat(5_000_000))).0, "xml.malformed");
    assert_eq!(judged("quote", &format!("{OPEN}<a b='{}", "x".repeat(10_000_000))).0, "xml.malformed");
    assert_eq!(judged("instructions", &format!("{}{OPEN}", "<?a?>".repeat(1_000_000))).0, "xml.malformed");
    let bomb = format!("<!DOCTYPE a [{}]>{OPEN}", "<!ENTITY a '&b;&b;'>".repeat(500_000));
    assert_eq!(judged("entities", &bomb), ("xml.doctype", 1));
    assert_eq!(judged("size", &" ".repeat(25_000_001)), ("limit.size", 1));
}

fn declaration(lines: usize) -> String {
    const LINE: &str = "<m:Prestatie><m:ProductReferentie><b:ReferentieNummer>R</b:ReferentieNummer></m:ProductReferentie><m:ToewijzingNummer>1</m:ToewijzingNummer><m:ProductCategorie>40</m:ProductCategorie><m:ProductCode>40A01</m:ProductCode><m:ProductPeriode><b:Begindatum>2026-03-01</b:Begindatum><b:Einddatum>2026-03-31</b:Einddatum></m:ProductPeriode><m:GeleverdVolume>10</m:GeleverdVolume><m:Eenheid>01</m:Eenheid><m:IngediendBedrag><b:Bedrag>1000</b:Bedrag><b:DebetCredit>D</b:DebetCredit></m:IngediendBedrag></m:Prestatie>";
    format!(
        "{OPEN}{HEADER}<m:Declaratie><m:DeclaratieNummer>D1</m:DeclaratieNummer><m:DeclaratiePeriode><b:Begindatum>2026-03-01</b:Begindatum><b:Einddatum>2026-03-31</b:Einddatum></m:DeclaratiePeriode><m:DeclaratieDagtekening>2026-04-15</m:DeclaratieDagtekening><m:TotaalIngediendBedrag><b:TotaalBedrag>1</b:TotaalBedrag><b:DebetCredit>D</b:DebetCredit></m:TotaalIngediendBedrag><m:Clienten><m:Client><m:Bsn>999990019</m:Bsn><m:Prestaties>{}</m:Prestaties></m:Client></m:Clienten></m:Declaratie></m:Bericht>",
        LINE.repeat(lines)
    )
}

#[test]
fn a_large_declaration_is_taken_in_linear_time() {
    let (small, large) = (declaration(4_000), declaration(40_000));
    let time = |source: &str| {
        let started = Instant::now();
        let document = validate(source.as_bytes(), &Limits::default()).expect("the declaration is valid");
        let lines = document
            .tree
            .nearest("/Bericht/Declaratie/Clienten/Client[1]/Prestaties")
            .map(|node| node.children().count());
        (started.elapsed(), lines)
    };
    let ((short, few), (long, many)) = (time(&small), time(&large));
    println!("{} bytes in {short:?}, {} bytes in {long:?}", small.len(), large.len());
    assert_eq!((few, many), (Some(4_000), Some(40_000)));
    assert!(long < PATIENCE && long < short * 40, "ten times the lines took {short:?} -> {long:?}");
}

/// No limit but the size of memory, so that nothing is cut short that might take long.
const WIDE: Limits = Limits {
    max_bytes: usize::MAX,
    max_depth: u32::MAX,
    max_attributes: u32::MAX / 4,
    max_value_chars: u32::MAX,
    max_faults: usize::MAX,
};

/// Shortest of a few runs: what the work takes when nothing else is in the way.
fn shortest(source: &str, limits: &Limits, runs: usize) -> Duration {
    let run = |_| {
        let started = Instant::now();
        let outcome = validate(source.as_bytes(), limits);
        let took = started.elapsed();
        drop(outcome);
        took
    };
    (0..runs).map(run).min().unwrap_or_default()
}

/// Eight times the input may take three times eight times as long; what is quadratic takes sixty-four. A busy machine
/// gets more runs before it counts.
#[track_caller]
fn linear(name: &str, limits: &Limits, size: usize, make: impl Fn(usize) -> String) {
    const TIMES: usize = 8;
    const SLACK: u32 = 3;
    let (small, large) = (make(size), make(size * TIMES));
    let mut times = (Duration::MAX, Duration::MAX);
    for runs in [2, 4, 8, 16] {
        times.0 = times.0.min(shortest(&small, limits, runs));
        times.1 = times.1.min(shortest(&large, limits, runs.div_ceil(2)));
        if times.1 < times.0 * 8 * SLACK {
            println!("{name}: {} bytes in {:?}, {} bytes in {:?}", small.len(), times.0, large.len(), times.1);
            return;
        }
    }
    panic!("{name}: {} bytes in {:?}, {} bytes in {:?}", small.len(), times.0, large.len(), times.1);
}

/// A document with `content` after the header.
fn with(content: &str) -> String {
    format!("{OPEN}{HEADER}{content}</m:Bericht>")
}

/// A document with this value as its Identificatie.
fn with_value(value: &str) -> String {
    format!("{OPEN}{}<m:Declaratie/></m:Bericht>", HEADER.replace("D1", value))
}

#[test]
fn depth_takes_linear_time() {
    for limits in [Limits::default(), WIDE] {
        linear("unknown", &limits, 12_500, |n| with(&format!("{}{}", "<a>".repeat(n), "</a>".repeat(n))));
        linear("known", &limits, 12_500, |n| with(&"<m:Declaratie><m:Clienten>".repeat(n)));
        linear("declaring", &limits, 12_500, |n| {
            with(&(0..n).map(|level| format!("<p{level}:a xmlns:p{level}='urn:{level}'>")).collect::<String>())
        });
        linear("declaring the same", &limits, 12_500, |n| with(&"<p:a xmlns:p='urn:p' xmlns:q='urn:p'>".repeat(n)));
    }
}

#[test]
fn siblings_and_faults_take_linear_time() {
    linear("lines", &Limits::default(), 1_000, declaration);
    for limits in [Limits::default(), WIDE] {
        linear("unknown", &limits, 12_500, |n| with(&"<x/>".repeat(n)));
        linear("repeated", &limits, 12_500, |n| with(&"<m:Header/>".repeat(n)));
        linear("misplaced", &limits, 12_500, |n| with(&"<m:Declaratie/><m:Header/>".repeat(n)));
        linear("other namespace", &limits, 12_500, |n| with(&"<b:Declaratie/><q:Header/>".repeat(n)));
        linear("other case", &limits, 12_500, |n| with(&"<m:declaratie/>".repeat(n)));
        linear("spoilt lines", &limits, 1_000, |n| declaration(n).replace(">10<", ">tien<").replace(">D<", "><"));
        linear("lines without", &limits, 1_000, |n| declaration(n).replace("<m:Eenheid>01</m:Eenheid>", ""));
        linear("text between", &limits, 1_000, |n| declaration(n).replace("<m:Eenheid>", "x<m:Eenheid>"));
        linear("many lines", &limits, 12_500, |n| with(&"\n<x/>".repeat(n)));
    }
}

#[test]
fn values_take_linear_time() {
    for limits in [Limits::default(), WIDE] {
        for (name, piece) in [
            ("letters", "xxxxxxxx"),
            ("other letters", "é😀éé"),
            ("lines", "x\r\n\rx\n"),
            ("spaces", "        "),
            ("references", "&amp;"),
            ("numbers", "&#65;&#x41;"),
            ("brackets", "]]]]]]]]"),
            ("CDATA", "<![CDATA[x]]>"),
            ("CDATA brackets", "<![CDATA[]]]]>"),
            ("comments", "<!-- x -->"),
            ("dashes", "<!-- - - - - -->"),
            ("instructions", "<?a b?>"),
            ("almost references", "amp;#x41;"),
        ] {
            linear(name, &limits, 40_000, |n| with_value(&piece.repeat(n)));
            linear(name, &limits, 40_000, |n| with(&piece.repeat(n)));
        }
        for piece in ["1", " 1", "0", "-"] {
            let number = |n: usize| HEADER.replace(">3<", &format!(">{}<", piece.repeat(n)));
            linear("number", &limits, 200_000, |n| format!("{OPEN}{}<m:Declaratie/></m:Bericht>", number(n)));
            let date = |n: usize| HEADER.replace(">2026-04-15<", &format!(">{}-04-15<", piece.repeat(n)));
            linear("date", &limits, 200_000, |n| format!("{OPEN}{}<m:Declaratie/></m:Bericht>", date(n)));
        }
        linear("one reference", &limits, 200_000, |n| with_value(&format!("&#{}65;", "0".repeat(n))));
        linear("an open reference", &limits, 200_000, |n| with_value(&format!("&{}", "a".repeat(n))));
    }
}

#[test]
fn what_stands_outside_the_message_takes_linear_time() {
    for piece in ["<!-- x -->", "<?a b?>", "\n"] {
        linear(piece, &WIDE, 20_000, |n| format!("{}{}", piece.repeat(n), declaration(1)));
        linear(piece, &WIDE, 20_000, |n| format!("{}{}", declaration(1), piece.repeat(n)));
    }
}

#[test]
fn attributes_take_linear_time() {
    let tag = |attributes: String| with(&format!("<m:Declaratie{attributes}/>"));
    let each = |n: usize, one: fn(usize) -> String| (0..n).map(one).collect::<String>();
    for limits in [Limits::default(), WIDE] {
        linear("attributes", &limits, 12_500, |n| tag(each(n, |at| format!(" a{at}='1'"))));
        linear("declarations", &limits, 12_500, |n| tag(each(n, |at| format!(" xmlns:p{at}='urn:{at}'"))));
        linear("of one namespace", &limits, 12_500, |n| tag(each(n, |at| format!(" xmlns:p{at}='urn:p'"))));
        linear("prefixed", &limits, 6_000, |n| {
            tag(each(n, |at| format!(" xmlns:p{at}='urn:{at}'")) + &each(n, |at| format!(" p{at}:a='1'")))
        });
        linear("prefixes", &limits, 6_000, |n| {
            let all = each(n, |at| format!(" xmlns:p{at}='urn:{at}'"));
            with(&format!("<a{all}>{}</a>", each(n, |at| format!("<p{at}:b/>"))))
        });
        linear("a long value", &limits, 200_000, |n| tag(format!(" a='{}'", "x&amp;".repeat(n))));
        linear("a long type", &limits, 200_000, |n| {
            tag(format!(" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='b:{}'", "x".repeat(n)))
        });
    }
}

/// One long name, spelled once and meant by every tag.
#[test]
fn long_names_of_namespaces_take_linear_time() {
    let root = |n: usize, each: usize, tags: &str| {
        let long = "u".repeat(n * each);
        with(tags).replacen("<m:Bericht ", &format!("<m:Bericht xmlns:x='{long}' xmlns:y='{long}' "), 1)
    };
    linear("declared again", &WIDE, 1_000, |n| root(n, 100, &"<a xmlns:z='u'/>".repeat(n)));
    for limits in [Limits::default(), WIDE] {
        linear("in faults", &limits, 100, |n| root(n, 5_000, &"<x:Declaratie/>".repeat(n)));
        linear("of attributes", &limits, 100, |n| root(n, 5_000, &"<a x:a='' y:b='' x:c='' y:d='' x:e=''/>".repeat(n)));
    }
}

/// A message without line ends, and a finding at every line of it.
#[test]
fn places_on_one_long_line_take_linear_time() {
    let time = |lines: usize| {
        let source = "<m:Eenheid>01</m:Eenheid>".repeat(lines);
        let started = Instant::now();
        let index = LineIndex::of(source.as_bytes());
        let last = (0..lines).map(|line| index.position(source.as_bytes(), line * 25)).max();
        assert_eq!(last, Some((1, u32::try_from((lines - 1) * 25 + 1).expect("a short document"))));
        started.elapsed()
    };
    let shortest = |lines: usize| (0..5).map(|_| time(lines)).min().unwrap_or_default();
    let (short, long) = (shortest(2_000), shortest(16_000));
    println!("{short:?}, {long:?}");
    assert!(long < short * 24, "eight times the findings took {short:?} -> {long:?}");
}

#[cfg(target_os = "linux")]
type Make = fn() -> String;

/// Documents of ten megabytes that ask for more than they are worth, one at a time.
#[cfg(target_os = "linux")]
const GREEDY: [(&str, Make); 12] = [
    ("depth", || with(&fill("<a>"))),
    ("known depth", || with(&fill("<m:Declaratie>"))),
    ("siblings", || with(&fill("<x/>"))),
    ("faults", || with(&fill("<m:Header/>"))),
    ("value", || with_value(&fill("x"))),
    ("stray text", || with(&fill("x"))),
    ("references", || with_value(&fill("&#65;"))),
    ("comments", || with(&fill("<!---->"))),
    ("attributes", || with(&format!("<a{}/>", numbered(|at| format!(" a{at}=''"))))),
    ("namespaces", || with(&format!("<a{}/>", numbered(|at| format!(" xmlns:p{at}='u{at}'"))))),
    ("scopes", || with(&numbered(|at| format!("<a xmlns:p{at}='u{at}'/>")))),
    ("namespace", || with(&format!("<a xmlns='{}'/>", fill("u")))),
];

#[cfg(target_os = "linux")]
fn fill(piece: &str) -> String {
    piece.repeat(10_000_000 / piece.len())
}

#[cfg(target_os = "linux")]
fn numbered(one: fn(usize) -> String) -> String {
    let mut all = String::with_capacity(10_000_100);
    let mut pieces = (0..).map(one);
    while all.len() < 10_000_000 {
        all.extend(pieces.next());
    }
    all
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_close_to_the_input() {
    // A process of its own would be needed for an exact figure; the peak of this one must stay moderate all the same.
    let source = declaration(40_000);
    let document = validate(source.as_bytes(), &Limits::default()).expect("the declaration is valid");
    drop(document);
    println!("a declaration: peak {} kB after {} bytes", peak_kilobytes(), source.len());
    drop(source);
    for (name, make) in GREEDY {
        let source = make();
        assert!(validate(source.as_bytes(), &Limits::default()).is_err(), "{name}");
        println!("{name}: peak {} kB after {} bytes", peak_kilobytes(), source.len());
    }
    // The documents themselves stand in it too.
    assert!(peak_kilobytes() < 400_000, "peak {} kB", peak_kilobytes());
}

#[cfg(target_os = "linux")]
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok())
        .expect("the peak is a number of kilobytes")
}
