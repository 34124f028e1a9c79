// Times in words, as gate401 explain says them.

function span(ms) {
  const units = [[365 * 864e5, "years"], [864e5, "d"], [36e5, "h"], [6e4, "min"], [1e3, "s"]];
  const d = Math.abs(ms);
  for (const [i, [size, name]] of units.entries()) {
    if (d < size) continue;
    const n = Math.floor(d / size);
    const text = n + " " + (n === 1 && name === "years" ? "year" : name);
    const next = units[i + 1];
    const rest = next ? Math.floor((d % size) / next[0]) : 0;
    return rest > 0 ? text + " " + rest + " " + next[1] : text;
  }
  return "less than a second";
}

function relative(t, now) {
  const d = Math.trunc((t - now) / 1000) * 1000;
  if (d === 0) return "now";
  return d < 0 ? span(d) + " ago" : "in " + span(d);
}

const utc = (t) => new Date(t).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");

function local(t) {
  const options = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" };
  return new Intl.DateTimeFormat(undefined, options).format(t);
}
