-- What may go after its term. `removed` tells how much of a message has gone: 0 nothing, 1 its bodies and those of what
-- left because of it, 2 also details, 3 all but the row itself. An empty body is one that was removed: a sealed one is
-- never empty. Persons of records that only stay for their numbers are sixteen zero bytes, which no key gives.

ALTER TABLE messages ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed BETWEEN 0 AND 3);

CREATE INDEX messages_retention ON messages (
    removed, coalesce(law, ''), coalesce(number, ''), verdict, received_at, id
);

-- From a message to what it left behind, and from a person to all that is known of one.
CREATE INDEX allocations_message ON allocations (message_id);
CREATE INDEX lines_message ON lines (message_id);
CREATE INDEX requests_message ON requests (message_id);
CREATE INDEX IF NOT EXISTS signals_message ON signals (message_id);
CREATE INDEX deliveries_of_person ON deliveries (law, gemeente, person);
CREATE INDEX lines_of_person ON lines (law, gemeente, person);
CREATE INDEX requests_of_person ON requests (law, gemeente, person);

-- What came of no message.
CREATE INDEX outbox_of_none ON outbox (created_at) WHERE message_id IS NULL;

-- Each time that somebody went through the ledger. Without an end: it was broken off, and the next one goes on.
CREATE TABLE retentions (
    id INTEGER PRIMARY KEY,
    began_at INTEGER NOT NULL,
    day TEXT NOT NULL,
    given_by TEXT,
    reason TEXT,
    finished_at INTEGER,
    bodies INTEGER NOT NULL DEFAULT 0,
    details INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0,
    persons INTEGER NOT NULL DEFAULT 0,
    others INTEGER NOT NULL DEFAULT 0,
    CHECK ((given_by IS NULL) = (reason IS NULL))
) STRICT;
