//! Certificates and keys that the configuration names.

use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, blocking};
use crate::config::{Config, ServerFiles, TlsFiles};
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// Days left below which somebody should renew, and below which it is worth knowing.
const RENEW: i64 = 30;
const SOON: i64 = 60;
/// Bits of an RSA key that are still taken.
const RSA_BITS: usize = 2048;
/// Signatures that count for nothing any more: MD5 and SHA-1 with RSA, SHA-1 with ECDSA.
const WEAK_SIGNATURES: [&str; 3] = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];

static UNREADABLE: Sort = Sort {
    id: "certificates.unreadable",
    check: "certificates",
    severity: Severity::Fault,
    means: "a certificate or key that the configuration names cannot be read or is not PEM",
    advice: "check the path and the rights; the file holds `-----BEGIN CERTIFICATE-----`, or the key in PKCS#8",
};
static EXPIRED: Sort = Sort {
    id: "certificates.expired",
    check: "certificates",
    severity: Severity::Fault,
    means: "a certificate does not count any more",
    advice: "renew it and put it in the place of the old one; new connections use it at once, without a restart",
};
static NOT_YET: Sort = Sort {
    id: "certificates.not_yet",
    check: "certificates",
    severity: Severity::Fault,
    means: "a certificate does not count yet, or the clock of this machine is behind",
    advice: "look at the clock first; otherwise use the old certificate until the new one counts",
};
static RENEW_NOW: Sort = Sort {
    id: "certificates.renew",
    check: "certificates",
    severity: Severity::Warning,
    means: "a certificate counts for less than thirty days",
    advice: "renew it now",
};
static RENEW_SOON: Sort = Sort {
    id: "certificates.renew_soon",
    check: "certificates",
    severity: Severity::Note,
    means: "a certificate counts for less than sixty days",
    advice: "ask for its renewal: that may take weeks",
};
static OTHER_KEY: Sort = Sort {
    id: "certificates.other_key",
    check: "certificates",
    severity: Severity::Fault,
    means: "a key does not belong to its certificate, so no connection can be made with the two",
    advice: "put the certificate and the key of one request beside each other",
};
static EXPOSED: Sort = Sort {
    id: "certificates.exposed",
    check: "certificates",
    severity: Severity::Warning,
    means: "a key is open to everybody on this machine",
    advice: "run `chmod 640` on it, with the group of the gateway",
};
static WEAK: Sort = Sort {
    id: "certificates.weak",
    check: "certificates",
    severity: Severity::Warning,
    means: "a certificate has an RSA key of less than 2048 bits or a signature with MD5 or SHA-1: others may refuse it",
    advice: "have a new one made with an EC key, or RSA of 2048 bits and more, signed with SHA-256",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 8] =
    [&UNREADABLE, &EXPIRED, &NOT_YET, &RENEW_NOW, &RENEW_SOON, &OTHER_KEY, &EXPOSED, &WEAK];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || {
        if places(&subject.config).is_empty() {
            return Report::nothing_to_examine("the configuration names no certificate");
        }
        let mut report = Report::default();
        look_at_all(&subject.config, subject.now, &mut report);
        report
    })
    .await
}

/// Looks at every certificate and key that the configuration names.
pub(super) fn look_at_all(config: &Config, now: Timestamp, report: &mut Report) {
    for (place, files) in places(config) {
        look(&place, files, now, report);
    }
}

/// Certificates that stand together, each with the key that names it.
#[derive(Clone, Copy)]
struct Named<'c> {
    authority: Option<(&'static str, &'c Path)>,
    certificate: Option<(&'static str, &'c Path)>,
    key: Option<(&'static str, &'c Path)>,
}

impl<'c> From<&'c TlsFiles> for Named<'c> {
    fn from(files: &'c TlsFiles) -> Named<'c> {
        Named {
            authority: files.ca_file.as_deref().map(|file| ("ca_file", file)),
            certificate: files.client_cert_file.as_deref().map(|file| ("client_cert_file", file)),
            key: files.client_key_file.as_deref().map(|file| ("client_key_file", file)),
        }
    }
}

impl<'c> From<&'c ServerFiles> for Named<'c> {
    fn from(files: &'c ServerFiles) -> Named<'c> {
        Named {
            authority: files.client_authority.as_deref().map(|file| ("client_ca_file", file)),
            certificate: Some(("server_cert_file", &files.certificate)),
            key: Some(("server_key_file", &files.key)),
        }
    }
}

