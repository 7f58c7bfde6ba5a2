-- When somebody last sent a message of a kind, by the party that wrote it: for silence, which is asked at every scrape. A
-- message that the gateway made itself in the name of a party is none of that party's.

CREATE TABLE last_messages (
    law TEXT NOT NULL,
    number TEXT NOT NULL,
    party TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (law, number, party)
) STRICT, WITHOUT ROWID;

INSERT INTO last_messages (law, number, party, at)
SELECT law, number, party, max(received_at) FROM (
    SELECT law, number, received_at,
        CASE WHEN number IN ('301', '306', '308', '316', '318', '319', '325') THEN gemeente ELSE aanbieder END AS party
    FROM messages WHERE law IS NOT NULL AND number IS NOT NULL AND transport <> 'gateway'
) AS m WHERE party IS NOT NULL GROUP BY law, number, party;
