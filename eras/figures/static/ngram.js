// An n-gram model of characters that is counted in the page: what may come next, and which context says so.
import { button, choice, controls, element, line, put, random, redraw, slider, spoken } from "./kit.js";

const MOST = 6, ROWS = 12, LENGTH = 200, START = "\u0000";
const SMOOTHINGS = ["none", "add one", "Witten-Bell", "Kneser-Ney", "modified Kneser-Ney"];
const characters = (text) => Array.from(text);

function add(level, context, symbol, count) {
  if (!level.has(context)) level.set(context, new Map());
  const followers = level.get(context);
  followers.set(symbol, (followers.get(symbol) ?? 0) + count);
}

// Counts after contexts of 0…5 characters, how often and (but for the longest) after how many different characters.
export function count(text) {
  const all = characters(text), padded = [...Array(MOST - 1).fill(START), ...all];
  const often = Array.from({ length: MOST }, () => new Map()), company = often.map(() => new Map());
  for (let i = MOST - 1; i < padded.length; i += 1) {
    for (let n = 0; n < MOST; n += 1) add(often[n], padded.slice(i - n, i).join(""), padded[i], 1);
  }
  for (let n = 1; n < MOST; n += 1) {
    for (const [context, followers] of often[n]) {
      const shorter = characters(context).slice(1).join("");
      for (const symbol of followers.keys()) add(company[n - 1], shorter, symbol, 1);
    }
  }
  const symbols = [...new Set(all)].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
  return { symbols, often, company };
}

function frequencies(level) {
  const found = [0, 0, 0, 0, 0];
  for (const followers of level.values()) for (const c of followers.values()) if (c < 5) found[c] += 1;
  return found;
}

// What counts of one, two, and three or more give up (Chen and Goodman 1999).
export function discounts([, n1, n2, n3, n4], smoothing) {
  if (!n1 || !n2) return [0, 0.5, 0.5, 0.5];
  const y = n1 / (n1 + 2 * n2), one = [0, y, y, y];
  if (smoothing === "Kneser-Ney" || !n3 || !n4) return one;
  const three = [0, 1 - (2 * y * n2) / n1, 2 - (3 * y * n3) / n2, 3 - (4 * y * n4) / n3];
  return three.every((d, r) => r === 0 || (d > 0 && d < r)) ? three : one;
}

// The levels that a model of this order reads, with what each takes from a count and adds to the total.
export function prepare(counted, order, smoothing) {
  const kneser = smoothing.endsWith("Kneser-Ney"), size = counted.symbols.length;
  const levels = Array.from({ length: order }, (_, n) => {
    const counts = kneser && n < order - 1 ? counted.company[n] : counted.often[n];
    return { n, counts, taken: kneser ? discounts(frequencies(counts), smoothing) : null };
  });
  return { symbols: counted.symbols, size, order, smoothing, levels: levels.filter(({ n }) => kneser || smoothing === "Witten-Bell" || n === order - 1) };
}

function shares(model, { taken }, followers) {
  let total = 0, freed = 0;
  for (const c of followers.values()) { total += c; freed += taken ? taken[Math.min(c, 3)] : 0; }
  if (model.smoothing === "none") return { total, whole: total, freed: 0 };
  if (model.smoothing === "add one") return { total, whole: total + model.size, freed: model.size };
  return taken ? { total, whole: total, freed } : { total, whole: total + followers.size, freed: followers.size };
}

