// The course GPT, writing in the page: what it expects at each token, and where its heads look.
import { button, bytes, choice, controls, element, era, line, put, random, redraw, slider, spoken, toggle } from "./kit.js";
import { best, distribution, draw, readGPT } from "./gpt.js";
import { encode, vocabulary } from "./bpe.js";

const PACKED = "course_gpt.bin", END = "<|endoftext|>", SHOWN = 10;
const PACES = [["fast", "as fast as it can"], ["eight", "8 tokens a second"], ["two", "2 tokens a second"]];
const WAIT = { fast: 0, eight: 125, two: 500 };
const SLICE = 50; // milliseconds of computing between two frames
const STYLE = `
.live .settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 0.2rem 1.5rem; margin: 0.6rem 0; }
.live .settings .control { flex-wrap: nowrap; }
.live .settings .control > span { min-width: 7.2em; }
.live .settings .control > :is(input, select) { flex: 0 1 10rem; min-width: 0; }
.live .settings output { white-space: nowrap; }
.live .writer { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 0.6rem 2rem; }
.live .writer > * { min-width: 0; }
.live .written { min-height: 8rem; max-height: 16rem; overflow-y: auto; padding: 0.4rem; line-height: 2.1; margin: 0.4rem 0;
  border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
.live .written [data-at] { padding: 0.2em 0; border-radius: 3px; cursor: pointer; border-bottom: 2px solid transparent;
  background: linear-gradient(to top, color-mix(in srgb, var(--accent) 38%, transparent) var(--looked, 0%), transparent var(--looked, 0%)); }
.live .written .own { border-bottom-color: var(--accent); }
.live .written [aria-pressed="true"] { outline: 2px solid var(--ink); outline-offset: 1px; }
.live .written .sign { padding: 0.2em 0.3em; font-size: 0.85em; }
.live .writer table { width: 100%; table-layout: fixed; line-height: 1.35; }
.live .writer caption { caption-side: top; text-align: left; padding: 0.3rem 0; font-weight: bold; color: var(--ink); }
.live .writer :is(th, td) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
`;

const percent = (share) => (share >= 0.1 ? `${(100 * share).toFixed(0)} %` : share >= 0.001 ? `${(100 * share).toFixed(1)} %` : "< 0.1 %");
const frame = () => new Promise((done) => requestAnimationFrame(done));
const pause = (time) => new Promise((done) => setTimeout(done, time));

// A loaded model with the text so far. `records[i]` says what was expected where token i stands.
class Writer {
  constructor({ gpt, vocabulary: text, prompts, logits }) {
    Object.assign(this, { gpt, prompts, checked: logits, vocabulary: vocabulary(text), ids: [], records: [], turn: 0 });
    this.start = this.vocabulary.special.get(END);
  }

  begin(prompt) {
    this.ids = [this.start, ...encode(prompt, this.vocabulary)];
    this.records = [];
    this.logits = this.shares = null;
    this.prompt = this.ids.length;
    this.gpt.truncate(0);
  }

  get unread() { return this.ids.length - this.gpt.length; }
  get written() { return this.ids.slice(this.prompt); }
  get ended() { return this.written.length > 0 && this.ids.at(-1) === this.start; }
  get tooLong() { return this.ids.length > this.gpt.config.context; }
  get full() { return this.ids.length >= this.gpt.config.context; }

  // Read the first token that was not read yet, and remember what is expected after it.
  read(settings) {
    const at = this.gpt.length;
    this.logits = this.gpt.step(this.ids[at]);
    this.expect(settings);
    if (at + 1 < this.ids.length) this.record(at + 1);
  }

  expect(settings) { if (this.logits) this.shares = distribution(this.logits, settings); }

  record(at) { this.records[at] = { best: best(this.shares, SHOWN), share: this.shares[this.ids[at]] }; }

