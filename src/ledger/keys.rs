//! The keys of the ledger: persons are known by keyed hashes, bodies are sealed. The keys live outside the database, in a
//! file of their own. Whoever loses it loses the bodies; whoever has it and the database has everything.
//!
//! Keys are numbered from 1, each sort for itself. The file holds the secrets; which of them are in force is a row of the
//! ledger, read in the transaction that uses it (see `rotation`), so that all who share a ledger change at one moment.
//!
//! A body is sealed with one key, whose number stands before the seal. A person is known by all person keys in force, one
//! applied to the outcome of the other: what a ledger knows of a person can so be carried to a new key without the BSN,
//! and nobody undoes it who lacks one of them.

use super::error::LedgerError;
use crate::message::Bsn;
use crate::rules::facts::PersonKey;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Number of a key among those of its sort; the first is 1.
pub type KeyId = u32;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeySort {
    /// It seals bodies.
    Body,
    /// It turns a BSN into a person key.
    Person,
}

impl KeySort {
    /// All sorts.
    pub const ALL: [KeySort; 2] = [KeySort::Body, KeySort::Person];

    /// The word in the key file, in the ledger and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            KeySort::Body => "body",
            KeySort::Person => "person",
        }
    }

    /// The sort with that word.
    pub fn parse(word: &str) -> Option<KeySort> {
        KeySort::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

type Secret = [u8; 32];

/// The keys of one ledger: of each sort at least one.
#[derive(Clone)]
pub struct Keys {
    secrets: BTreeMap<(KeySort, KeyId), Secret>,
    /// Where they were read, to read again when the ledger names a key that was added since.
    file: Option<PathBuf>,
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
    /// It does not hold the keys of a ledger.
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
    /// Somebody else changed the file in the meantime.
    #[error("key file {} was changed by somebody else meanwhile and is left alone; look at it and try again", .0.display())]
    Changed(PathBuf),
}

impl Keys {
    /// Fresh random keys, one of each sort, that stand in no file.
    pub fn generate() -> Keys {
        let secrets = KeySort::ALL.map(|sort| ((sort, 1), Secret::generate())).into();
        Keys { secrets, file: None }
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
        let secrets = text.and_then(parse).map_err(|what| KeyError::Malformed { path: path.to_owned(), what })?;
        Ok(Keys { secrets, file: Some(path.to_owned()) })
    }

    /// Writes fresh keys to a new file, readable for its owner alone. Never overwrites; appears as a whole or not.
    pub fn create(path: &Path) -> Result<Keys, KeyError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
            _ => KeyError::Io { path: path.to_owned(), source },
        };
        let keys = Keys { file: Some(path.to_owned()), ..Keys::generate() };
        let file = keys.draft(folder_of(path)).map_err(io)?;
        file.persist_noclobber(path).map_err(|refused| io(refused.error))?;
        sync_folder(path).map_err(io)?;
        Ok(keys)
    }

    /// Adds a fresh key to the file, with the number after the highest of its sort. It comes in force when the ledger
    /// says so; keep a copy of the file before that.
    ///
    /// # Errors
    /// Those of [`Keys::load`], and when the file cannot be written; it is then as it was.
    pub fn add(path: &Path, sort: KeySort) -> Result<KeyId, KeyError> {
        let mut keys = Keys::load(path)?;
        let before = keys.clone();
        let id = keys.latest(sort) + 1;
        keys.secrets.insert((sort, id), Secret::generate());
        keys.replace(path, &before)?;
        Ok(id)
    }

    /// Takes a body key out of the file; whether it was there. What is sealed with it cannot be opened any more, so ask
    /// the ledger first ([`Tx::retire_key`](super::Tx::retire_key)).
    ///
    /// # Errors
    /// As [`Keys::add`], and when it is the only one.
    pub fn remove(path: &Path, id: KeyId) -> Result<bool, KeyError> {
        let mut keys = Keys::load(path)?;
        let before = keys.clone();
        if keys.secrets.remove(&(KeySort::Body, id)).is_none() {
            return Ok(false);
        }
        if keys.ids(KeySort::Body).next().is_none() {
            let what = format!("body key {id} is its only one and stays");
            return Err(KeyError::Malformed { path: path.to_owned(), what });
        }
        keys.replace(path, &before)?;
        Ok(true)
    }

    /// Puts these keys in the place of `before`, for the same owner with the same rights; appears as a whole or not.
    fn replace(&self, path: &Path, before: &Keys) -> Result<(), KeyError> {
        let io = |source| KeyError::Io { path: path.to_owned(), source };
        let old = std::fs::metadata(path).map_err(io)?;
        let file = self.draft(folder_of(path)).map_err(io)?;
        let new = file.as_file().metadata().map_err(io)?;
        // A key that root adds must stay readable for the user that the gateway runs as.
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(file.as_file(), Some(old.uid()), Some(old.gid())).map_err(io)?;
        }
        file.as_file().set_permissions(old.permissions()).map_err(io)?;
        if Keys::load(path)?.secrets != before.secrets {
            return Err(KeyError::Changed(path.to_owned()));
        }
        file.persist(path).map_err(|refused| io(refused.error))?;
        sync_folder(path).map_err(io)
    }

    /// A file beside the real one with these keys, on disk.
    fn draft(&self, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
        // A temporary file is made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(self.to_text().as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Takes over what was added to the file since. What is known already stays: it may have sealed what is in work.
    pub(super) fn look_again(&mut self) {
        let Some(path) = self.file.clone() else { return };
        match Keys::load(&path) {
            Ok(found) => {
                for (key, secret) in found.secrets {
                    self.secrets.entry(key).or_insert(secret);
                }
            }
            Err(error) => tracing::error!(%error, "the key file cannot be read again"),
        }
    }

    /// The numbers of the keys of a sort, ascending.
    pub fn ids(&self, sort: KeySort) -> impl Iterator<Item = KeyId> {
        self.secrets.keys().filter(move |(of, _)| *of == sort).map(|(_, id)| *id)
    }

    /// The highest number of a sort.
    pub fn latest(&self, sort: KeySort) -> KeyId {
        self.ids(sort).max().unwrap_or(0)
    }

    /// The person behind a BSN, as a ledger that all these keys are in force for knows one: 128 bits of HMAC-SHA256,
    /// hexadecimal.
    pub fn person(&self, bsn: &Bsn) -> PersonKey {
        self.person_by(bsn, self.latest(KeySort::Person))
    }

    /// The same by the person keys up to a number. One that is missing leaves out nothing that a caller may rely on:
    /// [`Vault::follow`] lets nobody work without it.
    fn person_by(&self, bsn: &Bsn, upto: KeyId) -> PersonKey {
        let mut key = bsn.expose().as_bytes().to_vec();
        for (_, secret) in self.secrets.range((KeySort::Person, 1)..=(KeySort::Person, upto)) {
            key = short(&mac(secret, &key)).to_vec();
        }
        PersonKey(hex::encode(key))
    }

    /// Carries a person key on to the next key; `None` when that is missing.
    pub(super) fn carry(&self, person: &[u8; 16], to: KeyId) -> Option<[u8; 16]> {
        self.secrets.get(&(KeySort::Person, to)).map(|secret| short(&mac(secret, person)))
    }

    /// Tells a key from others without giving it away; stored in the database. `None` when it is missing.
    pub(super) fn check_value(&self, sort: KeySort, id: KeyId) -> Option<[u8; 16]> {
        self.secrets.get(&(sort, id)).map(|secret| short(&mac(secret, b"sluis ledger key check")))
    }

    fn to_text(&self) -> String {
        let mut text =
            "# Keys of a Sluis ledger. Without this file its messages cannot be read: keep a copy in a safe place,\n\
                        # apart from the database. Which of the numbered keys are in force is a row of the ledger.\n"
                .to_owned();
        for ((sort, id), secret) in &self.secrets {
            let (sort, secret) = (sort.as_str(), hex::encode(secret));
            // The first of each sort stands as it always did.
            let line =
                if *id == 1 { writeln!(text, "{sort} = {secret}") } else { writeln!(text, "{sort}.{id} = {secret}") };
            line.expect("writing to a string cannot fail");
        }
        text
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    std::fs::File::open(folder_of(path))?.sync_all()
}

fn parse(text: &str) -> Result<BTreeMap<(KeySort, KeyId), Secret>, String> {
    let mut secrets = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("line {number} is not `name = value`"));
        };
        let key_of = key_name(name.trim()).map_err(|what| format!("line {number} {what}"))?;
        let secret = key(value.trim()).map_err(|what| format!("line {number}: {what}"))?;
        if secrets.values().any(|known| *known == secret) {
            return Err(format!("line {number} repeats the value of another key"));
        }
        if secrets.insert(key_of, secret).is_some() {
            return Err(format!("line {number} gives a key a second time"));
        }
    }
    let has = |sort| secrets.keys().any(|(of, _)| *of == sort);
    if !has(KeySort::Person) {
        return Err("it has no line `person = …`".to_owned());
    }
    if !has(KeySort::Body) {
        return Err("it has no line `body = …`".to_owned());
    }
    // A person is known by all of them together.
    let persons = (1..).zip(secrets.keys().filter(|(sort, _)| *sort == KeySort::Person));
    match persons.into_iter().find(|(expected, (_, id))| expected != id) {
        Some((1, _)) => Err("it has no line `person = …`, which those after it build on".to_owned()),
        Some((missing, _)) => Err(format!("it has no line `person.{missing} = …`, which those after it build on")),
        None => Ok(secrets),
    }
}

