// The judgement: what is wrong with a token (findings), and what a gate checks
// in its order (steps), of which the first that fails is the cause.

// finding makes one of the catalogue of httpauth.
function finding(id, offset, hint = "", message = "") {
  const info = facts.findings[id];
  return { id, severity: info.severity, offset, message: message || info.title, hint, section: info.section, explain: info.explain, place: "field" };
}

const asymmetric = [...rsaAlgs, "ES256", "ES384", "ES512", "EdDSA"];

// examineToken lists what is wrong with the shape and the dates, with the ids
// that gate401 explain gives.
function examineToken(d, now) {
  const found = [];
  const opaque = !d.header.startsWith("{");
  for (const p of d.problems) {
    if (opaque && p.json) continue; // it was never meant to be JSON
    const section = { header: "RFC 7515 section 4", payload: "RFC 7519 section 4" }[p.part] ?? "RFC 7515 section 3.1";
    found.push({ id: "jwt-" + p.part, severity: "error", offset: p.offset, message: p.part + ": " + p.what, hint: "", section, place: p.json ? p.part : "token" });
  }
  const say = (id, severity, message, hint, section) => found.push({ id, severity, offset: 0, message, hint, section, place: "" });
  if (sameWord(d.alg, "none")) say("jwt-unsigned", "error", "the token is not signed (alg none)", "have it signed by the issuer; nobody accepts it like this", "RFC 8725 section 3.2");
  const c = d.claims;
  if (!c) return found;
  const leeway = facts.leeway * 1000;
  const other = notAccess(d);
  if (other) say("jwt-type-wrong", "error", "the token is no access token: " + other, "send the access token", "RFC 8725 section 3.11");
  const expired = c.exp === null ? "" : "the token expired " + relative(c.exp, now);
  if (c.exp === null) say("jwt-no-expiry", "error", "the token never expires: it has no exp claim", "let the issuer set exp", "RFC 7519 section 4.1.4");
  else if (now >= c.exp + leeway) say("jwt-expired", "error", expired, "get a new one from the issuer", "RFC 7519 section 4.1.4");
  else if (now >= c.exp) say("jwt-expired", "warning", expired + ", which a gate still forgives", "get a new one from the issuer", "RFC 7519 section 4.1.4");
  if (c.nbf !== null && now < c.nbf - leeway) say("jwt-not-yet-valid", "error", "the token becomes valid " + relative(c.nbf, now), "wait, or compare the clocks", "RFC 7519 section 4.1.5");
  if (c.iat !== null && now < c.iat - leeway) say("jwt-issued-in-future", "error", "the token was issued " + relative(c.iat, now), "compare the clocks of issuer and receiver", "RFC 7519 section 4.1.6");
  if (c.iss === "") say("jwt-no-issuer", "warning", "the token names no issuer: it has no iss claim", "", "RFC 9068 section 2.2");
  if (c.aud.length === 0) say("jwt-no-audience", "warning", "the token is for nobody in particular: it has no aud claim", "", "RFC 9068 section 2.2");
  return found;
}

