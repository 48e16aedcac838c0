// Where the heads of a trained model look: an overview of all, the map of one, and the weights of one token.
import { choice, controls, drawing, element, era, pressable, put, redraw, slider, spoken, toggle } from "./kit.js";

const SHADES = 12; // cells of like weight are drawn together
const LABELS = 84, SIDE = 360, WHOLE = LABELS + SIDE + 34; // room for the tokens, the map, and the last token's end
const STYLE = `
.live .sentence { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 0.5rem 0.15rem; margin: 0.5rem 0; }
.live .sentence > * { display: flex; flex-direction: column; align-items: center; justify-content: flex-end; cursor: pointer;
  min-width: 2.5rem; padding: 0 0.2rem; border-bottom: 3px solid transparent; border-radius: 3px; }
.live .sentence small { font-variant-numeric: tabular-nums; }
.live .sentence small { line-height: 1.3; }
.live .sentence .well { display: flex; flex-direction: column; justify-content: flex-end; align-items: center; height: 3.8rem; }
.live .sentence i { display: block; width: 1.6rem; background: var(--accent); }
.live .sentence [aria-pressed="true"] { border-bottom-color: var(--ink); font-weight: bold; }
.live .heads { display: grid; grid-template-columns: minmax(10rem, 15rem) minmax(17rem, 30rem); gap: 1rem 2rem; align-items: start; }
.live .heads > * { min-width: 0; }
.live .overview { display: grid; gap: 0.4rem; align-items: center; font-size: 0.75em; color: var(--quiet); text-align: center; white-space: nowrap; }
.live .overview > svg { cursor: pointer; border: 2px solid var(--line); border-radius: 3px; }
.live .overview > [aria-pressed="true"] { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }
.live .legend { display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem; margin: 0.3rem 0; font-size: 0.85em; }
.live .legend span { display: inline-block; width: 1.2em; height: 1.2em; margin-right: 0.3em; vertical-align: text-bottom; border: 1px solid var(--line); }
.live .map rect.hit { fill: transparent; cursor: pointer; }
@media (max-width: 640px) { .live .heads { grid-template-columns: minmax(0, 1fr); } .live .overview { max-width: 15rem; } }
`;

const percent = (share) => `${(100 * share).toFixed(share < 0.1 && share >= 0.001 ? 1 : 0)} %`;
const visible = (token) => token.replaceAll("\n", "↵").replace(/^ | $/g, "␣");

// Rows of weights from T · T stored scores; what a mask hides has weight 0.
export function weightsOf(scores, { step, causal, temperature }) {
  const size = Math.round(Math.sqrt(scores.length));
  return Array.from({ length: size }, (_, query) => {
    const row = scores.slice(query * size, (query + 1) * size).map((score, key) => (causal && key > query ? -Infinity : (score * step) / temperature));
    const most = Math.max(...row), powers = row.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  });
}

export const entropy = (row) => -row.reduce((sum, share) => sum + (share > 0 ? share * Math.log2(share) : 0), 0) + 0;

// What the model holds: its sentence, the weights of a head, the focus within the sentence.
const sentence = (model) => model.get("sentences")[model.get("sentence")];
const settings = (model) => Object.fromEntries(["step", "causal", "temperature"].map((key) => [key, model.get(key)]));
const headOf = (model, layer = model.get("layer"), head = model.get("head")) => weightsOf(sentence(model).scores[layer][head], settings(model));
const focusOf = (model) => Math.min(model.get("focus"), sentence(model).tokens.length - 1);

// The cells of a map, `size` wide each, as one path for each shade; the eye sees the root of a weight more evenly.
function cells(rows, size) {
  const paths = Array.from({ length: SHADES + 1 }, () => []);
  rows.forEach((row, y) => row.forEach((weight, x) => paths[Math.round(SHADES * Math.sqrt(weight))].push(`M${x * size} ${y * size}h${size}v${size}h${-size}z`)));
  return paths.flatMap((path, shade) => (shade && path.length ? [drawing("path", { d: path.join(""), fill: "var(--accent)", "fill-opacity": shade / SHADES })] : []));
}

