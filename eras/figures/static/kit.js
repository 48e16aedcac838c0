// What every figure needs: elements, controls bound to the model, and the colours of the eras.

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const drawing = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// The colour of an era, light or dark as the page is.
export const era = (name) => `var(--era-${name.replace("_", "-")})`;

// Call `draw` now and whenever one of the keys changes, at most once a frame.
export function redraw(model, keys, draw) {
  let asked = false;
  const ask = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
  for (const key of keys) model.on(`change:${key}`, ask);
  draw();
}

export function put(model, key, value) {
  model.set(key, value);
  model.save_changes();
}

// A labelled range input; `show` turns the value into words.
export function slider(model, key, label, { min, max, step = 1, show = String }) {
  const shown = element("output", {}, show(model.get(key)));
  const input = element("input", { type: "range", min, max, step, "aria-label": label });
  const follow = () => {
    input.value = model.get(key);
    shown.textContent = show(model.get(key));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => put(model, key, Number(input.value)));
  model.on(`change:${key}`, follow);
  follow();
  return element("label", { class: "control" }, element("span", {}, label), input, shown);
}

// A labelled select; options are [value, words].
export function choice(model, key, label, options) {
  const select = element("select", {}, ...options.map(([value, words]) => element("option", { value }, words)));
  const follow = () => { select.value = String(model.get(key)); };
  select.addEventListener("change", () => put(model, key, options.find(([value]) => String(value) === select.value)[0]));
  model.on(`change:${key}`, follow);
  follow();
  return element("label", { class: "control" }, element("span", {}, label), select);
}

export function toggle(model, key, label) {
  const input = element("input", { type: "checkbox" });
  const follow = () => { input.checked = model.get(key); };
  input.addEventListener("change", () => put(model, key, input.checked));
  model.on(`change:${key}`, follow);
  follow();
  return element("label", { class: "control" }, input, element("span", {}, label));
}

// A line of text; `put` happens at every key.
export function line(model, key, label, rows = 1) {
  const input = rows > 1 ? element("textarea", { rows }) : element("input", { type: "text" });
  const follow = () => { if (input.value !== model.get(key)) input.value = model.get(key); };
  input.addEventListener("input", () => put(model, key, input.value));
  model.on(`change:${key}`, follow);
  follow();
  return element("label", { class: "control wide" }, element("span", {}, label), input);
}

export function button(label, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}

export const controls = (...children) => element("div", { class: "controls" }, ...children);

// A sentence that screen readers speak when it changes.
export const spoken = (text = "") => element("p", { class: "spoken", role: "status" }, text);

// Let a drawn thing be chosen by mouse and keyboard.
export function pressable(node, label, action) {
  fill(node, { role: "button", tabindex: 0, "aria-label": label }, []);
  node.addEventListener("click", action);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    action();
  });
  return node;
}

// A file of the figure: bytes in JupyterLab, fetched beside this module in the page.
export async function bytes(model, key) {
  const value = model.get(key);
  if (typeof value !== "string") return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const answer = await fetch(new URL(value, import.meta.url));
  if (!answer.ok) throw new Error(`${value}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

// The same numbers everywhere for the same seed (mulberry32), in [0, 1).
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
