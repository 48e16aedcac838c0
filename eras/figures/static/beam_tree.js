// Beam search, round by round: what was tried, kept, cut and finished, and which finished text wins.
import { button, controls, drawing, element, put, redraw, slider, spoken } from "./kit.js";

const BOX = 82, ACROSS = 92, DOWN = 30, HIGH = 24, LEFT = 8, TOP = 24;
const minus = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

// All rounds of one width as the search saw them: nodes with total, depth and fate.
function recorded(model) {
  const nodes = model.get("nodes"), totals = [0], depths = [0];
  nodes.forEach(([parent, , logprob], i) => {
    totals[i + 1] = totals[parent] + logprob;
    depths[i + 1] = depths[parent] + 1;
  });
  const node = (i) => ({ i, parent: nodes[i - 1][0], text: nodes[i - 1][1], logprob: nodes[i - 1][2], total: totals[i], depth: depths[i] });
  const rounds = (width) => model.get("searches")[width].map((round) => round.map(([i, fate], rank) => ({ ...node(i), fate, rank })));
  const path = (i) => (i === 0 ? [] : [...path(nodes[i - 1][0]), i]);
  return { node, rounds, path, text: (i) => path(i).map((at) => nodes[at - 1][1]).join("") };
}

// The pool of finished texts after some rounds, best first, and the round in which the search is over (or null).
export function finished(rounds, width, alpha) {
  let best = [];
  for (const [r, round] of rounds.entries()) {
    const length = r + 1, score = ({ total }) => total / length ** alpha;
    const ended = round.filter(({ fate }) => fate === "finished").map((node) => ({ ...node, score: score(node) }));
    best = [...best, ...ended].sort((a, b) => b.score - a.score).slice(0, width);
    const live = Math.max(-Infinity, ...round.filter(({ fate }) => fate === "kept").map(score));
    if (best.length === width && live <= best.at(-1).score) return { best, over: length };
    if (live === -Infinity) return { best, over: length };
  }
  return { best, over: null };
}

function view(model, tree) {
  const width = model.get("beams"), all = tree.rounds(width), alpha = model.get("alpha");
  const { over } = finished(all, width, alpha), step = Math.min(model.get("step"), over ?? all.length);
  const rounds = all.slice(0, step), { best } = finished(rounds, width, alpha);
  const live = (rounds.at(-1) ?? []).filter(({ fate }) => fate === "kept");
  const leader = best[0] ?? live[0] ?? null;
  const greedy = model.get("searches")[1].slice(0, step).map((round) => round.find(([, fate]) => fate !== "cut")?.[0]);
  return { rounds, best, step, over: step === over, leader, lead: new Set(leader ? tree.path(leader.i) : []), greedy: new Set(greedy) };
}

const place = ({ depth, rank }) => [LEFT + (depth - 1) * ACROSS + 24, TOP + rank * DOWN];
const short = (text, most) => { const shown = [...text]; return shown.length > most ? `${shown.slice(0, most - 1).join("")}…` : text; };

function edge(from, to, { lead, greedy }) {
  const [x, y] = place(to), [fromX, fromY] = from ? [place(from)[0] + BOX, place(from)[1]] : [LEFT + 4, TOP];
  const middle = (fromX + x) / 2, curve = `M ${fromX} ${fromY} C ${middle} ${fromY} ${middle} ${y} ${x} ${y}`;
  const style = { d: curve, fill: "none", stroke: "var(--line)", "stroke-width": 1 };
  if (to.fate === "cut") style["stroke-dasharray"] = "2 3";
  if (lead.has(to.i)) Object.assign(style, { stroke: "var(--accent)", "stroke-width": 4 });
  const marks = [drawing("path", style)];
  if (greedy.has(to.i)) marks.push(drawing("path", { d: curve, fill: "none", stroke: "var(--ink)", "stroke-width": 2, "stroke-dasharray": "1 4", "stroke-linecap": "round" }));
  return marks;
}

// Kept: a box. Cut: a dashed box with a cross. Finished: a box with a bar at its end.
function shape(node, chosen) {
  const cut = node.fate === "cut";
  const made = [
    drawing("rect", { x: 0, y: -HIGH / 2, width: BOX, height: HIGH, rx: 4, fill: cut ? "var(--paper)" : "var(--shade)", stroke: chosen ? "var(--accent)" : "var(--quiet)", "stroke-width": chosen ? 3 : 1, "stroke-dasharray": cut ? "3 3" : null }),
    drawing("text", { x: cut ? 16 : 6, y: 4, style: `font: 11px ui-monospace, monospace; white-space: pre${cut ? "; fill: var(--quiet)" : ""}` }, short(node.text, cut ? 4 : 6)),
    drawing("text", { x: BOX - (node.fate === "finished" ? 10 : 5), y: 4, "text-anchor": "end", style: "font-size: 10px; fill: var(--quiet)" }, minus(node.total, 1)),
  ];
  if (cut) made.push(drawing("path", { d: "M 6 -4 L 13 4 M 6 4 L 13 -4", stroke: "var(--quiet)", "stroke-width": 1.5 }));
  if (node.fate === "finished") made.push(drawing("rect", { x: BOX - 6, y: -HIGH / 2, width: 6, height: HIGH, fill: "var(--accent)" }));
  return made;
}