/// Where certificates are named.
fn places(config: &Config) -> Vec<(String, Named<'_>)> {
    let broker = config.amqp.iter().map(|amqp| ("[amqp]".to_owned(), Named::from(&amqp.tls)));
    let ledger = std::iter::once(("[ledger]".to_owned(), Named::from(&config.ledger.tls)));
    let offices =
        config.back_offices.values().map(|office| (format!("back office {}", office.gemeente), (&office.tls).into()));
    let provider = config.oidc.iter().map(|oidc| {
        let authority = oidc.ca_file.as_deref().map(|file| ("ca_file", file));
        ("[oidc]".to_owned(), Named { authority, certificate: None, key: None })
    });
    let servers = [("[http_intake]", &config.http_intake.tls), ("[console]", &config.console.tls)];
    let servers = servers.into_iter().filter_map(|(place, tls)| Some((place.to_owned(), tls.as_ref()?.into())));
    let all = broker.chain(ledger).chain(servers).chain(provider).chain(offices);
    all.filter(|(_, named): &(String, Named<'_>)| named.authority.is_some() || named.certificate.is_some()).collect()
}

fn look(place: &str, files: Named<'_>, now: Timestamp, report: &mut Report) {
    let Named { authority, certificate, key } = files;
    if let Some((name, file)) = authority
        && let Some(authorities) = read(place, name, file, report)
    {
        for der in &authorities {
            report.findings.extend(judge(&format!("{place} {name} {}", file.display()), der, now));
        }
    }
    let Some(((name, certificate), key)) = certificate.zip(key) else { return };
    let Some(chain) = read(place, name, certificate, report) else { return };
    for (at, der) in chain.iter().enumerate() {
        let name = format!("{place} {name} {}", certificate.display());
        report.findings.extend(judge(&name, der, now));
        if at == 0
            && let Some(left) = days_left(der, now)
        {
            report.facts.push(format!("{place}: our certificate counts for {left} more days"));
        }
    }
    report.findings.extend(match_key(place, key, chain));
}

fn read(place: &str, key: &str, file: &Path, report: &mut Report) -> Option<Vec<CertificateDer<'static>>> {
    let name = format!("{place} {key} {}", file.display());
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.findings.push(UNREADABLE.found_of(file, format!("{name}: {error}")));
            return None;
        }
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Some(certificates),
        Ok(_) | Err(_) => {
            report.findings.push(UNREADABLE.found_of(file, format!("{name}: it holds no certificate in PEM")));
            None
        }
    }
}

/// Whole days that a certificate still counts; negative when it is over, `None` when it cannot be read.
pub(super) fn days_left(der: &[u8], now: Timestamp) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some((certificate.validity().not_after.timestamp() - now.as_second()).div_euclid(86_400))
}

/// What is wrong with one certificate.
pub(super) fn judge(name: &str, der: &[u8], now: Timestamp) -> Vec<Ailment> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return vec![UNREADABLE.found(format!("{name}: its content is no certificate"))];
    };
    let name = format!("{name} ({})", certificate.subject());
    let mut findings = Vec::new();
    let day = |second: i64| {
        Timestamp::from_second(second).map_or_else(|_| "?".to_owned(), |at| at.strftime("%F").to_string())
    };
    let (begins, ends) = (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    let days = (ends - now.as_second()).div_euclid(86_400);
    if now.as_second() < begins {
        findings.push(NOT_YET.found(format!("{name}: it counts from {}", day(begins))));
    } else if now.as_second() > ends {
        findings.push(EXPIRED.found(format!("{name}: it counted until {}", day(ends))));
    } else if days < RENEW {
        findings.push(RENEW_NOW.found(format!("{name}: {days} day(s) left, until {}", day(ends))));
    } else if days < SOON {
        findings.push(RENEW_SOON.found(format!("{name}: {days} days left, until {}", day(ends))));
    }
    findings.extend(weakness(&certificate).map(|weakness| WEAK.found(format!("{name}: {weakness}"))));
    findings
}

fn weakness(certificate: &X509Certificate<'_>) -> Option<String> {
    if let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed()
        && key.key_size() < RSA_BITS
    {
        return Some(format!("its RSA key has {} bits", key.key_size()));
    }
    let signature = certificate.signature_algorithm.algorithm.to_id_string();
    // Nobody checks the signature of an authority on itself.
    let own = certificate.subject() == certificate.issuer();
    (!own && WEAK_SIGNATURES.contains(&signature.as_str())).then(|| "it is signed with MD5 or SHA-1".to_owned())
}

