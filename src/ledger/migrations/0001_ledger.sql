-- The first shape of the ledger. Moments are microseconds since 1970 (UTC), dates ISO text, money eurocents, digests and
-- keys raw bytes. `message_id` is the message that brought a row; `position` its place in the records of that message.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    transport TEXT NOT NULL,
    transport_id TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    received_at INTEGER NOT NULL,
    law TEXT CHECK (law IN ('wmo', 'jeugdwet')),
    number TEXT,
    afzender TEXT,
    identificatie TEXT,
    dagtekening TEXT,
    gemeente TEXT,
    aanbieder TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'rejected', 'partly', 'held', 'parked')),
    level INTEGER NOT NULL,
    counts_as_sent INTEGER NOT NULL CHECK (counts_as_sent = (verdict IN ('accepted', 'partly', 'held'))),
    register_version TEXT,
    findings TEXT NOT NULL,
    skipped TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- A repeat of a delivery: the same id with the same bytes.
CREATE UNIQUE INDEX messages_delivery ON messages (transport, transport_id, digest);

-- TR056. Return messages carry the identification of the message that they answer, so theirs may repeat.
CREATE UNIQUE INDEX messages_identification ON messages (
    law, number, afzender, identificatie,
    CASE WHEN number IN ('302', '306', '308', '316', '318', '320') THEN id ELSE 0 END
) WHERE counts_as_sent = 1;

CREATE INDEX messages_waiting ON messages (verdict, received_at) WHERE verdict IN ('held', 'parked');

-- How many decisions came to which verdict, ever: read at each scrape, so not counted over again.
CREATE TABLE tallies (
    law TEXT NOT NULL,
    number TEXT NOT NULL,
    verdict TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (law, number, verdict)
) STRICT, WITHOUT ROWID;

