// Painting one moment of the network.
function paintNetwork() {
  const { canvas, run } = net;
  if (!canvas) return;
  const width = canvas.parentElement.clientWidth;
  const height = Math.round(Math.min(540, Math.max(300, width * 0.66)));
  const dense = devicePixelRatio || 1;
  canvas.width = width * dense;
  canvas.height = height * dense;
  canvas.style.height = height + "px";
  const pen = canvas.getContext("2d");
  pen.scale(dense, dense);
  const radius = run.nodes <= 12 ? 17 : run.nodes <= 60 ? 11 : run.nodes <= 200 ? 6.5 : 3.5;
  const margin = radius + 6;
  const points = placesOf(run).map(({ x, y }) => ({
    x: margin + x * (width - 2 * margin), y: margin + y * (height - 2 * margin),
  }));
  const time = timeNow();
  const event = run.spreads[state.event];
  const ink = { color: inkOf(colorOf(run.method)), card: inkOf("card"), rule: inkOf("rule"),
    faint: inkOf("faint"), soft: inkOf("soft"), ink: inkOf("ink"), bad: inkOf("bad") };
  paintLinks(pen, linksAt(run, time), points, ink);
  for (const spread of event ? [event] : run.spreads) {
    paintSpread(pen, spread, time, points, ink, Boolean(event));
  }
  const sample = Math.max(0, placeOf(run.samples.time, time));
  const holders = event ? holdersAt(event, time) : null;
  const cut = cutAt(run, time);
  let full = 0;
  points.forEach((point, node) => {
    const level = event ? (holders.has(node) ? 1 : 0) : held(run, sample, node) / 63;
    const isDown = held(run, sample, node) < 0;
    if (level >= 1 && !isDown) full += 1;
    paintNode(pen, point, radius, { node, level, isDown, isOrigin: event && event.origin === node,
      isCut: cut.has(node), isDishonest: run.dishonest.includes(node) }, ink);
  });
  tell(run, event, time, event ? full : run.samples.complete[sample]);
}

/** Pairs that are neighbors at `time`; without gossip, registered ones, unless that is a mesh. */
function linksAt(run, time) {
  if (run.neighbors.length === 0) {
    const pairs = run.registered.flatMap((list, node) =>
      list.filter((other) => other > node).map((other) => [node, other]));
    return pairs.length > run.nodes * 8 ? [] : pairs;
  }
  const up = new Map();
  for (const [since, node, other, isUp] of run.neighbors) {
    if (since > time) break;
    const key = Math.min(node, other) * run.nodes + Math.max(node, other);
    const sides = up.get(key) || new Set();
    if (isUp) sides.add(node);
    else sides.delete(node);
    up.set(key, sides);
  }
  return [...up].filter(([, sides]) => sides.size > 0)
    .map(([key]) => [Math.floor(key / run.nodes), key % run.nodes]);
}

function paintLinks(pen, links, points, ink) {
  pen.strokeStyle = ink.rule;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const [a, b] of links) {
    pen.moveTo(points[a].x, points[a].y);
    pen.lineTo(points[b].x, points[b].y);
  }
  pen.stroke();
}

function holdersAt(event, time) {
  const holders = new Set(event.arrivals.filter(([, when]) => when <= time).map(([node]) => node));
  if (event.origin >= 0 && event.born <= time) holders.add(event.origin);
  return holders;
}

