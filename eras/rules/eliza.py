"""ELIZA: conversation by keywords, patterns and templates. Source: Weizenbaum 1966, pages 37 to 41.

A script is plain data (`eras.rules.eliza_script` reads it from a file): `keys` maps a keyword to what it
`becomes`, its `rank` and its `rules`; a rule has a `number` of its own, a pattern to `match` and `actions` to
take in turn. Everything is in capitals, as the machine's one set of letters was. A word is a run of letters
and digits, a sign of punctuation or one Chinese character; a name of several words has spaces between them.
"""

from collections import deque
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, TypedDict

import regex

_LETTER = r"(?:(?!\p{Han})[\p{L}\p{M}\p{N}])"
WORD = regex.compile(rf"\p{{Han}}|{_LETTER}+(?:'{_LETTER}+)*|[.,;:!?…。，、；：！？]")
_NO_SPACE_AFTER = regex.compile(r"[\p{Han}。，、；：！？]")
_NO_SPACE_BEFORE = regex.compile(r"[\p{Han}.,;:!?…。，、；：！？]")
MOST_STEPS = 50  # keywords tried for one reply; more, and the links of a script go round in a circle

Pattern = Sequence[int | str | list[str]]
Template = Sequence[int | str]
Action = list[Any]  # ["say", template], ["link", key], ["pre", template, key] or ["newkey"]


class Rule(TypedDict):
    """A pattern, and what to do with a sentence that has this form, one action after the other."""

    number: int
    match: Pattern
    actions: list[Action]


class Key(TypedDict):
    """A keyword: the words it becomes (None: stays), its rank, and its rules (none: it is no keyword)."""

    becomes: list[str] | None
    rank: int
    rules: list[Rule]


class Script(TypedDict):
    """All that ELIZA knows. `memory` is None or a dict with its `key` and `rules`."""

    greeting: str
    delimiters: list[str]
    keys: dict[str, Key]
    memory: dict | None
    none: Rule


# ---------------------------------------------------------------- text to words and back


def tokenize(text: str) -> list[str]:
    """The words of a text, in capitals: runs of letters, digits and inner apostrophes, or single characters.

    A Chinese character and a sign of punctuation are words of their own. Anything else separates words.
    """
    ### BEGIN SOLUTION
    return WORD.findall(text.replace("’", "'").upper())
    ### END SOLUTION


def join(words: Sequence[str]) -> str:
    """Words as a line of text: no space around Chinese characters, none before punctuation."""
    line = ""
    for word in words:
        glued = not line or _NO_SPACE_AFTER.match(line[-1]) or _NO_SPACE_BEFORE.match(word)
        line += word if glued else f" {word}"
    return line


# ---------------------------------------------------------------- finding keywords


def scan(
    words: Sequence[str], keys: Mapping[str, Key], delimiters: Container[str]
) -> tuple[list[str], list[str]]:
    """Replace words and stack keywords, up to the first delimiter after a keyword; gives (words, stack).

    The longest name that starts at a place counts. A keyword that outranks all before it goes on top of the
    stack, any other to the bottom. A delimiter without a keyword before it deletes what stands before it.
    Source: Weizenbaum 1966, pages 37 and 39.
    """
    ### BEGIN SOLUTION
    kept, stack, highest, at = [], [], -1, 0
    longest = max((len(name.split()) for name in keys), default=1)
    while at < len(words):
        if words[at] in delimiters:
            if stack:
                break
            kept, at = [], at + 1
            continue
        sizes = range(min(longest, len(words) - at), 0, -1)
        size = next((n for n in sizes if " ".join(words[at : at + n]) in keys), 1)
        found, at = list(words[at : at + size]), at + size
        key = keys.get(" ".join(found))
        kept += found if key is None or key["becomes"] is None else key["becomes"]
        if key is not None and key["rules"]:
            stack.insert(0 if key["rank"] > highest else len(stack), " ".join(found))
            highest = max(highest, key["rank"])
    return kept, stack
    ### END SOLUTION