/// `body` and `person` are the first of their sort, `body.2` and `person.2` the second.
fn key_name(name: &str) -> Result<(KeySort, KeyId), String> {
    let (sort, id) = name.split_once('.').unwrap_or((name, "1"));
    let sort = KeySort::parse(sort).ok_or("names neither `person` nor `body`")?;
    let id = id.parse().ok().filter(|id| *id >= 1);
    id.map(|id| (sort, id)).ok_or_else(|| "has a key whose number is none: 1, 2, 3 …".to_owned())
}

fn key(value: &str) -> Result<Secret, String> {
    if value.len() != 64 {
        return Err(format!("a key is 64 hexadecimal digits, this has {} characters", value.chars().count()));
    }
    let mut key = [0; 32];
    hex::decode_to_slice(value, &mut key).map_err(|_| "a key is hexadecimal digits only".to_owned())?;
    Ok(key)
}

fn mac(key: &Secret, text: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn short(mac: &[u8; 32]) -> [u8; 16] {
    *mac.first_chunk().expect("32 bytes begin with 16")
}

/// The keys that a ledger is worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// New bodies are sealed with this one.
    pub body: KeyId,
    /// Persons are known by all up to this one.
    pub person: KeyId,
}

impl InForce {
    /// The key of a sort.
    pub fn of(self, sort: KeySort) -> KeyId {
        match sort {
            KeySort::Body => self.body,
            KeySort::Person => self.person,
        }
    }
}

