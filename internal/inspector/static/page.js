// The page: what was typed, judged anew at every change and every second.
// Nothing is stored, nothing is put into the address, and nothing is left when
// the page is.

const $ = (id) => document.getElementById(id);
const input = $("input");
const fields = ["iss", "aud", "key", "encoding", "date"].map($);
let state = null;
let skew = 0;
let run = 0;

// examine reads everything that was entered; it answers null for nothing.
async function examine() {
  const text = input.value;
  const found = readInput(text);
  const expect = { iss: $("iss").value.trim(), aud: $("aud").value.trim(), keys: [], keyFault: "", signature: null };
  const s = { input: found, now: Date.now() + skew, skew, expect, findings: [], steps: [], hints: [], notes: [], cause: "" };
  if (found.kind === "none") return text.trim() === "" ? null : s;
  let value = found.value;
  if (found.kind === "field") {
    s.field = examineField(value);
    s.findings.push(...s.field.findings);
    s.cause = found.misspelt ? "authorization-misspelt" : causeOfField(s.field);
    const scheme = s.field.scheme;
    if (scheme && !["Bearer", "DPoP", "Basic"].includes(scheme)) s.hints.push({ id: "scheme-not-examined", text: "This page looks into Bearer, DPoP and Basic. What stands behind " + scheme + " is told by gate401 explain." });
    if (found.misspelt) s.hints.push({ id: "field-misspelt", text: "The field is called " + found.name + ". The gate looks for Authorization." });
    if (s.field.scheme === "Bearer" || s.field.scheme === "DPoP") value = s.field.rest;
    else {
      // Something is wrong around it: show the token all the same.
      const inside = /eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_.=+/-]*/.exec(value);
      if (!inside || s.field.scheme === "Digest") return s;
      value = inside[0];
    }
  }
  if (found.inAddress) s.hints.push({ id: "token-in-address", text: "A token in an address ends up in logs, histories and Referer fields. Send it in the field Authorization (RFC 6750 section 5.3)." });
  if (/^g401_/i.test(value)) {
    const fault = keyFault(value);
    const [, environment] = value.split("_");
    s.key = { fault, environment: environment ?? "", shown: fault ? "[hidden]" : value.slice(0, value.lastIndexOf("_") + 5) + "\u2026" };
    if (fault) {
      s.findings.push({ id: "api-key-malformed", severity: "error", offset: 0, message: fault, hint: "copy the whole key again", section: "gate401", place: "" });
      s.cause ||= "api-key-malformed";
    }
    return s;
  }
  const d = decodeToken(value);
  s.token = d;
  s.opaque = !d.header.startsWith("{");
  s.hints.push(...hintsOf(d, s.field));
  await readSignature(s);
  rejudge(s);
  return s;
}

async function readSignature(s) {
  const text = $("key").value;
  if (text.trim() === "") return;
  try {
    const { keys, notes } = await readKeys(text, $("encoding").value);
    s.expect.keys = keys;
    s.notes.push(...notes);
    if (s.token.problems.length === 0) s.expect.signature = await checkSignature(s.token, keys);
  } catch (e) {
    if (!(e instanceof KeyFault)) throw e;
    if (s.expect.keys.length > 0) s.expect.signature = { unknown: true, text: e.message };
    else s.expect.keyFault = e.message;
  }
}

// rejudge is what changes with time.
function rejudge(s) {
  const d = s.token;
  s.findings = [...(s.field?.findings ?? []), ...examineToken(d, s.now)];
  s.steps = judgeToken(d, s.expect, s.now);
  const first = s.steps.find((x) => x.state === "bad");
  s.cause = s.input.misspelt ? "authorization-misspelt" : (s.field && causeOfField(s.field)) || first?.code || "";
}

async function update() {
  const mine = ++run;
  const next = await examine();
  if (mine !== run) return; // something newer was typed meanwhile
  state = next;
  render();
}

function render() {
  const result = $("result");
  $("report").disabled = !state || state.input.kind === "none";
  $("keynote").replaceChildren(...(state?.expect.keyFault ? [h("strong", { class: "error" }, state.expect.keyFault)] : (state?.notes ?? []).map((n) => h("span", null, n))));
  if (!state) {
    result.replaceChildren();
    said("");
    return;
  }
  if (state.input.kind === "none") {
    result.replaceChildren(h("p", { class: "error" }, state.input.why));
    said(state.input.why);
    return;
  }
  const open = [...result.querySelectorAll("details[open] > summary")].map((e) => e.textContent);
  const pieces = [viewVerdict(state), viewHints(state.hints)];
  if (state.findings.length > 0) {
    pieces.push(h("section", { class: "piece", "aria-labelledby": "findings" }, h("h2", { id: "findings" }, "Findings"), h("ul", { class: "findings" }, state.findings.map((f) => viewFinding(f, state)))));
  }
  if (state.token) {
    if (!state.opaque) pieces.push(viewSteps(state.steps));
    if (!state.opaque || state.token.parts.length > 1) pieces.push(viewRaw(state));
    if (!state.opaque) pieces.push(viewPart(state, "header", 0, facts.header), viewPart(state, "payload", 1, facts.claims));
  }
  if (state.field?.user !== undefined) pieces.push(viewBasic(state.field));
  if (state.key) pieces.push(viewKey(state.key));
  result.replaceChildren(...pieces.filter(Boolean));
  for (const e of result.querySelectorAll("details > summary")) e.parentElement.open = open.includes(e.textContent);
  said(verdictWords(state));
}

