-- Requests (315, 317), one row for each ReferentieAanbieder, and what the municipality said to them (319, 301).

CREATE TABLE requests (
    law TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    referentie TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    message_id INTEGER NOT NULL REFERENCES messages (id),
    position INTEGER NOT NULL,
    honoured_by INTEGER REFERENCES messages (id),
    PRIMARY KEY (law, aanbieder, referentie)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_person ON requests (law, gemeente, aanbieder, person);

CREATE TABLE answers (
    law TEXT NOT NULL,
    aanbieder TEXT NOT NULL,
    referentie TEXT NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    antwoord TEXT NOT NULL CHECK (antwoord IN ('1', '2')),
    PRIMARY KEY (law, aanbieder, referentie, message_id)
) STRICT, WITHOUT ROWID;
