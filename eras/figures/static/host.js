// Wakes the figures of a published page: no kernel, the state lies beside each figure as JSON.

class Model {
  #state;
  #listeners = new Map();
  constructor(state) { this.#state = state; }
  get(key) { return this.#state[key]; }
  set(key, value) {
    if (this.#state[key] === value) return;
    this.#state[key] = value;
    for (const name of [`change:${key}`, "change"]) for (const listener of this.#listeners.get(name) ?? []) listener();
  }
  on(name, listener) { this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]); }
  off(name, listener) { this.#listeners.set(name, (this.#listeners.get(name) ?? []).filter((other) => other !== listener)); }
  save_changes() {}
}

async function wake(figure) {
  const model = new Model(JSON.parse(figure.querySelector("script[type='application/json']").textContent));
  const { default: module } = await import(`./${figure.dataset.module}.js`);
  const el = document.createElement("div");
  await module.render({ model, el });
  figure.querySelector(".stage").replaceChildren(el);
  figure.model = model;
  figure.dataset.ready = "";
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    wake(target);
  }
}, { rootMargin: "600px" });

for (const figure of document.querySelectorAll("figure.live")) near.observe(figure);
