-- What somebody owes because of a message, one row for each debt. `about` is empty for the message as a whole, else the
-- ReferentieAanbieder of a request or a ToewijzingNummer. `answered_by` is the message that closed it, and stays empty
-- when the gateway gave the answer itself. Days are Dutch civil dates; `asked_at` is the moment, for the age.

CREATE TABLE questions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    debt TEXT NOT NULL CHECK (debt IN ('return', 'declaration_answer', 'request_answer', 'final_answer', 'start')),
    about TEXT NOT NULL,
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    owed_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    asked_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    answered_on TEXT,
    answered_by INTEGER REFERENCES messages (id),
    PRIMARY KEY (message_id, debt, about),
    CHECK (answered_on IS NOT NULL OR answered_by IS NULL),
    CHECK ((about = '') = (debt IN ('return', 'declaration_answer')))
) STRICT, WITHOUT ROWID;

CREATE INDEX questions_open ON questions (debt, due_on, asked_at) WHERE answered_on IS NULL;

-- An allocation or an answer names requests, a start names allocations.
CREATE INDEX questions_about ON questions (about, law, gemeente, aanbieder, debt)
WHERE answered_on IS NULL AND about <> '';

-- A reply may name a message that was rejected: such messages share no unique index, since they count as not sent.
CREATE INDEX messages_rejected ON messages (law, number, afzender, identificatie)
WHERE verdict = 'rejected' AND identificatie IS NOT NULL;

-- Messages of before this table. Replies that the gateway gave are known; for the others the reply that was relayed
-- counts. Working days cannot be told here: three of them are at most five days but for holidays.
INSERT INTO questions (message_id, debt, about, law, gemeente, aanbieder, owed_by, asked_at, asked_on, due_on,
    answered_on, answered_by)
SELECT id, debt, '', law, gemeente, aanbieder, owed_by, received_at, asked_on, date(asked_on, '+5 days'),
    CASE WHEN by_gateway THEN asked_on
        ELSE (SELECT date(a.received_at / 1000000, 'unixepoch') FROM messages AS a WHERE a.id = answer) END,
    answer
FROM (
    SELECT m.id, m.law, m.gemeente, m.aanbieder, m.received_at,
        date(m.received_at / 1000000, 'unixepoch') AS asked_on,
        iif(m.number = '323', 'declaration_answer', 'return') AS debt,
        iif(m.number IN ('301', '319'), m.aanbieder, m.gemeente) AS owed_by,
        m.number NOT IN ('301', '319') AS by_gateway,
        CASE WHEN m.number IN ('301', '319') THEN (
            SELECT min(a.id) FROM messages AS a
            WHERE a.law = m.law AND a.number = iif(m.number = '301', '302', '320') AND a.afzender = m.afzender
                AND a.identificatie = m.identificatie AND a.counts_as_sent = 1
        ) END AS answer
    FROM messages AS m
    WHERE m.verdict IN ('accepted', 'partly') AND m.number IN ('301', '305', '307', '315', '317', '319', '323')
);
