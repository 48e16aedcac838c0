// A live ELIZA: the reader talks, and sees which keyword, pattern and template made each reply, and what is remembered.
import { button, choice, controls, element, era, line, put, redraw, spoken } from "./kit.js";
import { conversation, join } from "./eliza_engine.js";

const MOST = 300; // sentences in one conversation
const STYLE = `
.eliza .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 0.5rem 1.5rem; align-items: start; }
.eliza .log { height: 24em; overflow-y: auto; border: 1px solid var(--line); border-radius: 6px; padding: 0.6rem 0.8rem; box-sizing: border-box; }
.eliza .log p { margin: 0 0 0.35rem; overflow-wrap: anywhere; }
.eliza .me { text-align: right; padding-left: 2rem; }
.eliza .reply { display: flex; gap: 0.6rem; align-items: baseline; padding: 0.25rem 0.4rem; margin-bottom: 0.7rem; border-left: 3px solid var(--line); }
.eliza .reply p { flex: 1; margin: 0; font-family: ui-monospace, monospace; font-size: 0.92em; }
.eliza .reply.chosen { border-left-color: var(--accent); background: var(--shade); }
.eliza .who { color: var(--quiet); font-size: 0.85em; }
.eliza .reply.chosen .who { color: var(--ink); }
.eliza form { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: end; margin: 0.6rem 0 0.2rem; }
.eliza form .control.wide { flex: 1 1 14rem; }
.eliza form input { min-height: 28px; box-sizing: border-box; }
.eliza .how .head { margin: 0 0 0.4rem; font-weight: 700; }
.eliza .how { min-height: 24em; }
.eliza .how p { margin: 0.2rem 0; }
.eliza .chips { display: flex; flex-wrap: wrap; gap: 0.3rem; list-style: none; padding: 0; margin: 0.2rem 0 0.5rem; }
.eliza .chips li { border: 1px solid var(--quiet); border-radius: 4px; padding: 0 0.4em; font-family: ui-monospace, monospace; font-size: 0.9em; }
.eliza .chips li.used { border: 2px solid var(--accent); font-weight: 700; }
.eliza .scroll > table { display: table; overflow: visible; width: auto; max-width: none; font-size: 0.9em; margin: 0.2rem 0; }
.eliza td { font-family: ui-monospace, monospace; border-left: 1px solid var(--line); white-space: nowrap; }
.eliza th { font-weight: 400; color: var(--quiet); white-space: nowrap; }
.eliza .counter { display: inline-flex; gap: 0.3rem; vertical-align: middle; }
.eliza .counter span { width: 1.6em; text-align: center; border: 1px solid var(--quiet); border-radius: 1em; font-size: 0.85em; }
.eliza .counter span.now { background: var(--accent); color: var(--paper); border-color: var(--accent); font-weight: 700; }
`;

const chosenScript = (model) => model.get("scripts")[model.get("language")];
const shownName = (name) => join(name.split(" "));
const spelled = (item) => (Array.isArray(item) ? item.map(shownName).join("|") : Number.isInteger(item) ? String(item) : shownName(item));

// The rule that a step used: the memory and `none` have rules, too, but no steps.
const patternOf = (script, [key, number]) => script.keys[key].rules.find((rule) => rule.number === number).match;

function acted([, , , action]) {
  if (action[0] === "say") return `say: ${join(action[1].map(String))}`;
  if (action[0] === "newkey") return "newkey: leave it to the next keyword";
  if (action[0] === "link") return `link: go on with ${shownName(action[1])}`;
  return `pre: go on with ${shownName(action[2])}, the words now ${join(action[1].map(String))}`;
}

