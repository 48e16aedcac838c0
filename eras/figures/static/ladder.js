// The ladder: systems of all eras on one task, by result, by size or by training time; a card for each.
import { choice, controls, drawing, element, era, pressable, put, redraw, spoken } from "./kit.js";

const WIDTH = 700, LEFT = 250, RIGHT = 60, STEP = 34, TOP = 14, FOOT = 44, HIGH = 300, SIDE = 60;
const LETTER = 6.8, LINE = 13; // how wide a letter of a name is at most on average, and how high a line
const count = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
const ACROSS = {
  rungs: { name: "each other" },
  parameters: { name: "stored numbers", of: (row) => row.parameters },
  seconds: { name: "seconds of training", of: (row) => row.seconds },
};

export const percent = (metric) => metric === "accuracy";
// A result as the page writes it: shares in per cent, bits with three digits, scores with one.
export function written(row, value) {
  if (percent(row.metric)) return `${(100 * value).toFixed(1)} %`;
  return row.metric === "bits per byte" ? value.toFixed(3) : value.toFixed(1);
}

// A line from low to high onto from … to; logarithmic where asked.
function scale(values, from, to, logarithmic = false) {
  const turn = logarithmic ? Math.log10 : (value) => value;
  const low = turn(Math.min(...values)), high = turn(Math.max(...values)), room = 0.06 * (high - low) || 1;
  const at = (value) => from + ((turn(value) - low + room) / (high - low + 2 * room)) * (to - from);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));
  return { at, ticks: logarithmic ? ticks.map((value) => 10 ** value) : ticks };
}

const chosen = (model) => model.get("rows").filter((row) => row.task === model.get("task") && model.get("part") in row.values);
const ends = (model, row) => row.intervals[model.get("part")] ?? [row.values[model.get("part")], row.values[model.get("part")]];

// The results' axis; what is better lies to the right, or above.
function results(model, rows, from, to) {
  const values = rows.flatMap((row) => [row.values[model.get("part")], ...ends(model, row)]);
  const turned = model.get("less").includes(rows[0].metric);
  return turned ? scale(values, to, from) : scale(values, from, to);
}

// `room`, where given, is what can be pressed besides the dot and the name.
function mark(model, row, place, along, room = null) {
  const number = model.get("rows").indexOf(row), on = number === model.get("at");
  const [x, y] = place(row.values[model.get("part")]), [low, high] = ends(model, row).map(place);
  const line = drawing("path", { d: `M ${low.join(" ")} L ${high.join(" ")}`, stroke: era(row.era), "stroke-width": 3, opacity: 0.5 });
  const dot = drawing("circle", { cx: x, cy: y, r: on ? 9 : 6, fill: on ? "var(--paper)" : era(row.era), stroke: era(row.era), "stroke-width": 3 });
  const name = drawing("text", along, row.system);
  const label = `${row.system}: ${written(row, row.values[model.get("part")])}`;
  return pressable(drawing("g", { "data-system": row.system, style: "cursor: pointer" }, room, line, dot, name), label, () => put(model, "at", number));
}

