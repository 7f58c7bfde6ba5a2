-- For pages: what was ordered about a message, signals from the latest on, and the course of an agreement month by month.

CREATE INDEX orders_of ON orders (message_id, id);
CREATE INDEX signals_by_time ON signals (opened_at, id);
CREATE INDEX postings_by_agreement ON postings (agreements, on_date, sort, cents);