// One step: the pattern's elements, numbered, over the parts that they took.
function stepTable(script, step, at) {
  const pattern = patternOf(script, step), row = (label, cells) => element("tr", {}, element("th", { scope: "row" }, label), ...cells.map((cell) => element("td", {}, cell)));
  const name = `Step ${at + 1}: ${shownName(step[0])}`;
  return element("div", {}, element("p", {}, element("strong", {}, name), `, ${acted(step)}`),
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${name}, its pattern and parts` },
      element("table", {}, element("tbody", {}, row("part", pattern.map((_, i) => String(i + 1))), row("pattern", pattern.map(spelled)), row("words", step[2].map((part) => join(part) || "–"))))));
}

const WHERE = {
  memory: "No keyword, the counter stands at 4, and something was kept: the oldest entry of the memory is the reply.",
  none: "No keyword has an answer: the next reply that fits anything.",
};

function explained(script, turn) {
  const used = new Set(turn.steps.map(([key]) => key));
  const chips = turn.stack.map((name) => element("li", { class: used.has(name) ? "used" : null }, `${shownName(name)} ${script.keys[name].rank}`));
  return [
    element("p", {}, element("span", { class: "who" }, "Words after scanning: "), join(turn.words) || "(nothing is left)"),
    element("p", { class: "who" }, chips.length ? "Keywords with their ranks, the top of the stack first; those with a frame were used:" : "No keyword was found."),
    ...(chips.length ? [element("ul", { class: "chips" }, ...chips)] : []),
    ...turn.steps.map((step, i) => stepTable(script, step, i)),
    ...(turn.source === "keyword" ? [] : [element("p", {}, WHERE[turn.source])]),
    element("p", {}, element("span", { class: "who" }, "Put into memory: "), turn.stored ? join(turn.stored) : "nothing"),
  ];
}

function remembered(turn, count, queue) {
  const dots = [1, 2, 3, 4].map((n) => element("span", { class: n === count ? "now" : null, "aria-hidden": "true" }, String(n)));
  return [
    element("p", {}, element("span", { class: "who" }, `Memory after this reply. The counter stands at ${count}: `), element("span", { class: "counter" }, ...dots)),
    queue.length ? element("ol", {}, ...queue.map((text) => element("li", {}, text))) : element("p", {}, "Nothing is waiting."),
  ];
}

function sourceWords(turn) {
  if (turn.source === "keyword") return `keyword ${shownName(turn.steps.at(-1)[0])}`;
  return turn.source === "memory" ? "memory" : "none of the keywords";
}

function render({ model, el }) {
  const said = spoken(), log = element("div", { class: "log", role: "log", tabindex: 0, "aria-label": "Conversation" });
  const how = element("div", { class: "how" }), box = element("div", { class: "eliza", style: `--accent: ${era("rules")}` });
  let [shown, turns, talking, language] = [[], [], null, null];

  const turnNode = (text, turn, at) => element("div", {},
    element("p", { class: "me" }, element("span", { class: "who" }, "Person: "), text),
    element("div", { class: "reply" }, element("p", {}, element("span", { class: "who" }, "ELIZA: "), turn.text),
      button("Why?", () => put(model, "chosen", at), { "aria-label": `Why reply ${at + 1}?` })));

  const restart = () => {
    [shown, turns, talking, language] = [[], [], conversation(chosenScript(model).script), model.get("language")];
    log.replaceChildren(element("div", { class: "reply" }, element("p", {}, element("span", { class: "who" }, "ELIZA: "), chosenScript(model).script.greeting)));
    box.lang = "en";
    log.lang = chosenScript(model).lang;
  };

  // What was said is the state; a reply is computed once, and all of them anew when the beginning changed.
  const follow = () => {
    const sentences = model.get("said").slice(0, MOST);
    if (language !== model.get("language") || shown.some((text, i) => text !== sentences[i])) restart();
    for (const text of sentences.slice(shown.length)) {
      turns.push(talking(text));
      shown.push(text);
      log.append(turnNode(text, turns.at(-1), turns.length - 1));
      log.scrollTop = log.scrollHeight;
    }
    const at = model.get("chosen") < 0 ? turns.length - 1 : Math.min(model.get("chosen"), turns.length - 1);
    [...log.querySelectorAll(".reply button")].forEach((why, i) => {
      why.setAttribute("aria-pressed", String(i === at));
      why.closest(".reply").classList.toggle("chosen", i === at);
    });
    if (at < 0) {
      how.replaceChildren(element("p", {}, "Say something, and you will see here how the reply is made."));
      said.textContent = "";
      return;
    }
    const turn = turns[at], script = chosenScript(model).script;
    how.replaceChildren(element("p", { class: "head" }, `How reply ${at + 1} was made`), ...explained(script, turn), ...remembered(turn, turn.count, turn.queue));
    said.textContent = `Reply ${at + 1} comes from ${sourceWords(turn)}.`;
  };

  const speak = (text) => {
    if (!text.trim() || model.get("said").length >= MOST) return;
    put(model, "chosen", -1);
    put(model, "said", [...model.get("said"), text.trim()]);
  };
  const input = line(model, "text", "Your sentence"), form = element("form", {}, input, element("button", { type: "submit" }, "Say it"));
  input.querySelector("input").setAttribute("maxlength", 300);
  input.querySelector("input").setAttribute("autocomplete", "off");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    speak(model.get("text"));
    put(model, "text", "");
  });
  const next = () => speak(chosenScript(model).talk[model.get("said").length % chosenScript(model).talk.length]);
  const begin = () => { put(model, "chosen", -1); put(model, "said", []); };
  model.on("change:language", begin);
  box.append(element("style", {}, STYLE),
    controls(choice(model, "language", "Script", model.get("scripts").map(({ title }, i) => [i, title])),
      button("Let a made-up person speak", next), button("Start again", begin)),
    element("div", { class: "columns" }, element("div", {}, log, form, said), how));
  el.append(box);
  redraw(model, ["said", "language", "chosen"], follow);
}

export default { render };
