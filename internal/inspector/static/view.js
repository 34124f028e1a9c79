// The view: elements made one by one, never from markup, so that nothing that
// was pasted can become part of the page.

function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

// words writes a sentence of the catalogue: what stands between backquotes is
// literal.
const words = (text) => text.split("`").map((part, i) => (i % 2 ? h("code", null, part) : part));

// visible shows what cannot be seen by one sign each.
const visible = (text) =>
  text.replace(/[\x00-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0))).replace(/\x7f/g, "\u2421").replace(/[\u00a0\u200b-\u200f\u2060\ufeff]/g, "\u25af");

function viewVerdict(state) {
  const kind = state.cause ? "bad" : state.steps.length > 0 && state.steps.every((s) => s.state === "ok") ? "good" : "open";
  const head = state.cause
    ? [h("span", { class: "status s" + facts.reasons[state.cause].status }, String(facts.reasons[state.cause].status)), " ", h("code", { class: "code" }, state.cause)]
    : [];
  const reason = state.cause ? facts.reasons[state.cause] : null;
  const box = h("section", { class: "verdict-box " + kind, "aria-label": "Verdict", "data-cause": state.cause || "none" });
  if (reason) {
    const bad = state.steps.find((s) => s.code === state.cause);
    box.append(
      h("p", { class: "head" }, "A gate refuses it", " ", h("span", { class: "codes" }, head)),
      h("h2", null, reason.title),
      bad ? h("p", null, bad.name + ": ", h("span", { "data-step": bad.name }, bad.have), ". Expected: " + bad.want + ".") : "",
      h("p", { class: "todo" }, words(reason.detail)),
      h("details", null, h("summary", null, "More about this reason"), h("p", null, words(reason.explain)), h("p", null, h("strong", null, "In the client: "), words(reason.caller)), h("p", { class: "quiet small" }, reason.spec)),
    );
    const unproven = state.steps.find((s) => s.name === "Signature" && s.state !== "ok" && s.state !== "bad");
    if (unproven && state.steps.length > 1) box.append(h("p", { class: "quiet small" }, "Its signature was not verified, so anybody could have written it."));
  } else {
    box.append(h("p", { class: "head" }, kind === "good" ? "A gate lets it in" : "Not refused, as far as can be seen"), h("h2", null, kind === "good" ? "Everything fits." : verdictWords(state)));
  }
  return box;
}

function viewHints(hints) {
  if (hints.length === 0) return "";
  return h("ul", { class: "hints" }, hints.map((x) => h("li", { "data-hint": x.id }, x.text, x.code ? [" ", h("code", null, x.code)] : "")));
}

// viewFinding shows one finding with a mark below its octet.
function viewFinding(f, state) {
  const source = { field: state.input.value, token: state.token?.text, header: state.token?.header, payload: state.token?.payload }[f.place];
  return h("li", { class: "finding is-" + f.severity, "data-id": f.id, "data-offset": f.offset, "data-severity": f.severity, "data-message": f.message },
    h("p", null, h("strong", { class: "severity" }, f.severity), " ", f.message.charAt(0).toUpperCase() + f.message.slice(1), " ", h("code", { class: "quiet" }, f.id)),
    source === undefined ? "" : viewCaret(source, f.offset),
    f.explain ? h("p", { class: "small" }, words(f.explain)) : "",
    f.hint ? h("p", { class: "small" }, h("strong", null, "Hint: "), f.hint) : "",
    f.section ? h("p", { class: "quiet small" }, f.section + (f.place ? " · octet " + f.offset : "")) : "",
  );
}

function viewCaret(octets, offset) {
  const from = Math.max(0, offset - 24);
  const before = (from > 0 ? "\u2026" : "") + visible(lenient(octets.slice(from, offset)));
  const after = visible(lenient(octets.slice(offset, offset + 16))) + (octets.length > offset + 16 ? "\u2026" : "");
  const at = [...before].length;
  return h("pre", { class: "caret", role: "img", "aria-label": "The place: octet " + offset + " of " + octets.length }, h("code", null, before, h("mark", null, after.slice(0, 1) || " "), after.slice(1), "\n" + " ".repeat(at) + "^"));
}

// viewRaw is the text as it was sent, its parts in their colours.
function viewRaw(state) {
  const d = state.token;
  const at = state.input.kind === "field" && state.input.value.includes(d.text) ? lenient(state.input.value.slice(0, state.input.value.lastIndexOf(d.text))) : "";
  const bad = state.findings.filter((f) => f.place === "token").map((f) => f.offset);
  const pieces = d.parts.flatMap((part, i) => {
    const dot = i > 0 ? [h("span", { class: "dot" }, ".")] : [];
    const inside = [];
    let done = 0;
    for (const offset of bad.filter((o) => o >= part.offset && o < part.offset + part.text.length)) {
      inside.push(visible(lenient(part.text.slice(done, offset - part.offset))), h("mark", null, visible(lenient(part.text.slice(offset - part.offset, offset - part.offset + 1)))));
      done = offset - part.offset + 1;
    }
    inside.push(visible(lenient(part.text.slice(done))));
    return [...dot, h("span", { class: "part" + Math.min(i, 3) }, inside)];
  });
  return h("section", { class: "piece", "aria-labelledby": "raw" },
    h("h2", { id: "raw" }, "As it was sent"),
    h("pre", { class: "raw" }, h("code", null, at ? h("span", { class: "quiet" }, visible(at)) : "", pieces)),
    d.parts.length === 3 ? h("p", { class: "legend small" }, ["header", "payload", "signature"].map((name, i) => h("span", { class: "part" + i }, name + ", " + d.parts[i].text.length + " octets"))) : "",
  );
}

