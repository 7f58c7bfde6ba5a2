//! What the gateway asks of a document beyond XML and its schema: UTF-8, no DOCTYPE, and limits. Each limit is tried at
//! its border, in the library and through the configuration file.

#![expect(clippy::format_collect, reason = "the shortest way to write out many attributes")]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

#[path = "golden/program.rs"]
mod program;
#[path = "golden/support.rs"]
mod support;

use program::{Desk, faults};
use sluis::demo::compose::Person;
use sluis::message::{Law, Personal};
use sluis::schema::{Limits, validate};
use support::{Sample, client_301};

/// A valid 301, with this remark about the client.
fn allocation(commentaar: &str) -> String {
    let sample = Sample::of(Law::Wmo);
    let mut message = sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]);
    client_301(&mut message).commentaar = Some(Personal::from(commentaar));
    String::from_utf8(message.write()).expect("messages are UTF-8")
}

/// The last fault code of a document; `ok` for a valid one.
fn code(source: &str, limits: &Limits) -> &'static str {
    match validate(source.as_bytes(), limits) {
        Ok(_) => "ok",
        Err(faults) => faults.faults.last().map_or("none", |fault| fault.code),
    }
}

/// The document passes when the limit is what it needs, and gives this code when the limit is one less.
#[track_caller]
fn border(source: &str, expected: &str, needs: usize, limit: impl Fn(usize) -> Limits) {
    assert_eq!(code(source, &limit(needs)), "ok", "with a limit of {needs}");
    assert_eq!(code(source, &limit(needs - 1)), expected, "with a limit of {}", needs - 1);
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("tests use small numbers")
}

#[test]
fn bytes_at_the_border() {
    let bytes = |max_bytes| Limits { max_bytes, ..Limits::default() };
    for source in [allocation("é"), format!("\u{FEFF}{}", allocation("x")), format!("{}\n\n", allocation("x"))] {
        border(&source, "limit.size", source.len(), bytes);
    }
}

#[test]
fn depth_at_the_border() {
    let depth = |max_depth| Limits { max_depth: narrow(max_depth), ..Limits::default() };
    // Bericht, Client, Contactgegevens, Contact, Telefoon, Telefoon01, Telefoonnummer.
    border(&allocation("x"), "limit.depth", 7, depth);
    // What the schema does not know is counted too, empty elements as others.
    let nested = |depth: usize| {
        let (open, close) = ("<x>".repeat(depth - 3), "</x>".repeat(depth - 3));
        allocation("x").replacen("<wmo301:Bsn>", &format!("{open}<x/>{close}<wmo301:Bsn>"), 1)
    };
    assert_eq!(code(&nested(100), &Limits::default()), "elem.unexpected");
    assert_eq!(code(&nested(101), &Limits::default()), "limit.depth");
}

#[test]
fn attributes_at_the_border() {
    let attributes = |max_attributes| Limits { max_attributes: narrow(max_attributes), ..Limits::default() };
    let source = allocation("x");
    border(&source, "limit.attributes", 2, attributes);
    let hinted = source.replacen(
        "<wmo301:Bericht ",
        "<wmo301:Bericht xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\" ",
        1,
    );
    border(&hinted, "limit.attributes", 4, attributes);
    // Declarations in force add up from tag to tag, to twice the limit; they end with their element.
    let declared = |client: usize, bsn: usize| {
        let some = |name: &str, count: usize| (0..count).map(|at| format!(" xmlns:{name}{at}='u'")).collect::<String>();
        let source = allocation("x");
        let client = source.replacen("<wmo301:Client>", &format!("<wmo301:Client{}>", some("c", client)), 1);
        let bsn = client.replacen("<wmo301:Bsn>", &format!("<wmo301:Bsn{}>", some("d", bsn)), 1);
        bsn.replacen("<wmo301:Geslacht>", "<wmo301:Geslacht xmlns:e='u' xmlns:f='u'>", 1)
    };
    assert_eq!(code(&declared(10, 8), &attributes(10)), "ok", "2 + 10 + 8 are in force");
    assert_eq!(code(&declared(10, 9), &attributes(10)), "limit.attributes");
    assert_eq!(code(&declared(11, 1), &attributes(10)), "limit.attributes");
}

#[test]
fn values_at_the_border() {
    let value = |max_value_chars| Limits { max_value_chars: narrow(max_value_chars), ..Limits::default() };
    border(&allocation(&"é".repeat(1000)), "limit.value", 1000, value);
    border(&allocation(&"\u{1F600}".repeat(1000)), "limit.value", 1000, value);
    let remark = "x".repeat(500);
    let source = allocation(&remark);
    for (piece, characters) in [
        ("&amp;&#65;&#x1F600;", 3),
        ("<![CDATA[<&>]]>", 3),
        ("a\r\nb\rc\nd", 7),
        ("<!-- not part of the value -->x", 1),
        ("x<?nor is this?>y", 2),
    ] {
        border(&source.replacen(&remark, &piece.repeat(500), 1), "limit.value", characters * 500, value);
    }
    // White space around a number is part of what stands there.
    let padded = source.replacen("BerichtVersie>3<", &format!("BerichtVersie>{}3<", " ".repeat(999)), 1);
    border(&padded, "limit.value", 1000, value);
}