/// Compresses and seals bodies. The context (which table, which row) is authenticated with the body, so that a sealed
/// body cannot be moved to another row.
pub(super) struct Vault {
    keys: Keys,
    in_force: InForce,
    compressor: zstd::bulk::Compressor<'static>,
}

const NONCE: usize = 24;
/// The fastest level: bodies are XML and shrink to a fifth anyway, and this runs on the one writing thread.
const LEVEL: i32 = 1;
/// Stands before the number of the key. Seals of before the numbers begin with a random nonce and are of key 1; one that
/// begins like this by chance opens all the same, because the seal itself tells which of the two it is.
const NUMBERED: [u8; 4] = *b"SLK2";
/// [`NUMBERED`] and the number.
const HEAD: usize = 8;

impl Vault {
    pub(super) fn new(keys: Keys) -> io::Result<Vault> {
        let in_force = InForce { body: keys.latest(KeySort::Body), person: keys.latest(KeySort::Person) };
        Ok(Vault { in_force, compressor: zstd::bulk::Compressor::new(LEVEL)?, keys })
    }

    /// The keys.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What new bodies are sealed with and persons are known by.
    pub(super) fn in_force(&self) -> InForce {
        self.in_force
    }

    /// Works with what the ledger says is in force; `noted` are the check values that it has of these keys. One that was
    /// added since the start is looked for in the key file.
    ///
    /// # Errors
    /// [`LedgerError::Key`] when it is not there, or another one.
    pub(super) fn follow(
        &mut self,
        in_force: InForce,
        noted: &BTreeMap<(KeySort, KeyId), [u8; 16]>,
    ) -> Result<(), LedgerError> {
        for sort in KeySort::ALL {
            let id = in_force.of(sort);
            if self.keys.check_value(sort, id).is_none() {
                self.keys.look_again();
            }
            let known = self.keys.check_value(sort, id);
            if known.is_none() || known != noted.get(&(sort, id)).copied() {
                return Err(LedgerError::Key { sort, id });
            }
        }
        self.in_force = in_force;
        Ok(())
    }

    pub(super) fn person(&self, bsn: &Bsn) -> PersonKey {
        self.keys.person_by(bsn, self.in_force.person)
    }

    /// A hash of a text that nobody without the keys can find again by trying. It changes with the person key: for what
    /// is kept for a day at most.
    pub(super) fn fleeting(&self, purpose: &str, text: &str) -> Result<[u8; 32], LedgerError> {
        let (sort, id) = (KeySort::Person, self.in_force.person);
        let secret = self.keys.secrets.get(&(sort, id)).ok_or(LedgerError::Key { sort, id })?;
        Ok(mac(secret, format!("{purpose}:{text}").as_bytes()))
    }

