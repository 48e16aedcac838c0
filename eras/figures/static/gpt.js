// A GPT in plain JavaScript: bytes for weights, a key/value cache, one token a step. No DOM: any figure may use it.

// gpt.wat, assembled: a matrix of bytes times a vector. `tests/browser/test_page_gpt_figure.py` assembles it again.
const KERNEL = "AGFzbQEAAAABCgFgBn9/f39/fwACEAEEcGFnZQZtZW1vcnkCAAEDAgEABwoBBm1hdHZlYwAACtYBAdMBAgJ/A3sgAyAFQQJ0aiEHA0D9DAAAAAAAAAAAAAAAAAAAAAAhCf0MAAAAAAAAAAAAAAAAAAAAACEKIAMhBgNAIAH9AQAAIQggCSAG/QAEACAI/acB/foB/eYB/eQBIQkgCiAG/QAEECAI/agB/foB/eYB/eQBIQogAUEIaiEBIAZBIGohBiAGIAdJDQALIAkgCv3kASEJIAAgAioCACAJ/R8AIAn9HwGSIAn9HwIgCf0fA5KSlDgCACAAQQRqIQAgAkEEaiECIARBAWshBCAEDQALCwBVBG5hbWUCPAEACwABeQEBdwIEc3RlcAMBeAQEcm93cwUHY29sdW1ucwYCYXQHA2VuZAgFZWlnaHQJA2xvdwoEaGlnaAMQAQACAANyb3cBBmNvbHVtbg==";

export async function inflate(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes; // some servers unpack on the way
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// What a packed model holds (eras/figures/page_gpt.py): a safetensors file, in gzip.
export async function readGPT(packed, { simd = true } = {}) {
  const file = await inflate(packed);
  const start = 8 + new DataView(file.buffer).getUint32(0, true);
  const { __metadata__: about, ...layout } = JSON.parse(new TextDecoder().decode(file.subarray(8, start)));
  const [config, vocabulary, prompts] = ["config", "vocabulary", "prompts"].map((name) => JSON.parse(about[name]));
  const room = new Room(file, config);
  const tensors = Object.fromEntries(Object.entries(layout).map(([name, { dtype, data_offsets: [from, to] }]) => {
    const Type = dtype === "I8" ? Int8Array : Float32Array;
    return [name, new Type(room.buffer, start + from, (to - from) / Type.BYTES_PER_ELEMENT)];
  }));
  const matvec = (simd && await fast(room.memory)) || plain;
  return { gpt: new GPT(config, tensors, room, matvec), vocabulary, prompts, logits: tensors.logits };
}

// One memory for the file and for all that is computed, so that WebAssembly reaches it.
class Room {
  constructor(file, { context, layers, width, vocab_size: size }) {
    const spare = 4 * (2 * layers * context * width + 16 * width + size + 1024);
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((file.length + spare) / 65536) });
    this.buffer = this.memory.buffer;
    new Uint8Array(this.buffer).set(file);
    this.next = Math.ceil(file.length / 16) * 16;
  }
  floats(count) {
    const made = new Float32Array(this.buffer, this.next, count);
    this.next += Math.ceil(count / 4) * 16;
    return made;
  }
}

// y = step · (bytes x), a row at a time; null where the browser has no SIMD.
async function fast(memory) {
  const code = Uint8Array.from(atob(KERNEL), (letter) => letter.charCodeAt(0));
  if (!WebAssembly.validate(code)) return null;
  const { instance } = await WebAssembly.instantiate(code, { page: { memory } });
  return (y, bytes, step, x) =>
    instance.exports.matvec(y.byteOffset, bytes.byteOffset, step.byteOffset, x.byteOffset, y.length, x.length);
}

function plain(y, bytes, step, x) {
  const columns = x.length;
  for (let row = 0, at = 0; row < y.length; row++, at += columns) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let column = 0; column < columns; column += 4) {
      a += bytes[at + column] * x[column];
      b += bytes[at + column + 1] * x[column + 1];
      c += bytes[at + column + 2] * x[column + 2];
      d += bytes[at + column + 3] * x[column + 3];
    }
    y[row] = step[row] * (a + b + (c + d));
  }
}

export class GPT {
  // `length` tokens have been read; `attention` keeps where each head looked from each of them.
  constructor(config, tensors, room, matvec) {
    Object.assign(this, { config, tensors, matvec, length: 0 });
    const { context, layers, heads, width, vocab_size: size } = config;
    const floats = (count) => room.floats(count);
    Object.assign(this, { x: floats(width), normed: floats(width), q: floats(width), mixed: floats(width), added: floats(width) });
    Object.assign(this, { hidden: floats(4 * width), logits: floats(size) });
    const caches = () => Array.from({ length: layers }, () => floats(context * width));
    Object.assign(this, { keys: caches(), values: caches() });
    this.attention = new Float32Array(layers * heads * context * context);
  }

  // Forget all but the first tokens.
  truncate(length) { this.length = Math.min(length, this.length); }

  // Read one more token; the logits of the next, a view that the next step overwrites.
  step(id) {
    const { width, context, layers, vocab_size: size } = this.config;
    if (this.length >= context) throw new RangeError(`the context of ${context} tokens is full`);
    if (!(id >= 0 && id < size)) throw new RangeError(`no token has the number ${id}`);
    const [tokens, positions] = [this.row("tokens", id), this.row("positions", this.length)];
    for (let i = 0; i < width; i++) this.x[i] = tokens(i) + positions(i);
    for (let layer = 0; layer < layers; layer++) this.block(layer);
    this.length++;
    this.norm("norm");
    this.matvec(this.logits, this.tensors["tokens.weight"], this.tensors["tokens.weight.step"], this.normed);
    return this.logits;
  }

