CREATE TABLE certificates (
    id      TEXT PRIMARY KEY,
    sealed  BYTEA NOT NULL,
    expires BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    version BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('certificate', 0);