fn match_key(place: &str, (key, file): (&str, &Path), chain: Vec<CertificateDer<'static>>) -> Vec<Ailment> {
    let name = format!("{place} {key} {}", file.display());
    let unreadable = |why: &str| vec![UNREADABLE.found_of(file, format!("{name}: {why}"))];
    let (bytes, mode) = match (std::fs::read(file), std::fs::metadata(file)) {
        (Ok(bytes), Ok(metadata)) => (bytes, metadata.permissions().mode() & 0o777),
        (Err(error), _) | (_, Err(error)) => return unreadable(&error.to_string()),
    };
    let mut findings = Vec::new();
    if mode & 0o007 != 0 {
        findings.push(EXPOSED.found(format!("{name} has mode {mode:03o}")));
    }
    let signing = PrivateKeyDer::from_pem_slice(&bytes).map(|key| rustls::crypto::ring::sign::any_supported_type(&key));
    match signing {
        Ok(Ok(key)) => {
            if CertifiedKey::new(chain, key).keys_match().is_err() {
                findings.push(OTHER_KEY.found(name));
            }
        }
        Ok(Err(_)) => findings.extend(unreadable("it is a key of a sort that is not supported; use EC or RSA")),
        Err(_) => findings.extend(unreadable("it holds no key in PEM")),
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made(from: (i32, u8, u8), to: (i32, u8, u8)) -> (String, String) {
        let mut params = CertificateParams::new(vec!["sluis.example".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        let key = KeyPair::generate().expect("a key");
        (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
    }

    fn on(year: i16, month: i8, day: i8) -> Timestamp {
        date(year, month, day).to_zoned(TimeZone::UTC).expect("a day").timestamp()
    }

    fn sorts(pem: &str, now: Timestamp) -> Vec<&'static str> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        judge("test", &der, now).iter().map(|finding| finding.sort).collect()
    }

    #[test]
    fn days_are_counted() {
        let (pem, _) = made((2026, 1, 10), (2026, 12, 31));
        for (now, sort) in [
            (on(2026, 1, 9), Some("certificates.not_yet")),
            (on(2026, 1, 10), None),
            (on(2026, 11, 1), None),
            (on(2026, 11, 2), Some("certificates.renew_soon")),
            (on(2026, 12, 1), Some("certificates.renew_soon")),
            (on(2026, 12, 2), Some("certificates.renew")),
            (on(2026, 12, 31), Some("certificates.renew")),
            (on(2027, 1, 1), Some("certificates.expired")),
        ] {
            assert_eq!(sorts(&pem, now), sort.into_iter().collect::<Vec<_>>(), "{now}");
        }
    }

    #[test]
    fn files_are_read_and_keys_are_matched() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("its mode can be set");
            path
        };
        let now = on(2026, 6, 1);
        let (pem, key) = made((2026, 1, 1), (2026, 12, 31));
        let (_, other) = made((2026, 1, 1), (2026, 12, 31));
        let of = |tls: &TlsFiles| {
            let mut report = Report::default();
            look("[amqp]", tls.into(), now, &mut report);
            (report.findings.iter().map(|finding| finding.sort).collect::<Vec<_>>(), report.facts)
        };
        let tls = |certificate: &Path, key: &Path| TlsFiles {
            ca_file: None,
            client_cert_file: Some(certificate.to_owned()),
            client_key_file: Some(key.to_owned()),
        };
        let (certificate, key) = (file("cert.pem", &pem), file("key.pem", &key));
        let (found, facts) = of(&tls(&certificate, &key));
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(facts, ["[amqp]: our certificate counts for 213 more days"]);
        assert_eq!(of(&tls(&certificate, &file("other.pem", &other))).0, ["certificates.other_key"]);
        assert_eq!(of(&tls(&certificate, &file("text.pem", "no key"))).0, ["certificates.unreadable"]);
        assert_eq!(of(&tls(&key, &key)).0, ["certificates.unreadable"], "a key is no certificate");
        assert_eq!(of(&tls(&certificate, &folder.path().join("none.pem"))).0, ["certificates.unreadable"]);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("its mode can be set");
        assert_eq!(of(&tls(&certificate, &key)).0, ["certificates.exposed"]);
        let authority = TlsFiles { ca_file: Some(file("ca.pem", &pem)), ..TlsFiles::default() };
        assert!(of(&authority).0.is_empty());
    }
}
