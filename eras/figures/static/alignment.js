// Word alignment of real sentences: beliefs of each model and round, both directions and how they are joined, and the phrases.
import { button, choice, controls, element, era, put, redraw, slider, spoken } from "./kit.js";

const STYLE = `
.aligned table.grid { margin: 0.6rem 0; }
.aligned .grid th, .aligned .grid td { padding: 0; border: 1px solid var(--line); text-align: center; height: 1.9em; }
.aligned .grid td { min-width: 1.9em; position: relative; color: var(--ink); }
.aligned .grid thead th { vertical-align: bottom; font-weight: 400; border: 0; height: auto; }
.aligned .grid thead th span { writing-mode: vertical-rl; transform: rotate(180deg); padding: 0.2em 0; }
.aligned .grid tbody th { border: 0; text-align: right; padding-right: 0.4em; white-space: nowrap; }
.aligned .grid .belief { position: absolute; inset: 0; background: var(--accent); }
.aligned .grid .mark { position: relative; display: inline-block; width: 0.8em; height: 0.8em; border-radius: 50%; background: var(--ink); border: 2px solid var(--paper); vertical-align: middle; }
.aligned .grid tr.chosen td { border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink); }
.aligned ul { margin: 0.2rem 0; padding-left: 1.2rem; columns: 16em; }
.aligned .what { font-weight: 700; margin: 0.5rem 0 0; }
`;
const NEIGHBOURS = [[-1, 0], [0, -1], [1, 0], [0, 1], [-1, -1], [-1, 1], [1, -1], [1, 1]];
const JOINS = ["Chinese to English", "English to Chinese", "intersection", "grow-diag-final-and", "union"];
const LONGEST = 7;

const key = ([i, j]) => 1000 * i + j;
const rising = (links) => [...links].sort((a, b) => key(a) - key(b));

// Each column's (forward) or row's (backward) strongest source, unless NULL has more than it; weights are hundredths.
export function strongest(weights, rows, columns, byColumn) {
  const links = [];
  for (let n = 0; n < (byColumn ? columns : rows); n++) {
    const line = Array.from({ length: byColumn ? rows : columns }, (_, m) => weights[byColumn ? m * columns + n : n * columns + m]);
    const best = Math.max(...line), rest = 100 - line.reduce((sum, value) => sum + value, 0);
    if (best > 0 && best >= rest) links.push(byColumn ? [line.indexOf(best), n] : [n, line.indexOf(best)]);
  }
  return links;
}

// As eras.statistical.alignment.symmetrise.
export function symmetrise(forward, backward) {
  const front = new Set(forward.map(key)), back = new Set(backward.map(key)), either = new Set([...front, ...back]);
  const links = new Map(forward.filter((link) => back.has(key(link))).map((link) => [key(link), link]));
  const taken = (k, value) => [...links.values()].some((link) => link[k] === value);
  for (let before = -1; before !== links.size;) {
    before = links.size;
    for (const [i, j] of rising(links.values())) {
      for (const [down, right] of NEIGHBOURS) {
        const link = [i + down, j + right];
        if (link[0] < 0 || link[1] < 0 || !either.has(key(link)) || links.has(key(link))) continue;
        if (!taken(0, link[0]) || !taken(1, link[1])) links.set(key(link), link);
      }
    }
  }
  for (const link of [...rising(forward), ...rising(backward)]) if (!taken(0, link[0]) && !taken(1, link[1])) links.set(key(link), link);
  return rising(links.values());
}

// As eras.statistical.alignment.extract_phrases: [i1, i2, j1, j2], ends left out.
export function extractPhrases(rows, columns, links, longest = LONGEST) {
  const found = [];
  for (let i1 = 0; i1 < rows; i1++) for (let i2 = i1 + 1; i2 <= Math.min(rows, i1 + longest); i2++) {
    for (let j1 = 0; j1 < columns; j1++) for (let j2 = j1 + 1; j2 <= Math.min(columns, j1 + longest); j2++) {
      const sides = links.map(([i, j]) => [i1 <= i && i < i2, j1 <= j && j < j2]);
      if (sides.some(([a, b]) => a && b) && sides.every(([a, b]) => a === b)) found.push([i1, i2, j1, j2]);
    }
  }
  return found;
}

export function joined(forward, backward, join) {
  const back = new Set(backward.map(key)), front = new Set(forward.map(key));
  return [forward, backward, forward.filter((link) => back.has(key(link))), symmetrise(forward, backward),
    [...forward, ...backward.filter((link) => !front.has(key(link)))]][JOINS.indexOf(join)];
}

function matrix(model, { source, target }, weights, links, word) {
  const linked = new Set(links.map(key));
  const cell = (i, j) => {
    const belief = weights[i * target.length + j], on = linked.has(key([i, j]));
    return element("td", { title: `${source[i]} – ${target[j]}: ${belief} %${on ? ", linked" : ""}` },
      element("div", { class: "belief", style: `opacity: ${(0.75 * belief / 100).toFixed(3)}` }), on ? element("span", { class: "mark", role: "img", "aria-label": "linked" }) : null);
  };
  return element("table", { class: "grid" },
    element("thead", {}, element("tr", {}, element("td", { style: "border: 0" }), ...target.map((t) => element("th", { scope: "col" }, element("span", {}, t))))),
    element("tbody", {}, ...source.map((s, i) => element("tr", { class: i === word ? "chosen" : null },
      element("th", { scope: "row" }, button(s, () => put(model, "word", i), { "aria-pressed": String(i === word), lang: "zh" })),
      ...target.map((_, j) => cell(i, j))))));
}

function render({ model, el }) {
  const sentences = model.get("sentences"), stages = model.get("stages");
  const said = spoken(), what = element("p", { class: "what" }), list = element("ul");
  const board = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Words and beliefs" });
  model.on("change:sentence", () => put(model, "word", 0));
  el.append(element("div", { class: "aligned", style: `--accent: ${era("statistical")}` }, element("style", {}, STYLE),
    controls(choice(model, "sentence", "Sentence", sentences.map(({ target }, k) => [k, target.join(" ").slice(0, 44)])),
      slider(model, "stage", "Model", { min: 0, max: stages.length - 1, show: (stage) => stages[stage] }),
      choice(model, "join", "Links", JOINS.map((name) => [name, name]))),
    said, board, what, list));
  redraw(model, ["sentence", "stage", "join", "word"], () => {
    const sentence = sentences[model.get("sentence")], { source, target, weights } = sentence;
    const [front, back] = weights[model.get("stage")], join = model.get("join");
    const links = joined(strongest(front, source.length, target.length, true), strongest(back, source.length, target.length, false), join);
    const shown = join === JOINS[0] ? front : join === JOINS[1] ? back : front.map((value, n) => Math.round((value + back[n]) / 2));
    const word = Math.min(model.get("word"), source.length - 1), phrases = extractPhrases(source.length, target.length, links);
    const around = phrases.filter(([i1, i2]) => i1 <= word && word < i2);
    board.replaceChildren(matrix(model, sentence, shown, links, word));
    said.textContent = `${stages[model.get("stage")]}, ${join}: ${links.length} links, ${phrases.length} phrase pairs.`;
    what.textContent = `Phrase pairs with ${source[word]}: ${around.length}`;
    list.replaceChildren(...around.slice(0, 12).map(([i1, i2, j1, j2]) => element("li", {}, `${source.slice(i1, i2).join("")} – ${target.slice(j1, j2).join(" ")}`)));
  });
}

export default { render };
