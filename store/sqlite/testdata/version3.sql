INSERT INTO accounts VALUES ('anna', 'Anna', '$argon2id$new', 1767225600001, '', 0, '[]', '[]', 0, 1767225600000, 1767225600001, 7);
INSERT INTO token_families VALUES ('good', 'anna', 'app', '["orders:read"]', '["admin"]', 1767225600000, 'mfa', '["pwd","otp"]', 1767225600000, 0, 0, '');
INSERT INTO token_families VALUES ('over', 'anna', 'app', '[]', '[]', 1767225600000, '', '[]', 1767225600000, 0, 1767225600005, 'logout');
INSERT INTO refresh_tokens VALUES (X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'good', 1767225600000, 0, 0, 0);
INSERT INTO refresh_tokens VALUES (X'100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'good', 1767225600000, 0, 1767225600003, 2);
INSERT INTO revocations VALUES ('family', 'over', 1767225600005, 4102444800000, 'logout');
INSERT INTO certificates VALUES ('cert/a.example', X'00ff', 0, 1767225600000, 4);
UPDATE counters SET value = 9 WHERE name = 'revision';
UPDATE counters SET value = 4 WHERE name = 'certificate';