# ---------------------------------------------------------------- taking apart, putting together


def lengths(element: int | str | list[str], words: Sequence[str], at: int) -> Iterator[int]:
    """How many words from place `at` on an element of a pattern may take, in the order in which to try."""
    left = len(words) - at
    if isinstance(element, int):
        yield from range(left + 1) if element == 0 else range(element, min(element, left) + 1)
        return
    for phrase in [element] if isinstance(element, str) else element:
        wanted = phrase.split()
        if list(words[at : at + len(wanted)]) == wanted:
            yield len(wanted)


def decompose(pattern: Pattern, words: Sequence[str]) -> list[list[str]] | None:
    """Cut words into one part for each element of the pattern; None if they do not have this form.

    0 stands for any number of words, n for n of them, a text for itself, a list for any one of its texts.
    From left to right, 0 takes as few words as the rest allows and a list its first text that the rest
    allows. Dead ends are remembered: no place is tried twice. Source: Weizenbaum 1966, page 38.
    """
    ### BEGIN SOLUTION
    dead = set()

    def split(element: int, at: int) -> list[list[str]] | None:
        if element == len(pattern):
            return [] if at == len(words) else None
        if (element, at) in dead:
            return None
        for n in lengths(pattern[element], words, at):
            rest = split(element + 1, at + n)
            if rest is not None:
                return [list(words[at : at + n]), *rest]
        dead.add((element, at))
        return None

    return split(0, 0)
    ### END SOLUTION


def reassemble(template: Template, parts: Sequence[Sequence[str]]) -> list[str]:
    """The template with each number n replaced by the words of part n, counted from 1.

    Raises ValueError for a number that has no part.
    """
    ### BEGIN SOLUTION
    made = []
    for item in template:
        if isinstance(item, str):
            made.append(item)
        elif 1 <= item <= len(parts):
            made += parts[item - 1]
        else:
            raise ValueError(f"there is no part {item}: the pattern cut the sentence into {len(parts)}")
    return made
    ### END SOLUTION


def choose(
    rules: Sequence[Rule], words: Sequence[str], turns: dict[int, int]
) -> tuple[int, list[list[str]], Action] | None:
    """The first rule that fits, the parts it makes, and its next action; None if no rule fits.

    `turns` counts how often each rule, by number, has been used, and is changed in place: actions come in
    turn and begin again after the last. Source: Weizenbaum 1966, page 41.
    """
    ### BEGIN SOLUTION
    for rule in rules:
        parts = decompose(rule["match"], words)
        if parts is not None:
            turn = turns.get(rule["number"], 0)
            turns[rule["number"]] = turn + 1
            return rule["number"], parts, rule["actions"][turn % len(rule["actions"])]
    return None
    ### END SOLUTION


def transform(
    stack: Sequence[str], words: Sequence[str], keys: Mapping[str, Key], turns: dict[int, int]
) -> tuple[list[str] | None, list[tuple]]:
    """What the keywords make of the words, the top one first; gives (reply or None, steps).

    A key without a fitting rule, or with NEWKEY, leaves it to the next one; a link goes on with another key,
    `pre` with other words, too. A step is (key, rule's number, parts, action). Raises ValueError when links
    go round in a circle. Source: Weizenbaum 1966, pages 39 to 41.
    """
    ### BEGIN SOLUTION
    waiting, steps = deque(stack), []
    while waiting:
        key = waiting.popleft()
        found = choose(keys[key]["rules"], words, turns)
        if found is None:
            continue
        number, parts, action = found
        steps.append((key, number, parts, action))
        if len(steps) > MOST_STEPS:
            raise ValueError(f"the links of this script go round in a circle at {key}")
        if action[0] == "say":
            return reassemble(action[1], parts), steps
        if action[0] == "pre":
            words = reassemble(action[1], parts)
        if action[0] in ("pre", "link"):
            waiting.appendleft(action[-1])
    return None, steps
    ### END SOLUTION


