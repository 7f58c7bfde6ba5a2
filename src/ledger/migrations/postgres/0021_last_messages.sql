-- When somebody last sent a message of a kind; see the step of SQLite.

CREATE TABLE last_messages (
    law text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (law, number, party)
);

INSERT INTO last_messages (law, number, party, at)
SELECT law, number, party, max(received_at) FROM (
    SELECT law, number, received_at,
        CASE WHEN number IN ('301', '306', '308', '316', '318', '319', '325') THEN gemeente ELSE aanbieder END AS party
    FROM messages WHERE law IS NOT NULL AND number IS NOT NULL AND transport <> 'gateway'
) AS m WHERE party IS NOT NULL GROUP BY law, number, party;
