// ELIZA's engine, as eras/rules/eliza.py has it: the same script and the same sentences give the same replies.

const LETTER = String.raw`(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}])`;
const WORD = new RegExp(String.raw`\p{Script=Han}|${LETTER}+(?:'${LETTER}+)*|[.,;:!?…。，、；：！？]`, "gu");
const NO_SPACE_AFTER = /[\p{Script=Han}。，、；：！？]$/u, NO_SPACE_BEFORE = /^[\p{Script=Han}.,;:!?…。，、；：！？]/u;
const MOST_STEPS = 50;

export const tokenize = (text) => text.replaceAll("’", "'").toUpperCase().match(WORD) ?? [];

export function join(words) {
  let joined = "";
  for (const word of words) joined += !joined || NO_SPACE_AFTER.test(joined) || NO_SPACE_BEFORE.test(word) ? word : ` ${word}`;
  return joined;
}

export function scan(words, keys, delimiters) {
  let [kept, stack, highest, at] = [[], [], -1, 0];
  const longest = Math.max(1, ...Object.keys(keys).map((name) => name.split(" ").length));
  while (at < words.length) {
    if (delimiters.includes(words[at])) {
      if (stack.length) break;
      [kept, at] = [[], at + 1];
      continue;
    }
    let size = Math.min(longest, words.length - at);
    while (size && !Object.hasOwn(keys, words.slice(at, at + size).join(" "))) size -= 1;
    const found = words.slice(at, at + (size || 1)), key = size ? keys[found.join(" ")] : null;
    at += found.length;
    kept.push(...(key?.becomes ?? found));
    if (!key?.rules.length) continue;
    if (key.rank > highest) stack.unshift(found.join(" "));
    else stack.push(found.join(" "));
    highest = Math.max(highest, key.rank);
  }
  return [kept, stack];
}

function lengths(item, words, at) {
  const left = words.length - at;
  if (item === 0) return Array.from({ length: left + 1 }, (_, n) => n);
  if (Number.isInteger(item)) return item <= left ? [item] : [];
  return [item].flat().map((phrase) => phrase.split(" ")).filter((wanted) => wanted.every((word, i) => words[at + i] === word)).map((wanted) => wanted.length);
}

export function decompose(pattern, words) {
  const dead = new Set();
  const split = (place, at) => {
    if (place === pattern.length) return at === words.length ? [] : null;
    if (dead.has(`${place} ${at}`)) return null;
    for (const n of lengths(pattern[place], words, at)) {
      const rest = split(place + 1, at + n);
      if (rest) return [words.slice(at, at + n), ...rest];
    }
    dead.add(`${place} ${at}`);
    return null;
  };
  return split(0, 0);
}

export const reassemble = (template, parts) => template.flatMap((item) => (Number.isInteger(item) ? parts[item - 1] : item));

function choose(rules, words, turns) {
  for (const { number, match, actions } of rules) {
    const parts = decompose(match, words);
    if (!parts) continue;
    const turn = turns.get(number) ?? 0;
    turns.set(number, turn + 1);
    return [number, parts, actions[turn % actions.length]];
  }
  return null;
}

function transform(stack, words, keys, turns) {
  const waiting = [...stack], steps = [];
  while (waiting.length) {
    const key = waiting.shift(), found = choose(keys[key].rules, words, turns);
    if (!found) continue;
    const [, parts, action] = found;
    steps.push([key, ...found]);
    if (steps.length > MOST_STEPS) throw new Error(`the links of this script go round in a circle at ${key}`);
    if (action[0] === "say") return [reassemble(action[1], parts), steps];
    if (action[0] === "pre") words = reassemble(action[1], parts);
    if (action[0] === "pre" || action[0] === "link") waiting.unshift(action.at(-1));
  }
  return [null, steps];
}

// A conversation: call it with one sentence after the other. `count` and `queue` are the memory as it stands after the reply.
export function conversation(script) {
  const turns = new Map(), queue = [];
  let count = 1;
  const store = (words) => {
    const { rules } = script.memory;
    const rule = rules[[...words.at(-1)].reduce((sum, c) => sum + c.codePointAt(0), 0) % rules.length];
    const parts = decompose(rule.match, words);
    if (!parts) return null;
    queue.push(reassemble(rule.actions[0][1], parts));
    return queue.at(-1);
  };
  return (text) => {
    const [words, stack] = scan(tokenize(text), script.keys, script.delimiters);
    let [reply, source, steps, stored] = [null, "none", [], null];
    if (script.memory) {
      count = (count % 4) + 1;
      if (stack[0] === script.memory.key) stored = store(words);
      if (!stack.length && count === 4 && queue.length) [reply, source] = [queue.shift(), "memory"];
    }
    if (stack.length) [[reply, steps], source] = [transform(stack, words, script.keys, turns), "keyword"];
    if (!reply) {
      const [, parts, action] = choose([script.none], words, turns);
      [reply, source] = [reassemble(action[1], parts), "none"];
    }
    return { text: join(reply), source, words, stack, steps, stored, count, queue: queue.map(join) };
  };
}
