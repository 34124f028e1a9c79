// What a person has at hand: a token, a field, a curl line, the answer of a
// token endpoint, an address. readInput finds the credential in it.

const credentialField = /^(?:[<>] )?\s*(proxy-authorization|authorization|authorisation|x-authorization|x-authorisation|authorizaton|autorization|x-auth|authentication|http[_-]authorization|x-api-key|api-key|apikey|x-access-token|x-auth-token)\s*:(.*)$/i;
const tokenFields = /^(x-api-key|api-key|apikey|x-access-token|x-auth-token)$/i;

// readInput returns {kind: "field" | "token" | "none", value, name, from}:
// value in octets, from in words.
function readInput(text) {
  if (text.trim() === "") return { kind: "none" };
  if (text.length > 1 << 18) return { kind: "none", why: "This is far longer than any token or request. Paste the token, its field or its curl line alone." };
  if (/^\s*(?:[$>%#]\s*)?curl(?:\.exe)?\s/.test(text)) return readCurl(text);
  for (const line of text.split(/\r?\n/)) {
    const m = credentialField.exec(line);
    if (m) return fromField(m[1], m[2].replace(/^[ \t]+|[ \t\r]+$/g, ""), "the field " + m[1]);
  }
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return readJSON(trimmed);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) return readURL(trimmed);
  const word = /^[^\s:=]+/.exec(trimmed)?.[0] ?? "";
  const glued = /^(bearer|basic|digest|dpop)(?=.)/i.test(trimmed) && !trimmed.startsWith("g401_");
  if (glued || (findScheme(word) && /\s/.test(trimmed))) return fromField("Authorization", text.replace(/^\s+|[ \t\r\n]+$/g, ""), "the value of Authorization");
  return { kind: "token", value: toOctets(trimmed), name: "", from: "" };
}

function fromField(name, value, from) {
  if (tokenFields.test(name)) return { kind: "token", value: toOctets(value), name, from };
  return { kind: "field", value: toOctets(value), name, from, misspelt: !/^(proxy-)?authorization$/i.test(name) };
}

function readJSON(text) {
  let doc;
  try {
    doc = JSON.parse(text);
  } catch {
    return { kind: "none", why: "It begins like JSON, and is none." };
  }
  for (const name of ["access_token", "accessToken", "token", "id_token", "refresh_token"]) {
    if (typeof doc[name] === "string") return { kind: "token", value: toOctets(doc[name]), name, from: name + " of the JSON" };
  }
  if (doc.kty || doc.keys) return { kind: "none", why: "This is a key. It belongs below, into the field of the key." };
  return { kind: "none", why: "There is no access_token in this JSON." };
}

function readURL(text) {
  const parameters = new URLSearchParams(text.replace(/^[^?#]*[?#]/, "").replace(/#/g, "&"));
  for (const name of ["access_token", "id_token", "token", "api_key", "apikey", "key"]) {
    if (parameters.get(name)) {
      return { kind: "token", value: toOctets(parameters.get(name)), name, from: name + " in the address", inAddress: true };
    }
  }
  return { kind: "none", why: "There is no token in this address." };
}

// readCurl takes the words of a curl line as a POSIX shell, cmd.exe or
// PowerShell would read them, and looks for what carries a credential.
function readCurl(text) {
  const words = shellWords(text);
  let found = null;
  for (let i = 0; i < words.length; i++) {
    const [, flag, glued] = /^(--header|--user|--oauth2-bearer|--proxy-user|-H|-u|-U)=?([\s\S]*)$/.exec(words[i]) ?? [];
    if (!flag) continue;
    const value = glued !== "" ? glued : words[++i] ?? "";
    if (flag === "-H" || flag === "--header") {
      const m = credentialField.exec(value);
      if (m) found ??= fromField(m[1], m[2].replace(/^[ \t]+/, ""), "-H of the curl line");
    } else if (flag === "--oauth2-bearer") {
      found ??= { kind: "field", value: toOctets("Bearer " + value), name: "Authorization", from: "--oauth2-bearer of the curl line" };
    } else if (flag === "-u" || flag === "--user") {
      const basic = "Basic " + btoa(toOctets(value));
      found ??= { kind: "field", value: basic, name: "Authorization", from: "-u of the curl line" };
    }
  }
  return found ?? { kind: "none", why: "This curl line sends no credential: no -H \"Authorization: ...\", no -u, no --oauth2-bearer." };
}

function shellWords(text) {
  // Browsers write every quote as ^" for cmd.exe, where it is a quote again.
  if (text.includes('^"')) text = text.replace(/\^\r?\n/g, " ").replace(/\^([\s\S])/g, "$1");
  const words = [];
  const pattern = /\$'((?:[^'\\]|\\[\s\S])*)'|'([^']*)'|"((?:[^"\\`^]|[\\`^][\s\S])*)"|[\\`^]\r?\n|[\\^]([\s\S])|(\s+)|([^\s'"\\^]+)/g;
  let word = null;
  for (const [, ansi, single, double, escaped, space, plain] of text.matchAll(pattern)) {
    if (space !== undefined) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    let piece = ansi ?? single ?? escaped ?? plain;
    if (ansi !== undefined) piece = ansi.replace(/\\(?:n|t|r|u([0-9a-fA-F]{4})|([\s\S]))/g, (m, hex, c) => (hex ? String.fromCharCode(parseInt(hex, 16)) : { "\\n": "\n", "\\t": "\t", "\\r": "\r" }[m] ?? c));
    if (double !== undefined) piece = double.replace(/[\\`^](["\\`^$])/g, "$1");
    if (piece !== undefined) word = (word ?? "") + piece;
  }
  if (word !== null) words.push(word);
  return words;
}