// How a head's weights lie on average, for those who do not see its picture.
function summary(rows) {
  const mean = (pick) => rows.slice(1).reduce((sum, row, i) => sum + pick(row, i + 1), 0) / Math.max(rows.length - 1, 1);
  return `on average ${percent(mean((row, i) => row[i - 1]))} on the token before, ${percent(mean((row, i) => row[i]))} on itself, ${percent(mean((row) => row[0]))} on the first`;
}

function overview(model) {
  const { scores, tokens } = sentence(model), size = tokens.length;
  const names = ["layer", ...scores[0].map((_, head) => `head ${head}`)].map((name) => element("span", {}, name));
  const tile = (layer, head) => {
    const rows = headOf(model, layer, head), made = drawing("svg", { viewBox: `0 0 ${size} ${size}`, "shape-rendering": "crispEdges" }, ...cells(rows, 1));
    const chosen = layer === model.get("layer") && head === model.get("head");
    pressable(made, `layer ${layer}, head ${head}: ${summary(rows)}`, () => { put(model, "layer", layer); put(model, "head", head); });
    made.setAttribute("aria-pressed", String(chosen));
    made.append(drawing("title", {}, `layer ${layer}, head ${head}`));
    return made;
  };
  return [names, ...scores.map((heads, layer) => [element("span", {}, String(layer)), ...heads.map((_, head) => tile(layer, head))])].flat();
}

// The map of the chosen head: queries in rows, keys in columns, the chosen query framed.
function map(model, tell) {
  const { tokens } = sentence(model), rows = headOf(model), focus = focusOf(model), cell = SIDE / tokens.length, side = SIDE;
  const short = (token) => (token.length > 9 ? `${visible(token).slice(0, 8)}…` : visible(token));
  const picture = drawing("svg", { viewBox: `0 0 ${WHOLE} ${LABELS + side + 2}`, role: "img", class: "map",
    "aria-label": `Layer ${model.get("layer")}, head ${model.get("head")}: ${summary(rows)}. The numbers of the chosen token stand in the sentence.` });
  tokens.forEach((token, i) => {
    const middle = LABELS + (i + 0.5) * cell, weight = i === focus ? "bold" : "normal";
    picture.append(
      drawing("text", { x: LABELS - 5, y: middle, "text-anchor": "end", "dominant-baseline": "central", "font-weight": weight }, short(token)),
      drawing("text", { transform: `translate(${middle} ${LABELS - 5}) rotate(-60)`, "dominant-baseline": "central" }, short(token)));
  });
  const inside = drawing("g", { transform: `translate(${LABELS} ${LABELS})` }, ...cells(rows, cell),
    drawing("rect", { width: side, height: side, fill: "none", stroke: "var(--line)" }),
    drawing("rect", { y: focus * cell, width: side, height: cell, fill: "none", stroke: "var(--ink)", "stroke-width": 2 }));
  const over = drawing("rect", { class: "hit", width: side, height: side });
  const at = ({ offsetX, offsetY }) => [offsetY, offsetX].map((pixel) => {
    const scale = picture.clientWidth / WHOLE;
    return Math.min(Math.max(Math.floor((pixel / scale - LABELS) / cell), 0), tokens.length - 1);
  });
  over.addEventListener("pointermove", (event) => tell(...at(event)));
  over.addEventListener("click", (event) => put(model, "focus", at(event)[0]));
  inside.append(over);
  picture.append(inside);
  return picture;
}

const legend = () => element("p", { class: "legend" }, ...[0, 0.05, 0.25, 0.5, 1].map((weight) => element("span", { style: "all: unset" },
  element("span", { style: `background: color-mix(in srgb, var(--accent) ${100 * Math.sqrt(weight)}%, var(--paper))` }), percent(weight).replace("5.0", "5"))));