    pub(super) fn seal(&mut self, context: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let id = self.in_force.body;
        let cipher = self.cipher(id)?;
        let packed = self.compressor.compress(plain).map_err(|_| LedgerError::Unfit("a body cannot be compressed"))?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: &packed, aad: &context.concat() };
        let sealed = cipher.encrypt(&nonce, payload).map_err(|_| LedgerError::Unfit("a body is too large to seal"))?;
        Ok([&NUMBERED[..], &id.to_be_bytes(), nonce.as_slice(), &sealed].concat())
    }

    pub(super) fn open(&self, context: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, LedgerError> {
        self.open_with(context, sealed).map(|(_, plain)| plain)
    }

    /// Opens a body; also tells which key it is sealed with.
    pub(super) fn open_with(&self, context: &[&[u8]], sealed: &[u8]) -> Result<(KeyId, Vec<u8>), LedgerError> {
        let context = context.concat();
        let by_number = numbered(sealed).map(|(id, rest)| (id, self.unseal(id, &context, rest)));
        let (id, packed) = match by_number {
            Some((id, Ok(packed))) => (id, packed),
            Some((_, Err(error))) => (1, self.unseal(1, &context, sealed).map_err(|_| error)?),
            None => (1, self.unseal(1, &context, sealed)?),
        };
        let plain = zstd::decode_all(packed.as_slice());
        plain.map(|plain| (id, plain)).map_err(|_| LedgerError::Damaged("a body cannot be unpacked"))
    }

    /// Opens a seal that begins with its nonce.
    fn unseal(&self, id: KeyId, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let (nonce, sealed) =
            sealed.split_at_checked(NONCE).ok_or(LedgerError::Damaged("a body is shorter than its seal"))?;
        let nonce = XNonce::try_from(nonce).map_err(|_| LedgerError::Damaged("a body has no nonce"))?;
        let payload = Payload { msg: sealed, aad: context };
        self.cipher(id)?.decrypt(&nonce, payload).map_err(|_| LedgerError::Damaged("the seal of a body is broken"))
    }

    fn cipher(&self, id: KeyId) -> Result<XChaCha20Poly1305, LedgerError> {
        let secret = self.keys.secrets.get(&(KeySort::Body, id));
        secret
            .map(|secret| XChaCha20Poly1305::new(&(*secret).into()))
            .ok_or(LedgerError::Key { sort: KeySort::Body, id })
    }
}

