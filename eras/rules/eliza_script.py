"""Reads ELIZA's scripts: one statement a line, a word for what it does first; `#` begins a comment.

    greeting TEXT            what ELIZA says first          key WORD [= WORDS] [rank N]   a keyword
    delimiters WORDS         where a phrase ends                match PATTERN             a form of sentence
    list NAME WORDS          words that /NAME stands for            say TEXT              3 is the third part
    memory WORD              rules: what to keep                    link WORD             go on with its rules
    none                     what to say without keyword            pre TEXT = WORD       the same on new words
                                                                    newkey                the next keyword
In a pattern 0 is any number of words, n is n words, a|b either, /NAME any of a list, a_b two words in a row.
"""

import itertools

import regex

from eras import data
from eras.rules.eliza import WORD, Key, Pattern, Rule, Script, Template


class ScriptError(ValueError):
    """A line of a script that cannot be read; the text names the line."""


def load_script(name: str) -> Script:
    """One of the course's scripts: `doctor.en` or `doctor.zh`. Raises FileNotFoundError for another name."""
    return read_script(data.path(f"scripts/{name}.txt").read_text(encoding="utf-8"))


def load_talk(language: str) -> list[str]:
    """What one person says in a conversation, made up for this course; `language` is en or zh."""
    return data.path(f"scripts/talk.{language}.txt").read_text(encoding="utf-8").splitlines()


