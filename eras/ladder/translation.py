"""The ladder's second task: Chinese to English, the LibreOffice help pages that no system was trained on.

The held-out rows are split from the training rows by page. chrF is the main metric, BLEU stands beside it, both
as sacrebleu computes them by default: on plain English text as a reader would see it (no system hands in words
one by one), which chrF takes without its white space and BLEU cuts as `13a` does. How the Chinese source is cut
is each system's own affair. Intervals come from a bootstrap over pages, whose rows are not independent.
"""

import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eras import data
from eras.deep_learning import train_seq2seq
from eras.deep_learning.translator import Translator
from eras.ladder.results import Row, current_commit, mean_and_spread
from eras.rules import translate as rules
from eras.statistical import metrics
from eras.statistical import phrase_based as phrases

TASK, METRIC = "translation", "chrF"
Translate = Callable[[Sequence[str]], Sequence[str]]  # Chinese sentences -> English ones


@dataclass(frozen=True)
class Pair:
    """A Chinese sentence, its English original, and the help page both are from."""

    source: str
    target: str
    page: str


def training() -> list[tuple[str, str]]:
    """The pairs (Chinese, English) every system may learn from."""
    return data.load_pairs("train")


def held_out(split: str = "test") -> list[Pair]:
    """The pairs every system is asked about; valid is for tuning. Raises SplitError for the train split."""
    if split == "train":
        raise data.SplitError("systems are trained on the train split; ask about valid or test")
    rows = zip(data.load_pairs(split), data.pair_pages(split), strict=True)
    return [Pair(source, target, page) for (source, target), page in rows]


def measure(translate: Translate, pairs: Sequence[Pair]) -> dict[str, dict]:
    """chrF of a system on some pairs, its interval, and BLEU with its own; fields of a `Row`."""
    return scores([translate([pair.source for pair in pairs])], pairs)


def scores(runs: Sequence[Sequence[str]], pairs: Sequence[Pair]) -> dict[str, dict]:
    """What `measure` gives, for translations that are there already.

    Several runs are one system from several seeds: means and their intervals, each draw of pages given to all
    runs, and the spread of chrF over the seeds.
    """
    references, pages = [pair.target for pair in pairs], [pair.page for pair in pairs]
    means, spreads, ends = {}, {}, {}
    for name, make, score in (
        ("chrF", metrics.chrf_table, metrics.chrf),
        ("BLEU", metrics.bleu_table, metrics.bleu),
    ):
        tables = [make(hypotheses, references) for hypotheses in runs]
        whole = mean_and_spread([{"all": score(table.sum(0).tolist())} for table in tables])
        means[name], spreads[name] = (
            {part: round(value, 2) for part, value in found.items()} for found in whole
        )
        drawn = np.mean([metrics.resampled(table, pages, score) for table in tables], axis=0)
        ends[name] = [round(end, 2) for end in metrics.interval(drawn)]
    low, high = ends["BLEU"]
    return {
        "values": means["chrF"],
        "intervals": {"all": ends["chrF"]},
        "also": {"BLEU": means["BLEU"]["all"], "BLEU, low": low, "BLEU, high": high},
        "spread": spreads["chrF"],
    }


def paired(ours: Sequence[str], theirs: Sequence[str], pairs: Sequence[Pair]) -> dict[str, float]:
    """Is the first system above the second? Both on the same resampled pages.

    -> the difference in chrF, its 95 % interval ("low", "high"), and "p", the share of draws in which the first
    is not above. Source: Koehn 2004.
    """
    references, pages = [pair.target for pair in pairs], [pair.page for pair in pairs]
    tables = [metrics.chrf_table(hypotheses, references) for hypotheses in (ours, theirs)]
    first, second = (metrics.resampled(table, pages, metrics.chrf) for table in tables)
    low, high = metrics.interval(first - second)
    whole = [metrics.chrf(table.sum(0).tolist()) for table in tables]
    return {
        "difference": whole[0] - whole[1],
        "low": low,
        "high": high,
        "p": float((first <= second).mean()),
    }


def row(system: str, era: str, translate: Translate, **facts) -> Row:
    """A row of the ladder: a system, asked about the test split. `facts` are further fields of `Row`."""
    return Row(TASK, system, era, METRIC, commit=current_commit(), **measure(translate, held_out()), **facts)


