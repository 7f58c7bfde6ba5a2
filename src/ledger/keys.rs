//! The keys of the ledger: one turns a BSN into a person key, one seals bodies. They live outside the database, in a
//! file of their own. Whoever loses it loses the bodies; whoever has it and the database has everything.

use super::error::LedgerError;
use crate::message::Bsn;
use crate::rules::facts::PersonKey;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Two keys of 32 bytes.
#[derive(Clone)]
pub struct Keys {
    person: [u8; 32],
    body: [u8; 32],
}

/// Why a key file cannot be used. Never shows what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("there is no key file {}; restore it from where it is kept, or create one for a new ledger", .0.display())]
    Missing(PathBuf),
    /// It is there and cannot be read or written.
    #[error("failed to use key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than its owner and group can reach it.
    #[error("key file {} is open to everybody (mode {mode:03o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold two keys.
    #[error("key file {} is not usable: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, without the value.
        what: String,
    },
    /// `create` found a file: overwriting a key would lose all that was sealed with it.
    #[error("key file {} exists already and is left alone", .0.display())]
    Exists(PathBuf),
}

impl Keys {
    /// Fresh random keys.
    pub fn generate() -> Keys {
        Keys { person: <[u8; 32]>::generate(), body: <[u8; 32]>::generate() }
    }

    /// Reads a file made by [`Keys::create`]. It must not be readable or writable for everybody.
    pub fn load(path: &Path) -> Result<Keys, KeyError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Io { path: path.to_owned(), source },
        };
        let mode = std::fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
        if mode & 0o027 != 0 {
            return Err(KeyError::Exposed { path: path.to_owned(), mode });
        }
        let text = std::fs::read(path).map_err(io)?;
        let text = std::str::from_utf8(&text).map_err(|_| "it is not text".to_owned());
        text.and_then(parse).map_err(|what| KeyError::Malformed { path: path.to_owned(), what })
    }

    /// Writes fresh keys to a new file, readable for its owner alone. Never overwrites; appears as a whole or not.
    pub fn create(path: &Path) -> Result<Keys, KeyError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
            _ => KeyError::Io { path: path.to_owned(), source },
        };
        let keys = Keys::generate();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // A temporary file is made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        file.write_all(keys.to_text().as_bytes()).map_err(io)?;
        file.as_file().sync_all().map_err(io)?;
        file.persist_noclobber(path).map_err(|refused| io(refused.error))?;
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(keys)
    }

    /// The person behind a BSN, as the ledger knows one: 128 bits of HMAC-SHA256, hexadecimal.
    pub fn person(&self, bsn: &Bsn) -> PersonKey {
        PersonKey(hex::encode(&mac(&self.person, bsn.expose().as_bytes())[..16]))
    }

    /// Tells these keys from others without giving them away; stored in the database.
    pub(super) fn check_value(&self) -> Vec<u8> {
        let text = b"sluis ledger key check";
        [&mac(&self.person, text)[..16], &mac(&self.body, text)[..16]].concat()
    }

    fn to_text(&self) -> String {
        format!(
            "# Keys of a Sluis ledger. Without this file its messages cannot be read: keep a copy in a safe place,\n\
             # apart from the database.\nperson = {}\nbody = {}\n",
            hex::encode(self.person),
            hex::encode(self.body)
        )
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

fn parse(text: &str) -> Result<Keys, String> {
    let (mut person, mut body) = (None, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("line {number} is not `name = value`"));
        };
        let slot = match name.trim() {
            "person" => &mut person,
            "body" => &mut body,
            _ => return Err(format!("line {number} names neither `person` nor `body`")),
        };
        if slot.replace(key(value.trim()).map_err(|what| format!("line {number}: {what}"))?).is_some() {
            return Err(format!("line {number} gives a key a second time"));
        }
    }
    let person = person.ok_or("it has no line `person = …`")?;
    let body = body.ok_or("it has no line `body = …`")?;
    Ok(Keys { person, body })
}