// The probability of every symbol after a context, what each level adds to it (0 is the uniform one), and the way there.
export function distribution(model, context) {
  const before = [...Array(model.order - 1).fill(START), ...characters(context)];
  const place = new Map(model.symbols.map((symbol, i) => [symbol, i])), way = [];
  let parts = [model.symbols.map(() => 1 / model.size)];
  for (const level of model.levels) {
    const words = before.slice(before.length - level.n), followers = level.counts.get(words.join(""));
    if (!followers) { way.push({ n: level.n, words, total: 0, kinds: 0, left: 1 }); continue; }
    const { total, whole, freed } = shares(model, level, followers), left = freed / whole;
    parts = parts.map((part) => part.map((p) => p * left));
    const own = model.symbols.map(() => 0);
    for (const [symbol, c] of followers) own[place.get(symbol)] = (c - (level.taken ? level.taken[Math.min(c, 3)] : 0)) / whole;
    parts[level.n + 1] = own;
    way.push({ n: level.n, words, total, kinds: followers.size, left });
  }
  parts = Array.from({ length: model.order + 1 }, (_, i) => parts[i] ?? model.symbols.map(() => 0));
  return { p: model.symbols.map((_, i) => parts.reduce((sum, part) => sum + part[i], 0)), parts, way };
}

export function generate(model, context, seed, length) {
  const next = random(seed), drawn = [];
  for (let n = 0; n < length; n += 1) {
    const { p } = distribution(model, context + drawn.join("")), point = next();
    let reached = 0, chosen = p.findIndex((share) => (reached += share) > point);
    if (chosen < 0) chosen = p.findLastIndex((share) => share > 0);  // rounding
    drawn.push(model.symbols[chosen]);
  }
  return drawn.join("");
}

const percent = (share) => (share >= 0.0995 ? `${(100 * share).toFixed(0)} %` : share >= 0.00095 ? `${(100 * share).toFixed(1)} %` : share > 0 ? "<0.1 %" : "0");
const seen = (symbol) => ({ " ": "␣", "\n": "⏎", [START]: "▷" })[symbol] ?? symbol;
const NUMBER = "text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums";
const scroll = (label, ...children) => element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, ...children);
const cell = (style, ...children) => element("td", { style }, ...children);
const head = (...names) => element("thead", {}, element("tr", {}, ...names.map(([words, style]) => element("th", { scope: "col", style }, words))));
const table = (...children) => element("table", { style: "display: table; overflow: visible; width: 100%; max-width: none; min-width: max(100%, 21rem); margin: 0 0 0.8rem; table-layout: fixed" }, ...children);

// The longer the context, the darker its piece of the bar.
const shade = (order, i) => `color-mix(in srgb, var(--accent) ${20 + Math.round((80 * i) / order)}%, var(--paper))`;

function bar(parts, i, order, full) {
  const pieces = parts.map((part, n) => element("div", { style: `width: ${(100 * part[i]) / full}%; background: ${shade(order, n)}` }));
  return element("div", { style: "display: flex; height: 1em; border-left: 1px solid var(--quiet)", "aria-hidden": "true" }, ...pieces);
}

function mostly(parts, i) {
  const best = parts.reduce((top, part, n) => (part[i] > parts[top][i] ? n : top), 0);
  return best === 0 ? "uniform" : `order ${best}`;
}

function nextTable({ p, parts }, model) {
  const ranked = p.map((_, i) => i).sort((a, b) => p[b] - p[a]), shown = ranked.slice(0, ROWS).filter((i) => p[i] > 0);
  const full = [0.05, 0.1, 0.25, 0.5].find((bound) => p[ranked[0]] <= bound) ?? 1;
  const rows = shown.map((i) => element("tr", {}, cell("", element("span", { class: "token" }, seen(model.symbols[i]))),
    cell("vertical-align: middle", bar(parts, i, model.order, full)), cell(NUMBER, percent(p[i])), cell("white-space: nowrap; padding-left: 0.8em", mostly(parts, i))));
  const rest = ranked.slice(ROWS).filter((i) => p[i] > 0);
  const others = rest.reduce((sum, i) => sum + p[i], 0);
  return scroll("The most probable next characters", table(
    head(["next", "width: 3.6em"], [`bar to ${percent(full)}`, "white-space: nowrap"], ["share", `width: 4em; ${NUMBER}`], ["mostly", "width: 5.4em; white-space: nowrap; padding-left: 0.8em"]),
    element("tbody", {}, ...rows, element("tr", {}, cell("white-space: nowrap", "others"), cell("", `${rest.length.toLocaleString("en")} more`), cell(NUMBER, percent(others)), cell("")))));
}

