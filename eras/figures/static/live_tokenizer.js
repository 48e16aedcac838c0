// A text in the tokens of two vocabularies, side by side; sentences of two languages, and the reader's own.
import { bytes, button, choice, controls, element, era, line, put, redraw, spoken } from "./kit.js";
import { pieces, unpacked, visible, vocabulary } from "./bpe.js";

const MOST = 1000; // tokens shown of a long text; all are counted
const STYLE = `
.cutter .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 0.5rem 2rem; }
.cutter .head { margin: 0.8rem 0 0.2rem; font-weight: 700; }
.cutter .head span, .cutter .note { font-weight: 400; color: var(--quiet); font-size: 0.9em; }
.cutter .note { margin: 0.2rem 0; min-height: 1.4em; }
.cutter .tokens { min-height: 10.5em; max-height: 20em; overflow-y: auto; line-height: 2; padding: 2px; }
.cutter .tokens > * { display: inline-block; min-width: 24px; padding: 0 0.2em; text-align: center; line-height: 1.6; cursor: pointer;
  font-family: ui-monospace, monospace; white-space: pre; border-right: 1px solid var(--quiet); box-sizing: border-box; overflow-wrap: anywhere; }
.cutter .tokens > :nth-child(odd) { background: var(--shade); }
.cutter .tokens > .part { font-size: 0.8em; font-style: italic; line-height: 2; }
.cutter .tokens > [aria-selected="true"] { box-shadow: inset 0 -3px var(--accent); }
.cutter td, .cutter th { font-variant-numeric: tabular-nums; white-space: nowrap; }
.cutter td .bar { height: 0.5em; min-width: 2px; }
.cutter tr.ratio > * { border-top: 1px solid var(--line); font-weight: 700; }
.cutter textarea[readonly] { background: var(--shade); }
`;

const size = (text) => ({ characters: [...text].length, bytes: new TextEncoder().encode(text).length });
const times = (a, b) => (b ? (a / b).toFixed(2) : "–");
const whole = (number) => number.toLocaleString("en");
const stored = ([id, spelled]) => ({ id, bytes: Uint8Array.from(spelled, (character) => character.charCodeAt(0)) });

// The tokens of the text in a vocabulary: computed where it is loaded, else known for the preset sentences alone.
function cut(model, loaded, name) {
  const text = model.get("text");
  if (loaded.has(name)) return pieces(text, loaded.get(name));
  return model.get("presets").find((preset) => preset.text === text)?.tokens[name].map(stored) ?? null;
}

const hex = (raw) => Array.from(raw, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

// One vocabulary's tokens: a list box in which the arrow keys go from token to token.
function panel(model, { name, title, entries }) {
  const chosen = `chosen_${name}`, tokens = [];
  const list = element("div", { class: "tokens", role: "listbox", "aria-label": `Tokens of ${title}`, "aria-orientation": "horizontal" });
  const [count, detail] = [element("p", { class: "note" }), element("p", { class: "note" })];
  const follow = () => {
    const at = Math.min(model.get(chosen), list.children.length - 1);
    [...list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === at));
      option.tabIndex = i === at ? 0 : -1;
    });
    detail.textContent = at < 0 ? "" : `Token ${at + 1} of ${tokens.length}: id ${tokens[at].id}, bytes ${hex(tokens[at].bytes)}.`;
  };
  list.addEventListener("focusin", ({ target }) => put(model, chosen, [...list.children].indexOf(target)));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    list.children[Math.max(0, Math.min(list.children.length - 1, model.get(chosen) + step))]?.focus();
  });
  model.on(`change:${chosen}`, follow);
  const show = (found) => {
    tokens.splice(0, tokens.length, ...(found ?? []));
    list.replaceChildren(...tokens.slice(0, MOST).map(option));
    list.hidden = !tokens.length;
    count.textContent = found ? counted(model.get("text"), tokens) : "Load the vocabularies to see this text cut.";
    follow();
  };
  const node = element("div", {}, element("p", { class: "head" }, `${title} `, element("span", {}, `${whole(entries)} tokens in the vocabulary`)),
    count, list, detail);
  return { node, show };
}

function option({ id, bytes: raw }) {
  const seen = visible(raw), part = seen === hex(raw) && raw.some((byte) => byte > 127);
  return element("span", { role: "option", "aria-label": `${seen}, id ${id}`, class: part ? "part" : null }, seen);
}

