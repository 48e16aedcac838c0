// Word vectors to walk around in: nearest words by cosine in all dimensions, and a map of the two widest directions.
import { button, controls, drawing, element, line, put, random, redraw, slider, spoken } from "./kit.js";

const WIDEST = 640, MARGIN = 24, LANDMARKS = 22, SUGGESTED = 6;

// Bytes from -127 to 127, a row of D for each word.
export function unpack(text, count) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const flat = new Int8Array(bytes.buffer), size = flat.length / count;
  return Array.from({ length: count }, (_, i) => Float64Array.from(flat.subarray(i * size, (i + 1) * size)));
}

const dot = (a, b) => { let sum = 0; for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i]; return sum; };
const scaled = (a, by) => a.map((x) => x * by);
const toLength = (a) => scaled(a, 1 / (Math.sqrt(dot(a, a)) || 1));

export function nearest(rows, chosen, count) {
  const directions = rows.map(toLength), cosines = directions.map((row) => dot(row, directions[chosen]));
  const order = cosines.map((_, i) => i).filter((i) => i !== chosen).sort((a, b) => cosines[b] - cosines[a] || a - b);
  return order.slice(0, count).map((i) => ({ row: i, cosine: cosines[i] }));
}

// The direction of largest spread: the covariance applied again and again to a random vector.
function widest(covariance, seed) {
  const next = random(seed);
  let direction = toLength(covariance.map(() => next() - 0.5));
  for (let round = 0; round < 2000; round += 1) {
    const turned = toLength(covariance.map((row) => dot(row, direction)));
    const moved = 1 - Math.abs(dot(turned, direction));
    direction = turned;
    if (moved < 1e-14) break;
  }
  const largest = direction.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
  return largest < 0 ? scaled(direction, -1) : direction;
}

// Places on the two directions of largest spread (principal components).
export function project(rows) {
  const size = rows[0].length, mean = Array.from({ length: size }, (_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length);
  const centred = rows.map((row) => Array.from(row, (x, d) => x - mean[d]));
  const covariance = mean.map(() => new Array(size).fill(0));
  for (const row of centred) for (let i = 0; i < size; i += 1) for (let j = 0; j < size; j += 1) covariance[i][j] += row[i] * row[j];
  const first = widest(covariance, 1), spread = dot(first, covariance.map((row) => dot(row, first)));
  const rest = covariance.map((row, i) => row.map((x, j) => x - spread * first[i] * first[j])), second = widest(rest, 2);
  return centred.map((row) => [dot(row, first), dot(row, second)]);
}

// Places in a drawing of this width and height.
function screen(places, [width, height]) {
  const [xs, ys] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const lowX = Math.min(...xs), wideX = Math.max(...xs) - lowX || 1, lowY = Math.min(...ys), wideY = Math.max(...ys) - lowY || 1;
  return places.map(([x, y]) => [MARGIN + ((x - lowX) / wideX) * (width - 2 * MARGIN), height - MARGIN - ((y - lowY) / wideY) * (height - 2 * MARGIN)]);
}

// A label beside its point, moved down until it covers none of those before it; null when there is no room.
function placed(label, [x, y], [width, height], taken, size, tries) {
  const wide = label.length * size * 0.58 + 4, left = x + 6 + wide > width ? x - 6 - wide : x + 6;
  for (let n = 0; n < tries; n += 1) {
    const top = y - size / 2 + (n % 2 ? -1 : 1) * Math.ceil(n / 2) * (size + 1);
    const free = top > 0 && top + size < height && taken.every((box) => left > box[0] + box[2] || box[0] > left + wide || top > box[1] + box[3] || box[1] > top + size);
    if (free) { taken.push([left, top, wide, size]); return [left, top + size * 0.85]; }
  }
  return null;
}

function text(label, at, attributes) {
  return at && drawing("text", { x: at[0], y: at[1], ...attributes }, label);
}

function map(words, points, frame, chosen, near, choose) {
  const marked = [chosen, ...near.map(({ row }) => row)], taken = [];
  const svg = drawing("svg", { viewBox: `0 0 ${frame[0]} ${frame[1]}`, role: "img", style: "cursor: pointer; border: 1px solid var(--line)",
    "aria-label": `Map of ${words.length} words; ${words[chosen]} and ${near.length} nearest words are marked.` });
  points.forEach(([x, y], i) => { if (!marked.includes(i)) svg.append(drawing("circle", { cx: x, cy: y, r: 1.6, fill: "var(--quiet)", opacity: 0.45 })); });
  for (const i of marked) svg.append(drawing("line", { x1: points[chosen][0], y1: points[chosen][1], x2: points[i][0], y2: points[i][1], stroke: "var(--accent)", "stroke-width": 0.8, opacity: 0.5 }));
  for (const i of marked) svg.append(drawing("circle", { cx: points[i][0], cy: points[i][1], r: i === chosen ? 5 : 3.6, fill: i === chosen ? "var(--accent)" : "var(--paper)", stroke: "var(--accent)", "stroke-width": 1.6 }));
  const halo = { "paint-order": "stroke", stroke: "var(--paper)", "stroke-width": 3 };
  const labels = marked.map((i) => text(words[i], placed(words[i], points[i], frame, taken, 15, 25), { ...halo, style: `font-size: 15px; font-weight: ${i === chosen ? 700 : 500}` }));
  const marks = points.map((_, i) => i).filter((i) => !marked.includes(i) && i % Math.ceil(words.length / (3 * LANDMARKS)) === 0);
  const quiet = marks.map((i) => text(words[i], placed(words[i], points[i], frame, taken, 12, 1), { ...halo, style: "font-size: 12px; fill: var(--quiet)" })).filter(Boolean).slice(0, LANDMARKS);
  svg.append(...quiet, ...labels.filter(Boolean));
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * frame[0], y = ((event.clientY - box.top) / box.height) * frame[1];
    const far = points.map(([px, py]) => (px - x) ** 2 + (py - y) ** 2);
    choose(far.indexOf(Math.min(...far)));
  });
  return svg;
}

