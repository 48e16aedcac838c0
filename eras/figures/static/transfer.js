// A sentence through the modules of the rule-based translator, with switches for what people wrote.
import { choice, controls, element, era, redraw, spoken, toggle } from "./kit.js";

const STYLE = `
.modules .stage-name { margin: 0.7rem 0 0.2rem; font-size: 0.85rem; color: var(--quiet); font-weight: 600; }
.modules ol { display: flex; flex-wrap: wrap; gap: 0.3rem; list-style: none; margin: 0; padding: 0; }
.modules li { border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 4px; padding: 0.1rem 0.45rem; margin: 0; line-height: 1.3; max-width: 100%; overflow-wrap: anywhere; }
.modules li.other { border-style: dashed; border-left: 4px double var(--era-llm); }
.modules li span { display: block; }
.modules li .tag { font-size: 0.75rem; color: var(--quiet); }
.modules .english { font-weight: 700; margin: 0.2rem 0; min-height: 3em; }
.modules .aside { color: var(--quiet); margin: 0; font-size: 0.9rem; }
`;
const STAGES = ["Words, each with its reading", "Chunks", "After the transfer rules"];

// The number of a combination: the first switch counts most, and on comes before off.
export const combination = (values) => values.reduce((number, on) => 2 * number + (on ? 0 : 1), 0);

// The three strips and the English of a sentence under a combination of switches.
export function stages({ strips, runs }, sentence, values) {
  const [tagged, chunks, transferred, english] = runs[sentence][combination(values)];
  return { strips: [tagged, chunks, transferred].map((place) => strips[place]), english };
}

function chip([tag, source, words], known) {
  const other = !known.has(JSON.stringify([tag, source, words]));
  return element("li", { class: other ? "other" : null }, element("span", { lang: "zh-Hans" }, source),
    element("span", {}, words || "–"), element("span", { class: "tag" }, other ? `${tag} · changed` : tag));
}

// What is switched off, and what that costs here; it may cost nothing.
function compared(now, full, off) {
  if (!off.length) return "";
  const without = `Without ${off.map(([, label]) => label).join(", ")}`;
  return now.english === full.english ? `${without} this sentence comes out the same. ` : `${without}. With everything on: ${full.english} `;
}

function render({ model, el }) {
  const state = Object.fromEntries(["pairs", "switches", "strips", "runs"].map((key) => [key, model.get(key)]));
  const keys = state.switches.map(([key]) => key), all = keys.map(() => true);
  const lists = STAGES.map((label) => element("ol", { "aria-label": label }));
  const said = spoken(), aside = element("p", { class: "aside" });
  said.classList.add("english");
  el.append(element("div", { class: "modules", style: `--accent: ${era("rules")}` }, element("style", {}, STYLE),
    controls(choice(model, "sentence", "Sentence", state.pairs.map(([source], i) => [i, source]))),
    controls(...state.switches.map(([key, label]) => toggle(model, key, label))),
    ...STAGES.flatMap((label, i) => [element("p", { class: "stage-name" }, label), lists[i]]),
    element("p", { class: "stage-name" }, "English"), said, aside));
  redraw(model, ["sentence", ...keys], () => {
    const sentence = model.get("sentence"), now = stages(state, sentence, keys.map((key) => model.get(key)));
    const full = stages(state, sentence, all);
    now.strips.forEach((strip, i) => {
      const known = new Set(full.strips[i].map((node) => JSON.stringify(node)));
      lists[i].replaceChildren(...strip.map((node) => chip(node, known)));
    });
    said.textContent = now.english;
    aside.textContent = `${compared(now, full, state.switches.filter(([key]) => !model.get(key)))}A person wrote: ${state.pairs[sentence][1]}`;
  });
}

export default { render };