function viewPart(state, name, index, catalogue) {
  const octets = state.token[name];
  if (octets === "") return "";
  const list = members(octets);
  const id = "part-" + name;
  const title = h("h2", { id, class: "part" + index }, name[0].toUpperCase() + name.slice(1));
  if (!list) return h("section", { class: "piece", "aria-labelledby": id }, title, h("pre", { class: "raw" }, h("code", null, visible(lenient(octets)))));
  const rows = list.map((m) => {
    const known = catalogue[m.name];
    const t = dateOf(m);
    return h("div", { class: "claim", "data-claim": m.name },
      h("dt", null, h("code", null, visible(m.name))),
      h("dd", { class: "value" }, h("code", null, visible(m.raw)), t === null ? "" : viewTime(t, state.now)),
      h("dd", { class: "means small" }, known ? [known.means, " ", h("span", { class: "quiet" }, known.section)] : h("span", { class: "quiet" }, "The issuer's own.")),
    );
  });
  return h("section", { class: "piece claims p" + index, "aria-labelledby": id }, title, rows.length > 0 ? h("dl", null, rows) : h("p", { class: "quiet" }, "Empty."));
}

const viewTime = (t, now) => h("span", { class: "time" }, h("span", { "data-time": t }, relative(t, now)), h("span", null, local(t)), h("span", { class: "quiet" }, utc(t)));

function viewSteps(steps) {
  const names = { ok: "ok", bad: "no", open: "not checked", unknown: "cannot say" };
  return h("section", { class: "piece", "aria-labelledby": "steps" },
    h("h2", { id: "steps" }, "What a gate checks, in its order"),
    h("table", { class: "stack steps" },
      h("thead", null, h("tr", null, ["Check", "The token says", "Expected", "Result"].map((t) => h("th", { scope: "col" }, t)))),
      h("tbody", null, steps.map((s) => h("tr", { class: s.state, "data-step": s.name, "data-state": s.state, "data-code": s.code },
        h("th", { scope: "row" }, s.name),
        h("td", { class: "have" }, visible(s.have)),
        h("td", { class: "want", "data-label": "Expected" }, s.want),
        h("td", { class: "told" }, h("span", { class: "pill " + s.state }, names[s.state]), s.code ? [" ", h("code", null, s.code)] : ""),
      ))),
    ),
    steps.some((s) => s.state === "bad") && steps.length > 1 ? h("p", { class: "quiet small" }, "A gate stops at the first that fails. The others are shown so that all can be mended at once.") : "",
  );
}

function viewBasic(field) {
  const describe = (text) => toOctets(text).length + " octets" + (/^\s|\s$/.test(text) ? ", with white space at its edge" : "") + (/[^\x00-\x7f]/.test(text) ? ", not all ASCII: both sides have to use UTF-8" : "");
  return h("section", { class: "piece claims p0", "aria-labelledby": "basic" }, h("h2", { id: "basic" }, "Name and password"),
    h("dl", null,
      h("div", { class: "claim" }, h("dt", null, "name"), h("dd", { class: "value" }, h("code", null, visible(field.user) || "(empty)")), h("dd", { class: "means small quiet" }, "Everything before the first colon.")),
      h("div", { class: "claim" }, h("dt", null, "password"), h("dd", { class: "value" }, describe(field.password)), h("dd", { class: "means small quiet" }, "Not shown. It is base64, not encryption: whoever sees this value has the password.")),
    ));
}

function viewKey(key) {
  return h("section", { class: "piece claims p0", "aria-labelledby": "key-part" }, h("h2", { id: "key-part" }, "API key of gate401"),
    h("dl", null,
      h("div", { class: "claim" }, h("dt", null, "key"), h("dd", { class: "value" }, h("code", null, key.shown)), h("dd", { class: "means small quiet" }, "Enough to recognise it by.")),
      h("div", { class: "claim" }, h("dt", null, "environment"), h("dd", { class: "value" }, h("code", null, key.environment)), h("dd", { class: "means small quiet" }, "A key works in its own environment only.")),
      h("div", { class: "claim" }, h("dt", null, "checksum"), h("dd", { class: "value" }, key.fault ? "wrong" : "right"), h("dd", { class: "means small quiet" }, key.fault || "Nothing was lost in copying.")),
    ));
}
