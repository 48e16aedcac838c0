// A training log to scrub through: losses against steps, tokens or time; what a loss of that size means.
import { choice, controls, drawing, element, era, put, redraw, slider, spoken } from "./kit.js";

const WIDTH = 700, HIGH = 300, LEFT = 54, RIGHT = 16, TOP = 12, FOOT = 40;
const whole = (value) => Math.round(value).toLocaleString("en");
const ACROSS = {
  step: { name: "step", of: (row) => row.step, show: whole },
  tokens: { name: "million tokens seen", of: (row) => row.tokens / 1e6, show: (v) => v.toFixed(1) },
  minutes: { name: "minutes", of: (row) => row.seconds / 60, show: whole },
};
const UP = {
  bits: { name: "bits per byte", curves: ["valid", "train"], of: (value) => value, show: (v) => v.toFixed(2) },
  choices: { name: "as sure as among … tokens", curves: ["valid", "train"], of: (value, bytes) => 2 ** (value * bytes), show: (v) => v.toFixed(v < 10 ? 1 : 0) },
  rate: { name: "learning rate", curves: ["rate"], of: (value) => value, show: (v) => v.toPrecision(2) },
};
const LOOKS = {
  valid: { name: "validation", stroke: "var(--accent)", dash: null, r: 3 },
  train: { name: "training", stroke: era("deep_learning"), dash: "7 4", r: 0 },
  rate: { name: "learning rate", stroke: "var(--accent)", dash: null, r: 3 },
};

// An exponential mean: each point keeps a share of the smoothed one before it.
export function smoothed(values, share) {
  let before = values[0];
  return values.map((value) => (before = share * before + (1 - share) * value));
}

// The first row at or below a level, or -1.
export const passed = (rows, level) => rows.findIndex(({ valid }) => valid <= level);

function axis(values, [from, to], logarithmic) {
  const turn = logarithmic ? Math.log : (value) => value;
  const [low, high] = [turn(Math.min(...values)), turn(Math.max(...values))];
  const at = (value) => from + ((turn(value) - low) / (high - low || 1)) * (to - from);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low)).map((value) => (logarithmic ? Math.exp(value) : value));
  return { at, ticks };
}

function scales(model) {
  const rows = model.get("rows"), up = UP[model.get("up")], bytes = model.get("bytes");
  const turned = (value) => up.of(value, bytes);
  const levels = model.get("up") === "rate" ? [] : model.get("levels").map(([name, level]) => [name, turned(level)]);
  const curves = up.curves.map((key) => [key, rows.map((row) => turned(row[key]))]);
  const xs = rows.map(ACROSS[model.get("across")].of), both = model.get("scale");
  const values = [...curves.flatMap(([, ys]) => ys), ...levels.map(([, level]) => level)];
  return {
    xs, curves, levels, turned,
    x: axis(xs, [LEFT, WIDTH - RIGHT], both === "x" || both === "both"),
    y: axis(values, [TOP + HIGH, TOP], both === "y" || both === "both"),
  };
}

function frame(model, { x, y, levels }) {
  const words = [];
  for (const value of x.ticks) words.push(drawing("text", { x: x.at(value), y: TOP + HIGH + 16, "text-anchor": "middle" }, ACROSS[model.get("across")].show(value)));
  for (const value of y.ticks) {
    words.push(drawing("path", { d: `M ${LEFT} ${y.at(value)} H ${WIDTH - RIGHT}`, stroke: "var(--line)", "stroke-width": 0.5 }));
    words.push(drawing("text", { x: LEFT - 6, y: y.at(value) + 4, "text-anchor": "end" }, UP[model.get("up")].show(value)));
  }
  for (const [name, level] of levels) {
    words.push(drawing("path", { d: `M ${LEFT} ${y.at(level)} H ${WIDTH - RIGHT}`, stroke: "var(--quiet)", "stroke-dasharray": "1 4", "stroke-width": 2 }));
    words.push(drawing("text", { x: WIDTH - RIGHT, y: y.at(level) - 5, "text-anchor": "end" }, name));
  }
  words.push(drawing("text", { x: (LEFT + WIDTH) / 2, y: TOP + HIGH + 34, "text-anchor": "middle" }, ACROSS[model.get("across")].name));
  return words;
}

function curve([key, ys], { xs, x, y }, share, at) {
  const { stroke, dash, r } = LOOKS[key];
  const line = smoothed(ys, share).map((value, i) => `${x.at(xs[i]).toFixed(1)},${y.at(value).toFixed(1)}`).join(" ");
  const dots = ys.map((value, i) => drawing("circle", { cx: x.at(xs[i]), cy: y.at(value), r: i === at ? 6 : r, fill: i === at ? stroke : "var(--paper)", stroke }));
  return [drawing("polyline", { points: line, fill: "none", stroke, "stroke-width": 2.5, "stroke-dasharray": dash }), ...dots];
}

