"use strict";
// Tests read these: what went wrong, and how far the page has come.
const root = document.documentElement;
root.dataset.errors = "0";
addEventListener("error", (event) => {
  root.dataset.errors = String(Number(root.dataset.errors) + 1);
  root.dataset.error = event.message;
});

const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs;
const KINDS = [
  ["events", "events"], ["sessions", "finding and proving"], ["trees", "broadcast trees"],
  ["membership", "membership"],
];
const COLORS = {
  naive: "naive", "pull-all": "pull-all", cursor: "cursor", push: "push", flood: "flood",
  mst: "mst", "gossip+mst": "gossip", gossip: "gossip",
};

// Helpers of the document.
const at = (id) => document.getElementById(id);
function put(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  for (const child of children) if (child) node.append(child);
  return node;
}
const el = (name, attributes, ...children) =>
  put(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  put(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
const paint = (name) => `var(--${name})`;
const inkOf = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
const colorOf = (method) => COLORS[method] || "mst";
const dot = (method) => el("i", { style: `background:${paint(colorOf(method))}` });

// Numbers as people read them.
const grouped = (number) => Math.round(number).toLocaleString("en-US");
function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (number >= 999.5 && unit < 4) { number /= 1000; unit += 1; }
  const places = unit === 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return `${number.toFixed(places)} ${units[unit]}`;
}
function seconds(micros) {
  if (micros < 995) return `${Math.round(micros)} µs`;
  if (micros < 995e3) return `${+(micros / 1e3).toPrecision(3)} ms`;
  if (micros < 120e6) return `${+(micros / 1e6).toPrecision(3)} s`;
  return `${+(micros / 60e6).toPrecision(3)} min`;
}
const soon = (micros) => (micros === 0 ? "at once" : seconds(micros));
function times(part) {
  if (!isFinite(part)) return "";
  if (part <= 0.1) return "1/" + grouped(1 / part);
  if (part < 0.995) return "1/" + (1 / part).toFixed(1);
  return part < 1.05 ? "the same" : part.toFixed(1) + "×";
}
const plural = (count, word) => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;

// What a run says of itself.
const sum = (values) => values.reduce((all, value) => all + value, 0);
const bytesOf = (run) => sum(KINDS.map(([kind]) => run.bytes[kind]));
const groupOf = (run) => run.variant || run.scenario;
const nameOf = (run) => run.method || run.scenario;
const groups = [...new Set(runs.map(groupOf))];
const inGroup = (group) => runs.filter((run) => groupOf(run) === group);
const isDone = (run) => (run.outcome ? run.outcome.isEqual : run.verdict !== "fail");
const naiveOf = (group) => inGroup(group).find((run) => run.method === "naive");
/** Latencies of new events; where there are none, of those that were caught up on. */
const latencyOf = (run) => (run.latency.count > 0 ? run.latency : run.catchUp);
const held = (run, sample, node) => LETTERS.indexOf(run.samples.held[sample][node]);
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
/** The last place in an ascending list whose value is not above `value`; -1 before the first. */
function placeOf(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// What is shown now; the fragment of the address repeats it.
const state = { group: groups[0], method: "", scale: "linear", event: -1, time: null };
function readFragment() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const best = groups.find((group) => /^(1|10) %$/.test(group)) || groups[0];
  state.group = groups.includes(fragment.get("v")) ? fragment.get("v") : best;
  state.method = fragment.get("m") || "";
  state.scale = fragment.get("scale") === "log" ? "log" : "linear";
  state.time = fragment.has("t") ? Math.min(1, Math.max(0, Number(fragment.get("t")) || 0)) : null;
  state.event = fragment.has("e") ? Number(fragment.get("e")) : null;
}
function writeFragment() {
  const fragment = new URLSearchParams();
  if (groups.length > 1) fragment.set("v", state.group);
  fragment.set("m", state.method);
  if (state.scale === "log") fragment.set("scale", "log");
  if (state.event !== null) fragment.set("e", state.event);
  if (state.time !== null) fragment.set("t", state.time.toFixed(3));
  history.replaceState(null, "", "#" + fragment);
}

// A box that follows the pointer, and the keyboard.
function tipped(node, text) {
  const show = (event) => {
    const tip = at("tip");
    tip.textContent = text;
    tip.hidden = false;
    const place = event.clientX !== undefined && event.type !== "focus"
      ? { x: event.clientX, y: event.clientY }
      : { x: node.getBoundingClientRect().right, y: node.getBoundingClientRect().top };
    tip.style.left = Math.max(8, Math.min(place.x + 14, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.min(place.y + 14, innerHeight - tip.offsetHeight - 8) + "px";
  };
  const hide = () => { at("tip").hidden = true; };
  node.addEventListener("pointermove", show);
  node.addEventListener("pointerleave", hide);
  node.addEventListener("focus", show);
  node.addEventListener("blur", hide);
  node.setAttribute("aria-label", text);
  return node;
}

/** Round numbers for an axis from zero to `most`, about `count` of them. */
function ticks(most, count) {
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor >= raw);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, place) => place * step);
}
