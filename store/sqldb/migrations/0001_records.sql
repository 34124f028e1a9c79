CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('revision', 1), ('audit', 0);

CREATE TABLE accounts (
    name             TEXT PRIMARY KEY,
    display          TEXT NOT NULL,
    password         TEXT NOT NULL,
    password_changed BIGINT NOT NULL,
    previous         TEXT NOT NULL,
    previous_until   BIGINT NOT NULL,
    groups_json      TEXT NOT NULL,
    scopes_json      TEXT NOT NULL,
    suspended        BOOLEAN NOT NULL,
    created          BIGINT NOT NULL,
    updated          BIGINT NOT NULL,
    version          BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id          TEXT PRIMARY KEY,
    hash        BYTEA NOT NULL UNIQUE,
    hint        TEXT NOT NULL,
    environment TEXT NOT NULL,
    owner       TEXT NOT NULL,
    name        TEXT NOT NULL,
    scopes_json TEXT NOT NULL,
    groups_json TEXT NOT NULL,
    created     BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    revoked     BIGINT NOT NULL,
    last_used   BIGINT NOT NULL,
    successor   TEXT NOT NULL,
    version     BIGINT NOT NULL
);
CREATE INDEX api_keys_owner ON api_keys (owner, id);

CREATE TABLE signing_keys (
    id         TEXT PRIMARY KEY,
    algorithm  TEXT NOT NULL,
    private    BYTEA NOT NULL,
    public     BYTEA NOT NULL,
    created    BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    retired    BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    version    BIGINT NOT NULL
);

CREATE TABLE audit (
    id         BIGINT PRIMARY KEY,
    time       BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    detail     TEXT NOT NULL,
    request_id TEXT NOT NULL
);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
