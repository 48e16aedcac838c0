// The course translator in the page: a Chinese sentence in, English out, and where it looked for every word.
import { button, bytes, choice, controls, drawing, element, era, line, pressable, put, redraw, slider, spoken } from "./kit.js";
import { readTranslator } from "./translator.js";

const PACKED = "course_translator.bin", CELL = 26, LEFT = 120, TOP = 34, LONGEST = 60;
const percent = (share) => `${(100 * share).toFixed(0)} %`;
const shown = (text) => (text.trim() === "" ? "␣" : text.trim());

// A row for each unit that was written, the fuller the more it looked there; rows can be chosen.
function map(model, pieces, units, looked) {
  const wide = LEFT + CELL * pieces.length + 10, high = TOP + CELL * units.length + 6;
  const svg = drawing("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, role: "group", "aria-label": "Where the translator looked", style: "max-width: none" });
  pieces.forEach((piece, j) => svg.append(drawing("text", { x: LEFT + CELL * (j + 0.5), y: TOP - 10, "text-anchor": "middle" }, piece)));
  units.forEach((unit, i) => {
    const on = i === model.get("focus"), y = TOP + CELL * i;
    const cells = pieces.map((piece, j) => drawing("rect", {
      x: LEFT + CELL * j, y, width: CELL - 1, height: CELL - 1, stroke: "var(--line)", fill: era("deep_learning"), "fill-opacity": looked[i][j].toFixed(3) }));
    const frame = drawing("rect", { x: 1, y: y + 1, width: wide - 3, height: CELL - 3, fill: "transparent", stroke: on ? "var(--ink)" : "none", "stroke-width": 2 });
    const label = drawing("text", { x: LEFT - 8, y: y + 17, "text-anchor": "end", "font-weight": on ? "bold" : "normal" }, shown(unit));
    svg.append(pressable(drawing("g", { "data-row": i, style: "cursor: pointer" }, ...cells, frame, label), `${shown(unit)}: ${most(pieces, looked[i])}`, () => put(model, "focus", i)));
  });
  return svg;
}

const most = (pieces, weights) => [...weights.keys()].sort((a, b) => weights[b] - weights[a]).slice(0, 3).map((j) => `${pieces[j]} ${percent(weights[j])}`).join(", ");

function render({ model, el }) {
  let translator = null, found = [];
  const heard = spoken("The picture below was made when the book was built. Load the translator to try your own sentences.");
  const output = element("p", { style: "font-size: 1.15em; min-height: 1.6em", lang: "en" }), others = element("div");
  const stage = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Map of the attention" });
  const load = button(`Load the translator (${model.get("size")})`, async () => {
    load.disabled = true;
    heard.textContent = "Loading …";
    try {
      translator = await readTranslator(await bytes(model, PACKED));
      put(model, "loaded", true);
      load.remove();
    } catch (error) {
      heard.textContent = `It could not be loaded: ${error.message}`;
      load.disabled = false;
    }
  });
  const presets = model.get("presets").map((text) => [text, text]);
  el.append(
    controls(choice(model, "text", "a sentence", presets)), line(model, "text", "or your own, in Chinese"),
    controls(slider(model, "width", "beam", { min: 1, max: 10 }), load), heard, output, stage, others);
  const translate = () => {
    if (!translator) return;
    const text = [...model.get("text")].slice(0, LONGEST).join("");
    found = text.trim() ? translator.translate(text, model.get("width")) : [];
    put(model, "said", found.length ? found[0].tokens.map((token) => translator.spell(token)).join("").trim() : "");
    put(model, "focus", 0);
    draw();
  };
  const draw = () => {
    if (!translator) return;
    output.textContent = model.get("said");
    if (!found.length) { stage.replaceChildren(); others.replaceChildren(); heard.textContent = "Nothing to translate: type a Chinese sentence."; return; }
    const pieces = [...translator.pieces([...model.get("text")].slice(0, LONGEST).join("")), "end"];
    const spelled = found[0].tokens.map((token) => translator.spell(token)), keep = spelled.flatMap((unit, i) => (unit ? [i] : []));
    const units = keep.map((i) => spelled[i]), looked = keep.map((i) => found[0].looked[i]), at = model.get("focus");
    const focused = stage.contains(document.activeElement) ? document.activeElement.dataset.row : null;
    stage.replaceChildren(map(model, pieces, units, looked));
    if (focused !== null && focused !== undefined) stage.querySelector(`[data-row="${focused}"]`)?.focus();
    heard.textContent = units.length ? `For “${shown(units[at])}” it looked at ${most(pieces, looked[at])}.` : "It ended at once.";
    const rest = found.slice(1, 4).map((one) => element("li", { lang: "en" }, one.tokens.map((token) => translator.spell(token)).join("").trim()));
    others.replaceChildren(...(rest.length ? [element("p", {}, "Also on the beam:"), element("ul", {}, ...rest)] : []));
  };
  redraw(model, ["text", "width", "loaded"], translate);
  redraw(model, ["focus"], draw);
}

export default { render };