/** The ways that an event has taken, and the head of each that is under way. */
function paintSpread(pen, event, time, points, ink, isOnly) {
  const since = new Map([[event.origin, event.born]]);
  for (const [node, when] of event.arrivals) if (!since.has(node)) since.set(node, when);
  pen.strokeStyle = ink.color;
  pen.fillStyle = ink.color;
  for (const [node, when, from] of event.arrivals) {
    if (from < 0) continue;
    const left = since.has(from) ? since.get(from) : event.born;
    if (left > time) continue;
    // What is only seen in passing fades; the one event that is followed leaves its tree.
    const part = when > left ? Math.min(1, (time - left) / (when - left)) : 1;
    if (!isOnly && part >= 1) continue;
    const [a, b] = [points[from], points[node]];
    const head = { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
    pen.globalAlpha = isOnly ? (part < 1 ? 0.95 : 0.6) : 0.35;
    pen.lineWidth = isOnly ? 1.8 : 1.2;
    pen.beginPath();
    pen.moveTo(a.x, a.y);
    pen.lineTo(head.x, head.y);
    pen.stroke();
    if (part < 1) {
      pen.globalAlpha = 1;
      pen.beginPath();
      pen.arc(head.x, head.y, isOnly ? 3.2 : 2, 0, 7);
      pen.fill();
    }
  }
  pen.globalAlpha = 1;
}

/** Nodes beyond a cut that stands at `time`. */
function cutAt(run, time) {
  let nodes = [];
  for (const fault of run.faults) {
    if (fault.time > time) break;
    if (fault.kind === "partition") nodes = fault.nodes;
    if (fault.kind === "heal") nodes = [];
  }
  return new Set(nodes);
}

function paintNode(pen, { x, y }, radius, node, ink) {
  const outline = (size) => {
    pen.beginPath();
    if (node.isDishonest) pen.rect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8);
    else pen.arc(x, y, size, 0, 2 * Math.PI);
  };
  outline(radius);
  pen.fillStyle = ink.card;
  pen.fill();
  if (!node.isDown && node.level > 0) {
    pen.save();
    pen.clip();
    pen.fillStyle = ink.color;
    pen.globalAlpha = node.level >= 1 ? 1 : 0.3 + 0.35 * node.level;
    pen.fillRect(x - radius, y + radius - 2 * radius * node.level, 2 * radius, 2 * radius);
    pen.restore();
  }
  pen.setLineDash(node.isDown ? [2, 3] : []);
  pen.lineWidth = node.isDishonest ? 2.4 : 1.4;
  pen.strokeStyle = node.isDishonest ? ink.bad
    : node.level > 0 && !node.isDown ? ink.color : ink.faint;
  outline(radius);
  pen.stroke();
  pen.setLineDash([]);
  if (node.isOrigin || node.isCut) {
    pen.lineWidth = 1.6;
    pen.strokeStyle = node.isCut ? ink.bad : ink.ink;
    outline(radius + 3.5);
    pen.stroke();
  }
  if (radius < 10) return;
  pen.fillStyle = node.level >= 1 && !node.isDown ? ink.card
    : node.level > 0.4 && !node.isDown ? ink.ink : ink.soft;
  pen.font = `${node.level >= 1 ? 600 : 400} 10px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(String(node.node), x, y + 0.5);
}

/** The same in words and numbers. */
function tell(run, event, time, full) {
  const what = event ? "hold it" : "hold everything so far";
  const sample = Math.max(0, placeOf(run.samples.time, time));
  const share = `${Math.floor(run.samples.share[sample] / 100) / 10} %`;
  const clock = event ? seconds(Math.max(0, time - event.born)) : seconds(Math.max(0, time));
  const since = event ? (event.born > 0 ? "after it was written" : "after the start") : "in";
  const words = `${full} of ${run.nodes} nodes ${what}`;
  at("count").replaceChildren(
    el("b", { text: event ? `${full}` : share }),
    el("span", { text: event ? ` of ${run.nodes} nodes ${what}` : " of what there is so far is " +
      "at the average node" }),
    el("div", {}, el("span", { text: (event ? "" : words + ", ") + `${clock} ${since}` })));
  Object.assign(net.canvas.dataset, { nodes: run.nodes, full, time: Math.round(time) });
  net.canvas.setAttribute("aria-label",
    `${words}, ${clock} ${since}, ${nameOf(run)}, ${state.group}`);
}
