// A graph of single numbers: values step forward, gradients step backward, inputs can be moved.
import { button, choice, controls, drawing, element, pressable, put, redraw, slider, spoken } from "./kit.js";

const BOX = 92, HIGH = 54, ACROSS = 122, DOWN = 76, EDGE = 12;
const STYLE = `
.graph svg { max-width: none; }
.graph svg text { text-anchor: middle; }
.graph svg .sign { font-weight: 700; font-size: 13px; }
.graph svg .back { fill: var(--accent); font-weight: 700; }
.graph svg .share { fill: var(--accent); font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.graph .spoken { min-height: 4.6em; }
`;

const shown = (x) => (Math.abs(x) < 0.005 ? 0 : x).toFixed(2).replace("-", "−");
const factor = (x) => (x < 0 ? `(${shown(x)})` : shown(x));
const exponent = (operation) => Number(operation.slice(6));

// ---------------------------------------------------------------- what eras.deep_learning.tensor computes

function value(operation, x, y) {
  if (operation === "+") return x + y;
  if (operation === "×") return x * y;
  if (operation === "tanh") return Math.tanh(x);
  if (operation === "relu") return Math.max(x, 0);
  if (operation === "exp") return Math.exp(x);
  if (operation === "log") return Math.log(x);
  return x ** exponent(operation);
}

// By how much an operation's result grows for each unit of each of its inputs.
function slopes(operation, result, x, y) {
  if (operation === "+") return [1, 1];
  if (operation === "×") return [y, x];
  if (operation === "tanh") return [1 - result * result];
  if (operation === "relu") return [x > 0 ? 1 : 0];
  if (operation === "exp") return [result];
  if (operation === "log") return [1 / x];
  return [exponent(operation) * x ** (exponent(operation) - 1)];
}

export const operations = (nodes) => nodes.flatMap(({ operation }, i) => (operation ? [i] : []));

// Values of all nodes, the leaves' given; gradients as far as they have come after `pulls` operations (null: nothing yet).
export function run(nodes, leaves, pulls = Infinity) {
  const values = [];
  nodes.forEach(({ operation, parents }, i) => values.push(operation ? value(operation, ...parents.map((p) => values[p])) : leaves[i]));
  const gradients = nodes.map((_, i) => (i === nodes.length - 1 ? 1 : null)), shares = {};
  for (const i of operations(nodes).reverse().slice(0, pulls)) {
    const { operation, parents } = nodes[i], by = slopes(operation, values[i], ...parents.map((p) => values[p]));
    shares[i] = parents.map((p, n) => {
      const share = gradients[i] * by[n];
      gradients[p] = (gradients[p] ?? 0) + share;
      return { share, slope: by[n], sum: gradients[p] };
    });
  }
  return { values, gradients, shares };
}

// What has happened after a number of steps: operations computed, whether the end has its gradient, operations pulled.
export function moment(nodes, step) {
  const order = operations(nodes), forward = Math.min(step, order.length), back = Math.max(0, step - order.length);
  const active = back > 1 ? order[order.length - back + 1] : back === 1 ? nodes.length - 1 : forward ? order[forward - 1] : null;
  return { known: new Set(order.slice(0, forward)), back, pulls: Math.max(0, back - 1), active, last: 2 * order.length + 1 };
}

// ---------------------------------------------------------------- what is seen

const called = ({ name, operation }) => name || operation.replace("power ", "^");

function computed({ operation, parents }, values, result) {
  const [x, y] = parents.map((p) => values[p]);
  if (parents.length === 2) return `${shown(x)} ${operation} ${factor(y)} = ${shown(result)}`;
  return operation.startsWith("power") ? `${factor(x)} to the power ${exponent(operation)} = ${shown(result)}` : `${operation}(${shown(x)}) = ${shown(result)}`;
}

function words(nodes, leaves, step) {
  const { back, pulls, active, last } = moment(nodes, step), { values, gradients, shares } = run(nodes, leaves, pulls);
  if (active === null) return "The inputs are given. The next step computes the first operation.";
  const node = nodes[active];
  if (!back) return `Forward: ${called(node)} gives ${computed(node, values, values[active])}.`;
  if (back === 1) return "Backward: the gradient of the result with respect to itself is 1.";
  const sent = shares[active].map(({ share, slope, sum }, n) => {
    const to = called(nodes[node.parents[n]]), before = sum - share;
    const more = Math.abs(before) > 1e-12 ? `, where ${shown(before)} was already: together ${shown(sum)}` : "";
    return `${shown(gradients[active])} × ${factor(slope)} = ${shown(share)} goes to ${to}${more}`;
  });
  return `Backward through ${called(node)}: ${sent.join("; ")}.${step === last ? " Every input has its gradient." : ""}`;
}

function size(nodes) {
  const rows = nodes.flatMap(({ place, ways }) => [place[1], ...ways.flat()]), top = Math.min(...rows);
  return { top, width: EDGE * 2 + BOX + ACROSS * Math.max(...nodes.map(({ place }) => place[0])), height: EDGE * 2 + HIGH + DOWN * (Math.max(...rows) - top) };
}