def phrase_based() -> Row:
    """Phrases from HMM alignments, a 4-gram language model, a stack decoder, weights tuned on the valid split.

    `seconds` are those of counting; the weights, read from a file, took what its log says, and are of its seed.
    """
    start = time.perf_counter()
    system = phrases.train(training())
    seconds = round(time.perf_counter() - start, 1)
    gc.freeze()  # millions of small objects that will stay: the collector need not look at them again
    facts = {
        "parameters": len(system),
        "seconds": seconds,
        "seeds": [json.loads(phrases.TUNED.read_text())["seed"]],
    }
    where = "pairs of the train split; eight weights tuned on the valid split; CC-CEDICT for word boundaries"
    return row("phrase-based", "statistical", system.translate, training_data=where, **facts)


def _written(system: str, translate: Callable[[str], str], **facts) -> Row:
    """A system that nobody trained: people wrote it, `translate` takes a text."""
    return row(system, "rules", lambda sources: [translate(source) for source in sources], **facts)


def word_for_word() -> Row:
    """Longest match with CC-CEDICT, the first gloss of each word, cleaned; Chinese order, no endings."""
    plain = rules.plain_translator()
    where = "none; CC-CEDICT as a dictionary"
    return _written("word for word", plain.word_for_word, parameters=len(plain.senses), training_data=where)


def own_glosses() -> Row:
    """Word for word once more, with the course's own dictionary of software terms before CC-CEDICT."""
    ours = rules.course_translator()
    where = "entries written by hand after looking at the train split; CC-CEDICT for the other words"
    facts = {"parameters": len(ours.lexicon) + len(ours.senses), "training_data": where}
    return _written("word for word, own dictionary", ours.word_for_word, **facts)


def transfer_rules() -> Row:
    """The same dictionaries and the rules: tags, chunks, transfer, English endings."""
    ours = rules.course_translator()
    where = (
        "entries and rules written by hand after looking at the train split; CC-CEDICT for the other words"
    )
    size = len(ours.lexicon) + len(ours.senses) + len(ours.grammar)
    return _written("transfer rules", ours.translate, parameters=size, training_data=where)


def model_1() -> Row:
    """Each Chinese word becomes the English word, or nothing, that IBM Model 1 thinks most probable."""
    start = time.perf_counter()
    translate, size = phrases.word_by_word(training())
    seconds = round(time.perf_counter() - start, 1)
    facts = {
        "parameters": size,
        "seconds": seconds,
        "training_data": "pairs of the train split; CC-CEDICT for word boundaries",
    }
    return row("IBM Model 1, word by word", "statistical", translate, **facts)


def _networks(system: str, kind: str) -> Row:
    """The mean over the recorded runs of one kind of encoder-decoder.

    Its first seed's weights translate the test split again. Raises ValueError where more than one translation in
    a hundred is another than its log has: another processor's rounding may turn a very few.
    """
    weights, log = train_seq2seq.files(kind)
    runs, pairs = json.loads(log.read_text("utf-8")), held_out()
    again = Translator.load(weights).translate([pair.source for pair in pairs])
    same = np.mean([now == then for now, then in zip(again, runs[0]["translations"], strict=True)])
    if same < 0.99:
        raise ValueError(f"{weights.name} does not translate as {log.name} says; train it again")
    return Row(
        TASK,
        system,
        "deep_learning",
        METRIC,
        commit=current_commit(),
        parameters=runs[0]["parameters"],
        seconds=round(sum(run["seconds"] for run in runs) / len(runs)),
        seeds=[run["seed"] for run in runs],
        training_data="pairs of the train split",
        **scores([run["translations"] for run in runs], pairs),
    )


def encoder_decoder() -> Row:
    """Two recurrent networks and one vector between them, beam of 5: the mean over seeds."""
    return _networks("encoder-decoder", "none")


def bahdanau() -> Row:
    """The same, and the decoder looks at every place of the source before each step."""
    return _networks("encoder-decoder, Bahdanau's attention", "additive")


def luong() -> Row:
    """The same, and it looks after each step, and is fed what it saw."""
    return _networks("encoder-decoder, Luong's attention", "general")


SYSTEMS: dict[str, Callable[[], Row]] = {
    f.__name__: f
    for f in (
        word_for_word,
        own_glosses,
        transfer_rules,
        model_1,
        phrase_based,
        encoder_decoder,
        bahdanau,
        luong,
    )
}
