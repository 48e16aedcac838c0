// Positions: RoPE as clock hands, ALiBi's slopes, and what is left of a score at a distance.
import { button, choice, controls, drawing, element, era, put, redraw, slider, spoken } from "./kit.js";

const WIDTH = 640, HEIGHT = 250, LEFT = 50, RIGHT = 30, TOP = 14, BOTTOM = 36;
const VIEWS = [["rope", "Rotations"], ["alibi", "ALiBi’s slopes"], ["decay", "Over the distance"]];
const FARTHEST = 64, LOW = 170; // distances and height of the curve under the clocks
const FLOOR = -16; // the lowest bias drawn
const STYLE = `
.places .clocks { display: grid; grid-template-columns: repeat(auto-fill, minmax(max(6.2rem, 21%), 1fr)); gap: 0.5rem; margin: 0.5rem 0; }
.places .clocks > div { text-align: center; font-size: 0.85em; line-height: 1.35; font-variant-numeric: tabular-nums; }
.places .clocks svg { width: 5.6rem; margin: 0 auto; }
.places .legend { color: var(--quiet); margin: 0.3rem 0; font-size: 0.9em; }
.places .plot { min-width: 34rem; }
.places .score { font-size: 1.1em; font-variant-numeric: tabular-nums; margin: 0.4rem 0; }
.places .ladder { columns: 3 8rem; margin: 0.4rem 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
.places .ladder li[aria-current] { font-weight: 700; text-decoration: underline; }
`;

// ---------------------------------------------------------------- the numbers, as in eras.pretraining.positions

const frequencies = (width, base) => Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));
const meanCosine = (distance, width, base) => {
  const speeds = frequencies(width, base);
  return speeds.reduce((sum, speed) => sum + Math.cos(distance * speed), 0) / speeds.length;
};

function turned([a, b], angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [a * c - b * s, a * s + b * c];
}

// The slopes of a power of two of heads; else of the power below, then every other one of twice that power.
function slopes(heads) {
  const power = 2 ** Math.floor(Math.log2(heads));
  const first = Array.from({ length: power }, (_, i) => 2 ** ((-8 * (i + 1)) / power));
  const between = Array.from({ length: power }, (_, i) => 2 ** ((-4 * (2 * i + 1)) / power));
  return [...first, ...between.slice(0, heads - power)];
}

// T5's bucket of a key this far back: exact when near, logarithmic when far; logarithms in 32 bits, as there.
function bucket(distance, buckets, most) {
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return distance;
  const stretched = Math.fround(Math.fround(Math.log(Math.fround(distance / exact))) / Math.fround(Math.log(most / exact)));
  return Math.min(buckets - 1, exact + Math.floor(Math.fround(stretched * (buckets - exact))));
}

// ---------------------------------------------------------------- drawing

const shown = (number, digits = 3) => (Math.abs(number) < 5 * 10 ** (-digits - 1) ? 0 : number).toFixed(digits).replace("-", "−");
const small = (number) => (number === 0 ? "0" : number >= 0.001 ? shown(number) : number.toExponential(1).replace("-", "−"));
const power = (value) => Math.round(10 ** value).toLocaleString("en");

// A frame with axes; x and y map values to places. `marks` are [value, label].
function frame(label, { x, y, xmarks, ymarks, xname, yname, height = HEIGHT }) {
  const [bottom, right] = [height - BOTTOM, WIDTH - RIGHT];
  return drawing("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "plot", "aria-label": label },
    ...ymarks.flatMap(([value, words]) => [
      drawing("line", { x1: LEFT, x2: right, y1: y(value), y2: y(value), stroke: "var(--line)" }),
      drawing("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, words)]),
    ...xmarks.flatMap(([value, words]) => [
      drawing("line", { x1: x(value), x2: x(value), y1: bottom, y2: bottom + 5, stroke: "var(--quiet)" }),
      drawing("text", { x: x(value), y: bottom + 17, "text-anchor": "middle" }, words)]),
    drawing("line", { x1: LEFT, x2: right, y1: bottom, y2: bottom, stroke: "var(--quiet)" }),
    drawing("text", { x: right, y: height - 4, "text-anchor": "end" }, xname),
    drawing("text", { x: LEFT + 6, y: TOP - 2 }, yname));
}

const path = (points, attributes) => drawing("polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "), fill: "none", ...attributes });
const clipped = (label, ...children) => element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, ...children);
const scale = (from, to, start, end) => (value) => start + ((value - from) / (to - from)) * (end - start);

