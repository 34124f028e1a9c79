// What is wrong with the value of an Authorization field, by the ids that
// httpauth.ExamineAuthorization of the gate gives, at the same octets.

const registered = ["Basic", "Bearer", "Concealed", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "OAuth", "PrivateToken", "SCRAM-SHA-1", "SCRAM-SHA-256", "vapid"];
const unregistered = ["NTLM", "Token", "JWT", "ApiKey", "Api-Key", "Key", "AWS4-HMAC-SHA256", "Hawk", "Session", "OAuth2", "Access-Token"];
const meantBearer = ["Token", "JWT", "OAuth2", "Access-Token"];

const sameWord = (a, b) => a.toLowerCase() === b.toLowerCase();
const tchar = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;
const isTokenWord = (s) => tchar.exec(s)?.[0].length === s.length;
const findScheme = (word) => [...registered, ...unregistered].find((name) => sameWord(name, word));

// examineField returns {findings, scheme, rest, at}; scheme is "" unless the
// value could be read. at is where the credential begins.
function examineField(value) {
  const findings = [];
  const add = (id, offset, hint = "", message = "") => findings.push(finding(id, offset, hint, message));
  const stop = (id, offset, hint) => {
    add(id, offset, hint);
    return { findings, scheme: "", rest: "", at: 0 };
  };
  const hidden = value.search(/\xc2\xa0|\xef\xbb\xbf|\xe2\x81\xa0|\xe2\x80[\x8b-\x8f]/);
  if (hidden >= 0) return stop("zero-width-character", hidden, "type the value anew, or copy it from a plain text editor");
  const control = value.search(/[\x00-\x08\x0a-\x1f\x7f]/);
  if (control >= 0) return stop("control-character", control, "cut the line end off the value, for example with printf %s or $(...)");
  const start = value.search(/[^ \t]/);
  if (start < 0) return stop("authorization-empty", 0);
  const s = value.replace(/[ \t]+$/, "");
  if (start > 0) add("surrounding-whitespace", 0);
  else if (s.length < value.length) add("surrounding-whitespace", s.length);
  const word = s.slice(start).match(/^[^ \t]+/)[0];
  const end = start + word.length;
  const known = findScheme(word);
  const glued = ["Bearer", "Basic", "Digest", "DPoP", "Negotiate"].find((name) => sameWord(word.slice(0, name.length), name));
  const behind = glued ? word[glued.length] : undefined;
  const plain = tchar.exec(word)?.[0].length ?? 0;
  if ("\"'<{$".includes(word[0])) return stop(wrapper(word), start, "write the scheme, one space and the token, without anything around them");
  if (word[plain] === ":" && fieldNames.some((name) => sameWord(name, word.slice(0, plain)))) {
    return stop("field-name-in-value", start, "give the value only, without the name and the colon");
  }
  if (behind === ":" || behind === "=") return stop("scheme-followed-by-colon", start + glued.length, glued + " and one space");
  if (glued && !known && behind === ",") return stop("scheme-followed-by-comma", start + glued.length, glued + " and one space");
  if (glued && !known && (end === s.length || !isTokenWord(word))) return stop("scheme-glued", start + glued.length, "put one space behind " + glued);
  if (end === s.length && known) return stop("scheme-only", end, known + ", one space and the credentials");
  if (end === s.length || (!isTokenWord(word) && word.split(".").length === 3)) {
    return stop("scheme-missing", start, "put the scheme and one space in front: Bearer for a token, Basic for user and password");
  }
  if (!isTokenWord(word)) return stop("scheme-invalid", start + plain);
  if (!known) add("scheme-unregistered", start);
  else if (!registered.includes(known)) {
    add("scheme-unregistered", start, meantBearer.includes(known) ? "for OAuth 2 and JWT access tokens the registered scheme is Bearer" : "", "the scheme " + known + " is not registered");
  }
  const at = end + s.slice(end).match(/^[ \t]*/)[0].length;
  const tab = s.slice(end, at).indexOf("\t");
  if (tab >= 0) return stop("scheme-followed-by-tab", end + tab, "put one space behind the scheme");
  return examineRest({ s, known: known ?? word, end, at, rest: s.slice(at), findings, add, stop });
}

const fieldNames = ["WWW-Authenticate", "Proxy-Authenticate", "Authorization", "Proxy-Authorization", "Authentication-Info", "Proxy-Authentication-Info"];