fn key(value: &str) -> Result<[u8; 32], String> {
    if value.len() != 64 {
        return Err(format!("a key is 64 hexadecimal digits, this has {} characters", value.chars().count()));
    }
    let mut key = [0; 32];
    hex::decode_to_slice(value, &mut key).map_err(|_| "a key is hexadecimal digits only".to_owned())?;
    Ok(key)
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Compresses and seals bodies. The context (which table, which row) is authenticated with the body, so that a sealed
/// body cannot be moved to another row.
pub(super) struct Vault {
    keys: Keys,
    cipher: XChaCha20Poly1305,
    compressor: zstd::bulk::Compressor<'static>,
}

const NONCE: usize = 24;
/// The fastest level: bodies are XML and shrink to a fifth anyway, and this runs on the one writing thread.
const LEVEL: i32 = 1;

impl Vault {
    pub(super) fn new(keys: Keys) -> io::Result<Vault> {
        let cipher = XChaCha20Poly1305::new(&keys.body.into());
        Ok(Vault { cipher, compressor: zstd::bulk::Compressor::new(LEVEL)?, keys })
    }

    pub(super) fn person(&self, bsn: &Bsn) -> PersonKey {
        self.keys.person(bsn)
    }

    pub(super) fn seal(&mut self, context: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let packed = self.compressor.compress(plain).map_err(|_| LedgerError::Unfit("a body cannot be compressed"))?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: &packed, aad: &context.concat() };
        let sealed =
            self.cipher.encrypt(&nonce, payload).map_err(|_| LedgerError::Unfit("a body is too large to seal"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(super) fn open(&self, context: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let (nonce, sealed) =
            sealed.split_at_checked(NONCE).ok_or(LedgerError::Damaged("a body is shorter than its seal"))?;
        let nonce = XNonce::try_from(nonce).map_err(|_| LedgerError::Damaged("a body has no nonce"))?;
        let payload = Payload { msg: sealed, aad: &context.concat() };
        let packed =
            self.cipher.decrypt(&nonce, payload).map_err(|_| LedgerError::Damaged("the seal of a body is broken"))?;
        zstd::decode_all(packed.as_slice()).map_err(|_| LedgerError::Damaged("a body cannot be unpacked"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    fn write(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).expect("a temporary file can be written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode can be set");
    }

    fn vault() -> Vault {
        Vault::new(Keys::generate()).expect("a compressor can be made")
    }

    #[test]
    fn created_keys_load_back_and_are_private() {
        let folder = folder();
        let path = folder.path().join("ledger.keys");
        let keys = Keys::create(&path).expect("keys can be created");
        let mode = std::fs::metadata(&path).expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let loaded = Keys::load(&path).expect("keys can be loaded");
        assert_eq!(loaded.check_value(), keys.check_value());
        assert!(matches!(Keys::create(&path), Err(KeyError::Exists(_))));
        assert_eq!(Keys::load(&path).expect("still the same").check_value(), keys.check_value());
        assert_eq!(std::fs::read_dir(folder.path()).expect("listing").count(), 1, "no temporary file stays behind");
    }

    #[test]
    fn faulty_key_files_are_told_apart_without_their_content() {
        let folder = folder();
        let path = folder.path().join("keys");
        assert!(matches!(Keys::load(&path), Err(KeyError::Missing(_))));
        let good = Keys::generate().to_text();
        write(&path, &good, 0o644);
        assert!(matches!(Keys::load(&path), Err(KeyError::Exposed { mode: 0o644, .. })));
        let secret = "5ec2e7";
        for (text, expected) in [
            (format!("person = {secret}\n"), "64 hexadecimal digits, this has 6"),
            (format!("person = {}\n", "zz".repeat(32)), "hexadecimal digits only"),
            (secret.to_owned(), "line 1 is not `name = value`"),
            (format!("persoon = {}", "00".repeat(32)), "neither `person` nor `body`"),
            (format!("person = {}", "00".repeat(32)), "no line `body"),
            (String::new(), "no line `person"),
        ] {
            write(&path, &text, 0o600);
            let error = Keys::load(&path).expect_err("the file is faulty").to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains(secret), "{error}");
        }
        write(&path, &good, 0o640);
        Keys::load(&path).expect("the group may read");
    }

    #[test]
    fn keys_print_as_stars() {
        assert_eq!(format!("{:?}", Keys::generate()), "Keys(***)");
    }

    #[test]
    fn persons_depend_on_bsn_and_key() {
        let (keys, others) = (Keys::generate(), Keys::generate());
        let bsn = Bsn::from("999900006");
        assert_eq!(keys.person(&bsn), keys.clone().person(&bsn));
        assert_ne!(keys.person(&bsn), keys.person(&Bsn::from("999900018")));
        assert_ne!(keys.person(&bsn), others.person(&bsn));
        assert_eq!(keys.person(&bsn).0.len(), 32);
    }

    #[test]
    fn a_sealed_body_opens_only_whole_and_in_its_own_place() {
        let mut vault = vault();
        let plain = b"<Bsn>999900006</Bsn>".repeat(100);
        let sealed = vault.seal(&[b"message", b"1"], &plain).expect("sealing works");
        assert!(sealed.len() < plain.len() / 5, "it is compressed: {} of {}", sealed.len(), plain.len());
        assert_eq!(vault.open(&[b"message", b"1"], &sealed).expect("it opens"), plain);
        assert!(vault.open(&[b"message", b"2"], &sealed).is_err(), "another row");
        let mut changed = sealed.clone();
        changed[NONCE + 3] ^= 1;
        assert!(vault.open(&[b"message", b"1"], &changed).is_err(), "a changed byte");
        assert!(vault.open(&[b"message", b"1"], &sealed[..10]).is_err(), "cut off");
        let again = vault.seal(&[b"message", b"1"], &plain).expect("sealing works");
        assert_ne!(again, sealed, "a fresh nonce each time");
    }
}
