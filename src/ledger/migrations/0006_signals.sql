-- A signal is open from the moment it is first told until its cause is gone, and may open again. What a check over time
-- tells comes of no message, so neither do the events about it.

CREATE TABLE signals_with_ends (
    id TEXT PRIMARY KEY,
    message_id INTEGER REFERENCES messages (id),
    "check" TEXT NOT NULL,
    outcome TEXT NOT NULL,
    severity TEXT NOT NULL,
    region TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    content TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_because TEXT,
    occurrence INTEGER NOT NULL DEFAULT 1,
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO signals_with_ends (id, message_id, "check", outcome, severity, region, gemeente, content, opened_at, seen_at)
SELECT s.id, s.message_id, s."check", s.outcome, s.severity, s.region, s.gemeente, s.content, m.received_at, m.received_at
FROM signals AS s JOIN messages AS m ON m.id = s.message_id;

DROP TABLE signals;
ALTER TABLE signals_with_ends RENAME TO signals;

CREATE INDEX signals_open ON signals (region, "check", severity, opened_at) WHERE ended_at IS NULL;

-- When a region was last looked over, and by which register.
CREATE TABLE surveys (
    region TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    register_version TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `message_id` becomes optional. Attempts refer to the outbox, so they step aside meanwhile.
CREATE TEMP TABLE attempts_aside AS SELECT * FROM attempts;
DROP TABLE attempts;

CREATE TABLE outbox_of_any (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL CHECK (length(id) = 16),
    message_id INTEGER REFERENCES messages (id),
    correlation TEXT,
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
    sent_at INTEGER,
    CHECK ((message_id IS NULL) <> (correlation IS NULL))
) STRICT;

INSERT INTO outbox_of_any (sequence, id, message_id, purpose, lane, receiver, subject, law, region, body, verdict,
    created_at, due_at, attempts, sent_at)
SELECT sequence, id, message_id, purpose, lane, receiver, subject, law, region, body, verdict,
    created_at, due_at, attempts, sent_at
FROM outbox ORDER BY sequence;

DROP TABLE outbox;
ALTER TABLE outbox_of_any RENAME TO outbox;

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

INSERT INTO attempts SELECT * FROM attempts_aside;
DROP TABLE attempts_aside;
