-- The sender that an account is bound to, by its name in the configuration: such an account has no roles, and tries out
-- messages of that sender alone.

ALTER TABLE access_accounts ADD COLUMN sender TEXT;
