// The evolutionary tree of language models: two views of one table, with filters, search, zoom, a card and bars.
import { button, choice, controls, drawing, element, era, put, redraw, spoken, toggle } from "./kit.js";
import { SECTIONS, ancestors, decimal, growTree, kinship, lineage, placeLabels, spreadSizes } from "./evolution_layout.js";

const COLOURS = {
  "pre-transformer": "var(--quiet)", "encoder-only": era("rules"), "decoder-only": era("deep_learning"), "encoder-decoder": era("statistical"), "attention-free": era("pretraining"),
};
const TITLES = {
  "pre-transformer": "Before the Transformer", "encoder-only": "Encoder-only", "decoder-only": "Decoder-only", "encoder-decoder": "Encoder–decoder",
  "attention-free": "Attention-free",
};
const RELATIONS = {
  weights: ["starts from the weights of", 1.8, null], successor: ["succeeds", 1.1, "7 3"], design: ["follows the design of", 1.3, "1.5 3"],
};
const FILTERS = ["branch", "organisation", "weights", "kind", "size", "from", "to"];
const ZOOMS = [1, 1.5, 2, 3, 4.5, 7];
const FRAME = { left: 40, top: 30, bottom: 14 };
const QUIET_MOTION = matchMedia("(prefers-reduced-motion: reduce)");

export const sizeClass = (parameters, sizes) => {
  if (parameters === null) return "not published";
  return sizes.find(([, most]) => most === null || parameters <= most)[0];
};

const inWords = (billions) => {
  if (billions === null) return "size not published";
  if (billions >= 1000) return `${Number((billions / 1000).toPrecision(3))} trillion parameters`;
  return billions >= 1 ? `${billions} billion parameters` : `${Number((billions * 1000).toPrecision(3))} million parameters`;
};
const owners = ({ organisation }) => organisation.split("/");
const openness = ({ open }) => (open ? "open" : "closed");
const sentence = (one) => `${one.name}, ${one.organisation}, ${one.date}, ${TITLES[one.branch]}, ${inWords(one.parameters)}, ${openness(one)} weights`;

// Does a model pass the filters? `without` names one that is left out.
function passes(model, one, without = null) {
  const wanted = (key) => (key === without ? "all" : model.get(key));
  const year = Number(one.date.slice(0, 4));
  const tests = {
    branch: one.branch, weights: openness(one), kind: one.kind, size: sizeClass(one.parameters, model.get("sizes")),
  };
  return Object.entries(tests).every(([key, value]) => ["all", value].includes(wanted(key)))
    && (wanted("organisation") === "all" || owners(one).includes(wanted("organisation")))
    && model.get("from") <= year && year <= model.get("to");
}

