// The network at one moment: who holds what, and one event on its way.
const net = { run: null, canvas: null, from: 0, to: 1, playing: 0, last: 0 };

function drawNetwork() {
  const run = inGroup(state.group).find((candidate) => nameOf(candidate) === state.method);
  net.run = run;
  const event = run.spreads[state.event];
  [net.from, net.to] = event ? spanOf(event) : [0, horizonOf(run)];
  at("network-lead").textContent = event
    ? "One event on its way: a line grows while it travels, a node fills when it is durable there."
    : "Nodes fill as they come to hold everything there is so far. " +
      "Pick an event to follow it on its way.";
  net.canvas = el("canvas", { role: "img", "data-chart": "network" });
  const range = el("input", {
    type: "range", id: "slider", min: 0, max: 1000, step: 1, value: Math.round(state.time * 1000),
    "aria-label": "Time", oninput: () => { stop(); setTime(Number(range.value) / 1000); },
  });
  at("network").replaceChildren(el("div", { class: "stage card" },
    el("div", {}, net.canvas), side(run),
    el("div", { class: "player" },
      el("button", { type: "button", id: "play", onclick: toggle }),
      el("div", {}, timeline(run, event), range))));
  markPlay();
  paintNetwork();
}

/** An event's life: a little before it is born to a little after the last node has it. */
function spanOf(event) {
  const last = event.arrivals.length ? event.arrivals.at(-1)[1] : event.born + 1000;
  const margin = (last - event.born) * 0.06;
  return [event.born - margin, last + margin * 2];
}

function horizonOf(run) {
  const { time, deliveries } = run.samples;
  const last = Math.max(0, ...run.faults.map((fault) => fault.time));
  const full = deliveries.findIndex((count) => count === deliveries.at(-1));
  return Math.max(1e6, Math.min(run.duration, Math.max(time[full], last) * 1.08));
}

function side(run) {
  const pick = (event) => {
    state.event = event;
    state.time = momentOf(run);
    drawNetwork();
    writeFragment();
  };
  const options = [el("option", { value: -1, text: "All events", ...selected(-1) })];
  run.spreads.forEach((event, place) => {
    if (event.arrivals.length === 0) return;
    const origin = event.origin < 0 ? "" : ` of node ${event.origin}`;
    options.push(el("option", { value: place, text: `Event ${event.id.slice(0, 6)}${origin}`,
      ...selected(place) }));
  });
  const choice = el("select", { id: "event", onchange: () => pick(Number(choice.value)) },
    ...options);
  return el("div", { class: "side" },
    el("div", { class: "count", id: "count", "aria-live": "off" }),
    el("label", { class: "field" }, "Follow", choice), legend(run));
}

const selected = (place) => (state.event === place ? { selected: "" } : {});

function legend(run) {
  const entry = (style, text) => el("li", {}, el("i", { style }), text);
  const color = paint(colorOf(run.method));
  const list = [
    entry(`background:${color};border-radius:50%`, state.event < 0 ? "holds everything so far"
      : "holds the event"),
    entry(`border:1.5px solid ${paint("faint")};border-radius:50%`, "does not yet"),
  ];
  if (run.samples.held.some((text) => text.includes("!"))) {
    list.push(entry(`border:1.5px dashed ${paint("faint")};border-radius:50%`, "is down"));
  }
  if (run.faults.some((fault) => fault.kind === "partition")) {
    list.push(entry(`border:1.5px solid ${paint("bad")};border-radius:50%`, "beyond the cut"));
  }
  if (run.dishonest.length) {
    list.push(entry(`border:2px solid ${paint("bad")};border-radius:2px`, "is dishonest"));
  }
  if (run.faults.length) list.push(entry(`background:${paint("bad")};width:2px`, "a fault"));
  return el("ul", { class: "legend", style: "flex-direction:column" }, ...list);
}

// Time.
const timeNow = () => net.from + (net.to - net.from) * state.time;

function setTime(time) {
  state.time = Math.min(1, Math.max(0, time));
  at("slider").value = Math.round(state.time * 1000);
  paintNetwork();
  writeFragment();
}

function toggle() {
  if (net.playing) return stop();
  if (state.time >= 1) state.time = 0;
  net.last = performance.now();
  net.playing = requestAnimationFrame(step);
  markPlay();
}

function stop() {
  cancelAnimationFrame(net.playing);
  net.playing = 0;
  markPlay();
}

function step(now) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const passed = (now - net.last) / (state.event < 0 ? 12e3 : 7e3);
  // Without motion time goes in leaps of a twentieth.
  if (!still || passed >= 0.05) {
    net.last = now;
    setTime(state.time + passed);
  }
  if (state.time >= 1) return stop();
  net.playing = requestAnimationFrame(step);
}

function markPlay() {
  const button = at("play");
  if (!button) return;
  button.textContent = net.playing ? "❚❚" : "▶";
  button.setAttribute("aria-label", net.playing ? "Pause" : "Play");
}