// The sentence, a column on each token as high as the chosen token's weight on it; arrow keys move the choice.
function strip(model) {
  const { tokens } = sentence(model), focus = focusOf(model), row = headOf(model)[focus];
  return tokens.map((token, key) => {
    const hidden = model.get("causal") && key > focus;
    const made = element("span", { "data-key": key, tabindex: key === focus ? 0 : -1, "aria-pressed": String(key === focus),
      role: "button", "aria-label": `${visible(token)}, ${hidden ? "hidden by the mask" : percent(row[key])}` },
      element("span", { class: "well" },
        element("small", {}, hidden ? "–" : percent(row[key])), element("i", { style: `height: ${2.5 * row[key]}rem` })),
      element("span", { class: "token" }, visible(token)));
    made.addEventListener("click", () => put(model, "focus", key));
    return made;
  });
}

function told(model) {
  const { tokens } = sentence(model), focus = focusOf(model), row = headOf(model)[focus], bits = entropy(row);
  const best = row.indexOf(Math.max(...row));
  return `Layer ${model.get("layer")}, head ${model.get("head")}, from “${visible(tokens[focus])}”: most on “${visible(tokens[best])}” (${best === focus ? "itself" : `${Math.abs(focus - best)} ${best < focus ? "back" : "ahead"}`}), ${percent(row[best])}. ` +
    `Entropy ${bits.toFixed(2)} bits, as if spread evenly over ${(2 ** bits).toFixed(1)} tokens.`;
}

function arrows(model, event) {
  const last = sentence(model).tokens.length - 1, focus = focusOf(model);
  const to = { ArrowLeft: focus - 1, ArrowUp: focus - 1, ArrowRight: focus + 1, ArrowDown: focus + 1, Home: 0, End: last }[event.key];
  if (to === undefined) return false;
  event.preventDefault();
  put(model, "focus", Math.min(Math.max(to, 0), last));
  return true;
}

function render({ model, el }) {
  const text = element("div", { class: "sentence", role: "toolbar", "aria-label": "The sentence; arrow keys choose the token that looks" });
  const tiles = element("div", { class: "overview", role: "group", "aria-label": "All heads, a row for each layer" });
  const picture = element("div"), under = element("p", { class: "under" }, "Point at a cell to read its weight."), said = spoken();
  const keys = ["sentence", "layer", "head", "focus", "causal", "temperature"];
  const tell = (query, key) => {
    const { tokens } = sentence(model), hidden = model.get("causal") && key > query;
    under.textContent = `From “${visible(tokens[query])}” to “${visible(tokens[key])}”: ${hidden ? "hidden by the mask" : percent(headOf(model)[query][key])}`;
  };
  text.addEventListener("keydown", (event) => {
    if (!arrows(model, event)) return;
    text.replaceChildren(...strip(model));
    text.children[focusOf(model)].focus();
  });
  const again = (box, make) => {
    const held = [...box.children].indexOf(document.activeElement);
    box.replaceChildren(...make());
    box.children[held]?.focus();
  };
  tiles.style.gridTemplateColumns = `auto repeat(${sentence(model).scores[0].length}, 1fr)`;
  redraw(model, ["sentence", "layer", "head", "causal", "temperature"], () => again(tiles, () => overview(model)));
  redraw(model, keys, () => {
    again(text, () => strip(model));
    picture.replaceChildren(map(model, tell));
    said.textContent = told(model);
  });
  const names = model.get("sentences").map(({ name }, i) => [i, name]);
  el.style.setProperty("--accent", era("pretraining"));
  el.append(element("style", {}, STYLE),
    controls(choice(model, "sentence", "sentence", names), toggle(model, "causal", "causal mask"),
      slider(model, "temperature", "temperature", { min: 0.1, max: 4, step: 0.1, show: (v) => v.toFixed(1) })),
    text, said, element("div", { class: "heads" }, tiles, element("div", {}, picture, legend(), under)));
}

export default { render };
