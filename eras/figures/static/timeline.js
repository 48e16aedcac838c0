// The five eras, a lane each; the chosen one shows its idea, its milestones and what broke.
import { button, controls, drawing, element, era, put, redraw, spoken } from "./kit.js";

const LANE = 34, TODAY = 2026;

// One lane: the title, the bar, a thin line back to the oldest work, and a dot for each work.
function lane(model, one, x, top) {
  const chosen = one.name === model.get("chosen"), colour = era(one.name);
  const [from, to, middle] = [x(one.first), x((one.last ?? TODAY) + 1), top + 24];
  const works = model.get("milestones").filter((work) => work.era === one.name);
  const late = from > x(1985);
  const made = drawing("g", { style: "cursor: pointer" },
    drawing("rect", { x: 0, y: top, width: x(model.get("last")), height: LANE, fill: chosen ? "var(--shade)" : "transparent" }),
    drawing("line", { x1: x(Math.min(...works.map(({ year }) => year)) + 0.5), x2: from, y1: middle, y2: middle, stroke: colour, "stroke-dasharray": "2 3" }),
    drawing("rect", { x: from, y: middle - 6, width: to - from, height: 12, fill: colour }),
    drawing("text", { x: late ? to : from, y: top + 12, "text-anchor": late ? "end" : "start", "font-weight": chosen ? 700 : 400 }, one.title),
    ...works.map(({ year }) => drawing("circle", { cx: x(year + 0.5), cy: middle, r: chosen ? 5 : 3.5, fill: "var(--paper)", stroke: colour, "stroke-width": 2 })));
  made.addEventListener("click", () => put(model, "chosen", one.name));
  return made;
}

function lanes(model) {
  const width = matchMedia("(max-width: 600px)").matches ? 340 : 720;
  const [first, last, eras] = [model.get("first"), model.get("last"), model.get("eras")];
  const x = (year) => ((year - first) / (last - first)) * width;
  const height = eras.length * LANE + 22;
  const picture = drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The five eras from 1956 to today, with their works" });
  for (let year = 1960; year < last; year += width > 600 ? 10 : 20) {
    picture.append(
      drawing("line", { x1: x(year), x2: x(year), y1: 0, y2: height - 16, stroke: "var(--line)", "stroke-width": 0.5 }),
      drawing("text", { x: x(year), y: height - 3, "text-anchor": "middle" }, String(year)));
  }
  picture.append(...eras.map((one, row) => lane(model, one, x, row * LANE)));
  return picture;
}

function card(model) {
  const chosen = model.get("eras").find(({ name }) => name === model.get("chosen"));
  const works = model.get("milestones").filter((work) => work.era === chosen.name);
  return element("div", { style: `border-left: 4px solid ${era(chosen.name)}; padding-left: 0.8rem; margin-top: 0.8rem` },
    element("p", {}, element("strong", {}, `${chosen.title} ${chosen.chinese}`), `, ${chosen.first}–${chosen.last ?? "today"}. ${chosen.idea}`),
    element("ul", {}, ...works.map(({ year, name, by, brought }) => element("li", {}, `${year} ${name} (${by}): ${brought}`))),
    element("p", {}, element("em", {}, "What broke: "), chosen.broke));
}

function render({ model, el }) {
  const buttons = model.get("eras").map(({ name, title }) => {
    const made = button(title, () => put(model, "chosen", name), { style: `--accent: ${era(name)}` });
    model.on("change:chosen", () => made.setAttribute("aria-pressed", String(model.get("chosen") === name)));
    made.setAttribute("aria-pressed", String(model.get("chosen") === name));
    return made;
  });
  const stage = element("div");
  const said = spoken();
  el.append(controls(...buttons), stage, said);
  redraw(model, ["chosen"], () => {
    stage.replaceChildren(lanes(model), card(model));
    said.textContent = `${model.get("eras").find(({ name }) => name === model.get("chosen")).title} chosen`;
  });
}

export default { render };
