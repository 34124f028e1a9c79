// Keys that were pasted, and signatures checked with them by WebCrypto. A key is
// bound to its algorithms before a token is looked at, so that the token cannot
// choose how it is used: an RSA key is never the secret of an HMAC (RFC 8725
// section 3.1).

const rsaAlgs = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const curves = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", Ed25519: "EdDSA" };
const hmacAlgs = ["HS256", "HS384", "HS512"];
const crypt = globalThis.crypto?.subtle;

class KeyFault extends Error {}

// readKeys reads what was pasted: a JWK, a JWK Set, PEM, or a secret in the
// given encoding. It returns {keys, notes}; a key is {id, algs, jwk, bits}.
async function readKeys(text, encoding) {
  const notes = [];
  let list;
  const start = text.trimStart();
  if (start.startsWith("{")) list = jwks(text);
  else if (start.startsWith("-----BEGIN")) list = [await pem(text)];
  else list = [{ kty: "oct", k: encodeBase64url(secret(text, encoding)) }];
  const keys = [];
  for (const [i, jwk] of list.entries()) {
    try {
      keys.push(keyOf(jwk, notes));
    } catch (e) {
      if (!(e instanceof KeyFault)) throw e;
      if (list.length === 1) throw e;
      notes.push("Key " + (i + 1) + " is left out: " + e.message + ".");
    }
  }
  if (keys.length === 0) throw new KeyFault("there is no key for signatures in it");
  return { keys, notes };
}

function jwks(text) {
  let doc;
  try {
    doc = JSON.parse(text);
  } catch {
    throw new KeyFault("it begins like JSON and is none");
  }
  if (doc.keys === undefined && doc.kty !== undefined) return [doc];
  if (doc.jwks_uri !== undefined) throw new KeyFault("this is the metadata of an issuer: paste what its jwks_uri answers");
  if (!Array.isArray(doc.keys)) throw new KeyFault('neither a JWK (no "kty") nor a JWK Set (no list "keys")');
  return doc.keys;
}

function keyOf(jwk, notes) {
  if (jwk === null || typeof jwk !== "object") throw new KeyFault("it is not an object");
  const named = typeof jwk.kid === "string" ? 'kid "' + jwk.kid + '"' : "the key";
  if (jwk.use !== undefined && jwk.use !== "sig") throw new KeyFault(named + " is for another use (" + jwk.use + ")");
  const { kty, crv, n, e, x, y, k } = jwk;
  const key = { id: typeof jwk.kid === "string" ? jwk.kid : "", kty, algs: [], jwk: null, fault: "" };
  if (kty === "RSA" && n && e) {
    key.bits = bitLength(n);
    if (key.bits < facts.minRSA || key.bits > facts.maxRSA) {
      throw new KeyFault(named + " has " + key.bits + " bits, expected " + facts.minRSA + " to " + facts.maxRSA);
    }
    key.algs = rsaAlgs;
    key.jwk = { kty, n, e };
  } else if ((kty === "EC" || kty === "OKP") && curves[crv] && x) {
    key.algs = [curves[crv]];
    key.jwk = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
  } else if (kty === "oct" && k) {
    key.bits = decodeBase64url(k).data.length * 8;
    key.algs = hmacAlgs;
    key.jwk = { kty, k };
    if (key.bits < facts.minSecret * 8) {
      notes.push("The secret has " + key.bits / 8 + " octets. The gate takes none below " + facts.minSecret + ": a short one is found by trying (RFC 7518 section 3.2).");
    }
  } else {
    throw new KeyFault(named + " is of a kind that is not used for signatures here (kty " + kty + (crv ? ", crv " + crv : "") + ")");
  }
  if (jwk.alg !== undefined) {
    if (!key.algs.includes(jwk.alg)) throw new KeyFault(named + " says alg " + jwk.alg + ", which does not fit its kind");
    key.algs = [jwk.alg];
  }
  if (jwk.d !== undefined) notes.push("This is a private key. Only its public half was used; whoever has the rest can forge tokens, so keep it out of pages, chats and tickets.");
  return key;
}

function bitLength(n) {
  const octets = decodeBase64url(n).data.replace(/^\0+/, "");
  return octets === "" ? 0 : octets.length * 8 - Math.clz32(octets.charCodeAt(0)) + 24;
}

function secret(text, encoding) {
  const compact = text.replace(/\s+/g, "");
  if (encoding === "hex") {
    if (!/^([0-9a-fA-F]{2})+$/.test(compact)) throw new KeyFault("the secret is not hexadecimal");
    return Uint8Array.from(compact.match(/../g), (b) => parseInt(b, 16));
  }
  if (encoding === "base64") {
    try {
      return toBytes(atob(compact.replace(/-/g, "+").replace(/_/g, "/")));
    } catch {
      throw new KeyFault("the secret is not base64");
    }
  }
  return new TextEncoder().encode(text);
}

// pem reads a public key or a certificate and returns its JWK.
async function pem(text) {
  const found = text.match(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/);
  if (!found) throw new KeyFault("the PEM text is cut off: its END line is missing");
  const [, label, body] = found;
  if (label.includes("PRIVATE")) throw new KeyFault("this is a private key: paste its public half, openssl pkey -in key.pem -pubout");
  let der;
  try {
    der = toBytes(atob(body.replace(/\s+/g, "")));
  } catch {
    throw new KeyFault("the PEM text is not base64");
  }
  if (!crypt) throw new KeyFault(noCrypto);
  try {
    if (label === "CERTIFICATE") der = publicKeyOf(der);
    else if (label === "RSA PUBLIC KEY") der = wrapRSA(der);
    else if (label !== "PUBLIC KEY") throw new KeyFault("a " + label + " is no public key");
    const { kty, n, e, crv, x, y } = await crypt.exportKey("jwk", await importSPKI(der));
    return { kty, n, e, crv, x, y };
  } catch (e) {
    if (e instanceof KeyFault) throw e;
    throw new KeyFault("the key in the PEM text is damaged or of a kind that is not known here");
  }
}

