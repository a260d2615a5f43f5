// Above the slider: what happened when, so that one knows where to look.
function timeline(run, event) {
  const width = 1000;
  const height = 46;
  const x = (time) => ((time - net.from) / (net.to - net.from)) * width;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none",
    style: "height:46px", "data-chart": "timeline", "aria-hidden": "true" });
  chart.append(event ? arrivals(run, event, x, height) : shares(run, x, height));
  const marks = el("div", { style: "position:relative;height:18px;font-size:11.5px;margin:0 8px" });
  for (const { time, text } of faultMarks(run, net.to - net.from)) {
    const place = x(time);
    if (place < 0 || place > width) continue;
    chart.append(svg("line", { x1: place, x2: place, y1: 0, y2: height, stroke: paint("bad"),
      "stroke-width": 2, "vector-effect": "non-scaling-stroke", "data-fault": text }));
    marks.append(el("span", { text, style: `position:absolute;left:${place / 10}%;` +
      `color:${paint("bad")};white-space:nowrap;transform:translateX(${
        place > 850 ? "-100%" : place < 60 ? "0" : "-50%"})` }));
  }
  const ends = el("div", { style: "display:flex;justify-content:space-between;font-size:12px;" +
    `color:${paint("soft")};margin:0 8px` },
  el("span", { text: event ? "written" : "start" }),
  el("span", { text: event ? seconds(net.to - event.born) : seconds(net.to) }));
  return el("div", {}, run.faults.length ? marks : null,
    el("div", { style: "margin:0 8px" }, chart), ends);
}

/** How much of all events so far the average node holds. */
function shares(run, x, height) {
  const { time, share } = run.samples;
  let path = `M0 ${height}`;
  time.forEach((when, place) => {
    if (when > net.to) return;
    const y = height - 2 - (share[place] / 1e5) * (height - 6);
    path += `H${x(when).toFixed(1)}V${y.toFixed(1)}`;
  });
  return svg("path", { d: `${path}H1000V${height}Z`, fill: paint(colorOf(run.method)),
    opacity: 0.25 });
}

/** A tick for each arrival, taller where it was passed on less often. */
function arrivals(run, event, x, height) {
  const group = svg("g", { stroke: paint(colorOf(run.method)) });
  event.arrivals.forEach(([, when], place) => {
    const y = height - 2 - ((place + 1) / run.nodes) * (height - 6);
    group.append(svg("line", { x1: x(when), x2: x(when), y1: y, y2: height, "stroke-width": 2,
      opacity: 0.55, "vector-effect": "non-scaling-stroke" }));
  });
  return group;
}

/** Faults of one kind at one time, in a few words. */
function faultMarks(run, span) {
  const marks = [];
  for (const { time, kind, nodes } of run.faults) {
    const last = marks.at(-1);
    const near = last && last.kind === kind && time - last.time < span * 0.02;
    if (near) last.count += nodes.length;
    else marks.push({ time, kind, count: nodes.length, node: nodes[0] });
  }
  return marks.map(({ time, kind, count, node }) => ({
    time,
    text: count === 0 ? kind : count === 1 ? `${kind} ${node}` : `${kind} ×${count}`,
  }));
}
