// The page of the mock. All it does, it does by the admin API that any program
// may use; what came and what was answered is what the journal says.
(() => {
  "use strict";
  const api = "/__mock/api/";
  const $ = (id) => document.getElementById(id);
  // Words of this page's own: counters and worlds are kept apart by them.
  const word = Math.random().toString(36).slice(2, 8);

  function h(tag, attributes, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value === true ? "" : value);
    }
    e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
    return e;
  }

  const said = (text) => ($("said").textContent = text);

  // ask calls the admin API; what it refuses becomes an Error with its words.
  // A text is sent as it is, anything else as JSON.
  async function ask(method, path, body) {
    let response;
    const text = typeof body === "string";
    try {
      response = await fetch(api + path, { method, credentials: "same-origin", cache: "no-store", headers: body === undefined ? {} : { "Content-Type": text ? "application/octet-stream" : "application/json" }, body: body === undefined || text ? body : JSON.stringify(body) });
    } catch {
      throw new Error("The mock cannot be reached. Is it still running?");
    }
    if (response.status === 204) return null;
    const doc = await response.json().catch(() => ({}));
    if (response.ok) return doc;
    const details = (doc.errors ?? []).map((e) => typeof e === "string" ? e : [e.path, e.message].filter(Boolean).join(": ") + (e.hint ? " (" + e.hint + ")" : ""));
    throw new Error(details.length > 0 ? details.join("; ") : doc.detail ?? "The mock answered " + response.status + ".");
  }

  const command = (text) => h("div", { class: "cmd" }, h("pre", null, h("code", null, text)));

  // shell quotes a word for a POSIX shell.
  const shell = (text) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'");

  // HTTP as it is on the wire

  const visible = (text) => text.replace(/[\x00-\x08\x0b-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0))).replace(/\x7f/g, "\u2421");

  function bodyOf(base64) {
    if (!base64) return "";
    const text = new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }

  // noise is what browsers add to every request.
  const noise = /^(accept|accept-encoding|accept-language|cache-control|connection|content-length|origin|pragma|user-agent|priority|upgrade-insecure-requests|sec-.*)$/i;

  const telling = ["authorization", "www-authenticate", "proxy-authenticate", "retry-after", "location"];

  function wire(start, header, body, quiet) {
    const lines = Object.entries(header ?? {}).filter(([name]) => name !== "Mock-Try").flatMap(([name, values]) => values.map((value) => [name, value]));
    const rank = ([name]) => (name === "Host" ? 0 : telling.includes(name.toLowerCase()) ? 1 : quiet?.test(name) ? 3 : 2);
    lines.sort((a, b) => rank(a) - rank(b) || a[0].localeCompare(b[0]));
    const code = h("code", null, h("span", { class: "start" }, visible(start)));
    for (const [name, value] of lines) {
      if (quiet?.test(name)) {
        code.append("\n", h("span", { class: "long" }, visible(name + ": " + value)));
        continue;
      }
      const field = [h("b", null, visible(name)), ": " + visible(value)];
      code.append("\n", telling.includes(name.toLowerCase()) ? h("mark", null, field) : h("span", null, field));
    }
    if (body) code.append("\n\n", h("span", { class: "body" }, visible(body)));
    return h("pre", { class: "wire" }, code);
  }

  const phrases = { 200: "OK", 201: "Created", 204: "No Content", 302: "Found", 303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable" };

  function exchange(e) {
    const request = wire(e.method + " " + e.target + " " + e.proto, { Host: [e.host], ...e.header }, bodyOf(e.body), noise);
    const response = e.status ? wire(e.proto + " " + e.status + " " + (phrases[e.status] ?? ""), e.response_header, bodyOf(e.response_body)) : h("p", { class: "quiet" }, "None: the connection was cut" + (e.fault ? " (" + e.fault + ")." : "."));
    return h("div", { class: "pair" }, h("div", null, h("p", { class: "label" }, "Request"), request), h("div", null, h("p", { class: "label" }, "Response"), response));
  }

  const status = (code) => h("span", { class: "status " + (code >= 200 && code < 300 ? "s2xx" : code >= 500 ? "s5xx" : "s" + code) }, code ? String(code) : "cut");

  const took = (ns) => (ns < 1e6 ? Math.round(ns / 1e3) + " µs" : ns < 1e9 ? Math.round(ns / 1e6) + " ms" : (ns / 1e9).toFixed(1) + " s");

  // send makes one request from the page and answers what the journal has of it:
  // a script may not see all of an answer, and nothing of one that was cut.
  async function send(method, path, headers, body) {
    const mark = word + "-" + Math.random().toString(36).slice(2);
    let failed = "";
    let answer = "";
    try {
      const response = await fetch(path, { method, body, credentials: "omit", cache: "no-store", redirect: "manual", headers: { ...headers, "Mock-Try": mark }, signal: AbortSignal.timeout(70000) });
      answer = await response.text();
    } catch (e) {
      failed = e.name === "TimeoutError" ? "no answer within 70 seconds" : "the browser saw no whole answer";
    }
    for (let i = 0; i < 20; i++) {
      const { entries } = await ask("GET", "journal?newest=1&limit=50");
      const entry = entries.findLast((e) => (e.header["Mock-Try"] ?? [])[0] === mark);
      if (entry) return { entry, failed, answer };
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("The journal does not have the request" + (failed ? ": " + failed : "") + ".");
  }

  // trying does so for a button, and shows the request beside the response. It
  // returns the text of the answer.
  async function trying(button, outcome, method, path, headers, body) {
    if (button.getAttribute("aria-busy")) return "";
    button.setAttribute("aria-busy", "true");
    try {
      const { entry, failed, answer } = await send(method, path, headers, body);
      outcome.replaceChildren(h("p", { class: "verdict" }, status(entry.status), " in " + took(entry.took), failed ? "; " + failed : "", entry.reason ? [", ", h("code", null, entry.reason)] : ""), exchange(entry));
      said(method + " " + path + ": " + (entry.status || "cut"));
      return answer;
    } catch (e) {
      outcome.replaceChildren(h("p", { class: "error" }, e.message));
      said(e.message);
      return "";
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  // Endpoints

  const make = $("make");

  // definition is what the form says, in the JSON of the admin API.
  function definition() {
    const f = Object.fromEntries([...new FormData(make)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v !== ""));
    const e = { path: f.path ?? "" };
    if (f.method) e.method = f.method;
    if (f.answer) e.answer = f.answer;
    for (const name of ["every", "rate", "seed"]) if (f[name]) e[name] = Number(f[name]);
    for (const name of ["then", "count"]) if (f[name]) e[name] = f[name];
    const how = {};
    if (f.delay) how.delay = f.delay;
    if (f.fault) how.fault = f.fault;
    if (f.body) how.body = f.body;
    if (!f.challenge && Object.keys(how).length === 0) return e;
    // In full: what was said of the answers holds for each of them, and a
    // challenge for those that can carry one.
    const words = (f.answer ?? "200").split(",").map((w) => w.trim()).filter(Boolean);
    const statuses = [...new Set(words.map((w) => w.match(/^[0-9]{3}/)?.[0]).filter(Boolean))];
    e.answers = statuses.map((s) => ({ status: Number(s), ...how, ...(f.challenge && (s === "401" || s === "407") ? { challenge: f.challenge } : {}) }));
    return e;
  }

  function showLine() {
    $("make-curl").textContent = "curl -X POST " + shell(location.origin + api + "endpoints") + " -d " + shell(JSON.stringify(definition()));
  }
  make.addEventListener("input", showLine);
  make.addEventListener("change", showLine);

  for (const button of make.querySelectorAll("[data-preset]")) {
    button.addEventListener("click", () => {
      for (const name of ["every", "rate", "delay"]) make.elements[name].value = button.dataset[name] ?? "";
      make.elements.answer.value = button.dataset.preset;
      if (button.dataset.every || button.dataset.rate || button.dataset.delay) make.querySelector("details").open = true;
      showLine();
      make.elements.path.focus();
    });
  }

  make.addEventListener("submit", async (event) => {
    event.preventDefault();
    $("make-said").textContent = "";
    try {
      const { endpoints } = await ask("POST", "endpoints", definition());
      await listEndpoints();
      said("Made " + endpoints.map((e) => e.path).join(", "));
      document.querySelector(`[data-endpoint="${CSS.escape(endpoints[0].id)}"]`)?.scrollIntoView({ block: "nearest" });
    } catch (e) {
      $("make-said").textContent = e.message;
    }
  });

  async function listEndpoints() {
    const { endpoints } = await ask("GET", "endpoints");
    const open = new Map([...$("made").querySelectorAll("[data-endpoint]")].map((e) => [e.dataset.endpoint, e]));
    $("made").replaceChildren(...endpoints.map((e) => {
      const row = open.get(e.id);
      const same = JSON.stringify({ ...e, requests: 0 });
      if (row?.dataset.definition === same) {
        row.querySelector(".requests").textContent = requests(e.requests);
        return row;
      }
      return viewEndpoint(e, same);
    }));
  }

  const requests = (n) => n + (n === 1 ? " request" : " requests");

  function viewEndpoint(e, same) {
    const answers = e.answer || (e.answers ?? []).map((a) => a.reason ?? a.status ?? 200).join(",") || "200";
    const how = [e.every ? "every " + e.every : "", e.rate ? "chance " + e.rate : "", e.then === "repeat" ? "then again" : ""].filter(Boolean).join(", ");
    const method = e.method || "GET";
    const tryIt = h("button", { type: "button", "aria-label": "Try " + e.path }, "Try");
    const again = h("button", { type: "button", "aria-label": "Begin again: " + e.path }, "Begin again");
    const remove = h("button", { type: "button", "aria-label": "Delete " + e.path }, "Delete");
    const outcome = h("div", { class: "outcome" });
    const path = new URL(e.url).pathname;
    tryIt.addEventListener("click", () => trying(tryIt, outcome, method, path));
    const act = (does, words) => async () => {
      try {
        await does();
        await listEndpoints();
        said(words);
      } catch (error) {
        outcome.replaceChildren(h("p", { class: "error" }, error.message));
      }
    };
    remove.addEventListener("click", act(() => ask("DELETE", "endpoints/" + encodeURIComponent(e.id)), "Deleted " + e.path));
    again.addEventListener("click", act(() => ask("PUT", "endpoints/" + encodeURIComponent(e.id), bare(e)), e.path + " begins again"));
    return h("article", { class: "row", "data-endpoint": e.id, "data-definition": same },
      h("div", { class: "head" },
        h("h3", null, h("code", null, (e.method || "any") + " " + e.path)),
        h("p", { class: "why" }, h("code", null, answers), how ? " " + how : ""),
        h("p", { class: "expect quiet requests" }, requests(e.requests)),
        h("div", { class: "buttons" }, tryIt, again, remove),
      ),
      command("curl -i " + (method === "GET" ? "" : "-X " + method + " ") + shell(location.origin + path)),
      outcome,
    );
  }

  // bare is the definition without what the API added.
  const bare = ({ url, requests: _, ...definition }) => definition;

  // Scenarios

  const rows = [...document.querySelectorAll("#scenarios ~ details .row")];
  for (const row of rows) {
    const path = row.dataset.path.replace("KEY", word).replace("SESSION", word);
    const outcome = row.querySelector(".outcome");
    outcome.querySelector("code").textContent = "curl -i " + shell(location.origin + path);
    const shown = h("div", null);
    outcome.append(shown);
    row.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      trying(event.target.querySelector("button"), shown, "GET", path);
    });
  }
  const groups = [...document.querySelectorAll("[data-group]")];
  $("filter").hidden = false;
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("filter-text").addEventListener("input", () => {
    const words = $("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of rows) {
      const text = (row.dataset.words + " " + row.querySelector(".head").textContent).toLowerCase();
      row.hidden = !words.every((w) => text.includes(w));
      if (!row.hidden) n++;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector(".row:not([hidden])");
      group.open = words.length > 0 && !group.hidden;
    }
    $("filter-said").textContent = words.length > 0 ? n + " of " + rows.length + " scenarios" : "";
  });

  // Sessions

  $("open").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("open-said").textContent = "";
    const f = Object.fromEntries([...new FormData($("open"))].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v !== ""));
    const settings = {};
    const put = (group, name, value) => value !== undefined && ((settings[group] ??= {})[name] = value);
    const number = (v) => (v === undefined ? undefined : Number(v));
    put("access", "ttl", f.ttl);
    put("access", "uses", number(f.uses));
    put("access", "fault", f["access-fault"]);
    put("refresh", "policy", f.policy);
    put("refresh", "fault", f["refresh-fault"]);
    put("refresh", "delay", f["refresh-delay"]);
    put("resource", "first", number(f.first));
    put("clock", "offset", f.offset);
    try {
      const s = await ask("POST", "sessions", settings);
      $("opened").prepend(viewSession(s));
      addSession(s.id);
      said("Opened the session " + s.id);
    } catch (e) {
      $("open-said").textContent = e.message;
    }
  });

  function viewSession(s) {
    const url = s.url.replace(/\/$/, "");
    const close = h("button", { type: "button", "aria-label": "Close: session " + s.id }, "Close");
    const watch = h("button", { type: "button", "aria-label": "Show in the journal: session " + s.id }, "Show in the journal");
    const told = h("p", { class: "quiet small", role: "status" });
    const commands = $("commands").content.cloneNode(true);
    for (const button of commands.querySelectorAll("[data-do]")) {
      button.addEventListener("click", async () => {
        try {
          await ask("POST", "sessions/" + encodeURIComponent(s.id) + "/do", JSON.parse(button.dataset.do));
          told.textContent = "Done: " + button.textContent + ".";
        } catch (e) {
          told.textContent = e.message;
        }
      });
    }
    const outcome = h("div", { class: "outcome" });
    const path = new URL(url).pathname;
    const { name, password } = s.people?.[0] ?? { name: "alice", password: "wonderland" };
    let tokens = {}; // of the last login, in this page alone
    const steps = [
      ["Log in", "curl -s " + shell(url + "/login") + " -d " + shell("username=" + name) + " -d " + shell("password=" + password), async (button) => keep(await trying(button, outcome, "POST", path + "/login", {}, new URLSearchParams({ username: name, password })))],
      ["Call", 'curl -i -H "Authorization: Bearer $ACCESS_TOKEN" ' + shell(url + "/api/orders"), (button) => trying(button, outcome, "GET", path + "/api/orders", tokens.access_token ? { Authorization: "Bearer " + tokens.access_token } : {})],
      ["Refresh", "curl -s " + shell(url + "/token") + ' -d grant_type=refresh_token -d refresh_token="$REFRESH_TOKEN"', async (button) => keep(await trying(button, outcome, "POST", path + "/token", {}, new URLSearchParams({ grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" })))],
    ];
    const keep = (answer) => {
      try {
        tokens = { ...tokens, ...JSON.parse(answer) };
      } catch {
        // No tokens came: the ones before are still there to be tried.
      }
    };
    const card = h("article", { class: "row", "data-session": s.id },
      h("div", { class: "head" }, h("h3", null, "Session ", h("code", null, s.id)), h("div", { class: "why" }, h("p", null, h("code", null, url + "/")), h("p", { class: "small" }, whoLives(s))), h("div", { class: "buttons" }, watch, close)),
      steps.map(([name, line, does]) => {
        const button = h("button", { type: "button", "aria-label": name + ": session " + s.id }, name);
        button.addEventListener("click", () => does(button));
        return h("div", { class: "line" }, button, command(line));
      }),
      commands.childElementCount > 0 ? h("div", { class: "presets", role: "group", "aria-label": "What can be done to the session " + s.id }, commands) : "",
      told,
      outcome,
    );
    watch.addEventListener("click", () => {
      $("session").value = s.id;
      $("session").dispatchEvent(new Event("change"));
      $("journal").scrollIntoView();
    });
    close.addEventListener("click", async () => {
      try {
        await ask("DELETE", "sessions/" + encodeURIComponent(s.id));
        card.remove();
        said("Closed the session " + s.id);
      } catch (e) {
        told.textContent = e.message;
      }
    });
    return card;
  }

  // whoLives lists who can log in, and with which key.
  function whoLives(s) {
    const people = (s.people ?? []).map((x) => x.name + " / " + x.password + (x.suspended ? " (suspended)" : ""));
    const keys = (s.keys ?? []).map((k) => k.value);
    return [people.length > 0 ? "People: " + people.join(", ") + ". " : "", keys.length > 0 ? ["API key: ", h("code", null, keys[0]), "."] : ""].flat();
  }

  function addSession(id) {
    if (id && ![...$("session").options].some((o) => o.value === id)) $("session").append(h("option", { value: id }, id));
  }

  // OpenAPI

  $("import-curl").textContent = "curl --data-binary @petstore.yaml " + shell(location.origin + api + "openapi");

  $("import").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("import-said").textContent = "";
    const [file] = $("document-file").files;
    const pasted = $("document").value;
    if (!file && pasted.trim() === "") {
      $("import-said").textContent = "Choose a file, or paste a document.";
      return;
    }
    try {
      const query = new URLSearchParams({ name: file?.name ?? "pasted" });
      if ($("prefix").value.trim()) query.set("prefix", $("prefix").value.trim());
      const d = await ask("POST", "openapi?" + query, file ? await file.text() : pasted);
      await listDocuments();
      said("Imported " + (d.title || d.name));
      document.querySelector(`[data-document="${CSS.escape(d.id)}"]`)?.scrollIntoView({ block: "nearest" });
    } catch (e) {
      $("import-said").textContent = e.message;
    }
  });

  async function listDocuments() {
    const { documents } = await ask("GET", "openapi");
    $("documents").replaceChildren(...documents.map(viewDocument));
  }

  function viewDocument(d) {
    const title = d.title || d.name || "A document";
    const remove = h("button", { type: "button", "aria-label": "Remove the document " + title }, "Remove");
    const told = h("p", { class: "error", role: "alert" });
    remove.addEventListener("click", async () => {
      try {
        await ask("DELETE", "openapi/" + encodeURIComponent(d.id));
        await listDocuments();
        said("Removed " + title);
      } catch (e) {
        told.textContent = e.message;
      }
    });
    return h("article", { class: "row", "data-document": d.id },
      h("div", { class: "head" }, h("h3", null, title), h("div", { class: "why" }, h("p", null, d.urls.map((u, i) => [i > 0 ? " or " : "", h("code", null, u || location.origin)]).flat()), h("p", { class: "small" }, "All that it accepts, with a token for each scope: ", h("a", { href: api + "openapi/" + encodeURIComponent(d.id) }, "as JSON"), ".")), h("div", { class: "buttons" }, remove)),
      d.warnings.map((w) => h("p", { class: "small quiet" }, w)),
      told,
      h("h4", null, "Credentials"),
      h("ul", { class: "plainly" }, d.credentials.map((c) => h("li", null, h("strong", null, c.scheme), " ", h("code", null, c.curl)))),
      h("details", { open: d.operations.length <= 8 }, h("summary", null, d.operations.length + (d.operations.length === 1 ? " operation" : " operations")), d.operations.map((o) => viewOperation(o, d.credentials))),
    );
  }

  // viewOperation tries an operation with credentials that it accepts, as far as a
  // script may send them: no cookies, and no answer to Digest.
  function viewOperation(o, credentials) {
    const name = o.method + " " + o.path;
    const outcome = h("div", { class: "outcome" });
    const button = h("button", { type: "button", "aria-label": "Try " + name }, "Try");
    const url = new URL(o.url);
    const headers = {};
    const needs = o.security.map((all) => all.map((scheme) => credentials.find((c) => c.scheme === scheme)));
    for (const c of needs.find((all) => all.length > 0 && all.every((c) => c?.send && c.in !== "cookie")) ?? []) {
      if (c.in === "query") url.searchParams.set(c.name, c.send);
      else headers[c.name] = c.send;
    }
    button.addEventListener("click", () => trying(button, outcome, o.method, url.pathname + url.search, headers));
    const words = o.security.map((all) => all.join(" and ") || "nothing").join(", or ") || "nothing";
    return h("div", { class: "operation" }, h("p", null, h("code", null, name), " ", h("span", { class: "quiet small" }, "needs " + words)), h("div", { class: "line" }, button, command(o.curl)), outcome);
  }

  // Journal

  const most = 200;
  let waiting = []; // what came while the journal was paused
  let paused = false;
  let source = null;

  function viewEntry(e) {
    const clock = new Date(e.time).toLocaleTimeString(undefined, { hour12: false });
    const why = [e.reason, e.scenario && e.scenario !== e.reason ? e.scenario : "", e.endpoint, e.fault].filter(Boolean);
    const entry = h("details", { class: "entry", "data-entry": e.id, "data-status": e.status },
      h("summary", null, h("span", { class: "quiet when" }, clock), status(e.status), h("span", { class: "what" }, h("code", null, e.method + " " + visible(e.target))), h("span", { class: "quiet why" }, why.join(" · ")), h("span", { class: "quiet took" }, took(e.took))),
    );
    entry.addEventListener("toggle", () => {
      if (entry.open && entry.childElementCount === 1) entry.append(exchange(e));
    });
    return entry;
  }

  function show(e) {
    addSession(e.session);
    if (e.endpoint) counted();
    if (paused) {
      waiting.push(e);
      if (waiting.length > most) waiting.shift();
      $("live").textContent = waiting.length + " more since the pause";
      return;
    }
    $("nothing").hidden = true;
    $("entries").prepend(viewEntry(e));
    while ($("entries").childElementCount > most) $("entries").lastElementChild.remove();
  }

  // The counts beside the endpoints follow, not more often than people can read.
  let due = null;
  function counted() {
    due ??= setTimeout(() => {
      due = null;
      listEndpoints().catch(() => {});
    }, 250);
  }

  async function follow() {
    source?.close();
    const session = $("session").value;
    const query = session ? "&session=" + encodeURIComponent(session) : "";
    $("har").href = api + "journal.har" + (session ? "?session=" + encodeURIComponent(session) : "");
    const page = await ask("GET", "journal?newest=1&limit=100" + query);
    $("entries").replaceChildren();
    waiting = [];
    $("nothing").hidden = page.entries.length > 0;
    page.entries.forEach(show);
    source = new EventSource(api + "journal/stream?after=" + page.last + query);
    source.addEventListener("open", () => ($("live").textContent = paused ? $("live").textContent : "Live"));
    source.addEventListener("entry", (event) => show(JSON.parse(event.data)));
    source.addEventListener("lost", (event) => ($("live").textContent = JSON.parse(event.data).lost + " came too fast and are not shown"));
    source.addEventListener("error", () => ($("live").textContent = "Not connected; trying again"));
  }

  $("session").addEventListener("change", () => follow().catch((e) => ($("live").textContent = e.message)));
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", String(paused));
    $("pause").textContent = paused ? "Go on" : "Pause";
    $("live").textContent = paused ? "Paused" : "Live";
    if (!paused) waiting.splice(0).forEach(show);
  });
  // What the client did wrong, each finding with the requests that prove it.
  $("judge").addEventListener("click", async () => {
    const session = $("session").value;
    try {
      const v = await ask("GET", "verdict" + (session ? "?session=" + encodeURIComponent(session) : ""));
      const looked = v.requests + (v.requests === 1 ? " request" : " requests") + (session ? " of session " + session : "") + " looked at";
      $("verdict").replaceChildren(
        h("p", null, v.findings.length > 0 ? looked + "." : v.requests > 0 ? looked + ": nothing is wrong with the client." : "Nothing has come yet that could be judged."),
        ...v.findings.map((f) => h("div", { class: "head", "data-rule": f.rule }, h("h3", null, f.title + (f.severity === "fault" ? "" : " (a doubt)")),
          h("div", { class: "why" }, h("p", null, f.message + "."), h("p", { class: "small" }, f.why + " " + f.fix)),
          h("p", { class: "expect" }, h("code", null, f.rule), f.session && !session ? " in session " + f.session : "", f.section ? " " + f.section : ""))),
      );
    } catch (e) {
      $("live").textContent = e.message;
    }
  });
  $("clear").addEventListener("click", async () => {
    try {
      await ask("DELETE", "journal" + ($("session").value ? "?session=" + encodeURIComponent($("session").value) : ""));
      $("entries").replaceChildren();
      $("verdict").replaceChildren();
      waiting = [];
      $("nothing").hidden = false;
      said("The journal is empty");
    } catch (e) {
      $("live").textContent = e.message;
    }
  });

  showLine();
  $("journal-bar").hidden = false;
  listEndpoints().catch((e) => ($("make-said").textContent = e.message));
  ask("GET", "sessions").then(({ sessions }) => sessions.forEach((s) => {
    $("opened").append(viewSession(s));
    addSession(s.id);
  })).catch(() => {}); // what it would say, opening one says
  listDocuments().catch(() => {}); // the same
  follow().catch((e) => ($("live").textContent = e.message));
})();