-- All versions. The latest is the last in the order of the key (IV013): a time is stored as written, and once more in
-- a form that sorts.
CREATE TABLE allocations (
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    nummer INTEGER NOT NULL,
    toewijzingsdatum TEXT NOT NULL,
    tijd_sorted TEXT NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    position INTEGER NOT NULL,
    aanbieder TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    categorie TEXT,
    code TEXT,
    toewijzingstijd TEXT NOT NULL,
    ingangsdatum TEXT NOT NULL,
    einddatum TEXT,
    reden_wijziging TEXT,
    volume INTEGER,
    eenheid TEXT,
    frequentie TEXT,
    budget INTEGER,
    PRIMARY KEY (law, gemeente, nummer, toewijzingsdatum, tijd_sorted, message_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX allocations_person ON allocations (law, gemeente, person, aanbieder);

-- Starts and stops. A deleted one stays, with the message that deleted it.
CREATE TABLE deliveries (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    position INTEGER NOT NULL,
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    toewijzing_nummer INTEGER,
    categorie TEXT,
    code TEXT,
    begindatum TEXT NOT NULL,
    stop_reden TEXT,
    stop_einddatum TEXT,
    deleted_by INTEGER REFERENCES messages (id),
    PRIMARY KEY (message_id, position),
    CHECK ((stop_reden IS NULL) = (stop_einddatum IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_person ON deliveries (law, gemeente, aanbieder, person, message_id, position)
WHERE deleted_by IS NULL;

CREATE TABLE declaraties (
    law TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    nummer TEXT NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    gemeente TEXT NOT NULL,
    begindatum TEXT NOT NULL,
    einddatum TEXT NOT NULL,
    ingediend INTEGER NOT NULL,
    toegekend INTEGER NOT NULL,
    PRIMARY KEY (law, aanbieder, nummer)
) STRICT, WITHOUT ROWID;

CREATE INDEX declaraties_periode ON declaraties (law, gemeente, aanbieder, begindatum);

-- The keys of one message are neighbours: its provider numbers them in a row.
CREATE TABLE lines (
    law TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    referentie TEXT NOT NULL,
    vorig TEXT,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    position INTEGER NOT NULL,
    gemeente TEXT NOT NULL,
    declaratie TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    toewijzing_nummer INTEGER NOT NULL,
    categorie TEXT NOT NULL,
    code TEXT NOT NULL,
    begindatum TEXT NOT NULL,
    einddatum TEXT NOT NULL,
    volume INTEGER NOT NULL,
    eenheid TEXT NOT NULL,
    tarief INTEGER,
    bedrag INTEGER NOT NULL,
    granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
    PRIMARY KEY (law, aanbieder, referentie)
) STRICT, WITHOUT ROWID;

CREATE INDEX lines_granted ON lines (law, gemeente, aanbieder, toewijzing_nummer, message_id, position)
WHERE granted = 1;

CREATE TABLE postings (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    agreement TEXT NOT NULL,
    sort TEXT NOT NULL CHECK (sort IN ('reservation', 'release', 'realisation')),
    cents INTEGER NOT NULL,
    toewijzing_nummer INTEGER NOT NULL,
    referentie TEXT,
    on_date TEXT NOT NULL
) STRICT;

CREATE TRIGGER postings_are_not_changed BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are append-only: correct one by another of the opposite sign'); END;
CREATE TRIGGER postings_are_not_deleted BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are append-only: correct one by another of the opposite sign'); END;

-- Sums of the postings, kept by the trigger below: budgets are asked for at every message.
CREATE TABLE balances (
    agreement TEXT PRIMARY KEY,
    consumption INTEGER NOT NULL,
    realised INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE allocation_balances (
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    toewijzing_nummer INTEGER NOT NULL,
    agreement TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    realised INTEGER NOT NULL,
    PRIMARY KEY (law, gemeente, toewijzing_nummer, agreement)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER postings_are_summed AFTER INSERT ON postings
BEGIN
    INSERT INTO balances (agreement, consumption, realised)
    VALUES (new.agreement, new.cents, iif(new.sort = 'realisation', new.cents, 0))
    ON CONFLICT (agreement) DO UPDATE SET
        consumption = consumption + excluded.consumption,
        realised = realised + excluded.realised;
    INSERT INTO allocation_balances (law, gemeente, toewijzing_nummer, agreement, reserved, realised)
    VALUES (
        new.law, new.gemeente, new.toewijzing_nummer, new.agreement,
        iif(new.sort = 'realisation', 0, new.cents), iif(new.sort = 'realisation', new.cents, 0)
    )
    ON CONFLICT (law, gemeente, toewijzing_nummer, agreement) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        realised = realised + excluded.realised;
END;

CREATE TABLE signals (
    id TEXT PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    "check" TEXT NOT NULL,
    outcome TEXT NOT NULL,
    severity TEXT NOT NULL,
    region TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `lane` and `receiver` together are a destination whose order is kept. `due_at` is 0 until a first attempt failed.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL CHECK (length(id) = 16),
    message_id INTEGER NOT NULL REFERENCES messages (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('reply', 'forward', 'error', 'signal')),
    lane TEXT NOT NULL CHECK (lane IN ('message', 'error', 'signal')),
    receiver TEXT NOT NULL,
    subject TEXT NOT NULL,
    law TEXT CHECK (law IN ('wmo', 'jeugdwet')),
    region TEXT,
    body BLOB NOT NULL,
    verdict BLOB,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER
) STRICT;

CREATE INDEX outbox_open ON outbox (lane, receiver, sequence, due_at, purpose) WHERE sent_at IS NULL;
CREATE UNIQUE INDEX outbox_id ON outbox (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_message ON outbox (message_id);

CREATE TABLE attempts (
    sequence INTEGER NOT NULL REFERENCES outbox (sequence),
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'retry')),
    retry_at INTEGER,
    reason TEXT,
    PRIMARY KEY (sequence, attempt)
) STRICT, WITHOUT ROWID;

-- Each row's hash covers the row and the hash before it: changing or dropping a row breaks the chain.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    message_id INTEGER REFERENCES messages (id),
    content TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