// mediaType is typ as it is compared (RFC 7515 section 4.1.9).
function mediaType(typ) {
  typ = typ.toLowerCase();
  const short = typ.replace(/^application\//, "");
  return short.includes("/") ? typ : short;
}

// judgeToken lists the steps {name, state, have, want, code}: state is "ok",
// "bad", "open" for what was not asked, or "unknown" for what cannot be said.
// expect has {iss, aud, keys, signature}; signature is what checkSignature said.
function judgeToken(d, expect, now) {
  const steps = [];
  const step = (name, state, have, want, code = "") => steps.push({ name, state, have, want, code });
  const shape = d.problems[0];
  if (shape && !(shape.json && shape.part === "payload")) {
    step("Shape", "bad", shape.part + ": " + shape.what, "three parts of base64url with dots between them", "token-malformed");
    return steps;
  }
  step("Shape", "ok", "three parts of base64url", "header . payload . signature");
  // The algorithm is looked at before the payload is read.
  judgeAlgorithm(d, expect, step);
  if (shape) {
    step("Claims", "bad", shape.what, "JSON with claims of the right types", "token-malformed");
    return steps;
  }
  const c = d.claims;
  const iss = lenient(c.iss);
  if (expect.iss === "") step("Issuer", "open", iss || "missing", "enter the issuer to compare");
  else if (iss === expect.iss) step("Issuer", "ok", iss, expect.iss);
  else step("Issuer", "bad", (iss || "missing") + nearly(iss, expect.iss), expect.iss, "token-issuer-unknown");
  if (expect.keyFault) step("Signature", "unknown", expect.keyFault, "a public key of the issuer, or the secret");
  else if (!expect.signature) step("Signature", "open", d.signature.length + " octets, not verified", "paste the key of the issuer to verify");
  else if (expect.signature.unknown) step("Signature", "unknown", expect.signature.text, "a key that this browser can use");
  else step("Signature", expect.signature.code ? "bad" : "ok", expect.signature.text, "a signature by one of the keys", expect.signature.code);
  judgeType(d, step);
  judgeTimes(c, now, step);
  const aud = c.aud.map(lenient);
  const list = aud.map((a) => '"' + a + '"').join(", ") || "missing";
  if (expect.aud === "") step("Audience", "open", list, "enter the audience to compare");
  else if (aud.includes(expect.aud)) step("Audience", "ok", list, '"' + expect.aud + '" among them');
  else step("Audience", "bad", list + (aud.map((a) => nearly(a, expect.aud)).find(Boolean) ?? ""), '"' + expect.aud + '"', "token-audience-wrong");
  return steps;
}

function judgeAlgorithm(d, expect, step) {
  const secrets = expect.keys.some((k) => k.kty === "oct");
  const alg = lenient(d.alg);
  const want = asymmetric.join(", ");
  if (sameWord(alg, "none")) step("Algorithm", "bad", alg + ": the token is not signed at all", want, "token-algorithm-refused");
  else if (asymmetric.includes(alg)) step("Algorithm", "ok", alg, want);
  else if (alg === "HS256" && secrets) step("Algorithm", "ok", alg + ", with a secret that issuer and gate share", "HS256 where a gate names it");
  else if (alg === "HS256" && expect.keys.length === 0) step("Algorithm", "open", alg + ": a shared secret; whoever can verify can forge", "a gate takes HS256 only where its configuration names it");
  else if (alg === "HS256") step("Algorithm", "bad", alg + ", but the key is a public one: anybody could have signed with it", want, "token-algorithm-refused");
  else step("Algorithm", "bad", alg + (hmacAlgs.includes(alg) ? " is not one that the gate knows" : " is unknown"), want + ", HS256 where it is named", "token-algorithm-refused");
}

// notAccess says what a token shows itself to be when it is no access token.
function notAccess(d) {
  const typ = mediaType(lenient(d.typ));
  if (!["at+jwt", "jwt", ""].includes(typ)) return "its type is " + quote(d.typ);
  return d.claims.other && typ !== "at+jwt" ? "it is " + d.claims.other : "";
}

function judgeType(d, step) {
  const typ = mediaType(lenient(d.typ));
  const want = "at+jwt (RFC 9068), JWT, or none";
  const have = d.typ === "" ? "no typ" : lenient(d.typ);
  if (!["at+jwt", "jwt", ""].includes(typ)) step("Type", "bad", have, want, "token-type-wrong");
  else if (d.claims.other && typ !== "at+jwt") step("Type", "bad", "it is " + d.claims.other, "an access token", "token-type-wrong");
  else step("Type", "ok", have, want);
}

function judgeTimes(c, now, step) {
  const leeway = facts.leeway * 1000;
  if (c.exp === null) step("Expiry", "bad", "exp is missing: it would be good for ever", "exp, a time that is still to come", "token-malformed");
  else if (now >= c.exp + leeway) step("Expiry", "bad", "expired " + relative(c.exp, now), "exp in the future (" + facts.leeway + " s are forgiven)", "token-expired");
  else if (now >= c.exp) step("Expiry", "ok", "expired " + relative(c.exp, now) + ", which a gate still forgives", "exp in the future (" + facts.leeway + " s are forgiven)");
  else step("Expiry", "ok", "expires " + relative(c.exp, now), "exp in the future");
  if (c.nbf !== null) {
    if (now < c.nbf - leeway) step("Not before", "bad", "becomes valid " + relative(c.nbf, now), "nbf in the past (" + facts.leeway + " s are forgiven)", "token-not-yet-valid");
    else step("Not before", "ok", "valid since " + relative(c.nbf, now).replace(/ ago$/, ""), "nbf in the past");
  }
  if (c.iat !== null) {
    if (now < c.iat - leeway) step("Issued", "bad", "issued " + relative(c.iat, now) + ": do the clocks agree?", "iat in the past (" + facts.leeway + " s are forgiven)", "token-not-yet-valid");
    else step("Issued", "ok", "issued " + relative(c.iat, now), "iat in the past");
  }
}

// nearly names the small difference between two names that should be equal.
function nearly(have, want) {
  if (have === "" || have === want) return "";
  if (have + "/" === want) return " (without the slash at the end)";
  if (have === want + "/") return " (with a slash at the end)";
  if (sameWord(have, want)) return " (upper and lower case differ)";
  if (have.trim() === want.trim()) return " (white space around it)";
  if (have.replace(/^http:/, "https:") === want) return " (http, not https)";
  return "";
}

// hints are what a gate does not refuse by itself, and a person should know.
function hintsOf(d, field) {
  const hints = [];
  const c = d.claims;
  const keyed = d.inHeader.filter((name) => ["jku", "jwk", "x5u", "x5c"].includes(name));
  if (keyed.length > 0) hints.push({ id: "jwt-carries-key", text: "The header names its own key (" + keyed.join(", ") + "). A gate never looks there: a forger would name his own (RFC 8725 section 3.10)." });
  if (!c) return hints;
  const cnf = c.cnf ? members(c.cnf) ?? [] : [];
  if (cnf.some((m) => m.name === "jkt")) {
    hints.push({
      id: "jwt-dpop-bound", code: field?.scheme === "Bearer" ? "token-binding-failed" : "",
      text: "The token is bound to a key (cnf.jkt). It is sent as Authorization: DPoP, with a proof by that key in the field DPoP; sent as Bearer it is refused (RFC 9449 section 7.1).",
    });
  }
  if (cnf.some((m) => m.name === "x5t#S256")) {
    hints.push({ id: "jwt-certificate-bound", text: "The token is bound to a client certificate (cnf.x5t#S256): it works only on a TLS connection made with that certificate (RFC 8705 section 3)." });
  }
  if (c.other) hints.push({ id: "jwt-not-access-token", text: "This is " + c.other + ". An API expects the access token; the token endpoint sends both side by side." });
  if (c.exp !== null && c.iat !== null && c.exp - c.iat > 24 * 3600e3) {
    hints.push({ id: "jwt-long-lived", text: "It is good for " + span(c.exp - c.iat) + ". A token that leaks is good for as long; minutes are usual, with a refresh token beside it." });
  }
  return hints;
}
