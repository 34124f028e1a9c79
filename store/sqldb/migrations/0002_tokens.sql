CREATE TABLE token_families (
    id          TEXT PRIMARY KEY,
    subject     TEXT NOT NULL,
    client      TEXT NOT NULL,
    scopes_json TEXT NOT NULL,
    groups_json TEXT NOT NULL,
    auth_time   BIGINT NOT NULL,
    acr         TEXT NOT NULL,
    amr_json    TEXT NOT NULL,
    created     BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    revoked     BIGINT NOT NULL,
    cause       TEXT NOT NULL
);
CREATE INDEX token_families_subject ON token_families (subject, id);
CREATE INDEX token_families_expires ON token_families (expires);

CREATE TABLE refresh_tokens (
    hash    BYTEA PRIMARY KEY,
    family  TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL,
    repeats BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires);

CREATE TABLE revocations (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    at      BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    cause   TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX revocations_until ON revocations (until);
