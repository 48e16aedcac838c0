// Where each language model stands in the tree: kinship, strands, lanes, a time scale, and labels that do not collide.

export const SECTIONS = ["encoder-only", "decoder-only", "encoder-decoder", "attention-free"]; // from left to right
const ROW = 13; // between two models in a lane
const FIBRE = 0.75; // how thick a root makes the trunk, on a wide screen

export function decimal(date) {
  const [year, month, day] = date.split("-").map(Number);
  return year + (month - 1) / 12 + (day - 1) / 372;
}

// Every model with its parent, its children, how many descend from it, and the child that carries its line on.
export function kinship(models, fork) {
  const kin = new Map(models.map((model) => [model.name, { model, t: decimal(model.date), children: [], descendants: 0 }]));
  for (const one of kin.values()) {
    one.parent = kin.get(one.model.parent) ?? null;
    one.parent?.children.push(one);
  }
  for (const one of kin.values()) for (let up = one.parent; up; up = up.parent) up.descendants += 1;
  for (const one of kin.values()) {
    const same = one.children.filter(({ model }) => model.branch === one.model.branch);
    one.heir = one.model.name === fork ? null : same.sort((a, b) => b.descendants - a.descendants || a.t - b.t)[0] ?? null;
  }
  return kin;
}

export function ancestors(one) {
  return one.parent ? [...ancestors(one.parent), one.parent] : [];
}

export function lineage(one) {
  const below = (parent) => parent.children.flatMap((child) => [child, ...below(child)]);
  return new Set([...ancestors(one), one, ...below(one)].map(({ model }) => model.name));
}

// Busy years are taller: each year's share grows with the root of its number of models.
export function timescale(kin, bottom, top) {
  const counts = new Map();
  for (const { t } of kin.values()) counts.set(Math.floor(t), (counts.get(Math.floor(t)) ?? 0) + 1);
  const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())];
  const starts = [0];
  for (let year = first; year <= last; year++) starts.push(starts.at(-1) + Math.max(1, Math.sqrt(counts.get(year) ?? 0)));
  const unit = (bottom - top) / starts.at(-1);
  const y = (t) => {
    const i = Math.min(last, Math.floor(t)) - first;
    return bottom - unit * (starts[i] + (t - first - i) * (starts[i + 1] - starts[i]));
  };
  return { y, years: starts.slice(0, -1).map((_, i) => first + i) };
}

const sectionOf = ({ model }) => (model.branch === "pre-transformer" ? "decoder-only" : model.branch);

// A strand is a line of heirs; it keeps to one lane.
function strandsOf(kin) {
  const made = [];
  for (const one of kin.values()) {
    if (one.parent?.heir === one) continue;
    const strand = [];
    for (let next = one; next; next = next.heir) strand.push(next);
    made.push(strand);
  }
  return made.sort((a, b) => a[0].t - b[0].t);
}

// Greedily: each strand takes the free lane nearest to its parent's (or to the stem, which is lane 0).
function assignLanes(strands, fork) {
  const taken = new Map(SECTIONS.map((name) => [name, new Map()]));
  for (const strand of strands) {
    const [head] = strand;
    if (head.model.name === fork) { head.lane = 0; continue; }
    const lanes = taken.get(sectionOf(head));
    const home = head.parent && sectionOf(head.parent) === sectionOf(head) ? head.parent.lane : 0;
    const span = [strand.at(-1).y - ROW / 2, head.y + ROW / 2 + (head.parent ? 8 : 4)];
    const free = (lane) => (lanes.get(lane) ?? []).every(([top, bottom]) => span[1] < top || bottom < span[0]);
    let lane = 0;
    for (let step = 1; lane === 0; step++) {
      const near = (step % 2 ? 1 : -1) * (home < 0 ? -1 : 1) * Math.ceil(step / 2) + home;
      if (near !== 0 && free(near)) lane = near;
    }
    lanes.set(lane, [...(lanes.get(lane) ?? []), span]);
    for (const one of strand) one.lane = lane;
  }
  return taken;
}

// A section's lanes lie left and right of its stem, which is as wide as the roots it carries.
function placeSections(taken, roots, { width, left, fibre }) {
  const sections = SECTIONS.filter((name) => taken.get(name).size || name === "decoder-only").map((name) => {
    const lanes = [...taken.get(name).keys()];
    const stem = fibre * roots.filter((root) => sectionOf(root) === name).length + 4;
    return { name, before: Math.max(0, ...lanes.map((lane) => -lane)), after: Math.max(0, ...lanes), stem };
  });
  const fixed = sections.reduce((sum, { stem }) => sum + stem, left + 12);
  const pitch = (width - fixed) / sections.reduce((sum, { before, after }) => sum + before + after + 0.8, 0);
  let at = left + pitch * 0.4;
  for (const section of sections) {
    section.x = at + section.before * pitch + section.stem / 2;
    section.at = (lane) => section.x + Math.sign(lane) * (section.stem / 2 + (Math.abs(lane) - 0.4) * pitch);
    at = section.x + section.stem / 2 + (section.after + 0.8) * pitch;
  }
  return new Map(sections.map((section) => [section.name, section]));
}

// Roots run as fibres side by side through trunk and stem; who leaves first runs outermost, so none cross.
function bundle(roots, sections, fibre) {
  const rank = (root) => [SECTIONS.indexOf(sectionOf(root)), Math.sign(root.lane), -Math.sign(root.lane) * root.t];
  const order = [...roots].sort((a, b) => {
    const [p, q] = [rank(a), rank(b)];
    return p[0] - q[0] || p[1] - q[1] || p[2] - q[2];
  });
  const shift = (list) => list.map((root, i) => [root, (i - (list.length - 1) / 2) * fibre]);
  const inStem = new Map([...sections.keys()].flatMap((name) => shift(order.filter((root) => sectionOf(root) === name))));
  return shift(order).map(([root, offset]) => ({ root, offset, stem: inStem.get(root) }));
}