  // Choose the next token with the n-th random number of the seed, n the number of tokens written before.
  write({ temperature, seed }) {
    const chance = random(seed);
    for (const _ of this.written) chance();
    this.ids.push(temperature > 0 ? draw(this.shares, chance()) : best(this.shares, 1)[0][0]);
    this.record(this.ids.length - 1);
  }

  // What was expected at a place, and what stands there; after the last token: what comes next.
  expected(at) {
    return at < this.ids.length ? this.records[at] : this.shares && { best: best(this.shares, SHOWN), share: null };
  }

  // How far the logits after the packed prompts are from those that PyTorch computed, at most.
  compare() {
    let most = 0;
    this.prompts.forEach((ids, n) => {
      this.gpt.truncate(0);
      const logits = ids.map((id) => this.gpt.step(id).slice()).at(-1);
      logits.forEach((logit, i) => { most = Math.max(most, Math.abs(logit - this.checked[n * logits.length + i])); });
    });
    this.gpt.truncate(0);
    return most;
  }
}

// What a token looks like in the text: a character that several tokens share stands at the last of them.
function spell(writer) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return writer.ids.map((id) => (id === writer.start ? "" : decoder.decode(writer.vocabulary.tokens[id], { stream: true })));
}

const named = (writer, id) => {
  if (id === writer.start) return "end of text";
  const text = new TextDecoder("utf-8").decode(writer.vocabulary.tokens[id]);
  return text.includes("\uFFFD") ? `bytes ${Array.from(writer.vocabulary.tokens[id], (b) => b.toString(16)).join(" ")}` : JSON.stringify(text);
};

function token(writer, at, text) {
  const sign = writer.ids[at] === writer.start ? (at ? "end" : "start") : text === "" ? "▪" : null;
  const shown = element("span", { "data-at": at, role: "button", tabindex: -1 }, sign ?? text.replaceAll("\n", "↵\n"));
  if (sign) shown.classList.add("sign");
  if (at >= writer.prompt) shown.classList.add("own");
  return shown;
}

