// A next-token distribution that answers back: temperature, top-k, top-p and min-p act on stored logits.
const SETTINGS = [
  ["temperature", "temperature", 0.1, 3, 0.05, 1],
  ["k", "top-k (0 = off)", 0, 60, 1, 0],
  ["p", "top-p", 0.05, 1, 0.05, 1],
  ["m", "min-p (0 = off)", 0, 0.5, 0.01, 0],
];

function softmax(logits) {
  const top = Math.max(...logits);
  const weights = logits.map((z) => Math.exp(z - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / total);
}

// Logits are sorted, best first: temperature, then the three cuts in turn, each on what the last one left.
export function reshape(logits, { temperature, k, p, m }) {
  let kept = softmax(logits.map((z) => z / temperature));
  const cut = (keep) => {
    const total = kept.reduce((sum, share, i) => sum + (keep(share, i) ? share : 0), 0);
    kept = kept.map((share, i) => (keep(share, i) ? share / total : 0));
  };
  if (k > 0) cut((share, i) => i < k);
  let before = 0;
  const mass = kept.map((share) => (before += share) - share);
  if (p < 1) cut((share, i) => share > 0 && mass[i] < p);
  const bar = m * kept[0];
  cut((share) => share > 0 && share >= bar);
  return kept;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function draw(model, rows, summary, state) {
  const place = model.get("places")[state.place];
  const shares = reshape(place.logits, state);
  const bits = -shares.reduce((sum, q) => sum + (q > 0 ? q * Math.log2(q) : 0), 0);
  const number = shares.filter((q) => q > 0).length;
  summary.textContent = `${number} of ${shares.length} tokens kept, ${bits.toFixed(2)} bits`;
  rows.replaceChildren(
    ...shares.slice(0, 16).map((share, i) => {
      const bar = element("span", { style: `display:block;height:0.7em;width:${100 * share}%;background:#b3261e` });
      return element(
        "tr", {},
        element("td", { style: "white-space:pre;font-family:monospace" }, JSON.stringify(place.tokens[i])),
        element("td", { style: "width:55%" }, bar),
        element("td", { style: "text-align:right" }, share > 0 ? share.toFixed(3) : "cut"),
      );
    }),
  );
}

function render({ model, el }) {
  const places = model.get("places");
  const state = { place: 0, ...Object.fromEntries(SETTINGS.map(([name, , , , , start]) => [name, start])) };
  const rows = element("tbody");
  const summary = element("p", { "aria-live": "polite" });
  const update = () => draw(model, rows, summary, state);
  const select = element("select", { style: "max-width:85%" }, ...places.map((place, i) => element("option", { value: i }, place.context)));
  select.addEventListener("change", () => { state.place = Number(select.value); update(); });
  el.append(element("label", { style: "display:block" }, "after ", select));
  for (const [name, title, min, max, step, value] of SETTINGS) {
    const shown = element("output", {}, String(value));
    const slider = element("input", { type: "range", min, max, step, value, style: "width:55%" });
    slider.addEventListener("input", () => {
      state[name] = Number(slider.value);
      shown.textContent = slider.value;
      update();
    });
    el.append(element("label", { style: "display:block" }, slider, ` ${title}: `, shown));
  }
  const head = element("tr", {}, ...["token", "", "probability"].map((t) => element("th", { scope: "col" }, t)));
  head.children[1].append(element("span", { class: "visually-hidden" }, "bar"));
  el.append(summary, element("table", { style: "width:100%" }, element("thead", {}, head), rows));
  update();
}

export default { render };
