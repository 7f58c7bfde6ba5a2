-- What checks over time need: which request an allocation honours, who referred, and who lives in one household.

ALTER TABLE allocations ADD COLUMN referentie TEXT;

ALTER TABLE requests ADD COLUMN verwijzer TEXT;
ALTER TABLE requests ADD COLUMN verwijzer_agb TEXT;

-- Messages do not tell households: a municipality may hand them in. One person, one household within a municipality.
CREATE TABLE households (
    gemeente TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    household TEXT NOT NULL,
    PRIMARY KEY (gemeente, person)
) STRICT, WITHOUT ROWID;
