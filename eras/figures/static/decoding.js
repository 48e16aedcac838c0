// What decoding does to one next-token distribution: penalties, temperature and cuts, and draws from what is left.
import { button, choice, controls, element, put, random, redraw, slider, spoken } from "./kit.js";

const ROWS = 14;
const percent = (share) => (share >= 0.0995 ? `${(100 * share).toFixed(0)} %` : share >= 0.00095 ? `${(100 * share).toFixed(1)} %` : "<0.1 %");
const off = (value, words = (shown) => shown.toFixed(2)) => (shown) => (shown === value ? "off" : words(shown));

export function softmax(scores) {
  const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map((z) => Math.exp(z - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

export const bits = (shares) => -shares.reduce((sum, q) => sum + (q > 0 ? q * Math.log2(q) : 0), 0);
const keep = (scores, kept) => scores.map((z, i) => (kept(z, i) ? z : -Infinity));
const ranked = (values) => values.map((_, i) => i).sort((a, b) => values[b] - values[a]);

// Tokens said before lose: `said` holds [token, how often]; a positive logit is divided, any other multiplied.
export function penalise(scores, said, repetition, frequency) {
  const changed = [...scores];
  for (const [i, count] of said) changed[i] = (scores[i] > 0 ? scores[i] / repetition : scores[i] * repetition) - frequency * count;
  return changed;
}

export function topK(scores, k) {
  const least = scores[ranked(scores)[Math.min(k, scores.length) - 1]];
  return keep(scores, (z) => z >= least);
}

export function topP(scores, p) {
  const shares = softmax(scores), kept = new Set();
  let tail = 1;  // what a token and all less probable ones weigh
  for (const i of ranked(scores)) {
    if (kept.size > 0 && tail <= 1 - p) break;
    kept.add(i);
    tail -= shares[i];
  }
  return keep(scores, (_, i) => kept.has(i));
}

export function minP(scores, p) {
  const least = scores.reduce((a, b) => Math.max(a, b), -Infinity) + Math.log(p);
  return keep(scores, (z) => z >= least);
}

export function typical(scores, mass) {
  const shares = softmax(scores), entropy = bits(shares);
  const distance = shares.map((q) => (q > 0 ? -Math.abs(-Math.log2(q) - entropy) : -Infinity));
  const order = ranked(distance);
  let last = 0;
  for (let sum = shares[order[0]]; sum < mass && last < order.length - 1; sum += shares[order[last]]) last += 1;
  return keep(scores, (_, i) => distance[i] >= distance[order[last]]);
}

const CUTS = [
  ["k", 0, topK, (v) => `top-k ${v}`],
  ["p", 1, topP, (v) => `top-p ${v.toFixed(2)}`],
  ["m", 0, minP, (v) => `min-p ${v.toFixed(2)}`],
  ["t", 1, typical, (v) => `typical ${v.toFixed(2)}`],
];

const keptMass = ({ uncut, fate }) => uncut.reduce((sum, q, i) => sum + (fate[i] === null ? q : 0), 0);

// The whole chain: the shares before the cuts and after everything, which cut took a token, and what each step left.
export function decide(logits, said, settings) {
  let scores = penalise(logits, said, settings.repetition, settings.frequency);
  const heat = () => { scores = scores.map((z) => z / settings.temperature); };
  if (settings.order === "first") heat();
  const uncut = softmax(scores), fate = Array(logits.length).fill(null), steps = [];
  for (const [key, idle, cut, words] of CUTS) {
    if (settings[key] === idle) continue;
    const after = cut(scores, settings[key]);
    after.forEach((z, i) => { if (z === -Infinity && fate[i] === null) fate[i] = words(settings[key]); });
    scores = after;
    steps.push({ words: words(settings[key]), left: fate.filter((name) => name === null).length, mass: keptMass({ uncut, fate }) });
  }
  if (settings.order === "last") heat();
  return { uncut, fate, steps, shares: softmax(scores), order: ranked(uncut) };
}

// How often each token comes in the first `drawn` draws of a seed, and the last one drawn.
export function draws(shares, order, seed, drawn) {
  const kept = order.filter((i) => shares[i] > 0), counts = new Map(), next = random(seed);
  const reached = kept.map(((sum) => (i) => (sum += shares[i]))(0));
  let last = null;
  for (let n = 0; n < drawn; n += 1) {
    const point = next(), found = reached.findIndex((sum) => sum > point);
    last = kept[found < 0 ? kept.length - 1 : found];  // shares sum to 1 but for rounding
    counts.set(last, (counts.get(last) ?? 0) + 1);
  }
  return { counts, last };
}

function logits({ top, drops }) {
  let score = top;
  return [score, ...drops.map((drop) => (score -= drop))].map((z) => z / 1000);
}

const settings = (model) => Object.fromEntries(
  ["repetition", "frequency", "temperature", "order", "k", "p", "m", "t"].map((key) => [key, model.get(key)]));
const token = (text) => element("span", { class: "token", style: "background: var(--shade); padding: 0" }, text);

function context(place) {
  return element("p", {}, "… ", ...place.before.map((text) => element("span", { class: "token" }, text)), " ",
    element("strong", { style: "color: var(--accent)" }, "?"));
}

// Kept: a filled bar. Cut: a dashed outline of what it had, and by what. The diamond is the share among the draws.
function bars(own, share, frequency, fate, full) {
  const along = (value) => `${Math.min(100, (100 * value) / full)}%`;
  const layer = "position: absolute; left: 0; box-sizing: border-box;";
  return element("div", { style: "position: relative; height: 1.2em; white-space: nowrap" },
    element("div", { style: `${layer} top: 0; height: 1.2em; border: 1px dashed var(--quiet); width: ${along(own)}` }),
    element("div", { style: `${layer} top: 0.25em; height: 0.7em; background: var(--accent); width: ${along(share)}` }),
    fate === null ? null : element("span", { style: `position: relative; left: min(${along(own)}, 100% - 8em); padding-left: 0.4em; font-size: 0.9em` }, `cut by ${fate}`),
    frequency === null ? null : element("div", { "aria-hidden": "true", style: `position: absolute; top: -0.1em; transform: translateX(-50%); left: ${along(frequency)}` }, "◆"));
}

const cell = (style, ...children) => element("td", { style: `vertical-align: middle; ${style}` }, ...children);
const NUMBER = "text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums";

function row(name, share, count, drawn, line, cut = false) {
  return element("tr", cut ? { style: "color: var(--quiet)" } : {}, cell("overflow-wrap: anywhere", ...name), cell("", line),
    cell(NUMBER, cut ? "0" : percent(share)), cell(NUMBER, drawn ? String(count) : ""));
}

function heading(full, drawn) {
  const columns = [["token", "6.5em"], [`bar to ${percent(full)}`, "auto"], ["share", "3.9em"], [drawn ? "drawn" : "", "3.8em"]];
  return element("thead", {}, element("tr", {}, ...columns.map(([words, width], i) =>
    element(words ? "th" : "td", { scope: words ? "col" : null, style: `width: ${width}; white-space: nowrap; ${i > 1 ? NUMBER : ""}` }, words))));
}

function tableOf(place, result, { counts }, drawn) {
  const { uncut, shares, fate, order } = result;
  const shown = order.slice(0, ROWS), rest = order.slice(ROWS), said = new Map(place.said);
  const sum = (value) => rest.reduce((total, i) => total + value(i), 0), count = (i) => counts.get(i) ?? 0;
  const highest = Math.max(...shown.flatMap((i) => [uncut[i], shares[i]]));
  const full = [0.05, 0.1, 0.25, 0.5].find((bound) => highest <= bound) ?? 1;
  const name = (i) => [token(place.names[i] ?? `rank ${i + 1}`), said.has(i) ? ` ×${said.get(i)}` : ""];
  const line = (i) => bars(uncut[i], shares[i], drawn ? count(i) / drawn : null, fate[i], full);
  const left = sum((i) => (fate[i] === null ? 1 : 0)).toLocaleString("en");
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The most probable tokens" },
    element("table", { style: "width: 100%; min-width: max(100%, 23rem); margin: 0; table-layout: fixed" }, heading(full, drawn),
      element("tbody", {}, ...shown.map((i) => row(name(i), shares[i], count(i), drawn, line(i), fate[i] !== null)),
        row([`${rest.length.toLocaleString("en")} others`], sum((i) => shares[i]), sum(count), drawn, `${left} of them kept`))));
}

function strip(result) {
  const mass = keptMass(result), half = "box-sizing: border-box; height: 1em;";
  return element("div", {},
    element("div", { style: "display: flex; justify-content: space-between" }, element("span", {}, `kept ${percent(mass)}`), element("span", {}, mass < 1 ? `cut ${percent(1 - mass)}` : "")),
    element("div", { style: "display: flex; margin: 0 0 0.6rem", "aria-hidden": "true" },
      element("div", { style: `${half} width: ${100 * mass}%; background: var(--accent)` }),
      element("div", { style: `${half} width: ${100 - 100 * mass}%; border: 1px dashed var(--quiet); background: repeating-linear-gradient(45deg, transparent 0 6px, var(--line) 6px 7px)` })));
}

function path(model, steps) {
  const heat = `temperature ${model.get("temperature").toFixed(2)}`;
  const parts = steps.map(({ words, left, mass }) => `${words} (${left.toLocaleString("en")} left, ${percent(mass)})`);
  const penalties = model.get("repetition") !== 1 || model.get("frequency") > 0 ? ["penalties"] : [];
  const chain = model.get("order") === "first" ? [heat, ...parts] : [...parts, heat];
  return ["logits", ...penalties, ...chain, "draw"].join(" → ");
}

function words(model, place, result, outcome) {
  const left = result.fate.filter((name) => name === null).length, drawn = model.get("drawn");
  const tokens = left === 1 ? "1 token" : `${left.toLocaleString("en")} of ${result.shares.length.toLocaleString("en")} tokens`;
  const kept = `${tokens} kept, ${percent(keptMass(result))} of the probability, ${bits(result.shares).toFixed(2)} bits.`;
  if (!drawn) return kept;
  const last = place.names[outcome.last] ?? `a token of rank ${outcome.last + 1}`;
  if (drawn === 1) return `${kept} Drawn: “${last}”.`;
  const apart = result.shares.reduce((sum, q, i) => sum + Math.abs(q - (outcome.counts.get(i) ?? 0) / drawn), 0) / 2;
  return `${kept} ${drawn} drawn, the last “${last}”; the draws are ${percent(apart)} away from the distribution.`;
}

const group = (name, ...children) => element("fieldset", { style: "border: 1px solid var(--line); border-radius: 4px; margin: 0.4rem 0; padding: 0 0.7rem 0.2rem" },
  element("legend", { style: "font-size: 0.95rem; width: auto; padding: 0 0.3rem" }, name), controls(...children));

function dials(model, places) {
  return [
    controls(choice(model, "place", "In the text", places.map(({ title }, i) => [i, title]))),
    group("Tokens said before (×1, ×2 in the table)",
      slider(model, "repetition", "repetition penalty", { min: 1, max: 2, step: 0.05, show: off(1) }),
      slider(model, "frequency", "minus, for each time", { min: 0, max: 3, step: 0.1, show: off(0, (v) => v.toFixed(1)) })),
    group("Shape",
      slider(model, "temperature", "temperature", { min: 0.1, max: 3, step: 0.05, show: (v) => v.toFixed(2) }),
      choice(model, "order", "applied", [["first", "before the cuts"], ["last", "after the cuts"]])),
    group("Cuts",
      slider(model, "k", "top-k", { min: 0, max: 100, show: off(0, String) }),
      slider(model, "p", "top-p", { min: 0.05, max: 1, step: 0.05, show: off(1) }),
      slider(model, "m", "min-p", { min: 0, max: 0.5, step: 0.01, show: off(0) }),
      slider(model, "t", "typical", { min: 0.05, max: 1, step: 0.05, show: off(1) })),
  ];
}

function buttons(model) {
  const start = settings(model), more = (count) => () => put(model, "drawn", model.get("drawn") + count);
  const plain = { repetition: 1, frequency: 0, temperature: 1, order: "first", k: 0, p: 1, m: 0, t: 1 };
  const all = (values) => () => { for (const [key, value] of Object.entries(values)) put(model, key, value); };
  return controls(
    button("Draw a token", more(1)), button("Draw 100", more(100)),
    slider(model, "seed", "seed", { min: 0, max: 50 }),
    button("Put draws back", all({ drawn: 0 })), button("All off", all({ ...Object.fromEntries(Object.keys(start).map((key) => [key, plain[key]])), drawn: 0 })));
}

function render({ model, el }) {
  const places = model.get("places"), scores = places.map(logits);
  const before = element("div"), stage = element("div"), route = element("p", { style: "color: var(--quiet); margin: 0.2rem 0" }), said = spoken();
  const [where, ...rest] = dials(model, places);
  el.append(where, before, ...rest, route, stage, buttons(model), said);
  model.on("change:place", () => put(model, "drawn", 0));
  redraw(model, ["place", "seed", "drawn", ...Object.keys(settings(model))], () => {
    const place = places[model.get("place")], drawn = model.get("drawn");
    const result = decide(scores[model.get("place")], place.said, settings(model));
    const outcome = draws(result.shares, result.order, model.get("seed"), drawn);
    before.replaceChildren(context(place));
    route.textContent = path(model, result.steps);
    stage.replaceChildren(strip(result), tableOf(place, result, outcome, drawn));
    said.textContent = words(model, place, result, outcome);
  });
}

export default { render };
