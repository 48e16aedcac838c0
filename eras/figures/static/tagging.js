// The lattice of a tagged sequence: Viterbi position by position with its back-pointers, and the marginals of all paths.
import { button, choice, controls, drawing, element, pressable, put, redraw, slider, spoken } from "./kit.js";

const COLUMN = 52, ROW = 44, LEFT = 34, TOP = 46, RADIUS = 16;
const VIEWS = [["best", "best scores, step by step"], ["marginals", "marginals of all paths"]];
const STYLE = `
.tagging svg { max-width: none; }
.tagging svg text { text-anchor: middle; dominant-baseline: central; }
.tagging svg .sign { font-size: 18px; }
.tagging svg .label { font-weight: 700; }
.tagging svg .inside { font-size: 10.5px; pointer-events: none; }
.tagging svg .later { opacity: 0.3; }
.tagging svg .on { fill: var(--paper); font-weight: 700; }
.tagging svg .gold { fill: var(--quiet); }
.tagging td, .tagging th { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tagging td.most { font-weight: 700; background: var(--shade); }
.tagging .arithmetic { min-height: 15em; }
`;

// ---------------------------------------------------------------- what eras.statistical.tagging computes

const score = (x) => (x === null ? -Infinity : x);
export const lattice = ({ unary, pairwise }) => ({ unary: unary.map((row) => row.map(score)), pairwise: pairwise.map((table) => table.map((row) => row.map(score))) });

