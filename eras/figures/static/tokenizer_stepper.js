// BPE, one merge at a time: the pairs, the words in pieces, and a word encoded with the merges learnt so far.
import { button, controls, drawing, element, era, line, put, redraw, slider, spoken } from "./kit.js";
import { split, visible } from "./bpe.js";

const TOP = 8, TICK = 700, WIDTH = 300, HEIGHT = 80;
const STYLE = `
.stepper .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 0.5rem 2rem; }
.stepper .head { font-weight: 700; margin: 0.8rem 0 0.3rem; }
.stepper ol { list-style: none; margin: 0; padding: 0; }
.stepper .pairs { min-height: 13.7em; }
.stepper .pairs li { display: grid; grid-template-columns: 7.5em 1fr 3.4em; gap: 0.5em; align-items: center; height: 1.7em; }
.stepper .pairs li > :last-child { text-align: right; font-variant-numeric: tabular-nums; }
.stepper .pairs li.next { font-weight: 700; }
.stepper .pairs li:not(.next) .bar { background: var(--quiet); opacity: 0.55; }
.stepper .piece { display: inline-block; margin: 0 1px; padding: 0 0.25em; border: 1px solid var(--quiet); border-radius: 3px;
  font-family: ui-monospace, monospace; line-height: 1.45; white-space: nowrap; }
.stepper .piece.last { background: var(--shade); border-color: var(--accent); font-weight: 700; }
.stepper .piece.next { border-bottom: 3px solid var(--accent); }
.stepper .words li, .stepper .replay li { min-height: 1.9em; line-height: 1.9; }
.stepper .words li > span:last-child, .stepper .replay li > span:last-child { color: var(--quiet); margin-left: 0.5em; font-size: 0.9em; }
.stepper .scroll { height: 13.5em; overflow: auto; }
.stepper .replay li { white-space: nowrap; }
.stepper .note { color: var(--quiet); font-size: 0.9em; margin: 0.3rem 0; }
`;

// ---------------------------------------------------------------- the algorithm; a token is a string of bytes

const atoms = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
const shown = (token) => visible(Uint8Array.from(token, (character) => character.charCodeAt(0)));
const key = ([first, second]) => `${first}\u0100${second}`; // no byte is character 256

function merged(tokens, [first, second]) {
  const out = [];
  for (const token of tokens) {
    if (out.at(-1) === first && token === second) out.push(out.pop() + token);
    else out.push(token);
  }
  return out;
}

// How often each two neighbours occur, the most frequent first; of equals the greater pair, byte by byte.
function countPairs(words) {
  const counts = new Map();
  for (const { tokens, count } of words) {
    for (let i = 1; i < tokens.length; i++) {
      const pair = [tokens[i - 1], tokens[i]];
      const entry = counts.get(key(pair)) ?? { pair, count: 0 };
      entry.count += count;
      counts.set(key(pair), entry);
    }
  }
  const greater = (a, b) => (a === b ? 0 : a > b ? -1 : 1);
  return [...counts.values()].sort((a, b) => b.count - a.count || greater(a.pair[0], b.pair[0]) || greater(a.pair[1], b.pair[1]));
}

const moment = (words) => ({ words, pairs: countPairs(words), total: words.reduce((sum, { tokens, count }) => sum + count * tokens.length, 0) });

// Every state from single bytes on; a word without the pair is shared with the state before.
function learn(words, steps) {
  const history = [moment(words.map(([text, count]) => ({ text, count, tokens: atoms(text) })))];
  while (history.length <= steps && history.at(-1).pairs.length) {
    const { words: before, pairs: [{ pair }] } = history.at(-1);
    const after = before.map((word) => {
      const tokens = merged(word.tokens, pair);
      return tokens.length === word.tokens.length ? word : { ...word, tokens };
    });
    history.push(moment(after));
  }
  return history;
}

// Encoding: always the earliest merge that fits, of several places the leftmost; merges never cross a pre-token.
function replay(text, merges) {
  const rank = new Map(merges.map((pair, i) => [key(pair), i]));
  const rows = [{ parts: split(text).map(atoms), merge: null }];
  for (;;) {
    let best = null;
    rows.at(-1).parts.forEach((tokens, part) => tokens.forEach((token, i) => {
      const found = i ? rank.get(key([tokens[i - 1], token])) : undefined;
      if (found !== undefined && (best === null || found < best.merge)) best = { merge: found, part, i };
    }));
    if (best === null) return rows;
    const parts = rows.at(-1).parts.map((tokens) => [...tokens]);
    parts[best.part].splice(best.i - 1, 2, parts[best.part].slice(best.i - 1, best.i + 1).join(""));
    rows.push({ parts, merge: best.merge });
  }
}

// ---------------------------------------------------------------- what is seen

const piece = (token, kind = "") => element("span", { class: `piece ${kind}` }, shown(token));

function boxes(tokens, last, next) {
  const kinds = tokens.map((token) => (token === last ? "last" : ""));
  for (let i = 1; i < tokens.length; i++) {
    if (next && tokens[i - 1] === next[0] && tokens[i] === next[1]) kinds[i - 1] = kinds[i] = "next";
  }
  return element("span", {}, ...tokens.map((token, i) => piece(token, kinds[i])));
}

function pairRows({ pairs }) {
  const most = pairs[0]?.count ?? 1;
  return pairs.slice(0, TOP).map(({ pair, count }, i) => element("li", { class: i ? "" : "next" },
    element("span", {}, ...pair.map((token) => piece(token))),
    element("span", {}, element("span", { class: "bar", style: `width: ${(100 * count) / most}%` })),
    element("span", {}, count.toLocaleString("en"))));
}

