"""How fast parsing is: ours beside nltk's in one run, as ratios.

Run it with `python tests/bench/bench_grammar.py`; it asserts nothing.
"""

import re
import time

import nltk

from eras.rules.english import GRAMMAR, lexical_rules, morphology
from eras.rules.features import parse_features, read_feature_grammar, write_category
from eras.rules.grammar import binarise, cky, earley, earley_forest, read_grammar

TEXT = """
S -> V NP | S PP
NP -> 'it' | NP PP
PP -> P NP
V -> 'see'
P -> 'near'
"""


def seconds(function, *arguments):
    """Processor seconds of one call: what else the machine does matters little."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def charts():
    """Our forests against nltk's charts, on the same grammar; neither makes a tree."""
    rules, theirs = read_grammar(TEXT), nltk.CFG.fromstring(TEXT)
    for phrases in (5, 10, 15):
        words = ["see", "it"] + ["near", "it"] * phrases
        chart = seconds(nltk.BottomUpLeftCornerChartParser(theirs).chart_parse, words)
        early = seconds(nltk.EarleyChartParser(theirs).chart_parse, words)
        mine, items = seconds(cky, binarise(rules), words), seconds(earley, rules, words)
        forest = seconds(earley_forest, rules, words)
        print(f"{len(words)} words: nltk's chart {chart:.3f} s, {chart / mine:.0f}x our CKY ({mine:.4f} s)")
        print(
            f"    nltk's Earley {early:.3f} s, {early / items:.0f}x ours, {early / forest:.0f}x with forest"
        )


def features():
    """A sentence of the English grammar, features and all."""
    words = ["open", "the", "file", "in", "the", "window"]
    rules = read_feature_grammar(GRAMMAR) + lexical_rules(words)
    text = "\n".join(f"{write_category(*left)} -> {' '.join(map(spelt, right))}" for left, right in rules)
    text = re.sub(r"=(\d)sg", r"=sg\1", text)  # nltk's values begin with a letter
    grammar = nltk.grammar.FeatureGrammar.fromstring(text)
    theirs = seconds(lambda: list(nltk.parse.FeatureEarleyChartParser(grammar).parse(words)))
    ours = seconds(parse_features, rules, words)
    print(f"with features: nltk {theirs:.2f} s, {theirs / ours:.0f}x ours ({ours:.4f} s)")


def spelt(symbol):
    """A word in quotes, a category with its features."""
    return repr(symbol) if isinstance(symbol, str) else write_category(*symbol)


def words():
    """Analyses a second."""
    machine = morphology()
    forms = ["flies", "stopped", "making", "children", "zyzzyva"] * 200
    took = seconds(lambda: [machine.analyse(form) for form in forms])
    print(f"analyses: {len(forms) / took:,.0f} a second")


def main():
    for part in (charts, features, words):
        part()


if __name__ == "__main__":
    main()