function logSumExp(values) {
  const top = Math.max(...values);
  return top === -Infinity ? top : top + Math.log(values.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

// Best scores of every label at every position, and the label before: of equals the first.
export function best({ unary, pairwise }) {
  const scores = [unary[0]], back = [];
  for (let t = 1; t < unary.length; t += 1) {
    const reached = unary[t].map((_, j) => scores[t - 1].map((before, i) => before + pairwise[t - 1][i][j]));
    back.push(reached.map((ways) => ways.indexOf(Math.max(...ways))));
    scores.push(reached.map((ways, j) => Math.max(...ways) + unary[t][j]));
  }
  return { scores, back };
}

// The best path from the beginning to a position, or to a label of it.
export function pathTo({ scores, back }, t, label = scores[t].indexOf(Math.max(...scores[t]))) {
  const path = [label];
  for (let s = t; s > 0; s -= 1) path.unshift(back[s - 1][path[0]]);
  return path;
}

export function marginals({ unary, pairwise }) {
  const T = unary.length, alpha = [unary[0]], beta = unary.map((row) => row.map(() => 0));
  for (let t = 1; t < T; t += 1) alpha.push(unary[t].map((u, j) => u + logSumExp(alpha[t - 1].map((a, i) => a + pairwise[t - 1][i][j]))));
  for (let t = T - 2; t >= 0; t -= 1) beta[t] = pairwise[t].map((ways) => logSumExp(ways.map((p, j) => p + unary[t + 1][j] + beta[t + 1][j])));
  const total = logSumExp(alpha[T - 1]);
  const edges = pairwise.map((table, t) => table.map((ways, i) => ways.map((p, j) => Math.exp(alpha[t][i] + p + unary[t + 1][j] + beta[t + 1][j] - total))));
  return { nodes: alpha.map((row, t) => row.map((a, j) => Math.exp(a + beta[t][j] - total))), edges, total };
}

// ---------------------------------------------------------------- what is seen

const shown = (x) => (x === -Infinity ? "−∞" : x.toFixed(Math.abs(x) < 100 ? 1 : 0).replace("-", "−"));
const percent = (p) => (p >= 0.005 ? `${(100 * p).toFixed(0)} %` : p > 0 ? "<1 %" : "0");
const place = (t, j) => ({ x: LEFT + COLUMN * (t + 0.5), y: TOP + ROW * (j + 0.5) });

function edge(t, i, j, attributes) {
  const from = place(t, i), to = place(t + 1, j);
  return drawing("line", { x1: from.x + RADIUS, y1: from.y, x2: to.x - RADIUS, y2: to.y, stroke: "var(--quiet)", ...attributes });
}

function draw({ text, labels, gold }, network, { view, position }, choose) {
  const T = text.length, marks = [], bestOf = best(network), sums = marginals(network);
  const path = pathTo(bestOf, view === "best" ? position : T - 1);
  if (view === "best") {
    for (let t = 1; t <= position; t += 1) bestOf.back[t - 1].forEach((i, j) => bestOf.scores[t][j] > -Infinity && marks.push(edge(t - 1, i, j, {})));
  } else {
    sums.edges.forEach((table, t) => table.forEach((ways, i) => ways.forEach((p, j) => p > 0.01 && marks.push(edge(t, i, j, { "stroke-width": 1 + 5 * p, stroke: "var(--accent)", opacity: 0.25 + 0.5 * p })))));
  }
  if (view === "best") path.slice(1).forEach((j, t) => marks.push(edge(t, path[t], j, { stroke: "var(--accent)", "stroke-width": 4 })));
  labels.forEach((name, j) => marks.push(drawing("text", { x: LEFT / 2, y: place(0, j).y, class: "label" }, name)));
  for (let t = 0; t < T; t += 1) {
    const later = view === "best" && t > position;
    marks.push(drawing("text", { x: place(t, 0).x, y: TOP - 22, class: "sign" }, text[t]));
    labels.forEach((name, j) => {
      const { x, y } = place(t, j), on = t < path.length && path[t] === j, p = sums.nodes[t][j];
      const words = view === "best" ? shown(bestOf.scores[t][j]) : percent(p);
      const fill = view === "best" ? (on ? "var(--accent)" : "var(--paper)") : `color-mix(in srgb, var(--accent) ${Math.round(100 * p)}%, var(--paper))`;
      const disc = drawing("circle", { cx: x, cy: y, r: RADIUS + 3, fill, stroke: on ? "var(--accent)" : "var(--quiet)", "stroke-width": t === position ? 3 : 1 });
      const inside = drawing("text", { x, y, class: `inside${(view === "best" ? on : p > 0.6) ? " on" : ""}` }, later ? "" : words);
      marks.push(drawing("g", { class: later ? "later" : null }, disc, inside));
    });
    marks.push(drawing("text", { x: place(t, 0).x, y: TOP + ROW * labels.length + 14, class: "gold" }, gold[t]));
    const column = drawing("rect", { x: LEFT + COLUMN * t, y: 2, width: COLUMN, height: TOP + ROW * labels.length + 24, fill: "transparent", stroke: t === position ? "var(--accent)" : "none", rx: 6 });
    column.style.cursor = "pointer";
    marks.push(pressable(column, `Position ${t + 1}, ${text[t]}`, () => choose(t)));
  }
  marks.push(drawing("text", { x: LEFT / 2, y: TOP + ROW * labels.length + 14, class: "gold" }, "gold"));
  const width = LEFT + COLUMN * T + 4, height = TOP + ROW * labels.length + 28;
  return drawing("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Lattice of ${text.join("")}` }, ...marks);
}

const cell = (words, most) => element("td", { class: most ? "most" : null }, words);
const head = (...names) => element("thead", {}, element("tr", {}, ...names.map((words) => element("th", { scope: "col" }, words))));
const table = (...parts) => element("table", { style: "display: table; max-width: none; overflow: visible; margin: 0.4rem 0" }, ...parts);
const row = (name, ...cells) => element("tr", {}, element("th", { scope: "row" }, name), ...cells);

// The arithmetic of one position: for each label the ways from the labels before, the best in bold, its own score, the sum.
function arithmetic({ labels }, network, t) {
  const { scores } = best(network), ways = network.unary[t].map((_, j) => (t ? scores[t - 1].map((b, i) => b + network.pairwise[t - 1][i][j]) : []));
  const first = (list) => list.indexOf(Math.max(...list));
  const from = t ? labels.map((name, i) => row(`from ${name}`, ...ways.map((list) => cell(shown(list[i]), list[i] > -Infinity && first(list) === i)))) : [];
  const own = row("own score", ...network.unary[t].map((u) => cell(shown(u), false)));
  const sum = row("best score", ...scores[t].map((s, j) => cell(shown(s), first(scores[t]) === j)));
  return table(head("", ...labels.map((name) => `to ${name}`)), element("tbody", {}, ...from, own, sum));
}

function sureness({ labels }, network, t) {
  const { nodes, edges } = marginals(network);
  const rows = t ? labels.map((name, i) => row(`from ${name}`, ...edges[t - 1][i].map((p) => cell(percent(p), false)))) : [];
  return table(head("", ...labels.map((name) => `to ${name}`)), element("tbody", {}, ...rows,
    row("marginal", ...nodes[t].map((p) => cell(percent(p), p === Math.max(...nodes[t]))))));
}

function words({ text, labels, gold }, network, { view, position }) {
  const whole = best(network), T = text.length, path = pathTo(whole, position), answer = pathTo(whole, T - 1);
  if (view === "marginals") {
    const row = marginals(network).nodes[position], top = row.indexOf(Math.max(...row));
    return `“${text[position]}” is ${labels[top]} with ${percent(row[top])}; the best path says ${labels[answer[position]]}, the gold label is ${gold[position]}.`;
  }
  const wrong = answer.filter((y, t) => labels[y] !== gold[t]).length;
  const end = position === T - 1 ? ` ${wrong ? `${wrong} of ${T} differ from the gold labels.` : "It is the gold path."}` : "";
  return `Up to “${text[position]}” the best path is ${path.map((y) => labels[y]).join(" ")}, with the score ${shown(whole.scores[position][path[position]])}.${end}`;
}

function render({ model, el }) {
  const sequences = model.get("sequences"), pick = element("span"), walk = element("span");
  const current = () => sequences[model.get("sequence")], network = () => lattice(current().models[model.get("model")] ?? current().models[0]);
  const state = () => ({ view: model.get("view"), position: Math.min(model.get("position"), current().text.length - 1) });
  const move = (by) => put(model, "position", Math.max(0, Math.min(current().text.length - 1, state().position + by)));
  const stage = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The lattice" }), said = spoken();
  const sums = element("div", { class: "scroll arithmetic", tabindex: 0, role: "region", "aria-label": "The arithmetic of the position" });
  const choices = () => {
    pick.replaceChildren(choice(model, "model", "model", current().models.map(({ name }, i) => [i, name])));
    walk.replaceChildren(slider(model, "position", "position", { min: 0, max: current().text.length - 1, show: (t) => `${t + 1}` }));
  };
  model.on("change:sequence", () => {
    if (model.get("model") >= current().models.length) put(model, "model", 0);
    put(model, "position", current().text.length - 1);
    choices();
  });
  choices();
  el.classList.add("tagging");
  el.style.setProperty("--accent", "var(--era-statistical)");
  el.append(element("style", {}, STYLE), controls(choice(model, "sequence", "text", sequences.map(({ text }, i) => [i, text.join("")])), pick, choice(model, "view", "show", VIEWS)),
    controls(walk, button("Back", () => move(-1)), button("Next", () => move(1))), said, stage, sums);
  redraw(model, ["sequence", "model", "view", "position"], () => {
    const { view, position } = state(), active = stage.contains(document.activeElement) && document.activeElement !== stage;
    const left = stage.scrollLeft, from = LEFT + COLUMN * position;
    stage.replaceChildren(draw(current(), network(), { view, position }, (t) => put(model, "position", t)));
    const seen = from >= left + LEFT && from + COLUMN <= left + stage.clientWidth;
    stage.scrollLeft = seen ? left : from - stage.clientWidth / 2;
    if (active) stage.querySelectorAll("rect")[position].focus();
    said.textContent = words(current(), network(), { view, position });
    sums.replaceChildren((view === "best" ? arithmetic : sureness)(current(), network(), position));
  });
}

export default { render };
