"""Chinese and English sentences as words for translation, and English words as a sentence again."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from eras.rules.transfer import forward_match

LONGEST_WORD = 6
_CHINESE = re.compile(r"[a-zA-Z0-9]+(?:[-'’.,+_/@:&][a-zA-Z0-9]+)*|[一-鿿]+|\S")
_ENGLISH = re.compile(r"\([a-z]{1,2}\)|(?<!\S)[-+][^\W_]+|[^\W_]+(?:[-'’.,+_/@:&!][^\W_]+)*|\S")
_NO_SPACE_BEFORE = frozenset(".,;:!?)]}%…”’。，、；：？！）」™°")
_NO_SPACE_AFTER = frozenset("([{#“‘「（€~^@")


def cut_chinese(text: str, words: Collection[str] = ()) -> list[str]:
    """Latin words, signs, and between them the longest of `words` from left to right, or single characters."""
    pieces = []
    for piece in _CHINESE.findall(text):
        pieces += forward_match(piece, words, LONGEST_WORD) if "一" <= piece[0] <= "鿿" else [piece]
    return pieces


def common_words(texts: Iterable[str], words: Collection[str], least: int = 2) -> frozenset[str]:
    """Those of the words that cutting finds `least` times: a rarer one is better left in characters."""
    found = Counter(piece for text in texts for piece in cut_chinese(text, words))
    return frozenset(piece for piece, count in found.items() if count >= least and piece in words)


def cut_english(text: str) -> list[str]:
    """Words with what is inside them (don't, Shift+Enter, 3.14), every other sign by itself."""
    return _ENGLISH.findall(text)


def join_english(words: Sequence[str]) -> str:
    """Words as a sentence: closing signs to the left, opening ones to the right, straight quotes in turn."""
    text, glued, quoted = "", True, False
    for word in words:
        closing = (
            word in _NO_SPACE_BEFORE or (word == '"' and quoted) or re.fullmatch(r"\([a-z]{1,2}\)", word)
        )
        text += word if glued or closing else " " + word
        if word == '"':
            quoted = not quoted
        glued = word in _NO_SPACE_AFTER or (word == '"' and quoted)
    return text


def usual_case(sentences: Iterable[Sequence[str]]) -> dict[str, str]:
    """{word in small letters: how it is mostly written where no sentence begins}."""
    forms: dict[str, Counter] = defaultdict(Counter)
    for sentence in sentences:
        for word in sentence[1:]:
            forms[word.lower()][word] += 1
    return {word: counts.most_common(1)[0][0] for word, counts in forms.items()}


def plain_start(sentence: Sequence[str], usual: dict[str, str]) -> list[str]:
    """A sentence whose first word is written as it would be inside one, so that The and the are one word."""
    return [usual.get(word.lower(), word) if i == 0 else word for i, word in enumerate(sentence)]


def capitalised(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]