def read_script(text: str) -> Script:
    """A script from its text. Raises ScriptError, which names the first line that is wrong and says why."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        verb, _, rest = line.partition("#")[0].strip().partition(" ")
        if verb:
            reader.read(number, verb.lower(), rest.strip())
    return reader.finished()


class _Reader:
    """The script so far, and the keyword and rule that the next line belongs to."""

    def __init__(self):
        self.script: Script = {"greeting": "", "delimiters": [], "keys": {}, "memory": None, "none": None}
        self.lists: dict[str, list[str]] = {}
        self.numbers, self.line = itertools.count(1), 0
        self.rules: list[Rule] | None = None  # of the keyword, the memory or `none` that is being read
        self.rule: Rule | None = None
        self.section = ""
        self.lines: dict[int, int] = {}  # rule's number -> its line
        self.links: list[tuple[int, str]] = []
        self.none: list[Rule] = []

    def read(self, line: int, verb: str, rest: str) -> None:
        """Take in one line."""
        self.line = line
        action = getattr(self, f"_{verb}", None) if verb in VERBS else None
        if action is None:
            self.fail(f"{verb!r} is no statement; there are {', '.join(VERBS)}")
        if not rest and verb not in ("none", "newkey"):
            self.fail(f"there is nothing after {verb!r}")
        action(rest)

    def fail(self, reason: str, line: int | None = None) -> None:
        raise ScriptError(f"line {line or self.line}: {reason}")

    def finished(self) -> Script:
        """The whole script, its references checked."""
        self.line += 1
        self._check_rule()
        keys, memory = self.script["keys"], self.script["memory"]
        for line, key in self.links:
            if not keys.get(key, {}).get("rules"):
                self.fail(f"a link to {key}, which is no keyword with rules", line)
        if memory and not (keys.get(memory["key"], {}).get("rules") and memory["rules"]):
            self.fail(f"memory needs rules, and {memory['key']} must be a keyword with rules of its own")
        if not self.none or not all(action[0] == "say" for action in self.none[0]["actions"]):
            self.fail("a script ends with 'none' and what to say when there is no keyword")
        for name in set(self.script["delimiters"]) & set(keys):
            self.fail(f"{name} is a delimiter and a keyword at once")
        self.script["none"] = self.none[0]
        return self.script

    # ---------------------------------------------------------------- statements

    def _greeting(self, rest: str) -> None:
        self.script["greeting"] = rest.upper()

    def _delimiters(self, rest: str) -> None:
        self.script["delimiters"] = [self.name(word) for word in rest.split()]

    def _list(self, rest: str) -> None:
        name, *words = rest.split()
        if not words:
            self.fail(f"the list {name} is empty")
        self.lists[name.lower()] = [self.name(word) for word in words]

    def _key(self, rest: str) -> None:
        form = regex.fullmatch(r"([^=]+?)\s*(?:(=)\s*(.*?))?\s*(?:\brank\s+(\d+))?", rest)
        if form is None:
            self.fail("write: key WORD = WORDS rank N; the last two may be left out")
        if regex.search(r"\brank\b", f"{form[1]} {form[3]}"):
            self.fail("'rank' is followed by a whole number and nothing else")
        word, becomes, rank = self.name(form[1]), self.words(form[3] or ""), int(form[4] or 0)
        if word in self.script["keys"]:
            self.fail(f"the keyword {word} stands twice")
        key: Key = {"becomes": becomes if form[2] else None, "rank": rank, "rules": []}
        self.script["keys"][word] = key
        self._begin("key", key["rules"])

    def _memory(self, rest: str) -> None:
        if self.script["memory"]:
            self.fail("there is a memory already")
        self.script["memory"] = {"key": self.name(rest), "rules": []}
        self._begin("memory", self.script["memory"]["rules"])

    def _none(self, rest: str) -> None:
        if self.none:
            self.fail("'none' stands twice")
        self._begin("none", self.none)
        self._match("0")

    def _match(self, rest: str) -> None:
        if self.rules is None or (self.section == "none" and self.rules):
            self.fail("'match' belongs below a 'key' or 'memory'")
        self._check_rule()
        self.rule = {"number": next(self.numbers), "match": self.pattern(rest), "actions": []}
        self.lines[self.rule["number"]] = self.line
        self.rules.append(self.rule)

    def _say(self, rest: str) -> None:
        self._act(["say", self.template(rest)])

    def _link(self, rest: str) -> None:
        if self.section == "key" and self.rule is None:
            self._match("0")
        self.links.append((self.line, self.name(rest)))
        self._act(["link", self.name(rest)])

    def _pre(self, rest: str) -> None:
        text, sign, word = rest.rpartition("=")
        if not sign or not word.strip():
            self.fail("write: pre TEXT = WORD")
        self.links.append((self.line, self.name(word)))
        self._act(["pre", self.template(text), self.name(word)])

    def _newkey(self, rest: str) -> None:
        self._act(["newkey"])

    # ---------------------------------------------------------------- what statements are made of

    def _begin(self, section: str, rules: list[Rule]) -> None:
        self._check_rule()
        self.section, self.rules, self.rule = section, rules, None

    def _act(self, action: list) -> None:
        if self.rule is None:
            self.fail(f"{action[0]!r} belongs below a 'match'")
        if self.section == "memory" and (action[0] != "say" or self.rule["actions"]):
            self.fail("a rule of the memory has one 'say' and nothing else")
        self.rule["actions"].append(action)

    def _check_rule(self) -> None:
        if self.rule and not self.rule["actions"]:
            self.fail("nothing to do below this 'match'", self.lines[self.rule["number"]])

    def words(self, text: str) -> list[str]:
        """The words of a text, none of whose signs may get lost."""
        # Not `tokenize`, which a student may still have to write.
        words = WORD.findall(text.replace("’", "'").upper())
        for sign in regex.sub(r"\s", "", text.replace("’", "'").upper()):
            if sign not in "".join(words):
                self.fail(f"{sign!r} is no part of a word: ELIZA would not see it")
        return words

    def name(self, text: str) -> str:
        """A word or several, with spaces between them."""
        words = self.words(text.replace("_", " "))
        if not words:
            self.fail("a word is missing")
        return " ".join(words)

    def pattern(self, text: str) -> Pattern:
        return [self._element(piece) for piece in text.split()]

    def _element(self, piece: str) -> int | str | list[str]:
        if piece.isdecimal():
            return int(piece)
        if piece.startswith("/"):
            if piece[1:].lower() not in self.lists:
                self.fail(f"there is no list {piece[1:]!r} above")
            return self.lists[piece[1:].lower()]
        names = [self.name(name) for name in piece.split("|")]
        return names[0] if len(names) == 1 else names

    def template(self, text: str) -> Template:
        template = [int(word) if word.isdecimal() else word for word in self.words(text)]
        parts = len(self.rule["match"]) if self.rule else 0
        for item in template:
            if self.rule and isinstance(item, int) and not 1 <= item <= parts:
                self.fail(f"there is no part {item}: the pattern has {parts} elements")
        return template


VERBS = ("greeting", "delimiters", "list", "key", "match", "say", "link", "pre", "newkey", "memory", "none")
