// How far back an error is felt: the gradient's norm against the number of steps back, for three cells.
import { choice, controls, drawing, element, era, put, redraw, slider, spoken } from "./kit.js";

const WIDTH = 700, HIGH = 300, LEFT = 62, RIGHT = 60, TOP = 14, FOOT = 40;
const LOOKS = { RNN: [era("rules"), null], GRU: [era("statistical"), "8 4"], LSTM: [era("deep_learning"), "8 3 2 3"] };
const SMALL = { "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹", "-": "⁻" };
const raised = (whole) => Array.from(String(whole), (sign) => SMALL[sign]).join("");

// A number given by its logarithm to base 10, as one reads it.
export function share(exponent) {
  if (exponent <= -40) return "less than 10⁻⁴⁰";
  if (Math.abs(exponent) < 3) return String(Number((10 ** exponent).toPrecision(2)));
  const whole = Math.floor(exponent);
  return `${(10 ** (exponent - whole)).toFixed(1)} · 10${raised(whole)}`;
}

// The curve of a cell at the chosen scale and bias.
export const curveOf = (model, cell) => model.get("curves")[cell][model.get("scale")][cell === "LSTM" ? model.get("bias") : 0];

function ticks(low, high) {
  const step = [1, 2, 5, 10, 20].find((size) => (high - low) / size <= 6) ?? 50;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

function frame(x, y, steps, low, high) {
  const words = [];
  for (let back = 0; back < steps; back += 10) words.push(drawing("text", { x: x(back), y: TOP + HIGH + 16, "text-anchor": "middle" }, String(back)));
  for (const value of ticks(low, high)) {
    words.push(drawing("path", { d: `M ${LEFT} ${y(value)} H ${WIDTH - RIGHT}`, stroke: "var(--line)", "stroke-width": value === 0 ? 2 : 0.5 }));
    words.push(drawing("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value === 0 ? "1" : `10${raised(value)}`));
  }
  words.push(drawing("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: TOP + HIGH + 34, "text-anchor": "middle" }, "steps back from the loss"));
  return words;
}

function picture(model) {
  const cells = Object.keys(LOOKS), curves = cells.map((cell) => curveOf(model, cell)), steps = curves[0].length, back = model.get("back");
  const values = curves.flat(), low = Math.min(-1, ...values), high = Math.max(1, ...values);
  const x = (at) => LEFT + (at / (steps - 1)) * (WIDTH - LEFT - RIGHT), y = (value) => TOP + ((high - value) / (high - low)) * HIGH;
  const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} ${TOP + HIGH + FOOT}`, width: WIDTH, role: "img", "aria-label": "The gradient's norm against the number of steps back", style: "touch-action: pan-y; cursor: ew-resize; min-width: 34rem" });
  svg.append(...frame(x, y, steps, low, high), drawing("path", { d: `M ${x(back)} ${TOP} V ${TOP + HIGH}`, stroke: "var(--quiet)", "stroke-width": 1 }));
  const ends = cells.map((cell, i) => ({ cell, at: y(curves[i].at(-1)) })).sort((a, b) => a.at - b.at);
  ends.forEach((end, i) => { if (i) end.at = Math.max(end.at, ends[i - 1].at + 15); });
  const over = Math.max(0, ends[2].at - (TOP + HIGH));
  cells.forEach((cell, i) => {
    const [stroke, dash] = LOOKS[cell], chosen = cell === model.get("cell");
    const points = curves[i].map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    svg.append(drawing("polyline", { points, fill: "none", stroke, "stroke-width": chosen ? 4 : 1.8, "stroke-dasharray": dash, "data-cell": cell }));
    svg.append(drawing("text", { x: WIDTH - RIGHT + 6, y: ends.find((end) => end.cell === cell).at - over + 4, "font-weight": chosen ? "bold" : null }, cell));
    if (chosen) svg.append(drawing("circle", { cx: x(back), cy: y(curves[i][back]), r: 6, fill: stroke }));
  });
  return { svg, reach: curves[0].map((_, at) => x(at)) };
}

function meaning(model) {
  const cell = model.get("cell"), back = model.get("back"), curve = curveOf(model, cell), whole = curve.length - 1;
  const reached = curve.findIndex((value) => value <= -40), last = reached < 0 ? whole : reached;
  const factor = 10 ** (curve[last] / last);
  const radius = model.get("radii")[cell][model.get("scale")].toFixed(2);
  const bias = cell === "LSTM" ? `, forget bias ${model.get("biases")[model.get("bias")]}` : "";
  const block = cell === "RNN" ? "" : " (the candidate's block only)";
  return `${cell}${bias}, spectral radius ${radius}${block}: ${back} steps back the gradient is ${share(curve[back])} times what it is at the end. ` +
    `Over ${last} steps that is a factor of ${factor.toFixed(2)} a step: it ${factor < 0.98 ? "vanishes" : factor > 1.02 ? "explodes" : "about keeps its size"}.`;
}

// Press or drag: the step nearest to the pointer.
function scrub(model, stage, reach) {
  const go = (event) => {
    const box = stage.querySelector("svg").getBoundingClientRect(), place = ((event.clientX - box.left) / box.width) * WIDTH;
    const apart = reach().map((x) => Math.abs(x - place));
    put(model, "back", apart.indexOf(Math.min(...apart)));
  };
  stage.addEventListener("pointerdown", (event) => { stage.setPointerCapture(event.pointerId); go(event); });
  stage.addEventListener("pointermove", (event) => { if (stage.hasPointerCapture(event.pointerId)) go(event); });
}

function render({ model, el }) {
  el.style.setProperty("--accent", era("deep_learning"));
  const stage = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The curves" }), said = spoken();
  const scales = model.get("scales"), biases = model.get("biases"), steps = model.get("curves").RNN[0][0].length;
  let reach = [];
  scrub(model, stage, () => reach);
  el.append(
    controls(
      choice(model, "cell", "cell", Object.keys(LOOKS).map((cell) => [cell, cell])),
      slider(model, "scale", "recurrent weights", { min: 0, max: scales.length - 1, show: (i) => `× ${scales[i]}` }),
      slider(model, "bias", "LSTM's forget bias", { min: 0, max: biases.length - 1, show: (i) => String(biases[i]) }),
      slider(model, "back", "steps back", { min: 0, max: steps - 1 })),
    stage, said);
  redraw(model, ["cell", "scale", "bias", "back"], () => {
    const made = picture(model);
    reach = made.reach;
    stage.replaceChildren(made.svg);
    said.textContent = meaning(model);
  });
}

export default { render };