function list(words, near, choose) {
  const rows = near.map(({ row, cosine }) => element("tr", {},
    element("td", {}, button(words[row], () => choose(row), { "aria-label": `${words[row]}, go there` })),
    element("td", { style: "text-align: right; font-variant-numeric: tabular-nums" }, cosine.toFixed(2)),
    element("td", { style: "width: 40%; vertical-align: middle", "aria-hidden": "true" }, element("span", { class: "bar", style: `width: ${Math.max(0, 100 * cosine)}%` }))));
  return element("table", { style: "display: table; width: 100%; max-width: 26rem; margin: 0.6rem 0" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "nearest"), element("th", { scope: "col", style: "text-align: right" }, "cosine"), element("td", {}))),
    element("tbody", {}, ...rows));
}

const begin = (words, query) => words.filter((word) => query && word.startsWith(query)).slice(0, SUGGESTED);

function render({ model, el }) {
  const words = model.get("words").split(" "), rows = unpack(model.get("vectors"), words.length), places = project(rows);
  const width = Math.min(WIDEST, Math.max(320, el.clientWidth || document.documentElement.clientWidth)), frame = [width, Math.round(width * (width < 500 ? 1 : 0.7))], points = screen(places, frame);
  const number = new Map(words.map((word, i) => [word, i])), next = random(7);
  const choose = (row) => { put(model, "chosen", words[row]); put(model, "query", words[row]); };
  const said = spoken(), offered = element("div", { class: "controls", style: "min-height: 32px" }), stage = element("div");
  const follow = () => { const row = number.get(model.get("query").trim().toLowerCase()); if (row !== undefined && words[row] !== model.get("chosen")) put(model, "chosen", words[row]); };
  model.on("change:query", follow);
  el.style.setProperty("--accent", "var(--era-deep-learning)");
  el.append(controls(line(model, "query", "word"), slider(model, "count", "neighbours", { min: 1, max: 10 }),
    button("Any word", () => choose(Math.floor(next() * words.length)))), offered, said, stage);
  redraw(model, ["query", "chosen"], () => {
    const query = model.get("query").trim().toLowerCase(), found = begin(words, query).filter((word) => word !== model.get("chosen"));
    offered.replaceChildren(...(found.length ? [element("span", {}, "Also:"), ...found.map((word) => button(word, () => choose(number.get(word))))] : []));
  });
  redraw(model, ["query", "chosen", "count"], () => {
    const chosen = number.get(model.get("chosen")) ?? 0, query = model.get("query").trim().toLowerCase();
    const near = nearest(rows, chosen, model.get("count"));
    const missing = query && !number.has(query) ? `“${query}” is not among these ${words.length.toLocaleString("en")} words. ` : "";
    said.textContent = `${missing}Nearest to “${words[chosen]}”: ${near.map(({ row, cosine }) => `${words[row]} ${cosine.toFixed(2)}`).join(", ")}.`;
    stage.replaceChildren(map(words, points, frame, chosen, near, choose), list(words, near, choose));
  });
}

export default { render };
