-- For pages; see the step of SQLite.

CREATE INDEX orders_of ON orders (message_id, id);
CREATE INDEX signals_by_time ON signals (opened_at, id);
CREATE INDEX postings_by_agreement ON postings (agreements, on_date, sort, cents);