#[test]
fn faults_at_the_border() {
    let limits = Limits { max_faults: 3, ..Limits::default() };
    let listed = |count: usize| {
        let source = allocation("x").replacen("<wmo301:Bsn>", &format!("{}<wmo301:Bsn>", "<x/>".repeat(count)), 1);
        let faults = validate(source.as_bytes(), &limits).expect_err("x is unknown");
        (faults.faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), faults.total)
    };
    assert_eq!(listed(3), (vec!["elem.unexpected"; 3], 3));
    assert_eq!(listed(4), ([vec!["elem.unexpected"; 3], vec!["limit.faults"]].concat(), 4));
    assert_eq!(listed(1000), ([vec!["elem.unexpected"; 3], vec!["limit.faults"]].concat(), 1000));
}

#[test]
fn a_document_type_is_refused_wherever_it_stands() {
    let source = allocation("x");
    let limits = Limits::default();
    let (declaration, rest) = source.split_once("?>").expect("it has an XML declaration");
    for doctype in [
        "<!DOCTYPE Bericht>",
        "<!DOCTYPE Bericht SYSTEM \"http://voorbeeld.example/x.dtd\">",
        "<!DOCTYPE Bericht [<!ENTITY e \"x\">]>",
        "<!DOCTYPE",
    ] {
        for before in ["", "\n", "<!-- x -->", "<?pi?>"] {
            assert_eq!(code(&format!("{declaration}?>{before}{doctype}{rest}"), &limits), "xml.doctype", "{doctype}");
        }
        assert_eq!(code(&format!("{doctype}{}", rest.trim_start()), &limits), "xml.doctype", "{doctype}");
    }
    for harmless in ["<!-- <!DOCTYPE x> -->", "<![CDATA[<!DOCTYPE x>]]>", "&lt;!DOCTYPE x>"] {
        assert_eq!(code(&source.replacen(">x<", &format!(">{harmless}x<"), 1), &limits), "ok", "{harmless}");
    }
}

#[test]
fn utf_8_is_the_only_encoding_with_or_without_a_mark() {
    let source = allocation("Zoë \u{1F600}");
    let limits = Limits::default();
    let (_, rest) = source.split_once("?>").expect("it has an XML declaration");
    let rest = rest.trim_start();
    for start in ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-8'?>"] {
        for mark in ["", "\u{FEFF}"] {
            assert_eq!(code(&format!("{mark}{start}{rest}"), &limits), "ok", "{mark:?}{start}");
        }
    }
    for encoding in ["ISO-8859-1", "windows-1252", "UTF-16", "UTF-7", "ASCII"] {
        let start = format!("<?xml version='1.0' encoding='{encoding}'?>");
        for mark in ["", "\u{FEFF}"] {
            assert_eq!(code(&format!("{mark}{start}{rest}"), &limits), "xml.encoding", "{mark:?}{encoding}");
        }
    }
    let cut = [b"\xEF\xBB\xBF", &source.as_bytes()[..=source.find('ë').expect("it has one")]].concat();
    let faults = validate(&cut, &limits).expect_err("half a character is none");
    assert_eq!(faults.faults[0].code, "xml.encoding");
}

/// Every limit of the configuration file reaches level 1 of the program.
#[test]
fn the_configuration_file_sets_the_limits() {
    let nested = |depth: usize| {
        let (open, close) = ("<x>".repeat(depth - 2), "</x>".repeat(depth - 2));
        allocation("x").replacen("<wmo301:Bsn>", &format!("{open}{close}<wmo301:Bsn>"), 1)
    };
    let unknown =
        |count: usize| allocation("x").replacen("<wmo301:Bsn>", &format!("{}<wmo301:Bsn>", "<x/>".repeat(count)), 1);
    let attributes = |count: usize| {
        let more: String = (2..count).map(|at| format!("xmlns:p{at}='u' ")).collect();
        allocation("x").replacen("<wmo301:Bericht ", &format!("<wmo301:Bericht {more}"), 1)
    };
    let bytes = allocation("x").len();
    let rows = [
        (format!("max_bytes = \"{bytes}B\""), allocation("x"), vec![]),
        (format!("max_bytes = \"{}B\"", bytes - 1), allocation("x"), vec!["limit.size"]),
        ("max_depth = 8".to_owned(), nested(8), vec!["elem.unexpected"]),
        ("max_depth = 8".to_owned(), nested(9), vec!["elem.unexpected", "limit.depth"]),
        ("max_attributes = 4".to_owned(), attributes(4), vec![]),
        ("max_attributes = 4".to_owned(), attributes(5), vec!["limit.attributes"]),
        ("max_value_chars = 300".to_owned(), allocation(&"é".repeat(300)), vec![]),
        ("max_value_chars = 300".to_owned(), allocation(&"é".repeat(301)), vec!["limit.value"]),
        ("max_faults = 2".to_owned(), unknown(2), vec!["elem.unexpected"; 2]),
        ("max_faults = 2".to_owned(), unknown(3), vec!["elem.unexpected", "elem.unexpected", "limit.faults"]),
    ];
    for (setting, source, expected) in rows {
        let desk = Desk::new();
        desk.put("sluis.toml", format!("[limits]\n{setting}\n"));
        desk.put("bericht.xml", &source);
        let report = desk.run(&["check", "--json", "--config", "sluis.toml", "bericht.xml"]).report();
        let found = if report["level"] == 1 { faults(&report) } else { Vec::new() };
        assert_eq!(found, expected, "{setting}");
        assert_eq!(report["level"] == 1, !expected.is_empty(), "{setting}: {report}");
    }
}