const bend = (x0, y0, x1, y1) => `C${x0} ${(y0 + y1) / 2} ${x1} ${(y0 + y1) / 2} ${x1} ${y1}`;
const rounded = (path) => path.replace(/-?\d+\.\d+/g, (number) => Number(number).toFixed(1));

function fibrePath({ root, offset, stem }, sections, ground, fork) {
  const section = sections.get(sectionOf(root));
  const forkY = section.name === "attention-free" ? (fork + ground) / 2 : fork; // it leaves before the Transformer
  const [trunk, x] = [sections.get("decoder-only").x + offset, section.x + stem];
  const footX = trunk + offset * 1.2;
  const start = `M${footX} ${ground}${bend(footX, ground, trunk, (fork + ground) / 2)}`;
  const leaves = Math.min((fork + ground) / 2, root.y + Math.min(46, 14 + Math.abs(root.x - x) / 3));
  if (section.name === "decoder-only") return rounded(`${start}L${x} ${leaves}${bend(x, leaves, root.x, root.y)}`);
  const joined = forkY - Math.min(60, (forkY - root.y) / 2);
  if (leaves > joined) return rounded(`${start}L${trunk} ${forkY}${bend(trunk, forkY, root.x, root.y)}`);
  return rounded(`${start}L${trunk} ${forkY}${bend(trunk, forkY, x, joined)}L${x} ${leaves}${bend(x, leaves, root.x, root.y)}`);
}

// The whole tree at a size: x and y of every model (written into kin), paths, year marks, headings.
export function growTree(kin, fork, { width, height, left, top, bottom }) {
  const { y, years } = timescale(kin, height - bottom, top);
  for (const one of kin.values()) one.y = y(one.t);
  const strands = strandsOf(kin);
  const taken = assignLanes(strands, fork);
  const roots = strands.map(([head]) => head).filter(({ parent, model }) => model.name !== fork && (!parent || parent.model.name === fork));
  const fibre = FIBRE * Math.min(1, width / 720);
  const sections = placeSections(taken, roots, { width, left, fibre });
  for (const one of kin.values()) one.x = one.lane === 0 ? sections.get("decoder-only").x : sections.get(sectionOf(one)).at(one.lane);
  const forkY = kin.get(fork)?.y ?? height - bottom;
  const fibres = bundle(roots, sections, fibre).map((one) => ({ child: one.root, path: fibrePath(one, sections, height - bottom, forkY) }));
  const edges = [...kin.values()].filter((one) => one.parent && one.parent.model.name !== fork)
    .map((child) => ({ child, path: rounded(`M${child.parent.x} ${child.parent.y}${bend(child.parent.x, child.parent.y, child.x, child.y)}`) }));
  return { fibres, edges, marks: years.map((year) => [year, y(year)]), headings: [...sections.values()].map(({ name, x }) => [name, x]) };
}

// Parameters over time: x and y of every model; unpublished sizes lie in a strip below.
export function spreadSizes(kin, { width, height, left, top, bottom }) {
  const people = [...kin.values()];
  const sizes = people.map(({ model }) => model.parameters).filter((size) => size !== null);
  const [first, last] = [Math.floor(Math.min(...people.map(({ t }) => t))), Math.floor(Math.max(...people.map(({ t }) => t))) + 1];
  const [low, high] = [Math.floor(Math.log10(Math.min(...sizes, 1))), Math.log10(Math.max(...sizes, 1)) + 0.25];
  const strip = 60;
  const x = (t) => left + ((t - first) / (last - first)) * (width - left - 10);
  const y = (size) => top + ((high - Math.log10(size)) / (high - low)) * (height - top - bottom - strip);
  const ends = [-Infinity, -Infinity, -Infinity];
  for (const one of people) {
    one.x = x(one.t);
    if (one.model.parameters !== null) { one.y = y(one.model.parameters); continue; }
    const row = ends.indexOf(Math.min(...ends));
    ends[row] = one.x;
    one.y = height - bottom - strip + 26 + row * 12;
  }
  const years = Array.from({ length: last - first }, (_, i) => first + i);
  return { x, y, marks: years.map((year) => [year, x(year)]), powers: Array.from({ length: Math.floor(high) - low + 1 }, (_, i) => low + i), strip: height - bottom - strip };
}

const hits = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

// The most important first: each label takes the first of four places beside its model that is free, or none.
export function placeLabels(people, widthOf, bounds) {
  const full = people.map(({ x, y, r }) => [x - r - 1, y - r - 1, x + r + 1, y + r + 1]);
  const placed = new Map();
  for (const one of people) {
    const w = widthOf(one.model.name), gap = one.r + 3, { x, y } = one;
    const places = [[x + gap, y], [x - gap - w, y], [x - w / 2, y - gap - 6], [x - w / 2, y + gap + 6]];
    const own = (box) => box[0] === x - one.r - 1 && box[1] === y - one.r - 1;
    const found = places.find(([at, middle]) => {
      const box = [at, middle - 6.5, at + w, middle + 6.5];
      const inside = box[0] >= bounds[0] && box[1] >= bounds[1] && box[2] <= bounds[2] && box[3] <= bounds[3];
      return inside && full.every((other) => own(other) || !hits(box, other));
    });
    if (!found) continue;
    full.push([found[0] - 2, found[1] - 6.5, found[0] + w + 2, found[1] + 6.5]);
    placed.set(one.model.name, found);
  }
  return placed;
}