// ---------------------------------------------------------------- rotations

function clock(query, key, longest) {
  const hand = ([a, b], attributes) => drawing("line", { x1: 0, y1: 0, x2: (a / longest) * 44, y2: (-b / longest) * 44, "stroke-linecap": "round", ...attributes });
  const tip = ([a, b], attributes) => drawing("circle", { cx: (a / longest) * 44, cy: (-b / longest) * 44, r: 4.5, ...attributes });
  return drawing("svg", { viewBox: "-52 -52 104 104", "aria-hidden": "true" },
    drawing("circle", { r: 48, fill: "none", stroke: "var(--line)", "stroke-width": 2 }),
    hand(key, { stroke: "var(--ink)", "stroke-width": 3, "stroke-dasharray": "5 5" }), tip(key, { fill: "var(--paper)", stroke: "var(--ink)", "stroke-width": 2 }),
    hand(query, { stroke: "var(--accent)", "stroke-width": 3.5 }), tip(query, { fill: "var(--accent)" }));
}

// The query at m, the key at n: each pair's hands and their product.
function rotated(model, m, n) {
  const [q, k, base] = [model.get("query"), model.get("key"), 10 ** model.get("base")];
  const half = q.length / 2; // pairs are (i, i + D/2), as in the package
  return frequencies(q.length, base).map((speed, i) => {
    const [query, key] = [turned([q[i], q[i + half]], m * speed), turned([k[i], k[i + half]], n * speed)];
    return { speed, query, key, product: query[0] * key[0] + query[1] * key[1] };
  });
}

const total = (pairs) => pairs.reduce((sum, { product }) => sum + product, 0);

// The score at every distance, a dot where the sliders stand.
function scores(model) {
  const [distances, at] = [Array.from({ length: 2 * FARTHEST + 1 }, (_, i) => i - FARTHEST), model.get("m") - model.get("n")];
  const values = distances.map((distance) => total(rotated(model, distance, 0)));
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)], x = scale(-FARTHEST, FARTHEST, LEFT, WIDTH - RIGHT), y = scale(most, least, TOP + 6, LOW - BOTTOM - 6);
  const picture = frame("The score over the distance", { x, y, height: LOW, xname: "distance m − n", yname: "score",
    xmarks: [-64, -32, 0, 32, 64].map((value) => [value, shown(value, 0)]), ymarks: [[0, "0"], [values[at + FARTHEST], shown(values[at + FARTHEST], 1)]] });
  picture.append(path(distances.map((distance, i) => [x(distance), y(values[i])]), { stroke: "var(--accent)", "stroke-width": 2 }),
    drawing("circle", { cx: x(at), cy: y(values[at + FARTHEST]), r: 6, fill: "var(--accent)" }));
  return picture;
}

