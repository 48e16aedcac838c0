// CKY over a sentence of the reader's: the chart cell by cell, the number of parses, and every tree.
import { button, choice, controls, drawing, element, era, line, put, redraw, slider, spoken } from "./kit.js";

const GAP = 14, LEVEL = 44, LETTER = 7.6;
const STYLE = `
.ambiguity .head { font-weight: 700; margin: 0.8rem 0 0.2rem; }
.ambiguity .chart td, .ambiguity .chart th { border: 1px solid var(--line); padding: 0.1rem 0.35rem; min-width: 3.6em; height: 2.1em;
  font-size: 0.8rem; text-align: center; vertical-align: middle; white-space: nowrap; }
.ambiguity .chart th { border: 0; font-weight: 700; }
.ambiguity .chart td.later { color: var(--quiet); background: var(--shade); }
.ambiguity .chart td.now { outline: 3px solid var(--accent); outline-offset: -3px; font-weight: 700; }
.ambiguity .chart td.none { border: 0; }
.ambiguity .tree { min-height: 20em; }
.ambiguity svg { max-width: none; }
.ambiguity svg path { stroke: var(--quiet); fill: none; }
.ambiguity svg .category { fill: var(--accent); font-weight: 700; }
.ambiguity svg text { text-anchor: middle; font-size: 13px; }
.ambiguity .note { color: var(--quiet); font-size: 0.9em; margin: 0.2rem 0; }
`;

// ---------------------------------------------------------------- the algorithm, in the order of eras.rules.grammar.cky

function index(rules) {
  const categories = new Set(rules.map(([left]) => left)), above = new Map(), pairs = new Map(), words = new Set();
  const add = (map, key, left) => map.set(key, [...(map.get(key) ?? []), left]);
  for (const [left, right] of rules) {
    for (const symbol of right) if (!categories.has(symbol)) words.add(symbol);
    if (right.length === 1) add(above, right[0], left);
    else {
      if (!pairs.has(right[0])) pairs.set(right[0], new Map());
      add(pairs.get(right[0]), right[1], left);
    }
  }
  return { above, pairs, words };
}

const node = (symbol, i, j) => ({ symbol, i, j });

// Cells (i, j) in the order of their length: each a map from category to its ways; a way is a list of nodes or a word.
function fillChart({ above, pairs }, words) {
  const cells = new Map(), order = [];
  for (let length = 1; length <= words.length; length++) {
    for (let i = 0, j = length; j <= words.length; i++, j++) {
      const cell = new Map(), add = (left, way) => (cell.has(left) ? cell.get(left).push(way) : cell.set(left, [way]));
      if (length === 1) for (const left of above.get(words[i]) ?? []) add(left, [words[i]]);
      for (let k = i + 1; k < j; k++) {
        for (const first of cells.get(`${i} ${k}`).keys()) {
          for (const [second, lefts] of pairs.get(first) ?? []) {
            if (!cells.get(`${k} ${j}`).has(second)) continue;
            for (const left of lefts) add(left, [node(first, i, k), node(second, k, j)]);
          }
        }
      }
      const agenda = [...cell.keys()];
      while (agenda.length) {
        const under = agenda.shift();
        for (const left of above.get(under) ?? []) {
          if (!cell.has(left)) agenda.push(left);
          add(left, [node(under, i, j)]);
        }
      }
      cells.set(`${i} ${j}`, cell);
      order.push([i, j]);
    }
  }
  return { cells, order };
}

const ways = (cells, { symbol, i, j }) => cells.get(`${i} ${j}`)?.get(symbol) ?? [];

function counter(cells) {
  const known = new Map();
  const count = (child) => {
    if (typeof child === "string") return 1;
    const key = `${child.symbol}|${child.i} ${child.j}`;
    if (!known.has(key)) known.set(key, ways(cells, child).reduce((sum, way) => sum + way.reduce((product, part) => product * count(part), 1), 0));
    return known.get(key);
  };
  return count;
}

// The tree of a number, found without making the ones before it: [category, ...children], words as strings.
function unrank(cells, count, child, number) {
  if (typeof child === "string") return child;
  let left = number;
  for (const way of ways(cells, child)) {
    const sizes = way.map(count), size = sizes.reduce((a, b) => a * b, 1);
    if (left >= size) { left -= size; continue; }
    const parts = [];
    for (let p = way.length - 1; p >= 0; p--) {
      parts.unshift(unrank(cells, count, way[p], left % sizes[p]));
      left = Math.floor(left / sizes[p]);
    }
    return restored(child.symbol, parts);
  }
  return null;
}

// Without the categories that only made two of many: those with a blank in their names, and words as categories.
function restored(symbol, parts) {
  const children = parts.flatMap((part) => (typeof part !== "string" && part[0].includes(" ") ? part.slice(1) : [part]));
  return symbol.startsWith("'") && !symbol.includes(" ") ? children[0] : [symbol, ...children];
}

const brackets = (tree) => (typeof tree === "string" ? tree : `(${tree[0]} ${tree.slice(1).map(brackets).join(" ")})`);

// ---------------------------------------------------------------- what is seen

