// What stands around the charts, and the switches.
function drawTiles() {
  const list = inGroup(state.group);
  const naive = naiveOf(state.group);
  const best = list.filter((run) => /mst/.test(run.method) && isDone(run))
    .sort((a, b) => bytesOf(a) - bytesOf(b))[0];
  const tiles = [];
  if (naive && best) {
    tiles.push([bytes(bytesOf(naive)), `naive, ${state.group}`],
      [bytes(bytesOf(best)), `${best.method}, ${state.group}`],
      [times(bytesOf(best) / bytesOf(naive)), `of naive's bytes`]);
  } else {
    tiles.push([bytes(sum(list.map(bytesOf))), `sent, ${state.group}`],
      [grouped(sum(list.map((run) => latencyOf(run).count))), "deliveries"]);
  }
  const live = list.filter((run) => run.latency.count > 0)
    .sort((a, b) => a.latency.p99 - b.latency.p99);
  const shown = live.find((run) => /gossip/.test(run.method)) || live[0];
  if (shown) tiles.push([seconds(shown.latency.p99), `p99 of a delivery, ${nameOf(shown)}`]);
  at("tiles").replaceChildren(...tiles.map(([figure, text]) =>
    el("div", { class: "tile" }, el("b", { text: figure }), el("span", { text }))));
}

function drawPicker() {
  const group = (label, choices) => el("div", { class: "group", role: "group",
    "aria-label": label }, el("span", { text: label }), ...choices);
  const parts = [];
  if (groups.length > 1) {
    parts.push(group(runs.some((run) => run.variant) ? "New events" : "Scenario",
      groups.map((name) => el("button", { type: "button", text: name,
        "aria-pressed": String(name === state.group), onclick: () => choose({ group: name }) }))));
  }
  const list = inGroup(state.group);
  if (list.length > 1) {
    parts.push(group("Network of", list.map((run) => el("button", { type: "button",
      "aria-pressed": String(nameOf(run) === state.method),
      onclick: () => choose({ method: nameOf(run) }) }, dot(run.method), nameOf(run)))));
  }
  at("picker").replaceChildren(...parts);
  at("picker").parentElement.hidden = parts.length === 0;
}

function choose(change) {
  stop();
  Object.assign(state, change, { event: null, time: null });
  draw();
}

/** What can't be shown of this run is replaced by what can. */
function settle() {
  const list = inGroup(state.group);
  if (!list.some((run) => nameOf(run) === state.method)) {
    state.method = nameOf(list.find((run) => /gossip/.test(run.method)) || list.at(-1));
  }
  const run = list.find((candidate) => nameOf(candidate) === state.method);
  const followed = run.spreads.findIndex((spread) => spread.arrivals.length > run.nodes / 2);
  if (state.event === null || state.event >= run.spreads.length) {
    state.event = run.faults.length ? -1 : followed;
  }
  if (state.time === null) state.time = momentOf(run);
}

/** A moment worth looking at: about half of it has happened. */
function momentOf(run) {
  if (state.event >= 0) return 0.62;
  const { time, deliveries } = run.samples;
  const half = deliveries.findIndex((count) => count >= deliveries.at(-1) / 2);
  return Math.min(1, time[half] / horizonOf(run)) || 0.5;
}

function drawTable() {
  const versus = runs.some((run) => run.method === "naive");
  const proofs = runs.some((run) => run.outcome);
  const heads = ["", "all bytes", versus && "vs naive", "events", "finding, proving", "trees",
    "membership", "messages", "p50", "p99", "longest", proofs && "equal after",
    proofs && "proven after", !proofs && "verdict"].filter((head) => head !== false);
  const body = el("tbody", {});
  for (const group of groups) {
    if (groups.length > 1) {
      body.append(el("tr", {}, el("th", { colspan: heads.length, scope: "rowgroup",
        text: `${title(group)}: ${subtitle(group)}` })));
    }
    for (const run of inGroup(group)) body.append(tableRow(run, versus, proofs));
  }
  at("table").replaceChildren(el("thead", {}, el("tr", {},
    ...heads.map((text) => el("th", { scope: "col", text })))), body);
}

function tableRow(run, versus, proofs) {
  const cell = (text, kind) => el("td", { text, class: kind || null });
  const latency = latencyOf(run);
  const time = (value) => (latency.count ? cell(seconds(value)) : cell("–", "dim"));
  const naive = naiveOf(groupOf(run));
  const cells = [el("td", {}, dot(run.method), nameOf(run)), cell(bytes(bytesOf(run)))];
  if (versus) {
    cells.push(naive && naive !== run && isDone(run) && bytesOf(run) > 0
      ? cell(times(bytesOf(run) / bytesOf(naive))) : cell("–", "dim"));
  }
  for (const [kind] of KINDS) {
    cells.push(run.bytes[kind] ? cell(bytes(run.bytes[kind])) : cell("–", "dim"));
  }
  cells.push(cell(grouped(run.messages)), time(latency.p50), time(latency.p99),
    time(latency.max));
  const outcome = run.outcome;
  if (!proofs) cells.push(cell(run.verdict || "–", run.verdict === "fail" ? "no" : ""));
  else if (!outcome) cells.push(cell("–", "dim"), cell("–", "dim"));
  else {
    cells.push(outcome.isEqual ? cell(soon(outcome.equalAfter)) : cell("never", "no"),
      !outcome.proves ? cell("no proof", "dim")
        : outcome.isProven ? cell(soon(outcome.provenAfter)) : cell("never", "no"));
  }
  return el("tr", { "data-row": nameOf(run) }, ...cells);
}

function drawNotes() {
  const failures = runs.flatMap((run) => run.failures.map((text) =>
    `${nameOf(run)}, ${groupOf(run)}: ${text}`));
  const texts = [...failures, ...data.notes, ...runs.flatMap((run) => run.notes)];
  at("notes").closest("section").hidden = texts.length === 0;
  at("notes").replaceChildren(...texts.map((text) => el("li", { text })));
  at("command").textContent = data.command;
  at("hashes").replaceChildren(...runs.map((run) => el("tr", {},
    el("td", { text: `${groupOf(run)} ${run.method}, seed ${run.seed}` }),
    el("td", { text: run.traceHash }))));
}

function draw() {
  settle();
  drawTiles();
  drawPicker();
  drawBars();
  drawLines();
  drawNetwork();
  drawLatency();
  drawFairness();
  writeFragment();
  Object.assign(root.dataset, { group: state.group, method: state.method });
}

function setTheme(theme) {
  root.dataset.theme = theme;
  at("theme").textContent = theme === "dark" ? "Light" : "Dark";
  if (net.run) paintNetwork();
}

at("theme").addEventListener("click", () =>
  setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
at("copy").addEventListener("click", async () => {
  // Pages of files may not write to the clipboard; the text can be marked by hand then.
  try { await navigator.clipboard.writeText(data.command); at("copy").textContent = "Copied"; }
  catch { getSelection().selectAllChildren(at("command")); }
});
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
addEventListener("hashchange", () => { readFragment(); draw(); });
setTheme(dark.matches ? "dark" : "light");
readFragment();
drawTable();
drawNotes();
draw();
// Charts are drawn for the room they have.
let room = at("main").clientWidth;
new ResizeObserver(() => {
  if (at("main").clientWidth === room) return;
  room = at("main").clientWidth;
  drawLines();
  drawLatency();
  drawFairness();
  paintNetwork();
}).observe(at("main"));
root.dataset.ready = "yes";