function counted(text, tokens) {
  const { characters, bytes: length } = size(text), more = tokens.length > MOST ? ` (the first ${whole(MOST)} are shown)` : "";
  return `${whole(tokens.length)} tokens${more}: ${times(length, tokens.length)} bytes a token, ${times(tokens.length, characters)} tokens a character`;
}

// The pair of sentences counted, and what the second costs beside the first; a text of the reader's own below.
function costs(model, found) {
  const names = model.get("tokenizers"), presets = model.get("presets"), text = model.get("text");
  const at = presets.findIndex((preset) => preset.text === text), pair = presets[at < 0 ? model.get("preset") : at].pair;
  const rows = presets.filter((preset) => preset.pair === pair).map(({ language, text: sentence, tokens }) =>
    [language, sentence, names.map(({ name }) => tokens[name].length)]);
  const [first, second] = rows;
  if (at < 0 && found.every(Boolean)) rows.push(["your text", text, found.map((tokens) => tokens.length)]);
  const most = Math.max(1, ...rows.flatMap(([, , counts]) => counts));
  const cell = (n) => element("td", {}, whole(n), element("span", { class: "bar", style: `width: ${((7 * n) / most).toFixed(2)}em` }));
  const row = ([label, sentence, counts]) => element("tr", {}, element("th", { scope: "row" }, label),
    ...Object.values(size(sentence)).map((n) => element("td", {}, whole(n))), ...counts.map(cell));
  const ratios = [...["characters", "bytes"].map((what) => [size(second[1])[what], size(first[1])[what]]), ...second[2].map((n, i) => [n, first[2][i]])];
  return element("table", {}, element("thead", {}, element("tr", {}, element("td"),
    ...["characters", "bytes", ...names.map(({ title }) => `tokens, ${title}`)].map((label) => element("th", { scope: "col" }, label)))),
  element("tbody", {}, row(first), row(second), element("tr", { class: "ratio" },
    element("th", { scope: "row" }, `${second[0]} ÷ ${first[0]}`), ...ratios.map(([a, b]) => element("td", {}, times(a, b)))),
  ...rows.slice(2).map(row)));
}

// The vocabularies, when the reader asks for them; then the text can be written.
function loader(model, loaded, area, said, draw) {
  const words = `Write your own: load both vocabularies (${model.get("kilobytes")} kB)`;
  const load = async () => {
    made.disabled = true;
    said.textContent = "Loading …";
    try {
      for (const { name, file } of model.get("tokenizers")) loaded.set(name, vocabulary(await unpacked(await bytes(model, file))));
      made.textContent = "Both vocabularies are loaded";
      area.readOnly = false;
      area.focus();
      draw();
    } catch (error) {
      loaded.clear();
      made.disabled = false;
      said.textContent = `The vocabularies did not load (${error.message}).`;
      put(model, "wanted", false);
    }
  };
  const made = button(words, () => put(model, "wanted", true));
  model.on("change:wanted", () => { if (model.get("wanted")) load(); });
  if (model.get("wanted")) load();
  return made;
}

function render({ model, el }) {
  const loaded = new Map(), [said, table] = [spoken(), element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "What the sentences cost" })];
  const panels = model.get("tokenizers").map((tokenizer) => panel(model, tokenizer));
  const text = line(model, "text", "Text", 3), area = text.querySelector("textarea");
  area.readOnly = true;
  const options = model.get("presets").map(({ pair, language }, i) => [i, `Sentence ${pair + 1}, ${language}`]);
  model.on("change:preset", () => put(model, "text", model.get("presets")[model.get("preset")].text));
  const draw = () => {
    const found = model.get("tokenizers").map(({ name }) => cut(model, loaded, name));
    found.forEach((tokens, i) => panels[i].show(tokens));
    table.replaceChildren(costs(model, found));
    said.textContent = found.map((tokens, i) => (tokens ? `${model.get("tokenizers")[i].title}: ${whole(tokens.length)} tokens.` : "")).join(" ");
  };
  el.append(element("div", { class: "cutter", style: `--accent: ${era("pretraining")}` }, element("style", {}, STYLE),
    controls(choice(model, "preset", "Show", options), loader(model, loaded, area, said, draw)), text, said,
    element("div", { class: "columns" }, ...panels.map(({ node }) => node)), element("p", { class: "head" }, "The same sentence twice"), table));
  redraw(model, ["text"], draw);
}

export default { render };
