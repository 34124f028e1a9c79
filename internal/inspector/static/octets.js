// A pasted text is worked on as its octets: a string in which every character
// is one octet (0 to 255), so that offsets are the ones that the gate counts.

const toOctets = (text) => fromBytes(new TextEncoder().encode(text));

function fromBytes(bytes) {
  let out = "";
  for (let i = 0; i < bytes.length; i += 4096) out += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return out;
}

const toBytes = (octets) => Uint8Array.from(octets, (c) => c.charCodeAt(0));

// fromUTF8 is the text that the octets spell, or null if they are not UTF-8.
function fromUTF8(octets) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(toBytes(octets));
  } catch {
    return null;
  }
}

// lenient is fromUTF8 with a replacement for what cannot be read.
const lenient = (octets) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(toBytes(octets));

// quote makes octets safe to be shown: quoted, ASCII, bounded.
function quote(octets) {
  const most = 80;
  if (octets.length > most) return quote(octets.slice(0, most)) + "...";
  const short = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" };
  const hex = (n, width) => n.toString(16).padStart(width, "0");
  let out = '"';
  for (let i = 0; i < octets.length; ) {
    const first = octets.charCodeAt(i);
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    const text = length && i + length <= octets.length ? fromUTF8(octets.slice(i, i + length)) : null;
    if (text === null) {
      out += "\\x" + hex(first, 2);
      i++;
      continue;
    }
    const code = text.codePointAt(0);
    if (short[code]) out += short[code];
    else if (code < 0x20 || code === 0x7f) out += "\\x" + hex(code, 2);
    else if (code < 0x7f) out += text;
    else if (code < 0x10000) out += "\\u" + hex(code, 4);
    else out += "\\U" + hex(code, 8);
    i += length;
  }
  return out + '"';
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// decodeBase64url decodes as far as it goes. fault is null if the text is the
// one right spelling of what it decodes to (RFC 7515 section 2): no padding, no
// white space, the unused bits zero.
function decodeBase64url(text) {
  let fault = null;
  for (let i = 0; i < text.length && !fault; i++) {
    if (!base64url.includes(text[i])) fault = { at: i, octet: text[i] };
  }
  const rest = text.length % 4;
  if (!fault && rest === 1) fault = { at: text.length, cut: true };
  if (!fault && rest > 1) {
    const last = base64url.indexOf(text[text.length - 1]);
    if (last & (rest === 2 ? 0b1111 : 0b11)) fault = { at: text.length - 1, octet: text[text.length - 1] };
  }
  let data = "";
  let bits = 0;
  let count = 0;
  for (const c of text.replace(/=+$/, "").replace(/[\r\n]/g, "")) {
    const value = base64url.indexOf(c);
    if (value < 0) return { data, fault };
    bits = (bits << 6) | value;
    if (++count === 4) {
      data += String.fromCharCode((bits >> 16) & 255, (bits >> 8) & 255, bits & 255);
      bits = count = 0;
    }
  }
  if (count === 2) data += String.fromCharCode((bits >> 4) & 255);
  if (count === 3) data += String.fromCharCode((bits >> 10) & 255, (bits >> 2) & 255);
  return { data, fault };
}

const encodeBase64url = (bytes) => btoa(fromBytes(bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