function rungs(model, rows) {
  const high = TOP + STEP * rows.length, axis = results(model, rows, LEFT, WIDTH - RIGHT);
  const svg = canvas(`${rows[0].metric} of ${rows.length} systems`, high);
  for (const value of axis.ticks) svg.append(
    drawing("path", { d: `M ${axis.at(value)} ${TOP} V ${high}`, stroke: "var(--line)", "stroke-width": 0.5 }),
    drawing("text", { x: axis.at(value), y: high + 16, "text-anchor": "middle" }, written(rows[0], value)));
  svg.append(drawing("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: high + 36, "text-anchor": "middle" }, rows[0].metric));
  [...rows].reverse().forEach((row, i) => {
    const y = TOP + STEP * (i + 0.5);
    const room = drawing("rect", { x: 0, y: y - STEP / 2, width: WIDTH, height: STEP, fill: "transparent" });
    svg.append(mark(model, row, (value) => [axis.at(value), y], { x: LEFT - 14, y: y + 4, "text-anchor": "end" }, room));
  });
  return svg;
}

function scattered(model, rows) {
  const { of, name } = ACROSS[model.get("across")], high = TOP + HIGH;
  const across = scale(rows.map(of), SIDE, WIDTH - SIDE, true), up = results(model, rows, high, TOP);
  const svg = canvas(`${rows[0].metric} against ${name}`, high);
  for (const value of across.ticks) svg.append(drawing("text", { x: across.at(value), y: high + 16, "text-anchor": "middle" }, count(value)));
  for (const value of up.ticks) svg.append(
    drawing("path", { d: `M ${SIDE} ${up.at(value)} H ${WIDTH - RIGHT}`, stroke: "var(--line)", "stroke-width": 0.5 }),
    drawing("text", { x: SIDE - 8, y: up.at(value) + 4, "text-anchor": "end" }, written(rows[0], value)));
  svg.append(drawing("text", { x: WIDTH / 2, y: high + 36, "text-anchor": "middle" }, `${name} (each step to the right multiplies)`));
  const named = [];
  for (const row of rows) {
    const x = across.at(of(row)), late = x > WIDTH / 2, start = x + (late ? -13 : 13);
    const y = free(named, start, late ? -1 : 1, row.system, up.at(row.values[model.get("part")]) - 7);
    svg.append(mark(model, row, (value) => [x, up.at(value)], { x: start, y, "text-anchor": late ? "end" : "start" }));
  }
  return svg;
}

// The height for a name that begins (side 1) or ends (side -1) at x: the wanted one, or as far below as no other name is.
function free(named, x, side, name, y) {
  const end = x + side * LETTER * name.length, [left, right] = [Math.min(x, end), Math.max(x, end)];
  while (named.some((other) => other.left < right && left < other.right && Math.abs(other.y - y) < LINE)) y += 1;
  named.push({ left, right, y });
  return y;
}

const canvas = (label, high) => drawing("svg", { viewBox: `0 0 ${WIDTH} ${high + FOOT}`, width: WIDTH, role: "group", "aria-label": label, style: "min-width: 34rem" });

function legend(model, rows) {
  const names = model.get("eras"), seen = Object.keys(names).filter((name) => rows.some((row) => row.era === name));
  return controls(...seen.map((name) => element("span", { style: "display: inline-flex; align-items: center; gap: 0.4rem" },
    drawing("svg", { width: 14, height: 14, "aria-hidden": "true" }, drawing("circle", { cx: 7, cy: 7, r: 6, fill: era(name) })), names[name])));
}

// What is recorded of the row that was pressed, or how far it is from the lowest rung to the highest.
function card(model, rows) {
  const row = model.get("rows")[model.get("at")], part = model.get("part");
  if (!row || !rows.includes(row)) {
    const [first, last] = [rows[0], rows[rows.length - 1]];
    return `From ${first.system}, ${written(first, first.values[part])}, to ${last.system}, ${written(last, last.values[part])} (${first.metric}).`;
  }
  const [low, high] = row.intervals[part] ?? [];
  const words = [`${row.system} (${model.get("eras")[row.era]}): ${written(row, row.values[part])} ${percent(row.metric) ? "accuracy" : row.metric}`];
  if (low !== undefined) words.push(`95 % interval ${written(row, low)} to ${written(row, high)}`);
  for (const [name, value] of Object.entries(row.also)) words.push(`${name} ${count(value)}`);
  if (row.parameters) words.push(`${count(row.parameters)} stored numbers`);
  if (row.seconds) words.push(`${count(row.seconds)} s of training`);
  if (row.compute) words.push(`${row.compute.toExponential(1)} operations`);
  if (row.seeds.length > 1) words.push(`mean over seeds ${row.seeds.join(", ")}`);
  else if (row.seeds.length) words.push(`seed ${row.seeds[0]}`);
  if (part in row.spread) words.push(`standard deviation over them ${count(row.spread[part])}`);
  return `${words.join("; ")}. ${row.training_data ? `Trained on: ${row.training_data}. ` : ""}Recorded at commit ${row.commit}.`;
}

function render({ model, el }) {
  const stage = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The rungs" }), under = element("div"), parts = element("div");
  const said = spoken(), missing = element("p", { style: "color: var(--quiet)" });
  const tasks = [...new Set(model.get("rows").map((row) => row.task))];
  const offer = () => {
    const names = [...new Set(model.get("rows").filter((row) => row.task === model.get("task")).flatMap((row) => Object.keys(row.values)))];
    if (!names.includes(model.get("part"))) put(model, "part", "all");
    parts.replaceChildren(choice(model, "part", "on", names.map((name) => [name, name === "all" ? "all of it" : name.replaceAll("_", " ")])));
  };
  el.append(
    controls(choice(model, "task", "task", tasks.map((name) => [name, name])), parts, choice(model, "across", "against", Object.entries(ACROSS).map(([key, { name }]) => [key, name]))),
    under, stage, said, missing);
  model.on("change:task", offer);
  offer();
  redraw(model, ["task", "part", "across", "at"], () => {
    const rows = chosen(model), { of } = ACROSS[model.get("across")], placed = of ? rows.filter((row) => of(row) > 0) : rows;
    const kept = stage.contains(document.activeElement) ? document.activeElement.dataset.system : null;
    under.replaceChildren(legend(model, rows));
    stage.replaceChildren(placed.length ? (of ? scattered(model, placed) : rungs(model, placed)) : "");
    if (kept) stage.querySelector(`[data-system="${CSS.escape(kept)}"]`)?.focus();
    said.textContent = card(model, rows);
    const out = rows.filter((row) => !placed.includes(row)).map((row) => row.system);
    missing.textContent = out.length ? `Not drawn, because the number was not recorded: ${out.join(", ")}.` : "";
  });
}

export default { render };
