// A strict reader of JSON (RFC 8259) with the offset of the first fault, the
// same that the gate has: a name twice in one object, a lone surrogate, a number
// beyond all measure are faults, because two readers could understand two
// things. JSON.parse accepts the first and says where in no browser alike.

class JSONFault extends Error {
  constructor(offset, what) {
    super(what);
    this.offset = offset;
  }
}

class JSONReader {
  constructor(octets) {
    this.s = octets;
    this.i = 0;
    this.depth = 0;
  }

  fail(what, at = this.i) {
    throw new JSONFault(at, what);
  }

  peek() {
    while (this.i < this.s.length && " \t\n\r".includes(this.s[this.i])) this.i++;
    return this.i < this.s.length ? this.s[this.i] : "";
  }

  end() {
    if (this.peek() !== "") this.fail("something follows the value");
  }

  // object calls member for each name, with the reader in front of the value.
  object(member) {
    if (this.peek() !== "{") this.fail("expected an object");
    if (++this.depth > 32) this.fail("nested too deep");
    this.i++;
    const seen = new Set();
    for (;;) {
      let c = this.peek();
      if (c === "}") break;
      if (seen.size > 0) {
        if (c !== ",") this.fail('expected "," or "}"');
        this.i++;
        c = this.peek();
      }
      if (c !== '"') this.fail("expected a name");
      const at = this.i;
      const name = this.text();
      if (seen.has(name)) this.fail("name " + quote(name) + " appears twice", at);
      seen.add(name);
      if (this.peek() !== ":") this.fail('expected ":"');
      this.i++;
      member(name);
    }
    this.i++;
    this.depth--;
  }

  array(item) {
    if (this.peek() !== "[") this.fail("expected an array");
    if (++this.depth > 32) this.fail("nested too deep");
    this.i++;
    for (let first = true; ; first = false) {
      const c = this.peek();
      if (c === "]") break;
      if (!first) {
        if (c !== ",") this.fail('expected "," or "]"');
        this.i++;
      }
      item();
    }
    this.i++;
    this.depth--;
  }

  // skip reads any value and returns it as it was written.
  skip() {
    const c = this.peek();
    const start = this.i;
    if (c === '"') this.text();
    else if (c === "{") this.object(() => this.skip());
    else if (c === "[") this.array(() => this.skip());
    else if (c === "-" || isDigit(c)) this.number();
    else if (c === "t") this.word("true");
    else if (c === "f") this.word("false");
    else if (c === "n") this.word("null");
    else if (c === "") this.fail("it ends too early");
    else this.fail("expected a value");
    return this.s.slice(start, this.i);
  }

  word(w) {
    if (!this.s.startsWith(w, this.i)) this.fail("expected a value");
    this.i += w.length;
  }

  number() {
    const start = this.i;
    const digits = () => {
      const from = this.i;
      while (isDigit(this.s[this.i])) this.i++;
      return this.i - from;
    };
    if (this.s[this.i] === "-") this.i++;
    if (this.s[this.i] === "0") this.i++;
    else if (digits() === 0) this.fail("expected a digit");
    if (this.s[this.i] === ".") {
      this.i++;
      if (digits() === 0) this.fail("expected a digit");
    }
    const exponent = this.s[this.i] === "e" || this.s[this.i] === "E";
    if (exponent) {
      this.i++;
      const from = this.i;
      if (this.s[this.i] === "+" || this.s[this.i] === "-") this.i++;
      if (digits() === 0) this.fail("expected a digit");
      if (this.i - from > 4) this.fail("the number is out of range", start);
    }
    const text = this.s.slice(start, this.i);
    if (text.length > 64) this.fail("the number is too long", start);
    if (exponent && !Number.isFinite(Number(text))) this.fail("the number is out of range", start);
    return text;
  }

  // text reads a string and returns its octets.
  text() {
    this.i++;
    let out = "";
    let escapes = false;
    while (this.i < this.s.length) {
      const c = this.s[this.i];
      if (c === '"') {
        if (escapes) this.i++;
        if (fromUTF8(out) === null) this.fail("the string is not UTF-8");
        if (!escapes) this.i++;
        return out;
      }
      if (c < " ") this.fail("control character in a string");
      this.i++;
      if (c !== "\\") {
        out += c;
        continue;
      }
      escapes = true;
      if (this.i >= this.s.length) break;
      const e = this.s[this.i++];
      const simple = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }[e];
      if (simple !== undefined) out += simple;
      else if (e === "u") out += this.unicode();
      else this.fail("unknown escape", this.i - 1);
    }
    this.fail("the string does not end");
  }

  unicode() {
    let code = this.hex4();
    if (code >= 0xd800 && code < 0xe000) {
      if (!this.s.startsWith("\\u", this.i)) this.fail("half of a surrogate pair");
      this.i += 2;
      const low = this.hex4();
      if (code >= 0xdc00 || low < 0xdc00 || low >= 0xe000) this.fail("half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return toOctets(String.fromCodePoint(code));
  }

  hex4() {
    if (this.s.length - this.i < 4) this.fail("the escape is too short");
    let code = 0;
    for (let n = 0; n < 4; n++) {
      if (!/[0-9a-fA-F]/.test(this.s[this.i])) this.fail("expected a hexadecimal digit");
      code = code * 16 + parseInt(this.s[this.i++], 16);
    }
    return code;
  }

  // string reads a value that must be a string.
  string(name) {
    if (this.peek() !== '"') this.fail(quote(name) + " is not a string");
    return this.text();
  }

  // optional reads a string; anything else counts as none.
  optional() {
    if (this.peek() === '"') return this.text();
    this.skip();
    return "";
  }

  // words reads a string with spaces or a list of strings; else null.
  words() {
    const c = this.peek();
    if (c === '"') return this.text().split(" ").filter(Boolean);
    if (c !== "[") {
      this.skip();
      return null;
    }
    const list = [];
    this.array(() => (this.peek() === '"' ? list.push(this.text()) : this.skip()));
    return list;
  }

  // date reads a NumericDate (RFC 7519 section 2) as milliseconds since 1970.
  date(name) {
    const at = this.i;
    const c = this.peek();
    if (c !== "-" && !isDigit(c)) this.fail(quote(name) + " is not a number of seconds");
    const text = this.number();
    const whole = /^-?[0-9]+$/.test(text) && BigInt(text) === BigInt.asIntN(64, BigInt(text));
    const seconds = Number(text);
    if (!(seconds >= -62135596799 && seconds <= 253402300799)) {
      this.fail(quote(name) + " is no date between the years 1 and 9999" + (whole ? " (milliseconds instead of seconds?)" : ""), at);
    }
    return seconds * 1000;
  }
}

const isDigit = (c) => c !== undefined && c.length === 1 && c >= "0" && c <= "9";