function treeDrawing(tree) {
  const marks = [];
  let deepest = 0;
  const place = (part, depth, x) => {
    const y = 18 + LEVEL * depth, name = typeof part === "string" ? part : part[0];
    deepest = Math.max(deepest, y);
    const own = name.length * LETTER + GAP;
    if (typeof part === "string") {
      marks.push(drawing("text", { x: x + own / 2, y }, part));
      return { middle: x + own / 2, right: x + own };
    }
    let right = x;
    const middles = part.slice(1).map((child) => {
      const placed = place(child, depth + 1, right);
      right = placed.right;
      return placed.middle;
    });
    const middle = (middles[0] + middles.at(-1)) / 2;
    for (const to of middles) marks.push(drawing("path", { d: `M${middle} ${y + 6}L${to} ${y + LEVEL - 14}` }));
    marks.push(drawing("text", { x: middle, y, class: "category" }, name));
    return { middle, right: Math.max(right, middle + own / 2) };
  };
  const { right } = place(tree, 0, GAP);
  const width = right + GAP, height = deepest + 12;
  return drawing("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": brackets(tree) }, ...marks);
}

// The categories of a cell that the reader's grammar has, with the number of trees where it is not one.
function named(cells, count, i, j) {
  const own = [...cells.get(`${i} ${j}`).keys()].filter((name) => !name.includes(" ") && !name.startsWith("'"));
  return own.map((symbol) => [symbol, count(node(symbol, i, j))]);
}

function chartTable(words, { cells, order }, count, step) {
  const done = new Map(order.map(([i, j], at) => [`${i} ${j}`, at]));
  const rows = [element("tr", {}, element("th", { scope: "col" }, "words"), ...words.map((word) => element("th", { scope: "col" }, word)))];
  for (let length = 1; length <= words.length; length++) {
    const row = [element("th", { scope: "row" }, String(length))];
    for (let i = 0; i < words.length; i++) {
      const key = `${i} ${i + length}`;
      if (i + length > words.length) { row.push(element("td", { class: "none" })); continue; }
      const at = done.get(key), names = named(cells, count, i, i + length).map(([name, trees]) => (trees > 1 ? `${name}×${trees}` : name));
      row.push(element("td", { class: at === step - 1 ? "now" : at < step ? "" : "later" }, at < step ? names.join(" ") || "–" : "·"));
    }
    rows.push(element("tr", {}, ...row));
  }
  return element("table", { class: "chart" }, ...rows);
}

function said(words, { cells, order }, count, step) {
  if (step === 0) return `Nothing yet: ${order.length} cells to fill.`;
  const [i, j] = order[step - 1], names = named(cells, count, i, j).map(([name, trees]) => (trees > 1 ? `${name} in ${trees} ways` : name));
  return `Cell ${step} of ${order.length}, “${words.slice(i, j).join(" ")}”: ${names.join(", ") || "nothing"}.`;
}

function render({ model, el }) {
  const rules = index(model.get("rules")), longest = model.get("longest");
  const read = () => model.get("text").trim().split(/\s+/).filter(Boolean);
  const chartPlace = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The chart" });
  const treePlace = element("div", { class: "scroll tree", tabindex: 0, role: "region", "aria-label": "The tree" });
  const stepped = spoken(), counted = spoken(), sliderPlace = element("span");
  let words = [], chart = null, total = 0, count = null;

  const parse = () => {
    words = read();
    const strange = words.find((word) => !rules.words.has(word));
    const fine = words.length && words.length <= longest && strange === undefined;
    chart = fine ? fillChart(rules, words) : null;
    count = fine ? counter(chart.cells) : null;
    total = fine ? count(node("S", 0, words.length)) : 0;
    const problem = strange !== undefined ? `“${strange}” is not in the lexicon.` : words.length > longest ? `At most ${longest} words.` : "Type a sentence.";
    sliderPlace.replaceChildren(chart ? slider(model, "step", "Cells filled", { min: 0, max: chart.order.length, show: (step) => `${step} of ${chart.order.length}` }) : "");
    return problem;
  };
  const draw = () => {
    const problem = parse();
    const step = Math.min(model.get("step"), chart ? chart.order.length : 0), tree = Math.min(model.get("tree"), Math.max(0, total - 1));
    if (step !== model.get("step")) put(model, "step", step);
    if (tree !== model.get("tree")) put(model, "tree", tree);
    chartPlace.replaceChildren(chart ? chartTable(words, chart, count, step) : "");
    stepped.textContent = chart ? said(words, chart, count, step) : problem;
    treePlace.replaceChildren(total ? treeDrawing(unrank(chart.cells, count, node("S", 0, words.length), tree)) : "");
    counted.textContent = !chart ? "" : total ? `${total.toLocaleString("en")} ${total === 1 ? "parse" : "parses"}; tree ${(tree + 1).toLocaleString("en")} is shown.` : "No parse: this grammar does not have the sentence.";
  };
  const move = (key, by, last) => () => put(model, key, Math.max(0, Math.min(last(), model.get(key) + by)));
  const cellsIn = () => chart?.order.length ?? 0, lastTree = () => Math.max(0, total - 1);
  model.on("change:text", () => { put(model, "step", 0); put(model, "tree", 0); });
  redraw(model, ["text", "step", "tree"], draw);
  el.append(element("div", { class: "ambiguity", style: `--accent: ${era("rules")}` }, element("style", {}, STYLE),
    controls(choice(model, "text", "Sentence", model.get("sentences").map((text) => [text, text])), line(model, "text", "or your own")),
    element("p", { class: "note" }, `Words it knows: ${[...rules.words].sort().join(", ")}.`),
    element("p", { class: "head" }, "The chart, shortest stretches first (×2: two trees)"),
    controls(button("Back", move("step", -1, cellsIn)), button("Next cell", move("step", 1, cellsIn)), button("Fill all", move("step", Infinity, cellsIn)), sliderPlace),
    stepped, chartPlace,
    element("p", { class: "head" }, "The trees"),
    controls(button("Previous tree", move("tree", -1, lastTree)), button("Next tree", move("tree", 1, lastTree))), counted, treePlace));
}

export default { render };
