-- A login counts the sessions of its subject that are not over, however many are.

CREATE INDEX sessions_live ON sessions (subject, ends);
