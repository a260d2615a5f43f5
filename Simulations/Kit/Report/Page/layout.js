// Where nodes are drawn: the same places for every method, so that eyes need not move.
const places = new Map();

function placesOf(run) {
  if (!places.has(run.nodes)) places.set(run.nodes, arrange(run.nodes, graphOf(run.nodes)));
  return places.get(run.nodes);
}

/** Pairs to draw near each other: the sparsest graph of registrations that any run has. */
function graphOf(count) {
  const pairs = (lists) => lists.flatMap((list, node) =>
    list.filter((other) => other > node).map((other) => [node, other]));
  const sparse = runs.filter((run) => run.nodes === count)
    .map((run) => [pairs(run.registered), firstNeighbors(run)]).flat()
    .filter((list) => new Set(list.flat()).size === count)
    .sort((a, b) => a.length - b.length)[0];
  return sparse && sparse.length <= count * 8 ? sparse : [];
}

const firstNeighbors = (run) => run.neighbors
  .filter(([time, node, other, isUp]) => time === 0 && isUp && node < other)
  .map(([, node, other]) => [node, other]);

/** Springs along the pairs, and everybody pushing everybody away; on a circle without pairs. */
function arrange(count, pairs) {
  const turn = (node) => (2 * Math.PI * node) / count - Math.PI / 2;
  if (count > 250) return Array.from({ length: count }, (_, node) => sunflower(node, count));
  let points = Array.from({ length: count }, (_, node) =>
    ({ x: 0.5 + 0.5 * Math.cos(turn(node)), y: 0.5 + 0.5 * Math.sin(turn(node)) }));
  if (pairs.length === 0) return points;
  const ideal = 0.9 / Math.sqrt(count);
  for (let round = 0; round < 220; round += 1) {
    const moves = points.map(() => ({ x: 0, y: 0 }));
    for (let a = 0; a < count; a += 1) {
      for (let b = a + 1; b < count; b += 1) push(points, moves, a, b, ideal, true);
    }
    for (const [a, b] of pairs) push(points, moves, a, b, ideal, false);
    const heat = 0.08 * (1 - round / 220) + 0.001;
    points = points.map((point, node) => {
      const move = moves[node];
      const length = Math.hypot(move.x, move.y) || 1;
      const step = Math.min(length, heat) / length;
      // A little towards the middle keeps loose ends in the picture.
      return { x: point.x + move.x * step + (0.5 - point.x) * 0.01,
        y: point.y + move.y * step + (0.5 - point.y) * 0.01 };
    });
  }
  return fitted(points);
}

function push(points, moves, a, b, ideal, isApart) {
  const x = points[a].x - points[b].x;
  const y = points[a].y - points[b].y;
  const distance = Math.max(0.004, Math.hypot(x, y));
  const force = isApart ? (ideal * ideal) / distance / distance : -distance / ideal * 0.22;
  moves[a].x += x * force;
  moves[a].y += y * force;
  moves[b].x -= x * force;
  moves[b].y -= y * force;
}

function sunflower(node, count) {
  const radius = 0.5 * Math.sqrt((node + 0.5) / count);
  const angle = node * 2.399963;
  return { x: 0.5 + radius * Math.cos(angle), y: 0.5 + radius * Math.sin(angle) };
}

function fitted(points) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left || 1, Math.max(...ys) - top || 1];
  return points.map(({ x, y }) => ({ x: (x - left) / wide, y: (y - top) / high }));
}
