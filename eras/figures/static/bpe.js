// Byte-level BPE: text to token ids and back, equal to eras.pretraining.tokenizer.Tokenizer. Needs no page.

// GPT-2's pattern. Python's \s is Unicode's White_Space; JavaScript's own \s is not (it has U+FEFF, lacks U+0085).
const PATTERN = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const FAR = 2 ** 32; // a heap entry is one number: the merged id times FAR, plus the place

export const split = (text) => text.match(PATTERN) ?? [];

// The text of a file's bytes, gzipped or not (some servers unpack on the way).
export async function unpacked(packed) {
  const gzipped = packed[0] === 0x1f && packed[1] === 0x8b;
  const stream = new Blob([packed]).stream();
  return new Response(gzipped ? stream.pipeThrough(new DecompressionStream("gzip")) : stream).text();
}

// Read what eras.figures.bpe writes: a line of JSON {bytes, special}, then a token a line, in the order of their ids.
// A token's merge is what the earlier merges leave of it. Throws for anything else.
export function vocabulary(text) {
  const [head, ...lines] = text.split("\n");
  const { bytes: alphabet, special } = JSON.parse(head);
  const made = { tokens: [], merges: new Map(), size: 256 + lines.length, special: new Map(Object.entries(special)), known: new Map() };
  made.tokens = [alphabet, ...lines].flatMap((line, i) => i ? [spelled(line)] : [...spelled(line)].map((byte) => Uint8Array.of(byte)));
  made.byte = new Map(made.tokens.slice(0, 256).map(([byte], id) => [byte, id]));
  if (made.byte.size !== 256) throw new Error("the vocabulary lacks single bytes");
  for (let id = 256; id < made.tokens.length; id++) {
    const pair = join(Array.from(made.tokens[id], (byte) => made.byte.get(byte)), made);
    if (pair.length !== 2) throw new Error(`no merge of two earlier tokens gives token ${id}`);
    made.merges.set(pair[0] * made.size + pair[1], id);
  }
  for (const [name, id] of made.special) made.tokens[id] = new TextEncoder().encode(name);
  return made;
}

// Bytes written as characters of the same number, those that cannot be seen 256 higher.
const spelled = (line) => Uint8Array.from(line, (character) => character.codePointAt(0) % 256);

// Half a UTF-16 pair, which has no bytes, is read as U+FFFD, as tiktoken does.
export function encode(text, vocabulary) {
  const names = [...vocabulary.special.keys()].sort((a, b) => b.length - a.length);
  const either = names.map((name) => name.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&")).join("|");
  const parts = either ? text.toWellFormed().split(new RegExp(`(${either})`, "u")) : [text.toWellFormed()];
  return parts.flatMap((part) => vocabulary.special.get(part) ?? split(part).flatMap((word) => encodeWord(word, vocabulary)));
}

function encodeWord(word, vocabulary) {
  if (!vocabulary.known.has(word)) {
    const ids = Array.from(new TextEncoder().encode(word), (byte) => vocabulary.byte.get(byte));
    if (word.length > 64) return join(ids, vocabulary);
    vocabulary.known.set(word, join(ids, vocabulary));
  }
  return vocabulary.known.get(word);
}

// Apply the merges to the ids of one word: the earliest learnt pair first, of several the leftmost. O(n log n).
function join(ids, { merges, size }) {
  const before = ids.map((_, i) => i - 1), after = ids.map((_, i) => i + 1), heap = [];
  const offer = (i) => {
    const merged = i < 0 ? undefined : merges.get(ids[i] * size + ids[after[i]]);
    if (merged !== undefined) push(heap, merged * FAR + i);
  };
  for (let i = 0; i < ids.length; i++) offer(i);
  while (heap.length) {
    const least = pop(heap), i = least % FAR, merged = (least - i) / FAR, next = after[i];
    if (merges.get(ids[i] * size + ids[next]) !== merged) continue; // outdated: one of the two has been merged since
    ids[i] = merged;
    ids[next] = -1;
    after[i] = after[next];
    before[after[i]] = i;
    offer(before[i]);
    offer(i);
  }
  return ids.filter((id) => id >= 0);
}

function push(heap, entry) {
  let i = heap.push(entry) - 1;
  for (let up = (i - 1) >> 1; i > 0 && heap[up] > entry; i = up, up = (i - 1) >> 1) heap[i] = heap[up];
  heap[i] = entry;
}

function pop(heap) {
  const least = heap[0], entry = heap.pop();
  if (!heap.length) return least;
  let i = 0;
  for (let down = 1; down < heap.length; down = 2 * i + 1) {
    if (heap[down + 1] < heap[down]) down++;
    if (heap[down] >= entry) break;
    heap[i] = heap[down];
    i = down;
  }
  heap[i] = entry;
  return least;
}

// The tokens of a text; `text` is null where the bytes are no whole characters.
export const pieces = (text, vocabulary) =>
  encode(text, vocabulary).map((id) => ({ id, bytes: vocabulary.tokens[id], text: readable(vocabulary.tokens[id]) }));

export function readable(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

// How a token is shown: blanks and line ends made visible, bytes that are no whole character as two digits each.
export function visible(bytes) {
  const text = readable(bytes);
  if (text === null) return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
  return text.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}

// Joined first, decoded once: a character may be spread over several tokens. Throws for an unknown id.
export function decode(ids, vocabulary) {
  const parts = ids.map((id) => vocabulary.tokens[id] ?? unknown(id, vocabulary));
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined);
}

function unknown(id, { tokens }) {
  throw new RangeError(`unknown token id ${id}: the vocabulary has ${tokens.length}`);
}
