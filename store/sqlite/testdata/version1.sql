INSERT INTO accounts VALUES ('anna', 'Anna', '$argon2id$new', 1767225600001, '$argon2id$old', 1775001600000, '["admin"]', '["orders:read"]', 1, 1767225600000, 1767225600001, 7);
INSERT INTO accounts VALUES ('bert', '', '', 0, '', 0, '[]', '[]', 0, 1767225600000, 1767225600000, 3);
INSERT INTO api_keys VALUES ('k1', X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'g401_live_ab', 'live', 'anna', 'ci', '["orders:read"]', '[]', 1767225600000, 0, 0, 1767225600005, '', 8);
INSERT INTO signing_keys VALUES ('kid', 'EdDSA', X'00ff', X'7b7d', 1767225600000, 1767225600000, 0, 0, 9);
INSERT INTO audit VALUES (1, 1767225600000, 'command line', 'account.create', 'anna', '{"a":1}', '');
INSERT INTO settings VALUES ('instance', 'x');
UPDATE counters SET value = 9 WHERE name = 'revision';
UPDATE counters SET value = 1 WHERE name = 'audit';
