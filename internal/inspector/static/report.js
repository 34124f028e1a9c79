// A report to paste into a ticket: what was judged and why, without anything
// that would let its reader in. The signature is left out, and so is what tells
// who a person is.

const publicClaims = ["iss", "aud", "exp", "nbf", "iat", "auth_time", "scope", "scp", "typ", "acr", "amr", "azp", "client_id", "token_use"];

function reportOf(state) {
  const lines = ["Token report (redacted), " + utc(state.now)];
  if (state.skew) lines.push("Judged by the clock of the server, which is " + skewWords(state.skew) + ".");
  const line = (name, value) => lines.push(name.padEnd(14) + value);
  lines.push("", verdictWords(state));
  if (state.cause) line("What to do", facts.reasons[state.cause].detail);
  if (state.input.from) line("Came in", state.input.from);
  if (state.field?.scheme) line("Scheme", state.field.scheme);
  if (state.field?.user !== undefined) line("User", "[redacted], " + toOctets(state.field.user).length + " octets; password: " + toOctets(state.field.password).length + " octets");
  if (state.key) line("API key", state.key.shown);
  if (state.steps.length > 0) {
    lines.push("", "What a gate checks, in its order:");
    for (const s of state.steps) {
      const mark = { ok: "ok  ", bad: "BAD ", open: "-   ", unknown: "?   " }[s.state];
      lines.push("  " + mark + s.name.padEnd(13) + s.have + (s.state === "bad" ? "; expected: " + s.want + "  [" + s.code + "]" : ""));
    }
  }
  if (state.findings.length > 0) {
    lines.push("", "Findings:");
    for (const f of state.findings) lines.push("  " + f.severity.padEnd(8) + f.id + (f.place ? " at octet " + f.offset : "") + ": " + f.message);
  }
  for (const h of state.hints) lines.push("  note    " + h.id + ": " + h.text);
  if (state.token && !state.opaque) {
    lines.push("", "Header:");
    for (const m of members(state.token.header) ?? []) lines.push("  " + m.name + ": " + (facts.header[m.name] ? m.raw : "[redacted]"));
    const claims = members(state.token.payload) ?? [];
    if (claims.length > 0) lines.push("", "Claims:");
    for (const m of claims) {
      const t = dateOf(m);
      const value = publicClaims.includes(m.name) ? m.raw : "[redacted]";
      lines.push("  " + m.name + ": " + value + (t === null ? "" : "  " + utc(t) + ", " + relative(t, state.now)));
    }
    lines.push("", "Signature: [redacted], " + state.token.signature.length + " octets");
  }
  return lines.join("\n") + "\n";
}

function verdictWords(state) {
  if (state.cause) return "A gate refuses it: " + state.cause + " (" + facts.reasons[state.cause].status + "). " + facts.reasons[state.cause].title + ".";
  if (state.key) return "The API key is whole. Whether it is known, expired or revoked, only the gate can tell.";
  if (state.field && state.field.scheme === "Basic") return "The Basic value can be read. Whether name and password are right, only the server can tell.";
  if (!state.token) return "Nothing in the value itself stands against it.";
  const left = state.steps.filter((s) => s.state !== "ok").map((s) => s.name.toLowerCase());
  if (left.length === 0) return "A gate that expects this lets it in.";
  return "Nothing stands against it so far. Not checked: " + left.join(", ") + ".";
}

const skewWords = (skew) => span(skew) + (skew > 0 ? " ahead of yours" : " behind yours");

// dateOf is the time in a claim that holds one, else null.
function dateOf(member) {
  if (!["exp", "nbf", "iat", "auth_time", "updated_at"].includes(member.name)) return null;
  const ms = Number(member.raw) * 1000;
  return /^-?[0-9]/.test(member.raw) && Math.abs(ms) < 8.64e15 && ms > -62135596799000 && ms <= 253402300799000 ? ms : null;
}