// The text as buttons: arrow keys, clicks and the mouse choose one; only what is new is added.
class Page {
  constructor(model, writer) {
    Object.assign(this, { model, writer, pinned: -1, ids: [] });
    this.box = element("div", { class: "written", role: "toolbar", "aria-label": "The text, token by token; arrow keys move" });
    const at = (event) => event.target.closest?.("[data-at]")?.dataset.at;
    this.box.addEventListener("pointerover", (event) => at(event) && put(model, "focus", Number(at(event))));
    this.box.addEventListener("pointerleave", () => put(model, "focus", this.pinned));
    this.box.addEventListener("click", (event) => at(event) && this.pin(Number(at(event))));
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  pin(at) {
    this.pinned = at > 0 && at < this.writer.ids.length ? at : -1;
    put(this.model, "focus", this.pinned);
    this.mark();
    this.spans[this.chosen].focus();
  }

  key(event) {
    const last = this.writer.ids.length;
    const to = { ArrowLeft: this.chosen - 1, ArrowUp: this.chosen - 1, ArrowRight: this.chosen + 1, ArrowDown: this.chosen + 1, Home: 1, End: last, Escape: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.pin(Math.min(Math.max(to, 1), last));
  }

  get spans() { return this.box.children; }
  get chosen() { const focus = this.model.get("focus"); return focus > 0 && focus < this.writer.ids.length ? focus : this.writer.ids.length; }

  draw(calm) {
    const { ids } = this.writer, texts = spell(this.writer);
    let same = 0;
    while (same < ids.length && ids[same] === this.ids[same]) same++;
    while (this.spans.length > same) this.box.lastChild.remove();
    for (let at = same; at < ids.length; at++) this.box.append(token(this.writer, at, texts[at]));
    const next = element("span", { "data-at": ids.length, role: "button", tabindex: -1, "aria-label": "the next token", class: "sign" }, "next");
    this.box.append(next);
    if (ids.length > this.ids.length && this.pinned < 0) this.box.scrollTop = this.box.scrollHeight;
    this.ids = [...ids];
    if (!calm) this.mark();
  }

  // Show which token is chosen, and how much each earlier one was looked at when it was written.
  mark() {
    const { chosen, model, writer } = this;
    const weights = model.get("looks") ? looked(model, writer, chosen) : [];
    const most = Math.max(...weights, 1e-9);
    Array.from(this.spans).forEach((span, at) => {
      span.tabIndex = at === chosen ? 0 : -1;
      span.setAttribute("aria-pressed", String(at === chosen));
      span.style.setProperty("--looked", `${at < weights.length ? (100 * weights[at]) / most : 0}%`);
    });
  }
}

// Weights of the chosen head from the token before `at`, which is where token `at` was predicted.
function looked(model, { gpt }, at) {
  return at > 0 && at <= gpt.length ? Array.from(gpt.looked(model.get("layer"), model.get("head"), at - 1)) : [];
}

const row = (words, share, mark) => element("tr", {},
  element("th", { scope: "row", class: "token", style: `width: 42%; font-weight: ${mark ? "bold" : "normal"}` }, (mark ? "→ " : "") + words),
  element("td", {}, element("span", { class: "bar", style: `width: ${100 * share}%` })),
  element("td", { style: "width: 4.8em; text-align: right" }, percent(share)));

const rows = (title, entries) =>
  element("table", {}, element("caption", {}, title), element("tbody", {}, ...entries.map((entry) => row(...entry))));

function expectation(writer, at) {
  const here = writer.expected(at), id = writer.ids[at], last = at >= writer.ids.length;
  const title = last ? "What it expects next" : `What it expected where ${named(writer, id)} stands`;
  if (!here) return element("p", {}, "Still reading …");
  const list = here.best.map(([token, share]) => [named(writer, token), share, token === id]);
  if (!last && !here.best.some(([token]) => token === id)) list.push([named(writer, id), here.share, true]);
  return rows(title, list);
}

function looks(model, writer, at) {
  const weights = looked(model, writer, at);
  const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]).slice(0, 8);
  const place = (i) => `${i ? named(writer, writer.ids[i]) : "start"}, ${at - i} back`;
  return rows(`Where this head looked for ${at < writer.ids.length ? "it" : "the next token"}`, order.map((i) => [place(i), weights[i], false]));
}

const settings = (model) => Object.fromEntries(["temperature", "k", "p", "seed"].map((key) => [key, model.get(key)]));

// Read what is unread and write `count` tokens, some between two frames, so that the page stays awake. A later call
// ends an earlier one. Gives the number written and the seconds, or null if it was ended so.
async function work(model, writer, count) {
  const turn = ++writer.turn, began = performance.now(), first = writer.written.length;
  const going = () => turn === writer.turn && model.get("running");
  const more = () => writer.unread > 0 || (!writer.ended && !writer.full && writer.written.length < first + count);
  put(model, "running", true);
  while (going() && more()) {
    const start = performance.now(), wait = WAIT[model.get("pace")];
    do {
      if (writer.unread) writer.read(settings(model));
      else writer.write(settings(model));
    } while (more() && (writer.unread || !wait) && performance.now() - start < SLICE);
    put(model, "written", writer.written);
    await (wait && count ? pause(wait) : frame());
  }
  if (turn !== writer.turn) return null;
  put(model, "running", false);
  return { count: writer.written.length - first, seconds: (performance.now() - began) / 1000 };
}

function told(writer, { count, seconds }) {
  const speed = count > 1 ? ` in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second` : "";
  const { context } = writer.gpt.config;
  const why = writer.ended ? " The model ended its text." : writer.full ? ` The context of ${context} tokens is full: it can see no further. Go back to the prompt.` : "";
  return `${count} token${count === 1 ? "" : "s"} written${speed}.${why}`;
}

