-- What people look for: which message is about what, and about whom, also when it was rejected. `what` is a sort and a
-- value: `allocation 1001`, `declaration D-2026-02`, `request V-17`, `rule TR019`, and `claimed 42420001` for the sender
-- that a message names which failed at level 1. The moment of receipt stands in each row, so that a search reads the
-- latest rows first and no more than it shows.

CREATE TABLE mentions (
    what TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    PRIMARY KEY (what, received_at, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_message ON mentions (message_id, what);

CREATE TABLE subjects (
    person BLOB NOT NULL CHECK (length(person) = 16),
    received_at INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    PRIMARY KEY (person, received_at, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX subjects_message ON subjects (message_id);

-- Somebody looks a person up, for a short while: what a page is reached by instead of by the person.
CREATE TABLE looks (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    made_by TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX looks_until ON looks (until);

CREATE INDEX messages_by_time ON messages (received_at, id);
CREATE INDEX messages_by_identificatie ON messages (identificatie, received_at, id) WHERE identificatie IS NOT NULL;
CREATE INDEX messages_by_gemeente ON messages (gemeente, received_at, id);
CREATE INDEX messages_by_aanbieder ON messages (aanbieder, received_at, id);
CREATE INDEX messages_by_number ON messages (number, received_at, id);
CREATE INDEX messages_by_verdict ON messages (verdict, received_at, id) WHERE verdict <> 'accepted';
CREATE INDEX lines_referentie ON lines (referentie);
CREATE INDEX signals_message ON signals (message_id);
CREATE INDEX allocations_whose ON allocations (person, law, gemeente, nummer);
CREATE INDEX allocations_numbered ON allocations (nummer, law, gemeente);
CREATE INDEX allocations_of_aanbieder ON allocations (aanbieder, law, gemeente, nummer);
CREATE INDEX questions_answered_by ON questions (answered_by) WHERE answered_by IS NOT NULL;

-- Messages of before these tables, as far as columns tell: all that were processed, and the rules that any message broke.
-- Which allocation a message names that was rejected stands in its sealed body alone.
INSERT INTO mentions (what, received_at, message_id)
SELECT f.what, m.received_at, m.id FROM (
    SELECT 'rule ' || json_extract(e.value, '$.rule') AS what, b.id AS message_id
    FROM messages AS b CROSS JOIN json_each(b.findings) AS e
    UNION SELECT 'allocation ' || nummer, message_id FROM allocations
    UNION SELECT 'allocation ' || nummer, message_id FROM held_allocations
    UNION SELECT 'allocation ' || toewijzing_nummer, message_id FROM deliveries WHERE toewijzing_nummer IS NOT NULL
    UNION SELECT 'allocation ' || toewijzing_nummer, deleted_by FROM deliveries
        WHERE toewijzing_nummer IS NOT NULL AND deleted_by IS NOT NULL
    UNION SELECT 'allocation ' || toewijzing_nummer, message_id FROM lines
    UNION SELECT 'declaration ' || nummer, message_id FROM declaraties
    UNION SELECT 'declaration ' || declaratie, message_id FROM lines
    UNION SELECT 'request ' || referentie, message_id FROM requests
    UNION SELECT 'request ' || referentie, message_id FROM answers
    UNION SELECT 'request ' || referentie, message_id FROM allocations WHERE referentie IS NOT NULL
    UNION SELECT 'claimed ' || afzender, id FROM messages WHERE afzender IS NOT NULL AND identificatie IS NULL
) AS f JOIN messages AS m ON m.id = f.message_id WHERE f.what IS NOT NULL;

INSERT INTO subjects (person, received_at, message_id)
SELECT s.person, m.received_at, m.id FROM (
    SELECT person, message_id FROM allocations
    UNION SELECT person, message_id FROM deliveries
    UNION SELECT person, deleted_by FROM deliveries WHERE deleted_by IS NOT NULL
    UNION SELECT person, message_id FROM lines
    UNION SELECT person, message_id FROM requests
) AS s JOIN messages AS m ON m.id = s.message_id;
