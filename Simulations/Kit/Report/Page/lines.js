// How much of what was missing has arrived, over time.
function drawLines() {
  const list = inGroup(state.group);
  const needed = Math.max(0, ...list.map((run) => run.samples.deliveries.at(-1)));
  const home = at("time");
  if (needed === 0) {
    at("time-lead").textContent =
      "Nothing had to arrive anywhere; what takes time is to know that.";
  } else {
    at("time-lead").textContent = `Part of ${plural(needed, "delivery").replace("deliverys",
      "deliveries")} done: one for each event and each node that lacked it.` +
      (list.some((run) => run.outcome) ? " A dot marks the moment from which all logs were " +
        "equal, a ring the one from which everybody knew." : "");
  }
  const width = Math.max(300, home.clientWidth);
  const right = width < 560 ? 84 : 118;
  const box = { left: 38, right, top: 10, bottom: 26, width, height: needed === 0 ? 40 : 280 };
  const last = Math.max(...list.map((run) => endOf(run, needed)));
  const x = (time) => box.left + (time / last) * (width - box.left - right);
  const y = (part) => box.top + (1 - part) * (box.height - box.top - box.bottom);
  const rows = list.filter((run) => run.outcome);
  const chart = svg("svg", {
    viewBox: `0 0 ${width} ${box.height + rows.length * 16 + 12}`, role: "img",
    "data-chart": "time", "aria-label": summary(list, needed),
  });
  axes(chart, x, y, last, box, needed);
  if (needed > 0) {
    list.forEach((run) => line(chart, run, needed, x, y, last));
    names(chart, list, needed, x, y, width);
  }
  if (list.length === 1) faultLines(chart, list[0], x, last, box);
  moments(chart, rows, x, box);
  home.replaceChildren(chart);
}

/** Where a curve ends to be of interest. */
function endOf(run, needed) {
  const { time, deliveries } = run.samples;
  const full = deliveries.findIndex((count) => count >= needed);
  // Whoever never gets there does not stretch the others' time.
  const reached = full >= 0 ? time[full] : run.outcome ? 0 : time.at(-1);
  const outcome = run.outcome || {};
  const written = writtenAt(run);
  return Math.max(1e6, reached * 1.02,
    outcome.provenAfter === null || outcome.provenAfter === undefined
      ? 0 : (written + outcome.provenAfter) * 1.02);
}

/** When the last new event was written. */
const writtenAt = (run) => (run.outcome && run.latency.count > 0 ? 5e6 : 0);

function axes(chart, x, y, last, box, needed) {
  for (const time of ticks(last, box.width < 560 ? 4 : 8)) {
    chart.append(
      svg("line", { class: "rule", x1: x(time), x2: x(time), y1: box.top,
        y2: box.height - box.bottom }),
      svg("text", { x: x(time), y: box.height - 8, "text-anchor": "middle",
        text: time === 0 ? "0" : seconds(time) }));
  }
  if (needed === 0) return;
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    chart.append(
      svg("line", { class: part ? "rule" : "axis", x1: box.left, x2: box.width - box.right,
        y1: y(part), y2: y(part) }),
      svg("text", { x: box.left - 6, y: y(part) + 4, "text-anchor": "end",
        text: `${part * 100} %` }));
  }
}

function line(chart, run, needed, x, y, last) {
  const { time, deliveries } = run.samples;
  let path = "";
  for (let place = 0; place < time.length && time[place] <= last; place += 1) {
    path += `${place ? "L" : "M"}${x(time[place]).toFixed(1)} ` +
      y(deliveries[place] / needed).toFixed(1);
  }
  const end = deliveries.at(-1) / needed;
  path += `L${x(last).toFixed(1)} ${y(end).toFixed(1)}`;
  const color = paint(colorOf(run.method));
  chart.append(
    svg("path", { d: path, fill: "none", stroke: color, "stroke-width": 2,
      "stroke-linejoin": "round", "data-line": nameOf(run) }));
}

/** Names beside the curves, half way up; those of curves that run together stand together. */
function names(chart, list, needed, x, y, width) {
  const halves = list.filter((run) => run.samples.deliveries.at(-1) >= needed / 2).map((run) => {
    const place = run.samples.deliveries.findIndex((count) => count >= needed / 2);
    return { run, x: x(run.samples.time[place]) };
  }).sort((a, b) => a.x - b.x);
  let bunch = [];
  const flush = () => {
    const right = Math.min(width - 84, Math.max(...bunch.map((half) => half.x)) + 9);
    bunch.forEach(({ run }, place) => chart.append(svg("text", {
      x: right, y: y(0.5) + 5 + place * 15, text: nameOf(run), "font-weight": 600,
      style: `fill:${paint(colorOf(run.method))};stroke:${paint("paper")};stroke-width:4px;` +
        "paint-order:stroke",
    })));
  };
  for (const half of halves) {
    if (bunch.length && half.x - bunch.at(-1).x > 64) { flush(); bunch = []; }
    bunch.push(half);
  }
  if (bunch.length) flush();
}

/** Below the curves, a row for each method: when everybody had everything, and knew it. */
function moments(chart, list, x, box) {
  list.forEach((run, place) => {
    const y = box.height + 12 + place * 16;
    const outcome = run.outcome;
    const color = paint(colorOf(run.method));
    const written = writtenAt(run);
    chart.append(svg("text", { x: box.width - box.right + 12, y: y + 4, text: nameOf(run),
      class: /mst/.test(run.method) ? "strong" : "" }));
    if (outcome.equalAfter === null) {
      chart.append(svg("text", { x: box.left, y: y + 4, text: "never equal" }));
      return;
    }
    const equal = x(written + outcome.equalAfter);
    chart.append(svg("line", { x1: box.left, x2: equal, y1: y, y2: y, stroke: color,
      opacity: 0.35 }));
    if (outcome.provenAfter !== null) {
      const proven = x(written + outcome.provenAfter);
      chart.append(
        svg("line", { x1: equal, x2: proven, y1: y, y2: y, stroke: color,
          "stroke-dasharray": "1 3", "stroke-linecap": "round", "stroke-width": 2 }),
        svg("circle", { cx: proven, cy: y, r: 4.5, fill: paint("paper"), stroke: color,
          "stroke-width": 2 }));
    }
    chart.append(tipped(svg("circle", { cx: equal, cy: y, r: 4.5, fill: color, tabindex: 0 }),
      `${nameOf(run)}: equal ${soon(outcome.equalAfter)} after the last event` +
        (outcome.provenAfter === null ? ", no proof" : `, proven after ${
          seconds(outcome.provenAfter)}`)));
  });
}

function faultLines(chart, run, x, last, box) {
  for (const { time, text } of faultMarks(run, last)) {
    if (time < 0 || time > last) continue;
    chart.append(
      svg("line", { x1: x(time), x2: x(time), y1: box.top, y2: box.height - box.bottom,
        stroke: paint("bad"), opacity: 0.6 }),
      svg("text", { x: x(time) + 4, y: box.top + 10, text, style: `fill:${paint("bad")}` }));
  }
}

function summary(list, needed) {
  const parts = list.map((run) => {
    const outcome = run.outcome;
    if (!outcome) return `${nameOf(run)}: ${run.verdict}`;
    if (outcome.equalAfter === null) return `${nameOf(run)} never`;
    return `${nameOf(run)} ${seconds(outcome.equalAfter)} after the last event`;
  });
  return needed === 0 ? "Nothing had to arrive." : "All logs equal: " + parts.join(", ");
}