async function importSPKI(der) {
  const tries = [
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    ...["P-256", "P-384", "P-521"].map((namedCurve) => ({ name: "ECDSA", namedCurve })),
    { name: "Ed25519" },
  ];
  for (const algorithm of tries) {
    try {
      return await crypt.importKey("spki", der, algorithm, true, ["verify"]);
    } catch {
      // The next kind may fit.
    }
  }
  throw new KeyFault("the key is damaged, or neither RSA nor EC on a curve of the NIST nor Ed25519");
}

// element reads one DER element (X.690 section 8.1).
function element(der, at) {
  let length = der[at + 1];
  let head = 2;
  if (length & 0x80) {
    head = 2 + (length & 0x7f);
    length = der.subarray(at + 2, at + head).reduce((n, b) => n * 256 + b, 0);
  }
  if (!(at + head + length <= der.length)) throw new KeyFault("the key is cut off");
  return { tag: der[at], start: at, body: at + head, end: at + head + length };
}

// publicKeyOf finds the SubjectPublicKeyInfo of a certificate (RFC 5280 section
// 4.1): the seventh element with a version, the sixth without.
function publicKeyOf(der) {
  const tbs = element(der, element(der, 0).body);
  let e = element(der, tbs.body);
  const skip = e.tag === 0xa0 ? 6 : 5;
  for (let i = 0; i < skip; i++) e = element(der, e.end);
  return der.slice(e.start, e.end);
}

// wrapRSA puts a PKCS #1 key (RFC 8017 appendix A.1.1) into the form that
// browsers read.
function wrapRSA(der) {
  const sized = (tag, body) => {
    const n = body.length;
    const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 255];
    return [tag, ...length, ...body];
  };
  const rsaEncryption = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
  return Uint8Array.from(sized(0x30, [...rsaEncryption, ...sized(0x03, [0, ...der])]));
}

// findKeys is how the gate chooses: by kid, else keys without one, and for a
// token without kid all that fit its algorithm.
function findKeys(keys, kid, alg) {
  if (kid !== "") {
    const exact = keys.filter((k) => toOctets(k.id) === kid);
    return exact.length > 0 ? exact : keys.filter((k) => k.id === "");
  }
  return keys.filter((k) => k.algs.includes(alg));
}

function algorithmOf(alg, key) {
  const hash = "SHA-" + alg.slice(2);
  switch (alg.slice(0, 2)) {
    case "RS":
      return { name: "RSASSA-PKCS1-v1_5", hash };
    case "PS":
      return { name: "RSA-PSS", hash, saltLength: Number(alg.slice(2)) / 8 };
    case "ES":
      return { name: "ECDSA", namedCurve: key.jwk.crv, hash };
    case "HS":
      return { name: "HMAC", hash };
  }
  return { name: "Ed25519" };
}

// verifyWith checks one signature (RFC 7518 section 3, RFC 8037 section 3.1);
// it returns "" or why it does not fit.
async function verifyWith(key, alg, d) {
  const signature = toBytes(d.signature);
  if (signature.length === 0) return "the signature is empty";
  const expected = { ES256: 64, ES384: 96, ES512: 132, EdDSA: 64 }[alg] ?? (key.kty === "RSA" ? Math.ceil(key.bits / 8) : 0);
  if (expected && signature.length !== expected) return "the signature has " + signature.length + " octets, expected " + expected;
  const algorithm = algorithmOf(alg, key);
  let imported;
  try {
    imported = await crypt.importKey("jwk", key.jwk, algorithm, false, ["verify"]);
  } catch (e) {
    if (alg === "EdDSA" && e.name === "NotSupportedError") throw new KeyFault("this browser cannot check EdDSA signatures");
    throw new KeyFault("the browser does not take this key: it is damaged");
  }
  const signed = toBytes(d.text.slice(0, d.parts[2].offset - 1));
  const fits = await crypt.verify(algorithm, imported, signature, signed);
  return fits ? "" : "the signature does not fit the key and the text";
}

const noCrypto = "this browser gives pages its cryptography only over https, from this machine (localhost), or from a file: save the page and open the file";

// checkSignature answers {code, text} of the gate, with code "" for a signature
// that fits.
async function checkSignature(d, keys) {
  const found = findKeys(keys, d.kid, d.alg);
  if (found.length === 0) {
    const what = d.kid !== "" ? "kid " + quote(d.kid) + " is not among the " + keys.length + " keys" : "the token has no kid, and none of the " + keys.length + " keys is one for " + quote(d.alg);
    return { code: "token-key-unknown", text: what };
  }
  const usable = found.filter((k) => k.algs.includes(d.alg)).slice(0, facts.maxKeyTries);
  if (usable.length === 0) {
    return { code: "token-algorithm-refused", text: "the algorithm is " + d.alg + ", but the key is one for " + found[0].algs.join(", ") };
  }
  if (!crypt) throw new KeyFault(noCrypto);
  let why = "";
  for (const key of usable) {
    why = await verifyWith(key, d.alg, d);
    if (why === "") return { code: "", text: "made by " + (key.id ? 'the key "' + key.id + '"' : "the key that you pasted") + " (" + d.alg + ")" };
  }
  return { code: "token-signature-invalid", text: why };
}
