// A sentence on the scales: the weight of each word in three classifiers, and along MaxEnt's regularisation path.
import { choice, controls, element, era, line, put, redraw, slider, spoken } from "./kit.js";

const TOKEN = /<3|[:;=8x][-']?[()dp/\\|*]+(?![\p{L}\p{N}\p{M}_])|\p{L}+(?:['’]\p{L}+)*|[.,:;!?]/gu;
const STYLE = `
.scales .sentence { line-height: 2.1; margin: 0.4rem 0; min-height: 4.2em; overflow-wrap: anywhere; }
.scales .sentence span { padding: 0.1em 0.25em; border-radius: 3px; border-bottom: 3px solid transparent; }
.scales .sentence .unknown { color: var(--quiet); border-bottom: 3px dotted var(--line); }
.scales .sentence .good { border-bottom-color: var(--accent); }
.scales .sentence .bad { border-bottom-color: var(--era-llm); border-bottom-style: double; }
.scales table { width: 100%; table-layout: fixed; margin: 0; }
.scales td, .scales th { vertical-align: middle; font-variant-numeric: tabular-nums; }
.scales .half { position: relative; height: 0.9em; }
.scales .half div { position: absolute; top: 0; height: 0.9em; background: var(--accent); }
.scales .half .bad { background: repeating-linear-gradient(45deg, var(--era-llm) 0 4px, transparent 4px 6px); border: 1px solid var(--era-llm); box-sizing: border-box; }
.scales .half::before { content: ""; position: absolute; left: 50%; top: -0.35em; bottom: -0.35em; border-left: 1px solid var(--quiet); }
.scales tr.sum > * { border-top: 2px solid var(--line); font-weight: 700; }
.scales .answer { font-weight: 700; }
`;

export const tokens = (text) => text.toLowerCase().match(TOKEN) ?? [];

// "mark" before each token between a negation and the end of its clause.
export function markNegation(found, { negations, ends, mark }) {
  let negated = false;
  return found.map((token) => {
    if (negations.includes(token) || /n['’]t$/u.test(token)) negated = true;
    else if (ends.includes(token)) negated = false;
    else if (negated) return mark + token;
    return token;
  });
}

const chosen = ({ models, path }, name, step) => models.find((model) => model.name === name) ?? path[step];

// Each token with its weight (null where the page holds none), in order; each known one counted once; and the score.
export function weigh(state, text, name, step) {
  const { weights, bias } = chosen(state, name, step), at = new Map(state.words.map((word, i) => [word, i]));
  const row = markNegation(tokens(text), state).map((token) => [token, at.has(token) ? weights[at.get(token)] / 100 : null]);
  const parts = [...new Map(row.filter(([, weight]) => weight !== null))];
  return { row, parts, bias: bias / 100, score: parts.reduce((sum, [, weight]) => sum + weight, bias / 100) };
}

export const probability = (score) => 1 / (1 + Math.exp(-score));

const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
const side = (weight) => (weight === null ? "unknown" : weight > 0 ? "good" : weight < 0 ? "bad" : "");

function bar(weight, full) {
  const width = `${(50 * Math.min(1, Math.abs(weight) / full)).toFixed(2)}%`;
  return element("div", { class: "half", "aria-hidden": "true" },
    element("div", { class: weight < 0 ? "bad" : "good", style: weight < 0 ? `right: 50%; width: ${width}` : `left: 50%; width: ${width}` }));
}

const rowOf = (name, weight, full, kind = null) => element("tr", { class: kind },
  element("th", { scope: "row", style: "font-weight: inherit; overflow-wrap: anywhere" }, name), element("td", {}, bar(weight, full)),
  element("td", { style: "text-align: right" }, signed(weight)));

function rows({ parts, bias, score }) {
  const full = Math.max(1, Math.abs(score), Math.abs(bias), ...parts.map(([, weight]) => Math.abs(weight)));
  const order = [...parts].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  return element("table", {}, element("thead", {}, element("tr", {},
    ...[["word", "8em"], ["bad ↔ good", "auto"], ["weight", "4.5em"]].map(([label, width], i) =>
      element("th", { scope: "col", style: `width: ${width}; text-align: ${["left", "center", "right"][i]}` }, label)))),
  element("tbody", {}, ...order.map(([word, weight]) => rowOf(word, weight, full)), rowOf("bias", bias, full),
    rowOf("sum", score, full, "sum")));
}

const raised = (text) => text.replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);

function strength(value) {
  const [digit, exponent] = value.toExponential(0).split("e");
  return `λ = ${digit === "1" ? "" : `${digit} · `}10${raised(exponent)}`;
}

function verdict(model, { score, row }) {
  const name = model.get("model"), unknown = row.filter(([, weight]) => weight === null).length;
  const sure = name === "SVM" ? `margin ${signed(score)}` : `probability of good ${probability(score).toFixed(2)}`;
  const left = unknown ? ` ${unknown} of ${row.length} tokens ${unknown === 1 ? "has" : "have"} no weight here.` : "";
  return `${name} says ${score > 0 ? "good" : "bad"}: ${sure}.${left}`;
}

function render({ model, el }) {
  const state = Object.fromEntries(["words", "models", "path", "negations", "ends", "mark", "sentences"].map((key) => [key, model.get(key)]));
  const sentence = element("div", { class: "sentence" }), said = spoken();
  const table = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The words and their weights", style: "min-height: 20em" });
  const names = [...state.models.map(({ name }) => name), "MaxEnt"];
  const held = slider(model, "step", "Regularisation", { min: 0, max: state.path.length - 1, show: (step) => strength(state.path[step].strength) });
  model.on("change:preset", () => put(model, "text", state.sentences[model.get("preset")]));
  el.append(element("div", { class: "scales", style: `--accent: ${era("statistical")}` }, element("style", {}, STYLE),
    controls(choice(model, "preset", "Show", state.sentences.map((text, i) => [i, text.length > 38 ? `${text.slice(0, 36)} …` : text])),
      choice(model, "model", "Model", names.map((name) => [name, name])), held),
    line(model, "text", "Your sentence", 2), sentence, said, table));
  redraw(model, ["text", "model", "step"], () => {
    const weighed = weigh(state, model.get("text"), model.get("model"), model.get("step"));
    held.querySelector("input").disabled = model.get("model") !== "MaxEnt";
    sentence.replaceChildren(...weighed.row.flatMap(([token, weight]) => [element("span", { class: side(weight) }, token), " "]));
    said.textContent = verdict(model, weighed);
    table.replaceChildren(rows(weighed));
  });
}

export default { render };
