ALTER TABLE token_families ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE token_families ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE token_families ADD COLUMN audience_json TEXT NOT NULL DEFAULT '[]';
CREATE INDEX token_families_client ON token_families (client);

CREATE TABLE sessions (
    id          TEXT PRIMARY KEY,
    hash        BYTEA NOT NULL UNIQUE,
    subject     TEXT NOT NULL,
    issuer      TEXT NOT NULL,
    provider    TEXT NOT NULL,
    display     TEXT NOT NULL,
    groups_json TEXT NOT NULL,
    scopes_json TEXT NOT NULL,
    auth_time   BIGINT NOT NULL,
    acr         TEXT NOT NULL,
    amr_json    TEXT NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL,
    created     BIGINT NOT NULL,
    seen        BIGINT NOT NULL,
    idle        BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    revoked     BIGINT NOT NULL,
    cause       TEXT NOT NULL,
    ends        BIGINT NOT NULL
);
CREATE INDEX sessions_subject ON sessions (subject, id);
CREATE INDEX sessions_ends ON sessions (ends);

CREATE TABLE tickets (
    kind      TEXT NOT NULL,
    hash      BYTEA NOT NULL,
    subject   TEXT NOT NULL,
    client    TEXT NOT NULL,
    data_json TEXT NOT NULL,
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    used      BIGINT NOT NULL,
    family    TEXT NOT NULL,
    version   BIGINT NOT NULL,
    PRIMARY KEY (kind, hash)
);
CREATE INDEX tickets_expires ON tickets (expires);

CREATE TABLE clients (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    method         TEXT NOT NULL,
    secrets_json   TEXT NOT NULL,
    keys_json      TEXT NOT NULL,
    keys_url       TEXT NOT NULL,
    redirects_json TEXT NOT NULL,
    grants_json    TEXT NOT NULL,
    scopes_json    TEXT NOT NULL,
    resources_json TEXT NOT NULL,
    groups_json    TEXT NOT NULL,
    trusted        BOOLEAN NOT NULL,
    registered     BOOLEAN NOT NULL,
    suspended      BOOLEAN NOT NULL,
    created        BIGINT NOT NULL,
    updated        BIGINT NOT NULL,
    version        BIGINT NOT NULL
);

CREATE TABLE second_factors (
    account   TEXT PRIMARY KEY,
    secret    BYTEA NOT NULL,
    confirmed BIGINT NOT NULL,
    step      BIGINT NOT NULL,
    recovery  BYTEA NOT NULL,
    created   BIGINT NOT NULL,
    version   BIGINT NOT NULL
);

CREATE TABLE consents (
    subject        TEXT NOT NULL,
    issuer         TEXT NOT NULL,
    client         TEXT NOT NULL,
    scopes_json    TEXT NOT NULL,
    resources_json TEXT NOT NULL,
    created        BIGINT NOT NULL,
    PRIMARY KEY (subject, issuer, client)
);
CREATE INDEX consents_client ON consents (client);

CREATE TABLE events (
    id         BIGINT PRIMARY KEY,
    time       BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    method     TEXT NOT NULL,
    object     TEXT NOT NULL,
    family     TEXT NOT NULL,
    session    TEXT NOT NULL,
    client     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    detail     TEXT NOT NULL,
    count      BIGINT NOT NULL
);
CREATE INDEX events_object ON events (object, id) WHERE object <> '';
CREATE INDEX events_family ON events (family, id) WHERE family <> '';
CREATE INDEX events_session ON events (session, id) WHERE session <> '';
CREATE INDEX events_time ON events (time);

INSERT INTO counters (name, value) VALUES ('ticket', 0);
INSERT INTO counters (name, value) VALUES ('event', 0);