/// The number of the key before a seal, and the seal.
fn numbered(sealed: &[u8]) -> Option<(KeyId, &[u8])> {
    let (head, rest) = sealed.split_first_chunk::<HEAD>()?;
    let (mark, id) = head.split_first_chunk()?;
    let id = KeyId::from_be_bytes(*id.first_chunk()?);
    (*mark == NUMBERED).then_some((id, rest))
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

    /// The last key of a file as text.
    fn good_value(text: &str) -> &str {
        text.trim().rsplit_once("= ").expect("a line of a key").1
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
        assert_eq!(loaded.secrets, keys.secrets);
        assert!(matches!(Keys::create(&path), Err(KeyError::Exists(_))));
        assert_eq!(Keys::load(&path).expect("still the same").secrets, keys.secrets);
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
            (format!("{good}body.0 = {}", "00".repeat(32)), "line 5 has a key whose number is none"),
            (format!("{good}body.x = {}", "00".repeat(32)), "number is none"),
            (format!("{good}person.3 = {}", "00".repeat(32)), "no line `person.2"),
            (format!("{good}body.1 = {}", "00".repeat(32)), "line 5 gives a key a second time"),
            (format!("{good}body.2 = {}", good_value(&good)), "line 5 repeats the value of another key"),
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
        changed[HEAD + NONCE + 3] ^= 1;
        assert!(vault.open(&[b"message", b"1"], &changed).is_err(), "a changed byte");
        assert!(vault.open(&[b"message", b"1"], &sealed[..10]).is_err(), "cut off");
        let again = vault.seal(&[b"message", b"1"], &plain).expect("sealing works");
        assert_ne!(again, sealed, "a fresh nonce each time");
    }

    #[test]
    fn keys_are_added_in_a_row_and_leave_the_rights_of_the_file_alone() {
        let folder = folder();
        let path = folder.path().join("keys");
        let first = Keys::create(&path).expect("keys can be created");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("its mode can be set");
        assert_eq!(Keys::add(&path, KeySort::Body).expect("it is added"), 2);
        assert_eq!(Keys::add(&path, KeySort::Body).expect("it is added"), 3);
        assert_eq!(Keys::add(&path, KeySort::Person).expect("it is added"), 2);
        let mode = std::fs::metadata(&path).expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let keys = Keys::load(&path).expect("it loads");
        assert_eq!(keys.ids(KeySort::Body).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(first.secrets.iter().all(|(key, secret)| keys.secrets.get(key) == Some(secret)), "the old ones stay");
        assert!(Keys::remove(&path, 1).expect("it is removed"));
        assert!(!Keys::remove(&path, 1).expect("it is gone"));
        assert!(Keys::remove(&path, 2).expect("it is removed"));
        let refused = Keys::remove(&path, 3).expect_err("the last one stays").to_string();
        assert!(refused.contains("body key 3 is its only one"), "{refused}");
        assert_eq!(Keys::add(&path, KeySort::Body).expect("it is added"), 4, "no number is used twice in a row");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listing").count(), 1, "no temporary file stays behind");
    }

    #[test]
    fn a_file_of_before_the_numbers_still_loads() {
        let folder = folder();
        let path = folder.path().join("keys");
        let text = format!("# Keys\nperson = {}\nbody = {}\n", "01".repeat(32), "02".repeat(32));
        write(&path, &text, 0o600);
        let keys = Keys::load(&path).expect("it loads");
        assert_eq!((keys.latest(KeySort::Body), keys.latest(KeySort::Person)), (1, 1));
        // The person keys of ledgers of before: HMAC-SHA256 by this key, the first half.
        let by_hand = short(&mac(&[1; 32], b"999900006"));
        assert_eq!(keys.person(&Bsn::from("999900006")).0, hex::encode(by_hand));
    }

    #[test]
    fn a_person_is_carried_to_the_next_key_without_the_bsn() {
        let folder = folder();
        let path = folder.path().join("keys");
        let old = Keys::create(&path).expect("keys can be created");
        Keys::add(&path, KeySort::Person).expect("it is added");
        let new = Keys::load(&path).expect("it loads");
        let bsn = Bsn::from("999900006");
        assert_eq!(new.person_by(&bsn, 1), old.person(&bsn));
        let mut before = [0; 16];
        hex::decode_to_slice(&old.person(&bsn).0, &mut before).expect("a person key is hexadecimal");
        let carried = new.carry(&before, 2).expect("the key is there");
        assert_eq!(hex::encode(carried), new.person(&bsn).0);
        assert_ne!(new.person(&bsn), old.person(&bsn));
        assert_eq!(new.carry(&before, 3), None);
    }

    #[test]
    fn bodies_of_before_the_numbers_open_also_when_they_look_numbered() {
        let mut vault = vault();
        let context: [&[u8]; 2] = [b"message", b"1"];
        let sealed = vault.seal(&context, b"<Bericht/>").expect("sealing works");
        assert_eq!(numbered(&sealed).map(|(id, _)| id), Some(1));
        let old = &sealed[HEAD..];
        assert_eq!(vault.open_with(&context, old).expect("it opens"), (1, b"<Bericht/>".to_vec()));
        // A nonce that begins like the mark, with the number of a key that there is not.
        let mut nonce = [7; NONCE];
        nonce[..4].copy_from_slice(&NUMBERED);
        let packed = vault.compressor.compress(b"<Bericht/>").expect("it is packed");
        let payload = Payload { msg: &packed, aad: &context.concat() };
        let unlucky = vault.cipher(1).expect("the key is there").encrypt(&nonce.into(), payload).expect("it is sealed");
        let unlucky = [&nonce[..], &unlucky].concat();
        assert!(numbered(&unlucky).is_some());
        assert_eq!(vault.open_with(&context, &unlucky).expect("it opens"), (1, b"<Bericht/>".to_vec()));
    }

    #[test]
    fn a_body_of_a_missing_key_names_the_key() {
        let mut vault = vault();
        let mut sealed = vault.seal(&[b"message"], b"x").expect("sealing works");
        sealed[7] = 9;
        let error = vault.open(&[b"message"], &sealed).expect_err("there is no key 9");
        assert!(matches!(error, LedgerError::Key { sort: KeySort::Body, id: 9 }), "{error}");
        assert!(error.is_temporary(), "whoever brings the key mends it");
        assert!(error.to_string().contains("body key 9"), "{error}");
    }
}