function ropeView(model) {
  const [clocks, curve, score, said] = [element("div", { class: "clocks" }), element("div"), element("p", { class: "score" }), spoken()];
  const draw = () => {
    const [m, n] = ["m", "n"].map((name) => model.get(name) + model.get("shift")), pairs = rotated(model, m, n);
    const longest = Math.max(...pairs.flatMap(({ query, key }) => [Math.hypot(...query), Math.hypot(...key)])) || 1;
    clocks.replaceChildren(...pairs.map(({ speed, query, key, product }) => element("div", {}, clock(query, key, longest),
      element("div", {}, `${small(speed)} rad a step`), element("div", {}, `product ${shown(product)}`))));
    score.textContent = `Score, the sum of the products: ${shown(total(pairs), 4)}`;
    said.textContent = `Query at ${m}, key at ${n}: distance ${m - n}.`;
    curve.replaceChildren(scores(model));
  };
  redraw(model, ["m", "n", "shift", "base"], draw);
  const place = { min: 0, max: FARTHEST };
  return element("div", {}, controls(slider(model, "m", "Query at m", place), slider(model, "n", "Key at n", place),
    slider(model, "shift", "Shift of both", { min: 0, max: 2000 }), slider(model, "base", "Base θ", { min: 2, max: 7, step: 0.1, show: power })),
  element("p", { class: "legend" }, "One clock for each pair of channels. Solid hand, filled end: the query. Dashed hand, open end: the key."),
  clocks, score, said, clipped("The score over the distance", curve));
}

// ---------------------------------------------------------------- ALiBi

function alibiView(model) {
  const [stage, list, said] = [element("div"), element("ol", { class: "ladder" }), spoken()];
  const most = 128, x = scale(0, most, LEFT, WIDTH - RIGHT), y = scale(0, FLOOR, TOP + 4, HEIGHT - BOTTOM);
  const head = element("div");
  const draw = () => {
    const all = slopes(model.get("heads")), chosen = Math.min(model.get("head"), all.length), distance = model.get("distance");
    const picture = frame("Bias over distance, one falling line for each head", { x, y, xname: "distance of the key", yname: "added to the score",
      xmarks: [0, 32, 64, 96, 128].map((value) => [value, String(value)]), ymarks: [0, -4, -8, -12, -16].map((value) => [value, shown(value, 0)]) });
    all.forEach((slope, i) => {
      const end = Math.min(most, -FLOOR / slope), bold = i + 1 === chosen;
      picture.append(path([[x(0), y(0)], [x(end), y(-slope * end)]], { stroke: bold ? "var(--accent)" : "var(--quiet)", "stroke-width": bold ? 3.5 : 1, opacity: bold ? 1 : 0.6 }));
    });
    const bias = -all[chosen - 1] * distance;
    picture.append(drawing("line", { x1: x(distance), x2: x(distance), y1: TOP, y2: HEIGHT - BOTTOM, stroke: "var(--ink)", "stroke-dasharray": "3 4" }));
    if (bias >= FLOOR) picture.append(drawing("circle", { cx: x(distance), cy: y(bias), r: 6, fill: "var(--accent)" }));
    stage.replaceChildren(picture);
    list.replaceChildren(...all.map((slope, i) => element("li", { "aria-current": i + 1 === chosen ? "true" : null }, `head ${i + 1}: ${slope.toPrecision(4)}`)));
    said.textContent = `Head ${chosen}, slope ${all[chosen - 1].toPrecision(4)}: a key ${distance} back gets ${shown(bias)} added, `
      + `its weight is multiplied by ${small(Math.exp(bias))}.`;
  };
  const follow = () => head.replaceChildren(slider(model, "head", "Head", { min: 1, max: model.get("heads") }));
  model.on("change:heads", () => { if (model.get("head") > model.get("heads")) put(model, "head", model.get("heads")); follow(); });
  follow();
  redraw(model, ["heads", "head", "distance"], draw);
  return element("div", {}, controls(choice(model, "heads", "Heads", [4, 6, 8, 12, 16].map((n) => [n, String(n)])), head,
    slider(model, "distance", "Distance", { min: 0, max: most })), said, clipped("ALiBi’s lines", stage),
  element("p", { class: "legend" }, "Slopes, from short-sighted to far-sighted; the thick line is the chosen head’s."), list);
}

// ---------------------------------------------------------------- all three over the distance