function picture(model) {
  const made = scales(model), { xs, curves, x } = made, at = model.get("at");
  const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} ${TOP + HIGH + FOOT}`, width: WIDTH, role: "img", "aria-label": `${UP[model.get("up")].name} over the run`, style: "touch-action: pan-y; cursor: ew-resize; min-width: 34rem" });
  svg.append(...frame(model, made), drawing("path", { d: `M ${x.at(xs[at])} ${TOP} V ${TOP + HIGH}`, stroke: "var(--ink)", "stroke-width": 1 }));
  for (const each of curves) svg.append(...curve(each, made, model.get("smooth"), at));
  return { svg, reach: xs.map(x.at) };
}

// Press or drag: the row nearest to the pointer.
function scrub(model, stage, reach) {
  const go = (event) => {
    const box = stage.querySelector("svg").getBoundingClientRect(), place = ((event.clientX - box.left) / box.width) * WIDTH;
    const apart = reach().map((x) => Math.abs(x - place));
    put(model, "at", apart.indexOf(Math.min(...apart)));
  };
  stage.addEventListener("pointerdown", (event) => { stage.setPointerCapture(event.pointerId); go(event); });
  stage.addEventListener("pointermove", (event) => { if (stage.hasPointerCapture(event.pointerId)) go(event); });
}

function legend(model) {
  const entry = (key) => element("span", { style: "display: inline-flex; align-items: center; gap: 0.4rem" },
    drawing("svg", { width: 34, height: 10, "aria-hidden": "true" }, drawing("path", { d: "M 0 5 H 34", stroke: LOOKS[key].stroke, "stroke-width": 2.5, "stroke-dasharray": LOOKS[key].dash })), LOOKS[key].name);
  return controls(...UP[model.get("up")].curves.map(entry));
}

function meaning(model) {
  const row = model.get("rows")[model.get("at")], bytes = model.get("bytes");
  const sure = 2 ** (row.valid * bytes), below = model.get("levels").filter(([, level]) => row.valid <= level).map(([name]) => name);
  return `Step ${whole(row.step)}: ${(row.tokens / 1e6).toFixed(1)} million tokens, ${whole(row.seconds / 60)} minutes. ` +
    `Validation ${row.valid.toFixed(3)}, training ${row.train.toFixed(3)} bits per byte; learning rate ${Number(row.rate.toPrecision(3))}. ` +
    `On validation text as sure as choosing among ${sure.toFixed(sure < 10 ? 1 : 0)} equally likely tokens. ${below.length ? `Better than ${below.join(" and ")}.` : ""}`;
}

function milestones(model) {
  const rows = model.get("rows");
  const words = model.get("levels").map(([name, level]) => {
    const first = passed(rows, level);
    if (first < 0) return `never passes ${name} (${level.toFixed(2)})`;
    if (first === 0) return `is past ${name} (${level.toFixed(2)}) at its first row, step ${whole(rows[0].step)}`;
    return `passes ${name} (${level.toFixed(2)}) between steps ${whole(rows[first - 1].step)} and ${whole(rows[first].step)}`;
  });
  return words.length ? `On the validation text the GPT ${words.join(", and ")}.` : "";
}

function render({ model, el }) {
  el.style.setProperty("--accent", era("pretraining"));
  const stage = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The curves" }), under = element("div"), said = spoken(), rows = model.get("rows");
  let reach = [];
  scrub(model, stage, () => reach);
  el.append(
    controls(
      choice(model, "up", "show", Object.entries(UP).map(([key, { name }]) => [key, name])),
      choice(model, "across", "against", Object.entries(ACROSS).map(([key, { name }]) => [key, name])),
      choice(model, "scale", "logarithmic", [["linear", "neither axis"], ["x", "across"], ["y", "up"], ["both", "both"]]),
      slider(model, "smooth", "smoothing", { min: 0, max: 0.9, step: 0.1, show: (v) => v.toFixed(1) })),
    under, stage,
    controls(slider(model, "at", "row of the log", { min: 0, max: rows.length - 1, show: (v) => `step ${whole(rows[v].step)}` })),
    said, element("p", { style: "color: var(--quiet)" }, milestones(model)));
  redraw(model, ["at", "across", "up", "scale", "smooth"], () => {
    const made = picture(model);
    reach = made.reach;
    stage.replaceChildren(made.svg);
    under.replaceChildren(legend(model));
    said.textContent = meaning(model);
  });
}

export default { render };