const words = (node, tree) => `“${node.text}” after “${tree.text(node.parent) || "the prompt"}”: ${node.fate}; log-probability ${minus(node.logprob)}, together ${minus(node.total)}`;

// Arrow keys: left to the parent, right to the best child, up and down within a round.
function moved(node, key, rounds) {
  const column = rounds[node.depth - 1];
  if (key === "ArrowLeft") return rounds[node.depth - 2]?.find(({ i }) => i === node.parent);
  if (key === "ArrowRight") return rounds[node.depth]?.find(({ parent }) => parent === node.i);
  return { ArrowUp: column[node.rank - 1], ArrowDown: column[node.rank + 1], Home: rounds[0][0], End: rounds.at(-1)[0] }[key];
}

function knot(model, tree, node, seen, focusable) {
  const [x, y] = place(node), chosen = node.i === model.get("chosen");
  const made = drawing("g", { transform: `translate(${x} ${y})`, role: "button", tabindex: focusable ? 0 : -1, "aria-pressed": String(chosen), "aria-label": words(node, tree), style: "cursor: pointer" }, ...shape(node, chosen));
  made.addEventListener("click", () => put(model, "chosen", node.i));
  made.addEventListener("focus", () => put(model, "chosen", node.i));
  made.addEventListener("keydown", (event) => {
    const next = moved(node, event.key, seen.rounds);
    if (!next) return;
    event.preventDefault();
    put(model, "chosen", next.i);
  });
  return made;
}

function picture(model, tree, seen) {
  const most = Math.max(...Object.values(model.get("searches")).flat().map((round) => round.length));
  const deepest = Math.max(...Object.values(model.get("searches")).map((rounds) => rounds.length));
  const width = LEFT + deepest * ACROSS + 16, height = TOP + most * DOWN;
  const svg = drawing("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "The candidates of each round", style: `max-width: none; width: ${width}px` });
  const all = seen.rounds.flat(), byNumber = new Map(all.filter(({ fate }) => fate === "kept").map((node) => [node.i, node]));
  const focused = all.find(({ i }) => i === model.get("chosen")) ?? all[0];
  for (const node of all) svg.append(...edge(byNumber.get(node.parent), node, seen));
  svg.append(drawing("circle", { cx: LEFT, cy: TOP, r: 5, fill: "var(--ink)" }));
  for (const node of all) svg.append(knot(model, tree, node, seen, node === focused));
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The tree of candidates" }, svg);
}

function ranking(tree, { best }) {
  const head = ["finished texts, best first", "tokens", "log-probability", "score"].map((name) => element("th", { scope: "col" }, name));
  const rows = best.map(({ i, depth, total, score }) => element("tr", {},
    ...[element("span", { class: "token" }, tree.text(i)), depth, minus(total), minus(score)].map((content) => element("td", {}, content))));
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Finished texts" },
    element("table", { style: "margin: 0.5rem 0" }, element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...(rows.length ? rows : [element("tr", {}, element("td", { colspan: 4 }, "none yet"))]))));
}

function summary(model, tree, seen) {
  const last = seen.rounds.at(-1);
  if (!last) return "Round 0: only the prompt.";
  const count = (fate) => last.filter((node) => node.fate === fate).length;
  const ended = seen.over ? " The search is over." : "";
  const first = `Round ${seen.step}: ${last.length} candidates, ${count("kept")} kept, ${count("cut")} cut, ${count("finished")} finished.${ended}`;
  const node = seen.rounds.flat().find(({ i }) => i === model.get("chosen"));
  return node ? `${first} Chosen: ${words(node, tree)}.` : first;
}

function render({ model, el }) {
  const tree = recorded(model), stage = element("div"), said = spoken(), below = element("div");
  const widths = Object.keys(model.get("searches")).map(Number), most = Math.max(...Object.values(model.get("searches")).map((rounds) => rounds.length));
  const go = (by) => () => put(model, "step", Math.max(0, Math.min(most, view(model, tree).step + by)));
  el.append(
    element("p", {}, "After ", element("span", { class: "token" }, model.get("prompt"))),
    controls(slider(model, "beams", "beam width", { min: widths[0], max: widths.at(-1) }), slider(model, "step", "round", { min: 0, max: most }), button("Back", go(-1)), button("Next round", go(1))),
    controls(slider(model, "alpha", "length penalty α", { min: 0, max: 2, step: 0.1, show: (v) => v.toFixed(1) })),
    stage,
    element("p", { style: "margin: 0.3rem 0; color: var(--quiet)" }, "Box: kept. Dashed, with a cross: cut. Bar at the end: finished. Thick line: the best so far. Dotted line: greedy. Numbers: total log-probability."),
    said, below);
  redraw(model, ["beams", "step", "alpha", "chosen"], () => {
    const seen = view(model, tree), held = stage.contains(document.activeElement) && document.activeElement.closest("svg");
    const left = stage.firstChild?.scrollLeft ?? 0;
    stage.replaceChildren(picture(model, tree, seen));
    stage.firstChild.scrollLeft = left;
    below.replaceChildren(ranking(tree, seen));
    said.textContent = summary(model, tree, seen);
    if (held) stage.querySelector("g[tabindex='0']")?.focus();
  });
}

export default { render };