// examineRest looks at what stands behind the scheme.
function examineRest({ known, end, at, rest, findings, add, stop }) {
  const again = rest.match(/^[^ \t]+/)[0];
  if (isTokenWord(again) && registered.some((name) => sameWord(name, again))) return stop("scheme-repeated", at, "write the scheme once");
  if (known !== "Digest" && "\"'<{[$%\xe2".includes(rest[0])) return stop(wrapper(rest), at, "send the token itself, without anything around it");
  if (/^(undefined|null|none|nil|token|your_token|your-token|access_token|your_access_token|xxx)$/i.test(rest)) {
    // The word itself is one that a token could be: a gate reads it as one.
    return { ...stop("token-placeholder", at, slips[rest]), cause: known === "Basic" ? "basic-malformed" : known === "Bearer" || known === "DPoP" ? "token-malformed" : "" };
  }
  const percent = rest.search(/%[0-9a-fA-F]{2}/);
  if (percent >= 0 && known !== "Digest" && known !== "OAuth") return stop("token-percent-encoded", at + percent, "send the token itself, not percent-encoded");
  const two = rest.match(/^[A-Za-z0-9\-._~+/]+=*[ \t]*,[ \t]*/);
  if (two) {
    const next = rest.slice(two[0].length).match(/^[^ \t]*/)[0];
    if (isTokenWord(next) && findScheme(next)) return stop("several-credentials", at + two[0].length, "send one credential");
  }
  const spaces = at - end;
  if (known === "Basic") {
    if (spaces > 1) add("several-spaces-after-scheme", end + 1);
    return examineBasic({ end, at, rest, findings, add, stop });
  }
  if (known !== "Bearer" && known !== "DPoP") return { findings, scheme: known, rest, at };
  if (spaces > 1) add("bearer-several-spaces", end + 1, "put one space behind the scheme");
  const good = rest.match(/^(?:[A-Za-z0-9\-._~+/]+=*)?/)[0].length;
  if (good === rest.length) return { findings, scheme: known, rest, at };
  const name = tchar.exec(rest)?.[0].length ?? 0;
  if (name > 0 && name + 1 < rest.length && rest[name] === "=" && rest[name + 1] !== "=") {
    return stop("bearer-with-params", at + name, "send the token itself, without a name and quotes");
  }
  return stop(rest[good] === " " ? "token-with-space" : rest[good] === "\t" ? "control-character" : "token-octet-invalid", at + good);
}

// slips are the words that JavaScript writes where a token was meant.
const slips = {
  undefined: "JavaScript writes undefined for a variable or property that was never set: the token was not loaded yet, or its name is misspelt (token or access_token?)",
  null: "JavaScript writes null for what is not there: localStorage.getItem found no token, so nobody is logged in, or the key is another",
};

// wrapper names what stands around or instead of a token.
function wrapper(s) {
  if (/^["']|^\xe2\x80[\x9c\x98]/.test(s)) return "token-quoted";
  if (s[0] === "<") return "token-bracketed";
  if (s[0] === "\xe2") return "token-octet-invalid";
  return /^%[0-9a-fA-F]{2}/.test(s) ? "token-percent-encoded" : "token-placeholder";
}

// examineBasic looks at the base64 of user and password (RFC 7617 section 2).
function examineBasic({ at, rest, findings, add, stop }) {
  const { data, id, offset } = decodeBase64(rest);
  const text = id ? { id, offset } : basicText(data);
  if (!text.id) {
    if (text.user === "" || text.password === "") add("basic-empty-part", at);
    return { findings, scheme: "Basic", rest, at, user: text.user, password: text.password };
  }
  if (rest.startsWith("eyJ") && rest.split(".").length === 3) return stop("basic-looks-like-jwt", at, "send it as Bearer");
  if (rest.includes(":")) return stop("basic-plain-text", at + rest.indexOf(":"), "encode user:password with base64");
  if (text.id === "basic-colon-missing") {
    const once = decodeBase64(data.replace(/\n+$/, ""));
    if (!once.id && !basicText(once.data).id) return stop("basic-double-encoded", at, "encode user:password with base64 once");
  }
  return stop(text.id, at + text.offset);
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// decodeBase64 reads strictly (RFC 4648 sections 3.1 to 3.5).
function decodeBase64(s) {
  const data = s.replace(/=+$/, "");
  if (s === "") return { id: "basic-not-base64", offset: 0 };
  for (const [i, c] of [...data].entries()) {
    if (base64.includes(c)) continue;
    const id = "-_".includes(c) ? "basic-url-alphabet" : c === "=" ? "basic-padding" : " \t\r\n".includes(c) ? "basic-whitespace" : "basic-not-base64";
    return { id, offset: i };
  }
  const rest = data.length % 4;
  const pad = s.length - data.length;
  const want = rest > 0 ? 4 - rest : 0;
  if (rest === 1 || pad < want) return { id: "basic-padding", offset: s.length };
  if (pad > want) return { id: "basic-padding", offset: data.length + want };
  const last = base64.indexOf(data[data.length - 1]);
  if (rest > 1 && last & (rest === 2 ? 0b1111 : 0b11)) return { id: "basic-trailing-bits", offset: data.length - 1 };
  return { data: atob(s) };
}

// user-pass = user-id ":" password; the first colon splits.
function basicText(octets) {
  const bad = (id, octet) => ({ id, offset: Math.floor((octet * 8) / 6) });
  if (fromUTF8(octets) === null) {
    let i = octets.length;
    while (fromUTF8(octets.slice(0, i)) === null) i--;
    return bad("basic-not-utf-8", i);
  }
  const control = octets.search(/[\x00-\x1f\x7f]/);
  if (control >= 0) return bad("basic-control-character", control);
  const colon = octets.indexOf(":");
  if (colon < 0) return bad("basic-colon-missing", octets.length);
  return { user: fromUTF8(octets.slice(0, colon)), password: fromUTF8(octets.slice(colon + 1)) };
}

// causeOfField is the reason that the gate gives for the value alone.
function causeOfField({ findings, scheme, cause }) {
  if (cause) return cause;
  const error = findings.find((f) => f.severity === "error");
  if (error) {
    if (["scheme-glued", "scheme-followed-by-colon", "scheme-followed-by-comma"].includes(error.id)) return "authorization-misspelt";
    return error.id.startsWith("basic-") ? "basic-malformed" : "authorization-malformed";
  }
  return ["Basic", "Bearer", "DPoP", "Digest"].includes(scheme) ? "" : "scheme-unsupported";
}
