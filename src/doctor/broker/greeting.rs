//! What a broker says of itself before anybody logs in: the first frame of AMQP 0-9-1, `connection.start`.

use super::super::remote::Stream;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";
/// `connection.start`: class 10, method 10.
const START: [u8; 4] = [0, 10, 0, 10];
/// Longest first frame that is read, and longest wait for it.
const LONGEST: u32 = 64 * 1024;
const ANSWER: Duration = Duration::from_secs(4);

/// Product and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Greeting {
    pub(super) product: String,
    pub(super) version_text: String,
}

/// Major and minor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32);

impl Greeting {
    /// The version in numbers, when it has the form of one.
    pub(super) fn version(&self) -> Option<Version> {
        let mut parts = self.version_text.split('.');
        let mut number = || parts.next()?.parse::<u32>().ok();
        Some(Version(number()?, number()?))
    }
}

/// Says hello and reads the answer; `None` when something else answers.
pub(super) async fn read(mut stream: Box<dyn Stream>) -> Option<Greeting> {
    let read = async {
        stream.write_all(HEADER).await.ok()?;
        stream.flush().await.ok()?;
        // Type 1 (a method), channel 0, the length.
        let mut head = [0; 7];
        stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes(head.get(3..7)?.try_into().ok()?);
        if head.first() != Some(&1) || length > LONGEST {
            return None;
        }
        let mut frame = vec![0; usize::try_from(length).ok()?];
        stream.read_exact(&mut frame).await.ok()?;
        parse(&frame)
    };
    tokio::time::timeout(ANSWER, read).await.ok().flatten()
}

/// Reads product and version from the table of properties.
fn parse(frame: &[u8]) -> Option<Greeting> {
    let mut rest = Bytes(frame.strip_prefix(&START)?);
    // The version of the protocol.
    rest.take(2)?;
    let length = rest.number(4)?;
    let mut table = Bytes(rest.take(length)?);
    let (mut product, mut version) = (None, None);
    while !table.0.is_empty() {
        let length = table.number(1)?;
        let name = table.take(length)?;
        match (name, table.value()?) {
            (b"product", Value::Text(text)) => product = Some(text),
            (b"version", Value::Text(text)) => version = Some(text),
            _ => {}
        }
    }
    let text = |value: Option<&[u8]>| value.map(|value| String::from_utf8_lossy(value).into_owned());
    Some(Greeting { product: text(product)?, version_text: text(version)? })
}

/// A value of a table.
enum Value<'a> {
    /// A long string.
    Text(&'a [u8]),
    /// Something else, of a known length.
    Other,
}

/// Bytes that are taken from the front; `None` at the end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        Some(self.take(width)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// A value of a table; `None` for a sort that is not known, because nobody knows how long it is.
    fn value(&mut self) -> Option<Value<'a>> {
        let sort = self.take(1)?;
        let fixed = match sort {
            b"S" => {
                let length = self.number(4)?;
                return self.take(length).map(Value::Text);
            }
            b"F" | b"A" | b"x" => self.number(4)?,
            b"t" | b"b" | b"B" => 1,
            b"s" | b"u" => 2,
            b"I" | b"i" | b"f" => 4,
            b"D" => 5,
            b"l" | b"d" | b"T" | b"L" => 8,
            b"V" => 0,
            _ => return None,
        };
        self.take(fixed).map(|_| Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: &[u8]) -> Vec<u8> {
        [&[u8::try_from(name.len()).expect("short")], name.as_bytes(), value].concat()
    }

    fn string(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).expect("short").to_be_bytes();
        [b"S".as_slice(), &length, text.as_bytes()].concat()
    }

    fn frame(entries: &[Vec<u8>]) -> Vec<u8> {
        let table = entries.concat();
        let length = u32::try_from(table.len()).expect("short").to_be_bytes();
        [START.as_slice(), &[0, 9], &length, &table].concat()
    }

    #[test]
    fn product_and_version_are_found_among_other_properties() {
        let inner = entry("consumer", b"t\x01");
        let length = u32::try_from(inner.len()).expect("short").to_be_bytes();
        let capabilities = [b"F".as_slice(), &length, &inner].concat();
        let frame = frame(&[
            entry("capabilities", &capabilities),
            entry("product", &string("RabbitMQ")),
            entry("number", b"I\x00\x00\x00\x01"),
            entry("version", &string("3.10.8")),
        ]);
        let greeting = parse(&frame).expect("a greeting");
        assert_eq!((greeting.product.as_str(), greeting.version()), ("RabbitMQ", Some(Version(3, 10))));
        assert!(Version(3, 9) < Version(3, 10) && Version(3, 13) < Version(4, 0));
    }

    #[test]
    fn bytes_of_another_kind_are_no_greeting() {
        let good = frame(&[entry("product", &string("x")), entry("version", &string("1.2"))]);
        assert!(parse(&good).is_some());
        for end in 0..good.len() {
            assert_eq!(parse(&good[..end]), None, "cut at {end}");
        }
        assert_eq!(parse(b"HTTP/1.1 400 Bad Request"), None);
        assert_eq!(parse(&frame(&[entry("product", b"?x")])), None, "a sort that nobody knows");
        let longer = [START.as_slice(), &[0, 9], &u32::MAX.to_be_bytes()].concat();
        assert_eq!(parse(&longer), None, "a length that is not there");
    }
}