function wayTable({ way }, model) {
  const rows = [...way].reverse().map(({ n, words, total, kinds, left }) => element("tr", {},
    cell("white-space: nowrap", element("span", { "aria-hidden": "true", style: `display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.4em; background: ${shade(model.order, n + 1)}` }), String(n + 1)),
    cell("white-space: nowrap", n === 0 ? "–" : element("span", { class: "token" }, words.map(seen).join(""))),
    cell(NUMBER, total ? total.toLocaleString("en") : "never"), cell(NUMBER, total ? String(kinds) : ""), cell(NUMBER, percent(left))));
  return scroll("The contexts, longest first", table(
    head(["order", "width: 3.4em"], ["context", ""], ["seen", `width: 4.8em; ${NUMBER}`], ["kinds", `width: 3.8em; ${NUMBER}`], ["leaves", `width: 4.4em; ${NUMBER}`]),
    element("tbody", {}, ...rows)));
}

function words(model, { p }, context) {
  const possible = p.filter((share) => share > 0).length, best = p.indexOf(Math.max(...p));
  const entropy = -p.reduce((sum, share) => sum + (share > 0 ? share * Math.log2(share) : 0), 0);
  return `After “${characters(context).slice(-12).map(seen).join("")}” the most probable is “${seen(model.symbols[best])}” with ${percent(p[best])}; ` +
    `${possible.toLocaleString("en")} of ${model.size.toLocaleString("en")} characters are possible, ${entropy.toFixed(2)} bits.`;
}

function written(model, state) {
  if (!state.length) return element("p", { style: "color: var(--quiet)" }, "Nothing written yet.");
  const text = generate(model, state.context, state.seed, state.length);
  return element("p", { class: "written", style: "white-space: pre-wrap; overflow-wrap: anywhere; background: var(--shade); padding: 0.6rem; border-radius: 4px" },
    element("strong", {}, state.context), text);
}

function render({ model, el }) {
  const texts = model.get("texts"), counted = new Map(), made = new Map();
  const get = (...keys) => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const remember = (store, key, make) => { if (!store.has(key)) store.set(key, make()); return store.get(key); };
  const current = () => {
    const { text, order, smoothing } = get("text", "order", "smoothing");
    const counts = remember(counted, text, () => count(texts[text].text));
    return remember(made, `${text} ${order} ${smoothing}`, () => prepare(counts, order, smoothing));
  };
  const stage = element("div"), said = spoken(), story = element("div", { style: "min-height: 14em" });
  const write = () => put(model, "length", LENGTH), again = () => { put(model, "seed", model.get("seed") % 50 + 1); write(); };
  model.on("change:text", () => put(model, "context", texts[model.get("text")].context));
  el.style.setProperty("--accent", "var(--era-statistical)");
  el.append(
    controls(choice(model, "text", "counted in", texts.map(({ name }, i) => [i, name])),
      slider(model, "order", "order", { min: 1, max: MOST }),
      choice(model, "smoothing", "smoothing", SMOOTHINGS.map((name) => [name, name === "none" ? "no smoothing" : name])),
      line(model, "context", "context")),
    said, stage,
    controls(slider(model, "seed", "seed", { min: 1, max: 50 }), button(`Write ${LENGTH} characters`, write), button("Another seed", again)), story);
  redraw(model, ["text", "order", "smoothing", "context"], () => {
    const ready = current(), result = distribution(ready, model.get("context"));
    said.textContent = words(ready, result, model.get("context"));
    stage.replaceChildren(nextTable(result, ready), wayTable(result, ready));
  });
  redraw(model, ["text", "order", "smoothing", "context", "seed", "length"], () => {
    story.replaceChildren(written(current(), get("context", "seed", "length")));
  });
}

export default { render };
