-- Messages that wait for one that they refer to and that may still be under way. They have no verdict yet: when they
-- get one, they become rows of `messages` in the same transaction.

CREATE TABLE waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    transport TEXT NOT NULL,
    transport_id TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    received_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    woken INTEGER NOT NULL DEFAULT 0 CHECK (woken IN (0, 1)),
    law TEXT NOT NULL CHECK (law IN ('wmo', 'jeugdwet')),
    number TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (transport, transport_id, digest)
) STRICT;

CREATE INDEX waiting_woken ON waiting (id) WHERE woken = 1;
CREATE INDEX waiting_until ON waiting (until);

-- What each of them waits for; see `waiting::Awaited::key`.
CREATE TABLE awaited (
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    what TEXT NOT NULL,
    waiting_id INTEGER NOT NULL REFERENCES waiting (id) ON DELETE CASCADE,
    PRIMARY KEY (law, gemeente, aanbieder, what, waiting_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX awaited_by ON awaited (waiting_id);