  // Where a head looked from the token at `position`: a weight for each token up to it.
  looked(layer, head, position) {
    const { heads, context } = this.config;
    const start = ((layer * heads + head) * context + position) * context;
    return this.attention.subarray(start, start + position + 1);
  }

  row(name, index) {
    const [bytes, step, width] = [this.tensors[`${name}.weight`], this.tensors[`${name}.weight.step`][index], this.config.width];
    return (i) => bytes[index * width + i] * step;
  }

  block(layer) {
    const name = `blocks.${layer}`;
    const here = (cache) => cache[layer].subarray(this.length * this.config.width, (this.length + 1) * this.config.width);
    this.norm(`${name}.attention_norm`);
    this.linear(`${name}.attention.query`, this.normed, this.q);
    this.linear(`${name}.attention.key`, this.normed, here(this.keys));
    this.linear(`${name}.attention.value`, this.normed, here(this.values));
    for (let head = 0; head < this.config.heads; head++) this.look(layer, head);
    this.add(this.linear(`${name}.attention.output`, this.mixed, this.added));
    this.norm(`${name}.feed_forward_norm`);
    gelu(this.linear(`${name}.feed_forward.expand`, this.normed, this.hidden));
    this.add(this.linear(`${name}.feed_forward.contract`, this.hidden, this.added));
  }

  // Weigh all tokens so far by how well their keys match the query, and mix their values.
  look(layer, head) {
    const { width, heads } = this.config;
    const size = width / heads, from = head * size, [q, keys, values] = [this.q, this.keys[layer], this.values[layer]];
    const weights = this.looked(layer, head, this.length);
    for (let t = 0; t < weights.length; t++) {
      let sum = 0;
      for (let i = from, at = t * width + from; i < from + size; i++, at++) sum += q[i] * keys[at];
      weights[t] = sum / Math.sqrt(size);
    }
    softmax(weights);
    const mixed = this.mixed.subarray(from, from + size).fill(0);
    for (let t = 0; t < weights.length; t++) {
      const weight = weights[t];
      for (let i = 0, at = t * width + from; i < size; i++, at++) mixed[i] += weight * values[at];
    }
  }

  linear(name, x, y) {
    this.matvec(y, this.tensors[`${name}.weight`], this.tensors[`${name}.weight.step`], x);
    const bias = this.tensors[`${name}.bias`];
    for (let i = 0; i < y.length; i++) y[i] += bias[i];
    return y;
  }

  add(y) { for (let i = 0; i < y.length; i++) this.x[i] += y[i]; }

  norm(name) {
    const { x, normed, tensors: { [`${name}.weight`]: weight, [`${name}.bias`]: bias } } = this;
    let [mean, square] = [0, 0];
    for (let i = 0; i < x.length; i++) mean += x[i] / x.length;
    for (let i = 0; i < x.length; i++) square += (x[i] - mean) ** 2 / x.length;
    const scale = 1 / Math.sqrt(square + 1e-5);
    for (let i = 0; i < x.length; i++) normed[i] = (x[i] - mean) * scale * weight[i] + bias[i];
  }
}

// In place.
export function softmax(scores) {
  let [most, total] = [-Infinity, 0];
  for (let i = 0; i < scores.length; i++) if (scores[i] > most) most = scores[i];
  for (let i = 0; i < scores.length; i++) total += scores[i] = Math.exp(scores[i] - most);
  for (let i = 0; i < scores.length; i++) scores[i] /= total;
  return scores;
}

// GPT-2's tanh form; x / (1 + exp(-2u)) is the same as x (1 + tanh u) / 2.
function gelu(y) {
  for (let i = 0; i < y.length; i++) {
    const x = y[i];
    y[i] = x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }
}

// Probabilities after temperature, then top-k (0: all), then top-p. Temperature 0 puts all on the best token.
export function distribution(logits, { temperature, k, p }) {
  const shares = new Float64Array(logits);
  for (let i = 0; i < shares.length; i++) shares[i] /= temperature || 1e-6;
  if (k > 0 && k < shares.length) {
    const least = Float64Array.from(shares).sort().at(-k);
    for (let i = 0; i < shares.length; i++) if (shares[i] < least) shares[i] = -Infinity;
  }
  softmax(shares);
  if (p < 1) {
    const ascending = Float64Array.from(shares).sort();
    let [at, mass] = [shares.length, 0];
    while (mass < p && at > 0) mass += ascending[--at];
    for (let i = 0; i < shares.length; i++) shares[i] = shares[i] < ascending[at] ? 0 : shares[i] / mass;
  }
  return shares;
}

// The token at which the sum of the shares passes `point`, a number in [0, 1).
export function draw(shares, point) {
  let [sum, last] = [0, 0];
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] > 0) last = i;
    if ((sum += shares[i]) > point) return i;
  }
  return last;
}

// The most probable tokens as [id, share], best first; equals stand in the order of their numbers.
export function best(shares, count) {
  const found = [];
  for (let i = 0; i < shares.length; i++) {
    if (found.length === count && shares[i] <= found[count - 1][1]) continue;
    let at = found.length;
    while (at > 0 && found[at - 1][1] < shares[i]) at--;
    found.splice(at, 0, [i, shares[i]]);
    if (found.length > count) found.pop();
  }
  return found.filter(([, share]) => share > 0);
}