// said tells those who do not see the page, once for each change.
function said(text) {
  if ($("said").textContent !== text) $("said").textContent = text;
}

// Once a second only the times are written anew, and all if one of them decided.
setInterval(() => {
  if (!state?.token || document.hidden) return;
  state.now = Date.now() + skew;
  const before = state.cause + state.findings.map((f) => f.id) + state.steps.map((x) => x.state);
  rejudge(state);
  if (before !== state.cause + state.findings.map((f) => f.id) + state.steps.map((x) => x.state)) render();
  for (const e of document.querySelectorAll("[data-time]")) e.textContent = relative(Number(e.dataset.time), state.now);
  for (const step of state.steps) {
    for (const e of document.querySelectorAll(`tr[data-step="${step.name}"] .have, span[data-step="${step.name}"]`)) e.textContent = visible(step.have);
  }
}, 1000);

// The clock of the server: the Date field of its answer, at the moment at which
// it is entered.
function readDate() {
  const text = $("date").value.replace(/^\s*[<>]?\s*date\s*:/i, "").trim();
  const t = Date.parse(text);
  skew = text === "" || Number.isNaN(t) ? 0 : Math.round((t - Date.now()) / 1000) * 1000;
  $("datenote").textContent =
    text === "" ? "" : Number.isNaN(t) ? "This is no date, such as Sat, 21 Nov 2026 14:00:00 GMT." : skew === 0 ? "The clocks agree." : "The server's clock is " + skewWords(skew) + ". Times are judged by it.";
}

function clear() {
  run++;
  for (const e of [input, ...fields]) if (e.tagName !== "SELECT") e.value = "";
  $("encoding").selectedIndex = 0;
  $("out").value = "";
  $("outbox").hidden = true;
  skew = 0;
  state = null;
  readDate();
  showEncoding();
  render();
}

function showEncoding() {
  const text = $("key").value.trimStart();
  $("secretbox").hidden = text === "" || text.startsWith("{") || text.startsWith("-----BEGIN");
}

async function copyReport() {
  const report = reportOf(state);
  $("out").value = report;
  $("outbox").hidden = false;
  try {
    await navigator.clipboard.writeText(report);
    $("copied").textContent = "Copied. It holds no secret, and nothing that names a person.";
  } catch {
    $("copied").textContent = "The browser does not let the page copy: the text is selected, copy it yourself.";
    $("out").select();
  }
}

// example makes a token with a key of its own, here in the page.
async function example() {
  clear();
  if (!crypt) {
    said(noCrypto);
    return;
  }
  const mine = ++run;
  const pair = await crypt.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypt.exportKey("jwk", pair.publicKey);
  const now = Math.floor(Date.now() / 1000);
  const encode = (doc) => encodeBase64url(new TextEncoder().encode(JSON.stringify(doc)));
  const head = encode({ alg: "ES256", kid: "example", typ: "at+jwt" });
  const body = encode({ iss: "https://idp.example.com", sub: "alice", aud: "orders", exp: now + 300, iat: now, auth_time: now - 45, jti: crypto.randomUUID(), client_id: "shop", scope: "orders:read orders:write" });
  const signature = await crypt.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new TextEncoder().encode(head + "." + body));
  if (mine !== run) return;
  input.value = "Authorization: Bearer " + head + "." + body + "." + encodeBase64url(new Uint8Array(signature));
  $("key").value = JSON.stringify({ kty, crv, x, y, kid: "example" });
  $("iss").value = "https://idp.example.com";
  $("aud").value = "orders";
  showEncoding();
  await update();
}

for (const e of [input, ...fields]) {
  e.addEventListener("input", () => {
    if (e.id === "date") readDate();
    if (e.id === "key") showEncoding();
    update();
  });
}
$("clear").addEventListener("click", () => {
  clear();
  input.focus();
});
$("report").addEventListener("click", copyReport);
$("example").addEventListener("click", example);
// A page that comes back from the history must come back empty.
addEventListener("pagehide", clear);
clear();
