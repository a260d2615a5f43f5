// Bytes by kind and method: a panel for each divergence.
function drawBars() {
  const home = at("bytes");
  home.replaceChildren(...groups.map(barPanel), barKey());
  at("bytes-lead").textContent = runs.some((run) => run.outcome)
    ? "Everything that was sent until all logs were equal and, where the method can tell, every " +
      "node was shown so. A tick marks what had to travel: each missing event once to each node."
    : "Everything that was sent while the record ran, by what it was for.";
  const choices = [["linear", "Linear"], ["log", "Log"]];
  at("scale").replaceChildren(...choices.map(([value, label]) =>
    el("button", {
      type: "button", text: label, "aria-pressed": String(state.scale === value),
      onclick: () => { state.scale = value; drawBars(); writeFragment(); },
    })));
}

function barPanel(group) {
  const list = inGroup(group);
  const row = 25;
  const label = 92;
  const figures = 104;
  const width = 320;
  const room = width - label - figures;
  const most = Math.max(1, ...list.map(bytesOf));
  const least = 100;
  const length = (value) => {
    if (value <= 0) return 0;
    if (state.scale === "linear") return (value / most) * room;
    return Math.max(2, (Math.log(value / least) / Math.log(most / least)) * room);
  };
  const chart = svg("svg", {
    viewBox: `0 0 ${width} ${list.length * row}`, role: "img", "data-chart": "bytes",
    "aria-label": `Bytes of each method, ${group}`,
  });
  chart.append(svg("line", { class: "axis", x1: label, x2: label, y1: 0, y2: list.length * row }));
  list.forEach((run, place) => {
    chart.append(barRow(run, place * row, { row, label, length, group }));
  });
  const needed = Math.max(0, ...list.map((run) => (run.outcome || {}).neededEventBytes || 0));
  if (needed > 0) {
    const x = label + length(needed);
    chart.append(svg("line", {
      x1: x, x2: x, y1: 0, y2: list.length * row, stroke: paint("ink"), "stroke-dasharray": "2 3",
      opacity: 0.55,
    }));
  }
  return el("div", { class: "card" + (group === state.group && groups.length > 1 ? " on" : "") },
    el("h3", { text: title(group) }), el("p", { class: "sub", text: subtitle(group) }), chart);
}

function barRow(run, y, { row, label, length, group }) {
  const all = bytesOf(run);
  const naive = naiveOf(group);
  const full = length(all);
  const line = svg("g", { tabindex: 0, role: "img", "data-bar": nameOf(run) });
  line.append(svg("rect", { x: 0, y, width: 320, height: row, fill: "transparent" }));
  line.append(svg("text", {
    x: label - 8, y: y + 16.5, "text-anchor": "end", text: nameOf(run),
    class: /mst|^gossip$/.test(run.method) ? "strong" : "",
  }));
  let x = label;
  for (const [kind] of KINDS) {
    // By a logarithm the whole has its length, and the parts share it.
    const part = all > 0 ? (run.bytes[kind] / all) * full : 0;
    if (part <= 0) continue;
    line.append(svg("rect", {
      x, y: y + 5, width: Math.max(0.6, part), height: row - 10, fill: paint(kind),
    }));
    x += part;
  }
  const versus = naive && naive !== run && isDone(run) && all > 0
    ? "  " + times(all / bytesOf(naive)) : "";
  const figure = svg("text", { x: label + full + 6, y: y + 16.5 },
    svg("tspan", { class: "strong", fill: paint("ink"), text: all > 0 ? bytes(all) : "nothing" }),
    svg("tspan", { text: isDone(run) ? versus : "  never equal" }));
  line.append(figure);
  const parts = KINDS.filter(([kind]) => run.bytes[kind] > 0)
    .map(([kind, name]) => `${name}: ${bytes(run.bytes[kind])}`);
  return tipped(line, [`${nameOf(run)}, ${group}: ${bytes(all)}`, ...parts].join("\n"));
}

function barKey() {
  const used = KINDS.filter(([kind]) => runs.some((run) => run.bytes[kind] > 0));
  return el("div", { class: "card key" },
    el("ul", { class: "legend" }, ...used.map(([kind, name]) =>
      el("li", {}, el("i", { style: `background:${paint(kind)}` }), name))),
    el("p", {
      class: "sub", style: "margin:0",
      text: "Encoded messages without HTTP and TLS. Each panel has a scale of its own; beside " +
        "each bar stands its total" + (runs.some((run) => run.method === "naive")
        ? " and how it compares with naive." : "."),
    }));
}

function title(group) {
  if (group === "empty peer") return "An empty peer";
  return /%$/.test(group) ? `${group} new` : group;
}

function subtitle(group) {
  const run = inGroup(group)[0];
  if (group === "empty peer") return `${plural(run.events, "event")}, one node begins with none`;
  if (!run.outcome) return `${plural(run.nodes, "node")}, ${plural(run.events, "event")}`;
  if (group === "0 %") return "all logs are equal, and nobody knows";
  return "written in five seconds, the rest held by all";
}
