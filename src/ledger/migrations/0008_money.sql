-- Accounts: every euro is booked to exactly one, and a posting names the agreements that it counts for. Balances are
-- kept by the trigger below: budgets are asked for at every message.
--
-- Postings of before were made once per agreement, and the ledger does not know of which segment an agreement is. They
-- stay as they are, without an account, and count for their agreement only. What they realised is booked once more, on
-- an account `unmapped` and for no agreement, so that the accounts tie to the declarations from the first day on. What
-- they reserved moves to its account with the first daily work that has the register, or when a message changes it.

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    law TEXT NOT NULL CHECK (law IN ('wmo', 'jeugdwet')),
    gemeente TEXT NOT NULL,
    segment TEXT NOT NULL,
    subsegment TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    model TEXT NOT NULL,
    year INTEGER NOT NULL,
    reserved INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0,
    realised INTEGER NOT NULL DEFAULT 0,
    UNIQUE (law, gemeente, segment, subsegment, aanbieder, model, year)
) STRICT;

DROP TRIGGER postings_are_not_changed;
DROP TRIGGER postings_are_not_deleted;
DROP TRIGGER postings_are_summed;
ALTER TABLE postings RENAME TO postings_before;
ALTER TABLE allocation_balances RENAME TO allocation_balances_before;

CREATE TABLE postings (
    id INTEGER PRIMARY KEY,
    message_id INTEGER REFERENCES messages (id),
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    agreements TEXT NOT NULL,
    sort TEXT NOT NULL CHECK (sort IN ('reservation', 'release', 'realisation', 'credit', 'instalment')),
    cents INTEGER NOT NULL,
    toewijzing_nummer INTEGER,
    referentie TEXT,
    on_date TEXT NOT NULL,
    late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
    CHECK (account_id IS NOT NULL OR json_array_length(agreements) = 1),
    CHECK (toewijzing_nummer IS NOT NULL OR referentie IS NOT NULL)
) STRICT;

INSERT INTO postings (id, message_id, law, gemeente, account_id, agreements, sort, cents, toewijzing_nummer, referentie,
    on_date)
SELECT id, message_id, law, gemeente, NULL, json_array(agreement), sort, cents, toewijzing_nummer, referentie, on_date
FROM postings_before ORDER BY id;

-- `account_id` is 0 for what has none.
CREATE TABLE allocation_balances (
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    toewijzing_nummer INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    agreements TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    realised INTEGER NOT NULL,
    PRIMARY KEY (law, gemeente, toewijzing_nummer, account_id, agreements)
) STRICT, WITHOUT ROWID;

INSERT INTO allocation_balances (law, gemeente, toewijzing_nummer, account_id, agreements, reserved, realised)
SELECT law, gemeente, toewijzing_nummer, 0, json_array(agreement), reserved, realised
FROM allocation_balances_before;

DROP TABLE postings_before;
DROP TABLE allocation_balances_before;

-- What the daily work looks for: something open on an account, instalments, and what a message booked.
CREATE INDEX allocation_balances_open ON allocation_balances (law, gemeente, account_id) WHERE reserved <> 0;
CREATE INDEX postings_instalments ON postings (referentie) WHERE toewijzing_nummer IS NULL;
CREATE INDEX postings_message ON postings (message_id);
CREATE INDEX deliveries_of_allocation ON deliveries (law, gemeente, toewijzing_nummer, message_id, position)
WHERE deleted_by IS NULL;

CREATE TRIGGER postings_are_not_changed BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are append-only: correct one by another of the opposite sign'); END;
CREATE TRIGGER postings_are_not_deleted BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are append-only: correct one by another of the opposite sign'); END;

CREATE TRIGGER postings_are_summed AFTER INSERT ON postings
BEGIN
    UPDATE accounts SET
        reserved = reserved + iif(new.sort = 'reservation', new.cents, 0),
        released = released + iif(new.sort = 'release', new.cents, 0),
        realised = realised + iif(new.sort IN ('reservation', 'release'), 0, new.cents)
    WHERE id = new.account_id;
    INSERT INTO balances (agreement, consumption, realised)
    SELECT value, new.cents, iif(new.sort IN ('reservation', 'release'), 0, new.cents)
    FROM json_each(new.agreements) WHERE true
    ON CONFLICT (agreement) DO UPDATE SET
        consumption = consumption + excluded.consumption,
        realised = realised + excluded.realised;
    INSERT INTO allocation_balances (law, gemeente, toewijzing_nummer, account_id, agreements, reserved, realised)
    SELECT new.law, new.gemeente, new.toewijzing_nummer, coalesce(new.account_id, 0), new.agreements,
        iif(new.sort IN ('reservation', 'release'), new.cents, 0),
        iif(new.sort IN ('reservation', 'release'), 0, new.cents)
    WHERE new.toewijzing_nummer IS NOT NULL
    ON CONFLICT (law, gemeente, toewijzing_nummer, account_id, agreements) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        realised = realised + excluded.realised;
END;

INSERT INTO accounts (law, gemeente, segment, subsegment, aanbieder, model, year)
SELECT DISTINCT l.law, l.gemeente, 'unmapped', '', l.aanbieder, 'not_stated', CAST(l.begindatum AS INTEGER)
FROM lines AS l CROSS JOIN messages AS m ON m.id = l.message_id
WHERE l.granted = 1 AND l.bedrag <> 0 AND m.register_version IS NOT NULL
ORDER BY 1, 2, 5, 7;

INSERT INTO postings (message_id, law, gemeente, account_id, agreements, sort, cents, toewijzing_nummer, referentie,
    on_date)
SELECT l.message_id, l.law, l.gemeente, a.id, '[]', iif(l.bedrag < 0, 'credit', 'realisation'), l.bedrag,
    l.toewijzing_nummer, l.referentie, l.begindatum
FROM lines AS l CROSS JOIN messages AS m ON m.id = l.message_id
JOIN accounts AS a ON a.law = l.law AND a.gemeente = l.gemeente AND a.segment = 'unmapped' AND a.subsegment = ''
    AND a.aanbieder = l.aanbieder AND a.model = 'not_stated' AND a.year = CAST(l.begindatum AS INTEGER)
WHERE l.granted = 1 AND l.bedrag <> 0 AND m.register_version IS NOT NULL
ORDER BY l.message_id, l.position;
