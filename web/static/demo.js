// The demo works without this script: every button is a form. With it, results
// open below their row, and all rows can be tried in a go.
(() => {
  "use strict";
  const said = document.getElementById("said");
  const rows = [...document.querySelectorAll(".row")].filter((row) => row.querySelector("form[data-try]"));
  if (!said || rows.length === 0) return;

  // run tries one row and answers whether it came out as expected.
  async function run(row, open) {
    const form = row.querySelector("form[data-try]");
    const button = form.querySelector("button");
    const outcome = row.querySelector(".outcome");
    button.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "text/html", "Demo-Part": "result" },
        credentials: "same-origin",
      });
      if (!response.ok) {
        const problem = await response.json().catch(() => ({}));
        throw new Error(problem.detail || "The demo answered " + response.status + ".");
      }
      const template = document.createElement("template");
      template.innerHTML = await response.text();
      const details = template.content.querySelector("details");
      details.open = open;
      outcome.replaceChildren(template.content);
      return { good: details.querySelector(".badge.good") !== null, text: details.querySelector(".badge").textContent };
    } catch (e) {
      const p = document.createElement("p");
      p.className = "error";
      p.textContent = e instanceof TypeError ? "The demo cannot be reached. Is it still running?" : e.message;
      outcome.replaceChildren(p);
      return { good: false, text: p.textContent };
    } finally {
      button.removeAttribute("aria-busy");
      button.textContent = "Try again";
      button.setAttribute("aria-label", "Try again: " + row.querySelector("h3").textContent);
    }
  }

  for (const row of rows) {
    const form = row.querySelector("form[data-try]");
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      if (form.querySelector("button").getAttribute("aria-busy")) return;
      const title = row.querySelector("h3").textContent;
      said.textContent = "";
      history.replaceState(null, "", "#" + row.id);
      const result = await run(row, true);
      said.textContent = title + ": " + result.text;
    });
  }

  // All visible rows, one after the other: the gate counts what is guessed.
  const all = document.getElementById("all");
  const progress = document.getElementById("progress");
  let stop = null;
  all.addEventListener("submit", async (e) => {
    e.preventDefault();
    if (stop) {
      stop.now = true;
      return;
    }
    const state = (stop = { now: false });
    const button = all.querySelector("button");
    const todo = rows.filter((row) => !row.hidden);
    button.textContent = "Stop";
    progress.hidden = false;
    progress.max = todo.length;
    progress.value = 0;
    let done = 0;
    let good = 0;
    said.textContent = "Trying " + todo.length + " rows";
    for (const row of todo) {
      if (state.now) break;
      const result = await run(row, false);
      done++;
      if (result.good) good++;
      progress.value = done;
    }
    said.textContent = good + " of " + done + " as expected";
    progress.hidden = true;
    button.textContent = "Try all";
    stop = null;
  });

  const filter = document.getElementById("filter");
  const input = document.getElementById("filter-text");
  const groups = [...document.querySelectorAll(".group")];
  const texts = new Map(rows.map((row) => [row, (row.id + " " + row.querySelector(".head").textContent + " " + row.dataset.words).toLowerCase()]));
  function apply() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((w) => texts.get(row).includes(w));
      if (!row.hidden) shown++;
    }
    for (const group of groups) group.hidden = !group.querySelector(".row:not([hidden])");
    said.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
  }
  filter.hidden = false;
  filter.addEventListener("submit", (e) => e.preventDefault());
  input.addEventListener("input", apply);

  // A link to a row shows it even if the filter hides it.
  addEventListener("hashchange", () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.hidden) {
      input.value = "";
      apply();
      row.scrollIntoView();
    }
  });
})();
