-- The sender that an account is bound to; see the step of SQLite.

ALTER TABLE access_accounts ADD COLUMN sender text COLLATE "C";
