// The list of reasons can be narrowed down while typing. Without this script
// the whole list is there, and the browser's own search finds everything.
(() => {
  "use strict";
  const form = document.getElementById("filter");
  const input = document.getElementById("filter-text");
  const said = document.getElementById("filter-said");
  if (!form || !input || !said) return;
  const families = [...document.querySelectorAll(".family")].map((el) => ({
    el,
    rows: [...el.querySelectorAll("li")].map((li) => ({ li, text: li.textContent.toLowerCase() + " " + (li.dataset.words || "") })),
  }));
  const total = families.reduce((n, f) => n + f.rows.length, 0);

  function apply() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const family of families) {
      let here = 0;
      for (const row of family.rows) {
        const hit = words.every((w) => row.text.includes(w));
        row.li.hidden = !hit;
        if (hit) here++;
      }
      family.el.hidden = here === 0;
      shown += here;
    }
    said.textContent = words.length === 0 ? total + " reasons" : shown + " of " + total + " reasons";
    const url = new URL(location.href);
    if (input.value) url.searchParams.set("q", input.value);
    else url.searchParams.delete("q");
    history.replaceState(null, "", url);
  }

  form.hidden = false;
  form.addEventListener("submit", (e) => e.preventDefault());
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && input.value) {
      e.preventDefault();
      input.value = "";
      apply();
    }
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) input.value = asked;
  apply();
})();