function tie({ pairs }) {
  const equal = pairs.filter(({ count }) => count === pairs[0].count).length;
  if (!equal) return "No word has a pair left.";
  return equal === 1 ? "The first merges next." : `${equal} pairs are equally frequent; the greatest in byte order merges next.`;
}

function curve(history, step) {
  const most = history[0].total, x = (i) => 6 + (i / Math.max(1, history.length - 1)) * (WIDTH - 12), y = (total) => 6 + (1 - total / most) * (HEIGHT - 8);
  const points = history.map(({ total }, i) => `${x(i).toFixed(1)},${y(total).toFixed(1)}`).join(" ");
  return drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "The number of tokens, falling with every merge" },
    drawing("line", { x1: 6, x2: WIDTH - 6, y1: y(0), y2: y(0), stroke: "var(--quiet)" }),
    drawing("polyline", { points, fill: "none", stroke: "var(--accent)", "stroke-width": 2 }),
    drawing("circle", { cx: x(step), cy: y(history[step].total), r: 5, fill: "var(--accent)" }));
}

// Plays by itself only when asked to, and not at all where motion is unwanted.
function player(model, last) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return null;
  let timer = null;
  const stop = () => { clearInterval(timer); timer = null; made.textContent = "Play"; };
  const tick = () => (model.get("step") < last && made.isConnected ? put(model, "step", model.get("step") + 1) : stop());
  const made = button("Play", () => {
    if (timer !== null) return stop();
    if (model.get("step") >= last) put(model, "step", 0);
    timer = setInterval(tick, TICK);
    made.textContent = "Pause";
  });
  return made;
}

// A button that moves a number of the model within its bounds.
function mover(model, name, by, label, bounds) {
  return button(label, () => {
    const [least, most] = bounds(), now = Math.min(most, Math.max(least, model.get(name)));
    put(model, name, Math.min(most, Math.max(least, now + by)));
  });
}

function training(model, history, later) {
  const last = history.length - 1, bounds = () => [0, last];
  const [pairs, words] = [element("ol", { class: "pairs" }), element("ol", { class: "words" })];
  const [note, graph, said] = [element("p", { class: "note" }), element("div"), spoken()];
  const draw = () => {
    const step = model.get("step"), now = history[step], next = now.pairs[0]?.pair, before = step ? history[step - 1].pairs[0] : null;
    pairs.replaceChildren(...pairRows(now));
    note.textContent = tie(now);
    words.replaceChildren(...now.words.filter(({ text }) => model.get("shown").includes(text)).map(({ tokens, count }) =>
      element("li", {}, boxes(tokens, before?.pair.join(""), next), element("span", {}, `× ${count}`))));
    graph.replaceChildren(curve(history, step));
    const made = before ? `Merge ${step}: ${before.pair.map(shown).join(" + ")}, ${before.count} times.` : "No merge yet: single bytes.";
    said.textContent = `${made} Vocabulary ${256 + step}; the text is ${now.total.toLocaleString("en")} tokens.`;
  };
  const moves = controls(mover(model, "step", -1, "Back", bounds), mover(model, "step", 1, "Next merge", bounds), player(model, last),
    slider(model, "step", "Merges", { min: 0, max: last, show: (step) => `${step} of ${last}` }));
  redraw(model, ["step"], draw);
  return [moves, said, element("div", { class: "columns" },
    element("div", {}, element("p", { class: "head" }, "Most frequent pairs"), pairs, note),
    element("div", {}, element("p", { class: "head" }, "Some of the words"), words,
      element("p", { class: "note" }, "Filled: merged last. Underlined: merges next.")),
    element("div", {}, element("p", { class: "head" }, "Tokens in the text"), graph, element("p", { class: "note" },
      `From ${history[0].total.toLocaleString("en")} bytes down to ${history[last].total.toLocaleString("en")} tokens.`)), later)];
}

function encoding(model, history) {
  const rows = element("ol", { class: "replay" }), said = spoken();
  const merges = () => history.slice(0, model.get("step")).map(({ pairs }) => pairs[0].pair);
  const bounds = () => [0, replay(model.get("word"), merges()).length - 1];
  const draw = () => {
    const all = replay(model.get("word"), merges()), at = Math.min(model.get("replayed"), all.length - 1);
    rows.replaceChildren(...all.slice(0, at + 1).map(({ parts, merge }, i) => {
      const fresh = merge !== null && i === at ? merges()[merge].join("") : null;
      return element("li", {}, ...parts.map((tokens) => boxes(tokens, fresh, null)),
        element("span", {}, merge === null ? "bytes" : `merge ${merge + 1}`));
    }));
    rows.parentElement?.scrollTo(0, rows.scrollHeight);
    const size = all[at].parts.flat().length;
    said.textContent = `${size} ${size === 1 ? "token" : "tokens"} after ${at} of the ${all.length - 1} merges that fit.`;
  };
  redraw(model, ["step", "word", "replayed"], draw);
  return element("div", {}, element("p", { class: "head" }, "Encode with the merges learnt so far"), line(model, "word", "A word of yours"),
    controls(mover(model, "replayed", -1, "Undo one", bounds), mover(model, "replayed", 1, "Apply one", bounds),
      mover(model, "replayed", Infinity, "Apply all", bounds)), said,
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The word, merge by merge" }, rows));
}

function render({ model, el }) {
  const history = learn(model.get("words"), model.get("merges"));
  el.append(element("div", { class: "stepper", style: `--accent: ${era("pretraining")}` }, element("style", {}, STYLE), ...training(model, history, encoding(model, history))));
}

export default { render };