// From the right side of one box to the left side of another, straight on where the way leads past a column.
function edge(from, to, way, active, share) {
  const stops = [[from[0] + BOX, from[1]], ...way.flatMap((y, n) => [[from[0] + ACROSS * (n + 1), y], [from[0] + ACROSS * (n + 1) + BOX, y]]), to].map(([x, y]) => [x, y + HIGH / 2]);
  const curve = ([x, y], n) => {
    if (!n) return `M ${x} ${y}`;
    const [before, height] = stops[n - 1], middle = (before + x) / 2;
    return `C ${middle} ${height} ${middle} ${y} ${x} ${y}`;
  };
  const path = drawing("path", { d: stops.map(curve).join(" "), fill: "none", stroke: active ? "var(--accent)" : "var(--quiet)", "stroke-width": active ? 3 : 1 });
  const [a, b] = stops.slice(-2);
  return [path, share === undefined ? null : drawing("text", { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 - 4, class: "share" }, shown(share))].filter(Boolean);
}

function box(node, [x, y], { value, gradient, active, chosen }, choose) {
  const leaf = !node.operation, sign = node.operation.replace("power ", "^"), title = node.name && sign ? `${node.name}: ${sign}` : node.name || sign;
  const parts = [
    drawing("rect", { x, y, width: BOX, height: HIGH, rx: leaf ? 14 : 3, fill: active ? "var(--shade)" : "var(--paper)", stroke: active || chosen ? "var(--accent)" : "var(--quiet)", "stroke-width": active || chosen ? 3 : 1, "stroke-dasharray": node.constant ? "4 3" : null }),
    drawing("text", { x: x + BOX / 2, y: y + 16, class: "sign" }, title),
    drawing("text", { x: x + BOX / 2, y: y + 31 }, value === null ? "" : shown(value)),
    drawing("text", { x: x + BOX / 2, y: y + 46, class: "back" }, gradient === null ? "" : `∇ ${shown(gradient)}`),
  ];
  const made = drawing("g", {}, ...parts);
  if (!leaf) return made;
  made.style.cursor = "pointer";
  return pressable(made, `Move ${title}, now ${shown(value)}`, choose);
}

function picture(nodes, leaves, step, leaf, choose) {
  const { known, back, pulls, active } = moment(nodes, step), { values, gradients, shares } = run(nodes, leaves, pulls), { top, width, height } = size(nodes);
  const row = (y) => EDGE + DOWN * (y - top), at = nodes.map(({ place }) => [EDGE + ACROSS * place[0], row(place[1])]);
  const marks = nodes.flatMap(({ parents, ways }, i) => parents.flatMap((p, n) => edge(at[p], at[i], ways[n].map(row), i === active && back !== 1, i === active && back > 1 ? shares[i][n].share : undefined)));
  nodes.forEach((node, i) => marks.push(box(node, at[i], {
    value: !node.operation || known.has(i) ? values[i] : null, gradient: back ? gradients[i] : null, active: i === active, chosen: i === leaf,
  }, () => choose(i))));
  return drawing("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Boxes and arrows" }, ...marks);
}

function render({ model, el }) {
  const graphs = model.get("graphs"), current = () => graphs[model.get("graph")].nodes;
  const inputs = () => current().flatMap(({ operation }, i) => (operation ? [] : [i]));
  const leaves = () => model.get("values")[model.get("graph")] ?? current().map((node) => node.value);
  const leaf = () => (inputs().includes(model.get("leaf")) ? model.get("leaf") : inputs()[0]);
  const step = () => Math.min(model.get("step"), moment(current(), 0).last);
  const stage = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The graph" }), said = spoken(), walk = element("span"), pick = element("span");
  const go = (by) => () => put(model, "step", Math.max(0, Math.min(moment(current(), 0).last, step() + by)));
  const held = { get: (key) => (key === "moved" ? leaves()[leaf()] : model.get(key)), save_changes() {}, on: (name, then) => ["change:values", "change:leaf", "change:graph"].forEach((one) => model.on(one, then)),
    set: (_, x) => put(model, "values", model.get("values").map((old, g) => (g === model.get("graph") ? leaves().map((was, i) => (i === leaf() ? x : was)) : old))) };
  const choices = () => {
    walk.replaceChildren(slider(model, "step", "Step", { min: 0, max: moment(current(), 0).last, show: (s) => `${s} of ${moment(current(), 0).last}` }));
    pick.replaceChildren(choice(model, "leaf", "Input", inputs().map((i) => [i, called(current()[i])])));
  };
  model.on("change:graph", () => { put(model, "leaf", inputs()[0]); put(model, "step", 0); choices(); });
  choices();
  el.classList.add("graph");
  el.style.setProperty("--accent", "var(--era-deep-learning)");
  el.append(element("style", {}, STYLE),
    controls(choice(model, "graph", "Computation", graphs.map(({ title }, i) => [i, title]))),
    controls(walk, button("Back", go(-1)), button("Next", go(1)), button("All the way", () => put(model, "step", moment(current(), 0).last))),
    controls(pick, slider(held, "moved", "its value", { min: -3, max: 3, step: 0.1, show: shown })), said, stage);
  redraw(model, ["graph", "step", "leaf", "values"], () => {
    const active = document.activeElement, focused = stage.contains(active) && active !== stage, left = stage.scrollLeft;
    stage.replaceChildren(picture(current(), leaves(), step(), leaf(), (i) => put(model, "leaf", i)));
    stage.scrollLeft = left;
    if (focused) stage.querySelectorAll("g[role=button]")[inputs().indexOf(leaf())]?.focus();
    said.textContent = words(current(), leaves(), step());
  });
}

export default { render };
