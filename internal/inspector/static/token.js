// Taking a token apart, as token.Decode of the gate does it: nothing is
// believed, every fault in the shape is named with its octet.

function partsFault(n) {
  if (n === 1) return "there is no dot in it: an opaque token or something else, not a JWT";
  if (n === 2) return "it has 2 parts, a JWT has 3: the signature is missing";
  if (n === 5) return "it has 5 parts: an encrypted token (JWE), which is not accepted";
  return "it has " + n + " parts, a JWT has 3";
}

function decodeToken(text) {
  const d = { text, parts: [], problems: [], header: "", payload: "", signature: "", alg: "", kid: "", typ: "", claims: null, inHeader: [] };
  const problem = (part, offset, what, json) => d.problems.push({ part, offset, what, json: Boolean(json) });
  if (text.length > facts.maxToken) {
    problem("token", facts.maxToken, "it has " + text.length + " octets, more than " + facts.maxToken);
    return d;
  }
  let offset = 0;
  for (const part of text.split(".")) {
    d.parts.push({ offset, text: part });
    offset += part.length + 1;
  }
  const n = d.parts.length;
  if (n !== 3) problem("token", n > 3 ? d.parts[3].offset - 1 : text.length, partsFault(n));
  for (const [i, part] of d.parts.slice(0, n === 5 ? 1 : 3).entries()) {
    const name = ["header", "payload", "signature"][i];
    const { data, fault } = decodeBase64url(part.text);
    if (fault) problem(name, part.offset + fault.at, undecodable(fault));
    d[name] = data;
    try {
      if (i === 0) readHeader(d);
      if (i === 1) readPayload(d);
    } catch (e) {
      if (e instanceof JSONFault) problem(name, e.offset, "bad JSON: " + e.message, true);
      else if (e instanceof TokenFault) problem(name, 0, e.message);
      else throw e;
    }
  }
  return d;
}

class TokenFault extends Error {}

function undecodable(fault) {
  if (fault.cut) return "cut off: its length is not one of base64url";
  const c = fault.octet;
  const what = quote(toOctets(c)) + " is not base64url";
  if (c === "=") return what + " (padding, which tokens do not have)";
  if (c === "+" || c === "/") return what + " (it is plain base64: - and _ were expected instead)";
  if (c <= " ") return what + " (white space or a control character: pasted with a line break?)";
  if (base64url.includes(c)) return "the unused bits of the last character are not zero: altered or cut off";
  return what;
}

// readHeader reads a JOSE header (RFC 7515 section 4).
function readHeader(d) {
  const r = new JSONReader(d.header);
  let alg = false;
  r.object((name) => {
    d.inHeader.push(name);
    if (name === "alg") {
      alg = true;
      d.alg = r.string(name);
    } else if (name === "kid") d.kid = r.string(name);
    else if (name === "typ") d.typ = r.string(name);
    else if (name === "crit") throw new TokenFault('"crit" names extensions, and none is supported');
    else if (name === "b64" && r.peek() !== "t") throw new TokenFault('"b64" is not true: unencoded payloads are not supported');
    else r.skip();
  });
  r.end();
  if (!alg) throw new TokenFault('"alg" is missing');
}

// readPayload reads a claims set (RFC 7519 section 4).
function readPayload(d) {
  const c = { iss: "", sub: "", aud: [], exp: null, nbf: null, iat: null, auth_time: null, clientID: "", scopes: null, other: "", cnf: "" };
  const r = new JSONReader(d.payload);
  r.object((name) => {
    switch (name) {
      case "iss": case "sub":
        c[name] = r.string(name);
        return;
      case "jti":
        r.string(name);
        return;
      case "aud":
        if (r.peek() === '"') c.aud = [r.text()];
        else r.array(() => c.aud.push(r.string("aud")));
        return;
      case "exp": case "nbf": case "iat":
        c[name] = r.date(name);
        return;
      case "auth_time":
        if (r.peek() === "-" || isDigit(r.peek())) c.auth_time = r.date(name);
        else r.skip();
        return;
      case "scope":
        c.scopes = r.words() ?? c.scopes;
        return;
      case "scp": {
        const words = r.words();
        c.scopes ??= words;
        return;
      }
      case "at_hash": case "c_hash":
        c.other = "an ID token (" + name + ")";
        break;
      case "typ": {
        const kind = r.optional();
        if (["ID", "Refresh", "Offline", "Logout"].includes(kind)) c.other = "a token for another use (typ claim " + quote(kind) + ")";
        return;
      }
      case "token_use":
        if (r.optional() === "id") c.other = 'an ID token (token_use "id")';
        return;
      case "events":
        c.other = "a security event (events claim)";
        break;
      case "cnf":
        c.cnf = r.skip();
        return;
    }
    r.skip();
  });
  r.end();
  d.claims = c;
}

// members lists the names and values of an object as they were written; null
// if it cannot be read.
function members(octets) {
  const list = [];
  const r = new JSONReader(octets);
  try {
    r.object((name) => list.push({ name: lenient(name), raw: lenient(r.skip()) }));
    r.end();
  } catch {
    return null;
  }
  return list;
}

// keyFault is what is wrong with an API key of the gate; "" for nothing. It
// protects against accidents: whether the key is known, only the gate can tell.
function keyFault(text) {
  const { prefix, secretLength, checksumLength, environmentLength, largest } = facts.apiKey;
  if (text.length > prefix.length + environmentLength + secretLength + checksumLength + 2) return "it is longer than any API key";
  const [head, environment, ...rest] = text.split("_");
  if (head !== prefix || environment === undefined) {
    const wrongCase = environment !== undefined && head.toLowerCase() === prefix;
    return wrongCase ? 'the prefix is in the wrong case, expected "' + prefix + '_"' : 'the prefix "' + prefix + '_" is missing';
  }
  if (rest.length === 0) return "the environment is missing";
  if (environment.length === 0 || environment.length > environmentLength) {
    return "the environment: it has " + environment.length + " characters, expected 1 to " + environmentLength;
  }
  const odd = environment.match(/[^a-z0-9]/);
  if (odd) {
    return "the environment: " + (/[A-Z]/.test(odd[0]) ? "it is in the wrong case, expected small letters and digits" : "it has other characters than small letters and digits");
  }
  const secret = rest.join("_");
  const bad = secret.search(/[^0-9A-Za-z]/);
  if (bad >= 0) return "the octet at offset " + (text.length - secret.length + bad) + " is not a letter or digit";
  const length = secretLength + checksumLength;
  if (secret.length !== length) {
    return (secret.length > length ? "too long" : "cut off") + ": " + secret.length + " characters after the environment, expected " + length;
  }
  if (base62(crc32(text.slice(0, -checksumLength)), checksumLength) !== secret.slice(secretLength)) {
    return "the checksum does not fit: mistyped, altered, or in another case";
  }
  return secret.slice(0, secretLength) > largest ? "the secret is out of range" : "";
}

function crc32(octets) {
  let crc = ~0;
  for (const b of toBytes(octets)) {
    crc ^= b;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function base62(n, width) {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let out = "";
  for (; n > 0; n = Math.floor(n / 62)) out = digits[n % 62] + out;
  return out.padStart(width, "0");
}
