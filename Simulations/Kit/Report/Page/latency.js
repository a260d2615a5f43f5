// Latencies as a row of bars for each method, on one logarithmic scale; and uplinks by node.
function drawLatency() {
  const list = inGroup(state.group).filter((run) => latencyOf(run).count > 0);
  const home = at("latency");
  if (list.length === 0) {
    at("latency-lead").textContent = "Nothing had to arrive anywhere.";
    return home.replaceChildren();
  }
  at("latency-lead").textContent = list[0].latency.count > 0
    ? "From durable where it was written to durable at another node."
    : "From the start to durable at the node that lacked it.";
  const width = Math.max(280, home.clientWidth);
  const row = 56;
  const box = { left: 92, right: 12, width, height: list.length * row + 24 };
  const low = Math.min(...list.map((run) => Math.max(1e3, latencyOf(run).from[0])));
  const high = Math.max(...list.map((run) => latencyOf(run).max)) * 1.1;
  const scale = (value) => box.left + (width - box.left - box.right)
    * Math.log(Math.max(value, low) / low) / Math.log(high / low);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${box.height}`, role: "img",
    "data-chart": "latency", "aria-label": "Latencies: " + list.map((run) =>
      `${nameOf(run)} median ${seconds(latencyOf(run).p50)}, 99 % ${
        seconds(latencyOf(run).p99)}`).join("; ") });
  for (const tick of decades(low, high)) {
    chart.append(svg("line", { class: "rule", x1: scale(tick), x2: scale(tick), y1: 0,
      y2: box.height - 20 }),
    svg("text", { x: scale(tick), y: box.height - 4, "text-anchor": "middle",
      text: seconds(tick) }));
  }
  list.forEach((run, place) => ridge(chart, run, place * row, row, scale, box));
  home.replaceChildren(chart);
}

function decades(low, high) {
  const list = [];
  for (let value = 1e3; value <= high; value *= 10) if (value >= low * 0.99) list.push(value);
  if (list.length < 2) list.push(low, high);
  return list;
}

function ridge(chart, run, top, row, scale, box) {
  const latency = latencyOf(run);
  const color = paint(colorOf(run.method));
  const most = Math.max(...latency.counts);
  const base = top + row - 12;
  let path = `M${scale(latency.from[0]).toFixed(1)} ${base}`;
  latency.from.forEach((from, place) => {
    // Eight bars to each power of two.
    const next = from * 1.09;
    const y = (base - (latency.counts[place] / most) * (row - 22)).toFixed(1);
    const far = place && from > latency.from[place - 1] * 1.15;
    if (far) path += `V${base}H${scale(from).toFixed(1)}`;
    path += `V${y}H${scale(next).toFixed(1)}`;
  });
  path += `V${base}Z`;
  const p50 = scale(latency.p50);
  const p99 = scale(latency.p99);
  const near = p99 - p50 < 118;
  chart.append(
    svg("line", { class: "axis", x1: box.left, x2: box.width - box.right, y1: base, y2: base }),
    svg("path", { d: path, fill: color, opacity: 0.32 }),
    svg("line", { x1: p50, x2: p50, y1: base - row + 24, y2: base, stroke: color,
      "stroke-width": 2 }),
    svg("line", { x1: p99, x2: p99, y1: base - 12, y2: base, stroke: color,
      "stroke-width": 2 }),
    svg("text", { x: box.left - 8, y: base - 4, "text-anchor": "end", text: nameOf(run),
      class: /mst/.test(run.method) ? "strong" : "" }),
    tipped(svg("text", {
      x: Math.min(p50, box.width - box.right - 132), y: top + 10, tabindex: 0,
      "text-anchor": near && p50 > box.width / 2 ? "end" : "start", "data-latency": nameOf(run),
      text: `p50 ${seconds(latency.p50)} · p99 ${seconds(latency.p99)}`,
    }), `${nameOf(run)}: p50 ${seconds(latency.p50)}, p90 ${seconds(latency.p90)}, p99 ${
      seconds(latency.p99)}, longest ${seconds(latency.max)}; ${grouped(latency.count)} in all`));
}

function drawFairness() {
  const list = inGroup(state.group);
  const home = at("fair");
  at("fair-lead").textContent =
    "Bytes that each node has sent, the busiest first. Even bars are a fair share.";
  const width = Math.max(280, home.clientWidth);
  const row = 56;
  const left = 92;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${list.length * row + 4}`, role: "img",
    "data-chart": "fairness", "aria-label": "Bytes sent by each node" });
  list.forEach((run, place) => {
    const sent = run.perNode.up.slice().sort((a, b) => b - a);
    const mean = sum(sent) / sent.length;
    const top = place * row;
    const base = top + row - 12;
    const step = (width - left - 4) / sent.length;
    const color = paint(colorOf(run.method));
    let path = "";
    sent.forEach((value, node) => {
      const height = sent[0] > 0 ? (value / sent[0]) * (row - 26) : 0;
      const wide = step > 3 ? step - 1 : step;
      path += `M${(left + node * step).toFixed(1)} ${base}h${wide.toFixed(1)}` +
        `v${(-height).toFixed(1)}h${(-wide).toFixed(1)}Z`;
    });
    const text = mean > 0
      ? `busiest ${bytes(sent[0])} · mean ${bytes(mean)} · ${(sent[0] / mean).toFixed(1)}×`
      : "nothing sent";
    chart.append(
      svg("line", { class: "axis", x1: left, x2: width - 4, y1: base + 0.5, y2: base + 0.5 }),
      svg("path", { d: path, fill: color, opacity: 0.8, "data-fair": nameOf(run) }),
      svg("text", { x: left - 8, y: base - 4, "text-anchor": "end", text: nameOf(run),
        class: /mst/.test(run.method) ? "strong" : "" }),
      svg("text", { x: left, y: top + 10, text }));
  });
  home.replaceChildren(chart);
}