// Open: a full disc; closed: a hollow square.
function mark(open, r) {
  if (open) return `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  const half = (r * 0.88).toFixed(1);
  return `M-${half} -${half}H${half}V${half}H-${half}Z`;
}

function makeNode({ model }) {
  const sign = drawing("path", { stroke: COLOURS[model.branch], "stroke-width": 1.5, fill: model.open ? COLOURS[model.branch] : "var(--paper)" });
  const ring = drawing("circle", { fill: "none", stroke: "var(--ink)", "stroke-width": 1.5, visibility: "hidden" });
  const name = drawing("text", { style: "font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round" }, model.name);
  return drawing("g", { role: "button", tabindex: -1, "data-name": model.name, "aria-label": sentence(model), style: "cursor: pointer; outline: none" }, ring, sign, name);
}

const pen = document.createElement("canvas").getContext("2d");
function widthOf(text) {
  pen.font = "11px system-ui, sans-serif";
  return pen.measureText(text).width + 1;
}

// What is on stage, kept from one drawing to the next so that the focus stays where it is.
function makeStage(model) {
  const kin = kinship(model.get("models"), model.get("fork"));
  const nodes = new Map([...kin.values()].map((one) => [one.model.name, makeNode(one)]));
  const layers = Object.fromEntries(["grid", "lines", "heads", "axis"].map((name) => [name, drawing("g", { "data-layer": name })]));
  const crowd = drawing("g", {}, ...nodes.values());
  const svg = drawing("svg", { role: "group", "aria-label": "Models; arrow keys move from one to the next, Enter chooses", style: "max-width: none; user-select: none" },
    layers.grid, layers.lines, crowd, layers.heads, layers.axis);
  const scroller = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The drawing; plus and minus zoom",
    style: "overflow: auto; border: 1px solid var(--line); border-radius: 6px; overscroll-behavior: auto" }, svg);
  return { model, kin, nodes, layers, crowd, svg, scroller, lit: null, labelled: new Map(), shown: [] };
}

function measure(stage) {
  const width = stage.scroller.clientWidth;
  const zoom = stage.model.get("zoom");
  const height = width < 560 ? 540 : 640;
  stage.scroller.style.height = `${height}px`;
  const top = width < 560 && stage.model.get("view") === "tree" ? 46 : FRAME.top;
  return { ...FRAME, top, width: Math.floor(width * zoom), height: Math.floor((height - 2) * zoom) };
}

const radius = (stage, { parameters }) => {
  if (!stage.model.get("scaled")) return 4;
  return parameters === null ? 3 : Math.max(2, 4.4 + 2.2 * Math.log10(parameters / 10));
};

// Which models are in the light: the lineage of the one pointed at, else of the chosen one, else none in particular.
const inLight = (stage) => stage.kin.get(stage.lit ?? stage.model.get("chosen")) ?? null;

function drawLines(stage, { fibres, edges }, light) {
  const shown = new Set(stage.shown.map(({ model }) => model.name));
  const lines = fibres.map(({ child, path }) => {
    const strong = light?.has(child.model.name);
    return drawing("path", { d: path, fill: "none", stroke: COLOURS[child.model.branch], "stroke-width": strong ? 1.4 : 0.7, "data-root": child.model.name,
      opacity: light ? (strong ? 0.9 : 0.1) : shown.has(child.model.name) ? 0.5 : 0.12 });
  });
  lines.push(...edges.map(({ child, path }) => {
    const [, width, dash] = RELATIONS[child.model.relation];
    const strong = light?.has(child.model.name) && light.has(child.parent.model.name);
    return drawing("path", { d: path, fill: "none", stroke: COLOURS[child.model.branch], "stroke-width": strong ? width + 0.6 : width, "stroke-dasharray": dash,
      "data-child": child.model.name, "data-lit": strong ? "" : null, opacity: light ? (strong ? 1 : 0.08) : shown.has(child.model.name) ? 0.55 : 0.08 });
  }));
  stage.layers.lines.replaceChildren(...lines);
}

const text = (x, y, words, more = {}) => drawing("text", { x, y, ...more }, words);
const level = (y, width, left = 0) => drawing("path", { d: `M${left} ${y}H${width}`, stroke: "var(--line)", "stroke-width": 0.6, opacity: 0.7 });

function drawTreeFrame(stage, tree, size) {
  const visible = tree.marks.filter(([, y], i) => i === 0 || tree.marks[i - 1][1] - y >= 11 || size.height > 1000);
  stage.layers.grid.replaceChildren(...tree.marks.map(([, y]) => level(y, size.width, size.left - 4)));
  stage.layers.axis.replaceChildren(drawing("rect", { width: size.left - 4, height: size.height, fill: "var(--paper)", opacity: 0.9 }),
    ...visible.map(([year, y]) => text(6, y - 3, String(year), { style: "fill: var(--quiet); font-size: 11px" })));
  const counts = Object.fromEntries(SECTIONS.map((name) => [name, stage.shown.filter(({ model }) => model.branch === name).length]));
  const headings = tree.headings.map(([name, x]) => ({ name, x, words: `${TITLES[name]} · ${counts[name]}` }));
  stage.layers.heads.replaceChildren(drawing("rect", { width: size.width, height: size.top - 6, fill: "var(--paper)", opacity: 0.9 }),
    ...apart(headings, size).map(({ name, x, y, words }) => text(x, y, words, { "text-anchor": "middle", "data-heading": name, style: `font-size: 12.5px; font-weight: 600; fill: ${COLOURS[name]}` })));
}

// Headings stand above their branch, moved aside where they would touch; on a phone in two rows.
function apart(headings, { width, left }) {
  const rows = width < 560 ? 2 : 1;
  const room = Array(rows).fill(width - 4);
  return headings.toReversed().map((heading, i) => {
    const half = widthOf(heading.words) * 0.74, row = i % rows;
    const x = Math.max(Math.min(heading.x, room[row] - half), left + half);
    room[row] = x - half - 8;
    return { ...heading, x, y: 16 + 16 * row };
  });
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

// Of the shown models with a published size: the year's median, and the largest so far.
export function trends(shown) {
  const known = shown.map(({ model }) => model).filter(({ parameters }) => parameters !== null);
  const years = [...new Set(known.map(({ date }) => Number(date.slice(0, 4))))];
  const medians = years.map((year) => [year, median(known.filter(({ date }) => Number(date.slice(0, 4)) === year).map(({ parameters }) => parameters))]);
  const records = known.filter((one, i) => known.slice(0, i).every(({ parameters }) => parameters < one.parameters));
  return { medians, records };
}

function drawSizeFrame(stage, chart, size) {
  const { medians, records } = trends(stage.shown);
  const { x, y } = chart;
  const aside = (at, words) => text(size.left + 4, at, words, { style: "fill: var(--quiet); font-style: italic; font-size: 12px" });
  const bands = stage.model.get("sizes").map(([name], i, all) => aside(i ? y(all[i - 1][1]) - 6 : chart.strip - 6, name));
  const active = stage.shown.filter(({ model }) => model.active && model.parameters).map(({ model }) => `M${x(decimal(model.date)).toFixed(1)} ${y(model.active).toFixed(1)}V${y(model.parameters).toFixed(1)}`);
  const stairs = records.map(({ date, parameters }, i) => `${i ? "H" : "M"}${x(decimal(date)).toFixed(1)}${i ? "V" : " "}${y(parameters).toFixed(1)}`).join("");
  stage.layers.grid.replaceChildren(...chart.powers.map((power) => level(y(10 ** power), size.width, size.left)),
    drawing("path", { d: `M${size.left} ${chart.strip + 2}H${size.width}`, stroke: "var(--quiet)", "stroke-dasharray": "2 4" }), ...bands,
    drawing("path", { d: active.join(""), stroke: "var(--quiet)", "stroke-width": 1, opacity: 0.45, "data-line": "active" }), ...chart.marks.map(([year, at]) => text(at, size.height - 2, size.width < 500 ? `’${String(year).slice(2)}` : String(year), { style: "fill: var(--quiet); font-size: 11px" })),
    aside(chart.strip + 14, "size not published"));
  stage.layers.lines.replaceChildren(
    drawing("path", { d: stairs && `${stairs}H${size.width - 8}`, fill: "none", stroke: "var(--quiet)", "stroke-width": 1, "data-line": "largest" }),
    ...medians.map(([year, value]) => drawing("path", { d: `M${x(year)} ${y(value)}H${x(year + 1) - 2}`, stroke: "var(--ink)", "stroke-width": 3, opacity: 0.75, "data-median": year, "data-value": value })));
  stage.layers.axis.replaceChildren(drawing("rect", { width: size.left - 4, height: size.height - 14, fill: "var(--paper)", opacity: 0.9 }),
    ...chart.powers.map((power) => text(4, y(10 ** power) + 4, power < 0 ? `${1000 * 10 ** power}M` : power < 3 ? `${10 ** power}B` : `${10 ** (power - 3)}T`, { style: "fill: var(--quiet); font-size: 11px" })));
  stage.layers.heads.replaceChildren(text(size.left + 4, 14, size.width < 560 ? "Bars: the year’s median; steps: the largest so far" : "Parameters. Bars: the year’s median; steps: the largest so far; stems of experts: down to the active part", { style: "fill: var(--quiet); font-size: 11.5px" }));
}

// In order of importance: who is in the light, who begins a line, who has many descendants, who is big.
const importance = (light) => (a, b) => {
  const weigh = ({ model, descendants }) => (light?.has(model.name) ? 1000 : 0) + descendants * 3 + Math.log10((model.parameters ?? 1) + 1);
  return weigh(b) - weigh(a);
};

function drawNodes(stage, size, light) {
  const known = new Set(stage.shown.map(({ model }) => model.name));
  const lit = (name) => !light || light.has(name);
  for (const one of stage.kin.values()) one.r = radius(stage, one.model);
  const wanted = stage.shown.filter(({ model }) => lit(model.name)).sort(importance(light));
  stage.labelled = placeLabels(wanted, widthOf, [size.left - 2, size.top - 6, size.width - 2, size.height - (stage.model.get("view") === "tree" ? 2 : size.bottom)]);
  for (const { model, x, y, r } of stage.kin.values()) {
    const node = stage.nodes.get(model.name), [ring, sign, words] = node.children, here = known.has(model.name);
    node.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    node.setAttribute("opacity", here ? (lit(model.name) ? 1 : 0.22) : 0.1);
    node.toggleAttribute("data-shown", here);
    node.toggleAttribute("data-lit", Boolean(light?.has(model.name)));
    node.setAttribute("aria-hidden", String(!here));
    node.setAttribute("aria-pressed", String(stage.model.get("chosen") === model.name));
    sign.setAttribute("d", mark(model.open, r));
    ring.setAttribute("r", r + 4);
    ring.setAttribute("visibility", [stage.lit, stage.model.get("chosen")].includes(model.name) ? "visible" : "hidden");
    const at = stage.labelled.get(model.name);
    words.setAttribute("visibility", at ? "visible" : "hidden");
    if (at) { words.setAttribute("x", (at[0] - x).toFixed(1)); words.setAttribute("y", (at[1] - y + 3.8).toFixed(1)); }
  }
  rove(stage);
}

// One node of those shown can be reached by Tab: the last one focused, or the first.
function rove(stage) {
  const names = stage.shown.map(({ model }) => model.name);
  const stop = [stage.stop, stage.model.get("chosen")].find((name) => names.includes(name)) ?? names[0];
  for (const [name, node] of stage.nodes) node.setAttribute("tabindex", name === stop ? 0 : -1);
}

function draw(stage) {
  const { model, svg, scroller } = stage;
  if (!scroller.clientWidth) return;
  const size = measure(stage);
  stage.shown = [...stage.kin.values()].filter((one) => passes(model, one.model));
  for (const [name, value] of Object.entries({ width: size.width, height: size.height, viewBox: `0 0 ${size.width} ${size.height}` })) svg.setAttribute(name, value);
  const centre = inLight(stage);
  const light = centre && lineage(centre);
  if (model.get("view") === "tree") {
    const tree = growTree(stage.kin, model.get("fork"), size);
    drawTreeFrame(stage, tree, size);
    drawLines(stage, tree, light);
  } else drawSizeFrame(stage, spreadSizes(stage.kin, size), size);
  drawNodes(stage, size, light);
  keepFrame(stage);
}

// Headings and axis stay in sight when the drawing is scrolled.
function keepFrame({ layers, scroller, model }) {
  layers.axis.setAttribute("transform", `translate(${scroller.scrollLeft} 0)`);
  layers.heads.setAttribute("transform", `translate(${model.get("view") === "tree" ? 0 : scroller.scrollLeft} ${scroller.scrollTop})`);
}

function inView({ scroller }, { x, y }, margin = 60) {
  const keep = (at, from, room) => (at < from + margin ? at - margin : at > from + room - margin ? at - room + margin : from);
  scroller.scrollTo({ left: keep(x, scroller.scrollLeft, scroller.clientWidth), top: keep(y, scroller.scrollTop, scroller.clientHeight) });
}

// The zoom changes around what is chosen, or around the middle.
function zoomBy(stage, step) {
  const { model, scroller } = stage;
  const before = model.get("zoom");
  const next = ZOOMS[Math.min(Math.max(ZOOMS.indexOf(before) + step, 0), ZOOMS.length - 1)] ?? 1;
  if (next === before) return;
  const one = inLight(stage);
  const middle = [scroller.scrollLeft + scroller.clientWidth / 2, scroller.scrollTop + scroller.clientHeight / 2];
  put(model, "zoom", next);
  draw(stage);
  const [x, y] = one ? [one.x, one.y] : middle.map((value) => (value * next) / before);
  scroller.scrollTo(x - scroller.clientWidth / 2, y - scroller.clientHeight / 2);
}

function focusOn(stage, name) {
  stage.stop = name;
  rove(stage);
  stage.nodes.get(name).focus({ preventScroll: true });
  inView(stage, stage.kin.get(name));
}

// In the tree time runs upwards, in the other view to the right; across lie the other branches.
function step(stage, name, key) {
  const one = stage.kin.get(name), tree = stage.model.get("view") === "tree";
  const [later, earlier, next, before] = tree ? ["ArrowUp", "ArrowDown", "ArrowRight", "ArrowLeft"] : ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"];
  const mine = stage.shown.filter(({ model }) => model.branch === one.model.branch);
  if (key === later || key === earlier) return mine[mine.indexOf(one) + (key === later ? 1 : -1)];
  if (key === "Home") return stage.shown[0];
  if (key === "End") return stage.shown.at(-1);
  const across = { [next]: 1, [before]: -1 }[key];
  if (!across) return undefined;
  const order = ["pre-transformer", ...SECTIONS];
  for (let i = order.indexOf(one.model.branch) + across; order[i]; i += across) {
    const others = stage.shown.filter(({ model }) => model.branch === order[i]);
    if (others.length) return others.reduce((a, b) => (Math.abs(b.t - one.t) < Math.abs(a.t - one.t) ? b : a));
  }
  return one;
}

function choose(stage, name) {
  put(stage.model, "chosen", stage.model.get("chosen") === name ? "" : name);
}

function listenToKeys(stage) {
  stage.svg.addEventListener("keydown", (event) => {
    const name = event.target.closest("[data-name]")?.dataset.name;
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") choose(stage, name);
    else {
      const to = step(stage, name, event.key);
      if (!to) return;
      focusOn(stage, to.model.name);
    }
    event.preventDefault();
  });
  stage.scroller.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": () => zoomBy(stage, 1), "=": () => zoomBy(stage, 1), "-": () => zoomBy(stage, -1), Escape: () => put(stage.model, "chosen", "") }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function nearest(stage, event) {
  const box = stage.svg.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const far = (one) => Math.hypot(one.x - x, one.y - y);
  const best = stage.shown.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null);
  return best && far(best) < 18 ? best.model.name : event.target.closest?.("[data-shown]")?.dataset.name ?? null;
}

function light(stage, name) {
  if (stage.lit === name) return;
  stage.lit = name;
  stage.ask();
}

function listenToPointer(stage) {
  const { svg, scroller } = stage;
  let held = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) held = { x: event.clientX, y: event.clientY, left: scroller.scrollLeft, top: scroller.scrollTop, moved: false };
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held) return event.pointerType === "mouse" && light(stage, nearest(stage, event));
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    held.moved ||= Math.hypot(dx, dy) > 4;
    if (held.moved) scroller.scrollTo(held.left - dx, held.top - dy);
  });
  svg.addEventListener("pointerleave", () => { held = null; light(stage, null); });
  svg.addEventListener("click", (event) => {
    const moved = held?.moved;
    held = null;
    const name = moved ? null : event.detail ? nearest(stage, event) : event.target.closest("[data-shown]")?.dataset.name;
    if (name) choose(stage, name);
  });
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomBy(stage, event.deltaY < 0 ? 1 : -1);
  }, { passive: false });
  scroller.addEventListener("scroll", () => keepFrame(stage));
  svg.addEventListener("focusin", (event) => light(stage, event.target.closest("[data-name]")?.dataset.name ?? null));
  svg.addEventListener("focusout", () => light(stage, null));
}

function zoomButtons(stage) {
  const { model } = stage;
  const made = [["−", "Zoom out", () => zoomBy(stage, -1)], ["+", "Zoom in", () => zoomBy(stage, 1)], ["1:1", "Whole drawing", () => zoomBy(stage, -ZOOMS.length)]]
    .map(([sign, label, act]) => button(sign, act, { "aria-label": `${label} ${sign}`, title: label }));
  const follow = () => {
    made[0].disabled = made[2].disabled = model.get("zoom") === ZOOMS[0];
    made[1].disabled = model.get("zoom") === ZOOMS.at(-1);
  };
  model.on("change:zoom", follow);
  follow();
  return element("span", { role: "group", "aria-label": "Zoom", style: "display: inline-flex; gap: 0.3rem; margin-left: auto" }, ...made);
}

function viewButtons(model) {
  const made = [["tree", "The tree"], ["size", "Size over time"]].map(([value, words]) => {
    const one = button(words, () => put(model, "view", value));
    const follow = () => one.setAttribute("aria-pressed", String(model.get("view") === value));
    model.on("change:view", follow);
    follow();
    return one;
  });
  return element("span", { role: "group", "aria-label": "View", style: "display: inline-flex; gap: 0.3rem" }, ...made);
}

function matches(stage, query) {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return [];
  const rank = ({ model }) => model.name.toLowerCase().indexOf(wanted);
  return [...stage.kin.values()].filter((one) => rank(one) >= 0).sort((a, b) => rank(a) - rank(b) || a.t - b.t).slice(0, 8);
}

// A search box with a list of what it finds; arrows and Enter choose.
function search(stage) {
  const { model } = stage;
  const list = element("ul", { role: "listbox", id: `found-${Math.random().toString(36).slice(2)}`, "aria-label": "Found models", hidden: "",
    style: "position: absolute; z-index: 3; top: 100%; left: 0; margin: 2px 0 0; padding: 0.2rem; list-style: none; background: var(--paper); border: 1px solid var(--quiet); border-radius: 4px; min-width: 16rem" });
  const input = element("input", { type: "search", role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", autocomplete: "off", placeholder: "BERT, Llama, …", style: "width: 12rem" });
  let at = 0;
  const show = (found) => {
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    at = Math.min(Math.max(at, 0), Math.max(found.length - 1, 0));
    list.replaceChildren(...found.map(({ model: { name, organisation, date } }, i) => {
      const item = element("li", { role: "option", id: `${list.id}-${i}`, "aria-selected": String(i === at), "data-found": name,
        style: `padding: 0.25rem 0.4rem; cursor: pointer; border-radius: 3px; ${i === at ? "background: var(--shade); outline: 1px solid var(--quiet)" : ""}` }, `${name} · ${organisation}, ${date.slice(0, 4)}`);
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(name); });
      return item;
    }));
    if (found.length) input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (name) => {
    put(model, "query", name);
    put(model, "chosen", name);
    show([]);
    inView(stage, stage.kin.get(name));
  };
  input.addEventListener("input", () => { at = 0; put(model, "query", input.value); show(matches(stage, input.value)); });
  input.addEventListener("blur", () => show([]));
  input.addEventListener("keydown", (event) => {
    const found = matches(stage, input.value);
    const act = {
      ArrowDown: () => { at = list.hidden ? 0 : (at + 1) % found.length; show(found); }, ArrowUp: () => { at = (at + found.length - 1) % found.length; show(found); },
      Enter: () => take(found[at].model.name), Escape: () => show([]),
    }[event.key];
    if (!act || (!found.length && event.key !== "Escape")) return;
    event.preventDefault();
    act();
  });
  const follow = () => { if (input.value !== model.get("query")) input.value = model.get("query"); };
  model.on("change:query", follow);
  follow();
  return element("div", { style: "position: relative" }, element("label", { class: "control" }, element("span", {}, "Find"), input), list);
}

const yearsOf = (models) => [...new Set(models.map(({ date }) => Number(date.slice(0, 4))))].sort();

// A button that takes all filters away, of use only when there are some.
function showAll(model) {
  const years = yearsOf(model.get("models"));
  const open = { ...Object.fromEntries(FILTERS.map((key) => [key, "all"])), from: years[0], to: years.at(-1) };
  const made = button("Show all", () => { for (const key of FILTERS) put(model, key, open[key]); });
  redraw(model, FILTERS, () => { made.disabled = FILTERS.every((key) => model.get(key) === open[key]); });
  return made;
}

function filters(model) {
  const models = model.get("models");
  const values = (key) => [...new Set(models.map(key))];
  const counted = new Map();
  for (const one of models) for (const owner of owners(one)) counted.set(owner, (counted.get(owner) ?? 0) + 1);
  const options = (list, words = (value) => value) => [["all", "all"], ...list.map((value) => [value, words(value)])];
  const years = yearsOf(models).map((year) => [year, String(year)]);
  const made = controls(
    choice(model, "branch", "Branch", options(["pre-transformer", ...SECTIONS], (value) => TITLES[value])),
    choice(model, "organisation", "Organisation", options([...counted.keys()].sort((a, b) => a.localeCompare(b)))),
    choice(model, "weights", "Weights", options(["open", "closed"])),
    choice(model, "kind", "Kind", options(values(({ kind }) => kind))),
    choice(model, "size", "Size", options([...model.get("sizes").map(([name]) => name), "not published"])),
    choice(model, "from", "From", years), choice(model, "to", "To", years), toggle(model, "scaled", "marks by size"));
  made.style.cssText = "display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.5rem 1rem; align-items: end";
  for (const select of made.querySelectorAll("select")) {
    select.parentElement.style.cssText = "display: grid; gap: 0.1rem; font-size: 0.9em";
    select.style.width = "100%";
  }
  return element("details", {}, element("summary", {}, "Filters"), made);
}

const clickable = (stage, name) => button(name, () => put(stage.model, "chosen", name), { "data-goto": name });

function card(stage) {
  const one = stage.kin.get(stage.model.get("chosen"));
  if (!one) return [element("strong", {}, "No model chosen"), element("p", {}, "Choose a mark in the drawing, or find a model by name: its card and its lineage appear here.")];
  const { name, organisation, date, branch, parameters, active, open, licence, kind, type, source, checked, note, relation } = one.model;
  const up = ancestors(one).flatMap(({ model }) => [clickable(stage, model.name), " → "]);
  const facts = [
    ["By", `${organisation}, ${date}`], ["Branch", TITLES[branch]],
    ["Size", inWords(parameters) + (active ? `, ${inWords(active).replace(" parameters", "")} of them active (mixture of experts)` : "")],
    ["Weights", `${openness(one.model)}${licence ? ` (${licence})` : ""}`], ["Kind", kind], ["In transformers", type], ["Note", note], ["Source", source], ["Checked in", checked],
  ].filter(([, value]) => value);
  const list = element("dl", { style: "display: grid; grid-template-columns: auto 1fr; gap: 0.15rem 0.8rem; margin: 0.5rem 0" },
    ...facts.flatMap(([term, value]) => [element("dt", { style: "color: var(--quiet); font-weight: normal" }, term), element("dd", { style: "margin: 0; overflow-wrap: anywhere" }, value)]));
  const path = element("p", { "data-path": "", style: "display: flex; flex-wrap: wrap; gap: 0.3rem; align-items: center; margin: 0.4rem 0" }, "Lineage: ", ...up, element("strong", {}, name));
  const tie = one.parent ? element("p", { style: "margin: 0.3rem 0" }, `${name} ${RELATIONS[relation][0]} ${one.parent.model.name}.`) : null;
  const down = one.children.length ? element("p", { "data-children": "", style: "display: flex; flex-wrap: wrap; gap: 0.3rem; align-items: center; margin: 0.4rem 0" }, "Children: ", ...one.children.map(({ model }) => clickable(stage, model.name))) : null;
  const close = button("Close", () => put(stage.model, "chosen", ""), { "aria-label": `Close the card of ${name}` });
  return [element("div", { style: "display: flex; justify-content: space-between; gap: 1rem; align-items: start" }, element("strong", { style: "font-size: 1.15rem" }, name), close), list, path, tie, down].filter(Boolean);
}

// Counts under all filters but the organisation's own: [organisation, open, closed], the most first.
export function perOrganisation(model) {
  const counts = new Map();
  for (const one of model.get("models").filter((each) => passes(model, each, "organisation"))) {
    for (const owner of owners(one)) {
      const count = counts.get(owner) ?? [0, 0];
      count[one.open ? 0 : 1] += 1;
      counts.set(owner, count);
    }
  }
  return [...counts].map(([owner, [open, closed]]) => [owner, open, closed]).sort((a, b) => b[1] + b[2] - a[1] - a[2] || a[0].localeCompare(b[0]));
}

function bars(model) {
  const rows = perOrganisation(model);
  const most = Math.max(1, ...rows.map(([, open, closed]) => open + closed));
  const share = (count, style) => element("span", { style: `display: block; width: ${(100 * count) / most}%; height: 0.75em; box-sizing: border-box; ${style}` });
  return rows.slice(0, model.get("everyone") ? rows.length : 10).map(([owner, open, closed]) => {
    const made = button("", () => put(model, "organisation", model.get("organisation") === owner ? "all" : owner), {
      "data-owner": owner, "aria-pressed": String(model.get("organisation") === owner), "aria-label": `${owner}: ${open} open, ${closed} closed`,
      style: "display: grid; grid-template-columns: 7.5rem 1fr 4.2rem; gap: 0.5rem; align-items: center; width: 100%; padding: 0 0.4rem; border-color: transparent; background: none; text-align: left; color: inherit",
    });
    if (model.get("organisation") === owner) made.style.borderColor = "var(--ink)";
    made.append(element("span", { style: "overflow-wrap: anywhere; line-height: 1.1" }, owner),
      element("span", { style: "display: flex" }, share(open, "background: var(--ink); opacity: 0.75"), share(closed, "border: 1.5px solid var(--ink); opacity: 0.75")),
      element("span", { style: "text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums" }, `${open} + ${closed}`));
    return made;
  });
}

function legend() {
  const small = (...parts) => drawing("svg", { width: 30, height: 14, viewBox: "-15 -7 30 14", "aria-hidden": "true", style: "display: inline-block; vertical-align: middle" }, ...parts);
  const dot = (open) => small(drawing("path", { d: mark(open, 4.5), fill: open ? "var(--ink)" : "none", stroke: "var(--ink)", "stroke-width": 1.5 }));
  const tie = ([, width, dash]) => small(drawing("path", { d: "M-14 0H14", stroke: "var(--ink)", "stroke-width": width, "stroke-dasharray": dash }));
  const item = (picture, words) => element("span", { style: "white-space: nowrap; margin-right: 1rem" }, picture, ` ${words}`);
  return element("p", { style: "margin: 0.4rem 0; font-size: 0.875em; color: var(--quiet)" }, item(dot(true), "open weights"), item(dot(false), "closed"),
    ...Object.values(RELATIONS).map((each) => item(tie(each), `${each[0]} its parent`)), item(small(drawing("path", { d: "M-14 0H14", stroke: "var(--ink)", "stroke-width": 0.7, opacity: 0.6 })), "no parent in the table"));
}

function describe(stage) {
  const open = stage.shown.filter(({ model }) => model.open).length;
  const chosen = stage.model.get("chosen");
  return `${stage.shown.length} of ${stage.kin.size} models: ${open} open, ${stage.shown.length - open} closed.${chosen ? ` Chosen: ${chosen}.` : ""}`;
}

// When the view changes, the marks travel to their new places.
function travel(stage) {
  if (QUIET_MOTION.matches) return;
  for (const node of stage.nodes.values()) node.style.transition = "transform 0.5s ease";
  setTimeout(() => { for (const node of stage.nodes.values()) node.style.transition = ""; }, 600);
}

function beside(stage) {
  const { model } = stage;
  const sheet = element("section", { "aria-label": "The chosen model", style: "flex: 1 1 300px; min-width: 0; min-height: 9rem; padding: 0.8rem 1rem; border: 1px solid var(--line); border-radius: 6px; box-sizing: border-box" });
  const chart = element("section", { "aria-label": "Models per organisation", style: "flex: 1 1 300px; min-width: 0" });
  const everyone = toggle(model, "everyone", "all organisations");
  redraw(model, ["chosen"], () => sheet.replaceChildren(...card(stage)));
  const head = element("div", { class: "controls", style: "justify-content: space-between" }, element("strong", {}, "Open + closed, by organisation"), everyone);
  const rows = element("div");
  chart.append(head, rows);
  redraw(model, [...FILTERS, "everyone"], () => {
    const held = rows.contains(document.activeElement) ? document.activeElement.dataset.owner : null;
    rows.replaceChildren(...bars(model));
    if (held) [...rows.children].find(({ dataset }) => dataset.owner === held)?.focus();
  });
  return element("div", { style: "display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: start; margin-top: 0.6rem" }, sheet, chart);
}

function render({ model, el }) {
  const stage = makeStage(model);
  const said = spoken();
  const again = () => { draw(stage); said.textContent = describe(stage); };
  let asked = 0;
  stage.ask = () => { cancelAnimationFrame(asked); asked = requestAnimationFrame(() => draw(stage)); };
  el.style.setProperty("--accent", era("deep_learning"));
  const panel = filters(model);
  el.append(controls(search(stage), viewButtons(model), zoomButtons(stage)), panel, controls(said, showAll(model)), stage.scroller, legend(), beside(stage));
  listenToKeys(stage);
  listenToPointer(stage);
  model.on("change:view", () => travel(stage));
  redraw(model, [...FILTERS, "chosen", "view", "zoom", "scaled"], again);
  let width = 0;
  new ResizeObserver(() => {
    const now = stage.scroller.clientWidth;
    if (!width && now >= 560) panel.open = true;
    if (now !== width) { width = now; again(); }
  }).observe(stage.scroller);
}

export default { render };