function decayView(model) {
  const [stage, said] = [element("div"), spoken()];
  const x = (distance) => scale(0, 4, LEFT, WIDTH - RIGHT)(Math.log10(Math.max(1, distance))), y = scale(1.05, -0.35, TOP + 4, HEIGHT - BOTTOM - 30);
  const places = Array.from({ length: 641 }, (_, i) => 10 ** (i / 160));
  const draw = () => {
    const [width, base, far] = [model.get("width"), 10 ** model.get("base"), Math.round(10 ** model.get("far"))];
    const slope = slopes(8)[model.get("sight") - 1];
    const picture = frame("Mean cosine of RoPE and factor of ALiBi over distance, with T5’s buckets below", { x, y, xname: "distance (logarithmic)", yname: "",
      xmarks: [1, 10, 100, 1000, 10000].map((value) => [value, value.toLocaleString("en")]), ymarks: [0, 0.5, 1].map((value) => [value, String(value)]) });
    picture.append(...buckets(x, far), drawing("text", { x: LEFT + 4, y: HEIGHT - BOTTOM - 26 }, "T5’s buckets"),
      path(places.map((d) => [x(d), y(Math.exp(-slope * d))]), { stroke: "var(--ink)", "stroke-width": 2, "stroke-dasharray": "7 4" }),
      path(places.map((d) => [x(d), y(meanCosine(d, width, base))]), { stroke: "var(--accent)", "stroke-width": 2.5 }),
      drawing("line", { x1: x(far), x2: x(far), y1: TOP, y2: HEIGHT - BOTTOM, stroke: "var(--ink)", "stroke-dasharray": "3 4" }));
    stage.replaceChildren(picture);
    said.textContent = `${far.toLocaleString("en")} back: RoPE ${shown(meanCosine(far, width, base))}, `
      + `ALiBi’s factor ${small(Math.exp(-slope * far))}, T5’s bucket ${bucket(far, 32, 128)}.`;
  };
  redraw(model, ["width", "base", "far", "sight"], draw);
  return element("div", {}, controls(slider(model, "far", "Distance", { min: 0, max: 4, step: 0.02, show: power }),
    slider(model, "base", "Base θ", { min: 2, max: 7, step: 0.1, show: power }),
    choice(model, "width", "Head width D", [16, 32, 64, 128, 256].map((n) => [n, String(n)])),
    slider(model, "sight", "ALiBi head, of 8", { min: 1, max: 8 })), said, clipped("Curves over the distance", stage),
  element("p", { class: "legend" }, "Solid: RoPE, the mean of the pairs’ cosines, what is left on average of the score of a query that equals its key. "
    + "Dashed: ALiBi, the factor on a key’s weight. Boxes: T5’s buckets; what each adds is learned."));
}

// A strip under the curves: every bucket a box from its first distance to the next one's, the one at `far` filled.
function buckets(x, far) {
  const first = Array.from({ length: 10001 }, (_, d) => d).filter((d) => d && bucket(d, 32, 128) !== bucket(d - 1, 32, 128));
  return first.map((d, i) => drawing("rect", { x: x(d), width: x(first[i + 1] ?? 10000) - x(d), y: HEIGHT - BOTTOM - 22, height: 16,
    fill: bucket(d, 32, 128) === bucket(far, 32, 128) ? "var(--accent)" : "var(--shade)", stroke: "var(--quiet)", "stroke-width": 0.7 }));
}

function render({ model, el }) {
  const made = { rope: ropeView(model), alibi: alibiView(model), decay: decayView(model) };
  const tabs = VIEWS.map(([name, label]) => [name, button(label, () => put(model, "view", name))]);
  el.append(element("div", { class: "places", style: `--accent: ${era("pretraining")}` }, element("style", {}, STYLE),
    element("div", { class: "controls", role: "group", "aria-label": "View" }, ...tabs.map(([, tab]) => tab)), ...Object.values(made)));
  redraw(model, ["view"], () => {
    for (const [name, tab] of tabs) {
      tab.setAttribute("aria-pressed", String(name === model.get("view")));
      made[name].hidden = name !== model.get("view");
    }
  });
}

export default { render };