# ---------------------------------------------------------------- remembering, answering


class Memory:
    """Sentences kept for later, first in, first out, and the counter that says when one may come back.

    Source: Weizenbaum 1966, page 41. There the counter is "a certain counting mechanism" and the rule drawn at
    random; in the program of 1965 it counts 1 to 4, and the rule hangs on the last word (Hay 2022).
    """

    ### BEGIN SOLUTION
    def __init__(self, rules: Sequence[Rule]):
        self.rules, self.queue, self.count = rules, deque(), 1

    def tick(self) -> None:
        """A sentence has been read: the counter goes from 1 to 4 and begins again."""
        self.count = self.count % 4 + 1

    def store(self, words: Sequence[str]) -> list[str] | None:
        """Keep what a rule makes of words, and return it; None, and nothing is kept, if it does not fit.

        Which rule: the sum of the last word's code points, modulo the number of rules.
        """
        rule = self.rules[sum(map(ord, words[-1])) % len(self.rules)]
        parts = decompose(rule["match"], words)
        if parts is None:
            return None
        self.queue.append(reassemble(rule["actions"][0][1], parts))
        return self.queue[-1]

    def recall(self) -> list[str] | None:
        """Take out what has been kept longest, if the counter stands at 4 and there is anything; else None."""
        return self.queue.popleft() if self.count == 4 and self.queue else None

    ### END SOLUTION


class Eliza:
    """A conversation by a script. What it remembers: turns of rules, kept sentences, a counter."""

    ### BEGIN SOLUTION
    def __init__(self, script: Script):
        self.script, self.turns = script, {}
        self.memory = Memory(script["memory"]["rules"]) if script["memory"] else None

    def respond(self, text: str) -> dict:
        """The reply to a text, and how it came about.

        `text`; `source`: keyword, memory or none; `words` after scanning; the `stack`; the `steps` of
        `transform`; `stored`: the words put into memory, or None.
        """
        keys = self.script["keys"]
        words, stack = scan(tokenize(text), keys, self.script["delimiters"])
        reply, source, steps, stored = None, "none", [], None
        if self.memory:
            self.memory.tick()
            if stack and stack[0] == self.script["memory"]["key"]:
                stored = self.memory.store(words)
            if not stack:
                reply, source = self.memory.recall(), "memory"
        if stack:
            (reply, steps), source = transform(stack, words, keys, self.turns), "keyword"
        if reply is None:
            _, parts, action = choose([self.script["none"]], words, self.turns)
            reply, source = reassemble(action[1], parts), "none"
        how = {"words": words, "stack": stack, "steps": steps, "stored": stored}
        return {"text": join(reply), "source": source, **how}

    ### END SOLUTION


def own_script() -> str:
    """The text of a script on a subject of your own choice that is not therapy.

    Statements are those of `eras.rules.eliza_script`.
    """
    ### BEGIN SOLUTION
    return """
greeting Lost property. What is missing?
delimiters , . ! ? but
list thing umbrella bag coat phone keys glasses
key my = your rank 2
    match 0 your 0 /thing 0
        say What colour is your 4?
        say Where did you last see your 4?
    match 0 your 0
        say We do not keep such a thing as your 3.
memory my
    match 0 your 0
        say Back to your 3. Would you know it again?
key i = you
    match 0 you lost|left 0
        pre your 4 = my
    match 0
        say When was that?
        say Which train?
key train rank 1
    match 0
        say Trains are cleaned at night. Ask again tomorrow.
        newkey
key tram rank 1
    link train
key stolen rank 3
    match 0
        say That is for the police, one door on.
key thanks
    match 0
        say Keep it on a string next time.
none
    say Describe it, please.
    say Form nine is over there.
"""
    ### END SOLUTION
