// An encoder-decoder with additive attention in plain JavaScript. No DOM: any figure may use it.
import { inflate, softmax } from "./gpt.js";

const [PAD, START, END, UNKNOWN] = [0, 1, 2, 3];
const WORDS = /\p{Script=Han}| ?(?:(?!\p{Script=Han})\p{L})+| ?\p{N}+| ?[^\s\p{L}\p{N}]|\s/gu;

// What a packed translator holds (eras/figures/seq2seq.py): a safetensors file, in gzip.
export async function readTranslator(packed) {
  const file = await inflate(packed);
  const start = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const { __metadata__: about, ...layout } = JSON.parse(new TextDecoder().decode(file.subarray(8, start)));
  const whole = (name, Type) => {
    const [from, to] = layout[name].data_offsets;
    return new Type(file.slice(start + from, start + to).buffer);
  };
  const tensors = {};
  for (const [name, { dtype }] of Object.entries(layout)) {
    if (dtype === "F32") tensors[name] = whole(name, Float32Array);
    else {
      const bytes = whole(name, Int8Array), steps = whole(`${name}.step`, Float32Array), columns = bytes.length / steps.length;
      tensors[name] = Float32Array.from(bytes, (byte, i) => byte * steps[Math.floor(i / columns)]);
    }
  }
  const [config, source, target] = ["config", "source", "target"].map((name) => JSON.parse(about[name]));
  return new Translator(config, tensors, source, target);
}

// y = W x (+ b): a matrix of rows as long as x.
function product(weight, x, bias = null) {
  const rows = weight.length / x.length, y = new Float32Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = bias ? bias[row] : 0;
    for (let i = 0; i < x.length; i++) sum += weight[at++] * x[i];
    y[row] = sum;
  }
  return y;
}

function joined(...parts) {
  const made = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) { made.set(part, at); at += part.length; }
  return made;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

export class Translator {
  constructor(config, tensors, source, target) {
    Object.assign(this, { config, tensors, source, target });
    this.numbers = new Map(source.map((name, number) => [name, number]));
  }

  // Pieces that have numbers, or single characters; joined, they are the text.
  pieces(text) {
    return (text.match(WORDS) ?? []).flatMap((piece) => (this.numbers.has(piece) ? [piece] : [...piece]));
  }

  row(name, index, width) { return this.tensors[name].subarray(index * width, (index + 1) * width); }

  gru(name, x, h) {
    const { [`${name}.weight_ih`]: wi, [`${name}.weight_hh`]: wh, [`${name}.bias_ih`]: bi, [`${name}.bias_hh`]: bh } = this.tensors;
    const from = product(wi, x, bi), own = product(wh, h, bh), size = h.length, next = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const r = sigmoid(from[i] + own[i]), z = sigmoid(from[size + i] + own[size + i]);
      next[i] = (1 - z) * Math.tanh(from[2 * size + i] + r * own[2 * size + i]) + z * h[i];
    }
    return next;
  }

  // Read a text: the memory, its keys, and the decoder's first state.
  read(text) {
    const ids = [...this.pieces(text).map((piece) => this.numbers.get(piece) ?? UNKNOWN), END];
    const { channels, encoder } = this.config;
    const embedded = ids.map((id) => this.row("encoder.embedding.weight", id, channels));
    const walk = (name, order) => {
      const states = [];
      let h = new Float32Array(encoder);
      for (const at of order) states[at] = h = this.gru(`encoder.network.${name}.cell`, embedded[at], h);
      return states;
    };
    const places = [...ids.keys()], ahead = walk("ahead", places), back = walk("back", [...places].reverse());
    this.memory = places.map((at) => joined(ahead[at], back[at]));
    this.keys = this.memory.map((place) => product(this.tensors["decoder.score.key.weight"], place));
    const summary = joined(ahead.at(-1), back[0]);
    return product(this.tensors["decoder.first.weight"], summary, this.tensors["decoder.first.bias"]).map(Math.tanh);
  }

  // Where to look: weights over the memory, and the mean they make.
  look(state) {
    const query = product(this.tensors["decoder.score.query.weight"], state), v = this.tensors["decoder.score.v"];
    const weights = softmax(Float64Array.from(this.keys, (key) => key.reduce((sum, k, i) => sum + v[i] * Math.tanh(query[i] + k), 0)));
    const context = new Float32Array(this.memory[0].length);
    this.memory.forEach((place, at) => { for (let i = 0; i < place.length; i++) context[i] += weights[at] * place[i]; });
    return { context, weights };
  }

  // One step after a token: log-probabilities, the next state, and where it looked.
  step(token, state) {
    const { channels } = this.config, table = this.tensors["decoder.embedding.weight"];
    const word = this.row("decoder.embedding.weight", token, channels), { context, weights } = this.look(state);
    const next = this.gru("decoder.cell", joined(word, context), state);
    const read = product(this.tensors["decoder.readout.weight"], joined(next, context, word), this.tensors["decoder.readout.bias"]);
    const logits = product(table, read.map(Math.tanh), this.tensors["decoder.bias"]);
    logits[PAD] = logits[START] = -Infinity;
    const logs = softmax(Float64Array.from(logits)).map(Math.log);
    return { logs, state: next, weights };
  }

  // The best translations of a text, best first, as `beam_search` in Python finds them; each token knows where it looked.
  translate(text, width, alpha = 1) {
    const first = this.read(text), limit = 2 * this.memory.length + 10, done = [];
    let alive = [{ tokens: [], looked: [], score: 0, state: first }];
    for (let count = 0; count < limit && alive.length; count++) {
      const grown = [];
      for (const one of alive) {
        const { logs, state, weights } = this.step(one.tokens.at(-1) ?? START, one.state);
        const top = [...logs.keys()].filter((id) => logs[id] > -Infinity).sort((a, b) => logs[b] - logs[a] || a - b).slice(0, width);
        for (const id of top) grown.push({ tokens: [...one.tokens, id], looked: [...one.looked, weights], score: one.score + logs[id], state });
      }
      const kept = grown.map((one, n) => [one, n]).sort(([a, n], [b, m]) => b.score - a.score || n - m).slice(0, width - done.length).map(([one]) => one);
      done.push(...kept.filter((one) => one.tokens.at(-1) === END));
      alive = kept.filter((one) => one.tokens.at(-1) !== END);
    }
    const worth = ({ tokens, score }) => score / ((5 + tokens.length) / 6) ** alpha;
    return [...done, ...alive].sort((a, b) => worth(b) - worth(a));
  }

  // What a token says; the special ones but UNKNOWN are silent.
  spell(token) { return token < UNKNOWN ? "" : token === UNKNOWN ? "\uFFFD" : this.target[token]; }
}