function panel(model, writer, said) {
  const page = new Page(model, writer), right = element("div"), below = element("div");
  const calm = () => model.get("running") && model.get("pace") === "fast"; // too quick to read: only the text grows
  const tell = () => {
    if (calm()) return;
    right.replaceChildren(writer.tooLong ? "" : expectation(writer, page.chosen));
    below.replaceChildren(writer.tooLong ? "" : looks(model, writer, page.chosen));
  };
  const run = async (count) => {
    const done = await work(model, writer, writer.tooLong ? 0 : count);
    if (done && count) said.textContent = told(writer, done);
  };
  const begin = () => {
    writer.begin(model.get("prompt"));
    page.pinned = -1;
    put(model, "focus", -1);
    put(model, "written", []);
    page.draw();
    if (writer.tooLong) said.textContent = `The prompt has ${writer.ids.length} tokens, too many for a context of ${model.get("context")}: shorten it.`;
    else run(0);
  };
  const buttons = [
    [button("Write", () => run(model.get("count"))), false], [button("One token", () => run(1)), false],
    [button("Stop", () => put(model, "running", false)), true], [button("Back to the prompt", begin), false],
  ];
  let waiting;
  const later = () => {
    clearTimeout(waiting);
    put(model, "running", false);
    waiting = setTimeout(begin, 300);
  };
  for (const key of ["prompt", "seed"]) model.on(`change:${key}`, later);
  for (const key of ["temperature", "k", "p"]) model.on(`change:${key}`, () => writer.expect(settings(model)));
  redraw(model, ["running"], () => { for (const [made, when] of buttons) made.disabled = when !== model.get("running"); });
  redraw(model, ["written"], () => page.draw(calm()));
  redraw(model, ["focus", "layer", "head", "looks", "running"], () => calm() || page.mark());
  redraw(model, ["written", "focus", "layer", "head", "temperature", "k", "p", "running"], tell);
  begin();
  const whole = (key) => Array.from({ length: model.get(key) }, (_, i) => [i, String(i)]);
  const heads = controls(choice(model, "layer", "layer", whole("layers")), choice(model, "head", "head", whole("heads")), toggle(model, "looks", "shade the text"));
  return [
    controls(...buttons.map(([made]) => made)), said,
    page.box, element("div", { class: "writer" }, right, element("div", {}, heads, below)),
  ];
}

const settingsOf = (model) => [
  controls(choice(model, "prompt", "a beginning", model.get("presets")), line(model, "prompt", "the prompt", 2)),
  element("div", { class: "settings" },
    slider(model, "temperature", "temperature", { min: 0, max: 2, step: 0.1, show: (v) => (v ? v.toFixed(1) : "0: the best") }),
    slider(model, "seed", "seed", { min: 1, max: 50 }),
    slider(model, "k", "top-k", { min: 0, max: 100, show: (v) => (v ? String(v) : "off") }),
    slider(model, "p", "top-p", { min: 0.05, max: 1, step: 0.05, show: (v) => (v < 1 ? v.toFixed(2) : "off") }),
    slider(model, "count", "tokens to write", { min: 10, max: 250, step: 10 }),
    choice(model, "pace", "pace", PACES)),
];

function render({ model, el }) {
  const said = spoken("The model is not loaded yet."), stage = element("div");
  const load = button(`Load the model (${model.get("size")})`, async () => {
    load.disabled = true;
    said.textContent = "Loading …";
    try {
      const writer = new Writer(await readGPT(await bytes(model, PACKED)));
      put(model, "difference", writer.compare());
      stage.replaceChildren(...panel(model, writer, said));
      put(model, "loaded", true);
      said.textContent = `Loaded. After the ${writer.prompts.length} beginnings of the list, no logit differs from PyTorch’s by more than ${model.get("difference").toExponential(1)}: computed just now.`;
    } catch (error) {
      load.disabled = false;
      said.textContent = `That did not work (${error.message}). Try again.`;
    }
  });
  el.style.setProperty("--accent", era("pretraining"));
  stage.append(controls(load), said);
  el.append(element("style", {}, STYLE), ...settingsOf(model), stage);
}

export default { render };
